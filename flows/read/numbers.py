"""Numbers as they are written in Vietnamese forms, to exact decimals. Nothing is guessed in silence.

`parse_number` reads text, `number_of_cell` what a workbook stores. Neither repairs: a numeric 33.767 where a
count is expected stays 33.767, and the caller asks. The notation is vi-VN: dots group thousands, a comma
starts the decimals; other groupings are read only where they cannot mean anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from flows.read.number_formats import Shown, is_percent_format, shown_by
from flows.read.text import MAX_WORDING, fold

Kind = Literal["count", "scaled", "measure"]
"""What is expected: whole units (trạm), thousands or millions of them (triệu đồng), or a decimal (km, %)."""

_NONE = re.compile(
    r"(?:(?:không|chưa)(?: có| ghi nhận)?(?: phát sinh| ps| xảy ra| tổ chức)?(?: mới| thêm)?|kps)"
    r"(?: trong (?:kì|tháng)(?: báo cáo| này| \d{1,2}(?:/\d{4}| năm \d{4})?)?)?"
)
NOT_COLLECTED = frozenset(
    ["...", "..", "….", "chưa có số liệu", "không có số liệu", "chưa thống kê", "chưa tổng hợp được", "n/a"]
)
CANNOT_EXIST = frozenset(("x",))

_QUALIFIERS = {
    "gt": ("nhiều hơn", "trên", "hơn", "vượt", ">"),
    "ge": ("ít nhất", "tối thiểu", "không dưới", "không ít hơn", "≥", ">=", "từ"),
    "lt": ("chưa đến", "chưa tới", "gần", "dưới", "ít hơn", "<"),
    "le": ("không quá", "tối đa", "nhiều nhất", "≤", "<="),
    "approx": ("khoảng", "ước đạt", "ước tính", "ước khoảng", "xấp xỉ", "chừng", "độ", "ước", "~", "≈"),
}
_QUALIFIER_OF_WORD = {word: code for code, words in _QUALIFIERS.items() for word in words}
_QUALIFIER = re.compile(
    "(" + "|".join(re.escape(w) for w in sorted(_QUALIFIER_OF_WORD, key=len, reverse=True)) + r")(?=[\s\d]|$)\s*"
)
MAGNITUDES = {"trăm": 2, "nghìn": 3, "ngàn": 3, "triệu": 6, "tr": 6, "tỉ": 9}
_MAGNITUDE = re.compile(r"(trăm|nghìn|ngàn|triệu|tỉ|tr(?=\.?\s*đ))(?![^\W\d_đ])\.?")
_FRACTION_LETTERS = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，／％－＋", "0123456789.,/%-+", "\ufe0f\u20e3")     # and keycaps
_NUMERAL = r"\d[\d.,]*(?: \d{3})*(?:,\d+)?"
_BODY = re.compile(rf"([-+])?\s*({_NUMERAL})\s*(%?)")
_OVER = re.compile(rf"^\s*([^\W\d_][^\d/]*)?/\s*({_NUMERAL})\s*([^\d/]*)$")
_FOOTNOTE = re.compile(r"\s*(?:\*+|†+|[¹²³⁴⁵⁶⁷⁸⁹]+|\((?:\d|\*+|[a-d])\)|\[\d+\])$")
_NOTE = re.compile(r"\s*\(([^()]*)\)$")
_MONTH_OF_YEAR = re.compile(r"(?:0?[1-9]|1[0-2])\s*/\s*(?:19|20)\d{2}")
_UNCLEAR_NONE = re.compile(r"chưa có(?: (?:trong|đến) .*)?")
_CHANGE_WORDS = ("tăng ", "giảm ", "thêm ", "bớt ", "+")
_GENERATION = re.compile(r"[2-5]g")  # 2G, 3G, 4G are names, not amounts
_CORRECTS = re.compile(r"(?<!\w)(?:đính chính|đúng|sửa|thay|nhầm|sai|chính xác|thực tế|điều chỉnh|mới là|t\d+)(?!\w)")
_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]\d{2,4}")


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """What a cell or a phrase says.

    `value` is exact, in the unit as written but with the words nghìn, triệu, tỷ applied; None when nothing
    is reported (`obs_status` O blank, L not collected, M cannot exist) or when `problem` says why not.
    `printed_decimals` is negative after a word of magnitude: "25 triệu" is exact to a million.
    `denominator`: of "163/184". `problem`: "", "ambiguous_number" (see `readings`), "date_in_number",
    "error_value", "unclear_none" ("chưa có": none, or not known yet) or "unreadable_number".
    `is_change`: the words say by how much ("tăng 12"), not how many.
    """

    value: Decimal | None
    obs_status: str = "A"
    qualifier: str = ""
    printed_decimals: int = 0
    unit_text: str = ""
    denominator: Decimal | None = None
    problem: str = ""
    readings: tuple[Decimal, ...] = ()
    is_change: bool = False

    @property
    def is_reported(self) -> bool:
        return self.value is not None


BLANK = ParsedNumber(None, "O")
UNREADABLE = ParsedNumber(None, "O", problem="unreadable_number")
UNCLEAR_NONE = ParsedNumber(None, "O", problem="unclear_none")


@lru_cache(maxsize=65536)
def parse_number(text: str, kind: Kind = "count") -> ParsedNumber:
    """Return the number that a text states, or why there is none.

    Args:
        text: As typed; legacy codes already decoded.
        kind: What the indicator expects; decides "1.095" (one dot, three digits) and "1,650".
    """
    if len(text) > MAX_WORDING:
        return UNREADABLE
    words = fold(text.translate(_FULL_WIDTH)).lstrip("'").strip()
    if not words:
        return BLANK
    stated = _stated_nothing(words)
    if stated:
        return stated
    words = _FOOTNOTE.sub("", words).strip().rstrip(".;,") or words
    if words in _FRACTION_LETTERS:
        return ParsedNumber(_FRACTION_LETTERS[words], printed_decimals=2)
    if words.startswith("(") and words.endswith(")") and words[1:2].isdigit():
        return _negated(parse_number(words[1:-1], kind))
    is_change = words.startswith(_CHANGE_WORDS)
    sign, words = _direction(words)
    qualifier, words = _bound(words)
    parsed = replace(_parse_body(words, kind), qualifier=qualifier, is_change=is_change)
    return _negated(parsed) if sign < 0 else parsed


def number_of_cell(value: object, text: str, number_format: str = "", kind: Kind = "count") -> ParsedNumber:
    """Return the number a workbook cell holds. A percent format makes 0.8859 into 88.59, unit "%".

    Numbers are taken to 15 significant digits, which is all a workbook keeps.
    """
    if isinstance(value, bool):
        return UNREADABLE
    if isinstance(value, int | float):
        return _number_of_stored(value, number_format)
    if isinstance(value, date | datetime | time | timedelta):
        return ParsedNumber(None, "O", problem="date_in_number")
    if text.startswith("#") and text.rstrip("!?").isupper() and not text[1:2].isspace():
        return ParsedNumber(None, "O", problem="error_value")
    return parse_number(text, kind)


def looks_like_value(text: str) -> bool:
    """Tell whether a text is a figure, a stated zero or a mark for a missing one, and not a wording."""
    parsed = parse_number(text)
    if parsed.problem:
        return parsed.problem != "unreadable_number"
    return parsed.obs_status != "O" and len(parsed.unit_text.split()) <= 3


def decimals_of(value: Decimal) -> int:
    """Return how many decimals a number is written with; negative for whole thousands after scaling."""
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def plain(value: Decimal) -> str:
    """Return a decimal without exponent: "94000000", "88.59"."""
    return f"{value:f}"


def _stated_nothing(words: str) -> ParsedNumber | None:
    words = words.rstrip(".:;, ") or words
    if _UNCLEAR_NONE.fullmatch(words):
        return UNCLEAR_NONE
    if words in ("-", "- -") or (words != "chưa" and _NONE.fullmatch(words)):
        return ParsedNumber(Decimal(0))
    if words in NOT_COLLECTED:
        return ParsedNumber(None, "L")
    if words in CANNOT_EXIST:
        return ParsedNumber(None, "M")
    return None


def _direction(words: str) -> tuple[int, str]:
    """Take "giảm 1.175" for a negative change, "tăng 304" for a positive one."""
    for word, sign in (("giảm", -1), ("tăng", 1)):
        if words.startswith(word + " "):
            return sign, words[len(word) + 1 :].strip()
    return 1, words


def _bound(words: str) -> tuple[str, str]:
    match = _QUALIFIER.match(words)
    if not match:
        return "", words
    return _QUALIFIER_OF_WORD[match.group(1)], words[match.end() :]


def _parse_body(words: str, kind: Kind) -> ParsedNumber:
    if _DATE.fullmatch(words) or _MONTH_OF_YEAR.fullmatch(words):
        return ParsedNumber(None, "O", problem="date_in_number")
    match = _BODY.match(words)
    if not match or _GENERATION.fullmatch(words):
        return UNREADABLE
    sign, numeral, percent = match.groups()
    rest = words[match.end() :].strip()
    over = None if percent or rest.startswith(("tb/", "thuê bao/", "km/")) else _OVER.match(rest)
    if over:
        return _fraction(numeral, over)
    rest = _NOTE.sub("" if percent else _without_note, rest).strip()     # of a share, what it is a share of
    if re.search(r"\d", rest.replace("/100", "")):
        return UNREADABLE
    parsed = _scaled(numeral, rest, "measure" if percent else kind, bool(percent))
    return _negated(parsed) if sign == "-" else parsed


def _without_note(note: re.Match[str]) -> str:
    """A note in brackets behind a number is left out, unless it corrects it: "20 (đính chính: 22)", "88 (số T3)"."""
    return note.group() if _CORRECTS.search(note[1]) and any(map(str.isdigit, note[1])) else ""


def _fraction(numeral: str, over: re.Match[str]) -> ParsedNumber:
    unit, denominator, _ = over.groups()
    top, bottom = _plain_numeral(numeral, "count"), _plain_numeral(denominator, "count")
    if top.value is None or bottom.value is None:
        return UNREADABLE
    return replace(top, denominator=bottom.value, unit_text=(unit or "").strip())


def _scaled(numeral: str, rest: str, kind: Kind, is_percent: bool) -> ParsedNumber:
    """Read the numeral and apply the word of magnitude that follows it."""
    magnitude = _MAGNITUDE.match(rest)
    parsed = _plain_numeral(numeral, "scaled" if magnitude else kind, is_percent)
    unit = "%" if is_percent else rest
    if magnitude and parsed.value is not None:
        power = MAGNITUDES[magnitude.group(1)]
        unit = rest[magnitude.end() :].strip()
        value = _shifted(parsed.value, power)
        parsed = replace(parsed, value=value, printed_decimals=parsed.printed_decimals - power)
    return replace(parsed, unit_text=unit)


def _plain_numeral(numeral: str, kind: Kind, is_percent: bool = False) -> ParsedNumber:
    """Read digits, dots, commas and blanks by the table of notations; ask where two readings remain."""
    body = numeral.rstrip(".,")
    if body.isdigit():
        return _number(body)
    if _is_address(body):
        return ParsedNumber(None, "O", problem="ambiguous_number", readings=(Decimal(body.replace(".", "")),))
    if match := re.fullmatch(r"(\d{1,3}(?:\.\d{3}){2,}|\d{1,3}\.\d{3}(?=,)|\d{1,3}(?: \d{3})+)(?:,(\d+))?", body):
        return _number(re.sub(r"[. ]", "", match.group(1)), match.group(2))
    if match := re.fullmatch(r"(\d{1,3}(?:,\d{3}){2,}|\d{1,3},\d{3}(?=\.))(?:\.(\d+))?", body):
        return _number(match.group(1).replace(",", ""), match.group(2))
    if match := re.fullmatch(r"([1-9]\d{0,2})([.,])(\d{3})", body):
        return _one_separator(match[1], match[2], match[3], kind, is_percent)
    if match := re.fullmatch(r"(\d+)[.,](\d+)", body):
        return _number(*match.groups())
    return UNREADABLE


def _one_separator(whole: str, mark: str, digits: str, kind: Kind, is_percent: bool) -> ParsedNumber:
    """Decide "1.095" and "1,650": thousands for a count; for a decimal the comma, and a dot must be asked."""
    grouped, decimal = _number(whole + digits), _number(whole, digits)
    if kind == "count":
        return grouped
    if kind == "scaled":
        return grouped if mark == "." else decimal
    if is_percent:
        return decimal
    readings = tuple(p.value for p in (grouped, decimal) if p.value is not None)
    return ParsedNumber(None, "O", problem="ambiguous_number", readings=readings)


def _is_address(body: str) -> bool:
    """Tell whether a dotted number is as well an IP address: four groups, each 0-255 without padding."""
    groups = body.split(".")
    return len(groups) == 4 and all(g.isdigit() and str(int(g)) == g and int(g) < 256 for g in groups)


def _number(whole: str, decimals: str | None = None) -> ParsedNumber:
    text = f"{int(whole)}.{decimals}" if decimals else str(int(whole))
    return ParsedNumber(Decimal(text), printed_decimals=len(decimals or ""))


def _number_of_stored(value: int | float, number_format: str) -> ParsedNumber:
    number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if not number.is_finite():
        return UNREADABLE
    number = Decimal(f"{number:f}")
    if is_percent_format(number_format):
        shifted = _shifted(number, 2)
        return ParsedNumber(shifted, printed_decimals=max(decimals_of(shifted), 0), unit_text="%")
    if number and (added := shown_by(number_format)):
        return _doubted(number, added)
    return ParsedNumber(number, printed_decimals=decimals_of(number))


def _doubted(number: Decimal, added: Shown) -> ParsedNumber:
    """What is stored is not what its format shows ("88 nghìn" for 88): which of the two is meant is asked."""
    seen = _shifted(number, added.word_power - added.comma_power)
    readings = (number, seen) if seen != number else (number,)
    return ParsedNumber(None, "O", problem="ambiguous_number", readings=readings)


def _shifted(value: Decimal, power: int) -> Decimal:
    return Decimal(f"{value.scaleb(power):f}")


def _negated(parsed: ParsedNumber) -> ParsedNumber:
    return replace(parsed, value=-parsed.value) if parsed.value else parsed
