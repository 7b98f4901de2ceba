"""June and July 2025: the districts' province ends, the communes' begins. Nothing is summed or compared across."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from expectations.rules import load_rules
from expectations.sql import rule_query
from flows.check.cells import Book, draw_book
from flows.check.places import apply_rules
from flows.publish.extracts import dictionary_csv, extract_rows
from flows.publish.report_data import ReportData, load_report_data
from infra.catalogue import load_catalogue
from infra.warehouse import open_build
from tests.warehouse_fixture import BuiltWarehouse, observation, whole_month

Build = Callable[..., BuiltWarehouse]
JUNE, JULY, AUGUST = "2025-06", "2025-07", "2025-08"
COMMUNES = 135
REUSED = "23563"  # a ward of Pleiku until June, another and larger one since


@pytest.fixture(scope="module")
def three_months(build_warehouse: Build) -> BuiltWarehouse:
    rows = [row for period in (JUNE, JULY, AUGUST) for row in whole_month(period)]
    rows.append(observation("vnpt", REUSED, "phone_subs_fixed", 90, JUNE, cell="D9"))
    return build_warehouse(rows, AUGUST)


@pytest.fixture(scope="module")
def july(build_warehouse: Build) -> BuiltWarehouse:
    rows = [row for period in (JUNE, JULY) for row in whole_month(period)]
    rows.append(observation("vnpt", REUSED, "phone_subs_fixed", 90, JUNE, cell="D9"))
    return build_warehouse(rows, JULY)


@pytest.fixture(scope="module")
def july_report(july: BuiltWarehouse) -> ReportData:
    with open_build(july.settings, july.build_id) as connection:
        return load_report_data(connection, load_catalogue().at(JULY), JULY, july.build_id)


@pytest.fixture(scope="module")
def july_book(july: BuiltWarehouse) -> Book:
    with open_build(july.settings, july.build_id) as connection:
        return draw_book(connection, load_catalogue().at(JULY), JULY)


def test_provincial_figures_are_sums_over_districts_then_over_communes(three_months: BuiltWarehouse) -> None:
    query = "select period, value, completeness from marts.fct_figures where indicator_id = ? order by period"
    assert three_months.rows(query, ["internet_agents"]) == [
        (JUNE, 2 * 17, "complete"), (JULY, 2 * COMMUNES, "complete"), (AUGUST, 2 * COMMUNES, "complete"),
    ]


def test_every_commune_has_its_row(three_months: BuiltWarehouse) -> None:
    query = "select count(*) from marts.fct_figures_by_district where period = ? and indicator_id = 'phone_subs_total'"
    assert [three_months.value(query, [month]) for month in (JUNE, JULY)] == [17, COMMUNES]


def test_the_break_is_a_status_and_no_change(three_months: BuiltWarehouse) -> None:
    rows = three_months.rows(
        "select period, previous_value, previous_status, change, year_to_date, year_to_date_months, year_to_date_status"
        " from reports.rpt_figures where indicator_id = 'hotline_calls' order by period")
    assert rows == [
        (JUNE, None, "A", None, 34, 1, "A"), (JULY, 34, "B", None, 34, 1, "B"), (AUGUST, 34, "A", 0, 68, 2, "B"),
    ]


def test_each_month_of_the_extract_has_the_province_of_that_month(three_months: BuiltWarehouse) -> None:
    rows = three_months.rows(
        "select period, area_code, obs_status from reports.rpt_extract"
        " where indicator_id = 'hotline_calls' order by period")
    assert rows == [(JUNE, "64", "A"), (JULY, "52", "B"), (AUGUST, "52", "A")]


def test_the_published_extract_says_b_and_its_dictionary_what_that_means(july_report: ReportData) -> None:
    rows = extract_rows(july_report)
    assert {row.OBS_STATUS for row in rows if row.OBS_VALUE is not None} == {"B"}
    assert {row.REF_AREA for row in rows if row.REPORTING_UNIT == "_T" and len(row.REF_AREA) == 2} == {"52"}
    dictionary = dictionary_csv(july_report).decode("utf-8-sig")
    assert 'OBS_STATUS,B,"Gián đoạn chuỗi' in dictionary and "52 is the province" in dictionary


def test_no_rule_compares_with_the_old_province_or_the_old_ward(july_book: Book) -> None:
    assert not [cell for cell in july_book.cells.values() if cell.report_period == JUNE]
    assert (JUNE, "phone_subs_total") not in july_book.figures
    assert not july_book.history
    comparing = [rule for rule in load_rules() if "prev(" in rule.expression and rule.holds_in(JULY)]
    assert comparing and apply_rules(july_book, comparing) == []


def test_what_a_form_itself_says_of_last_month_is_compared(build_warehouse: Build) -> None:
    rows = [
        observation("vnpt", "52", "phone_subs_total", 100, JULY, cell="D4"),
        observation("vnpt", "52", "phone_subs_total", 90, JUNE, report_period=JULY, cell="C4"),
        observation("vnpt", "52", "phone_subs_net_add", 11, JULY, cell="D5"),
    ]
    warehouse = build_warehouse(rows, JULY)
    with open_build(warehouse.settings, warehouse.build_id) as connection:
        book = draw_book(connection, load_catalogue().at(JULY), JULY)
    rule = next(rule for rule in load_rules() if rule.rule_id == "phone_stock_rolls_forward")
    assert [instance.verdict.outcome for instance in apply_rules(book, [rule])] == ["fail"]


def test_the_rules_of_districts_end_with_them() -> None:
    ended = {"district_stations_equal_enterprises", "district_press_equals_post", "viettel_routes_equal_districts"}
    assert not ended & {rule.rule_id for rule in load_rules() if rule.holds_in(JULY)}
    assert ended <= {rule.rule_id for rule in load_rules() if rule.holds_in(JUNE)}


@pytest.mark.parametrize("rule_id", ["row_change_is_ordinary", "phone_stock_rolls_forward"])
def test_the_query_of_a_rule_sees_no_month_before_the_break(july: BuiltWarehouse, rule_id: str) -> None:
    rule = next(rule for rule in load_rules() if rule.rule_id == rule_id)
    name = "phone_subs_fixed" if rule.indicators else ""
    query = rule_query(rule, "row" if name else "submitter", load_catalogue().at(JULY), name)
    outcomes = {row[-1] for row in july.rows(query.replace(":period", f"'{JULY}'"))}
    assert outcomes <= {"undecided", "not_applicable"}


def test_a_commune_is_one_of_its_own_units(july_book: Book) -> None:
    assert july_book.communes(REUSED) == july_book.communes(REUSED, ("ward",)) == 1
    assert july_book.communes("52") == COMMUNES and july_book.communes("52", ("rural_commune",)) == 110
