"""Which of several observations of one place counts, and which is of another place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.warehouse_fixture import BuiltWarehouse, observation, receipts_of, whole_month, without

PLACE = ("vnpt", "622")
Build = Callable[..., BuiltWarehouse]


@pytest.fixture(scope="module")
def month(build_warehouse: Build) -> BuiltWarehouse:
    rows = [
        # a district that names its communes, one of them another district's
        observation("dist_639", "23942", "internet_agents", 7),
        observation("dist_639", "23557", "internet_agents", 5),
        # a blank row stands above the one with the figure
        observation(*PLACE, "phone_subs_fixed", None, cell="C1"),
        observation(*PLACE, "phone_subs_fixed", 5, cell="C2"),
        # the message that came last bears the earlier date
        observation(*PLACE, "phone_subs_mobile_postpaid", 5, message="a.eml"),
        observation(*PLACE, "phone_subs_mobile_postpaid", 7, message="b.eml"),
        # April's form states March too, which March itself has said
        observation(*PLACE, "phone_subs_mobile_prepaid", 3, period="2019-03", report_period="2019-03"),
        observation(*PLACE, "phone_subs_mobile_prepaid", 4, period="2019-03", report_period="2019-04", cell="B1"),
    ]
    receipts = [
        replace(r, sent_at="2019-04-14T08:00:00+07:00", received_at="2019-04-16T08:00:05+07:00")
        if r.message == "b.eml" else r for r in receipts_of(rows)
    ]
    return build_warehouse(rows, receipts=receipts)


def uses(month: BuiltWarehouse, submitter_id: str, indicator_id: str) -> list[tuple[object, ...]]:
    return month.rows(
        "select area_code, value, use_in_total from marts.fct_observations "
        "where submitter_id = ? and indicator_id = ? order by value nulls first", (submitter_id, indicator_id)
    )


def test_a_commune_of_another_district_does_not_count(month: BuiltWarehouse) -> None:
    assert uses(month, "dist_639", "internet_agents") == [("23557", 5, "other_area"), ("23942", 7, "counted")]


def test_a_figure_counts_though_a_blank_cell_of_its_place_comes_first(month: BuiltWarehouse) -> None:
    assert uses(month, "vnpt", "phone_subs_fixed") == [("622", None, "repeated"), ("622", 5, "counted")]


def test_of_two_messages_for_one_place_the_later_counts(month: BuiltWarehouse) -> None:
    assert uses(month, "vnpt", "phone_subs_mobile_postpaid") == [("622", 5, "repeated"), ("622", 7, "counted")]


def test_the_message_that_came_first_speaks_for_whether_it_was_in_time(month: BuiltWarehouse) -> None:
    said = month.rows("select message from marts.fct_submissions where submitter_id = 'vnpt' and period = '2019-04'")
    assert said == [("a.eml",)]


def test_what_a_month_said_itself_goes_before_what_the_next_one_says_of_it(month: BuiltWarehouse) -> None:
    assert uses(month, "vnpt", "phone_subs_mobile_prepaid") == [("622", 3, "counted"), ("622", 4, "other_period")]


def test_a_bound_stays_one_in_a_sum_and_makes_a_quotient_a_guess(build_warehouse: Build) -> None:
    bound = {"submitter_id": "vnpt", "area_code": "622", "indicator_id": "internet_subs_adsl"}
    month = build_warehouse([*without(whole_month(), **bound), observation(*bound.values(), 576, qualifier="gt")])
    query = "select indicator_id, qualifier from marts.fct_figures where period = '2019-04' and qualifier != ''"
    assert dict(month.rows(query)) == {
        "internet_subs_adsl": "gt", "internet_subs_broadband": "gt", "internet_subs_total": "gt",
        "internet_subs_per_100": "approx",
    }
