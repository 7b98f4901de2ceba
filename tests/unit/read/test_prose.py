"""Figures in sentences: what is stated is read, and nothing else becomes a figure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from flows.read.document import Paragraph, ReadContext
from flows.read.phrases import compile_phrase, masked, prepare, sentences
from flows.read.prose import read_paragraphs
from flows.records import Reading
from infra.catalogue import Phrase, load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
DISTRICT = "dist_632"


def read(submitter_id: str, text: str) -> Reading:
    context = ReadContext(CATALOGUE, PERIOD, CATALOGUE.submitter_by_id[submitter_id], "r", "m", "(body)")
    paragraphs = [Paragraph(line, f"paragraph {number}") for number, line in enumerate(text.split("\n"), start=1)]
    return read_paragraphs(paragraphs, context)


def figures(submitter_id: str, text: str) -> dict[str, str]:
    """Return what was read: qualifier and value by indicator, "@area" where it is not the sender's own."""
    own = CATALOGUE.submitter_by_id[submitter_id].area_code
    return {
        o.indicator_id + ("" if o.area_code == own else f"@{o.area_code}"): f"{o.qualifier} {o.value}".strip()
        for o in read(submitter_id, text).observations
    }


STATED = [
    (DISTRICT, "Huyện hiện có tổng số 42 đại lý Internet và 120 trạm BTS; 19/20 xã, thị trấn có báo đến trong ngày.",
     {"internet_agents": "42", "telecom_bts_total": "120", "press_communes_same_day": "19"}),
    (DISTRICT, "- Tổng số trạm thu, phát sóng (BTS) trên địa bàn: 120 trạm.\n- Đại lý Internet là 42 điểm.",
     {"telecom_bts_total": "120", "internet_agents": "42"}),
    (DISTRICT, "Có 19 trên tổng số 20 xã, thị trấn nhận được báo trong ngày.", {"press_communes_same_day": "19"}),
    (DISTRICT, "Báo đến trong ngày: 12 xã, thị trấn (trên 14)", {"press_communes_same_day": "12"}),
    (DISTRICT, "Pa nô biên giới: không phát sinh; đài truyền thanh xã đầu tư mới: không có",
     {"border_panels_deployed": "0", "commune_radio_new": "0"}),
    (DISTRICT, "Trong tháng không dựng thêm cụm pa nô biên giới, chưa có đài truyền thanh xã nào được đầu tư mới.",
     {"border_panels_deployed": "0", "commune_radio_new": "0"}),
    ("bao_gia_lai", "Tòa soạn xuất bản 25 kỳ báo, tổng số 232.000 tờ, bình quân mỗi kỳ 9.280 tờ.",
     {"newspaper_issues": "25", "newspaper_copies": "232000", "newspaper_copies#run": "9280"}),
    ("in_pho_nui", "Công ty in được 25,118 triệu trang, doanh thu 0,781 tỷ đồng.",
     {"printing_pages": "25118000", "printing_revenue": "781000000"}),
    ("viettel_post", "Chi nhánh khai thác 03 tuyến huyện, gồm: Pleiku, An Khê và Ayun Pa.",
     {"post_viettel_district_routes": "3", "post_viettel_district_routes#list": "3"}),
    ("sctv", "Thuê bao Internet tháng 4:\n- TP Pleiku: 2.521 TB;\n- H. Chư Sê: 417 TB\nCộng: 2.938 TB, giảm 12 TB.",
     {"internet_subs_ftth@622": "2521", "internet_subs_ftth@633": "417", "internet_subs_ftth": "2938",
      "internet_subs_total": "2938", "internet_subs_net_add": "-12"}),
    ("thanh_tra", "Trong kỳ không phát sinh lượt tiếp công dân; đơn thư khiếu nại, tố cáo; đơn tồn đọng, kéo dài.",
     {"citizen_receptions": "0", "complaints_received": "0", "complaints_backlog": "0"}),
    ("thanh_tra", "Đã tiếp 04 lượt công dân; nhận 01 đơn tố cáo; chưa phát hiện trường hợp tham nhũng.",
     {"citizen_receptions": "4", "complaints_received": "1", "corruption_signs": "0"}),
    ("tt_cntt", "Xử lý trên 498 cuộc tấn công Spam Mail; chặn 9 địa chỉ IP lạ đến từ Trung Quốc, Hà Lan.",
     {"sec_spam_attacks": "gt 498", "sec_foreign_ips_blocked": "9", "sec_source_countries": "2"}),
    ("tt_cntt", "Đưa 02 IP 104.28.27.86 và 104.28.26.86 vào danh sách chặn của tường lửa.",
     {"sec_firewall_ips_blocked": "2", "sec_firewall_ips_blocked#list": "2"}),
    ("p_cntt", "Mục tiêu dịch vụ công trực tuyến mức độ 4 là ít nhất 30%. Quản lý 2 tên miền: a.gov.vn và b.org.vn.",
     {"online_services_l4_target": "ge 30", "gov_domains_managed": "2", "gov_domains_managed#list": "2"}),
    ("dai_ptth", "Phát thanh: 1.022 giờ (trong đó Bahnar + Jrai: 70 giờ); truyền hình: 3.170 giờ, tiếng Jrai 56 giờ.",
     {"radio_hours": "1022", "radio_hours_ethnic": "70", "tv_hours": "3170", "tv_hours_ethnic": "56"}),
]  # fmt: skip


