"""The judge's process, its results, and the overlay of waivers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from flows.check import explain, load_findings, overlay_waivers
from flows.check.findings import check_folder, read_findings
from flows.check.judge import Judge, start_judge
from flows.records import Decision, Finding
from infra.errors import CatalogueError, OperationError, SubmissionError
from infra.settings import PROJECT, Settings, load_settings
from infra.warehouse import set_current_build
from tests.unit.check.conftest import PERIOD, change, sound_month
from tests.unit.check.month import BUILD, observation, write_month

HEARD = ["mobifone", "vietnamobile", "fpt", "sctv", "van_phong"]


class Ledger:
    """The decisions of a month, as the real ledger answers."""

    def __init__(self, *decisions: Decision) -> None:
        self.kept = list(decisions)

    def decisions_in_force(self, period: str | None = None) -> list[Decision]:
        return self.kept


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    with start_judge(load_settings(tmp_path_factory.mktemp("judge"))) as running:
        yield running


@pytest.fixture
def wrong_month(settings: Settings) -> str:
    rows = sound_month()
    change(rows, "vnpt", "623", "phone_subs_mobile_prepaid", 16656)
    return write_month(settings, rows, PERIOD, heard=HEARD)


def check_and_follow(judge: Judge, settings: Settings, build_id: str) -> list[Finding]:
    """Check a build and let readers follow it, as a month does."""
    found = judge.check(settings, PERIOD, build_id)
    set_current_build(settings, PERIOD, build_id, judge.check_name)
    return found


def waiver(finding: Finding, **more: str) -> Decision:
    return replace(
        Decision("D1", "waive", PERIOD, finding.finding_id, "", finding.basis, "đã hỏi lại", "Lan", ""), **more
    )


def test_check_writes_findings_report_and_pages(judge: Judge, settings: Settings, wrong_month: str) -> None:
    findings = judge.check(settings, PERIOD, wrong_month)
    blocking = [f for f in findings if f.severity == "blocking" and not f.rule_id.endswith("_missing")]
    assert {f.rule_id for f in blocking} == {"phone_total_equals_parts", "total_equals_areas"}
    row = next(f for f in blocking if f.rule_id == "phone_total_equals_parts")
    assert (row.left, row.right, row.gap) == ("19908", "19899", "9")
    for part in ("vnpt.xlsx", "F11", "19.908", "19.899", "9 thuê bao", "An Khê"):
        assert part in row.message_vi
    assert "16656" in [c.value for c in row.cells]
    folder = check_folder(settings, judge.check_name)
    report = json.loads((folder / "validation_report.json").read_text(encoding="utf-8"))
    assert report["counts"]["fail"] == sum(1 for f in findings if f.outcome == "fail")
    assert {"rule_id", "place", "outcome", "left", "right", "imbalance", "severity"} <= set(report["results"][0])
    page = (folder / "data_docs" / "index.html").read_text(encoding="utf-8")
    assert row.message_vi.split(".")[0] in page
    assert "https://" not in page and "http://" not in page


def test_same_build_gives_the_same_findings_and_is_judged_once(
    judge: Judge, settings: Settings, wrong_month: str
) -> None:
    first = judge.check(settings, PERIOD, wrong_month)
    assert judge.check(settings, PERIOD, wrong_month) == first
    assert judge.timings == {"reused": 0.0}
    (check_folder(settings, judge.check_name) / "findings.json").unlink()
    assert judge.check(settings, PERIOD, wrong_month) == first


def test_findings_that_are_not_what_was_written_are_never_explained(
    judge: Judge, settings: Settings, wrong_month: str
) -> None:
    found = check_and_follow(judge, settings, wrong_month)[0]
    folder = check_folder(settings, judge.check_name)
    (folder / "cases.json").write_bytes(b"[{")
    assert found.repair_vi in explain(settings, PERIOD, found.finding_id)
    (folder / "findings.json").write_bytes(b"[]")
    with pytest.raises(OperationError, match="not checked"):
        explain(settings, PERIOD, found.finding_id)


def test_finding_without_a_repair_says_so(judge: Judge, settings: Settings) -> None:
    stated = observation("2019-03", "vnpt", "622", "phone_subs_fixed", 4000, report_period=PERIOD, cell="K10")
    build = write_month(settings, [*sound_month(), stated], PERIOD, heard=HEARD)
    found = next(f for f in check_and_follow(judge, settings, build) if f.rule_id == "last_month_stated_as_sent")
    text = explain(settings, PERIOD, found.finding_id)
    assert found.repair_vi in text and found.repair_en in text and "tháng trước" in found.repair_vi


def test_explanation_names_the_cell_its_value_and_the_slip(judge: Judge, settings: Settings, wrong_month: str) -> None:
    findings = check_and_follow(judge, settings, wrong_month)
    text = explain(settings, PERIOD, next(f.finding_id for f in findings if f.rule_id == "total_equals_areas"))
    assert "16.656 → 16.665" in text
    assert "hai chữ số liền nhau bị đảo" in text
    assert "Di động trả trước" in text
    with pytest.raises(SubmissionError, match="no finding"):
        explain(settings, PERIOD, "F00000000")


def test_waiver_holds_for_exactly_these_values_until_its_date(
    judge: Judge, settings: Settings, wrong_month: str
) -> None:
    findings = judge.check(settings, PERIOD, wrong_month)
    target = findings[0]

    def decided(decision: Decision, now: str = "2019-04-20T08:00:00+07:00") -> str:
        found = overlay_waivers(findings, [decision], now)
        return next(f.decision for f in found if f.finding_id == target.finding_id)

    assert decided(waiver(target)) == "waived"
    assert decided(waiver(target, basis="other values")) == ""
    assert decided(waiver(target, expires_at="2019-04-20")) == "waived"
    assert decided(waiver(target, expires_at="2019-04-19")) == ""
    assert decided(waiver(target, expires_at="2019-04-20T00:30:00Z")) == ""
    midnight_in_hanoi = "2019-04-20T17:00:00+00:00"
    assert decided(waiver(target, expires_at="2019-04-20"), "2019-04-20T16:59:59.999999+00:00") == "waived"
    assert decided(waiver(target, expires_at="2019-04-20"), midnight_in_hanoi) == ""
    assert decided(waiver(target, expires_at="2019-04-21"), midnight_in_hanoi) == "waived"
    assert decided(waiver(target, kind="correct")) == ""


def test_waiver_ends_when_a_value_moves(judge: Judge, settings: Settings, wrong_month: str) -> None:
    before = {f.finding_id: f for f in judge.check(settings, PERIOD, wrong_month)}
    rows = sound_month()
    change(rows, "vnpt", "623", "phone_subs_mobile_prepaid", 16600)
    (settings.home / "warehouse" / f"{BUILD}.duckdb").unlink()
    (check_folder(settings, judge.check_name) / "findings.json").unlink()
    write_month(settings, rows, PERIOD, heard=HEARD)
    after = {f.finding_id: f for f in judge.check(settings, PERIOD, BUILD)}
    moved = next(i for i, f in before.items() if f.rule_id == "phone_total_equals_parts")
    assert moved in after
    assert after[moved].basis != before[moved].basis


def test_findings_of_the_current_build_carry_their_waivers(judge: Judge, settings: Settings, wrong_month: str) -> None:
    set_current_build(settings, PERIOD, wrong_month)
    with pytest.raises(OperationError, match="not checked"):
        load_findings(settings, Ledger(), PERIOD)
    target = check_and_follow(judge, settings, wrong_month)[0]
    found = load_findings(settings, Ledger(waiver(target)), PERIOD)
    assert [f.finding_id for f in found if f.decision == "waived"] == [target.finding_id]


def test_build_that_is_not_there_is_told_in_words(judge: Judge, settings: Settings) -> None:
    with pytest.raises(OperationError, match="no build"):
        judge.check(settings, PERIOD, "ffffffff")


def test_month_without_a_catalogue_is_told_in_words(judge: Judge, settings: Settings, wrong_month: str) -> None:
    with pytest.raises(CatalogueError, match="1999-01"):
        judge.check(settings, "1999-01", wrong_month)


def test_engine_that_raises_is_our_fault(settings: Settings) -> None:
    """A frame without a column that the suite names: the engine raises, and nobody's figures are blamed."""
    code = """
import pandas
from expectations.suites import failing_rows, import_engine, open_context
from infra.errors import OperationError
context = open_context(import_engine())
rows = {"row_id": ["0#0", "1#0"], "gap": [0, 10**30], "lowest": [0, 0], "highest": [0, 0]}
assert failing_rows(context, {"sums": pandas.DataFrame(rows, dtype=object)}) == {"sums": {"1#0"}}
del rows["lowest"]
try:
    failing_rows(context, {"other": pandas.DataFrame(rows, dtype=object)})
except OperationError as error:
    print("told:", error.args[0][:60])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.startswith("told: The engine could not evaluate")


def test_judge_that_dies_is_told_in_words_and_another_takes_its_place(settings: Settings, wrong_month: str) -> None:
    with start_judge(settings) as running:
        running.process.wait_until_ready()
        os.kill(running.process.pid, signal.SIGSTOP)
        threading.Timer(0.5, os.kill, (running.process.pid, signal.SIGKILL)).start()
        with pytest.raises(OperationError, match="judge stopped half-way"):
            running.check(settings, PERIOD, wrong_month)
        assert running.check(settings, PERIOD, wrong_month)


def test_fault_of_the_judge_leaves_its_traceback_in_the_log_it_names(settings: Settings, wrong_month: str) -> None:
    (settings.home / "checks").write_text("a file where the folder should be")
    with start_judge(settings) as running, pytest.raises(OperationError) as caught:
        running.check(settings, PERIOD, wrong_month)
    log = settings.home / "logs" / "check.log"
    assert str(log) in caught.value.message_vi
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_reading_findings_does_not_import_what_only_the_judge_needs() -> None:
    code = (
        "import sys, flows.check; flows.check.read_findings; "
        "print([m for m in ('great_expectations', 'pandas', 'scipy', 'duckdb', 'yaml', 'sqlglot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_no_check_means_no_findings(tmp_path: Path) -> None:
    assert read_findings(tmp_path) == []
