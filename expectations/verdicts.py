"""The verdict of one rule at one place: exact, interval-aware, with four outcomes.

- pass: some values that the figures may stand for satisfy the rule, and nothing is missing.
- fail: no values satisfy it, whatever a missing part would have been.
- undecided: a part is missing, or only a bound is known ("trên 576"), and the rule could still hold.
- not_applicable: the submitter does not provide the parts, or a condition of the rule is not met.

A missing part is never 0: it is an interval (a count cannot be below its lower bound), and it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

from expectations.intervals import EVERYTHING, Interval, point, printed, product, reciprocal
from expectations.language import PI, Call, Comparison, Name, Node, Number, Operation, round_half_up, square_root

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """What a part of an expression stands for at one place.

    `value` is the figure as written, None when a part is missing. `coefficients` says how it depends on the
    cells: value = constant + sum of coefficient x cell; None when it does not do so linearly. `cells` are all
    cells involved, in reading order. `missing` names the parts that nobody reported.
    `is_absent`: nobody is asked for it, so it takes no part. `is_bound`: only a bound is known.
    `recipe`: the operation and the figures it was made of, where it is not linear, so that it can be made again
    with other cells (see `moved`).
    """

    value: Fraction | None
    interval: Interval
    coefficients: Mapping[str, Fraction] | None = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_absent: bool = False
    is_bound: bool = False
    half_unit: Fraction = ZERO
    recipe: Recipe | None = None

    @property
    def is_constant(self) -> bool:
        return self.value is not None and not self.cells and self.interval.is_point

    @property
    def is_movable(self) -> bool:
        """Whether it is known what the figure would be with other cells; not so for one drawn from a warehouse."""
        return not self.cells or self.coefficients is not None or self.recipe is not None


Recipe = tuple[Callable[..., Figure], tuple[Figure, ...]]


ABSENT = Figure(None, EVERYTHING, None, is_absent=True)


class NotHereError(Exception):
    """The rule has nothing to say at this place, whatever its other parts are."""


Resolver = Callable[[Name | Call], Figure]


def constant(value: Fraction) -> Figure:
    """Return the figure of a constant or of a reference figure."""
    return Figure(value, point(value))


def missing(name: str, interval: Interval = EVERYTHING) -> Figure:
    """Return the figure of a part that should have been reported; `interval` is all that is known of it."""
    return Figure(None, interval, missing=(name,))


@dataclass(frozen=True, slots=True)
class Judged:
    """One comparison of a rule's line: `left sign right`, and the interval in which left - right may lie.

    `distance` is left - right as written (for `<>`: its absolute value). Where no whole gap is known it is the
    nearest that is possible.
    """

    sign: str
    left: Figure
    right: Figure
    distance: Fraction
    allowed: Interval
    outcome: str

    def after(self, changes: Mapping[str, Fraction], units: Mapping[str, Fraction] | None = None) -> Judged | None:
        """Return the comparison judged again with other cells; None where it would no longer apply.

        Args:
            changes: By how much each cell changes.
            units: By what factor the last digit as written changes its unit, where a decimal comma moves.
        """
        left, right = moved(self.left, changes, units or {}), moved(self.right, changes, units or {})
        return None if left.is_absent or right.is_absent else _compare(left, self.sign, right)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a rule at a place, with the comparison that decided it."""

    outcome: str
    comparisons: tuple[Judged, ...] = ()
    missing: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    @property
    def decisive(self) -> Judged | None:
        for judged in self.comparisons:
            if judged.outcome == self.outcome:
                return judged
        return self.comparisons[0] if self.comparisons else None


def judge(comparison: Comparison, resolve: Resolver, is_sum_of_parts: bool = False) -> Verdict:
    """Return the verdict of a rule's line where `resolve` says what its names stand for.

    Args:
        comparison: The parsed line.
        resolve: Gives the figure of a name or of a place call.
        is_sum_of_parts: Parts that nobody is asked for are left out of a sum instead of ending the rule.
    """
    try:
        figures = [figure_of(side, resolve, is_sum_of_parts) for side in comparison.sides]
    except NotHereError:
        return Verdict("not_applicable")
    figures, signs = _without_open_ends(figures, comparison.signs)
    if len(figures) < 2 or any(figure.is_absent for figure in figures):
        return Verdict("not_applicable")
    judged = tuple(_compare(left, sign, right) for left, sign, right in zip(figures, signs, figures[1:], strict=False))
    outcomes = {j.outcome for j in judged}
    outcome = next(o for o in ("fail", "undecided", "not_applicable", "pass") if o in outcomes)
    lost = tuple(dict.fromkeys(name for f in figures for name in f.missing))
    cells = tuple(dict.fromkeys(cell for f in figures for cell in f.cells))
    return Verdict(outcome, judged, lost, cells)


