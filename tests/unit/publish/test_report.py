"""What the report says: figures in order, wording that follows the figure, every work item in its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from flows.publish.narrative import item_key
from flows.publish.outline import TextEntry, check_outline, load_outline
from flows.publish.report import build_report
from flows.publish.report_data import ReportData
from flows.records import CellReference, Decision, Finding
from infra.errors import CatalogueError, OperationError
from tests.unit.publish.conftest import PERIOD, PRINTED, make_item, make_statement

HEADINGS = [
    "I. TÌNH HÌNH THỰC HIỆN NHIỆM VỤ CÔNG TÁC THÁNG 4",
    "1. Lĩnh vực công nghệ thông tin (CNTT)",
    "2. Lĩnh vực bưu chính, viễn thông (BCVT)",
    "3. Lĩnh vực Thông tin, Báo chí và Xuất bản (TT-BC-XB)",
    "4. Về thực hiện các Chương trình mục tiêu quốc gia",
    "5. Công tác Thanh tra",
    "6. Hoạt động hỗ trợ của đơn vị sự nghiệp thuộc Sở (Trung tâm Công nghệ thông tin và Truyền thông tỉnh Gia Lai)",
    "7. Công tác khác",
    "8. Công tác quản lý TT&TT tại các huyện, thị xã, thành phố",
    "II. CHƯƠNG TRÌNH, NHIỆM VỤ CÔNG TÁC THÁNG 5",
    "1. Lĩnh vực công nghệ thông tin (CNTT)",
    "2. Lĩnh vực bưu chính viễn thông",
    "3. Lĩnh vực thông tin, báo chí, xuất bản",
    "4. Về thực hiện các Chương trình mục tiêu quốc gia",
    "5. Lĩnh vực thanh tra",
    "6. Công tác khác",
]

Print = Callable[[ReportData], str]
Change = Callable[..., ReportData]


def test_all_63_figures_are_printed_in_the_order_of_the_report(april: ReportData) -> None:
    runs = list(build_report(april, load_outline()).figure_runs())
    assert list(dict.fromkeys(run.indicator_id for run in runs)) == list(PRINTED)
    assert len(PRINTED) == 63
    assert all(run.value == april.figures[run.indicator_id].value for run in runs)


def test_the_headings_are_the_departments(april: ReportData) -> None:
    assert [row.text for row in build_report(april, load_outline()).paragraphs if row.is_heading] == HEADINGS


def test_december_is_followed_by_january(april: ReportData, print_report: Print) -> None:
    december = replace(april, period="2019-12")
    assert "II. CHƯƠNG TRÌNH, NHIỆM VỤ CÔNG TÁC THÁNG 1\n" in print_report(december)
    assert build_report(december, load_outline()).head.abstract.endswith("tháng 1 năm 2020")


def test_negative_additions_are_a_decrease(change_figure: Change, print_report: Print) -> None:
    text = print_report(change_figure("phone_subs_net_add", value=Decimal(-1200)))
    assert "trong tháng giảm 1.200 thuê bao" in text
    assert "-1.200" not in text


def test_a_density_is_never_a_percentage(april: ReportData, print_report: Print) -> None:
    assert "89,28 TB/100 dân" in print_report(april)
    assert "89,28%" not in print_report(april)


def test_counts_that_are_zero_share_one_phrase(april: ReportData, print_report: Print, change_figure: Change) -> None:
    zero = "Trong tháng không phát sinh lượt tiếp công dân; đơn thư khiếu nại, tố cáo; đơn thư tồn đọng, kéo dài."
    assert zero in print_report(april)
    some = print_report(change_figure("complaints_received", value=Decimal(4)))
    assert "không phát sinh lượt tiếp công dân; tiếp nhận 04 đơn thư khiếu nại, tố cáo; không phát sinh đơn thư" in some


def test_a_zero_that_is_not_whole_is_no_phrase(change_figure: Change, print_report: Print) -> None:
    data = change_figure("border_panels_deployed", value=Decimal(0), completeness="incomplete", missing=("dist_628",))
    assert "không phát sinh cụm pa nô" not in print_report(data)
    assert "Lắp dựng 0 cụm pa nô" in print_report(data)


def test_a_row_left_empty_is_named_with_its_area(change_figure: Change) -> None:
    data = change_figure("telecom_bts_total", completeness="incomplete", missing=("vnpt/622+623",))
    assert build_report(data, load_outline()).notes == (
        "Số liệu chưa đầy đủ: chưa có báo cáo của VNPT Gia Lai (Thành phố Pleiku + Thị xã An Khê).",
    )


def test_dialup_zero_is_a_digit(april: ReportData, print_report: Print) -> None:
    assert "Dial-up 0 TB" in print_report(april)


def test_bounds_keep_their_word(april: ReportData, print_report: Print) -> None:
    assert "trên 576 cuộc tấn công Spam Mail" in print_report(april)
    assert "ít nhất 30% dịch vụ công" in print_report(april)


def test_a_figure_nobody_reported_is_not_zero(change_figure: Change, print_report: Print) -> None:
    data = change_figure("internet_users_pct", value=None, completeness="not_reported", missing=("p_bcvt",))
    assert "Tỷ lệ dân sử dụng Internet là (chưa có số liệu)." in print_report(data)
    assert build_report(data, load_outline()).notes == (
        "Chưa có đơn vị nào báo cáo số liệu này (Phòng Bưu chính - Viễn thông).",
    )


def test_a_percentage_keeps_its_sign_before_the_footnote(change_figure: Change) -> None:
    data = change_figure("internet_users_pct", completeness="incomplete", missing=("p_bcvt",))
    runs = build_report(data, load_outline()).figure_runs()
    assert next(run.text for run in runs if run.indicator_id == "internet_users_pct") == "50,09%"


def test_an_incomplete_figure_names_who_is_missing(change_figure: Change) -> None:
    document = build_report(
        change_figure("post_offices", completeness="incomplete", missing=("vnpost",)), load_outline()
    )
    assert document.notes == ("Số liệu chưa đầy đủ: chưa có báo cáo của Bưu điện tỉnh Gia Lai.",)
    assert [run.indicator_id for run in document.figure_runs() if run.note] == ["post_offices"]


def test_a_waived_figure_carries_the_reason(april: ReportData) -> None:
    cell = CellReference(
        april.sources[0].observation_id, "vnpt", "622", "telecom_bts_total", PERIOD, "120", "", "", "", "", "r"
    )
    finding = Finding(
        "F00000001", "r", "blocking", "fail", "vnpt", "622", "1", "2", "1", "…", (cell,), decision="waived"
    )
    waiver = Decision(
        "d1", "waive", PERIOD, "F00000001", "", "", "Trạm dùng chung đã khai", "Nguyễn Văn A", "2019-04-20"
    )
    ratio = replace(april.sources[0], indicator_id="phone_subs_per_100")
    waived = replace(april, findings=(finding,), decisions=(waiver,), sources=(*april.sources, ratio))
    document = build_report(waived, load_outline())
    assert document.notes == ("Số liệu còn chênh lệch, được chấp nhận công bố với lý do: Trạm dùng chung đã khai.",)
    assert {run.indicator_id for run in document.figure_runs() if run.note} == {
        "telecom_bts_total",
        "phone_subs_per_100",
    }


def test_an_item_that_states_a_figure_is_printed_instead_of_the_template(
    april: ReportData, print_report: Print
) -> None:
    text = print_report(april)
    assert "Chặn 11 địa chỉ lạ từ Trung Quốc, Nam Phi, Hà Lan." in text
    assert "Ngăn chặn 11" not in text
    assert text.count("cuộc họp trực tuyến") == 1


def test_a_number_that_merely_looks_the_same_is_not_taken_for_the_figure(april: ReportData) -> None:
    runs = [
        run for run in build_report(april, load_outline()).figure_runs() if run.indicator_id == "videoconf_sessions"
    ]
    paragraphs = [row.text for row in build_report(april, load_outline()).paragraphs if runs[0] in row.runs]
    assert paragraphs == ["Phục vụ 03 cuộc họp trực tuyến của tỉnh."]


def test_a_zero_in_a_mail_is_known_by_its_label(april: ReportData) -> None:
    items = [
        make_item("thanh_tra", "I", "THANHTRA", text, "body")
        for text in (
            "Tiếp công dân: không phát sinh.",
            "Đơn thư khiếu nại, tố cáo: không phát sinh.",
            "Chưa có dấu hiệu tham nhũng.",
        )
    ]
    statements = tuple(
        make_statement("thanh_tra", name, "0", text, "body")
        for name, text in (
            ("citizen_receptions", "không phát sinh"),
            ("complaints_received", "không phát sinh"),
            ("corruption_signs", "Chưa có"),
        )
    )
    document = build_report(replace(april, narrative=tuple(items), statements=statements), load_outline())
    assert [document.placed_items[item_key(item)] for item in items] == [
        "zero:citizen_receptions",
        "zero:complaints_received",
        "I.5",
    ]


def test_an_items_corrected_figure_is_printed_corrected(april: ReportData, print_report: Print) -> None:
    wrong = make_statement("thanh_tra", "petitions_other_resolved", "1", "01", "paragraph 4")
    corrected = replace(wrong, value=Decimal(2))
    data = replace(
        april,
        statements=(*(s for s in april.statements if s != wrong), corrected),
        figures={
            **april.figures,
            "petitions_other_resolved": replace(april.figures["petitions_other_resolved"], value=Decimal(2)),
        },
    )
    assert "Xử lý 02 đơn phản ánh về quảng cáo." in print_report(data)


def test_a_units_differing_count_is_not_the_published_figure(change_figure: Change, print_report: Print) -> None:
    text = print_report(change_figure("petitions_other_resolved", value=Decimal(6)))
    assert "Đã giải quyết 06 đơn kiến nghị" in text
    assert "Xử lý 01 đơn phản ánh về quảng cáo." in text


def test_every_item_in_force_is_printed_once(april: ReportData, print_report: Print) -> None:
    placed = build_report(april, load_outline()).placed_items
    assert placed.keys() == {item_key(item) for item in april.narrative}
    zero = [key for key, place in placed.items() if place.startswith("zero:")]
    assert [key[3] for key in zero] == ["Tiếp dân: không phát sinh."]
    text = print_report(april)
    for item in april.narrative:
        if item_key(item) not in zero:
            assert item.text.rstrip(".") in text


def test_items_not_in_force_are_not_printed(april: ReportData, print_report: Print) -> None:
    old = make_item("p_cntt", "I", "CNTT", "Bản cũ đã thay.", "paragraph 3", "superseded")
    assert "Bản cũ" not in print_report(replace(april, narrative=(*april.narrative, old)))


def test_districts_results_stand_in_section_8_and_plans_under_their_field(
    april: ReportData, print_report: Print
) -> None:
    section_8 = print_report(april).split("8. Công tác quản lý TT&TT")[1].split("\nII. ")[0]
    assert "Thành phố Pleiku: Phát 12 bản tin trên loa." in section_8
    assert "Có 16/17 huyện, thị xã, thành phố gửi báo cáo; chưa có báo cáo dùng được của: Huyện Đăk Pơ." in section_8
    plan_2 = print_report(april).split("2. Lĩnh vực bưu chính viễn thông")[1].split("\n3. ")[0]
    assert "Thị xã An Khê, thị xã Ayun Pa: Rà soát đại lý Internet." in plan_2


def test_enterprises_are_named_before_what_they_did(april: ReportData, print_report: Print) -> None:
    assert "Bưu điện tỉnh Gia Lai: Mở thêm ca phát sáng." in print_report(april)


def test_the_report_ends_with_the_end_mark(april: ReportData, print_report: Print) -> None:
    assert print_report(april).endswith("./.")
    assert print_report(april).count("./.") == 1


def test_the_recipients_stand_as_printed_with_their_addresses(april: ReportData) -> None:
    lines = build_report(april, load_outline()).recipients
    first = min(april.catalogue.recipients, key=lambda row: row.print_order)
    assert lines[0] == f"- Bộ TT&TT (báo cáo) ({first.addresses[0]});"
    assert lines[-1] == "- Lưu: VT, P. KHTC, các phòng c/môn."
    assert len(lines) == 7


def test_an_item_without_a_place_stops_the_report(april: ReportData) -> None:
    lost = make_item("p_cntt", "I", "UNKNOWN", "Không rõ mục.", "paragraph 3")
    with pytest.raises(OperationError, match="UNKNOWN"):
        build_report(replace(april, narrative=(lost,)), load_outline())


def test_a_printed_indicator_cannot_be_forgotten_in_the_outline(april: ReportData) -> None:
    outline = load_outline()
    part = outline.parts[0]
    shorter = replace(outline, parts=(replace(part, sections=part.sections[1:]), outline.parts[1]))
    with pytest.raises(CatalogueError, match="online_services_l4_target"):
        check_outline(shorter, april.catalogue)


@pytest.mark.parametrize("text", ["mật độ {phone_subs_per_100}%", "tỷ lệ {internet_users_pct} TB/100 dân"])
def test_a_wrong_unit_after_a_figure_is_refused(april: ReportData, text: str) -> None:
    outline = load_outline()
    part = outline.parts[0]
    section = replace(part.sections[0], entries=(*part.sections[0].entries, TextEntry(text)))
    wrong = replace(outline, parts=(replace(part, sections=(section, *part.sections[1:])), outline.parts[1]))
    with pytest.raises(CatalogueError):
        check_outline(wrong, april.catalogue)


def test_no_text_is_left_unfilled(april: ReportData, print_report: Print) -> None:
    assert not re.search(r"[{}|]", print_report(april))
