"""Months: the month before as stated in the forms, and expected × received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from flows.records import Document, IntakeFinding, NarrativeItem
from tests.warehouse_fixture import PERIOD, BuiltWarehouse, observation, receipts_of, whole_month, without

Build = Callable[..., BuiltWarehouse]


@pytest.fixture(scope="module")
def first_month(build_warehouse: Build) -> BuiltWarehouse:
    """April alone; two forms state March beside it, one states February."""
    rows = without(whole_month(), submitter_id="sctv")
    rows += [
        observation("bao_gia_lai", "64", "newspaper_issues", 20, "2019-03", report_period=PERIOD, cell="C4"),
        observation("vnpt", "622", "phone_subs_fixed", 5, "2019-03", report_period=PERIOD, cell="C4"),
        observation("vnpost", "64", "post_bdvhx_total", 160, "2019-03", report_period=PERIOD, cell="C5"),
        observation("vnpt", "64", "phone_subs_total", 90, "2019-03", report_period=PERIOD, cell="C5"),
        observation("bao_gia_lai", "64", "newspaper_issues", 19, "2019-02", report_period=PERIOD, cell="B4"),
    ]
    receipts = [
        replace(r, status={"fpt": "late", "dist_622": "rejected"}.get(r.submitter_id, r.status))
        for r in receipts_of(rows)
    ]
    reply = replace(receipts[0], receipt_id="r-reply", message="reply.eml", status="late",
                    submitter_id="vnpt", sent_at="2019-04-19T08:00:00+07:00")
    item = NarrativeItem(PERIOD, "vnpt", "I", "BCVT", "Mở tổng đài", "r-vnpt-2019-04.eml", "vnpt.eml", "a.docx", "p 9")
    finding = IntakeFinding(PERIOD, "r-vnpt-2019-04.eml", "vnpt.eml", "a.docx", "", "p 9", "unknown_label",
                            "warning", "vnpt", "Không hiểu nhãn “abc”.")
    return build_warehouse(
        rows, receipts=[*receipts, reply], narrative_items=[replace(item, place="p 10"), item],
        intake_findings=[finding, finding],
        documents=[Document("r-vnpt-2019-04.eml", "vnpt.eml", "bieu.xlsx", "ab" * 32, 10, "")],
    )


def _previous(warehouse: BuiltWarehouse, indicator_id: str) -> tuple:
    return warehouse.rows(
        "select previous_value, is_previous_stated, previous_completeness, year_to_date, year_to_date_months"
        " from reports.rpt_figures where indicator_id = ?", [indicator_id],
    )[0]


def test_month_before_comes_from_this_months_forms(first_month: BuiltWarehouse) -> None:
    assert _previous(first_month, "newspaper_issues") == (20, True, "complete", 34, 1)


def test_month_before_stated_by_some_only_is_incomplete(first_month: BuiltWarehouse) -> None:
    assert _previous(first_month, "phone_subs_fixed") == (5, True, "incomplete", None, None)


def test_total_stated_without_its_parts_is_the_month_before(first_month: BuiltWarehouse) -> None:
    assert _previous(first_month, "post_bdvhx_total")[:3] == (160, True, "complete")
    sources = "select count(*) from marts.fct_figure_sources where period = '2019-03' and indicator_id = ?"
    assert first_month.value(sources, ["post_bdvhx_total"]) == 1


def test_total_stated_by_some_only_is_not_the_month_before(first_month: BuiltWarehouse) -> None:
    assert _previous(first_month, "phone_subs_total")[:3] == (None, True, "not_reported")


def test_change_is_told_only_between_complete_figures(first_month: BuiltWarehouse) -> None:
    query = "select change from reports.rpt_figures where indicator_id = ?"
    assert first_month.value(query, ["newspaper_issues"]) == 34 - 20
    assert first_month.value(query, ["phone_subs_fixed"]) is None


def test_older_month_is_kept_but_not_used(first_month: BuiltWarehouse) -> None:
    query = "select use_in_total from marts.fct_observations where period = '2019-02'"
    assert first_month.value(query) == "other_period"


def test_stated_month_expects_no_submissions(first_month: BuiltWarehouse) -> None:
    assert first_month.rows("select distinct period from marts.fct_submissions") == [(PERIOD,)]


@pytest.mark.parametrize(("submitter_id", "status"), [
    ("vnpt", "received"), ("fpt", "late"), ("dist_622", "rejected"), ("sctv", "missing"), ("van_phong", "missing"),
])
def test_every_submitter_has_a_status(first_month: BuiltWarehouse, submitter_id: str, status: str) -> None:
    query = "select status from marts.fct_submissions where submitter_id = ?"
    assert first_month.value(query, [submitter_id]) == status


def test_submission_counts_what_came_with_it(first_month: BuiltWarehouse) -> None:
    row = first_month.rows(
        "select due_at, message, n_narrative_items, n_intake_findings from marts.fct_submissions"
        " where submitter_id = 'vnpt'"
    )
    assert row == [("2019-04-18T17:00:00+07:00", "vnpt-2019-04.eml", 2, 1)]


def test_work_items_keep_the_order_of_the_document(first_month: BuiltWarehouse) -> None:
    rows = first_month.rows("select place, is_in_force from marts.fct_narrative_items order by item_order")
    assert rows == [("p 10", True), ("p 9", True)]


def test_same_intake_finding_is_said_once(first_month: BuiltWarehouse) -> None:
    assert first_month.value("select count(*) from marts.fct_intake_findings") == 1


def test_figure_names_the_bytes_in_the_archive(first_month: BuiltWarehouse) -> None:
    query = "select distinct document_sha256 from marts.fct_observations where submitter_id = 'vnpt'"
    assert first_month.value(query) == "ab" * 32


def test_later_month_is_not_in_the_build(build_warehouse: Build) -> None:
    april = build_warehouse(whole_month())
    assert april.rows("select distinct period from marts.fct_figures") == [(PERIOD,)]


def test_two_findings_that_differ_in_any_field_have_two_ids(build_warehouse: Build) -> None:
    """A twin under a third name, a line quoted differently: the month is built, and each is told."""
    figure = observation("vnpt", "622", "phone_subs_fixed", 5)
    where = "r-vnpt-2019-04.eml", "vnpt.eml", "a", "", "p 9"
    one = IntakeFinding(PERIOD, *where, "unknown_label", "warning", "vnpt", "Không hiểu nhãn.")
    others = [replace(one, **{field.name: True if field.name == "is_loss" else "z"}) for field in fields(one)
              if field.name not in ("period", "severity")]
    findings = [one, one, replace(one, severity="note"), *others]
    built = build_warehouse([figure], receipts=receipts_of([figure]), intake_findings=findings)
    assert built.value("select count(*) from marts.fct_intake_findings") == len(findings) - 1
