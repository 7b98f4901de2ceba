"""Repairs: the smallest sets of cells whose change makes every rule that touches them hold, most ordinary first.

The search is exact, in fractions. One cell first, then two, then several moves that do not disturb each other;
only when none of these covers a case does a mixed-integer program (HiGHS) choose the cells, and the values
are computed exactly afterwards. The same input gives the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil, floor

from expectations.intervals import Interval, point
from flows.check.repair.problem import ZERO, Change, Problem, Repair, Variable
from flows.check.repair.slips import SLIPS, candidates, explain_slip, misfit

MOST_REPAIRS = 12
MOST_PAIRS = 4000
MOST_PEELED = 10  # figures changed in one case
BEAM = 24  # states kept after each change


def find_repairs(problem: Problem) -> list[Repair]:
    """Return the repairs of a problem, the most ordinary first; [] when nothing of reasonable size mends it."""
    singles = list(_single_repairs(problem))
    found = [*singles, *_exchanges(problem)]
    if not singles:
        found += _pair_repairs(problem)
    if not found:
        found = _several_moves(problem)
    if not found:
        found = _peeled(problem)
    if not found:
        found = _programmed(problem)
    return _ranked(found)


def minimal_cells(problem: Problem) -> list[Repair]:
    """Return the smallest repairs in reading order, without any view of slips: the plain search to compare with."""
    found = list(_single_repairs(problem)) or list(_pair_repairs(problem))
    order = {name: number for number, name in enumerate(problem.variables)}
    return sorted(found, key=lambda r: (len(r.changes), [order[c.name] for c in r.changes]))


# ------------------------------------------------------------------------------------------------ one cell


def _single_repairs(problem: Problem) -> Iterator[Repair]:
    for name in problem.suspects:
        if problem.mends(name) == problem.failing and problem.whole <= {name}:
            yield from _moves(problem, name)


def _moves(problem: Problem, name: str, fixed: Mapping[str, Fraction] | None = None) -> list[Repair]:
    """Return the repairs that change this figure alone, given what else is changed."""
    variable = problem.variables[name]
    interval = problem.allowed(name, fixed) + point(variable.value)
    if interval.is_empty:
        return []
    values = _grid_values(interval, variable.grid)
    if values is not None:
        return [_repair(problem, {name: value}) for value in values if value != variable.value]
    return _open_moves(problem, variable, interval)


def _open_moves(problem: Problem, variable: Variable, interval: Interval) -> list[Repair]:
    """Many values would do: those that an ordinary slip explains, or the nearest one."""
    values = [v for v in candidates(variable.value, variable.grid) if interval.holds(v)]
    repairs = [_repair(problem, {variable.name: value}, is_open=True) for value in values]
    if not repairs:
        nearest = _nearest(interval, variable)
        repairs = [] if nearest is None else [_repair(problem, {variable.name: nearest}, is_open=True)]
    return sorted(repairs, key=lambda r: (r.cost, r.changes[0].right))[:3]


def _grid_values(interval: Interval, grid: Fraction) -> list[Fraction] | None:
    """Return the values of the grid inside the interval when there are at most two, else None."""
    if interval.low is None or interval.high is None:
        return None
    first, last = ceil(interval.low / grid), floor(interval.high / grid)
    if last - first > 3:
        return None
    inside = [k * grid for k in range(first, last + 1) if interval.holds(k * grid)]
    return inside if len(inside) <= 2 else None


def _nearest(interval: Interval, variable: Variable) -> Fraction | None:
    ends = [end for end in (interval.low, interval.high) if end is not None]
    if not ends:
        return None
    grid = variable.grid
    steps = [Fraction(f(end / grid)) * grid for end in ends for f in (floor, ceil)]
    inside = [value for value in steps if interval.holds(value)]
    return min(inside, key=lambda v: (abs(v - variable.value), v), default=None)


# ----------------------------------------------------------------------------------------------- two cells


def _exchanges(problem: Problem) -> Iterator[Repair]:
    """Two figures of one row or one column in each other's place."""
    for one, other in _neighbours(problem):
        difference = problem.variables[other].value - problem.variables[one].value
        if difference and problem.holds({one: difference, other: -difference}):
            first, second = problem.variables[one], problem.variables[other]
            is_row = bool(first.line) and first.line == second.line
            slip = "exchanged_row" if is_row else "exchanged_column"
            changes = (Change(one, first.value, second.value, slip), Change(other, second.value, first.value, slip))
            odd = (misfit(second.value, first.previous) + misfit(first.value, second.previous)) / 2
            yield Repair(changes, SLIPS[slip][0] + odd)


