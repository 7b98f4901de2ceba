"""Interval verdicts against brute force: every value that the figures may stand for, tried one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as combinations_of

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.intervals import Interval, point, printed, product, qualified, reciprocal
from expectations.language import parse_comparison
from expectations.verdicts import Figure, judge

STEP = Fraction(1, 8)


@st.composite
def intervals(draw) -> Interval:
    low = draw(st.integers(-12, 12))
    width = draw(st.integers(0, 8))
    is_open = width > 0 and draw(st.booleans())
    is_low_open = width > 0 and draw(st.booleans())
    return Interval(Fraction(low, 2), Fraction(low + width, 2), is_low_open, is_open)


def inside(interval: Interval) -> list[Fraction]:
    """Values on a grid four times finer than the ends: enough to meet every open and closed end."""
    assert interval.low is not None and interval.high is not None
    count = int((interval.high - interval.low) / STEP)
    values = [interval.low + k * STEP for k in range(count + 1)]
    return [v for v in values if interval.holds(v)]


def figure(interval: Interval, name: str) -> Figure:
    assert interval.low is not None and interval.high is not None
    middle = (interval.low + interval.high) / 2
    return Figure(middle, interval, {name: Fraction(1)}, (name,))


@settings(max_examples=50_000)
@given(intervals(), intervals(), st.sampled_from(["=", "<=", "<", ">=", ">"]))
def test_comparison_of_two_intervals_agrees_with_brute_force(left: Interval, right: Interval, sign: str) -> None:
    holds = {
        "=": lambda a, b: a == b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
    }[sign]
    expected = any(holds(a, b) for a, b in combinations_of(inside(left), inside(right)))
    verdict = judge(parse_comparison(f"a {sign} b"), lambda node: figure(left if node.name == "a" else right, node.name))
    assert verdict.outcome == ("pass" if expected else "fail")


@settings(max_examples=50_000)
@given(st.integers(-300, 300), st.integers(0, 2), st.lists(st.integers(-20, 20), min_size=1, max_size=3))
def test_printed_total_agrees_with_brute_force(written: int, decimals: int, parts: list[int]) -> None:
    """A printed figure holds exactly when rounding the sum half-up at its precision prints it."""
    value = Fraction(written, 10**decimals)
    total = sum((Fraction(part, 7) for part in parts), Fraction(0))
    doubled = 2 * total * 10**decimals
    rounded = Fraction((doubled.numerator + doubled.denominator) // (2 * doubled.denominator), 10**decimals)
    names = "abc"[: len(parts)]
    figures = {name: Figure(Fraction(p, 7), point(Fraction(p, 7))) for name, p in zip(names, parts, strict=True)}
    figures["t"] = Figure(value, point(value), half_unit=Fraction(1, 2 * 10**decimals))
    verdict = judge(parse_comparison("printed(t) ~ " + " + ".join(names)), lambda node: figures[node.name])
    assert verdict.outcome == ("pass" if rounded == value else "fail")


@given(intervals(), intervals())
def test_sum_difference_and_product_hold_every_combination(left: Interval, right: Interval) -> None:
    for a, b in combinations_of(inside(left), inside(right)):
        assert (left + right).holds(a + b)
        assert (left - right).holds(a - b)
        assert product(left, right).holds(a * b)


@given(intervals())
def test_reciprocal_holds_every_value_or_may_divide_by_zero(value: Interval) -> None:
    inverse = reciprocal(value)
    if inverse is None:
        assert value.low is not None and value.high is not None and value.low <= 0 <= value.high
    else:
        assert all(inverse.holds(1 / v) for v in inside(value))


@given(intervals(), intervals())
def test_shared_values_are_those_of_both(left: Interval, right: Interval) -> None:
    shared = left.shared(right)
    for value in {*inside(left), *inside(right)}:
        assert shared.holds(value) == (left.holds(value) and right.holds(value))


def test_printed_figure_ends_open_above() -> None:
    interval = printed(Fraction("89.28"), Fraction("0.005"))
    assert interval.holds(Fraction("89.275"))
    assert not interval.holds(Fraction("89.285"))


@pytest.mark.parametrize(
    ("qualifier", "below", "at", "above"),
    [("gt", False, False, True), ("ge", False, True, True), ("lt", True, False, False), ("le", True, True, False)],
)
def test_qualified_figure_is_a_bound(qualifier: str, below: bool, at: bool, above: bool) -> None:
    interval = qualified(Fraction(576), qualifier)
    assert [interval.holds(Fraction(v)) for v in (575, 576, 577)] == [below, at, above]
