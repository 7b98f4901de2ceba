"""A verdict never depends on its explanation: whatever the search for repairs does, the findings stand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest

from flows.check.cells import Book
from flows.check.findings import make_findings
from flows.check.places import Instance, verdict_at
from flows.check.repair import causes, records
from flows.check.repair.causes import Case, NoRepair
from flows.check.repair.problem import Problem, SearchTooLongError
from flows.check.repair.records import NO_REPAIR, make_cases
from flows.records import Finding
from tests.unit.check.conftest import BEFORE, PERIOD, change
from tests.unit.check.month import observation

Judged = tuple[Book, list[Instance]]
TOLD_BY_THE_CASE = {"case_id", "repair_vi", "repair_en"}


@pytest.fixture
def wrong(month, judged) -> Judged:
    """Two errors of one submitter, in two cases."""
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 16656)
    change(month, "vnpt", "64", "phone_subs_total", 999)
    return judged(month)


def explained(found: Judged) -> tuple[list[Finding], list[dict[str, Any]]]:
    book, instances = found
    return make_cases(book, instances, make_findings(book, instances))


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_arguments: object, **_named: object) -> Any:
        raise error

    return fail


def verdicts(findings: list[Finding]) -> list[tuple[Any, ...]]:
    names = [f.name for f in fields(Finding) if f.name not in TOLD_BY_THE_CASE]
    return [tuple(getattr(finding, name) for name in names) for finding in findings]


@pytest.mark.parametrize("part", ["find_repairs", "weave", "exchanged_figures", "_problem"])
def test_findings_stand_when_the_search_fails(
    part: str, wrong: Judged, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sound, _ = explained(wrong)
    monkeypatch.setattr(causes, part, failing(ZeroDivisionError("planted fault")))
    with caplog.at_level(logging.ERROR):
        findings, cases = explained(wrong)
    assert verdicts(findings) == verdicts(sound)
    assert sorted(f for case in cases for f in case["findings"]) == sorted(f.finding_id for f in findings)
    told = [case for case in cases if case["no_repair"] == "failed"]
    assert told and all(case["repairs"] == [] and case["no_repair_vi"] in NO_REPAIR[NoRepair.FAILED] for case in told)
    assert any("lỗi của hệ thống" in finding.repair_vi for finding in findings)
    assert "planted fault" in caplog.text and "Traceback" in caplog.text


def test_findings_stand_when_a_case_cannot_be_described(wrong: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, _ = explained(wrong)
    monkeypatch.setattr(records, "_impact", failing(KeyError("planted fault")))
    findings, cases = explained(wrong)
    assert verdicts(findings) == verdicts(sound)
    assert {case["no_repair"] for case in cases} == {"failed"}


@pytest.mark.parametrize(("error", "reason"), [(SearchTooLongError(), "too_long"), (RecursionError(), "failed")])
def test_search_that_fails_costs_only_its_own_case(
    month, judged, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 16656)
    change(month, "viettel", "639", "phone_subs_fixed", 950)
    search = causes.find_repairs

    def ends_only_for_vnpt(problem: Problem) -> Any:
        if any(variable.value == 950 for variable in problem.variables.values()):
            raise error
        return search(problem)

    monkeypatch.setattr(causes, "find_repairs", ends_only_for_vnpt)
    _, cases = explained(judged(month))
    searched = [c for c in cases if c["severity"] == "blocking" and c["no_repair"] != "missing"]
    assert {tuple(c["submitters"]): c["no_repair"] for c in searched} == {("vnpt",): "", ("viettel",): reason}


def test_a_case_has_repairs_or_says_why_not() -> None:
    with pytest.raises(ValueError, match="the reason why"):
        Case([0])
    assert set(NO_REPAIR) == set(NoRepair)
    assert all(vi and en and vi != en for vi, en in NO_REPAIR.values())


def test_rule_over_two_figures_of_last_month_has_no_repair_and_says_so(month, judged) -> None:
    """What this month's form says of last month is not what was sent then: both figures are settled."""
    stated = observation(BEFORE, "vnpt", "64", "phone_subs_total", 4000, report_period=PERIOD, cell="K10")
    change(month, "vnpt", "64", "phone_subs_net_add", 50)  # another rule over the same figures fails too
    findings, cases = explained(judged([*month, stated]))
    (found,) = [f for f in findings if f.rule_id == "last_month_stated_as_sent"]
    (case,) = [c for c in cases if c["case_id"] == found.case_id]
    assert (case["no_repair"], case["repairs"]) == ("settled", [])
    assert "tháng trước" in found.repair_vi and "last month" in found.repair_en


