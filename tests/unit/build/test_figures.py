"""What the submissions come to: sums, what is missing, what counts once and what does not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from expectations import language
from flows.records import Observation
from infra.catalogue import load_catalogue
from tests.warehouse_fixture import BuiltWarehouse, observation, receipts_of, whole_month, without

FIGURE = "select {} from marts.fct_figures where period = '2019-04' and indicator_id = ?"
Build = Callable[..., BuiltWarehouse]


@pytest.fixture(scope="module")
def two_months(build_warehouse: Build) -> BuiltWarehouse:
    """March and April, whole; April's radio broadcast ten hours more."""
    april = without(whole_month(), indicator_id="radio_hours")
    return build_warehouse([*whole_month("2019-03"), *april, observation("dai_ptth", "64", "radio_hours", 44)])


@pytest.fixture(scope="module")
def odd_month(build_warehouse: Build) -> BuiltWarehouse:
    """April with one oddity for each of several submitters; see the tests."""
    rows = [o for o in whole_month() if not _is_replaced(o)]
    rows += _combined_rows() + _own_totals() + _communes() + _bounds() + _twice()
    receipts = [
        replace(r, status="quarantined") if r.submitter_id == "nobody" else r for r in receipts_of(rows)
    ]
    return build_warehouse(rows, receipts=receipts)


def _is_replaced(row: Observation) -> bool:
    return (row.submitter_id, row.indicator_id) in {
        ("vnpost", "post_agents"), ("tt_cntt", "sec_spam_attacks"), ("in_pho_nui", "printing_pages"),
        ("bao_gia_lai", "newspaper_issues"), ("vnpt", "internet_subs_dialup"),
        ("in_cao_nguyen", "printing_revenue"), ("in_pho_nui", "printing_revenue"),
    } or (row.submitter_id, row.indicator_id, row.area_code) in {
        ("vnpt", "phone_subs_fixed", "635"), ("vnpt", "phone_subs_fixed", "624"),
        ("mobifone", "phone_subs_mobile_postpaid", "622"),
        ("vnpost", "post_mailboxes_standalone", "622"), ("dist_639", "internet_agents", "639"),
        ("vietnamobile", "telecom_bts_total", "622"),
    }


def _combined_rows() -> list[Observation]:
    return [
        observation("vnpt", "635+624", "phone_subs_fixed", 4),
        observation("vnpt", "635", "phone_subs_fixed", None),
        observation("viettel", "622+623", "phone_subs_fixed", 4),
        observation("mobifone", "622+623", "phone_subs_mobile_postpaid", 4),
    ]


def _own_totals() -> list[Observation]:
    return [
        observation("vnpost", "64", "post_offices", 35, is_reported_total=True),
        observation("vnpost", "64", "post_agents", 12, is_reported_total=True),
        observation("vnpost", "622", "post_mailboxes_standalone", None),
        observation("vietnamobile", "622", "telecom_bts_total", None, obs_status="M"),
        observation("vietnamobile", "64", "telecom_bsc", 3),
        observation("vnpt", "64", "phone_subs_total", 99, is_reported_total=True),
    ]


def _communes() -> list[Observation]:
    return [
        observation("dist_639", "23942", "internet_agents", 7),
        observation("dist_639", "23971", "internet_agents", 2),
        observation("dist_622", "23557", "internet_agents", 1),
        observation("dist_622", "623", "internet_agents", 9),
    ]


def _bounds() -> list[Observation]:
    return [
        observation("tt_cntt", "64", "sec_spam_attacks", 576, qualifier="gt"),
        observation("in_pho_nui", "64", "printing_pages", 10, qualifier="ge"),
    ]


def _twice() -> list[Observation]:
    same = {"observation_id": "5a3e5a3e5a3e5a3e", "file": "(body)", "cell": "body"}
    return [
        observation("p_cntt", "64", "gov_domains_managed", 34, cell="D9"),
        observation("p_bcvt", "64", "town_plans_commented", 35, cell="D9"),
        observation("in_cao_nguyen", "64", "printing_revenue", 0, **same),
        observation("in_pho_nui", "64", "printing_revenue", 0, **same),
        observation("dist_626", "626", "internet_agents", 48, cell="C2", use_status="superseded"),
        observation("nobody", "64", "hotline_calls", 1000),
        *_twin(),
    ]


