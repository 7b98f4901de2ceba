"""Cases as records: their repairs, or in words why there is none, and what they do to the published figures.

The most serious case first: by severity, then by how much it moves a published figure. Nothing here raises: a case
that cannot be described is a case without a repair.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

from expectations.language import evaluate, names, round_half_up
from flows.check.cells import Book, PublishedFigure, decimal_text
from flows.check.explanation import repair_words
from flows.check.findings import SEVERITY_ORDER, finding_id
from flows.check.places import Instance
from flows.check.repair.causes import Case, NoRepair, find_cases, is_open
from flows.check.repair.problem import Repair
from flows.check.repair.slips import SLIPS
from flows.records import Finding

ZERO = Fraction(0)
LOG = logging.getLogger(__name__)
NO_REPAIR: Mapping[NoRepair, tuple[str, str]] = {
    NoRepair.MISSING: (
        "Không có ô nào để sửa: số liệu còn thiếu hoặc không đọc được; cần đề nghị đơn vị gửi bổ sung.",
        "Nothing to correct: figures are missing or could not be read; ask the submitter for them.",
    ),
    NoRepair.NOT_WRONG: (
        "Đây là điểm cần xem lại, không phải số chắc chắn sai; không có cách sửa nào được đề xuất.",
        "Something to look at, not a figure that must be wrong; no repair is proposed.",
    ),
    NoRepair.SETTLED: (
        "Không có ô nào của tháng này để sửa: các số trong quy tắc là số của tháng trước hoặc chưa được báo cáo.",
        "No figure of this month to correct: those of the rule are last month's or were not reported.",
    ),
    NoRepair.NOT_COMPUTED: (
        "Không có cách sửa nào được đề xuất: quy tắc này không chỉ ra được ô nào sai; cần xem lại nguồn số liệu.",
        "No repair is proposed: this rule does not lead back to a cell; look at the source of the figures.",
    ),
    NoRepair.ROW_MISSING: (
        "Không sửa ô nào: dòng tổng lớn hơn các dòng còn lại và biểu thiếu dòng của một địa bàn; đề nghị gửi lại đủ "
        "dòng, hoặc bổ sung dòng đó.",
        "No cell to correct: the total exceeds its rows and an area has none; ask for the form anew or supply the row.",
    ),
    NoRepair.NONE_FOUND: (
        "Chưa tìm được cách sửa nhỏ nào làm mọi quy tắc liên quan đều khớp; cần hỏi lại đơn vị gửi.",
        "No repair found: no small change makes every rule involved hold; ask the submitter.",
    ),
    NoRepair.TOO_LONG: (
        "Chưa tìm được cách sửa: vụ việc liên quan đến quá nhiều ô nên việc tìm đã dừng; kết quả kiểm tra vẫn đúng. "
        "Cần hỏi lại đơn vị gửi.",
        "No repair found: too many figures are involved and the search stopped; the verdict stands. Ask the submitter.",
    ),
    NoRepair.FAILED: (
        "Chưa tìm được cách sửa vì phần giải thích gặp lỗi của hệ thống; kết quả kiểm tra vẫn đúng. "
        "Cần xem các ô bằng mắt và báo người vận hành; chi tiết ở nhật ký của bộ kiểm tra.",
        "No repair found because the explanation met a fault of ours; the verdict stands. "
        "Look at the cells yourself and tell the operator; the judge's log has the details.",
    ),
}


def make_cases(
    book: Book, instances: Sequence[Instance], findings: Sequence[Finding]
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Return the findings with their case and its repair in words, and the cases as records, the most serious first.

    Verdicts are given: of a finding only `case_id`, `repair_vi` and `repair_en` are filled in, whatever fails.

    Args:
        book: The figures judged.
        instances: All verdicts of the month.
        findings: The findings made of those that are not a pass.
    """
    by_id = {finding.finding_id: finding for finding in findings}
    ids = {n: finding_id(i.rule.rule_id, book.period, i.place.key) for n, i in enumerate(instances) if is_open(i)}
    records = [_record(book, case, [by_id[ids[n]] for n in case.numbers]) for case in find_cases(book, instances)]
    records.sort(key=lambda r: (SEVERITY_ORDER[r["severity"]], -r["impact_share"], r["case_id"]))
    case_of = {found: record for record in records for found in record["findings"]}
    return [_with_case(f, case_of.get(f.finding_id)) for f in findings], records


