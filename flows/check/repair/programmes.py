"""The mixed-integer program behind a repair: the fewest figures whose change lets every rule hold (HiGHS)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from flows.check.repair.problem import Problem

MOST_SUPPORTS = 4
SECONDS = 0.5
REACH = 50.0  # how many times the largest gap a figure may move


def fewest_figures(problem: Problem) -> Iterator[list[str]]:
    """Yield sets of figures, the smallest first, that the program finds sufficient; at most a few of one size.

    Changes are counted in the largest gap of the case, so that the program works with numbers near 1 however
    large the figures are. What it yields must still be solved and checked exactly.
    """
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = problem.suspects
    size = len(names)
    zeros, ones = numpy.zeros(size), numpy.ones(size)
    reach = numpy.full(size, REACH)
    demands = _demands(problem, names)
    smallest = 0
    for _ in range(MOST_SUPPORTS):
        result = milp(
            numpy.concatenate([zeros, 1 + 1e-6 * numpy.arange(size)]),
            constraints=demands,
            integrality=numpy.concatenate([zeros, ones]),
            bounds=Bounds(numpy.concatenate([-reach, zeros]), numpy.concatenate([reach, ones])),
            options={"time_limit": SECONDS},
        )
        chosen = [] if result.x is None else [i for i in range(size) if result.x[size + i] > 0.5]
        smallest = smallest or len(chosen)
        if not chosen or len(chosen) > smallest + 1:
            return
        yield [names[i] for i in chosen]
        forbidden = numpy.zeros((1, 2 * size))
        forbidden[0, [size + i for i in chosen]] = 1
        demands.append(LinearConstraint(forbidden, -numpy.inf, len(chosen) - 1))


def _demands(problem: Problem, names: Sequence[str]) -> list[Any]:
    """Return the rules over the changes, and that a figure not chosen does not change."""
    import numpy
    from scipy.optimize import LinearConstraint

    size = len(names)
    rows = sorted({i for name in names for i in problem.touching[name]})
    unit = max((abs(e) for i in problem.failing for e in _ends(problem, i)), default=Fraction(1)) or Fraction(1)
    matrix = numpy.zeros((len(rows), 2 * size))
    low, high = numpy.full(len(rows), -numpy.inf), numpy.full(len(rows), numpy.inf)
    for r, index in enumerate(rows):
        constraint = problem.constraints[index]
        largest = max(abs(c) for c in constraint.coefficients.values())
        matrix[r, :size] = [float(constraint.coefficients.get(name, Fraction(0)) / largest) for name in names]
        if constraint.change.low is not None:
            low[r] = float(constraint.change.low / unit / largest)
        if constraint.change.high is not None:
            high[r] = float(constraint.change.high / unit / largest)
    chosen = REACH * numpy.eye(size)
    return [
        LinearConstraint(matrix, low, high),
        LinearConstraint(numpy.hstack([numpy.eye(size), -chosen]), -numpy.inf, 0),
        LinearConstraint(numpy.hstack([-numpy.eye(size), -chosen]), -numpy.inf, 0),
    ]


def _ends(problem: Problem, index: int) -> list[Fraction]:
    change = problem.constraints[index].change
    return [end for end in (change.low, change.high) if end is not None]
