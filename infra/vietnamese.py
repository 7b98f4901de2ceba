"""How the office writes things: numbers, days, moments, severities. The one printer of each, and the one time zone.

A figure in a letter, on a page, in a note or on the screen goes through here, so that no two places differ.
Machines get plain decimals and ISO 8601; nothing here is for them.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

ZONE_NAME = "Asia/Ho_Chi_Minh"  # for schedules, which want a name
HANOI = timezone(timedelta(hours=7))  # the same since 1975, without summer time: no zone data is needed
DAY_FORMAT = "%d/%m/%Y"
DAY_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}")

SEVERITY_VI = {"blocking": "chặn phát hành", "warning": "cảnh báo", "note": "lưu ý"}
STATUS_VI = {  # of a receipt, then of a submitter's month
    "received": "đã nhận", "late": "nhận muộn", "superseded": "đã thay thế", "duplicate": "trùng",
    "rejected": "từ chối",
    "quarantined": "cách ly", "unopened": "chưa mở được", "no_data": "không có số liệu",
    "missing": "còn thiếu", "expected": "chưa đến hạn",
}  # fmt: skip
QUALIFIER_VI = {"": "", "gt": "trên ", "ge": "ít nhất ", "lt": "dưới ", "le": "tối đa ", "approx": "khoảng "}
NOTHING = "chưa có"
MOST_DECIMALS = 4  # of a computed fraction that nobody rounded
_FIGURE = re.compile(r"'?(-?\d+(?:\.\d+)?)(?: (\w+))?")  # a CSV guards a minus with an apostrophe


def number_text(value: Decimal | Fraction | int, decimals: int | None = None) -> str:
    """Return a number as it is printed: 1306834 gives "1.306.834", 4.46 "4,46"; halves round away from zero.

    `decimals` None prints a `Decimal` with the decimals it is written with, a fraction with as many as it needs,
    at most four.
    """
    exact = Fraction(value)
    places = _decimals(value) if decimals is None else decimals
    scaled = abs(exact) * 10**places
    whole, rest = divmod((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**places)
    sign = "-" if exact < 0 and (whole or rest) else ""
    return sign + f"{whole:,}".replace(",", ".") + (f",{rest:0{places}d}" if places else "")


def figure_text(text: str) -> str:
    """Return a figure of a machine's list as readers write it: "4.48" is 4,48; "576 gt" is trên 576; "" chưa có.

    What is no figure ("L", a name) is returned as it is.
    """
    match = _FIGURE.fullmatch(text)
    qualifier = (match[2] or "") if match else ""
    if not match or qualifier not in QUALIFIER_VI:
        return text or NOTHING
    return QUALIFIER_VI[qualifier] + number_text(Decimal(match[1]))


def size_text(size: int) -> str:
    """Return a number of bytes: "512 B", "12,0 kB", "1,3 MB"."""
    if size < 1000:
        return f"{size} B"
    number, unit = (Fraction(size, 10**6), "MB") if size >= 10**6 else (Fraction(size, 10**3), "kB")
    return f"{number_text(number, 1)} {unit}"


def moment(text: str) -> datetime:
    """Return ISO 8601 text as a moment in Hanoi's time. A plain day stands for its end, no offset for Hanoi's.

    So a limit "2019-12-31" holds until the last microsecond of that day in Hanoi.

    Raises:
        ValueError: The text is no day and no moment.
    """
    if DAY_SHAPE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time.max, HANOI)
    found = datetime.fromisoformat(text)
    try:
        return found.astimezone(HANOI) if found.tzinfo else found.replace(tzinfo=HANOI)
    except OverflowError:  # at the ends of the calendar an offset leads out of it
        return found.replace(tzinfo=HANOI)


def day_of(text: str) -> str:
    """Return the day of a moment in Hanoi, ISO: "2019-12-31T18:00:00+00:00" is of "2020-01-01"."""
    return moment(text).date().isoformat()


def day_text(day: str | date) -> str:
    """Return a day (of a moment: its day in Hanoi) as people write it: "16/04/2019"; empty for none."""
    if isinstance(day, str):
        return moment(day).strftime(DAY_FORMAT) if day else ""
    return day.strftime(DAY_FORMAT)


def moment_text(text: str) -> str:
    """Return a moment in Hanoi as sentences write it: "13:19 ngày 16/04/2019"; empty for none."""
    return moment(text).strftime(f"%H:%M ngày {DAY_FORMAT}") if text else ""


def moment_cell(value: str | datetime) -> str:
    """Return a moment as tables write it, the day first: "16/04/2019 13:19"; empty for none."""
    if isinstance(value, str):
        return moment_cell(moment(value)) if value else ""
    return value.strftime(f"{DAY_FORMAT} %H:%M")


def _decimals(value: Decimal | Fraction | int) -> int:
    if isinstance(value, Decimal):
        return max(0, -int(value.as_tuple().exponent))
    exact = Fraction(value)
    return next((places for places in range(MOST_DECIMALS) if (exact * 10**places).denominator == 1), MOST_DECIMALS)
