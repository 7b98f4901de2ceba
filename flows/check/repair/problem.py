"""The problem of a repair: figures that may be wrong, and the rules over them that must hold together.

The types keep the search's promises: a `Repair` changes something, no figure twice, and a `Problem` names every
figure of its rules. A search spends a fixed number of looks at rules, so that it ends, and ends alike on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from expectations.constraints import Constraint, LinearConstraint
from expectations.intervals import EVERYTHING, Interval, point

ZERO, ONE = Fraction(0), Fraction(1)
MOST_LOOKS = 400_000
_COMMAS = tuple(Fraction(10) ** power for power in (-1, 1, -2, 2, -3, 3))


class SearchTooLongError(Exception):
    """The search looked at as many rules as it may without coming to an end."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One figure that may be wrong: a cell, or the same figure typed at several places.

    `grid` is the smallest step of its values: 1 for a count, 0.01 for a ratio with two decimals. `line` and
    `column` are where it stands; `is_fixed` marks what was settled before: what last month's report says.
    `is_share`: a ratio or a percentage, whose decimal comma may stand in the wrong place. `possible`: what it may be
    at all, whatever the rules say: nobody has fewer than no subscribers.
    """

    name: str
    value: Fraction
    grid: Fraction = ONE
    previous: Fraction | None = None
    is_total: bool = False
    line: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    is_fixed: bool = False
    is_share: bool = False
    possible: Interval = EVERYTHING

    def __post_init__(self) -> None:
        if self.grid <= 0:
            raise ValueError(f"{self.name}: the step of a figure's values is above zero, not {self.grid}")

    @property
    def moved_commas(self) -> tuple[Fraction, ...]:
        """The values with the same digits and the comma elsewhere, the nearest first; none unless a share."""
        return tuple(self.value * factor for factor in _COMMAS) if self.is_share and self.value else ()

    def unit(self, value: Fraction) -> Fraction:
        """Return by what factor the last digit changes its unit when this value is written instead."""
        return value / self.value if value in self.moved_commas else ONE

    def may_be(self, value: Fraction) -> bool:
        """Return whether the value could be written here: on the grid, wherever the comma is."""
        return (value / (self.grid * self.unit(value))).denominator == 1


@dataclass(frozen=True, slots=True)
class Change:
    """One figure changed: what it is, what it would be, and the slip that would explain it."""

    name: str
    written: Fraction
    right: Fraction
    slip: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A set of changes that makes every rule hold. `cost` orders repairs; `is_open`: other values would do too.

    Raises:
        ValueError: It changes nothing, leaves a figure as it is, or changes one twice.
    """

    changes: tuple[Change, ...]
    cost: float
    is_open: bool = False

    def __post_init__(self) -> None:
        if not self.changes or any(change.right == change.written for change in self.changes):
            raise ValueError("a repair changes at least one figure, and each to another value")
        if len(self.names) < len(self.changes):
            raise ValueError("a repair changes no figure twice")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(change.name for change in self.changes)

    @property
    def moves(self) -> dict[str, Fraction]:
        """By how much each figure changes."""
        return {change.name: change.right - change.written for change in self.changes}