def _twin() -> list[Observation]:
    """The same document in two messages: each figure has one key, whichever message is in force."""
    figure = observation("vnpt", "622", "telecom_bts_total", 2)
    return [
        replace(figure, message=message, receipt_id=f"r-{message}", use_status="duplicate")
        for message in ("a-twin.eml", "z-twin.eml")
    ]


def _figure(warehouse: BuiltWarehouse, indicator_id: str, columns: str = "value, completeness") -> tuple:
    return warehouse.rows(FIGURE.format(columns), [indicator_id])[0]


def test_whole_month_misses_nothing(two_months: BuiltWarehouse) -> None:
    not_complete = two_months.rows("""
        select indicator_id, completeness, missing from marts.fct_figures
        where completeness != 'complete' and indicator_id not in (
            select indicator_id from marts.dim_indicators
            where aggregation = 'sum_submitters' and indicator_id like 'telecom_bts_%g'
        )""")
    assert not_complete == []


def test_provincial_figure_sums_its_sources(two_months: BuiltWarehouse) -> None:
    assert _figure(two_months, "phone_subs_fixed") == (68, "complete")          # vnpt and viettel, 17 × 2 each


def test_cross_checks_are_never_added(two_months: BuiltWarehouse) -> None:
    assert _figure(two_months, "telecom_bts_total") == (4 * 34, "complete")     # four enterprises, no district
    assert _figure(two_months, "internet_agents") == (17 * 2, "complete")       # districts, not P.BCVT's count
    compared = "select value from marts.fct_figures_by_submitter where period = '2019-04' and submitter_id = ?" \
               " and indicator_id = ? and provision_role = 'cross_check'"
    assert two_months.value(compared, ["p_bcvt", "internet_agents"]) == 34


def test_indicator_nobody_is_asked_for_has_no_figure(two_months: BuiltWarehouse) -> None:
    assert _figure(two_months, "telecom_bts_4g", "value, completeness, n_sources") == (None, "not_reported", 0)


def test_formulas_equal_exact_arithmetic(two_months: BuiltWarehouse) -> None:
    catalogue = load_catalogue().at("2019-04")
    figures = dict(two_months.rows("select indicator_id, value_exact from marts.fct_figures where period = '2019-04'"))
    published = dict(two_months.rows("select indicator_id, value from marts.fct_figures where period = '2019-04'"))
    values = {row.reference_id: Fraction(row.value) for row in catalogue.reference_figures}
    values |= {name: Fraction(value) for name, value in figures.items() if value is not None}
    derived = [d for d in catalogue.definitions if d.is_current and d.expression != d.indicator_id]
    assert len(derived) > 10
    for definition in derived:
        exact = language.evaluate(definition.expression, values)
        decimals = catalogue.indicator_by_id[definition.indicator_id].decimals
        assert exact is not None
        assert published[definition.indicator_id] == language.round_half_up(exact, decimals), definition


def test_every_figure_is_traced_through_its_formula(two_months: BuiltWarehouse) -> None:
    count = "select count(*) from marts.fct_figure_sources where period = '2019-04' and indicator_id = ?"
    assert two_months.value(count, ["phone_subs_fixed"]) == 2 * 17
    assert two_months.value(count, ["phone_subs_per_100"]) == (2 + 4 + 4) * 17  # fixed, postpaid, prepaid
    assert two_months.value(count, ["unit_communes_all"]) == 0                  # the register, not a submission


def test_register_figures_name_the_register(two_months: BuiltWarehouse) -> None:
    assert _figure(two_months, "unit_communes_rural", "value, definition_id") == (184, "register")


