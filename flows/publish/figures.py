"""Figures as the report prints them: dots for thousands, a decimal comma, two digits for small counts."""

from __future__ import annotations

import re
from decimal import Decimal

from infra.vietnamese import number_text

NOT_REPORTED = "(chưa có số liệu)"
NO_CHANGE_REPORTED = "(chưa có số liệu tăng, giảm)"


def print_number(value: Decimal, decimals: int, pad: bool = True) -> str:
    """Return the figure in Vietnamese notation: 1306834 gives "1.306.834", 4.46 "4,46", 5 "05", 0 "0".

    Args:
        value: Exact value, already rounded to `decimals`.
        decimals: Digits after the comma, printed even when zero.
        pad: Whether a count from 1 to 9 gets a leading zero, as administrative prose writes it.
    """
    text = number_text(abs(value), decimals)
    if pad and decimals == 0 and 1 <= abs(value) <= 9:
        text = f"0{text}"
    return f"-{text}" if value < 0 else text


def print_change(value: Decimal, unit: str) -> str:
    """Return a net change in words: "tăng 5.716 thuê bao", "giảm 312 thuê bao", "không tăng, không giảm"."""
    if value == 0:
        return "không tăng, không giảm"
    verb = "tăng" if value > 0 else "giảm"
    return f"{verb} {print_number(abs(value), 0)} {unit}".strip()


def parse_printed(text: str) -> Decimal | None:
    """Return the number in a printed figure ("trên 576", "giảm 1.312 thuê bao"), signed; None without one.

    The reverse of the two functions above, used to read our own documents back.
    """
    if text == print_change(Decimal(0), ""):
        return Decimal(0)
    found = re.search(r"-?\d[\d.]*(?:,\d+)?", text)
    if not found:
        return None
    value = Decimal(found.group().replace(".", "").replace(",", "."))
    return -value if text.startswith("giảm ") else value
