"""Interval verdicts against brute force: every value that the figures may stand for, tried one by one."""

from __future__ import annotations

import operator
from fractions import Fraction
from itertools import product as combinations_of
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.intervals import Interval, point, printed, product, qualified, reciprocal
from expectations.language import parse_comparison
from expectations.verdicts import Figure, judge

STEP = Fraction(1, 8)
CASES_AN_EXAMPLE = 200  # random cases a seed: 250 seeds twice make 100 000 cases
HOLDS = {
    "=": operator.eq,
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}


def random_interval(random: Random) -> Interval:
    low, width = random.randint(-12, 12), random.randint(0, 8)
    is_open, is_low_open = (width > 0 and random.random() < 0.5 for _ in range(2))
    return Interval(Fraction(low, 2), Fraction(low + width, 2), is_low_open, is_open)


@st.composite
def intervals(draw) -> Interval:
    return random_interval(Random(draw(st.integers(0, 2**32))))


def inside(interval: Interval) -> list[Fraction]:
    """Values on a grid four times finer than the ends: enough to meet every open and closed end."""
    return [Fraction(eighths, 8) for eighths in eighths_inside(interval)]


def eighths_inside(interval: Interval) -> range:
    """The same values as whole numbers of eighths, found without the code under test."""
    assert interval.low is not None and interval.high is not None
    first, last = int(interval.low * 8), int(interval.high * 8)
    return range(first + interval.is_low_open, last + 1 - interval.is_high_open)


def figure(interval: Interval, name: str) -> Figure:
    assert interval.low is not None and interval.high is not None
    middle = (interval.low + interval.high) / 2
    return Figure(middle, interval, {name: Fraction(1)}, (name,))


@settings(max_examples=250)
@given(st.integers(0, 2**32))
def test_comparison_of_two_intervals_agrees_with_brute_force(seed: int) -> None:
    random = Random(seed)
    for _ in range(CASES_AN_EXAMPLE):
        left, right, sign = random_interval(random), random_interval(random), random.choice(list(HOLDS))
        pairs = combinations_of(eighths_inside(left), eighths_inside(right))
        expected = any(HOLDS[sign](a, b) for a, b in pairs)
        figures = {"a": figure(left, "a"), "b": figure(right, "b")}
        verdict = judge(parse_comparison(f"a {sign} b"), lambda node, known=figures: known[node.name])
        assert verdict.outcome == ("pass" if expected else "fail"), (left, sign, right)


@settings(max_examples=250)
@given(st.integers(0, 2**32))
def test_printed_total_agrees_with_brute_force(seed: int) -> None:
    """A printed figure holds exactly when rounding the sum half-up at its precision prints it."""
    random = Random(seed)
    for _ in range(CASES_AN_EXAMPLE):
        decimals = random.randint(0, 2)
        value = Fraction(random.randint(-300, 300), 10**decimals)
        parts = [Fraction(random.randint(-20, 20), 7) for _ in range(random.randint(1, 3))]
        doubled = 2 * sum(parts, Fraction(0)) * 10**decimals
        rounded = Fraction((doubled.numerator + doubled.denominator) // (2 * doubled.denominator), 10**decimals)
        if random.random() < 0.5:
            value = rounded  # else next to nothing would hold
        figures = {name: Figure(part, point(part)) for name, part in zip("abc", parts, strict=False)}
        figures["t"] = Figure(value, point(value), half_unit=Fraction(1, 2 * 10**decimals))
        line = "printed(t) ~ " + " + ".join("abc"[: len(parts)])
        verdict = judge(parse_comparison(line), lambda node, known=figures: known[node.name])
        assert verdict.outcome == ("pass" if rounded == value else "fail"), (value, parts)


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