def _with_case(finding: Finding, record: Mapping[str, Any] | None) -> Finding:
    if record is None:
        return finding
    repair_vi, repair_en = record["no_repair_vi"], record["no_repair_en"]
    if record["repairs"]:
        best = record["repairs"][0]
        repair_vi = f"Cách sửa dễ xảy ra nhất: {repair_words(best)}."
        repair_en = f"Likeliest repair: {repair_words(best, 'en')}."
    return replace(finding, case_id=record["case_id"], repair_vi=repair_vi, repair_en=repair_en)


def _record(book: Book, case: Case, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a case as the steward's queue and `explain` read it; what cannot be told of it is left out."""
    try:
        return _whole_record(book, case, findings)
    except Exception:  # the findings stand without their explanation
        LOG.exception("the case of %s could not be described", findings[0].finding_id)
        return _described(findings, [], NoRepair.FAILED, [])


def _whole_record(book: Book, case: Case, findings: Sequence[Finding]) -> dict[str, Any]:
    repairs = [_repair_record(book, repair) for repair in case.repairs]
    return _described(findings, repairs, case.no_repair, _impact(book, case, findings))


def _described(
    findings: Sequence[Finding], repairs: list[dict[str, Any]], reason: NoRepair | None, impact: list[dict[str, Any]]
) -> dict[str, Any]:
    severity = min((f.severity for f in findings), key=lambda s: SEVERITY_ORDER[s])
    key = "|".join(sorted(f.finding_id for f in findings))
    reason_vi, reason_en = NO_REPAIR[reason] if reason else ("", "")
    return {
        "case_id": "C" + hashlib.sha256(key.encode()).hexdigest()[:8].upper(),
        "severity": severity,
        "main_finding": findings[0].finding_id,
        "findings": [f.finding_id for f in findings],
        "submitters": sorted({f.submitter_id for f in findings if f.submitter_id}),
        "impact": impact,
        "impact_share": max((abs(row["share"]) for row in impact), default=0.0),
        "repairs": repairs,
        "no_repair": reason or "",
        "no_repair_vi": reason_vi,
        "no_repair_en": reason_en,
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
    cell = book.cells[name]
    alike = book.find(cell.submitter_id, cell.indicator_id, cell.area_code, cell.period, cell.report_period)
    return [asdict(c.reference()) for c in alike if c.value == cell.value]


def _impact(book: Book, case: Case, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the published figures that rest on the cells, and what the best repair makes of them, if anything."""
    changes = {}
    if case.repairs:
        changes = case.repairs[0].moves
    named = set(changes) or {c.observation_id for f in findings[:1] for c in f.cells}
    left_open = set() if changes else {c.indicator_id for f in findings[:1] for c in f.cells if not c.value}
    base = _base_changes(book, changes)
    rows = []
    for (period, indicator_id), figure in book.figures.items():
        rests_on_them = indicator_id in left_open or bool(named & set(figure.cells))
        if period != book.period or not rests_on_them:
            continue
        after = _after(book, indicator_id, base)
        share = 0.0 if after is None or not figure.value else float((after - figure.value) / figure.value)
        rows.append(
            {
                "indicator_id": indicator_id,
                "label_vi": book.catalogue.indicator_by_id[indicator_id].label_vi,
                "published": "" if figure.value is None else decimal_text(figure.value),
                "repaired": "" if after is None or after == figure.value else decimal_text(after),
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
        if figure is None or figure.value is None:
            return None
        return round_half_up(_unrounded(book, figure) + base.get(indicator_id, ZERO), figure.decimals)
    references = {r.reference_id: Fraction(r.value) for r in book.catalogue.reference_figures}
    values = {}
    for name in names(definition.expression):
        part = _after(book, name, base, depth + 1)
        values[name] = references.get(name) if part is None else part
    exact = evaluate(definition.expression, values)
    return None if exact is None else round_half_up(exact, book.catalogue.indicator_by_id[indicator_id].decimals)


def _unrounded(book: Book, figure: PublishedFigure) -> Fraction:
    """Return what was summed before the figure was rounded, where its cells alone explain it."""
    stated = [book.cells[name].value for name in figure.cells if name in book.cells]
    total = sum((value for value in stated if value is not None), ZERO)
    assert figure.value is not None
    return total if round_half_up(total, figure.decimals) == figure.value else figure.value