def figure_of(node: Node, resolve: Resolver, is_sum_of_parts: bool = False) -> Figure:
    """Return what an expression stands for: its value, its interval and its dependence on the cells."""
    if isinstance(node, Number):
        return constant(node.value)
    if isinstance(node, Name):
        return constant(PI) if node.name == "pi" else resolve(node)
    if isinstance(node, Call):
        return _figure_of_call(node, resolve, is_sum_of_parts)
    left = figure_of(node.left, resolve, is_sum_of_parts)
    right = figure_of(node.right, resolve, is_sum_of_parts)
    if left.is_absent or right.is_absent:
        return _without_absent(node, left, right) if is_sum_of_parts else ABSENT
    if node.sign == "+":
        return add(left, right)
    if node.sign == "-":
        return add(left, scale(right, Fraction(-1)))
    if node.sign == "*":
        return _multiply(left, right)
    return _divide(left, right)


def moved(figure: Figure, changes: Mapping[str, Fraction], units: Mapping[str, Fraction]) -> Figure:
    """Return what a figure stands for once its cells have changed (see `Judged.after`); absent when it has no value.

    Raises:
        ValueError: The figure is not movable.
    """
    if changes.keys().isdisjoint(figure.cells):
        return figure
    if figure.coefficients is not None:
        return _shifted(figure, changes, units)
    if figure.recipe is None:
        raise ValueError("what this figure would be with other cells is not known")
    operation, parts = figure.recipe
    after = [moved(part, changes, units) for part in parts]
    return ABSENT if any(part.is_absent for part in after) else operation(*after)


def _shifted(figure: Figure, changes: Mapping[str, Fraction], units: Mapping[str, Fraction]) -> Figure:
    """Move a linear figure; one cell of its own is also known to its last digit, wherever the comma is."""
    assert figure.coefficients is not None
    shift = sum((c * changes[cell] for cell, c in figure.coefficients.items() if cell in changes), ZERO)
    unit = units.get(figure.cells[0], Fraction(1)) if len(figure.cells) == 1 else Fraction(1)
    interval = figure.interval + point(shift)
    if figure.value is None or unit == 1:
        return replace(figure, value=None if figure.value is None else figure.value + shift, interval=interval)
    value = figure.value + shift
    spread = (interval - point(value)).scaled(unit)
    return replace(figure, value=value, interval=point(value) + spread, half_unit=figure.half_unit * unit)


def add(left: Figure, right: Figure) -> Figure:
    """Return the sum of two figures."""
    value = None if left.value is None or right.value is None else left.value + right.value
    coefficients = _add_coefficients(left, right)
    return Figure(
        value,
        left.interval + right.interval,
        coefficients,
        tuple(dict.fromkeys(left.cells + right.cells)),
        left.missing + right.missing,
        is_bound=left.is_bound or right.is_bound,
        half_unit=max(left.half_unit, right.half_unit),
        recipe=_recipe(add, left, right) if coefficients is None else None,
    )


def scale(figure: Figure, factor: Fraction) -> Figure:
    """Return the figure times a constant."""
    coefficients = figure.coefficients
    if coefficients is not None:
        coefficients = {cell: factor * c for cell, c in coefficients.items()}
    value = None if figure.value is None else figure.value * factor
    return Figure(
        value,
        figure.interval.scaled(factor),
        coefficients,
        figure.cells,
        figure.missing,
        is_bound=figure.is_bound,
        half_unit=abs(figure.half_unit * factor),
        recipe=_recipe(partial(scale, factor=factor), figure) if coefficients is None else None,
    )


def as_printed(figure: Figure) -> Figure:
    """Return the figure standing for its rounding interval."""
    if figure.value is None or figure.half_unit == 0 or figure.is_bound:
        return figure
    return Figure(
        figure.value,
        printed(figure.value, figure.half_unit),
        figure.coefficients,
        figure.cells,
        figure.missing,
        half_unit=figure.half_unit,
        recipe=_recipe(as_printed, figure) if figure.coefficients is None else None,
    )


def _without_open_ends(figures: list[Figure], signs: tuple[str, ...]) -> tuple[list[Figure], tuple[str, ...]]:
    """Leave out a first or last side of a chain that is not there, as the upper bound of a count."""
    if len(figures) > 2 and figures[0].is_absent:
        figures, signs = figures[1:], signs[1:]
    if len(figures) > 2 and figures[-1].is_absent:
        figures, signs = figures[:-1], signs[:-1]
    return figures, signs


def _figure_of_call(node: Call, resolve: Resolver, is_sum_of_parts: bool) -> Figure:
    if node.function == "printed":
        return as_printed(figure_of(node.arguments[0], resolve, is_sum_of_parts))
    if node.function == "sqrt":
        return _root(figure_of(node.arguments[0], resolve))
    if node.function == "abs":
        return _absolute(figure_of(node.arguments[0], resolve))
    if node.function == "round":
        figure, decimals = (figure_of(a, resolve) for a in node.arguments)
        if figure.value is None or decimals.value is None:
            return figure
        return _rounded(figure, int(decimals.value))
    return resolve(node)


def _rounded(figure: Figure, decimals: int) -> Figure:
    if figure.value is None:
        return figure
    value = round_half_up(figure.value, decimals)
    recipe = _recipe(partial(_rounded, decimals=decimals), figure)
    return Figure(value, point(value), None, figure.cells, is_bound=figure.is_bound, recipe=recipe)


