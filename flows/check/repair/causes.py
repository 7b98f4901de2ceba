"""Cases: findings that share a cause, with the repairs that would mend them and what they do to the published figures.

A failed sum is a symptom; two sums that fail over the same cell are one piece of work. Cases are ordered by
severity and by how much they move a published figure; follow-on failures stand inside their case.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from expectations.constraints import LinearConstraint, linear_constraints
from expectations.intervals import Interval
from expectations.language import evaluate, names, round_half_up
from flows.check.cells import Book, Cell, decimal_text, last_digit
from flows.check.places import Instance
from flows.check.repair.problem import Problem, Repair, Variable
from flows.check.repair.repairs import find_repairs
from flows.check.repair.slips import SLIPS
from flows.records import Finding

ZERO = Fraction(0)
_ORDER = {"blocking": 0, "warning": 1, "note": 2}


@dataclass
class Case:
    """Findings with one cause. `numbers` are indices into the instances, the most telling first."""

    numbers: list[int]
    repairs: list[Repair] = field(default_factory=list)
    variables: Mapping[str, Variable] = field(default_factory=dict)


@dataclass(frozen=True)
class Web:
    """All linear rules of a month over its figures, equal figures typed twice taken as one."""

    book: Book
    figure_of: Mapping[str, str]
    cells_of: Mapping[str, list[str]]
    constraints: Sequence[tuple[int, LinearConstraint]]
    touching: Mapping[str, list[int]]

    def variables(self, wanted: Iterable[str]) -> dict[str, Variable]:
        """Return the figures by name, as the search for repairs takes them."""
        return {name: _variable(self.book, self.book.cells[name]) for name in wanted}


def make_cases(
    book: Book, instances: Sequence[Instance], findings: Sequence[Finding]
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Return the findings with their case, and the cases as records, the most serious first.

    Args:
        book: The figures judged.
        instances: All verdicts of the month.
        findings: The findings made of those that are not a pass.
    """
    from flows.check.findings import finding_id

    by_id = {finding.finding_id: finding for finding in findings}
    ids = {
        number: finding_id(i.rule.rule_id, book.period, i.place.key)
        for number, i in enumerate(instances)
        if i.verdict.outcome in ("fail", "undecided")
    }
    records = [_record(book, case, [by_id[ids[n]] for n in case.numbers]) for case in find_cases(book, instances)]
    records.sort(key=lambda r: (_ORDER[r["severity"]], -r["impact_share"], r["case_id"]))
    case_of = {found: record["case_id"] for record in records for found in record["findings"]}
    return [replace(f, case_id=case_of.get(f.finding_id, "")) for f in findings], records


def find_cases(book: Book, instances: Sequence[Instance]) -> list[Case]:
    """Return the cases of all findings, each finding in exactly one."""
    web = weave(book, instances)
    open_numbers = [n for n, i in enumerate(instances) if i.verdict.outcome in ("fail", "undecided")]
    cases = [case for group in _components(web, instances) for case in _solved(web, instances, group)]
    taken = {number for case in cases for number in case.numbers}
    for number in open_numbers:
        if number not in taken and not _joins(web, instances[number], number, cases):
            cases.append(_lone_case(web, instances, number))
    return cases


def weave(book: Book, instances: Sequence[Instance]) -> Web:
    """Return the linear rules that must hold (the blocking ones) over the figures of the book."""
    figure_of, cells_of = _merged_figures(book, instances)
    constraints: list[tuple[int, LinearConstraint]] = []
    touching: dict[str, list[int]] = defaultdict(list)
    for number, instance in enumerate(instances):
        if instance.rule.severity != "blocking":
            continue
        for constraint in linear_constraints(instance.verdict):
            merged = _over_figures(constraint, figure_of)
            if merged is not None:
                for name in merged.coefficients:
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


