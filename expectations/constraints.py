"""Rules as constraints on cells: how the cells may change so that a rule holds, derived from its own line.

A printed ratio with a fixed denominator, a sum with a missing part that cannot be negative, a bound: all are linear,
and `LinearConstraint` says what the sum of coefficient x change may be. Whatever is not (issues x run, a share of two
figures, a root) is a `FormulaConstraint`: judged again, exactly, for other cells, and in one cell at a time solved
where it is a quotient of two linear terms. A figure that has to be a whole number is a `WholeNumber`.

`room` is where a search looks; `holds` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from expectations.intervals import EVERYTHING, NOTHING, Interval, point
from expectations.verdicts import Figure, Judged, Verdict

ZERO, ONE = Fraction(0), Fraction(1)
Changes = Mapping[str, Fraction]
NONE: Changes = {}


class Constraint(Protocol):
    """What a search may ask of a rule. `changes` are those of the figures by name, absent ones unchanged.

    `units` are the factors by which the last digit of a changed figure changes its unit (a moved decimal comma).
    """

    @property
    def names(self) -> Iterable[str]:
        """The figures that the rule depends on."""
        ...

    @property
    def holds_now(self) -> bool:
        """Whether the rule holds as everything is written."""
        ...

    def holds(self, changes: Changes, units: Changes = NONE) -> bool:
        """Whether the rule holds after the changes: exact."""
        ...

    def room(self, name: str, changes: Changes = NONE, units: Changes = NONE) -> Interval:
        """By how much one more figure may change; wider than the truth where that is not known."""
        ...

    def over(self, figures: Mapping[str, str]) -> Constraint | None:
        """The same constraint on other names, several old ones perhaps on one; None when it depends on none."""
        ...


@dataclass(frozen=True, slots=True)
class LinearConstraint:
    """The sum of `coefficients` x changes of the cells must lie in `change`; 0 does so when the rule holds now.

    A coefficient of zero is left out. `judged` is the comparison behind it: it knows what a moved comma does.
    """

    coefficients: Changes
    change: Interval
    judged: Judged | None = None
    cells_of: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(self.coefficients.values()):
            object.__setattr__(self, "coefficients", {n: c for n, c in self.coefficients.items() if c})

    @property
    def names(self) -> Iterable[str]:
        return self.coefficients

    @property
    def holds_now(self) -> bool:
        return self.change.holds(ZERO)

    def moved(self, changes: Changes) -> Fraction:
        """Return the sum of coefficient x change."""
        return sum((c * changes[n] for n, c in self.coefficients.items() if n in changes), ZERO)

    def holds(self, changes: Changes, units: Changes = NONE) -> bool:
        if self.judged is None or units.keys().isdisjoint(self.coefficients):
            return self.change.holds(self.moved(changes))
        return _holds(_after(self.judged, self.cells_of, changes, units))

    def room(self, name: str, changes: Changes = NONE, units: Changes = NONE) -> Interval:
        own = self.coefficients[name]
        already = self.moved(changes) if changes else ZERO
        return (self.change - point(already)).scaled(1 / own) if already else self.change.scaled(1 / own)

    def over(self, figures: Mapping[str, str]) -> LinearConstraint | None:
        coefficients: dict[str, Fraction] = {}
        for cell, coefficient in self.coefficients.items():
            if cell not in figures:
                return None
            coefficients[figures[cell]] = coefficients.get(figures[cell], ZERO) + coefficient
        made = LinearConstraint(coefficients, self.change, self.judged, _cells_by_figure(self.coefficients, figures))
        return made if made.coefficients else None


@dataclass(frozen=True, slots=True)
class FormulaConstraint:
    """A comparison that does not depend linearly on its cells. `cells_of`: the cells behind each name."""

    judged: Judged
    cells_of: Mapping[str, Sequence[str]]

    @property
    def names(self) -> Iterable[str]:
        return self.cells_of

    @property
    def holds_now(self) -> bool:
        return _holds(self.judged)

    def holds(self, changes: Changes, units: Changes = NONE) -> bool:
        return _holds(_after(self.judged, self.cells_of, changes, units))

    def room(self, name: str, changes: Changes = NONE, units: Changes = NONE) -> Interval:
        margins = []
        for step in range(4):
            tried = {**changes, name: changes.get(name, ZERO) + step}
            judged = _after(self.judged, self.cells_of, tried, units)
            if judged is None or judged.left.value is None or judged.right.value is None:
                return EVERYTHING
            margins.append(judged.allowed - point(judged.distance))
        lows = [None if m.low is None else -m.low for m in margins]
        highs = [m.high for m in margins]
        first = margins[0]
        return _where_positive(lows, first.is_low_open).shared(_where_positive(highs, first.is_high_open))

    def over(self, figures: Mapping[str, str]) -> FormulaConstraint | None:
        if not all(cell in figures for cell in self.cells_of):
            return None
        return FormulaConstraint(self.judged, _cells_by_figure(self.cells_of, figures))


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A figure that has to be a whole number."""

    name: str
    value: Fraction

    @property
    def names(self) -> Iterable[str]:
        return (self.name,)

    @property
    def holds_now(self) -> bool:
        return self.value.denominator == 1

    def holds(self, changes: Changes, units: Changes = NONE) -> bool:
        return (self.value + changes.get(self.name, ZERO)).denominator == 1

    def room(self, name: str, changes: Changes = NONE, units: Changes = NONE) -> Interval:
        return EVERYTHING

    def over(self, figures: Mapping[str, str]) -> WholeNumber | None:
        return WholeNumber(figures[self.name], self.value) if self.name in figures else None


