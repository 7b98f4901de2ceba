"""What stops a month: every finding that blocks and that nobody has decided, and nothing else."""

from __future__ import annotations

from itertools import product

from flows.records import Finding
from flows.steps import open_blocking

SEVERITIES = ("blocking", "warning", "note")
OUTCOMES = ("fail", "undecided")
DECISIONS = ("", "waived")


def finding(severity: str, outcome: str, decision: str) -> Finding:
    return Finding(
        finding_id=f"{severity}-{outcome}-{decision}", rule_id="total_equals_areas", severity=severity,  # type: ignore[arg-type]
        outcome=outcome, submitter_id="vnpt", area_code="64", left="2", right="3", gap="-1",  # type: ignore[arg-type]
        message_vi="", message_en="", cells=(), period="2019-04", owner="submitter", decision=decision, basis="b",
    )


def test_a_blocking_finding_without_a_decision_stops_the_month_and_no_other_does() -> None:
    findings = [finding(*facts) for facts in product(SEVERITIES, OUTCOMES, DECISIONS)]
    assert [f.finding_id for f in open_blocking(findings)] == ["blocking-fail-", "blocking-undecided-"]
