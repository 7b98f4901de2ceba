"""Rows for other programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from flows.build import exports
from infra.warehouse import open_build
from tests.warehouse_fixture import PERIOD, BuiltWarehouse, observation, whole_month, without

OBSERVATION_ID = re.compile(r"[0-9a-f]{16}")


@pytest.fixture(scope="module")
def warehouse(build_warehouse: Callable[..., BuiltWarehouse]) -> BuiltWarehouse:
    rows = without(whole_month(), submitter_id="in_cao_nguyen", indicator_id="printing_revenue")
    rows = without(rows, submitter_id="p_bcvt", indicator_id="internet_users_pct")
    return build_warehouse([
        *rows,
        observation("in_cao_nguyen", "64", "printing_revenue", "3946000000", cell="D10"),
        observation("in_cao_nguyen", "64", "printing_revenue", "2000000000", "2019-03", report_period=PERIOD),
        observation("p_bcvt", "64", "internet_users_pct", "50.09"),
        observation("p_bcvt", "64", "town_plans_commented#list", 3),
        observation("dist_622", "622", "border_panels_deployed", None, cell="C9", obs_status="L"),
        observation("dist_622", "622", "internet_agents", 5, use_status="rejected", message="old.eml"),
    ])


def _observations(warehouse: BuiltWarehouse) -> list[dict[str, str]]:
    with open_build(warehouse.settings, warehouse.build_id) as connection:
        rows = exports.observation_rows(connection, PERIOD)
    return [dict(zip(exports.OBSERVATION_COLUMNS, row, strict=True)) for row in rows]


def test_observations_in_force_with_their_place(warehouse: BuiltWarehouse) -> None:
    rows = [r for r in _observations(warehouse) if r["indicator_id"] == "printing_revenue" and r["cell"] == "D10"]
    assert OBSERVATION_ID.fullmatch(rows[0].pop("observation_id"))  # what `correct` asks for
    assert rows == [{
        "period": PERIOD, "submitter_id": "in_cao_nguyen", "area_code": "64", "indicator_id": "printing_revenue",
        "value": "3946000000", "unit": "đồng", "obs_status": "A", "qualifier": "",
        "message": "in_cao_nguyen-2019-04.eml", "file": "bieu.xlsx", "sheet": "T4", "cell": "D10",
        "raw_text": "3946000000",
    }]


def test_observations_leave_out_what_is_not_in_force(warehouse: BuiltWarehouse) -> None:
    assert "old.eml" not in {r["message"] for r in _observations(warehouse)}


def test_nothing_reported_is_an_empty_value(warehouse: BuiltWarehouse) -> None:
    row = next(r for r in _observations(warehouse) if r["cell"] == "C9")
    assert (row["value"], row["obs_status"]) == ("", "L")


def test_figure_about_a_figure_has_its_unit(warehouse: BuiltWarehouse) -> None:
    row = next(r for r in _observations(warehouse) if r["indicator_id"].endswith("#list"))
    assert (row["value"], row["unit"]) == ("3", "đồ án")


def test_month_before_stands_under_its_own_period(warehouse: BuiltWarehouse) -> None:
    assert "2019-03" in {r["period"] for r in _observations(warehouse)}


def test_figures_are_plain_numbers_in_print_order(warehouse: BuiltWarehouse) -> None:
    with open_build(warehouse.settings, warehouse.build_id) as connection:
        rows = exports.figure_rows(connection, PERIOD)
    figures = {row[1]: row for row in rows}
    assert figures["printing_revenue"] == (PERIOD, "printing_revenue", "3946000034", "đồng", "")
    assert figures["internet_users_pct"][2] == "50.09"
    assert rows[0][1] == "post_service_points_total"
    assert "telecom_bts_4g" not in figures


def test_trace_leads_to_the_cells(warehouse: BuiltWarehouse) -> None:
    with open_build(warehouse.settings, warehouse.build_id) as connection:
        rows = exports.trace_rows(connection, PERIOD, "printing_revenue")
        assert exports.trace_rows(connection, PERIOD, "no_such_indicator") == []
    traced = [dict(zip(exports.TRACE_COLUMNS, row, strict=True)) for row in rows]
    assert {(r["submitter_id"], r["cell"], r["value"]) for r in traced} == {
        ("in_cao_nguyen", "D10", "3946000000"), ("in_pho_nui", "C1", "34"),
    }


@pytest.mark.parametrize(("value", "text"), [
    (None, ""), (Decimal("0.000000"), "0"), (Decimal("-0.000000"), "0"), (Decimal("1E+3"), "1000"),
    (Decimal("88.590000"), "88.59"), (Decimal("100"), "100"), (Decimal("-1175.000000"), "-1175"),
])
def test_plain_number(value: Decimal | None, text: str) -> None:
    assert exports.plain_number(value) == text
