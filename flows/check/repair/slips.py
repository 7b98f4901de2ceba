"""Slips of the hand: how a right figure becomes the written one, and how ordinary each slip is.

The cost is a rough negative log of how often such a slip happens; only the order matters. A figure that no
slip explains costs most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import log2

SLIPS: dict[str, tuple[float, str, str]] = {
    "decimal_for_thousands": (0.6, "dấu chấm hàng nghìn bị hiểu thành dấu thập phân", "decimal point for thousands"),
    "comma_moved": (0.7, "dấu phẩy thập phân đặt sai chỗ", "decimal comma in the wrong place"),
    "sign": (0.8, "sai dấu", "wrong sign"),
    "total_not_refreshed": (0.8, "dòng tổng chưa cập nhật, còn số tháng trước", "total not refreshed"),
    "last_month": (0.9, "còn để số của tháng trước", "last month's value left in"),
    "digits_swapped": (1.0, "hai chữ số liền nhau bị đảo", "two digits swapped"),
    "digit_lost": (1.1, "thiếu một chữ số", "a digit lost"),
    "digit_doubled": (1.1, "thừa một chữ số lặp lại", "a digit doubled"),
    "factor_10": (1.0, "lệch 10 lần", "ten times too much or too little"),
    "factor_100": (1.3, "lệch 100 lần", "a hundred times too much or too little"),
    "factor_1000": (1.0, "lệch 1.000 lần, thường do đơn vị tính", "a thousand times, often the unit"),
    "factor_1000000": (1.6, "lệch 1.000.000 lần, thường do đơn vị tính", "a million times, often the unit"),
    "part_omitted": (1.0, "tổng bỏ sót một thành phần", "part left out of the total"),
    "part_twice": (1.2, "tổng cộng hai lần một thành phần", "part counted twice"),
    "exchanged_row": (1.2, "hai ô cạnh nhau trong dòng bị đổi chỗ", "neighbouring cells exchanged"),
    "exchanged_column": (1.2, "số liệu hai dòng bị đổi chỗ", "value in the wrong row"),
    "one_digit": (2.6, "gõ sai một chữ số", "one digit mistyped"),
    "extra_digit": (2.8, "thừa một chữ số", "a digit too many"),
    "rounded_again": (1.0, "tỷ lệ chưa tính lại", "a ratio not recomputed"),
    "unexplained": (6.0, "không rõ nguyên nhân", "no ordinary slip"),
}
LONGEST = 40  # digits of a figure that anybody would have typed
_FACTORS = {10: "factor_10", 100: "factor_100", 1000: "factor_1000", 1000000: "factor_1000000"}


def explain_slip(
    written: Fraction, right: Fraction, previous: Fraction | None, is_total: bool, parts: Iterable[Fraction] = ()
) -> str:
    """Return the most ordinary slip that makes `written` out of `right`; "unexplained" when none does.

    Args:
        written: What the cell says.
        right: What it should say.
        previous: The figure of the month before, None when not known.
        is_total: Whether the cell is a sum of others.
        parts: The parts of that sum.
    """
    kinds = set(_digit_slips(written, right))
    if previous is not None and written == previous:
        kinds.add("total_not_refreshed" if is_total else "last_month")
    if is_total:
        kinds |= set(_sum_slips(written, right, parts))
    return min(kinds, key=lambda kind: (SLIPS[kind][0], kind), default="unexplained")


def candidates(written: Fraction, grid: Fraction) -> list[Fraction]:
    """Return the figures that an ordinary slip of the digits would have turned into `written`, without repeats."""
    found = [-written]
    for factor in _FACTORS:
        found += [written * factor, written / factor]
    digits, sign = _digits(written, grid), -1 if written < 0 else 1
    for text in _near_texts(digits):
        if text:
            found.append(sign * Fraction(int(text)) * grid)
    return [v for v in dict.fromkeys(found) if v != written and (v / grid).denominator == 1]


def misfit(value: Fraction, previous: Fraction | None) -> float:
    """Return how odd a figure is after the month before: 0 when alike, about 4 for ten times as much."""
    if previous is None:
        return 1.0
    usual = max(abs(previous) * Fraction(1, 25), Fraction(2))
    oddness = min(abs(value - previous) / usual, Fraction(10**6))
    return min(5.0, log2(1 + float(oddness)) / 2)


def _digit_slips(written: Fraction, right: Fraction) -> Iterator[str]:
    if written == -right and right:
        yield "sign"
    if written.denominator > 1 and written * 1000 == right:
        yield "decimal_for_thousands"
    for factor, kind in _FACTORS.items():
        if right and written in (right * factor, right / factor):
            yield kind
    grid = Fraction(1, max(written.denominator, right.denominator))
    if (written < 0) == (right < 0) and max(abs(written), abs(right)) / grid < 10**LONGEST:
        yield from _text_slips(_digits(written, grid), _digits(right, grid))


def _text_slips(written: str, right: str) -> Iterator[str]:
    if len(written) == len(right):
        differing = [i for i, (a, b) in enumerate(zip(written, right, strict=True)) if a != b]
        if len(differing) == 2 and differing[1] == differing[0] + 1 and sorted(written) == sorted(right):
            yield "digits_swapped"
        if len(differing) == 1:
            yield "one_digit"
    elif len(written) < len(right) and written in _shorter(right, len(written)):
        yield "digit_lost"
    elif len(written) == len(right) + 1:
        if written in {right[:i] + right[i] + right[i:] for i in range(len(right))}:
            yield "digit_doubled"
        elif right in _shorter(written, len(right)):
            yield "extra_digit"


def _sum_slips(written: Fraction, right: Fraction, parts: Iterable[Fraction]) -> Iterator[str]:
    for part in parts:
        if part and written == right - part:
            yield "part_omitted"
        if part and written == right + part:
            yield "part_twice"


def _shorter(text: str, length: int) -> set[str]:
    """Return what is left when one digit goes; leading zeros then go too."""
    found = {text[:i] + text[i + 1 :] for i in range(len(text))}
    return {t.lstrip("0") or "0" for t in found} if length < len(text) - 1 else found


def _near_texts(digits: str) -> Iterator[str]:
    if not digits:
        return
    for i in range(len(digits) - 1):
        yield digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
    for i in range(len(digits)):
        yield digits[:i] + digits[i + 1 :]
    for i in range(len(digits) + 1):
        for digit in "0123456789":
            yield digits[:i] + digit + digits[i:]


def _digits(value: Fraction, grid: Fraction) -> str:
    """Return the digits as written, "" of a number longer than anybody types."""
    number = abs(int(value / grid))
    return str(number) if number < 10**LONGEST else ""
