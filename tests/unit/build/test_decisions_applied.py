"""What decisions do to a build, and when they end by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from flows.records import Decision
from tests.people import STEWARD
from tests.warehouse_fixture import BuiltWarehouse, correction, observation, supply, whole_month, without

Build = Callable[..., BuiltWarehouse]

SLIP = observation("in_cao_nguyen", "64", "printing_pages", 3000, cell="D8")
BLANK = observation("tt_cntt", "64", "hotline_calls", None, cell="D9")
MOVED = observation("thanh_tra", "64", "citizen_receptions", 7, cell="D10")
TAKEN_BACK = observation("dai_ptth", "64", "tv_hours", 340, cell="D11")
VOIDED = observation("dai_ptth", "64", "radio_hours", 999, cell="D12")
TWICE_SENT = observation("p_cntt", "64", "gov_domains_managed", 3, cell="E30")
REPLACED = observation("bao_gia_lai", "64", "newspaper_copies", 5, cell="D13", use_status="superseded")

DECISIONS = [
    correction(SLIP, "300", "d1", decided_at="2019-04-20T09:00:00+07:00"),
    correction(SLIP, "30.5", "d2", decided_at="2019-04-21T09:00:00+07:00"),
    correction(BLANK, "426", "d3"),
    correction(MOVED, "8", "d4", basis="6"),
    correction(TAKEN_BACK, "34000", "d5"),
    Decision("d6", "withdraw", "2019-04", "d5", "", "", "Nhầm", STEWARD, "2019-04-22T09:00:00+07:00"),
    correction(VOIDED, "", "d7"),
    correction(TWICE_SENT, "2", "d8"),
    correction(REPLACED, "6", "d9"),
    correction(replace(SLIP, observation_id="feedfeedfeedfeed"), "1", "d10"),
    supply("2019-04/dist_634/634/internet_agents", "15", "s1"),
    supply("2019-04/dist_633/633/internet_agents", "99", "s2"),
    Decision("w1", "waive", "2019-04", "F12345678", "", "x", "Đã hỏi", STEWARD, "2019-04-22T09:00:00+07:00"),
]


@pytest.fixture(scope="module")
def decided(build_warehouse: Build) -> BuiltWarehouse:
    rows = whole_month()
    for odd in (SLIP, BLANK, MOVED, TAKEN_BACK, VOIDED):
        rows = without(rows, submitter_id=odd.submitter_id, indicator_id=odd.indicator_id)
    rows = without(rows, submitter_id="dist_634")
    return build_warehouse(
        [*rows, SLIP, BLANK, MOVED, TAKEN_BACK, VOIDED, TWICE_SENT, REPLACED], decisions=DECISIONS
    )


def _value(warehouse: BuiltWarehouse, indicator_id: str) -> Decimal | None:
    query = "select value from marts.fct_figures where period = '2019-04' and indicator_id = ?"
    value: Decimal | None = warehouse.value(query, [indicator_id])
    return value


@pytest.mark.parametrize(("decision_id", "status"), [
    ("d1", "replaced"), ("d2", "in_force"), ("d3", "in_force"), ("d4", "ended"), ("d5", "withdrawn"),
    ("d6", "recorded"), ("d9", "ended"), ("d10", "without_object"), ("s1", "in_force"), ("s2", "ended"),
    ("w1", "recorded"),
])
def test_each_decision_says_what_became_of_it(decided: BuiltWarehouse, decision_id: str, status: str) -> None:
    query = "select decision_status from marts.fct_decisions where decision_id = ?"
    assert decided.value(query, [decision_id]) == status


def test_correction_changes_the_figure_and_keeps_what_was_read(decided: BuiltWarehouse) -> None:
    row = decided.rows(
        "select reported_value, value, is_corrected, decision_id, raw_text, printed_decimals"
        " from marts.fct_observations where observation_id = ?", [SLIP.observation_id],
    )
    assert row == [(3000, Decimal("30.5"), True, "d2", "3000", 1)]
    assert _value(decided, "printing_pages") == 65                        # 30.5 + 34, rounded half up at the end


def test_blank_cell_can_be_filled(decided: BuiltWarehouse) -> None:
    assert _value(decided, "hotline_calls") == 426
    query = "select obs_status from marts.fct_observations where observation_id = ?"
    assert decided.value(query, [BLANK.observation_id]) == "A"


def test_correction_bound_to_another_value_does_nothing(decided: BuiltWarehouse) -> None:
    assert _value(decided, "citizen_receptions") == 7


def test_withdrawn_correction_does_nothing(decided: BuiltWarehouse) -> None:
    assert _value(decided, "tv_hours") == 340


def test_voided_figure_is_missing_not_zero(decided: BuiltWarehouse) -> None:
    query = "select value, completeness from marts.fct_figures where period = '2019-04' and indicator_id = ?"
    assert decided.rows(query, ["radio_hours"]) == [(None, "not_reported")]


def test_decided_place_speaks_for_a_figure_said_twice(decided: BuiltWarehouse) -> None:
    assert _value(decided, "gov_domains_managed") == 2


def test_supplied_figure_is_an_observation_of_the_decision(decided: BuiltWarehouse) -> None:
    row = decided.rows(
        "select value, reported_value, file, cell, use_in_total, unit_code != '' from marts.fct_observations"
        " where submitter_id = 'dist_634' and indicator_id = 'internet_agents'"
    )
    assert row == [(15, None, "(decision)", "s1", "counted", True)]
    assert _value(decided, "internet_agents") == 16 * 2 + 15


def test_supplied_figure_gives_way_to_one_that_was_sent(decided: BuiltWarehouse) -> None:
    query = "select value from marts.fct_figures_by_submitter where submitter_id = 'dist_633'" \
            " and indicator_id = 'internet_agents'"
    assert decided.value(query) == 2
