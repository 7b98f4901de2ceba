"""One cell of the catalogue as the value its column wants, or the reason why it is none.

Nothing is guessed. A day is read in any form that can mean only one day; `7/1/2025` can mean two, a number of days
two as well (Excel counts from 1900 or from 1904), so they are refused with the form to write.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from infra.catalogue_words import unknown_word

OptionalText = Annotated[str, "may be blank"]
Identifier = Annotated[str, "small letters, digits and _"]
Day = Annotated[str, "a day, kept as 2019-12-31"]
OptionalDay = Annotated[str, "a day, or blank for no end"]
Addresses = Annotated[tuple[str, ...], "mail addresses, separated by ;"]
Domains = Annotated[tuple[str, ...], "mail domains, separated by ;"]
Clock = Annotated[str, "a time of day, 17:00"]
DayOfMonth = Annotated[int, "1 to 31"]
ClosingDay = Annotated[str, 'a day of the month, or "last"']
Positive = Annotated[Decimal, "above zero"]
NotNegative = Annotated[Decimal, "zero or above"]
Decimals = Annotated[int, "decimals that a figure is printed with, 0 to 6"]

_MIDNIGHT = re.compile(r"[\sT]+0{1,2}:00(?::00)?$")  # Excel may show the hour of a day
_AROUND_MARKS = re.compile(r"\s*([-/.])\s*")
_ISO_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_OFFICE_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_TWO_MEANINGS = re.compile(r"-?\d+\.\d{3}", re.ASCII)   # Excel in Vietnamese writes thousands so
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
                      r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_DAY_FORM = "viết năm-tháng-ngày, như 2019-12-31"
FIRST_YEAR, LAST_YEAR, ENDLESS = 1900, 2199, "9999-12-31"


class CellError(ValueError):
    """Why a cell cannot be used: a clause in Vietnamese and the same in English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


def parser_of(column: str, hint: Any) -> Callable[[str], Any]:
    """Return what reads a cell of `column`; it raises `CellError`.

    Args:
        column: Name of the column, for the reason.
        hint: Type of the field, with its annotation: one of those above, a `Literal`, str, int, bool, Decimal.
    """
    if typing.get_origin(hint) is Literal:
        return lambda text: _word(column, text, typing.get_args(hint))
    read = _READERS[hint]
    return lambda text: read(column, text)


@lru_cache(maxsize=1024)  # a table has few days, each many times
def read_day(column: str, text: str) -> str:
    """Return a day as ISO text; every form that can mean two days, or none, is a `CellError`."""
    compact = _AROUND_MARKS.sub(r"\1", _MIDNIGHT.sub("", text))
    if iso := _ISO_DAY.fullmatch(compact):
        return _real_day(column, text, int(iso[1]), int(iso[3]), int(iso[4]))
    office = _OFFICE_DAY.fullmatch(compact)
    if office is None:
        raise _no_day(column, text, _serial_hint(compact))
    first, second, year = int(office[1]), int(office[3]), int(office[4])
    if second > 12 >= first:
        raise _no_day(column, text, f"; tháng đứng trước ngày, chắc là {year}-{first:02d}-{second:02d}")
    if first <= 12 and first != second:
        raise _no_day(column, text, f"; có thể là {year}-{second:02d}-{first:02d} hoặc {year}-{first:02d}-{second:02d}")
    return _real_day(column, text, year, second, first)


def _real_day(column: str, text: str, year: int, month: int, day: int) -> str:
    try:
        found = date(year, month, day).isoformat()
    except ValueError:
        raise _no_day(column, text, "; lịch không có ngày này") from None
    if not FIRST_YEAR <= year <= LAST_YEAR and found != ENDLESS:
        raise _no_day(column, text, f"; năm phải từ {FIRST_YEAR} đến {LAST_YEAR}")
    return found


def _serial_hint(compact: str) -> str:
    if not re.fullmatch(r"\d{4,5}", compact, re.ASCII):
        return ""
    day = date(1899, 12, 30) + timedelta(days=int(compact))
    return f"; nếu Excel đã đổi ngày thành số thì đó là {day.isoformat()}"


def _no_day(column: str, text: str, why: str) -> CellError:
    return CellError(f"cột {column}: “{text}” không phải một ngày rõ ràng{why}; {_DAY_FORM}",
                     f"column {column}: {text!r} is not one clear day; write it as 2019-12-31")


def _optional_day(column: str, text: str) -> str:
    return read_day(column, text) if text else ""