def test_previous_month_change_and_year_to_date(two_months: BuiltWarehouse) -> None:
    row = two_months.rows("""
        select previous_value, change, change_pct, year_to_date, year_to_date_months, is_year_to_date_complete,
            is_previous_stated
        from reports.rpt_figures where period = '2019-04' and indicator_id = 'radio_hours'""")
    assert row == [(34, 10, Decimal("29.41"), 78, 2, False, False)]


def test_stocks_have_no_year_to_date(two_months: BuiltWarehouse) -> None:
    query = "select year_to_date from reports.rpt_figures where period = '2019-04' and indicator_id = ?"
    assert two_months.value(query, ["phone_subs_fixed"]) is None


def test_row_over_several_districts_counts_once(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "phone_subs_fixed", "value, missing") == (68, [])


def test_subtotal_beside_its_members_is_not_added(odd_month: BuiltWarehouse) -> None:
    assert _use(odd_month, "viettel", "622+623", "phone_subs_fixed") == "inside_other_rows"


def test_empty_row_of_a_district_inside_a_combined_row_misses_nothing(odd_month: BuiltWarehouse) -> None:
    assert _use(odd_month, "vnpt", "635", "phone_subs_fixed") == "inside_other_rows"


def test_district_inside_a_combined_row_is_incomplete_by_itself(odd_month: BuiltWarehouse) -> None:
    query = "select completeness, missing from marts.fct_figures_by_district" \
            " where indicator_id = 'phone_subs_fixed' and area_code = ?"
    assert odd_month.rows(query, ["635"]) == [("incomplete", ["vnpt"])]
    assert odd_month.rows(query, ["635+624"]) == [("complete", [])]
    assert odd_month.rows(query, ["622"]) == [("complete", [])]


def test_combined_row_half_inside_other_rows_is_named_missing(odd_month: BuiltWarehouse) -> None:
    figure = _figure(odd_month, "phone_subs_mobile_postpaid", "value, completeness, missing")
    assert figure == (4 * 34 - 2, "incomplete", ["mobifone/622+623"])
    assert _use(odd_month, "mobifone", "622+623", "phone_subs_mobile_postpaid") == "partly_inside_other_rows"


def test_typed_total_stands_beside_ours(odd_month: BuiltWarehouse) -> None:
    query = "select value, reported_total from marts.fct_figures_by_submitter" \
            " where submitter_id = ? and indicator_id = ?"
    assert odd_month.rows(query, ["vnpost", "post_offices"]) == [(34, 35)]
    assert odd_month.rows(query, ["vnpt", "phone_subs_total"]) == [(3 * 34, 99)]


def test_a_figure_that_counts_is_not_also_a_total_beside_it(two_months: BuiltWarehouse) -> None:
    query = "select count(*) from marts.fct_figures_by_submitter where reported_total is not null"
    assert two_months.value(query) == 0


def test_own_total_counts_where_no_district_is_given(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "post_agents") == (12, "complete")
    by_district = "select value, completeness from marts.fct_figures_by_district where indicator_id = 'post_agents'" \
                  " and area_code = ?"
    assert odd_month.rows(by_district, ["64"]) == [(12, "complete")]
    assert odd_month.rows(by_district, ["622"]) == [(None, "not_reported")]


def test_blank_row_makes_the_figure_incomplete_never_zero(odd_month: BuiltWarehouse) -> None:
    figure = _figure(odd_month, "post_mailboxes_standalone", "value, completeness, n_missing, missing")
    assert figure == (32, "incomplete", 1, ["vnpost/622"])


def test_missing_part_spreads_to_what_rests_on_it(odd_month: BuiltWarehouse) -> None:
    figure = _figure(odd_month, "post_service_points_total", "completeness, missing")
    assert figure == ("incomplete", ["vnpost/622"])


def test_figure_nobody_sent_has_no_value(odd_month: BuiltWarehouse) -> None:
    figure = _figure(odd_month, "newspaper_issues", "value, completeness, missing")
    assert figure == (None, "not_reported", ["bao_gia_lai"])


def test_what_cannot_exist_is_not_missing(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "telecom_bts_total") == (4 * 34 - 2, "complete")