@pytest.mark.parametrize(("written", "slip"), [
    (120323, "hai chữ số liền nhau bị đảo"), (150233, "gõ sai một chữ số"), (12023, "thiếu một chữ số"),
])  # fmt: skip
def test_slip_in_last_months_column_is_mended_there(month, judged, written: int, slip: str) -> None:
    """120 233 then; neither this month's stock nor its growth is wrong when the form shows another."""
    month[:] = [row for row in month if (row["report_period"], row["submitter_id"]) != (BEFORE, "vnpt")]
    month.append(observation(BEFORE, "vnpt", "64", "phone_subs_total", written, report_period=PERIOD, cell="K14"))
    found = judged(month)
    findings, cases = explained(found)
    (finding,) = [f for f in findings if f.rule_id == "phone_stock_rolls_forward" and f.outcome == "fail"]
    (case,) = [c for c in cases if c["case_id"] == finding.case_id]
    (best,) = case["repairs"][0]["changes"]
    assert (best["cells"][0]["cell"], best["right"], best["slip_vi"]) == ("K14", "120233", slip)
    assert not still_failing(mended(found, finding, cases), finding.rule_id)


def test_figure_that_is_not_there_is_asked_for(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", None)
    findings, _ = explained(judged(month))
    told = {f.repair_vi for f in findings if f.rule_id == "figure_missing" and f.submitter_id == "vnpt"}
    assert told == {NO_REPAIR[NoRepair.MISSING][0]}


def mended(found: Judged, finding: Finding, cases: list[dict[str, Any]]) -> Judged:
    """Return the month after the first repair of a finding's case, all of it judged again."""
    book, instances = found
    (case,) = [c for c in cases if c["case_id"] == finding.case_id]
    right = {cell["observation_id"]: Fraction(c["right"]) for c in case["repairs"][0]["changes"] for cell in c["cells"]}
    cells = {}
    for name, cell in book.cells.items():
        decimals = len(str(float(right[name])).rstrip("0").partition(".")[2]) if name in right else 0
        cells[name] = (
            replace(cell, value=right[name], printed_decimals=decimals, half_unit=Fraction(1, 2 * 10**decimals)
                    if cell.half_unit else cell.half_unit) if name in right else cell
        )
    book = Book(book.period, book.catalogue, cells, book.figures, book.statuses)
    places = [replace(i.place, anchor=i.place.anchor and cells[i.place.anchor.cell_id]) for i in instances]
    pairs = zip(instances, places, strict=True)
    return book, [replace(i, place=p, verdict=verdict_at(book, i.rule, p)) for i, p in pairs]


def still_failing(found: Judged, rule_id: str) -> list[Instance]:
    return [i for i in found[1] if i.rule.rule_id == rule_id and i.verdict.outcome == "fail"]


def test_copies_that_are_not_issues_times_run_get_a_repair(month, judged) -> None:
    place = {"file": "(body)", "cell": "body"}
    month.append(observation(PERIOD, "bao_gia_lai", "64", "newspaper_copies#run", 9280, **place))
    change(month, "bao_gia_lai", "64", "newspaper_copies", 223000)
    found = judged(month)
    findings, cases = explained(found)
    (finding,) = [f for f in findings if f.rule_id == "copies_equal_issues_times_run"]
    assert "223.000 → 232.000 (hai chữ số liền nhau bị đảo)" in finding.repair_vi
    assert still_failing(found, finding.rule_id) and not still_failing(mended(found, finding, cases), finding.rule_id)


@pytest.mark.parametrize("written", ["450.5", "4.505", "4505"])
def test_percentage_with_its_comma_in_the_wrong_place_gets_it_back(month, judged, written: str) -> None:
    """100 of 222 communes."""
    month.append(observation(PERIOD, "vnpost", "64", "press_communes_same_day", 100, cell="C80"))
    month.append(observation(PERIOD, "vnpost", "64", "press_communes_same_day_pct", written, cell="C81"))
    found = judged(month)
    findings, cases = explained(found)
    rule_id = "press_same_day_pct_rounds_from_parts"
    (finding,) = [f for f in findings if f.rule_id == rule_id and f.submitter_id == "vnpost" and f.outcome == "fail"]
    assert "→ 45,05 (dấu phẩy thập phân đặt sai chỗ)" in finding.repair_vi
    assert not still_failing(mended(found, finding, cases), finding.rule_id)


def test_count_that_is_not_whole_gets_its_thousands_back(month, judged) -> None:
    """No sum binds it: that it must be a whole number is all there is to go by."""
    change(month, "dist_622", "622", "internet_agents", "4.651")
    findings, _ = explained(judged(month))
    (finding,) = [f for f in findings if f.rule_id == "value_is_whole"]
    assert "→ 4.651 (dấu chấm hàng nghìn bị hiểu thành dấu thập phân)" in finding.repair_vi