def _without_absent(node: Operation, left: Figure, right: Figure) -> Figure:
    if node.sign == "+":
        return left if right.is_absent else right
    if node.sign == "-" and right.is_absent:
        return left
    return ABSENT


def _add_coefficients(left: Figure, right: Figure) -> dict[str, Fraction] | None:
    if left.coefficients is None or right.coefficients is None:
        return None
    total = dict(left.coefficients)
    for cell, coefficient in right.coefficients.items():
        total[cell] = total.get(cell, ZERO) + coefficient
    return total


def _recipe(operation: Callable[..., Figure], *parts: Figure) -> Recipe | None:
    return (operation, parts) if all(part.is_movable for part in parts) else None


def _combined(
    operation: Callable[..., Figure], value: Fraction | None, interval: Interval, *figures: Figure
) -> Figure:
    """Return a figure that depends on its parts, but not linearly."""
    return Figure(
        value,
        interval,
        None,
        tuple(dict.fromkeys(c for f in figures for c in f.cells)),
        tuple(m for f in figures for m in f.missing),
        is_bound=any(f.is_bound for f in figures),
        recipe=_recipe(operation, *figures),
    )


def _multiply(left: Figure, right: Figure) -> Figure:
    if left.is_constant and left.value is not None:
        return scale(right, left.value)
    if right.is_constant and right.value is not None:
        return scale(left, right.value)
    value = None if left.value is None or right.value is None else left.value * right.value
    return _combined(_multiply, value, product(left.interval, right.interval), left, right)


def _divide(left: Figure, right: Figure) -> Figure:
    if right.value == 0 and right.interval.is_point:
        return ABSENT  # a share of nothing is not a figure
    if right.is_constant and right.value is not None:
        return scale(left, 1 / right.value)
    inverse = reciprocal(right.interval)
    interval = EVERYTHING if inverse is None else product(left.interval, inverse)
    value = None if left.value is None or not right.value else left.value / right.value
    return _combined(_divide, value, interval, left, right)


def _root(figure: Figure) -> Figure:
    if figure.is_absent:
        return ABSENT
    value, interval = figure.value, figure.interval
    low = None if interval.low is None or interval.low < 0 else square_root(interval.low)
    high = None if interval.high is None or interval.high < 0 else square_root(interval.high) + Fraction(1, 10**40)
    root = None if value is None or value < 0 else square_root(value)
    return _combined(_root, root, Interval(low, high), figure)


def _absolute(figure: Figure) -> Figure:
    if figure.is_absent:
        return ABSENT
    if figure.value is not None and figure.interval.is_point:
        return _combined(_absolute, abs(figure.value), point(abs(figure.value)), figure)
    return _combined(_absolute, None, Interval(ZERO, None), figure)


def _compare(left: Figure, sign: str, right: Figure) -> Judged:
    if sign == "~":
        left = as_printed(left)
    if sign in (">=", ">"):
        swapped = _compare(right, "<=" if sign == ">=" else "<", left)
        return Judged(sign, left, right, -swapped.distance, -swapped.allowed, swapped.outcome)
    difference = left.interval - right.interval
    distance = _distance(left, right, difference)
    if sign == "<>":
        return _compare_unequal(left, right, abs(distance), difference)
    allowed = _allowed(sign, distance, difference)
    is_open = bool(left.missing or right.missing or left.is_bound or right.is_bound)
    outcome = "pass" if allowed.holds(distance) else "fail"
    if outcome == "pass" and is_open and not _is_certain(sign, difference):
        outcome = "undecided"
    return Judged(sign, left, right, distance, allowed, outcome)


def _distance(left: Figure, right: Figure, difference: Interval) -> Fraction:
    if left.value is not None and right.value is not None:
        return left.value - right.value
    if difference.low is not None and difference.low > 0:
        return difference.low
    if difference.high is not None and difference.high < 0:
        return difference.high
    return ZERO


def _allowed(sign: str, distance: Fraction, difference: Interval) -> Interval:
    """Return where left - right, as written, may lie so that some possible values satisfy the comparison.

    The figures may stand for more or less than what is written: `difference` less `distance` is that slack.
    """
    slack = -(difference - point(distance))
    if sign in ("=", "~"):
        return slack
    return Interval(None, slack.high, False, slack.is_high_open or sign == "<")


def _is_certain(sign: str, difference: Interval) -> bool:
    """Return whether every possible value satisfies the comparison."""
    if sign in ("=", "~"):
        return difference.is_point
    if difference.high is None:
        return False
    return difference.high < 0 or (difference.high == 0 and (sign == "<=" or difference.is_high_open))


def _compare_unequal(left: Figure, right: Figure, distance: Fraction, difference: Interval) -> Judged:
    is_open = bool(left.missing or right.missing or left.is_bound or right.is_bound)
    allowed = Interval(ZERO, None, True) if difference.is_point else EVERYTHING
    if difference.is_point and not is_open:
        outcome = "pass" if distance != 0 else "fail"
    else:
        outcome = "undecided" if is_open and difference.holds(ZERO) else "pass"
    return Judged("<>", left, right, distance, allowed, outcome)
