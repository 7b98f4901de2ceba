"""What stops a month: every finding that blocks and that nobody has decided, and nothing else; rules that changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from expectations.rules import load_rules
from flows.gate import change_sentence, changed_rules, rule_state
from flows.records import Finding, RuleChange
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


@pytest.mark.parametrize(("changes", "severity", "told"), [
    ({"severity": "note"}, "note", "nay là “lưu ý”"),
    ({"severity": "warning"}, "warning", "nay là “cảnh báo”"),
    ({"expression": "submitted() >= 0"}, "blocking", "nội dung đã đổi"),
    ({"conditions": ("0 = 1",)}, "blocking", "nội dung đã đổi"),
    ({"until": "2019-03"}, "blocking", "nội dung đã đổi"),
    ({"at": ("district",)}, "blocking", "nội dung đã đổi"),
])
def test_a_rule_that_asks_less_or_otherwise_than_in_the_last_edition_is_said(
    changes: dict[str, object], severity: str, told: str
) -> None:
    rule = next(rule for rule in load_rules() if rule.rule_id == "submission_missing")
    changed = replace(rule, **changes)  # type: ignore[arg-type]
    (found,) = changed_rules({"r": rule_state(rule)}, {"r": rule_state(changed)})
    assert found == RuleChange("r", "blocking", severity)
    assert told in change_sentence(found)


def test_a_rule_that_is_gone_is_said_and_a_heavier_or_a_new_one_is_not() -> None:
    rule = next(rule for rule in load_rules() if rule.rule_id == "submission_missing")
    light, heavy = rule_state(replace(rule, severity="note")), rule_state(rule)
    assert changed_rules({"a": heavy, "b": light}, {"b": heavy, "c": heavy}) == (RuleChange("a", "blocking", ""),)
    assert changed_rules({"a": heavy}, {"a": rule_state(replace(rule, label_vi="khác", place="khác"))}) == ()
