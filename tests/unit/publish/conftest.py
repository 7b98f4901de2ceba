"""One April made by hand: every printed figure, some districts and units, work items of both parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from flows import publish
from flows.publish.outline import load_outline
from flows.publish.press import Press
from flows.publish.report import build_report
from flows.publish.report_data import Figure, ReportData, SourceCell, Statement, Submission
from flows.records import Edition, Grounds, NarrativeItem, Passage
from infra.archive import Archive
from infra.catalogue import load_catalogue
from infra.ledger import Ledger
from infra.settings import Settings
from infra.warehouse import intact_sha256

PERIOD = "2019-04"

# In the order of the report of April 2019; the two stale ratios as the rules compute them.
PRINTED = {
    "online_services_l4_target": ("30", "ge"),
    "gov_domains_managed": "2",
    "town_plans_commented": "3",
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
    "post_bdvhx_commune_pct": "88.59",
    "unit_communes_rural": "184",
    "post_service_radius_km": "4.46",
    "post_persons_per_point": "5902",
    "press_communes_same_day": "213",
    "unit_communes_all": "222",
    "press_communes_same_day_pct": "95.95",
    "telecom_bts_total": "1650",
    "telecom_bsc": "7",
    "phone_subs_net_add": "5716",
    "phone_subs_total": "1306834",
    "phone_subs_fixed": "33767",
    "phone_subs_mobile_postpaid": "92885",
    "phone_subs_mobile_prepaid": "1180182",
    "phone_subs_per_100": "89.28",
    "internet_subs_net_add": "1350",
    "internet_subs_total": "92844",
    "internet_subs_dialup": "0",
    "internet_subs_broadband": "92844",
    "internet_subs_per_100": "6.34",
    "internet_users_pct": "50.09",
    "internet_agents": "640",
    "border_panels_deployed": "2",
    "commune_radio_new": "3",
    "book_fairs_held": "1",
    "newspaper_issues": "25",
    "newspaper_copies": "232000",
    "radio_hours": "1095",
    "radio_hours_ethnic": "75",
    "tv_hours": "3397",
    "tv_hours_ethnic": "60",
    "printing_pages": "125722000",
    "printing_revenue": "3946000000",
    "inspections_joined": "1",
    "citizen_receptions": "0",
    "complaints_received": "0",
    "complaints_backlog": "0",
    "petitions_other_resolved": "1",
    "corruption_signs": "0",
    "sec_spam_attacks": ("576", "gt"),
    "sec_ddos_attacks": ("574", "gt"),
    "sec_foreign_ips_blocked": "11",
    "sec_source_countries": "3",
    "sec_firewall_ips_blocked": "2",
    "sec_units_cleaned": "2",
    "support_plan_districts": "5",
    "videoconf_sessions": "3",
    "hotline_calls": "426",
}

ITEMS = (
    ("p_cntt", "I", "CNTT", "Bảo trì hệ thống thư điện tử công vụ của tỉnh", "paragraph 3"),
    ("p_cntt", "II", "CNTT", "Chuẩn bị hội thảo chuyên đề.", "paragraph 9"),
    ("thanh_tra", "I", "THANHTRA", "Tiếp dân: không phát sinh.", "paragraph 3"),
    ("thanh_tra", "I", "THANHTRA", "Xử lý 01 đơn phản ánh về quảng cáo.", "paragraph 4"),
    ("tt_cntt", "I", "DVSN", "Chặn 11 địa chỉ lạ từ Trung Quốc, Nam Phi, Hà Lan", "body"),
    ("tt_cntt", "I", "DVSN", "Phục vụ 03 cuộc họp trực tuyến của tỉnh.", "body"),
    ("tt_cntt", "I", "DVSN", "Kiểm tra 03 máy chủ.", "body"),
    ("vnpost", "I", "BCVT", "Mở thêm ca phát sáng.", "paragraph 2"),
    ("dist_622", "I", "TTBCXB", "Phát 12 bản tin trên loa.", "paragraph 4"),
    ("dist_622", "I", "KHAC", "Trực cơ quan đầy đủ.", "paragraph 5"),
    ("dist_623", "II", "BCVT", "Rà soát đại lý Internet.", "paragraph 8"),
    ("dist_624", "II", "BCVT", "Rà soát đại lý Internet.", "paragraph 8"),
)


def make_item(unit: str, part: Any, section: str, text: str, place: str, status: Any = "in_force") -> NarrativeItem:
    return NarrativeItem(PERIOD, unit, part, section, text, f"r-{unit}", f"{unit}.eml", f"{unit}.docx", place, status)


def make_statement(unit: str, indicator_id: str, value: str, raw_text: str, place: str) -> Statement:
    return Statement(indicator_id, Decimal(value), Decimal(value), raw_text, f"r-{unit}", f"{unit}.docx", place)


def make_figure(name: str, given: str | tuple[str, str]) -> Figure:
    value, qualifier = given if isinstance(given, tuple) else (given, "")
    return Figure(name, Decimal(value), qualifier, previous=Decimal(value), change=Decimal(0))


def make_source(name: str, unit: str, area: str, value: str, cell: str) -> SourceCell:
    figure = Decimal(value)
    return SourceCell(
        name,
        f"{name}-{unit}-{area}"[:16],
        PERIOD,
        unit,
        area,
        name,
        figure,
        figure,
        "x",
        "A",
        "",
        False,
        "",
        f"r-{unit}",
        f"{unit}.eml",
        "Biểu 01.xlsx",
        "Tháng 4",
        cell,
        value,
    )


@pytest.fixture
def april() -> ReportData:
    catalogue = load_catalogue().at(PERIOD)
    submissions = tuple(
        Submission(
            row.submitter_id, "missing" if row.submitter_id == "dist_634" else "received", f"{row.submitter_id}.eml"
        )
        for row in catalogue.submitters
    )
    return ReportData(
        PERIOD,
        "build0001",
        catalogue,
        figures={
            row.indicator_id: make_figure(row.indicator_id, PRINTED[row.indicator_id])
            for row in sorted(catalogue.indicators, key=lambda r: r.print_order)
            if row.indicator_id in PRINTED
        },
        by_district={
            ("622", "telecom_bts_total"): Decimal(200),
            ("623", "telecom_bts_total"): Decimal(100),
            ("633+639", "telecom_bts_total"): Decimal(7),
        },
        by_submitter={
            ("vnpt", "telecom_bts_total"): Decimal(650),
            ("viettel", "telecom_bts_total"): Decimal(1000),
            ("vnpost", "post_offices"): Decimal(28),
        },
        reported_totals={},
        by_submitter_district={
            ("vnpt", "622", "telecom_bts_total"): Decimal(120),
            ("viettel", "622", "telecom_bts_total"): Decimal(80),
        },
        submissions=submissions,
        narrative=tuple(make_item(*row) for row in ITEMS),
        statements=(
            make_statement("thanh_tra", "citizen_receptions", "0", "không phát sinh", "paragraph 3"),
            make_statement("thanh_tra", "petitions_other_resolved", "1", "01", "paragraph 4"),
            make_statement("tt_cntt", "sec_foreign_ips_blocked", "11", "11", "body"),
            make_statement("tt_cntt", "sec_source_countries", "3", "Trung Quốc, Nam Phi, Hà Lan", "body"),
            make_statement("tt_cntt", "videoconf_sessions", "3", "03", "body"),
        ),
        sources=(
            make_source("telecom_bts_total", "vnpt", "622", "120", "C10"),
            make_source("telecom_bts_total", "viettel", "622", "80", "K7"),
        ),
    )


@pytest.fixture
def change_figure(april: ReportData) -> Callable[..., ReportData]:
    """Return the month with one figure changed: `change_figure("post_agents", value=None, …)`."""

    def change(name: str, **changes: Any) -> ReportData:
        return replace(april, figures={**april.figures, name: replace(april.figures[name], **changes)})

    return change


@pytest.fixture
def print_report() -> Callable[[ReportData], str]:
    """Return the text of the report of a month, a paragraph a line."""
    return lambda data: "\n".join(row.text for row in build_report(data, load_outline()).paragraphs)


def passage(settings: Settings, ledger: Ledger, period: str, build_id: str) -> Passage:
    """Return what the gate gives for a build without findings and without decisions."""
    view = ledger.view(period)
    grounds = Grounds(view.inputs_sha256, "", "", "", *view.head, decisions=(), waived=(), rules={})
    return Passage(period, build_id, intact_sha256(settings, build_id), (), (), grounds)


def publish_edition(
    settings: Settings, archive: Archive, ledger: Ledger, period: str, build_id: str, read_report: Any = None
) -> Edition:
    """Publish a build that the gate let pass."""
    passed = passage(settings, ledger, period, build_id)
    return publish.publish_edition(settings, archive, ledger, passed, Press(settings, passed, read_report))
