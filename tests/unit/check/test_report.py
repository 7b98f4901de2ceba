from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from flows.check.report import check_report, compare_figures
from flows.check.report_text import ReportText, heading_gaps, list_length, malformed_references, references_on_days_off
from flows.check.report_text import unknown_communes as communes
from flows.records import ReportedFigure
from infra.catalogue import load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)


def figure(indicator: str, value: str, place: str = "line 1", raw: str = "", qualifier: str = "") -> ReportedFigure:
    decimals = len(value.partition(".")[2])
    return ReportedFigure(indicator, Decimal(value), qualifier, decimals, place, raw or value)


def outcomes(*figures: ReportedFigure, text: str = "") -> dict[tuple[str, str], str]:
    found = check_report(figures, [("line 1", text)], CATALOGUE, PERIOD)
    return {(v.rule_id, v.subject): v.outcome for v in found}


def text_of(*lines: str, figures: tuple[ReportedFigure, ...] = ()) -> ReportText:
    return ReportText(
        [(f"line {n}", line) for n, line in enumerate(lines, 1)], {f.indicator_id: f for f in figures}, CATALOGUE
    )


@pytest.mark.parametrize(
    ("printed", "outcome"), [("88.59", "pass"), ("88.58", "fail"), ("88.6", "pass"), ("89", "pass")]
)
def test_printed_ratio_is_judged_by_the_precision_it_has(printed: str, outcome: str) -> None:
    found = outcomes(
        figure("post_bdvhx_commune_pct", printed),
        figure("post_bdvhx_total", "163"),
        figure("unit_communes_rural", "184"),
    )
    assert found["bdvhx_commune_pct_rounds_from_parts", ""] == outcome


def test_every_definition_of_a_figure_gets_its_verdict() -> None:
    parts = {
        "post_service_points_total": "248",
        "post_bdvhx_total": "163",
        "post_bdvhx_active": "158",
        "post_bdvhx_suspended": "5",
        "post_offices": "28",
        "post_agents": "3",
        "post_mailboxes_standalone": "25",
        "post_company_branches": "7",
        "post_representative_offices": "8",
        "post_single_member_llcs": "1",
        "post_delivery_points": "1",
        "post_viettel_district_routes": "17",
    }
    found = outcomes(*(figure(name, value) for name, value in parts.items()))
    rule = "published_figure_follows_definition"
    assert found[rule, "nine_categories_active"] == "pass"
    assert found[rule, "nine_categories_all"] == "fail"
    assert found[rule, "ministry_four_categories"] == "fail"


def test_figure_that_the_report_does_not_print_leaves_the_rule_undecided() -> None:
    found = outcomes(figure("phone_subs_total", "1306834"), figure("phone_subs_fixed", "33767"))
    assert found["phone_total_equals_parts", ""] == "undecided"


def test_failing_ratio_names_the_count_that_would_fit() -> None:
    figures = [figure("post_service_radius_km", "4.48"), figure("post_service_points_total", "248")]
    verdict = next(v for v in check_report(figures, [], CATALOGUE, PERIOD) if "R09" in v.codes)
    assert verdict.outcome == "fail"
    assert "246" in verdict.message_vi


def test_month_before_settles_the_roll_forward() -> None:
    figures = [figure("phone_subs_total", "1306834"), figure("phone_subs_net_add", "5716")]
    for before, outcome in ((1301118, "pass"), (1301119, "fail")):
        found = check_report(figures, [], CATALOGUE, PERIOD, {"phone_subs_total": Fraction(before)})
        assert next(v.outcome for v in found if v.rule_id == "phone_stock_rolls_forward") == outcome


def test_communes_are_looked_up_in_the_district_named_after_them() -> None:
    text = text_of(
        "tại xã Ia Chia của huyện Ia Grai, xã Ia Pnôm của huyện Đức Cơ",
        "đài xã: Xã Ia O; Xã Ia Chía (huyện Ia Grai); Xã Ia Krêl (huyện Đức Cơ); xã Nghĩa Hưng chưa rõ huyện",
    )
    assert [spot.text.split(",")[0] for spot in communes(text)] == ["xã Ia Pnôm", "xã Ia Chía"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("số 996/QĐ- UBND ngày 28/9/2018", []),
        ("số 28/2018/QĐ-TTg; 36-NQ/TW; 12-CT/TU; 160/2018/NĐ-CP", []),
        ("số 11/QĐ-UNBD ngày 05/01/2019", ["11/QĐ-UNBD"]),
        ("có 213/222 xã", []),
        ("24/2015/TT-BTTTT", []),
    ],
)
def test_references_are_read_in_both_styles(text: str, wrong: list[str]) -> None:
    assert [spot.text for spot in malformed_references(text_of(text))] == wrong


@pytest.mark.parametrize(
    ("day", "is_off"),
    [("05/01/2019", False), ("06/01/2019", True), ("12/3/2019", False), ("15/6/2014", False)],
)
def test_make_up_saturday_is_a_working_day(day: str, is_off: bool) -> None:
    """A weekend date of a year whose make-up days are not known is left open."""
    found = list(references_on_days_off(text_of(f"Quyết định số 11/QĐ-UBND ngày {day} của Chủ tịch")))
    assert bool(found) == is_off


def test_headings_count_from_one_in_each_part() -> None:
    lines = ["I. KẾT QUẢ THÁNG 4:", "1. Một:", "- việc", "2. Hai:", "II. CHƯƠNG TRÌNH THÁNG 5:", "1. Ba:", "3. Bốn:"]
    assert [spot.text for spot in heading_gaps(text_of(*lines))] == ["3. Bốn:"]


@pytest.mark.parametrize(
    ("text", "raw", "length"),
    [
        ("chặn 2 ip 104 28 27 86 và 104 28 26 86 trên thiết bị", "2", 2),
        ("chặn 2 ip 104.28.27.86 trên", "2", 1),
        ("mới 3 đài: Xã Ia O; Xã Ia Chía (huyện Ia Grai); Xã Ia Krêl (huyện Đức Cơ). Xã Ia Dom sau", "3", 3),
        ("tổ chức 03 cuộc họp", "03", None),
    ],
)
def test_list_after_a_count_is_measured(text: str, raw: str, length: int | None) -> None:
    report = text_of(text, figures=(figure("sec_firewall_ips_blocked", "2", raw=raw),))
    assert list_length(report, "sec_firewall_ips_blocked") == length


def test_figure_that_is_not_the_warehouses_is_named_with_both_values() -> None:
    figures = [
        figure("post_persons_per_point", "5958"),
        figure("sec_spam_attacks", "576"),
        figure("radio_hours", "1095"),
    ]
    ours = {
        "post_persons_per_point": (Fraction(5902), ""),
        "sec_spam_attacks": (Fraction(576), "gt"),
        "radio_hours": (Fraction(1095), ""),
    }
    found = compare_figures(figures, ours, CATALOGUE)
    assert [d.indicator_id for d in found] == ["post_persons_per_point", "sec_spam_attacks"]
    assert "5.958" in found[0].message_vi and "5.902" in found[0].message_vi


@pytest.mark.shared
def test_published_report_gets_the_verdicts_worked_out_by_hand(shared_folder) -> None:
    from benchmarks.seed_verdicts import EXPECTED, verdicts

    assert verdicts() == EXPECTED
