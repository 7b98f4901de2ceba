"""The month a text declares: of a title ("Tháng 4 năm 2019", "tháng Tư"), a range of days, a column ("T4/2018")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flows.read.text import MAX_WORDING, fold
from infra.catalogue import previous_period

_MONTH_OF_YEAR = re.compile(r"\b(?:tháng|t)\s*0?(1[0-2]|[1-9])(?:\s*[/.\-]\s*|\s+năm\s+)(20\d\d)\b")
_MONTH = re.compile(r"\btháng\s*0?(1[0-2]|[1-9])(?![\d/.\-])\b|\bt0?(1[0-2]|[1-9])\b(?![/.\-]?\d)")
_WORDS = {  # as people write it, with its marks and without; "tháng giêng" and "tháng chạp" are names of their own
    "mười hai": 12, "muoi hai": 12, "mười một": 11, "muoi mot": 11, "mười": 10, "muoi": 10, "giêng": 1, "gieng": 1,
    "một": 1, "mot": 1, "hai": 2, "ba": 3, "tư": 4, "tu": 4, "năm": 5, "nam": 5, "sáu": 6, "sau": 6, "bảy": 7,
    "bẩy": 7, "bay": 7, "tám": 8, "tam": 8, "chín": 9, "chin": 9, "chạp": 12, "chap": 12,
}  # fmt: skip
_IN_WORDS = rf"\btháng\s+({'|'.join(_WORDS)})"
_WORD_OF_YEAR = re.compile(rf"{_IN_WORDS}(?:\s*[/.\-]\s*|\s+(?:năm\s+)?)(20\d\d)\b")
_WORD_AT_END = re.compile(rf"{_IN_WORDS}(?=\s*(?:$|[.,;:)\]]))")
_NEXT_MONTH = "sau"   # "tháng sau" is the next month; June without its mark is meant only beside a year
_DAY_OF_MONTH = re.compile(r"ngày\s*\d{1,2}\s*tháng\s*\d{1,2}\s*năm\s*\d{4}")
_DATE = r"\d{1,2}[/.\-]0?(1[0-2]|[1-9])[/.\-](20\d\d)"
_RANGE_END = re.compile(rf"(?:đến|-|–)\s*(?:hết\s*)?(?:ngày\s*)?{_DATE}")
_LABEL = re.compile(
    r"(?:số liệu |kết quả |thực hiện |kì |lũy kế )*(?:trong )?(?:tháng|t)\s*0?(1[0-2]|[1-9])"
    r"(?:\s*(?:[/.\-]|năm)\s*(20\d\d|\d\d))?"
)
_AT_END = re.compile(
    rf"(?:^|[\s,(])(?:(?P<label>(?:tháng|t)\s*\d{{1,2}}(?:\s*(?:[/.\-]|năm)\s*\d{{2,4}})?)|(?:ngày\s*)?(?P<date>{_DATE}))\)?$"
)


@dataclass(frozen=True, slots=True)
class DeclaredMonth:
    """A month as said; `year` is 0 when it is left out."""

    year: int
    month: int

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
        words = _DAY_OF_MONTH.sub(" ", fold(text))
        with_year += [DeclaredMonth(int(year), int(month)) for month, year in _MONTH_OF_YEAR.findall(words)]
        with_year += [DeclaredMonth(int(year), _WORDS[word]) for word, year in _WORD_OF_YEAR.findall(words)]
        ranges += [DeclaredMonth(int(year), int(month)) for month, year in _RANGE_END.findall(words)]
        words = _WORD_OF_YEAR.sub(" ", _MONTH_OF_YEAR.sub(" ", words))
        bare += [DeclaredMonth(0, int(a or b)) for a, b in _MONTH.findall(words)]
        bare += [DeclaredMonth(0, _WORDS[word]) for word in _WORD_AT_END.findall(words) if word != _NEXT_MONTH]
    return tuple(dict.fromkeys((*with_year, *ranges, *bare)))


def other_month(texts: Iterable[str], period: str) -> DeclaredMonth | None:
    """Return the month that a title declares when none of those it names can be `period`."""
    declared = months_declared(texts)
    return None if not declared or any(d.is_same(period) for d in declared) else declared[0]


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