def _over_figures(constraint: LinearConstraint, figure_of: Mapping[str, str]) -> LinearConstraint | None:
    coefficients: dict[str, Fraction] = {}
    for cell, coefficient in constraint.coefficients.items():
        name = figure_of.get(cell)
        if name is None:
            return None
        coefficients[name] = coefficients.get(name, ZERO) + coefficient
    coefficients = {name: c for name, c in coefficients.items() if c}
    return LinearConstraint(coefficients, constraint.change) if coefficients else None


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
        is_fixed=cell.period != book.period or cell.value is None,
    )


def _previous(book: Book, cell: Cell) -> Fraction | None:
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
            free = [n for n in figures if web.book.cells[n].period == web.book.period]
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
            for name in constraint.coefficients:
                if name not in room and web.book.cells[name].period == web.book.period:
                    room[name] = Interval(None, None)
                if name in room:
                    room[name] = room[name].shared(constraint.change.scaled(1 / constraint.coefficients[name]))
    lines: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, interval in room.items():
        cell = web.book.cells[name]
        if cell.value is not None and not interval.is_empty:
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
    return all(
        constraint.change.holds(sum((c * changes[n] for n, c in constraint.coefficients.items() if n in changes), ZERO))
        for _, constraint in (web.constraints[i] for i in indices)
    )


def _solved(web: Web, instances: Sequence[Instance], group: list[int]) -> list[Case]:
    """Return the case of a group, or several when its best repair is several slips that never meet in a rule."""
    problem = _problem(web, instances, group)
    repairs = find_repairs(problem)
    if not repairs:
        return [Case(_telling(instances, group), [], problem.variables)]
    parts = _independent(problem, repairs[0])
    if len(parts) == 1:
        return [Case(_telling(instances, group), repairs, problem.variables)]
    cases, left = [], list(group)
    for figures in parts:
        mine = [n for n in left if figures & {web.figure_of.get(c, "") for c in instances[n].verdict.cells}]
        left = [n for n in left if n not in mine]
        if mine:
            part = _problem(web, instances, mine, excluded=set(group) - set(mine))
            cases.append(Case(_telling(instances, mine), find_repairs(part), part.variables))
    if left and cases:
        cases[0].numbers += left
    return cases


def _problem(web: Web, instances: Sequence[Instance], group: Sequence[int], excluded: Iterable[int] = ()) -> Problem:
    """Return the search problem of some failing rules: their figures, and every rule that touches one of these."""
    involved = dict.fromkeys(web.figure_of[c] for n in group for c in instances[n].verdict.cells if c in web.figure_of)
    left_out = set(excluded)
    indices = sorted({i for name in involved for i in web.touching.get(name, ())})
    constraints = [c for n, c in (web.constraints[i] for i in indices) if n not in left_out]
    everything = dict.fromkeys((*involved, *(name for c in constraints for name in c.coefficients)))
    whole = frozenset(
        web.figure_of[c] for n in group if instances[n].rule.kind == "whole_number" for c in instances[n].verdict.cells
    )
    return Problem(web.variables(everything), constraints, whole)


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
    return sorted(numbers, key=lambda n: (_ORDER[instances[n].rule.severity], len(instances[n].verdict.cells), n))


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
    constraints = [
        c for found in linear_constraints(instance.verdict) if (c := _over_figures(found, web.figure_of)) is not None
    ]
    if instance.verdict.outcome != "fail" or instance.rule.severity == "note" or not constraints:
        return Case([number])
    figures = dict.fromkeys(n for c in constraints for n in c.coefficients)
    hard = [web.constraints[i][1] for i in sorted({i for n in figures for i in web.touching.get(n, ())})]
    everything = dict.fromkeys((*figures, *(n for c in hard for n in c.coefficients)))
    problem = Problem(web.variables(everything), [*constraints, *hard])
    return Case(
        [number],
        [r for r in find_repairs(problem) if all(c.slip != "unexplained" for c in r.changes)],
        problem.variables,
    )


# ------------------------------------------------------------------------------------------ records


