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

from expectations.constraints import LinearConstraint
from expectations.intervals import Interval, point
from flows.check.repair.problem import ZERO, Change, Problem, Repair, Variable
from flows.check.repair.slips import SLIPS, candidates, explain_slip, misfit

MOST_REPAIRS = 12
MOST_PAIRS = 4000
MOST_PEELED = 10  # figures changed in one case
BEAM = 24  # states kept after each change
COMMA_PLACE = 0.1  # how much less ordinary each further place of a decimal comma is
MOST_LIKELY = 4  # values tried of a figure that a rule does not fix


def find_repairs(problem: Problem) -> list[Repair]:
    """Return the repairs of a problem, the most ordinary first.

    Each changes at least one figure, none that is fixed, and makes every rule that it touches and every failing one
    hold exactly. [] when nothing is to mend, when a failing rule has no figure that may be changed, when the rules
    contradict each other, and when nothing of reasonable size mends them.

    Raises:
        SearchTooLongError: Nothing was found within the looks that a search may take (`MOST_LOOKS`).
    """
    if not problem.is_mendable:
        return []
    found: list[Repair] = []
    for search in (_small, _several_moves, _peeled, _programmed):
        found = _ranked(repair for repair in search(problem) if problem.admits(repair))
        if found:
            break
    return found


def _small(problem: Problem) -> list[Repair]:
    """One figure, or an exchange, or two."""
    singles = list(_single_repairs(problem))
    found = [*singles, *_exchanges(problem)]
    return found if singles else [*found, *_pair_repairs(problem)]


def minimal_cells(problem: Problem) -> list[Repair]:
    """Return the smallest repairs in reading order, without any view of slips: the plain search to compare with."""
    found = list(_single_repairs(problem)) or list(_pair_repairs(problem))
    order = {name: number for number, name in enumerate(problem.variables)}
    return sorted(found, key=lambda r: (len(r.changes), [order[c.name] for c in r.changes]))


# ------------------------------------------------------------------------------------------------ one cell


def _single_repairs(problem: Problem) -> Iterator[Repair]:
    for name in problem.suspects:
        if problem.mends(name) == problem.failing:
            yield from _moves(problem, name)


def _moves(problem: Problem, name: str, fixed: Mapping[str, Fraction] | None = None) -> list[Repair]:
    """Return the repairs that change this figure alone, given what else is changed."""
    variable = problem.variables[name]
    commas = [v for v in variable.moved_commas if problem.holds_around({**(fixed or {}), name: v - variable.value})]
    found = [_repair(problem, {name: value}, is_open=len(commas) > 1) for value in commas]
    interval = problem.allowed(name, fixed) + point(variable.value)
    if interval.is_empty:
        return found
    values = _grid_values(interval, variable.grid)
    if values is None:
        return found + _open_moves(problem, variable, interval, fixed or {})
    return found + [_repair(problem, {name: v}) for v in values if v not in (variable.value, *commas)]


def _open_moves(
    problem: Problem, variable: Variable, interval: Interval, fixed: Mapping[str, Fraction]
) -> list[Repair]:
    """Many values would do: those that an ordinary slip explains, or the nearest one."""
    values = [
        v
        for v in candidates(variable.value, variable.grid)
        if interval.holds(v) and problem.holds_around({**fixed, variable.name: v - variable.value})
    ]
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
        first, second = problem.variables[one], problem.variables[other]
        if not (_may_take(first, second.value) and _may_take(second, first.value)):
            continue
        if difference and problem.holds({one: difference, other: -difference}):
            is_row = bool(first.line) and first.line == second.line
            slip = "exchanged_row" if is_row else "exchanged_column"
            changes = (Change(one, first.value, second.value, slip), Change(other, second.value, first.value, slip))
            odd = (misfit(second.value, first.previous) + misfit(first.value, second.previous)) / 2
            yield Repair(changes, SLIPS[slip][0] + odd)


def _may_take(variable: Variable, value: Fraction) -> bool:
    """Return whether a figure may have another one's value: a whole number where it has whole steps."""
    return variable.grid.denominator > 1 or value.denominator == 1


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
        if changes and all(changes.values()) and problem.holds(changes):
            values = {name: problem.variables[name].value + change for name, change in changes.items()}
            if _on_grid(problem, values):
                yield _repair(problem, values)