def _neighbours(problem: Problem) -> Iterator[tuple[str, str]]:
    variables = [problem.variables[n] for n in problem.suspects]
    for one, other in combinations(variables, 2):
        is_near = (one.line and one.line == other.line) or (one.column and one.column == other.column)
        if is_near and problem.mends(one.name) | problem.mends(other.name) == problem.failing:
            yield one.name, other.name


def _pair_repairs(problem: Problem) -> Iterator[Repair]:
    for count, (one, other) in enumerate(_covering_pairs(problem)):
        if count >= MOST_PAIRS:
            return
        changes = _solve_pair(problem, one, other)
        if changes is not None and problem.holds(changes):
            values = {name: problem.variables[name].value + change for name, change in changes.items()}
            if all(_on_grid(problem, name, value) for name, value in values.items()):
                yield _repair(problem, values)


def _covering_pairs(problem: Problem) -> Iterator[tuple[str, str]]:
    """Pairs that between them take part in every failing rule, found from the rule with the fewest figures."""
    if not problem.failing:
        return
    start = min(problem.failing, key=lambda i: (len(problem.constraints[i].coefficients), i))
    suspects = problem.suspects
    seen = set()
    for one in (n for n in suspects if n in problem.constraints[start].coefficients):
        for other in suspects:
            pair = frozenset((one, other))
            if other == one or pair in seen or not problem.whole <= pair:
                continue
            if problem.mends(one) | problem.mends(other) == problem.failing:
                seen.add(pair)
                yield one, other


def _solve_pair(problem: Problem, one: str, other: str) -> dict[str, Fraction] | None:
    """Return the two changes when the rules determine them, else None."""
    alone_one = _alone(problem, one, other)
    alone_other = _alone(problem, other, one)
    if alone_one.is_empty or alone_other.is_empty:
        return None
    if alone_one.is_point and alone_one.low is not None:
        return _follow(problem, one, alone_one.low, other)
    if alone_other.is_point and alone_other.low is not None:
        return _follow(problem, other, alone_other.low, one)
    return _solve_joint(problem, one, other)


def _follow(problem: Problem, one: str, change: Fraction, other: str) -> dict[str, Fraction] | None:
    rest = problem.allowed(other, {one: change})
    if rest.is_empty or not change:
        return None
    if rest.is_point and rest.low is not None:
        return {one: change, other: rest.low} if rest.low else None
    values = _grid_values(rest + point(problem.variables[other].value), problem.variables[other].grid)
    return {one: change, other: values[0] - problem.variables[other].value} if values else None


def _solve_joint(problem: Problem, one: str, other: str) -> dict[str, Fraction] | None:
    """Two rules with both figures in them determine both, when they are not the same rule twice."""
    rows = []
    for index in problem.touching[one]:
        constraint = problem.constraints[index]
        if other in constraint.coefficients and constraint.change.is_point and constraint.change.low is not None:
            rows.append((constraint.coefficients[one], constraint.coefficients[other], constraint.change.low))
    for (a, b, p), (c, d, q) in combinations(rows, 2):
        determinant = a * d - b * c
        if determinant:
            return {one: (p * d - b * q) / determinant, other: (a * q - p * c) / determinant}
    return None