STATED += [
    (DISTRICT, "Pa nô biên giới: …; đài truyền thanh xã đầu tư mới: chưa có số liệu; đại lý Internet: 42",
     {"border_panels_deployed": "None", "commune_radio_new": "None", "internet_agents": "42"}),
    (DISTRICT, "Trong tháng tăng 02 trạm BTS so với tháng trước, nâng tổng số trạm BTS lên 122 trạm.",
     {"telecom_bts_total": "122"}),
    (DISTRICT, "Số trạm BTS giảm 01 trạm còn 119 trạm.", {"telecom_bts_total": "119"}),
    (DISTRICT, "1\tĐại lý Internet\t42\n2\tTrạm BTS\ttrạm\t120", {"internet_agents": "42", "telecom_bts_total": "120"}),
]  # fmt: skip


@pytest.mark.parametrize(("submitter_id", "text", "expected"), STATED)
def test_stated_figures_are_read(submitter_id: str, text: str, expected: dict[str, str]) -> None:
    assert figures(submitter_id, text) == expected


NOT_FIGURES = [
    (DISTRICT, "Kiểm tra 05 đại lý Internet, xử phạt 02 đại lý vi phạm."),
    (DISTRICT, "Kiểm tra 08 điểm đại lý Internet gần trường học, nhắc nhở 04 điểm mở cửa quá giờ."),
    (DISTRICT, "Sửa chữa đài truyền thanh xã Ia Mơ; lắp mới 03 trạm BTS tại xã Ia Púch."),
    (DISTRICT, "Cấp phát 98 tờ gấp; đài huyện phát 86,5 giờ phát thanh; phát 133 tin, bài."),
    ("viettel", "2) Trạm BTS không gồm trạm đang lắp đặt."),
    ("thanh_tra", "Thực hiện đúng quy định về tiếp công dân, giải quyết khiếu nại; phòng, chống tham nhũng."),
    ("thanh_tra", "Trực tiếp công dân định kỳ vào ngày 15 và ngày 30."),
    ("p_bcvt", "Kiểm tra chất lượng dịch vụ tại 05 bưu cục cấp huyện theo Quyết định số 11/QĐ-UBND ngày 05/01/2019."),
    ("p_ttbcxb", "Thẩm định Tiêu chí số 8; kỷ niệm 44 năm Ngày Giải phóng miền Nam 30/4."),
    ("tt_cntt", "Máy chủ 10.0.12.5 đã được cập nhật theo Nghị quyết số 36-NQ/TW."),
    ("vnpt", "Bản tin tuần: giảm giá 30% khóa học, 1.250 người đã đăng ký."),
]


@pytest.mark.parametrize(("submitter_id", "text"), NOT_FIGURES)
def test_other_numbers_are_no_figures(submitter_id: str, text: str) -> None:
    reading = read(submitter_id, text)
    assert reading.observations == ()
    assert {(f.kind, f.severity) for f in reading.findings} <= {("number_not_read", "note")}


