"""The month a text declares: of a title ("Tháng 4 năm 2019", "tháng Tư"), a range of days, a column ("T4/2018")."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.read.text import MAX_WORDING, fold
from infra.catalogue import previous_period

# Titles are written with their marks and without, so both are read; a text is never stripped of marks for it: "thắng 3"
# is no month.
_THANG, _NAM = "th[áa]ng", "n[ăa]m"
_ROMAN_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_ROMAN = {name: n for n, name in enumerate(_ROMAN_NUMERALS, 1)}
_WORDS = {  # "tháng giêng" and "tháng chạp" are names of their own
    "mười hai": 12, "muoi hai": 12, "mười một": 11, "muoi mot": 11, "mười": 10, "muoi": 10, "giêng": 1, "gieng": 1,
    "một": 1, "mot": 1, "hai": 2, "ba": 3, "bốn": 4, "bon": 4, "tư": 4, "tu": 4, "năm": 5, "nam": 5, "sáu": 6, "sau": 6,
    "bảy": 7, "bẩy": 7, "bay": 7, "tám": 8, "tam": 8, "chín": 9, "chin": 9, "chạp": 12, "chap": 12,
}  # fmt: skip
_ENGLISH = {name.lower(): n for n, name in enumerate(calendar.month_name) if n}
_NUMBERS = {str(n): n for n in range(1, 100)} | _ROMAN | _WORDS | _ENGLISH | {e[:3]: n for e, n in _ENGLISH.items()}
_N, _N_BARE = r"0?(?P<m>[1-9]\d?)", r"0?(?P<m>1[0-2]|[1-9])"
_YEAR = r"(?P<y>20\d\d|(?<=[/.\-])(?:1[5-9]|2\d|3\d)(?!\d))"
_TO_YEAR = rf"(?:\s*[/.\-]\s*|\s+{_NAM}\s+|\s+)"
_NO_MORE = r"(?![\w]|[/.\-]\d)"
_ROMANS = "|".join(sorted(_ROMAN, key=len, reverse=True))
_MONTHS_OF_YEARS = tuple(map(re.compile, (
    rf"\b(?:{_THANG}|t)[\s.]*{_N}{_TO_YEAR}{_YEAR}{_NO_MORE}",
    rf"\b{_THANG}\s+(?P<m>{_ROMANS}|{'|'.join(_WORDS)}){_TO_YEAR}{_YEAR}{_NO_MORE}",
    rf"(?<![\w/.\-]){_N}\s*[/.\-]\s*(?P<y>20\d\d)(?![\w]|\s*[/.\-]\s*\w)",
    r"(?<![\w/.\-])(?P<y>20\d\d)\s*[/.\-]\s*0?(?P<m>1[0-2]|[1-9])(?![\w]|\s*[/.\-]\s*\w)",
    rf"\b(?P<m>{'|'.join(_ENGLISH)}|{'|'.join(e[:3] for e in _ENGLISH)})[ .,-]+(?P<y>20\d\d)\b",
)))  # fmt: skip
_BARE_MONTHS = tuple(map(re.compile, (
    rf"\b{_THANG}\s*{_N_BARE}(?![\d/.\-])\b", rf"\bt\.?\s?{_N_BARE}\b(?![/.\-]?\d)",
    rf"\b{_THANG}\s+(?P<m>{_ROMANS})\b",
    # "tháng sau" is the next month; June without its mark is meant only beside a year
    rf"\b{_THANG}\s+(?!sau\b)(?P<m>{'|'.join(_WORDS)})(?=\s*(?:$|[.,;:)\]]))",
)))
# What a title may be of instead of a month.
_SPAN = re.compile(
    rf"\bqu[íiy]\s*(?:[1-4]|iv|i{{1,3}})\b|\b(?:[2-9]|1[01]|hai|ba|s[áa]u|ch[íi]n)\s*{_THANG}\s*(?:đ[ầa]u|dau|cu[ốo]i|qua)|"
    rf"\b(?:n[ửu]a|6 {_THANG}) (?:đ[ầa]u|dau|cu[ốo]i) {_NAM}"
)
_TELLS_WHAT = re.compile(
    r"^\W*(?:biểu|biểu mẫu|phụ lục|bảng)?[\s\d.:]*(?:b[áa]o c[áa]o|kết quả|ket qua|số liệu|so lieu|tình hình|"
    r"thống kê|thong ke|tổng hợp|tong hop|tổng kết|tong ket|sơ kết|so ket|v/v|bc\b)"
)
_TELLS_PLAN = re.compile(
    r"^\W*(?:kế hoạch|ke hoach|dự kiến|du kien|dự báo|du bao|chương trình công tác|phương hướng)\b"
)
_DAY_OF_MONTH = re.compile(rf"ng[àa]y\s*\d{{1,2}}\s*{_THANG}\s*\d{{1,2}}\s*{_NAM}\s*\d{{4}}")
_REFERENCE = re.compile(
    r"(?:quyết định|thông tư|nghị định|nghị quyết|công văn|chỉ thị|luật|văn bản|tờ trình|số|so)(?:\s+(?:số|so))?"
    r"\s*:?\s*\d+\s*/\s*20\d\d"
)
_DATE = r"\d{1,2}[/.\-]0?(1[0-2]|[1-9])[/.\-](20\d\d)"
_RANGE_END = re.compile(rf"(?:đến|den|-|–)\s*(?:hết\s*|het\s*)?(?:ng[àa]y\s*)?{_DATE}")
_LABEL = re.compile(
    r"(?:số liệu |kết quả |thực hiện |kì |lũy kế )*(?:trong )?(?:tháng|t)\s*0?(1[0-2]|[1-9])"
    r"(?:\s*(?:[/.\-]|năm)\s*(20\d\d|\d\d))?"
)
_AT_END = re.compile(
    rf"(?:^|[\s,(])(?:(?P<label>(?:tháng|t)\s*\d{{1,2}}(?:\s*(?:[/.\-]|năm)\s*\d{{2,4}})?)|(?:ngày\s*)?(?P<date>{_DATE}))\)?$"
)


@dataclass(frozen=True, slots=True)
class DeclaredMonth:
    """A month as said; `year` is 0 when it is left out. `words` instead name a quarter, a half-year or a plan."""

    year: int
    month: int
    words: str = ""

    @property
    def shown(self) -> str:
        """As a sentence names it."""
        return self.words or (f"tháng {self.month}/{self.year}" if self.year else f"tháng {self.month}")

    def is_same(self, period: str) -> bool:
        """Tell whether this can be the month `period`; a year left out is the same year."""
        return self.month == int(period[5:7]) and self.year in (0, int(period[:4]))


def months_declared(texts: Iterable[str]) -> tuple[DeclaredMonth, ...]:
    """Return the months that the lines of a title declare, the surest first.

    The date of signature ("ngày 15 tháng 4 năm 2019") declares nothing. A range of days declares the month
    of its last day.
    """
    with_year: list[DeclaredMonth] = []
    ranges: list[DeclaredMonth] = []
    bare: list[DeclaredMonth] = []
    for text in texts:
        words = _REFERENCE.sub(" ", _SPAN.sub(" ", _DAY_OF_MONTH.sub(" ", fold(text[:MAX_WORDING]))))
        ranges += [DeclaredMonth(int(year), int(month)) for month, year in _RANGE_END.findall(words)]
        for pattern in _MONTHS_OF_YEARS:
            with_year += [_declared(match) for match in pattern.finditer(words)]
            words = pattern.sub(" ", words)
        for pattern in _BARE_MONTHS:
            bare += [_declared(match) for match in pattern.finditer(words)]
            words = pattern.sub(" ", words)
    return tuple(dict.fromkeys((*with_year, *ranges, *bare)))


def _declared(match: re.Match[str]) -> DeclaredMonth:
    year = int(match.groupdict().get("y") or 0)
    return DeclaredMonth(year + 2000 if 0 < year < 100 else year, _NUMBERS[match["m"]])


def other_month(texts: Iterable[str], period: str) -> DeclaredMonth | None:
    """Return the month that a title declares when none of those it names can be `period`."""
    declared = months_declared(texts)
    return None if not declared or any(d.is_same(period) for d in declared) else declared[0]


def other_period(titles: Sequence[str], period: str) -> DeclaredMonth | None:
    """Return what the title of a whole file or table is of instead of `period`: a plan, a quarter, another month.

    Args:
        titles: The lines above the figures, from the top; a plan further below is a part of the report.
        period: The report month.
    """
    folded = [fold(text[:MAX_WORDING]) for text in titles]
    first = next((text for text in folded if _TELLS_WHAT.match(text) or _TELLS_PLAN.match(text)), "")
    if plan := _TELLS_PLAN.match(first):
        return DeclaredMonth(0, 0, plan.group().strip())
    if any(d.is_same(period) for d in months_declared(titles)):
        return None
    spans = (_SPAN.search(text) for text in folded if _TELLS_WHAT.match(text))
    span = next((match for match in spans if match), None)
    return DeclaredMonth(0, 0, span.group().strip()) if span else other_month(titles, period)


def period_of_label(text: str, report_period: str) -> str | None:
    """Return the period of a column headed by a month, None for another label, "" for a month out of use.

    Only the month reported and the one before are in use: "T4/2018" in April 2019 is a working column.
    """
    match = _LABEL.fullmatch(fold(text).strip(" .:;()"))
    if not match:
        return None
    year = int(match.group(2) or 0)
    said = DeclaredMonth(year + 2000 if 0 < year < 100 else year, int(match.group(1)))
    for period in (report_period, previous_period(report_period)):
        if said.is_same(period) or (not said.year and said.month == int(period[5:7])):
            return period
    return ""


def period_at_end(text: str, report_period: str) -> str | None:
    """Return the period of a label that ends with a month or a day: "Thuê bao cố định tháng 3", "… đến 14/3/2019"."""
    match = _AT_END.search(fold(text).strip(" .:;")) if len(text) <= MAX_WORDING else None
    if not match:
        return None
    if match["label"]:
        return period_of_label(match["label"], report_period)
    said = DeclaredMonth(int(match[4]), int(match[3]))
    return next((p for p in (report_period, previous_period(report_period)) if said.is_same(p)), "")
