"""Rules as linear constraints on cells: what the sum of coefficient x change may be so that the rule holds.

A printed ratio with a fixed denominator, a sum with a missing part that cannot be negative, a bound: all are the
same thing here. A rule that does not depend linearly on its cells gives no constraint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from expectations.intervals import Interval, point
from expectations.verdicts import Judged, Verdict


@dataclass(frozen=True, slots=True)
class LinearConstraint:
    """The sum of `coefficients` x changes of the cells must lie in `change`; 0 does so when the rule holds now."""

    coefficients: Mapping[str, Fraction]
    change: Interval

    @property
    def holds_now(self) -> bool:
        return self.change.holds(Fraction(0))


def linear_constraints(verdict: Verdict) -> list[LinearConstraint]:
    """Return the constraints of one verdict: one a comparison, none where it is not linear."""
    found = (_constraint(judged) for judged in verdict.comparisons)
    return [constraint for constraint in found if constraint is not None]


def _constraint(judged: Judged) -> LinearConstraint | None:
    left, right = judged.left.coefficients, judged.right.coefficients
    if left is None or right is None or judged.sign == "<>":
        return None
    coefficients = dict(left)
    for cell, coefficient in right.items():
        coefficients[cell] = coefficients.get(cell, Fraction(0)) - coefficient
    coefficients = {cell: c for cell, c in coefficients.items() if c}
    return LinearConstraint(coefficients, judged.allowed - point(judged.distance)) if coefficients else None
