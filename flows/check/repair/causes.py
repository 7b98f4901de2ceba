"""Cases: findings that share a cause, with the repairs that would mend them, or why there is none.

A failed sum is a symptom; two sums that fail over the same cell are one piece of work, follow-on failures stand
inside their case. A search that fails or does not end costs its own case the repair, and nothing else.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from typing import Any

from expectations.constraints import Constraint, WholeNumber, constraints_of
from expectations.intervals import EVERYTHING, Interval
from flows.check.cells import Book, Cell, last_digit
from flows.check.findings import SEVERITY_ORDER
from flows.check.meanings import possible_values
from flows.check.missing_rows import areas_without_row
from flows.check.places import Instance
from flows.check.repair.problem import Problem, Repair, SearchTooLongError, Variable
from flows.check.repair.repairs import find_repairs

ZERO = Fraction(0)
LOG = logging.getLogger(__name__)


class NoRepair(StrEnum):
    """Why a case has no repair."""

    MISSING = "missing"  # figures are not there; none is wrong
    NOT_WRONG = "not_wrong"  # a note
    SETTLED = "settled"  # every figure is last month's or was not reported
    NOT_COMPUTED = "not_computed"  # the rule does not lead back to cells
    ROW_MISSING = "row_missing"  # a form's total is above its rows, and an area has none
    NONE_FOUND = "none_found"
    TOO_LONG = "too_long"
    FAILED = "failed"  # a fault of ours; its traceback is in the log


@dataclass
class Case:
    """Findings with one cause. `numbers` are indices into the instances, the most telling first.

    Raises:
        ValueError: It has neither repairs nor a reason why not, or both.
    """

    numbers: list[int]
    repairs: list[Repair] = field(default_factory=list)
    no_repair: NoRepair | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.repairs) == (self.no_repair is not None):
            raise ValueError("a case has repairs or the reason why it has none")


@dataclass(frozen=True)
class Web:
    """All rules of a month that bind its figures, equal figures typed twice taken as one."""

    book: Book
    figure_of: Mapping[str, str]
    cells_of: Mapping[str, list[str]]
    constraints: Sequence[tuple[int, Constraint]]
    touching: Mapping[str, list[int]]

    def rules_on(self, figures: Iterable[str]) -> list[tuple[int, Constraint]]:
        """Return the rules touching these figures, with their instance; not those in which nothing can change."""
        indices = sorted({i for name in figures for i in self.touching.get(name, ())})
        found = (self.constraints[i] for i in indices)
        return [(n, c) for n, c in found if any(_is_free(self.book, self.book.cells[name]) for name in c.names)]

    def variables(self, wanted: Iterable[str]) -> dict[str, Variable]:
        """Return the figures by name, as the search for repairs takes them."""
        return {name: _variable(self.book, self.book.cells[name]) for name in wanted}


def find_cases(book: Book, instances: Sequence[Instance]) -> list[Case]:
    """Return the cases of all findings, each finding in exactly one; whatever fails, every finding has its case."""
    try:
        return _grouped(book, instances)
    except Exception:  # an explanation that fails must not cost a verdict
        LOG.exception("the findings of %s could not be grouped", book.period)
        return [Case([n], no_repair=NoRepair.FAILED) for n, i in enumerate(instances) if is_open(i)]


def is_open(instance: Instance) -> bool:
    """Return whether a verdict makes a finding."""
    return instance.verdict.outcome in ("fail", "undecided")


def _grouped(book: Book, instances: Sequence[Instance]) -> list[Case]:
    web = weave(book, instances)
    open_numbers = [n for n, i in enumerate(instances) if is_open(i)]
    solved = (case for group in _components(web, instances) for case in _solved(web, instances, group))
    cases = [_without_guesses(book, instances, case) for case in solved]
    taken = {number for case in cases for number in case.numbers}
    for number in open_numbers:
        if number not in taken and not _joins(web, instances[number], number, cases):
            cases.append(_lone_case(web, instances, number))
    return cases


def _without_guesses(book: Book, instances: Sequence[Instance], case: Case) -> Case:
    """Where a form may lack a row, changing another row until the sum fits is no repair; an ordinary slip still is."""
    if not case.repairs or not any(areas_without_row(book, instances[n]) for n in case.numbers):
        return case
    explained = [r for r in case.repairs if all(change.slip != "unexplained" for change in r.changes)]
    return Case(case.numbers, explained, None if explained else NoRepair.ROW_MISSING, case.variables)


def weave(book: Book, instances: Sequence[Instance]) -> Web:
    """Return the rules that must hold (the blocking ones) over the figures of the book."""
    figure_of, cells_of = _merged_figures(book, instances)
    constraints: list[tuple[int, Constraint]] = []
    touching: dict[str, list[int]] = defaultdict(list)
    for number, instance in enumerate(instances):
        if instance.rule.severity != "blocking":
            continue
        for constraint in constraints_of(instance.verdict):
            merged = constraint.over(figure_of)
            if merged is not None:
                for name in merged.names:
                    touching[name].append(len(constraints))
                constraints.append((number, merged))
    return Web(book, figure_of, cells_of, constraints, touching)


def _merged_figures(book: Book, instances: Sequence[Instance]) -> tuple[dict[str, str], dict[str, list[str]]]:
    first: dict[tuple[Any, ...], str] = {}
    figure_of: dict[str, str] = {}
    cells_of: dict[str, list[str]] = defaultdict(list)
    for cell in book.cells.values():
        key = (cell.report_period, cell.period, cell.submitter_id, cell.indicator_id, cell.area_code, cell.value)
        name = first.setdefault(key, cell.cell_id)
        figure_of[cell.cell_id] = name
        cells_of[name].append(cell.cell_id)
    return figure_of, cells_of


def _variable(book: Book, cell: Cell) -> Variable:
    indicator = book.catalogue.indicator_by_id.get(cell.indicator_id)
    is_share = indicator is not None and indicator.indicator_kind in ("ratio", "target")
    grid = last_digit(cell.printed_decimals) if is_share else max(Fraction(1), 2 * cell.half_unit)
    is_sum = cell.is_reported_total or (indicator is not None and indicator.aggregation == "derived" and not is_share)
    return Variable(
        cell.cell_id,
        ZERO if cell.value is None else cell.value,
        grid,
        _previous(book, cell),
        is_sum,
        cell.line,
        cell.column,
        is_fixed=not _is_free(book, cell),
        is_share=is_share,
        possible=possible_values(book, cell.indicator_id),
    )


def _is_free(book: Book, cell: Cell) -> bool:
    """Return whether a figure may be corrected: one that this month's submissions state, of whichever month."""
    return cell.report_period == book.period and cell.value is not None