def _alone(problem: Problem, name: str, without: str) -> Interval:
    """Return the change that the rules touching `name` but not `without` allow."""
    interval = Interval(None, None)
    for index in problem.touching[name]:
        constraint = problem.constraints[index]
        if without not in constraint.coefficients:
            interval = interval.shared(constraint.change.scaled(1 / constraint.coefficients[name]))
    return interval


# ------------------------------------------------------------------------------------------- several cells


def _several_moves(problem: Problem) -> list[Repair]:
    """Cover the failing rules by moves that each mend all rules they touch and do not meet in any rule."""
    moves = [(problem.mends(name), repair) for name in problem.suspects for repair in _moves(problem, name)]
    moves += [(_mended(problem, repair), repair) for repair in _partial_exchanges(problem)]
    moves = [(mended, repair) for mended, repair in moves if mended]
    moves.sort(key=lambda m: (-len(m[0]), m[1].cost, sorted(m[1].names)))
    covers: list[tuple[Repair, ...]] = []
    for size in (2, 3, 4):
        covers = list(_covers(problem, moves[:60], size))
        if covers:
            break
    return [_joined(cover) for cover in covers[:MOST_REPAIRS]]


def _covers(
    problem: Problem,
    moves: Sequence[tuple[frozenset[int], Repair]],
    size: int,
) -> Iterator[tuple[Repair, ...]]:
    def extend(chosen: tuple[Repair, ...], covered: frozenset[int]) -> Iterator[tuple[Repair, ...]]:
        if covered == problem.failing:
            changes = {c.name: c.right - c.written for repair in chosen for c in repair.changes}
            if len(changes) == sum(len(r.changes) for r in chosen) and problem.holds(changes):
                yield chosen
            return
        if len(chosen) == size:
            return
        wanted = min(problem.failing - covered)
        for mended, repair in moves:
            if wanted in mended and not mended & covered:
                yield from extend((*chosen, repair), covered | mended)

    yield from extend((), frozenset())


def _partial_exchanges(problem: Problem) -> Iterator[Repair]:
    """Exchanges that mend every rule they touch, though other rules fail for other reasons."""
    variables = [problem.variables[n] for n in problem.suspects]
    for one, other in combinations(variables, 2):
        is_near = (one.line and one.line == other.line) or (one.column and one.column == other.column)
        difference = other.value - one.value
        if not is_near or not difference:
            continue
        changes = {one.name: difference, other.name: -difference}
        indices = {i for name in changes for i in problem.touching[name]}
        if all(problem._holds(problem.constraints[i], changes) for i in indices):
            slip = "exchanged_row" if one.line == other.line else "exchanged_column"
            yield Repair(
                (Change(one.name, one.value, other.value, slip), Change(other.name, other.value, one.value, slip)),
                SLIPS[slip][0],
            )


def _mended(problem: Problem, repair: Repair) -> frozenset[int]:
    return frozenset(i for name in repair.names for i in problem.mends(name))


def _joined(cover: Iterable[Repair]) -> Repair:
    repairs = tuple(cover)
    return Repair(
        tuple(change for repair in repairs for change in repair.changes),
        sum(repair.cost for repair in repairs) + 1.0 * (len(repairs) - 1),
        any(repair.is_open for repair in repairs),
    )


def _peeled(problem: Problem) -> list[Repair]:
    """Mend one failing rule after the other, keeping the few states that leave least to mend.

    Two wrong figures in one rule hide each other: no single change mends all rules it touches. But a wrong
    figure also stands in rules of its own, and once it is mended there the other one comes out.
    """
    states: list[tuple[dict[str, Fraction], frozenset[int]]] = [({}, problem.failing)]
    done: list[dict[str, Fraction]] = []
    for _ in range(MOST_PEELED):
        grown: dict[tuple[tuple[str, Fraction], ...], tuple[dict[str, Fraction], frozenset[int]]] = {}
        for changes, failing in states:
            for name, change in _next_changes(problem, changes, failing):
                after = changes | {name: change}
                left = problem.failing_after(after, failing, name)
                if len(left) <= len(failing):
                    grown[tuple(sorted(after.items()))] = (after, left)
        states = sorted(grown.values(), key=lambda s: (len(s[1]), len(s[0]), sorted(s[0])))[:BEAM]
        done += [changes for changes, left in states if not left]
        if done or not states:
            break
    repairs = [{n: problem.variables[n].value + c for n, c in changes.items()} for changes in done]
    return [
        _repair(problem, values)
        for values in repairs
        if all(_on_grid(problem, name, value) for name, value in values.items()) and problem.whole <= set(values)
    ]


