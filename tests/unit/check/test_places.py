from __future__ import annotations

from fractions import Fraction

import pytest

from flows.check.calls import usual_range
from flows.check.cells import Book, LastFigure
from flows.check.findings import make_finding
from flows.check.messages import message_vi
from flows.check.places import Instance
from infra.catalogue import load_catalogue
from tests.unit.check.conftest import BEFORE, PERIOD, change
from tests.unit.check.month import observation, read_truth, table

COMPLETENESS = {"submission_missing", "figure_missing", "figure_missing_but_counted"}


def failing(instances: list[Instance], *outcomes: str) -> dict[str, list[Instance]]:
    """Return what does not hold, by rule, leaving out what this small month never sends."""
    found: dict[str, list[Instance]] = {}
    for instance in instances:
        if instance.verdict.outcome in (outcomes or ("fail",)) and instance.rule.rule_id not in COMPLETENESS:
            found.setdefault(instance.rule.rule_id, []).append(instance)
    return found


def test_sound_month_has_no_failing_rule(month, judged) -> None:
    _, instances = judged(month)
    assert failing(instances) == {}
    passed = {i.rule.rule_id for i in instances if i.verdict.outcome == "pass"}
    assert {
        "phone_total_equals_parts",
        "total_equals_areas",
        "phone_stock_rolls_forward",
        "district_stations_equal_enterprises",
        "copies_per_issue_are_ordinary",
    } <= passed


def test_wrong_cell_fails_its_row_and_its_column(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 16656)
    _, instances = judged(month)
    found = failing(instances)
    assert [i.place.anchor.place for i in found["phone_total_equals_parts"]] == ["F11"]
    assert [i.place.indicator_id for i in found["total_equals_areas"]] == ["phone_subs_mobile_prepaid"]


def test_row_without_a_column_that_the_submitter_never_sends_still_adds_up(judged) -> None:
    columns = ["phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid", "phone_subs_total"]
    cells = table(PERIOD, "mobifone", columns, {"622": [10, 20, 30], "64": [10, 20, 30]})
    _, instances = judged(cells)
    rows = [i for i in instances if i.rule.rule_id == "phone_total_equals_parts" and i.place.kind == "row"]
    assert [i.verdict.outcome for i in rows] == ["pass", "pass"]


