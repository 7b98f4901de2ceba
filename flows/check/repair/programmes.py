"""The mixed-integer program behind a repair: the fewest figures whose change lets every linear rule hold (HiGHS).

Rules that are not linear are not in it: what it yields must still be solved and checked exactly. Nodes are counted
rather than seconds, so that a busy machine gives the same sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from expectations.constraints import LinearConstraint as Rule
from flows.check.repair.problem import Problem

MOST_SUPPORTS = 4
MOST_FIGURES = 400  # more than any form's case; the program's tables grow with its square
MOST_NODES = 2000
SECONDS = 10.0  # a far backstop
REACH = 50.0  # how many times the largest gap a figure may move


def fewest_figures(problem: Problem) -> Iterator[list[str]]:
    """Yield sets of figures, the smallest first, that the program finds sufficient; at most a few of one size.

    Changes are counted in the largest gap of the case, so that the program works with numbers near 1 however
    large the figures are. Nothing where no figure may change, or numbers are beyond a float.
    """
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = problem.suspects
    size = len(names)
    if not 0 < size <= MOST_FIGURES:
        return
    zeros, ones = numpy.zeros(size), numpy.ones(size)
    reach = numpy.full(size, REACH)
    demands = _demands(problem, names)
    smallest = 0
    for _ in range(MOST_SUPPORTS if demands else 0):
        result = milp(
            numpy.concatenate([zeros, 1 + 1e-6 * numpy.arange(size)]),
            constraints=demands,
            integrality=numpy.concatenate([zeros, ones]),
            bounds=Bounds(numpy.concatenate([-reach, zeros]), numpy.concatenate([reach, ones])),
            options={"node_limit": MOST_NODES, "time_limit": SECONDS},
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
    """Return the linear rules over the changes, and that a figure not chosen does not change; [] beyond floats."""
    import numpy
    from scipy.optimize import LinearConstraint

    rules = _linear_rules(problem, names)
    rows = _rows(rules, names)
    if rows is None:
        return []
    matrix, low, high = rows
    size = len(names)
    chosen = REACH * numpy.eye(size)
    return [
        *([LinearConstraint(matrix, low, high)] if rules else []),
        LinearConstraint(numpy.hstack([numpy.eye(size), -chosen]), -numpy.inf, 0),
        LinearConstraint(numpy.hstack([-numpy.eye(size), -chosen]), -numpy.inf, 0),
    ]


def _linear_rules(problem: Problem, names: Sequence[str]) -> list[Rule]:
    touching = (problem.constraints[i] for i in sorted({i for name in names for i in problem.touching[name]}))
    return [rule for rule in touching if isinstance(rule, Rule)]


def _rows(rules: Sequence[Rule], names: Sequence[str]) -> tuple[Any, Any, Any] | None:
    """Return coefficients and ends of the rules as floats, each rule counted in its largest coefficient."""
    import numpy

    unit = max((abs(end) for rule in rules if not rule.holds_now for end in _ends(rule)), default=Fraction(1))
    unit = unit or Fraction(1)
    columns = {name: i for i, name in enumerate(names)}
    matrix = numpy.zeros((len(rules), 2 * len(names)))
    low, high = numpy.full(len(rules), -numpy.inf), numpy.full(len(rules), numpy.inf)
    try:
        for r, rule in enumerate(rules):
            largest = max(abs(c) for c in rule.coefficients.values())
            for name, coefficient in rule.coefficients.items():
                if name in columns:
                    matrix[r, columns[name]] = float(coefficient / largest)
            if rule.change.low is not None:
                low[r] = float(rule.change.low / unit / largest)
            if rule.change.high is not None:
                high[r] = float(rule.change.high / unit / largest)
    except OverflowError:
        return None
    return matrix, low, high


def _ends(rule: Rule) -> list[Fraction]:
    return [end for end in (rule.change.low, rule.change.high) if end is not None]
