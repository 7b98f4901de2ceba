"""Check: a warehouse → findings, their causes, their repairs.

`flows.check.judge` runs the check in a process of its own; what is here reads its results and is light to import.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.check.findings import check_folder, has_findings, read_findings
from flows.records import Decision, Finding
from infra.errors import OperationError, SubmissionError
from infra.settings import Settings
from infra.vietnamese import moment

__all__ = ["explain", "load_findings", "overlay_waivers"]


def load_findings(settings: Settings, ledger: Any, period: str, now: str = "") -> list[Finding]:
    """Return the findings of the current build of a month, with the waivers in force laid over them.

    Args:
        settings: Where the home is.
        ledger: The ledger that holds the decisions.
        period: "2019-04".
        now: The moment at which a waiver's expiry is judged, ISO 8601; empty for this moment.

    Raises:
        OperationError: The month was not built, or its current build was not checked.
    """
    folder = _checked_folder(settings, period)
    decisions = ledger.decisions_in_force(period)
    return overlay_waivers(read_findings(folder), decisions, now or settings.now().isoformat())


def overlay_waivers(findings: Iterable[Finding], decisions: Iterable[Decision], now: str) -> list[Finding]:
    """Return the findings, those marked "waived" that a waiver of exactly these values covers.

    A waiver is bound to one finding and to the hash of what was judged; when a value moves it ends, and when its
    date has passed it ends.
    """
    waivers = {d.target: d for d in decisions if d.kind == "waive"}
    return [replace(f, decision="waived") if _covers(waivers.get(f.finding_id), f, now) else f for f in findings]


def explain(settings: Settings, period: str, finding_id: str) -> str:
    """Return a finding explained: the case it belongs to, its cells, the repairs that would make all rules hold.

    Raises:
        OperationError: The month was not checked.
        SubmissionError: There is no such finding in the month.
    """
    from flows.check.explanation import explain_finding

    folder = _checked_folder(settings, period)
    findings = {finding.finding_id: finding for finding in read_findings(folder)}
    finding = findings.get(finding_id.strip().upper())
    if finding is None:
        raise SubmissionError(
            f"Không có phát hiện {finding_id} trong tháng {period}.",
            f"There is no finding {finding_id} in {period}.",
            remedy_vi=f"Xem danh sách bằng “tonghop findings --period {period}”.",
        )
    return explain_finding(folder, findings, finding)


def _checked_folder(settings: Settings, period: str) -> Path:
    """Return where the results of a month's current build are; refuse when there are none that can be believed."""
    from infra.warehouse import current_check

    folder = check_folder(settings, current_check(settings, period) or "none")
    if not has_findings(folder):
        raise OperationError(
            f"Kho số liệu hiện tại của tháng {period} chưa được kiểm tra.",
            f"The current warehouse of {period} was not checked.",
            place=str(folder),
            remedy_vi=f"Chạy lại “tonghop month {period}”.",
        )
    return folder


def _covers(waiver: Decision | None, finding: Finding, now: str) -> bool:
    if waiver is None or waiver.basis != finding.basis:
        return False
    return not waiver.expires_at or moment(waiver.expires_at) >= moment(now)