def _previous(book: Book, cell: Cell) -> Fraction | None:
    """Return the figure of the month before, which a form that was filled in over the last one may still show."""
    if cell.period != book.period:
        return None
    before = book.find(cell.submitter_id, cell.indicator_id, cell.area_code, book.previous)
    stated = book.find(cell.submitter_id, cell.indicator_id, cell.area_code, book.previous, book.period)
    return next((c.value for c in (*before, *stated) if c.value is not None), None)


# ------------------------------------------------------------------------------------------ grouping


def _components(web: Web, instances: Sequence[Instance]) -> list[list[int]]:
    """Group the failing blocking rules that share a figure; each group in the order of the rules."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    members: dict[int, list[str]] = {}
    for number, instance in enumerate(instances):
        if instance.verdict.outcome == "fail" and instance.rule.severity == "blocking":
            figures = [web.figure_of[c] for c in instance.verdict.cells if c in web.figure_of]
            free = [n for n in figures if _is_free(web.book, web.book.cells[n])]
            if free:
                members[number] = free
                for other in free[1:]:
                    parent[root(other)] = root(free[0])
    for one, other in exchanged_figures(web, members):
        parent[root(other)] = root(one)
    groups: dict[str, list[int]] = defaultdict(list)
    for number, figures in members.items():
        groups[root(figures[0])].append(number)
    return list(groups.values())


def exchanged_figures(web: Web, failing: Mapping[int, Sequence[str]]) -> list[tuple[str, str]]:
    """Return pairs of figures of one row or column that would mend every rule they touch if exchanged.

    The two rules that fail then share no figure; the exchange is what makes them one case.
    """
    room: dict[str, Interval] = {}
    for number, constraint in web.constraints:
        if number in failing and not constraint.holds_now:
            for name in constraint.names:
                if _is_free(web.book, web.book.cells[name]):
                    room[name] = room.get(name, EVERYTHING).shared(constraint.room(name))
    lines: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, interval in room.items():
        cell = web.book.cells[name]
        if not interval.is_empty:
            for line in filter(None, (cell.line, cell.column)):
                lines[line].append(name)
    pairs = (pair for figures in lines.values() for pair in combinations(figures, 2))
    return [pair for pair in pairs if _mends_when_exchanged(web, room, *pair)]


def _mends_when_exchanged(web: Web, room: Mapping[str, Interval], one: str, other: str) -> bool:
    first, second = web.book.cells[one].value, web.book.cells[other].value
    assert first is not None and second is not None
    change = second - first
    if not change or not room[one].holds(change) or not room[other].holds(-change):
        return False
    changes = {one: change, other: -change}
    indices = {i for name in changes for i in web.touching[name]}
    return all(web.constraints[i][1].holds(changes) for i in indices)


def _solved(web: Web, instances: Sequence[Instance], group: list[int]) -> list[Case]:
    """Return the case of a group, or several when its best repair is several slips that never meet in a rule."""
    whole, problem = _searched(web, instances, group, lambda: _problem(web, instances, group))
    if problem is None or not whole.repairs:
        return [whole]
    parts = _independent(problem, whole.repairs[0])
    if len(parts) == 1:
        return [whole]
    cases, left = [], list(group)
    for figures in parts:
        mine = [n for n in left if figures & {web.figure_of.get(c, "") for c in instances[n].verdict.cells}]
        left = [n for n in left if n not in mine]
        if mine:
            cases.append(_part(web, instances, mine, set(group) - set(mine)))
    if not all(case.repairs for case in cases):
        return [whole]
    if left and cases:
        cases[0].numbers += left
    return cases


def _part(web: Web, instances: Sequence[Instance], mine: Sequence[int], excluded: set[int]) -> Case:
    return _searched(web, instances, mine, lambda: _problem(web, instances, mine, excluded))[0]


def _searched(
    web: Web, instances: Sequence[Instance], numbers: Sequence[int], make_problem: Callable[[], Problem]
) -> tuple[Case, Problem | None]:
    """Search the repairs of one case: the boundary inside which a search may fail."""
    told = _telling(instances, numbers)
    try:
        problem = make_problem()
        repairs = find_repairs(problem)
    except SearchTooLongError:
        return Case(told, no_repair=NoRepair.TOO_LONG), None
    except Exception:  # a fault of ours costs this case its repair, nothing else
        at = instances[told[0]]
        LOG.exception("no repair searched for %s at %s", at.rule.rule_id, at.place.key)
        return Case(told, no_repair=NoRepair.FAILED), None
    if repairs:
        return Case(told, repairs, None, problem.variables), problem
    reason = NoRepair.NONE_FOUND if problem.is_mendable else NoRepair.SETTLED
    return Case(told, [], reason, problem.variables), problem


def _problem(web: Web, instances: Sequence[Instance], group: Sequence[int], excluded: Iterable[int] = ()) -> Problem:
    """Return the search problem of some failing rules: their figures, and every rule that touches one of these."""
    involved = dict.fromkeys(web.figure_of[c] for n in group for c in instances[n].verdict.cells if c in web.figure_of)
    left_out = set(excluded)
    constraints = [c for n, c in web.rules_on(involved) if n not in left_out]
    constraints += _whole_numbers(web, [instances[n] for n in group])
    everything = dict.fromkeys((*involved, *(name for c in constraints for name in c.names)))
    return Problem(web.variables(everything), constraints)


def _whole_numbers(web: Web, instances: Iterable[Instance]) -> list[Constraint]:
    cells = (c for i in instances if i.rule.kind == "whole_number" for c in i.verdict.cells)
    names = dict.fromkeys(web.figure_of[c] for c in cells if c in web.figure_of)
    return [WholeNumber(name, value) for name in names if (value := web.book.cells[name].value) is not None]


def _independent(problem: Problem, repair: Repair) -> list[set[str]]:
    """Return the changes of a repair in groups that share no rule; an exchange is one change."""
    groups: list[set[str]] = []
    for change in repair.changes:
        rules = set(problem.touching[change.name])
        joined = {change.name} | {
            other.name
            for other in repair.changes
            if change.slip == other.slip and change.slip.startswith("exchanged") and other.written == change.right
        }
        apart = []
        for group in groups:
            meets = group & joined or any(rules & set(problem.touching[name]) for name in group)
            if meets:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def _telling(instances: Sequence[Instance], numbers: Iterable[int]) -> list[int]:
    """Order findings by how narrowly they point: blocking first, fewest cells first."""
    def key(number: int) -> tuple[int, int, int]:
        instance = instances[number]
        return SEVERITY_ORDER[instance.rule.severity], len(instance.verdict.cells), number

    return sorted(numbers, key=key)


def _joins(web: Web, instance: Instance, number: int, cases: Sequence[Case]) -> bool:
    """Put a finding into the case whose repair, or else whose only figure, it shares."""
    figures = {web.figure_of[c] for c in instance.verdict.cells if c in web.figure_of}
    for case in cases:
        if case.repairs and figures & case.repairs[0].names:
            case.numbers.append(number)
            return True
    return False


def _lone_case(web: Web, instances: Sequence[Instance], number: int) -> Case:
    """Return the case of a finding that no other explains; a jump may still have an ordinary slip behind it."""
    instance = instances[number]
    if instance.verdict.outcome == "undecided" or instance.rule.kind == "completeness":
        is_missing = bool(instance.verdict.missing) or instance.rule.kind == "completeness"
        return Case([number], no_repair=NoRepair.MISSING if is_missing else NoRepair.NOT_COMPUTED)
    if instance.rule.severity == "note":
        return Case([number], no_repair=NoRepair.NOT_WRONG)
    case, problem = _searched(web, instances, [number], lambda: _lone_problem(web, instance))
    if problem is not None and not problem.failing:
        return Case([number], no_repair=NoRepair.NOT_COMPUTED)
    explained = [r for r in case.repairs if all(c.slip != "unexplained" for c in r.changes)]
    of_this_month = any(c.period == web.book.period for c in map(web.book.cells.get, instance.verdict.cells) if c)
    reason = case.no_repair or (NoRepair.NONE_FOUND if of_this_month else NoRepair.SETTLED)
    return Case([number], explained, None if explained else reason, case.variables)


def _lone_problem(web: Web, instance: Instance) -> Problem:
    found = constraints_of(instance.verdict, is_drawn_fixed=True)
    own = [merged for constraint in found if (merged := constraint.over(web.figure_of)) is not None]
    figures = dict.fromkeys(n for c in own for n in c.names)
    hard = [c for _, c in web.rules_on(figures)]
    everything = dict.fromkeys((*figures, *(n for c in hard for n in c.names)))
    return Problem(web.variables(everything), [*own, *hard])
