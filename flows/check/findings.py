"""Verdicts as findings and as the validation report, and their files under <home>/checks/<build>-<rules>/."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from flows.check.cells import Book, decimal_text
from flows.check.messages import message_en, message_vi, sides
from flows.check.places import Instance
from flows.records import CellReference, Finding, Severity
from infra.derived import load_member, save_set
from infra.settings import Settings

FINDINGS = "findings.json"
REPORT = "validation_report.json"
CASES = "cases.json"
DOCS = "data_docs"
SCHEMA = "tonghop-validation-report/1"
STAMP_LENGTH = 16
SEVERITY_ORDER = {"blocking": 0, "warning": 1, "note": 2}


def make_findings(book: Book, instances: list[Instance]) -> list[Finding]:
    """Return a finding for every verdict that is not a pass, the most serious first, in a fixed order."""
    findings = [make_finding(book, i) for i in instances if i.verdict.outcome in ("fail", "undecided")]
    return sorted(findings, key=lambda f: (SEVERITY_ORDER[f.severity], f.rule_id, f.submitter_id, f.area_code,
                                           f.finding_id))


def make_finding(book: Book, instance: Instance) -> Finding:
    """Return the finding of one verdict. What is undecided never blocks: the missing part has its own finding."""
    rule, place, verdict = instance.rule, instance.place, instance.verdict
    _, left, right, gap = sides(instance)
    severity: Severity = "note" if verdict.outcome == "undecided" else rule.severity  # type: ignore[assignment]
    return Finding(
        finding_id=finding_id(rule.rule_id, book.period, place.key),
        rule_id=rule.rule_id,
        severity=severity,
        outcome=verdict.outcome,  # type: ignore[arg-type]
        submitter_id=place.submitter_id,
        area_code=place.area_code,
        left=_text(left),
        right=_text(right),
        gap=_text(gap),
        message_vi=message_vi(book, instance),
        message_en=message_en(instance),
        cells=tuple(book.cells[c].reference() for c in verdict.cells if c in book.cells),
        period=book.period,
        owner=rule.owner,
        basis=_basis(book, instance),
    )


def finding_id(rule_id: str, period: str, place_key: str) -> str:
    """Return the id of a finding: the same for the same rule at the same place in every run."""
    return "F" + hashlib.sha256(f"{rule_id}|{period}|{place_key}".encode()).hexdigest()[:8].upper()


def validation_report(book: Book, build_id: str, instances: list[Instance]) -> dict[str, Any]:
    """Return the report for machines: every rule at every place, passes included (see docs/reference)."""
    return {
        "schema": SCHEMA,
        "period": book.period,
        "build_id": build_id,
        "counts": dict(sorted(Counter(i.verdict.outcome for i in instances).items())),
        "results": [_result(instance) for instance in instances],
    }


def write_results(
    folder: Path, stamp: str, findings: list[Finding], report: dict[str, Any], cases: list[dict[str, Any]], docs: str
) -> None:
    """Write what a check leaves as one set: it counts as a whole or not at all.

    Args:
        folder: The folder of the build's check.
        stamp: The digest of what the check depends on besides the build.
        findings: Every verdict that is not a pass.
        report: Every rule at every place.
        cases: The findings grouped by cause.
        docs: The page for people, HTML.
    """
    records = {FINDINGS: [asdict(finding) for finding in findings], REPORT: report, CASES: cases}
    files = {name: _json_bytes(content) for name, content in records.items()}
    save_set(folder, {**files, f"{DOCS}/index.html": docs.encode("utf-8", "replace")}, stamp)


def check_name(build_id: str, stamp: str) -> str:
    """Return the name of the check of a build under the rules and the code of `stamp` (`infra.dependencies`).

    Another stamp is another folder: readers of the former check are not disturbed while the next one is written.
    """
    return f"{build_id}-{stamp[:STAMP_LENGTH]}"


def check_folder(settings: Settings, name: str) -> Path:
    """Return the folder of a check by its name."""
    return settings.home / "checks" / name


def has_findings(folder: Path) -> bool:
    """Return whether a check left its findings here, and they are still what it wrote."""
    return load_member(folder, FINDINGS) is not None


def read_findings(folder: Path) -> list[Finding]:
    """Return the findings of a check; [] when there was none, or they are no longer what it wrote."""
    data = load_member(folder, FINDINGS)
    if data is None:
        return []
    records = json.loads(data)
    return [Finding(**(r | {"cells": tuple(CellReference(**c) for c in r["cells"])})) for r in records]


def _json_bytes(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _result(instance: Instance) -> dict[str, Any]:
    rule, place, verdict = instance.rule, instance.place, instance.verdict
    _, left, right, gap = sides(instance)
    anchor = place.anchor
    return {
        "rule_id": rule.rule_id,
        "kind": rule.kind,
        "severity": rule.severity,
        "place": {
            "kind": place.kind,
            "submitter_id": place.submitter_id,
            "area_code": place.area_code,
            "indicator_id": place.indicator_id,
            "receipt_id": anchor.receipt_id if anchor else "",
            "message": anchor.message if anchor else "",
            "file": anchor.file if anchor else "",
            "sheet": anchor.sheet if anchor else "",
            "cell": anchor.place if anchor else "",
        },
        "outcome": verdict.outcome,
        "left": _text(left),
        "right": _text(right),
        "imbalance": _text(gap),
        "missing": list(verdict.missing),
    }


def _basis(book: Book, instance: Instance) -> str:
    """Return a hash of exactly what was judged: the rule's line, each cell with its value, both sides."""
    _, left, right, _ = sides(instance)
    cells = [f"{c}={_text(book.cells[c].value)}" for c in instance.verdict.cells if c in book.cells]
    parts = [instance.rule.expression, *sorted(cells), _text(left), _text(right), *instance.verdict.missing]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _text(value: Fraction | None) -> str:
    return "" if value is None else decimal_text(value)
