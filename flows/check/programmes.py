"""The mixed-integer program behind a repair: the fewest figures whose change lets every rule hold (HiGHS)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.check.repairs import Problem

MOST_SUPPORTS = 4
REACH = 50.0  # how many times the largest gap a figure may move


def fewest_figures(problem: Problem) -> Iterator[list[str]]:
    """Yield sets of figures, the smallest first, that the program finds sufficient; at most a few of one size.

    Changes are counted in the largest gap of the case, so that the program works with numbers near 1 however
    large the figures are. What it yields must still be solved and checked exactly.
    """
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = problem.suspects
    rows = sorted({i for name in names for i in problem.touching[name]})
    unit = max((abs(e) for i in problem.failing for e in _ends(problem, i)), default=Fraction(1)) or Fraction(1)
    size = len(names)
    matrix = numpy.zeros((len(rows), 2 * size))
    low, high = numpy.full(len(rows), -numpy.inf), numpy.full(len(rows), numpy.inf)
    for r, index in enumerate(rows):
        constraint = problem.constraints[index]
        largest = max(abs(c) for c in constraint.coefficients.values())
        for c, name in enumerate(names):
            matrix[r, c] = float(constraint.coefficients.get(name, Fraction(0)) / largest)
        if constraint.change.low is not None:
            low[r] = float(constraint.change.low / unit / largest)
        if constraint.change.high is not None:
            high[r] = float(constraint.change.high / unit / largest)
    reach = numpy.hstack([numpy.eye(size), -REACH * numpy.eye(size)])
    back = numpy.hstack([-numpy.eye(size), -REACH * numpy.eye(size)])
    demands = [
        LinearConstraint(matrix, low, high),
        LinearConstraint(reach, -numpy.inf, 0),
        LinearConstraint(back, -numpy.inf, 0),
    ]
    smallest = None
    for _ in range(MOST_SUPPORTS):
        result = milp(
            numpy.concatenate([numpy.zeros(size), 1 + 1e-6 * numpy.arange(size)]),
            constraints=demands,
            integrality=numpy.concatenate([numpy.zeros(size), numpy.ones(size)]),
            bounds=Bounds(
                numpy.concatenate([numpy.full(size, -REACH), numpy.zeros(size)]),
                numpy.concatenate([numpy.full(size, REACH), numpy.ones(size)]),
            ),
            options={"time_limit": 0.5},
        )
        if result.x is None:
            return
        chosen = [i for i in range(size) if result.x[size + i] > 0.5]
        smallest = len(chosen) if smallest is None else smallest
        if len(chosen) > smallest + 1:
            return
        yield [names[i] for i in chosen]
        forbidden = numpy.zeros(2 * size)
        forbidden[[size + i for i in chosen]] = 1
        demands.append(LinearConstraint(forbidden.reshape(1, -1), -numpy.inf, len(chosen) - 1))


def _ends(problem: Problem, index: int) -> list[Fraction]:
    change = problem.constraints[index].change
    return [end for end in (change.low, change.high) if end is not None]