def _covering_pairs(problem: Problem) -> Iterator[tuple[str, str]]:
    """Pairs that between them take part in every failing rule, found from the rule with the fewest figures."""
    start = set(problem.constraints[problem.narrowest(problem.failing)].names)
    suspects = problem.suspects
    seen = set()
    for one in (n for n in suspects if n in start):
        for other in suspects:
            pair = frozenset((one, other))
            if other == one or pair in seen:
                continue
            if problem.mends(one) | problem.mends(other) == problem.failing:
                seen.add(pair)
                yield one, other


def _solve_pair(problem: Problem, one: str, other: str) -> dict[str, Fraction] | None:
    """Return the two changes when the rules determine them, else None."""
    alone_one = problem.allowed(one, without=other)
    alone_other = problem.allowed(other, without=one)
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
    for constraint in _equations(problem, [one]):
        if other in constraint.coefficients:
            rows.append((constraint.coefficients[one], constraint.coefficients[other], constraint.change.low or ZERO))
    for (a, b, p), (c, d, q) in combinations(rows, 2):
        determinant = a * d - b * c
        if determinant:
            return {one: (p * d - b * q) / determinant, other: (a * q - p * c) / determinant}
    return None


def _equations(problem: Problem, names: Iterable[str]) -> list[LinearConstraint]:
    """Return the linear rules touching these figures that leave their sum one value, in the order of the rules."""
    touching = (problem.constraints[i] for i in sorted({i for name in names for i in problem.touching[name]}))
    return [c for c in touching if isinstance(c, LinearConstraint) and c.change.is_point]


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
            changes = {name: change for repair in chosen for name, change in repair.moves.items()}
            if changes and len(changes) == sum(len(r.changes) for r in chosen) and problem.holds(changes):
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
        if not is_near or not difference or not (_may_take(one, other.value) and _may_take(other, one.value)):
            continue
        changes = {one.name: difference, other.name: -difference}
        if problem.holds_around(changes):
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
    return [_repair(problem, values) for values in repairs if _on_grid(problem, values)]


def _next_changes(
    problem: Problem, changes: Mapping[str, Fraction], failing: frozenset[int]
) -> Iterator[tuple[str, Fraction]]:
    """Return the changes of one figure that mend the failing rule with the fewest figures."""
    constraint = problem.constraints[problem.narrowest(failing)]
    units = problem.units(changes)
    for name in constraint.names:
        if name in changes or problem.variables[name].is_fixed:
            continue
        room = constraint.room(name, changes, units)
        if room.is_point and room.low:
            yield name, room.low
        elif not room.is_point:
            yield from ((name, change) for change in _likely_changes(problem.variables[name], room))


def _likely_changes(variable: Variable, room: Interval) -> list[Fraction]:
    """Many values would do: the few that an ordinary slip explains."""
    values = (*variable.moved_commas, *candidates(variable.value, variable.grid))
    changes = [value - variable.value for value in values]
    return [change for change in changes if change and room.holds(change)][:MOST_LIKELY]


def _programmed(problem: Problem) -> list[Repair]:
    """Let HiGHS choose the fewest figures; compute their values exactly; forbid what does not come out exact."""
    from flows.check.repair.programmes import fewest_figures

    repairs: list[Repair] = []
    for names in fewest_figures(problem):
        changes = _solve_support(problem, names)
        if changes:
            values = {name: problem.variables[name].value + change for name, change in changes.items()}
            repairs.append(_repair(problem, values))
    return repairs


def _solve_support(problem: Problem, names: Sequence[str]) -> dict[str, Fraction]:
    """Return changes of exactly these figures by elimination over the rules that fix them to a point."""
    rows = [[*(c.coefficients.get(n, ZERO) for n in names), c.change.low or ZERO] for c in _equations(problem, names)]
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
        if right in variable.moved_commas:
            slip, cost = "comma_moved", cost + COMMA_PLACE * variable.moved_commas.index(right)
        changes.append(Change(name, variable.value, right, slip))
        cost += SLIPS[slip][0] + misfit(right, variable.previous)
    return Repair(tuple(changes), cost + 1.5 * (len(changes) - 1), is_open)


def _on_grid(problem: Problem, values: Mapping[str, Fraction]) -> bool:
    return all(problem.variables[name].may_be(value) for name, value in values.items())


def _ranked(repairs: Iterable[Repair]) -> list[Repair]:
    best: dict[tuple[tuple[str, Fraction], ...], Repair] = {}
    for repair in repairs:
        key = tuple(sorted((c.name, c.right) for c in repair.changes))
        if key not in best or repair.cost < best[key].cost:
            best[key] = repair
    return sorted(best.values(), key=lambda r: (round(r.cost, 6), len(r.changes), sorted(r.names), r.changes[0].right))[
        :MOST_REPAIRS
    ]