def test_communes_stand_in_for_their_district_only_where_it_has_no_row(odd_month: BuiltWarehouse) -> None:
    query = "select value from marts.fct_figures_by_submitter" \
            " where submitter_id = ? and indicator_id = 'internet_agents'"
    assert odd_month.value(query, ["dist_639"]) == 9
    assert odd_month.value(query, ["dist_622"]) == 2


def test_district_cannot_report_for_another_one(odd_month: BuiltWarehouse) -> None:
    assert _use(odd_month, "dist_622", "623", "internet_agents") == "other_area"


def test_bounds_are_carried_through_sums(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "sec_spam_attacks", "value, qualifier") == (576, "gt")
    assert _figure(odd_month, "printing_pages", "value, qualifier") == (44, "ge")


def test_figure_said_twice_counts_once(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "gov_domains_managed") == (34, "complete")
    conflicts = odd_month.rows("select distinct indicator_id from marts.fct_observations where has_conflict")
    assert conflicts == [("town_plans_commented",)]


def test_same_text_of_two_submitters_keeps_both_figures(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "printing_revenue", "value, n_sources, n_missing") == (0, 2, 0)


def test_superseded_and_quarantined_figures_do_not_count(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "hotline_calls") == (34, "complete")
    query = "select use_in_total from marts.fct_observations where value in (48, 1000)"
    assert odd_month.rows(query) == [("not_in_force",)] * 2


def test_twin_of_a_message_neither_hides_nor_doubles_its_figures(odd_month: BuiltWarehouse) -> None:
    query = "select message, is_in_force from marts.fct_observations" \
            " where submitter_id = 'vnpt' and area_code = '622' and indicator_id = 'telecom_bts_total'"
    assert odd_month.rows(query) == [("vnpt-2019-04.eml", True)]


def test_figure_nobody_asked_for_is_kept_and_named(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "telecom_bsc") == (3 * 34, "complete")
    assert _use(odd_month, "vietnamobile", "64", "telecom_bsc") == "not_agreed"


def test_reference_figure_stands_in_where_nobody_reports(odd_month: BuiltWarehouse) -> None:
    assert _figure(odd_month, "internet_subs_dialup", "value, definition_id") == (0, "reference_figure")


def test_optional_part_that_was_not_sent_leaves_the_sum_whole(odd_month: BuiltWarehouse) -> None:
    query = "select indicator_id, completeness from marts.fct_figures_by_submitter where period = '2019-04' " \
        "and submitter_id = 'vnpt' and indicator_id in ('internet_subs_dialup', 'internet_subs_total')"
    assert dict(odd_month.rows(query)) == {"internet_subs_dialup": "not_reported", "internet_subs_total": "complete"}


def test_optional_figure_counts_when_sent(two_months: BuiltWarehouse) -> None:
    assert _figure(two_months, "internet_subs_dialup", "value, definition_id") == (34, "")


def test_agreement_with_a_kind_gives_each_of_its_submitters_one_row(two_months: BuiltWarehouse) -> None:
    query = "select count(*) from marts.fct_figures_by_submitter where period = '2019-04'" \
            " and indicator_id = 'internet_agents' and provision_role = 'source'"
    assert two_months.value(query) == 17


def test_ratio_and_partial_sum_have_no_district_figures(two_months: BuiltWarehouse) -> None:
    rows = dict(two_months.rows(
        "select indicator_id, max(value) from marts.fct_figures_by_district where period = '2019-04' group by all"))
    assert rows["phone_subs_total"] == 2 * (2 + 4 + 4)                # fixed, postpaid, prepaid: all by district
    assert rows["internet_subs_total"] == 2 * (2 + 4)                 # dial-up is asked of nobody by district
    assert "post_service_points_total" not in rows                    # couriers' points are not known by district
    assert "phone_subs_per_100" not in rows


def _use(warehouse: BuiltWarehouse, submitter_id: str, area_code: str, indicator_id: str) -> str:
    query = "select use_in_total from marts.fct_observations" \
            " where submitter_id = ? and area_code = ? and indicator_id = ?"
    return str(warehouse.value(query, [submitter_id, area_code, indicator_id]))