def _record(book: Book, case: Case, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a case as the steward's queue and `explain` read it."""
    severity = min((f.severity for f in findings), key=lambda s: _ORDER[s])
    key = "|".join(sorted(f.finding_id for f in findings))
    impact = _impact(book, case, findings)
    return {
        "case_id": "C" + hashlib.sha256(key.encode()).hexdigest()[:8].upper(),
        "severity": severity,
        "main_finding": findings[0].finding_id,
        "findings": [f.finding_id for f in findings],
        "submitters": sorted({f.submitter_id for f in findings if f.submitter_id}),
        "impact": impact,
        "impact_share": max((abs(row["share"]) for row in impact), default=0.0),
        "repairs": [_repair_record(book, repair) for repair in case.repairs],
    }


def _repair_record(book: Book, repair: Repair) -> dict[str, Any]:
    return {
        "cost": round(repair.cost, 3),
        "is_open": repair.is_open,
        "changes": [
            {
                "cells": _same_cells(book, change.name),
                "written": decimal_text(change.written),
                "right": decimal_text(change.right),
                "slip": change.slip,
                "slip_vi": SLIPS[change.slip][1],
                "slip_en": SLIPS[change.slip][2],
            }
            for change in repair.changes
        ],
    }


def _same_cells(book: Book, name: str) -> list[dict[str, str]]:
    from dataclasses import asdict

    cell = book.cells[name]
    alike = book.find(cell.submitter_id, cell.indicator_id, cell.area_code, cell.period, cell.report_period)
    return [asdict(c.reference()) for c in alike if c.value == cell.value]


def _impact(book: Book, case: Case, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the published figures that the best repair would move; without one, those that rest on the cells."""
    changes = {}
    if case.repairs:
        changes = {c.name: c.right - c.written for c in case.repairs[0].changes}
    named = set(changes) or {c.observation_id for f in findings[:1] for c in f.cells}
    base = _base_changes(book, changes)
    rows = []
    for (period, indicator_id), figure in book.figures.items():
        if period != book.period or not named & set(figure.cells):
            continue
        after = _after(book, indicator_id, base)
        share = 0.0 if after is None or not figure.value else float((after - figure.value) / figure.value)
        rows.append(
            {
                "indicator_id": indicator_id,
                "label_vi": book.catalogue.indicator_by_id[indicator_id].label_vi,
                "published": "" if figure.value is None else decimal_text(figure.value),
                "repaired": "" if after is None else decimal_text(after),
                "share": round(share, 6),
            }
        )
    return sorted(rows, key=lambda row: (-abs(row["share"]), row["indicator_id"]))


def _base_changes(book: Book, changes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Return by how much each provincial figure that is a plain sum moves."""
    moved: dict[str, Fraction] = defaultdict(lambda: ZERO)
    for name, change in changes.items():
        indicator_id = book.cells[name].indicator_id
        figure = book.figures.get((book.period, indicator_id))
        indicator = book.catalogue.indicator_by_id.get(indicator_id)
        is_sum = indicator is not None and indicator.aggregation == "sum_submitters"
        if figure is not None and is_sum and name in figure.cells:
            moved[indicator_id] += change
    return moved


def _after(book: Book, indicator_id: str, base: Mapping[str, Fraction], depth: int = 0) -> Fraction | None:
    """Return the published figure after the changes, through its definition when it has one."""
    figure = book.figures.get((book.period, indicator_id))
    definition = next(
        (
            d
            for d in book.catalogue.definitions
            if d.indicator_id == indicator_id and d.is_current and d.expression != indicator_id
        ),
        None,
    )
    if definition is None or depth > 4:
        return None if figure is None or figure.value is None else figure.value + base.get(indicator_id, ZERO)
    references = {r.reference_id: Fraction(r.value) for r in book.catalogue.reference_figures}
    values = {}
    for name in names(definition.expression):
        part = _after(book, name, base, depth + 1)
        values[name] = references.get(name) if part is None else part
    exact = evaluate(definition.expression, values)
    return None if exact is None else round_half_up(exact, book.catalogue.indicator_by_id[indicator_id].decimals)