def _next_changes(
    problem: Problem, changes: Mapping[str, Fraction], failing: frozenset[int]
) -> Iterator[tuple[str, Fraction]]:
    """Return the changes of one figure that mend the failing rule with the fewest figures."""
    start = min(failing, key=lambda i: (len(problem.constraints[i].coefficients), i))
    constraint = problem.constraints[start]
    moved = sum((c * changes[n] for n, c in constraint.coefficients.items() if n in changes), ZERO)
    for name, coefficient in constraint.coefficients.items():
        room = (constraint.change - point(moved)).scaled(1 / coefficient)
        if name not in changes and not problem.variables[name].is_fixed and room.is_point and room.low:
            yield name, room.low


def _programmed(problem: Problem) -> list[Repair]:
    """Let HiGHS choose the fewest figures; compute their values exactly; forbid what does not come out exact."""
    from flows.check.repair.programmes import fewest_figures

    repairs: list[Repair] = []
    for names in fewest_figures(problem):
        changes = _solve_support(problem, names)
        if changes and problem.holds(changes):
            values = {name: problem.variables[name].value + change for name, change in changes.items()}
            repairs.append(_repair(problem, values))
    return repairs


def _solve_support(problem: Problem, names: Sequence[str]) -> dict[str, Fraction]:
    """Return changes of exactly these figures by elimination over the rules that fix them to a point."""
    rows = []
    for index in sorted({i for name in names for i in problem.touching[name]}):
        constraint = problem.constraints[index]
        if constraint.change.is_point and constraint.change.low is not None:
            rows.append([constraint.coefficients.get(n, ZERO) for n in names] + [constraint.change.low])
    pivots: dict[int, list[Fraction]] = {}
    for row in rows:
        for column, pivot in pivots.items():
            row = [a - row[column] * b for a, b in zip(row, pivot, strict=True)]
        lead = next((i for i, a in enumerate(row[:-1]) if a), None)
        if lead is None:
            continue
        row = [a / row[lead] for a in row]
        pivots = {c: [a - p[lead] * b for a, b in zip(p, row, strict=True)] for c, p in pivots.items()}
        pivots[lead] = row
    if len(pivots) < len(names):
        return {}
    return {name: pivots[i][-1] for i, name in enumerate(names) if pivots[i][-1]}


# ------------------------------------------------------------------------------------------------- ranking


def _repair(problem: Problem, values: Mapping[str, Fraction], is_open: bool = False) -> Repair:
    changes, cost = [], 0.0
    for name, right in values.items():
        variable = problem.variables[name]
        parts = problem.parts(name)
        slip = explain_slip(variable.value, right, variable.previous, variable.is_total, parts)
        changes.append(Change(name, variable.value, right, slip))
        cost += SLIPS[slip][0] + misfit(right, variable.previous)
    return Repair(tuple(changes), cost + 1.5 * (len(changes) - 1), is_open)


def _on_grid(problem: Problem, name: str, value: Fraction) -> bool:
    return (value / problem.variables[name].grid).denominator == 1


def _ranked(repairs: Iterable[Repair]) -> list[Repair]:
    best: dict[tuple[tuple[str, Fraction], ...], Repair] = {}
    for repair in repairs:
        key = tuple(sorted((c.name, c.right) for c in repair.changes))
        if key not in best or repair.cost < best[key].cost:
            best[key] = repair
    return sorted(best.values(), key=lambda r: (round(r.cost, 6), len(r.changes), sorted(r.names), r.changes[0].right))[
        :MOST_REPAIRS
    ]
