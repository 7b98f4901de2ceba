"""The problem of a repair: figures that may be wrong, and the rules over them that must hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from expectations.constraints import LinearConstraint
from expectations.intervals import Interval, point

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Variable:
    """One figure that may be wrong: a cell, or the same figure typed at several places.

    `grid` is the smallest step of its values: 1 for a count, 0.01 for a ratio with two decimals. `line` and
    `column` are where it stands; `is_fixed` marks what was settled before, such as last month's figures.
    """

    name: str
    value: Fraction
    grid: Fraction = Fraction(1)
    previous: Fraction | None = None
    is_total: bool = False
    line: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One figure changed: what it is, what it would be, and the slip that would explain it."""

    name: str
    written: Fraction
    right: Fraction
    slip: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A set of changes that makes every rule hold. `cost` orders repairs; `is_open`: other values would do too."""

    changes: tuple[Change, ...]
    cost: float
    is_open: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset(change.name for change in self.changes)


@dataclass
class Problem:
    """Figures, the rules that hold now, and those that fail: `failing` are indices into `constraints`.

    `whole` names the figures that fail for not being whole numbers: any change of theirs mends that.
    """

    variables: dict[str, Variable]
    constraints: Sequence[LinearConstraint]
    whole: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def failing(self) -> frozenset[int]:
        return frozenset(i for i, c in enumerate(self.constraints) if not c.holds_now)

    @cached_property
    def touching(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {name: [] for name in self.variables}
        for index, constraint in enumerate(self.constraints):
            for name in constraint.coefficients:
                found.setdefault(name, []).append(index)
        return found

    @cached_property
    def suspects(self) -> list[str]:
        """Figures in a failing rule that may be changed, in the order given."""
        involved = {n for i in self.failing for n in self.constraints[i].coefficients} | self.whole
        return [n for n, variable in self.variables.items() if n in involved and not variable.is_fixed]

    def mends(self, name: str) -> frozenset[int]:
        """Return the failing rules a figure takes part in."""
        return frozenset(i for i in self.touching[name] if i in self.failing)

    def parts(self, name: str) -> list[Fraction]:
        """Return the values of the parts that a total is the sum of."""
        found = []
        for index in self.touching[name]:
            constraint = self.constraints[index]
            own = constraint.coefficients[name]
            others = {n: c for n, c in constraint.coefficients.items() if n != name}
            if len(others) > 1 and all(c == -own for c in others.values()):
                found += [self.variables[n].value for n in others]
        return found

    def allowed(self, name: str, fixed: Mapping[str, Fraction] | None = None) -> Interval:
        """Return by how much a figure may change so that every rule touching it holds, others changed as `fixed`."""
        interval = Interval(None, None)
        for index in self.touching[name]:
            constraint = self.constraints[index]
            moved = sum((c * fixed[n] for n, c in constraint.coefficients.items() if fixed and n in fixed), ZERO)
            own = constraint.coefficients[name]
            interval = interval.shared((constraint.change - point(moved)).scaled(1 / own))
        return interval

    def holds(self, changes: Mapping[str, Fraction]) -> bool:
        """Return whether every rule that the changes touch, and every failing one, holds after them."""
        indices = {i for name in changes for i in self.touching[name]} | self.failing
        return all(self._holds(self.constraints[i], changes) for i in indices)

    def failing_after(self, changes: Mapping[str, Fraction], failing: frozenset[int], name: str) -> frozenset[int]:
        """Return the rules that fail after the changes, given those that failed before `name` was changed."""
        touched = self.touching[name]
        broken = {i for i in touched if not self._holds(self.constraints[i], changes)}
        return frozenset((failing - set(touched)) | broken)

    @staticmethod
    def _holds(constraint: LinearConstraint, changes: Mapping[str, Fraction]) -> bool:
        moved = sum((c * changes[n] for n, c in constraint.coefficients.items() if n in changes), ZERO)
        return constraint.change.holds(moved)
