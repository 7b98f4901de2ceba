"""A part that could not be used blocks unless what came with it or later tells all that its sender owes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.records import IntakeFinding, Receipt
from tests.warehouse_fixture import (
    PERIOD,
    BuiltWarehouse,
    observation,
    receipts_of,
    supply,
    whole_month,
    without,
)

EARLY, LATE = f"{PERIOD}-16T08:00:00+07:00", f"{PERIOD}-16T02:00:01+00:00"     # an hour later


def loss(receipt: Receipt, kind: str = "truncated_file", is_loss: bool = True) -> IntakeFinding:
    return IntakeFinding(PERIOD, receipt.receipt_id, receipt.message, "cut.xlsx", "", "", kind, "warning",
                         receipt.submitter_id, f"Tệp của {receipt.message} bị cắt.", is_loss=is_loss)


def another(submitter_id: str, message: str, **columns: str) -> Receipt:
    """Return a further message of a submitter, of which nothing was read."""
    (usual, *_) = receipts_of([observation(submitter_id, "64", "printing_pages", 1, message=message)])
    return replace(usual, **columns)


@pytest.fixture(scope="module")
def kept(build_warehouse: Callable[..., BuiltWarehouse]) -> set[tuple[str, str]]:
    """(submitter, kind) of what is lost in a month in which each case is another submitter's."""
    rows = whole_month()
    rows = without(rows, submitter_id="in_pho_nui", indicator_id="printing_revenue")       # owes one figure
    rows = without(rows, submitter_id="dai_ptth", indicator_id="tv_hours")                 # the same, supplied
    rows = without(rows, submitter_id="van_phong")
    rows = [replace(row, message="later.eml", receipt_id="r-later.eml") if row.submitter_id == "vnpt" else row
            for row in rows]
    rows = [replace(row, message="half.eml", receipt_id="r-half.eml")
            if (row.submitter_id, row.indicator_id) == ("in_cao_nguyen", "printing_pages") else row for row in rows]
    receipts = [replace(r, received_at=LATE if r.message == "half.eml" else EARLY) for r in receipts_of(rows)]
    of = {r.submitter_id: r for r in receipts}
    half = next(r for r in receipts if r.message == "half.eml")
    resent = replace(of["vnpt"], received_at=LATE)
    correction = another("viettel", "sua.eml", received_at=LATE)
    before = another("vnpt", "before.eml", received_at=EARLY)
    letter = another("van_phong", "letter.eml", received_at=EARLY)
    stranger = another("", "stranger.eml", received_at=LATE)
    receipts = [*(r for r in receipts if r.submitter_id != "vnpt"), resent, correction, before, letter, stranger]
    findings = [
        loss(of["fpt"]), loss(of["sctv"], "macro", is_loss=False), loss(of["in_pho_nui"]), loss(of["dai_ptth"]),
        loss(before), loss(half), loss(correction, "password_protected"), loss(letter), loss(stranger),
        replace(loss(of["mobifone"]), receipt_id=""),
    ]
    built = build_warehouse(
        rows, receipts=receipts, intake_findings=findings,
        decisions=[supply(f"{PERIOD}/dai_ptth/64/tv_hours", "340")],
    )
    return set(built.rows("select submitter_id, kind from marts.fct_intake_findings where is_lost"))


def test_a_file_beside_all_that_is_owed_is_not_lost(kept: set[tuple[str, str]]) -> None:
    assert "fpt" not in {submitter for submitter, _ in kept}


def test_a_file_of_one_who_owes_a_figure_is_lost_until_somebody_supplies_it(kept: set[tuple[str, str]]) -> None:
    assert ("in_pho_nui", "truncated_file") in kept
    assert "dai_ptth" not in {submitter for submitter, _ in kept}


def test_a_later_file_is_lost_whatever_came_before_and_an_earlier_one_is_replaced(kept: set[tuple[str, str]]) -> None:
    assert ("viettel", "password_protected") in kept
    assert "vnpt" not in {submitter for submitter, _ in kept}


def test_a_correction_half_of_which_was_read_is_lost_where_only_what_it_corrects_tells_the_rest(
    kept: set[tuple[str, str]]
) -> None:
    assert ("in_cao_nguyen", "truncated_file") in kept


def test_a_message_of_one_who_owes_no_figures_is_lost_when_nothing_of_it_was_read(kept: set[tuple[str, str]]) -> None:
    assert ("van_phong", "truncated_file") in kept


def test_neither_a_stranger_nor_a_remark_stops_a_month(kept: set[tuple[str, str]]) -> None:
    assert kept == {("in_pho_nui", "truncated_file"), ("viettel", "password_protected"),
                    ("van_phong", "truncated_file"), ("in_cao_nguyen", "truncated_file")}
