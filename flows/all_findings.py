"""Every finding of a month in one list: the verdicts of the rules, and what reading the files found odd."""

from __future__ import annotations

import hashlib
from typing import Any

from flows.build.inputs import is_about_path
from flows.check import explain, load_findings
from flows.readings import load_month
from flows.receipts import why_believed
from flows.records import CellReference, Finding, IntakeFinding
from infra.errors import SubmissionError
from infra.ledger import open_ledger
from infra.settings import Settings
from infra.vietnamese import SEVERITY_VI
from infra.warehouse import fetch, open_current

MOST_SENDERS = 8
INTAKE_COLUMNS = ("intake_finding_id", "kind", "severity", "submitter_id", "message", "file", "sheet", "cell",
                  "raw_text", "message_vi", "remedy_vi", "receipt_id")


def list_findings(settings: Settings, period: str) -> list[Finding]:
    """Return the verdicts that are no pass, then the intake findings as rules named "intake_<kind>".

    Raises:
        OperationError: The month was not built or not checked.
    """
    verdicts = load_findings(settings, open_ledger(settings), period)
    return [*verdicts, *(_as_finding(period, row) for row in _intake_rows(settings, period))]


def explain_finding(settings: Settings, period: str, finding_id: str) -> str:
    """Return any finding of a month (of the latest one for "") explained: a verdict, or what reading found odd.

    Raises:
        OperationError: The month was not built or not checked.
        SubmissionError: There is no such finding, or no month yet.
    """
    period = period or _latest_period(settings)
    row = intake_row(settings, period, finding_id)
    if row:
        return "\n".join([_explained(row), *_believed(settings, period, {row["receipt_id"]})])
    text, wanted = explain(settings, period, finding_id), finding_id.strip().upper()
    verdicts = load_findings(settings, open_ledger(settings), period)
    concerned = {c.receipt_id for f in verdicts if f.finding_id.upper() == wanted for c in f.cells}
    return "\n".join([text, *_believed(settings, period, concerned)])


def intake_row(settings: Settings, period: str, finding_id: str) -> dict[str, Any] | None:
    """Return the intake finding that is listed under this id, None when it is no intake finding of the month."""
    wanted = finding_id.strip().upper()
    if not wanted.startswith("I"):
        return None
    return next((row for row in _intake_rows(settings, period) if _listed_id(row) == wanted), None)


def _intake_rows(settings: Settings, period: str) -> list[dict[str, Any]]:
    query = f"select {', '.join(INTAKE_COLUMNS)} from marts.fct_intake_findings where period = ? order by message, file"
    with open_current(settings, period) as connection:
        rows = fetch(connection, query, period)
    paths = [f for r in load_month(settings, period) if is_about_path(r) for f in r.reading.findings]
    return [*map(_of_path, paths), *(dict(zip(INTAKE_COLUMNS, row, strict=True)) for row in rows)]


def _of_path(finding: IntakeFinding) -> dict[str, Any]:
    row = {name: getattr(finding, name) for name in INTAKE_COLUMNS if name != "intake_finding_id"}
    return row | {"intake_finding_id": hashlib.sha256(finding.message.encode()).hexdigest()}


def _listed_id(row: dict[str, Any]) -> str:
    return f"I{row['intake_finding_id'][:8].upper()}"


def _place(row: dict[str, Any]) -> str:
    return " › ".join(part for part in (row["message"], row["file"], row["sheet"], row["cell"]) if part)


def _explained(row: dict[str, Any]) -> str:
    lines = [f"{SEVERITY_VI[row['severity']].capitalize()} {_listed_id(row)} (intake_{row['kind']})", row["message_vi"]]
    told = {"Tại": _place(row), "Nguyên văn": row["raw_text"], "Cách xử lý": row["remedy_vi"]}
    lines += [f"  {name}: {text}" for name, text in told.items() if text]
    lines.append("Thấy khi đọc thư, không phải kết luận của quy tắc nào. (Found while reading; no rule's verdict.)")
    return "\n".join(lines)


def _believed(settings: Settings, period: str, receipt_ids: set[str]) -> list[str]:
    """Return who sent the messages that a finding is about, and why that was believed or not."""
    ledger = open_ledger(settings)
    told = [(r.message, why_believed(r)) for r in ledger.receipts(period) if r.receipt_id in receipt_ids]
    lines = [f"  {message}: {why}" for message, why in told[:MOST_SENDERS] if why]
    return ["Người gửi · senders:", *lines] if lines else []


def _latest_period(settings: Settings) -> str:
    periods = [receipt.period for receipt in open_ledger(settings).receipts()]
    if not periods:
        raise SubmissionError("Chưa có tháng nào trong kho.", "There is no month yet.",
                              remedy_vi="Chạy tonghop month trước, hoặc thêm --period.")
    return max(periods)


def _as_finding(period: str, row: dict[str, Any]) -> Finding:
    cell = CellReference("", row["submitter_id"], "", "", period, row["raw_text"], row["message"], row["file"],
                         row["sheet"], row["cell"], row["receipt_id"])
    return Finding(
        finding_id=_listed_id(row), rule_id=f"intake_{row['kind']}",
        severity=row["severity"], outcome="fail",
        submitter_id=row["submitter_id"], area_code="", left="", right="", gap="",
        message_vi=f"{_place(row)}: {row['message_vi']} {row['remedy_vi']}".strip(), cells=(cell,), period=period,
        owner="submitter",
    )