def _word(column: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise CellError(*unknown_word(column, text, allowed))
    return text


def _text(column: str, text: str) -> str:
    if not text:
        raise CellError(f"cột {column} để trống", f"column {column} is blank")
    return text


def _identifier(column: str, text: str) -> str:
    return _shaped(column, text, _IDENTIFIER, "chữ thường không dấu, chữ số và _, như phone_subs_total",
                   "small letters, digits and _")


def _shaped(column: str, text: str, shape: re.Pattern[str], wanted_vi: str, wanted_en: str) -> str:
    if not shape.fullmatch(text):
        raise CellError(f"cột {column}: “{text}” không hợp lệ; cần {wanted_vi}",
                        f"column {column}: bad value {text!r}; {wanted_en} is needed")
    return text


def _integer(column: str, text: str) -> int:
    return int(_shaped(column, text, re.compile(r"-?\d{1,9}", re.ASCII), "một số nguyên, như 12", "a whole number"))


def _decimal(column: str, text: str) -> Decimal:
    wanted = "một số, dấu chấm thập phân, không dấu ngăn nghìn, như 15510.8"
    number = _shaped(column, text, _NUMBER, wanted, "a number such as 15510.8")
    if _TWO_MEANINGS.fullmatch(number):
        thousands, decimal = f"{Decimal(number.replace('.', '')):f}", f"{number}0"
        raise CellError(
            f"cột {column}: “{text}” có đúng ba chữ số sau dấu chấm, đọc được thành hai số; "
            f"hãy viết {thousands}, hoặc {decimal} nếu là số thập phân",
            f"column {column}: {text!r} has three digits behind its dot and may be two numbers; "
            f"write {thousands}, or {decimal} for the decimal")
    return Decimal(number)


def _optional_decimal(column: str, text: str) -> Decimal | None:
    return _decimal(column, text) if text else None


def _positive(column: str, text: str) -> Decimal:
    value = _decimal(column, text)
    if value <= 0:
        raise CellError(f"cột {column}: “{text}” phải lớn hơn 0", f"column {column}: {text!r} must be above zero")
    return value


def _not_negative(column: str, text: str) -> Decimal:
    value = _decimal(column, text)
    if value < 0:
        raise CellError(f"cột {column}: “{text}” không được âm", f"column {column}: {text!r} must not be negative")
    return value


def _within(column: str, text: str, low: int, high: int) -> int:
    value = _integer(column, text)
    if not low <= value <= high:
        raise CellError(f"cột {column}: “{text}” phải từ {low} đến {high}",
                        f"column {column}: {text!r} must be from {low} to {high}")
    return value


def _closing_day(column: str, text: str) -> str:
    return text if text == "last" else str(_within(column, text, 1, 31))


def _clock(column: str, text: str) -> str:
    wanted = _shaped(column, text, re.compile(r"\d{1,2}:\d{2}", re.ASCII), "giờ và phút, như 17:00", "17:00")
    try:
        return time.fromisoformat(wanted.zfill(5)).strftime("%H:%M")
    except ValueError:
        raise CellError(f"cột {column}: “{text}” không phải một giờ trong ngày, như 17:00",
                        f"column {column}: {text!r} is no time of day such as 17:00") from None


def _truth(column: str, text: str) -> bool:
    return _word(column, text.lower(), ("true", "false")) == "true"  # Excel writes TRUE


def _texts(column: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _addresses(column: str, text: str) -> tuple[str, ...]:
    wanted = "địa chỉ thư, như ten@donvi.gov.vn, cách nhau bằng “;”"
    return tuple(_shaped(column, part, _ADDRESS, wanted, "a mail address") for part in _texts(column, text))


def _domains(column: str, text: str) -> tuple[str, ...]:
    wanted = "tên miền chữ thường, như donvi.gov.vn, cách nhau bằng “;”", "a mail domain in small letters"
    return tuple(_shaped(column, part, _DOMAIN, *wanted) for part in _texts(column, text))


_READERS: dict[Any, Callable[[str, str], Any]] = {
    str: _text,
    OptionalText: lambda column, text: text,
    Identifier: _identifier,
    Day: read_day,
    OptionalDay: _optional_day,
    Addresses: _addresses,
    Domains: _domains,
    Clock: _clock,
    DayOfMonth: lambda column, text: _within(column, text, 1, 31),
    ClosingDay: _closing_day,
    Decimals: lambda column, text: _within(column, text, 0, 6),
    Positive: _positive,
    NotNegative: _not_negative,
    bool: _truth,
    int: _integer,
    Decimal: _decimal,
    Decimal | None: _optional_decimal,
    tuple[str, ...]: _texts,
}