@dataclass
class Problem:
    """Figures and the rules over them, those that hold now and those that fail: indices into `constraints`.

    Raises:
        ValueError: A rule names a figure that is not among the variables.
    """

    variables: dict[str, Variable]
    constraints: Sequence[Constraint]
    looks_left: int = field(default=MOST_LOOKS, compare=False)

    def __post_init__(self) -> None:
        unknown = {n for c in self.constraints for n in c.names} - self.variables.keys()
        if unknown:
            raise ValueError(f"rules over figures that are not given: {', '.join(sorted(unknown))}")

    @cached_property
    def failing(self) -> frozenset[int]:
        return frozenset(i for i, c in enumerate(self.constraints) if not c.holds_now)

    @cached_property
    def is_mendable(self) -> bool:
        """Whether there is something to mend, and in each failing rule a figure that may be changed."""
        return bool(self.failing) and all(
            any(not self.variables[n].is_fixed for n in self.constraints[i].names) for i in self.failing
        )

    @cached_property
    def touching(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {name: [] for name in self.variables}
        for index, constraint in enumerate(self.constraints):
            for name in constraint.names:
                found[name].append(index)
        return found

    @cached_property
    def suspects(self) -> list[str]:
        """Figures in a failing rule that may be changed, in the order given."""
        involved = {n for i in self.failing for n in self.constraints[i].names}
        return [n for n, variable in self.variables.items() if n in involved and not variable.is_fixed]

    @cached_property
    def _mended(self) -> dict[str, frozenset[int]]:
        return {name: self.failing.intersection(indices) for name, indices in self.touching.items()}

    def mends(self, name: str) -> frozenset[int]:
        """Return the failing rules a figure takes part in."""
        return self._mended[name]

    def narrowest(self, failing: frozenset[int]) -> int:
        """Return the failing rule with the fewest figures, the first of several."""
        return min(failing, key=lambda i: (len(list(self.constraints[i].names)), i))

    def parts(self, name: str) -> list[Fraction]:
        """Return the values of the parts that a total is the sum of."""
        found = []
        for index in self.touching[name]:
            constraint = self.constraints[index]
            if isinstance(constraint, LinearConstraint):
                own = constraint.coefficients[name]
                others = {n: c for n, c in constraint.coefficients.items() if n != name}
                if len(others) > 1 and all(c == -own for c in others.values()):
                    found += [self.variables[n].value for n in others]
        return found

    def allowed(self, name: str, fixed: Mapping[str, Fraction] | None = None, without: str = "") -> Interval:
        """Return by how much a figure may change so that every rule touching it holds, others changed as `fixed`.

        With `without`, the rules that touch this other figure are left aside.
        """
        aside = self.touching[without] if without else ()
        indices = [i for i in self.touching[name] if i not in aside]
        self._look(len(indices))
        units = self.units(fixed) if fixed else {}
        interval = self.variables[name].possible - point(self.variables[name].value)
        for index in indices:
            interval = interval.shared(self.constraints[index].room(name, fixed or {}, units))
        return interval

    def units(self, changes: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """Return the factors by which the last digits change their unit, where a comma moves."""
        found = {}
        for name, change in changes.items():
            variable = self.variables[name]
            if variable.is_share and (unit := variable.unit(variable.value + change)) != 1:
                found[name] = unit
        return found

    def holds(self, changes: Mapping[str, Fraction]) -> bool:
        """Return whether every rule that the changes touch, and every failing one, holds after them."""
        return not self._broken({i for name in changes for i in self.touching[name]} | self.failing, changes)

    def holds_around(self, changes: Mapping[str, Fraction]) -> bool:
        """Return whether every rule that the changes touch holds after them, whatever else fails."""
        return not self._broken({i for name in changes for i in self.touching[name]}, changes)

    def failing_after(self, changes: Mapping[str, Fraction], failing: frozenset[int], name: str) -> frozenset[int]:
        """Return the rules that fail after the changes, given those that failed before `name` was changed."""
        touched = self.touching[name]
        units = self.units(changes)
        self._look(len(touched))
        broken = {i for i in touched if not self.constraints[i].holds(changes, units)}
        return frozenset((failing - set(touched)) | broken)

    def admits(self, repair: Repair) -> bool:
        """Return whether a repair changes only what may be changed and makes every rule hold: exact, the last word."""
        may_be = all(self.variables[c.name].possible.holds(c.right) for c in repair.changes)
        return may_be and not any(self.variables[n].is_fixed for n in repair.names) and self.holds(repair.moves)

    def _broken(self, indices: set[int], changes: Mapping[str, Fraction]) -> bool:
        self._look(len(indices))
        units = self.units(changes)
        return any(not self.constraints[i].holds(changes, units) for i in indices)

    def _look(self, count: int) -> None:
        self.looks_left -= count
        if self.looks_left < 0:
            raise SearchTooLongError
