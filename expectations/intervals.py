"""Exact intervals: what a printed figure, a figure with "trên …", or a missing part may stand for.

A value printed with d decimals stands for [v - ½·10⁻ᵈ, v + ½·10⁻ᵈ): it was rounded half-up. "Trên 576" stands
for (576, ∞). Ends are fractions, never floats; `None` is no end on that side.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Bound = Fraction | None


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from `low` to `high`; an open end does not belong to it."""

    low: Bound
    high: Bound
    is_low_open: bool = False
    is_high_open: bool = False

    @property
    def is_point(self) -> bool:
        return self.low is not None and self.low == self.high

    def holds(self, value: Fraction) -> bool:
        """Return whether the value lies inside."""
        above = self.low is None or value > self.low or (value == self.low and not self.is_low_open)
        below = self.high is None or value < self.high or (value == self.high and not self.is_high_open)
        return above and below

    def __add__(self, other: Interval) -> Interval:
        return Interval(
            _plus(self.low, other.low),
            _plus(self.high, other.high),
            self.is_low_open or other.is_low_open,
            self.is_high_open or other.is_high_open,
        )

    def __neg__(self) -> Interval:
        return Interval(_minus(self.high), _minus(self.low), self.is_high_open, self.is_low_open)

    def __sub__(self, other: Interval) -> Interval:
        return self + (-other)

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.is_low_open or self.is_high_open))

    def shared(self, other: Interval) -> Interval:
        """Return the values that lie in both."""
        low, is_low_open = _higher(self, other)
        high, is_high_open = _lower(self, other)
        return Interval(low, high, is_low_open, is_high_open)

    def scaled(self, factor: Fraction) -> Interval:
        """Return the interval of all values times `factor`."""
        if factor < 0:
            return (-self).scaled(-factor)
        if factor == 0:
            return point(Fraction(0))
        return Interval(_times(self.low, factor), _times(self.high, factor), self.is_low_open, self.is_high_open)


def point(value: Fraction) -> Interval:
    """Return the interval of one value."""
    return Interval(value, value)


EVERYTHING = Interval(None, None)
NOTHING = Interval(Fraction(1), Fraction(0))


def printed(value: Fraction, half_unit: Fraction) -> Interval:
    """Return what a printed value stands for: half a unit of its last decimal to both sides, the upper end open."""
    return point(value) if half_unit == 0 else Interval(value - half_unit, value + half_unit, False, True)


def qualified(value: Fraction, qualifier: str, spread: Fraction = Fraction(1, 20)) -> Interval:
    """Return what "trên 576" (gt), "ít nhất 30" (ge), lt, le or "khoảng" (approx: 5 % to both sides) stands for."""
    if qualifier in ("gt", "ge"):
        return Interval(value, None, qualifier == "gt")
    if qualifier in ("lt", "le"):
        return Interval(None, value, False, qualifier == "lt")
    if qualifier == "approx":
        return Interval(value - abs(value) * spread, value + abs(value) * spread)
    return point(value)


def product(left: Interval, right: Interval) -> Interval:
    """Return an interval that holds every product; exact when both are points or one is a point."""
    if right.is_point and right.low is not None:
        return left.scaled(right.low)
    if left.is_point and left.low is not None:
        return right.scaled(left.low)
    if None in (left.low, left.high, right.low, right.high):
        return _unbounded_product(left, right)
    ends = [
        (a * b, _is_end_open(a, a_open, b, b_open))
        for a, a_open in ((left.low, left.is_low_open), (left.high, left.is_high_open))
        for b, b_open in ((right.low, right.is_low_open), (right.high, right.is_high_open))
        if a is not None and b is not None
    ]
    low, high = min(v for v, _ in ends), max(v for v, _ in ends)
    return Interval(
        low,
        high,
        all(is_open for v, is_open in ends if v == low),
        all(is_open for v, is_open in ends if v == high),
    )


def reciprocal(value: Interval) -> Interval | None:
    """Return the interval of 1/v, or None when v may be zero."""
    if value.low is not None and (value.low > 0 or (value.low == 0 and value.is_low_open)):
        low = Fraction(0) if value.high is None else 1 / value.high
        high = None if value.low == 0 else 1 / value.low
        return Interval(low, high, value.high is None or value.is_high_open, value.is_low_open)
    if value.high is not None and (value.high < 0 or (value.high == 0 and value.is_high_open)):
        negative = reciprocal(-value)
        return None if negative is None else -negative
    return None


def _unbounded_product(left: Interval, right: Interval) -> Interval:
    if left.low is not None and left.low >= 0 and right.low is not None and right.low >= 0:
        return Interval(left.low * right.low, None)
    return EVERYTHING


def _higher(a: Interval, b: Interval) -> tuple[Bound, bool]:
    """Return the higher of two lower ends; of equal ones the open one."""
    if a.low is None or (b.low is not None and (b.low > a.low or (b.low == a.low and b.is_low_open))):
        return b.low, b.is_low_open
    return a.low, a.is_low_open


def _lower(a: Interval, b: Interval) -> tuple[Bound, bool]:
    if a.high is None or (b.high is not None and (b.high < a.high or (b.high == a.high and b.is_high_open))):
        return b.high, b.is_high_open
    return a.high, a.is_high_open


def _is_end_open(a: Fraction, is_a_open: bool, b: Fraction, is_b_open: bool) -> bool:
    if (a == 0 and not is_a_open) or (b == 0 and not is_b_open):
        return False  # zero times anything is reached
    return is_a_open or is_b_open


def _plus(a: Bound, b: Bound) -> Bound:
    return None if a is None or b is None else a + b


def _minus(a: Bound) -> Bound:
    return None if a is None else -a


def _times(a: Bound, factor: Fraction) -> Bound:
    return None if a is None else a * factor