def test_blank_part_is_undecided_and_named_never_zero(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_fixed", None)
    _, instances = judged(month)
    rows = [
        i
        for i in instances
        if i.rule.rule_id == "phone_total_equals_parts"
        and i.place.area_code == "623"
        and i.place.submitter_id == "vnpt"
    ]
    assert [i.verdict.outcome for i in rows] == ["undecided"]
    assert "Thuê bao cố định" in rows[0].verdict.missing[0]
    assert "An Khê" in rows[0].verdict.missing[0]


def test_missing_part_cannot_excuse_a_total_below_its_other_parts(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_fixed", None)
    change(month, "vnpt", "623", "phone_subs_total", 100)
    _, instances = judged(month)
    assert "623" in [i.place.area_code for i in failing(instances)["phone_total_equals_parts"]]


def test_row_of_two_districts_counts_once(judged) -> None:
    counts = {"622": [5], "627+639": [8], "64": [13]}
    _, instances = judged(table(PERIOD, "vnpt", ["telecom_bts_total"], counts))
    assert "total_equals_areas" not in failing(instances)
    counts = {"622": [5], "627": [3], "639": [5], "627+639": [9], "64": [13]}
    _, instances = judged(table(PERIOD, "vnpt", ["telecom_bts_total"], counts))
    wrong = failing(instances)["total_equals_areas"]
    assert [i.place.area_code for i in wrong] == ["627+639"]


def test_each_district_of_a_lost_row_is_asked_for_and_the_own_total_is_none() -> None:
    last = {area: LastFigure(BEFORE, Fraction(8)) for area in ("627+639", "64", "622")}
    book = Book(PERIOD, load_catalogue().at(PERIOD), {}, last_areas={("vnpt", "telecom_bts_total"): last})
    assert set(book.lost_areas("vnpt", "telecom_bts_total")) == {"622", "627", "639"}


def test_district_hidden_in_a_row_of_two_is_undecided(month, judged) -> None:
    kept = [r for r in month if (r["submitter_id"], r["indicator_id"]) != ("viettel", "telecom_bts_total")]
    kept += table(PERIOD, "viettel", ["telecom_bts_total"], {"622": [90], "623": [38], "627+639": [45], "64": [173]})
    _, instances = judged(kept)
    found = [i for i in instances if i.rule.rule_id == "district_stations_equal_enterprises"]
    outcomes = {i.place.area_code: i.verdict.outcome for i in found}
    assert outcomes["627"] == outcomes["639"] == "undecided"
    assert outcomes["622"] == "pass"


def test_thousands_in_the_header_leave_room_for_rounding(judged) -> None:
    cells = [
        observation(
            PERIOD, "vnpt", area, "phone_subs_fixed", value, cell=cell, raw_text=raw, is_reported_total=area == "64"
        )
        for area, value, cell, raw in (
            ("622", "4651", "C3", "4651"),
            ("623", "1203", "C4", "1203"),
            ("64", "6000", "C5", "6"),
        )
    ]
    _, instances = judged(cells)
    assert "total_equals_areas" not in failing(instances)
    cells[2] = observation(
        PERIOD, "vnpt", "64", "phone_subs_fixed", "6000", cell="C5", raw_text="6000", is_reported_total=True
    )
    _, instances = judged(cells)
    assert "total_equals_areas" in failing(instances)


def test_decimal_point_for_thousands_is_not_a_whole_number(month, judged) -> None:
    change(month, "vnpt", "622", "phone_subs_fixed", "4.651")
    _, instances = judged(month)
    assert [i.place.anchor.place for i in failing(instances)["value_is_whole"]] == ["C10"]


def test_qualified_count_is_whole_and_within_its_bounds(judged) -> None:
    _, instances = judged(
        [observation(PERIOD, "tt_cntt", "64", "sec_spam_attacks", 576, qualifier="gt", cell="paragraph 4")]
    )
    checks = {i.rule.rule_id: i.verdict.outcome for i in instances if i.place.indicator_id == "sec_spam_attacks"}
    assert checks["value_is_whole"] == checks["value_within_bounds"] == "pass"


def test_list_is_compared_with_the_count_it_belongs_to(judged) -> None:
    cells = [
        observation(PERIOD, "tt_cntt", "64", "support_plan_districts", 5, cell="paragraph 7"),
        observation(PERIOD, "tt_cntt", "64", "support_plan_districts#list", 4, cell="paragraph 7"),
    ]
    _, instances = judged(cells)
    assert len(failing(instances)["count_equals_list"]) == 1


def test_figure_stated_twice_must_agree(month, judged) -> None:
    month.append(observation(PERIOD, "vnpt", "64", "phone_subs_total", 999, cell="D56", is_reported_total=True))
    _, instances = judged(month)
    assert [i.place.anchor.place for i in failing(instances)["figure_stated_twice_agrees"]] == ["D56"]


def test_last_month_comes_from_this_month_form_where_nothing_was_sent(month, judged) -> None:
    this_month = [r for r in month if r["report_period"] == PERIOD]
    this_month.append(observation(BEFORE, "vnpt", "64", "phone_subs_total", 121000, report_period=PERIOD, cell="H9"))
    _, instances = judged(this_month)
    wrong = failing(instances)["phone_stock_rolls_forward"]
    assert [i.place.submitter_id for i in wrong] == ["vnpt"]
    assert wrong[0].verdict.decisive.right.value == Fraction(121051)


def test_without_any_month_before_the_roll_forward_has_nothing_to_say(month, judged) -> None:
    _, instances = judged([r for r in month if r["report_period"] == PERIOD])
    assert not [i for i in instances if i.rule.rule_id == "phone_stock_rolls_forward"]


def test_submitter_unheard_last_month_is_undecided(month, judged) -> None:
    kept = [r for r in month if (r["submitter_id"], r["report_period"]) != ("vnpt", BEFORE)]
    _, instances = judged(kept)
    found = {
        i.place.submitter_id: i.verdict.outcome for i in instances if i.rule.rule_id == "phone_stock_rolls_forward"
    }
    assert found == {"vnpt": "undecided", "viettel": "pass"}


@pytest.mark.parametrize(
    ("value", "rule"),
    [(420, "row_change_is_ordinary"), (42, ""), (60, "")],
)
def test_jump_is_told_against_the_month_before(month, judged, value: int, rule: str) -> None:
    change(month, "dist_622", "622", "internet_agents", value)
    _, instances = judged(month)
    assert sorted(failing(instances)) == ([rule] if rule else [])
    assert all(i.rule.severity == "warning" for found in failing(instances).values() for i in found)


def test_prepaid_stock_that_stands_still_is_told(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 16665, period=BEFORE)
    _, instances = judged(month)
    still = failing(instances)["prepaid_stock_moves"]
    assert [(i.place.submitter_id, i.place.area_code) for i in still] == [("vnpt", "623")]


def test_submitter_without_a_message_is_named(month, judged) -> None:
    _, instances = judged(month)
    lost = {
        i.place.submitter_id
        for i in instances
        if i.rule.rule_id == "submission_missing" and i.verdict.outcome == "fail"
    }
    assert "dist_634" in lost
    assert "vnpt" not in lost


@pytest.mark.shared
@pytest.mark.parametrize("period", ["2019-03", "2019-04"])
def test_every_planted_error_is_found_at_its_place_and_nothing_else_blocks(
    shared_folder, settings, period: str
) -> None:
    import csv

    from expectations.rules import rules_in_force
    from flows.check.cells import draw_book
    from flows.check.places import apply_rules
    from infra.catalogue import load_catalogue
    from infra.warehouse import open_build
    from tests.unit.check.month import write_month

    folder = shared_folder / "field"
    months = [BEFORE] if period == BEFORE else [BEFORE, PERIOD]
    rows = [row for month in months for row in read_truth(folder / month / "truth.csv", month)]
    with open_build(settings, write_month(settings, rows, period)) as connection:
        book = draw_book(connection, load_catalogue().at(period), period)
    found = [i for i in apply_rules(book, rules_in_force(period)) if i.verdict.outcome == "fail"]
    places = [{(c.message, c.file, c.sheet, c.place) for c in map(book.cells.get, i.verdict.cells) if c} for i in found]
    with (folder / period / "planted.csv").open(encoding="utf-8") as stream:
        planted = {
            (row["message"], row["file"], row["sheet"], row["cell"])
            for row in csv.DictReader(stream)
            if row["defect_id"].startswith("F")
        }
    assert planted <= {place for cells in places for place in cells}
    unplanted = [
        i.rule.rule_id
        for i, cells in zip(found, places, strict=True)
        if i.rule.severity == "blocking" and not cells & planted
    ]
    assert set(unplanted) <= {"submission_missing"}


def test_blank_figure_blocks_unless_the_division_counts_what_the_others_make_up(judged) -> None:
    districts = [area.area_code for area in load_catalogue().at(PERIOD).districts]
    cells = [
        observation(PERIOD, f"dist_{area}", area, "internet_agents", None if area == "622" else 1, cell="C5")
        for area in districts
    ]
    for told, rule in ((16, "figure_missing_but_counted"), (17, "figure_missing"), (None, "figure_missing")):
        division = [observation(PERIOD, "p_bcvt", "64", "internet_agents", told, cell="C9")] if told else []
        _, instances = judged(cells + division)
        found = {
            i.rule.rule_id: i.verdict.outcome
            for i in instances
            if (i.place.submitter_id, i.place.indicator_id) == ("dist_622", "internet_agents")
            and i.rule.kind == "completeness"
        }
        assert found == {rule: "fail"}


@pytest.mark.parametrize(
    ("past", "kind", "value", "is_usual"),
    [
        ([1000, 1010, 1021, 1029, 1041, 1050], "stock", 1061, True),
        ([1000, 1010, 1021, 1029, 1041, 1050], "stock", 1200, False),
        ([1000, 1010, 1021, 1029, 1041, 1050], "stock", 980, False),
        ([40, 55, 38, 61, 47, 52], "flow", 66, True),
        ([40, 55, 38, 61, 47, 52], "flow", 470, False),
        ([100, 100, 100, 100, 100], "stock", 103, True),
        ([100, 100, 100, 100, 100], "stock", 104, False),
    ],
)
def test_figure_far_from_its_own_past_is_told(past: list[int], kind: str, value: int, is_usual: bool) -> None:
    expected, room = usual_range([Fraction(v) for v in past], is_stock=kind == "stock")
    assert (abs(value - expected) <= room) == is_usual


def test_past_of_five_months_is_needed(month, judged) -> None:
    change(month, "viettel", "64", "phone_subs_net_add", 51)
    figure = {"submitter_id": "vnpt", "indicator_id": "phone_subs_net_add"}
    past = [figure | {"period": f"2018-{m:02}", "value": str(50 + m % 3)} for m in range(8, 13)]
    for rows, expected in ((past[:4], []), (past, ["pass"])):
        _, instances = judged(month, rows)
        assert [i.verdict.outcome for i in instances if i.rule.rule_id == "total_is_usual"] == expected
    change(month, "vnpt", "64", "phone_subs_net_add", 510)
    _, instances = judged(month, past)
    assert "total_is_usual" in failing(instances)


def test_a_provincial_figure_outside_its_bounds_blocks(month, judged) -> None:
    assert "published_figure_within_bounds" not in failing(judged(month)[1])
    change(month, "vnpt", "622", "phone_subs_fixed", "-9999999")
    book, instances = judged(month)
    found = failing(instances)["published_figure_within_bounds"]
    assert {i.place.indicator_id for i in found} == {"phone_subs_fixed"}
    assert {make_finding(book, i).severity for i in found} == {"blocking"}


def drop(rows: list[dict], submitter: str, area: str, period: str = PERIOD) -> None:
    """Leave out every figure that a submitter's form of a month has of an area."""
    gone = (submitter, area, period)
    rows[:] = [row for row in rows if (row["submitter_id"], row["area_code"], row["period"]) != gone]


def lost(judged, rows: list[dict]) -> dict[tuple[str, str], Instance]:
    _, instances = judged(rows)
    return {(i.place.submitter_id, i.place.indicator_id): i for i in instances
            if i.rule.rule_id == "districts_not_lost" and i.verdict.outcome == "fail"}


def test_a_district_told_of_last_month_and_not_now_is_asked_for(month, judged) -> None:
    assert lost(judged, month) == {}
    drop(month, "viettel", "622")
    found = lost(judged, month)
    assert {submitter for submitter, _ in found} == {"viettel"}
    assert {indicator for _, indicator in found} >= {"phone_subs_fixed", "telecom_bts_total"}
    assert found["viettel", "phone_subs_fixed"].verdict.cells, "last month's cell, so that a waiver is bound to it"


def test_the_finding_names_the_lost_districts_largest_first_with_the_ways_out(month, judged) -> None:
    for area in ("622", "627"):
        drop(month, "vnpt", area)
    book, instances = judged(month)
    (finding,) = [i for i in instances if i.rule.rule_id == "districts_not_lost" and i.verdict.outcome == "fail"
                  and (i.place.submitter_id, i.place.indicator_id) == ("vnpt", "phone_subs_fixed")]
    text = message_vi(book, finding)
    assert text.index("Pleiku (kỳ 2019-03: 4.651)") < text.index("Chư Păh (kỳ 2019-03: 880)")
    assert "gửi lại" in text and "bổ sung" in text and "chấp nhận" in text


def test_a_row_over_several_districts_tells_of_each(month, judged) -> None:
    rows = [row | {"area_code": "622+627"} if row["area_code"] == "622" and row["period"] == PERIOD
            and row["submitter_id"] == "vnpt" else row for row in month]
    drop(rows, "vnpt", "627")
    assert lost(judged, rows) == {}


def test_a_blank_cell_and_a_figure_not_told_at_all_are_other_rules(month, judged) -> None:
    change(month, "vnpt", "622", "phone_subs_fixed", None)
    month = [row for row in month if (row["submitter_id"], row["indicator_id"], row["period"])
             != ("viettel", "telecom_bts_total", PERIOD)]
    assert lost(judged, month) == {}


def test_a_province_total_alone_tells_of_no_district(month, judged) -> None:
    for area in ("622", "623", "627", "639"):
        drop(month, "vnpt", area)
    assert ("vnpt", "phone_subs_fixed") in lost(judged, month)


def test_the_last_month_that_told_anything_is_compared_with(month, judged) -> None:
    for row in month:
        if row["period"] == BEFORE and row["submitter_id"] == "viettel":
            row["period"] = row["report_period"] = "2018-11"
    drop(month, "viettel", "639")
    assert ("viettel", "phone_subs_fixed") in lost(judged, month)