CORRECTIONS = [
    ("Do cộng nhầm trạm đang xây dựng, đề nghị sửa số trạm BTS trên địa bàn thành 120 trạm.",
     {"telecom_bts_total": "120"}),
    ("Đề nghị Sở điều chỉnh số đại lý Internet từ 420 xuống còn 42 đại lý.", {"internet_agents": "42"}),
    ("Phòng xin đính chính: số xã có báo đến trong ngày là 18 xã (không phải 19).", {"press_communes_same_day": "18"}),
    ("Đề nghị sửa lại số trạm BTS là 121 và số đại lý Internet là 43.",
     {"telecom_bts_total": "121", "internet_agents": "43"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CORRECTIONS)
def test_correction_speaks_of_its_figure_alone(text: str, expected: dict[str, str]) -> None:
    assert figures(DISTRICT, f"{text} Các số khác giữ nguyên.") == expected


def test_request_that_names_no_known_figure_is_reported() -> None:
    reading = read(DISTRICT, "Đề nghị Sở sửa giúp mục 2 của biểu thành 120.")
    assert reading.observations == ()
    assert [f.kind for f in reading.findings] == ["unread_correction"]


def test_figure_of_another_submitters_duty_is_not_taken() -> None:
    assert figures("thanh_tra", "Có 120 trạm BTS và 42 đại lý Internet.") == {}


def test_plan_for_next_month_states_no_figure() -> None:
    assert figures(DISTRICT, "II. KẾ HOẠCH THÁNG 5\n- Nâng lên 130 trạm BTS.") == {}


def test_named_figure_that_cannot_be_read_is_reported_with_its_sentence() -> None:
    reading = read(DISTRICT, "Số trạm BTS tăng nhẹ, so với 120 của kỳ trước.")
    assert reading.observations == ()
    assert [(f.kind, f.raw_text) for f in reading.findings] == [
        ("unread_figure", "Số trạm BTS tăng nhẹ, so với 120 của kỳ trước.")
    ]


@pytest.mark.parametrize("text", ["100% xã, thị trấn có báo đến trong ngày.", "Tăng 02 trạm BTS trong tháng."])
def test_share_or_change_is_not_the_figure(text: str) -> None:
    reading = read(DISTRICT, text)
    assert reading.observations == ()
    assert [f.kind for f in reading.findings] == ["unread_figure"]


def test_figure_not_collected_is_missing_and_never_zero() -> None:
    observation = read(DISTRICT, "Pa nô biên giới: …").observations[0]
    assert (observation.value, observation.obs_status) == (None, "L")
    assert read(DISTRICT, "Chưa có số liệu về pa nô biên giới.").observations == ()


def test_two_values_of_one_figure_are_reported() -> None:
    reading = read(DISTRICT, "Có 120 trạm BTS.\nTrạm BTS: 125 trạm.")
    assert [o.value for o in reading.observations] == [Decimal(120)]
    assert [f.kind for f in reading.findings] == ["conflicting_figures"]


def test_raw_text_and_place_lead_back_to_the_sentence() -> None:
    observation = read("tt_cntt", "Mở đầu.\n- Xử lý TRÊN 1 576 cuộc tấn công DDoS.").observations[0]
    assert (observation.cell, observation.raw_text) == ("paragraph 2", "TRÊN 1 576")
    assert (observation.value, observation.qualifier) == (Decimal(1576), "gt")


def test_new_wording_takes_a_row_and_no_code() -> None:
    text = "Cột phát sóng đang khai thác trên toàn huyện: 120 cột."
    assert figures(DISTRICT, text) == {}
    row = Phrase("cột phát sóng", "telecom_bts_total", "name", (), (), "2019-01-01", "")
    catalogue = replace(CATALOGUE, phrases=(*CATALOGUE.phrases, row))
    context = ReadContext(catalogue, PERIOD, catalogue.submitter_by_id[DISTRICT], "r", "m", "(body)")
    observations = read_paragraphs([Paragraph(text, "body")], context).observations
    assert [(o.indicator_id, o.value) for o in observations] == [("telecom_bts_total", Decimal(120))]


def test_every_phrase_of_the_catalogue_compiles_and_has_its_slot() -> None:
    slots = {"figure": "n", "denominator": "n", "list": "list"}
    for row in load_catalogue().phrases:
        groups = set(compile_phrase(row.phrase).groupindex)
        assert groups >= ({slots[row.kind]} if row.kind in slots else set()), row
        assert row.kind in slots or not groups, row


def test_masking_keeps_every_letter_in_its_place() -> None:
    text = "ngày 01/4/2019 có 1.306.834 tb, 88,59% từ 104.28.27.86 đến 3.946.000.000 đồng"
    covered = masked(text)
    assert len(covered) == len(text)
    assert not any(letter.isdigit() for letter in covered)
    assert covered.count("\ue002") == len("104.28.27.86")


def test_sentences_end_neither_in_numbers_nor_after_abbreviations() -> None:
    text = "TP. Pleiku có 1.650 trạm. Tên miền gialai.gov.vn hoạt động. 27 đại lý."
    assert [s.raw for s in sentences(text)] == ["TP. Pleiku có 1.650 trạm.", "Tên miền gialai.gov.vn hoạt động.",
                                                "27 đại lý."]  # fmt: skip


def test_positions_lead_from_folded_to_raw_text() -> None:
    sentence = prepare("Thuỷ  ĐIỆN   57 trạm")
    start = sentence.text.index("57")
    assert sentence.raw_slice(start, start + 2) == "57"


@pytest.mark.parametrize(("text", "named"), [
    ("Số thuê bao di động trả trước là 1.234 thuê bao.", "Di động trả trước"),
    ("Thuê bao cố định đạt 57 thuê bao, tăng 3.", "Thuê bao cố định"),
    ("Đơn vị gửi báo cáo tháng 4/2019. Thuê bao cố định: 57 thuê bao.", "Thuê bao cố định"),
])
def test_a_figure_that_only_forms_have_a_name_for_is_said_when_a_sentence_states_it(text: str, named: str) -> None:
    reading = read("vnpt", text)
    assert not reading.observations
    assert [(f.kind, f"“{named}”" in f.message_vi) for f in reading.findings] == [("unread_figure", True)]


@pytest.mark.parametrize("text", [
    "Thuê bao cố định ổn định.", "Thuê bao cố định có nhiều khách hàng mới; trong tháng xử lý 12 sự cố.",
    "Thuê bao cố định: 57 thuê bao.",
])
def test_a_name_without_a_number_or_with_one_that_was_read_is_not_called_unread(text: str) -> None:
    assert "unread_figure" not in {f.kind for f in read("vnpt", text).findings}


@pytest.mark.parametrize(("text", "named"), [
    ("Trạm BTS: 3 4 5 trạm.", "“3 4 5”"), ("Tổng số trạm BTS: 12 7 trạm.", "“12 7”"),
    ("Trạm BTS: 12 trạm 2G, 345 trạm 3G.", "“12 trạm 2G”"),
])
def test_a_number_that_is_another_than_it_seems_is_asked_about(text: str, named: str) -> None:
    reading = read("vnpt", text)
    assert not reading.observations
    assert [(f.kind, named in f.message_vi) for f in reading.findings] == [("unreadable_number", True)]


@pytest.mark.parametrize("text", [
    "Trạm BTS: 345 trạm, trong đó 120 trạm 3G.", "Tổng số trạm BTS là 345 trạm (2G: 12).", "Có 345 trạm BTS, phủ 4G.",
])
def test_a_part_beside_a_total_does_not_cost_the_total(text: str) -> None:
    assert figures("vnpt", text)["telecom_bts_total"] == "345"


@pytest.mark.parametrize(("text", "value"), [
    ("Trạm BTS: 345 trạm (tháng trước 340).", 345), ("Trạm BTS: 345 trạm (kế hoạch 400 trạm).", 345),
    ("Trạm BTS: 345 trạm (tháng trước: 340 trạm).", 345), ("Trạm BTS: 345 trạm (tháng trước).", None),
    ("Trạm BTS: 345 trạm (số của năm trước).", None), ("Trạm BTS: 345 trạm (dự kiến).", None),
])
def test_a_bracket_with_a_number_of_its_own_speaks_of_that_number(text: str, value: int | None) -> None:
    reading = read("vnpt", text)
    assert [o.value for o in reading.observations] == ([Decimal(value)] if value else [])
    said = [f.message_vi for f in reading.findings]
    assert [("nói kỳ khác" in words) == ("trước" in text) for words in said] == [True] * (value is None)