def constraints_of(verdict: Verdict, is_drawn_fixed: bool = False) -> list[Constraint]:
    """Return the constraints of one verdict: one a comparison, none where other cells cannot be judged.

    Args:
        verdict: What a rule found at a place.
        is_drawn_fixed: Take a side that was drawn from a warehouse as it stands, where the other side's cells have no
            part in it, so that these at least can be judged.
    """
    found = (_constraint(_with_fixed(judged) if is_drawn_fixed else judged) for judged in verdict.comparisons)
    return [constraint for constraint in found if constraint is not None]


def _with_fixed(judged: Judged) -> Judged:
    if set(judged.left.cells) & set(judged.right.cells):
        return judged
    return replace(judged, left=_fixed(judged.left), right=_fixed(judged.right))


def _fixed(figure: Figure) -> Figure:
    return figure if figure.is_movable else replace(figure, cells=(), coefficients={})


def _constraint(judged: Judged) -> Constraint | None:
    left, right = judged.left, judged.right
    if judged.sign == "<>" or not (left.is_movable and right.is_movable):
        return None
    cells = {cell: (cell,) for cell in (*left.cells, *right.cells)}
    if left.coefficients is None or right.coefficients is None:
        return FormulaConstraint(judged, cells) if cells else None
    coefficients = dict(left.coefficients)
    for cell, coefficient in right.coefficients.items():
        coefficients[cell] = coefficients.get(cell, ZERO) - coefficient
    made = LinearConstraint(coefficients, judged.allowed - point(judged.distance), judged, cells)
    return made if made.coefficients else None


def _cells_by_figure(cells: Iterable[str], figures: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cell in cells:
        found.setdefault(figures[cell], []).append(cell)
    return found


def _after(
    judged: Judged, cells_of: Mapping[str, Sequence[str]], changes: Changes, units: Changes
) -> Judged | None:
    by_cell = {cell: changes[name] for name, cells in cells_of.items() if name in changes for cell in cells}
    factors = {cell: units[name] for name, cells in cells_of.items() if name in units for cell in cells}
    return judged.after(by_cell, factors)


def _holds(judged: Judged | None) -> bool:
    """A rule that would no longer apply is not mended by that."""
    return judged is not None and judged.outcome != "fail"


def _where_positive(values: Sequence[Fraction | None], is_open: bool) -> Interval:
    """Return where f >= 0 (> 0 when open), f being a quotient of two linear terms known at 0, 1, 2 and 3.

    Only on the side of its pole where 0 lies; everything when four values show that f is no such quotient.
    """
    known = [value for value in values if value is not None]
    if len(known) < 4:
        return EVERYTHING
    f0, f1, f2, f3 = known
    if f1 == f2:
        return _half_line(f0, ZERO, is_open) if f0 == f1 == f3 else EVERYTHING
    pole = (2 * f1 - f0 - f2) / (2 * (f2 - f1))
    slope = f1 * (1 + pole) - f0
    if f3 * (1 + 3 * pole) != f0 + 3 * slope:
        return EVERYTHING
    return _half_line(f0, slope, is_open).shared(_half_line(ONE, pole, True))


def _half_line(start: Fraction, slope: Fraction, is_open: bool) -> Interval:
    """Return where start + slope x d >= 0 (> 0 when open)."""
    if not slope:
        return EVERYTHING if start > 0 or (start == 0 and not is_open) else NOTHING
    end = -start / slope
    return Interval(end, None, is_open) if slope > 0 else Interval(None, end, False, is_open)
