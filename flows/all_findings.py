"""Every finding of a month in one list: the verdicts of the rules, and what reading the files found odd."""

from __future__ import annotations

import hashlib
from typing import Any

from flows.build.inputs import is_about_path
from flows.check import load_findings
from flows.readings import load_month
from flows.records import CellReference, Finding, IntakeFinding
from infra.ledger import open_ledger
from infra.settings import Settings
from infra.warehouse import fetch, open_current

INTAKE_COLUMNS = ("intake_finding_id", "kind", "severity", "submitter_id", "message", "file", "sheet", "cell",
                  "raw_text", "message_vi", "remedy_vi", "receipt_id")


def list_findings(settings: Settings, period: str) -> list[Finding]:
    """Return the verdicts that are no pass, then the intake findings as rules named "intake_<kind>".

    Raises:
        OperationError: The month was not built or not checked.
    """
    verdicts = load_findings(settings, open_ledger(settings), period)
    query = f"select {', '.join(INTAKE_COLUMNS)} from marts.fct_intake_findings where period = ? order by message, file"
    with open_current(settings, period) as connection:
        rows = fetch(connection, query, period)
    paths = [f for r in load_month(settings, period) if is_about_path(r) for f in r.reading.findings]
    intake = (_as_finding(period, dict(zip(INTAKE_COLUMNS, row, strict=True))) for row in rows)
    return [*verdicts, *(_of_path(period, finding) for finding in paths), *intake]


def _of_path(period: str, finding: IntakeFinding) -> Finding:
    row = {name: getattr(finding, name) for name in INTAKE_COLUMNS if name != "intake_finding_id"}
    return _as_finding(period, row | {"intake_finding_id": hashlib.sha256(finding.message.encode()).hexdigest()})


def _as_finding(period: str, row: dict[str, Any]) -> Finding:
    cell = CellReference("", row["submitter_id"], "", "", period, row["raw_text"], row["message"], row["file"],
                         row["sheet"], row["cell"], row["receipt_id"])
    where = " › ".join(part for part in (row["message"], row["file"], row["sheet"], row["cell"]) if part)
    return Finding(
        finding_id=f"I{row['intake_finding_id'][:8].upper()}", rule_id=f"intake_{row['kind']}",
        severity=row["severity"], outcome="fail",
        submitter_id=row["submitter_id"], area_code="", left="", right="", gap="",
        message_vi=f"{where}: {row['message_vi']} {row['remedy_vi']}".strip(), cells=(cell,), period=period,
        owner="submitter",
    )
