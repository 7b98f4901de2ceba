"""Tables by meaning: every layout of the trade gives the same observations, and what is not understood is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from flows.read.document import Grid, GridCell, ReadContext
from flows.read.tables import read_grid
from flows.read.text import encode_tcvn3, encode_vni
from flows.records import Reading
from infra.catalogue import Catalogue, Label, load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
N = None
Merged = Sequence[tuple[int, int, int, int]]


def grid_of(rows: Sequence[Sequence[object]], merged: Merged = (), **parts: object) -> Grid:
    cells = {
        (r, c): GridCell(r, c, str(value), value)
        for r, row in enumerate(rows, start=1)
        for c, value in enumerate(row, start=1)
        if value not in (None, "")
    }
    return Grid("Biểu", cells, tuple(merged), **parts)


def read(
    rows: Sequence[Sequence[object]],
    submitter: str = "vnpt",
    merged: Merged = (),
    catalogue: Catalogue = CATALOGUE,
    **parts: object,
) -> Reading:
    context = ReadContext(catalogue, PERIOD, catalogue.submitter_by_id[submitter], "r", "1.eml", "bieu.xlsx")
    return read_grid(grid_of(rows, merged, **parts), context)


def figures(reading: Reading) -> dict[str, str]:
    """Return place: "area indicator value", with the month when it is another one."""
    return {
        o.cell: f"{o.area_code} {o.indicator_id} {o.value}" + (f" {o.period}" if o.period != PERIOD else "")
        for o in reading.observations
    }


def questions(reading: Reading) -> list[tuple[str, str]]:
    return [(f.cell, f.kind) for f in reading.findings]


PHONES = {
    "C3": "622 phone_subs_fixed 9102",
    "D3": "622 phone_subs_mobile_postpaid 15310",
    "E3": "622 phone_subs_mobile_prepaid 121455",
    "F3": "622 phone_subs_mobile 136765",
    "G3": "622 telecom_bts_total 118",
    "C4": "64 phone_subs_fixed 9102",
    "D4": "64 phone_subs_mobile_postpaid 15310",
    "E4": "64 phone_subs_mobile_prepaid 121455",
    "F4": "64 phone_subs_mobile 136765",
    "G4": "64 telecom_bts_total 118",
}
TWO_ROWS = [
    ["TT", "Huyện, TX, TP", "Cố định", "Di động", N, N, "Trạm BTS"],
    [N, N, N, "Trả sau", "Trả trước", "Cộng", N],
    [1, "TP. Pleiku", 9102, 15310, 121455, 136765, 118],
    [N, "Tổng cộng", 9102, 15310, 121455, 136765, 118],
]
TWO_ROWS_MERGED = [(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 2, 3), (1, 4, 1, 6), (1, 7, 2, 7)]


def test_merged_header_of_two_rows():
    reading = read(TWO_ROWS, merged=TWO_ROWS_MERGED)
    assert figures(reading) == PHONES
    assert questions(reading) == []
    totals = {o.cell for o in reading.observations if o.is_reported_total}
    assert totals == {"F3", "C4", "D4", "E4", "F4", "G4"}


def test_group_label_reaches_right_without_merging():
    assert figures(read(TWO_ROWS)) == PHONES


@pytest.mark.parametrize(
    "numbers",
    [
        ["A", "B", 1, 2, 3, "4=2+3", 5],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)=(4)+(5)", "(7)"],
        [1, 2, 3, 4, 5, 6, 7],
        ["A", "B", "1", "2", "3", "4", "5"],
    ],
)
def test_row_of_column_numbers_is_no_data(numbers):
    reading = read([*TWO_ROWS[:2], numbers, *TWO_ROWS[2:]], merged=TWO_ROWS_MERGED)
    expected = {place[0] + str(int(place[1:]) + 1): figure for place, figure in PHONES.items()}
    assert figures(reading) == expected


def test_columns_in_any_order_and_total_on_top():
    reading = read(
        [
            ["STT", "Ghi chú", "BTS", "Địa bàn", "FTTH"],
            [N, N, 10, "TOÀN TỈNH", 30],
            [1, "số liệu ước", 4, "Thành phố Pleiku", 10],
            [2, N, 6, "Thị xã An Khê", 20],
        ]
    )
    assert figures(reading) == {
        "C2": "64 telecom_bts_total 10", "E2": "64 internet_subs_ftth 30", "C3": "622 telecom_bts_total 4",
        "E3": "622 internet_subs_ftth 10", "C4": "623 telecom_bts_total 6", "E4": "623 internet_subs_ftth 20",
    }  # fmt: skip
    assert {o.cell for o in reading.observations if o.obs_status == "E"} == {"C3", "E3"}


def test_title_units_notes_and_signature_are_no_figures():
    reading = read(
        [
            ["VNPT GIA LAI", N, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
            ["BÁO CÁO SỐ LIỆU THÁNG 4/2019"],
            [N, N, "ĐVT: nghìn thuê bao; trạm"],
            ["TT", "Huyện", "Thuê bao cố định", "Số trạm BTS"],
            [1, "Pleiku", "4,651", 118],
            ["Ghi chú: 2 trạm dùng chung"],
            [N, N, "Pleiku, ngày 15 tháng 4 năm 2019"],
            ["NGƯỜI LẬP BIỂU", N, "GIÁM ĐỐC"],
            [N, N, 15],
        ]
    )
    assert figures(reading) == {"C5": "622 phone_subs_fixed 4651", "D5": "622 telecom_bts_total 118"}
    assert reading.observations[0].printed_decimals == 0
    assert questions(reading) == [("A6", "number_not_read")]      # a note below the table, which may matter


def test_districts_across_and_indicators_down():
    reading = read(
        [
            ["TT", "Chỉ tiêu", "ĐVT", "Pleiku", "An Khê", "Tổng cộng"],
            [1, "Thuê bao cố định", "nghìn TB", "1,5", 2, "3,5"],
        ]
    )
    assert figures(reading) == {
        "D2": "622 phone_subs_fixed 1500", "E2": "623 phone_subs_fixed 2000", "F2": "64 phone_subs_fixed 3500",
    }  # fmt: skip
    assert [o.is_reported_total for o in reading.observations] == [False, False, True]


def test_tables_side_by_side_and_one_below_the_other():
    reading = read(
        [
            ["TT", "Huyện", "ADSL", N, "TT", "Huyện", "Trạm BTS"],
            [1, "Pleiku", 5, N, 1, "Pleiku", 7],
            [N, "Cộng", 5, N, N, "Cộng", 7],
            ["TT", "Chỉ tiêu", "ĐVT", "Số liệu"],
            [1, "Trạm điều khiển BSC", "trạm", 2],
        ]
    )
    assert figures(reading) == {
        "C2": "622 internet_subs_adsl 5", "C3": "64 internet_subs_adsl 5", "G2": "622 telecom_bts_total 7",
        "G3": "64 telecom_bts_total 7", "D5": "64 telecom_bsc 2",
    }  # fmt: skip


REGIONS_FIRST = [
    ["TT", "Địa bàn", "Trả sau"],
    [N, "Toàn tỉnh", 10],
    ["*", "Cụm Pleiku - Tây", 3],
    [1, "Pleiku", 1],
    [2, "Chư Păh", 2],
    ["*", "Cụm An Khê", 7],
    [1, "Đak Pơ", 3],
    [2, "An Khê", 4],
]
REGIONS_LAST = [
    ["TT", "Địa bàn", "Trả sau"],
    [1, "Pleiku", 1],
    [2, "Chư Păh", 2],
    [N, "Cộng", 3],
    [3, "Đak Pơ", 3],
    [4, "An Khê", 4],
    [N, "Cộng", 7],
    [N, "Tổng cộng", 10],
]


@pytest.mark.parametrize(("rows", "west", "east"), [(REGIONS_FIRST, "C3", "C6"), (REGIONS_LAST, "C4", "C7")])
def test_subtotal_names_the_rows_it_adds_up(rows, west, east):
    reading = read(rows, "mobifone")
    found = figures(reading)
    assert found[west] == "622+627 phone_subs_mobile_postpaid 3"
    assert found[east] == "634+623 phone_subs_mobile_postpaid 7"
    assert sum(o.value for o in reading.observations if not o.is_reported_total) == 10


def test_one_row_for_two_districts_is_no_total():
    reading = read(
        [["TT", "Địa bàn", "Trả sau"], [1, "Ia Pa + Ayun Pa", 5], [2, "TX An Khê, H. Đak Pơ", 6]], "mobifone"
    )
    assert figures(reading) == {
        "C2": "635+624 phone_subs_mobile_postpaid 5", "C3": "623+634 phone_subs_mobile_postpaid 6",
    }  # fmt: skip
    assert not any(o.is_reported_total for o in reading.observations)


def test_region_numbered_among_districts_is_asked():
    reading = read([["TT", "Địa bàn", "Trả sau"], [1, "Pleiku", 5], [2, "Cụm Chư Sê", 6]], "mobifone")
    assert figures(reading) == {"C2": "622 phone_subs_mobile_postpaid 5"}
    assert questions(reading) == [("B3", "unknown_area")]


def test_previous_month_stands_beside_this_month():
    rows = [["TT", "Chỉ tiêu", "ĐVT", "Kỳ trước", "Kỳ này", "So sánh (%)"], [1, "Trạm BTS", "trạm", 116, 118, "101,7"]]
    expected = {"D2": "64 telecom_bts_total 116 2019-03", "E2": "64 telecom_bts_total 118"}
    assert figures(read(rows)) == expected
    rows[0][3:5] = ["Tháng 3/2019", "Tháng 4/2019"]
    assert figures(read(rows)) == expected


def test_column_of_a_month_out_of_use_is_left_alone():
    reading = read([["TT", "Huyện", "Trạm BTS", "T4/2018"], [1, "Pleiku", 118, 99]])
    assert figures(reading) == {"C2": "622 telecom_bts_total 118"}
    assert questions(reading) == []


def test_month_at_the_end_of_a_label_is_the_month_of_its_figures():
    rows = [["TT", "Huyện", "Cố định tháng 3", "Cố định đến 14/4/2019", "Cố định T12"], [1, "Pleiku", 1, 2, 3]]
    assert figures(read(rows)) == {"C2": "622 phone_subs_fixed 1 2019-03", "D2": "622 phone_subs_fixed 2"}
    lines = [
        ["Chỉ tiêu", "Số liệu"],
        ["Trạm BTS tháng 3/2019", 5],
        ["Trạm BTS tháng 4/2019", 6],
        ["Trạm BTS T4/2018", 4],
    ]
    assert figures(read(lines)) == {"B2": "64 telecom_bts_total 5 2019-03", "B3": "64 telecom_bts_total 6"}


def test_stock_is_read_from_the_cumulative_column():
    rows = [["TT", "Chỉ tiêu", "Trong tháng", "Lũy kế"], [1, "Thuê bao điện thoại", 12, 1200]]
    reading = read(rows)
    assert figures(reading) == {"D2": "64 phone_subs_total 1200"}
    assert questions(reading) == [("C2", "ambiguous_column")]


def test_running_total_of_a_flow_is_no_figure_of_the_month():
    rows = [["TT", "Chỉ tiêu", "Trong tháng", "Lũy kế"], [1, "Trang in", 12, 48]]
    assert figures(read(rows, "in_pho_nui")) == {"C2": "64 printing_pages 12"}


def test_marks_of_nothing_are_told_apart():
    reading = read(
        [["TT", "Huyện", "ADSL"], [1, "Pleiku", "-"], [2, "An Khê", "…"], [3, "Ayun Pa", N], [4, "KBang", "KPS"]]
    )
    assert [(o.cell, o.value, o.obs_status) for o in reading.observations] == [
        ("C2", 0, "A"), ("C3", None, "L"), ("C4", None, "O"), ("C5", 0, "A"),
    ]  # fmt: skip


def test_decimal_in_a_count_is_read_literally_and_asked():
    reading = read([["TT", "Huyện", "Cố định"], [1, "Pleiku", 4.651]])
    assert reading.observations[0].value == Decimal("4.651")
    assert questions(reading) == [("C2", "decimal_in_integer")]
    assert "4.651?" in reading.findings[0].message_vi


@pytest.mark.parametrize(
    ("text", "kind"),
    [("đang cập nhật", "unreadable_number"), ("#REF!", "error_value"), ("1.23.4", "unreadable_number"),
     ("14/4/2019", "date_in_number"), ("104.28.27.86", "ambiguous_number")],
)  # fmt: skip
def test_cell_that_is_no_figure_keeps_its_place_and_is_asked(text, kind):
    reading = read([["TT", "Huyện", "Cố định"], [1, "Pleiku", text], [2, "An Khê", 5]])
    first = reading.observations[0]
    assert (first.cell, first.value, first.raw_text) == ("C2", None, text)
    assert questions(reading) == [("C2", kind)]


def test_unknown_column_is_asked_with_its_nearest_labels():
    reading = read([["TT", "Huyện", "Cố định", "Thuê bao cố địn"], [1, "Pleiku", 1, 2]])
    assert figures(reading) == {"C2": "622 phone_subs_fixed 1"}
    assert questions(reading) == [("D1", "unknown_label")]
    assert "Thuê bao cố định" in reading.findings[0].message_vi


def test_unknown_item_is_asked():
    reading = read([["TT", "Chỉ tiêu", "ĐVT", "Số liệu"], [1, "Số vệ tinh", "cái", 5], [2, "Trạm BTS", "trạm", 6]])
    assert figures(reading) == {"D3": "64 telecom_bts_total 6"}
    assert questions(reading) == [("B2", "unknown_label")]


def test_figures_under_another_measure_are_not_taken_for_subscribers():
    rows = [["TT", "Huyện", "Doanh thu", N], [N, N, "Cố định", "Internet"], [1, "Pleiku", 100, 200]]
    reading = read(rows, merged=[(1, 3, 1, 4)])
    assert figures(reading) == {}
    rows[0][2] = "Cước phát sinh"
    reading = read(rows, merged=[(1, 3, 1, 4)])
    assert figures(reading) == {}
    assert [kind for _, kind in questions(reading)] == ["unknown_label", "unknown_label"]


def test_unit_of_another_measure_is_asked_and_not_read():
    reading = read([["ĐVT: triệu đồng"], ["TT", "Huyện", "Cố định", "Số trạm BTS (trạm)"], [1, "Pleiku", 100, 5]])
    assert figures(reading) == {"C3": "622 phone_subs_fixed None", "D3": "622 telecom_bts_total 5"}
    assert questions(reading) == [("C3", "unit_mismatch")]


def test_words_in_brackets_may_make_it_another_figure():
    header = ["TT", "Huyện", "Trả trước (phát triển mới)", "Trả sau (kỳ trước)", "Cố định (1)", "ADSL*", "FTTH (TB)"]
    reading = read([header, [1, "Pleiku", 1, 2, 3, 4, 5]])
    assert figures(reading) == {
        "D2": "622 phone_subs_mobile_postpaid 2 2019-03", "E2": "622 phone_subs_fixed 3",
        "F2": "622 internet_subs_adsl 4", "G2": "622 internet_subs_ftth 5",
    }  # fmt: skip
    assert questions(reading) == [("C1", "unknown_label")]


def test_communes_under_the_names_of_their_districts():
    reading = read(
        [
            ["TT", "Xã, phường, thị trấn", "Trạm BTS"],
            ["I", "Thành phố Pleiku", 30],
            [1, "Phường Tây Sơn", 10],
            [2, "An Phú", 20],
            ["II", "Thị xã An Khê", 7],
            [1, "Tây Sơn", 3],
            [2, "Phường An Phú", 4],
        ]
    )
    assert [figure.split(" ")[0] for figure in figures(reading).values()] == [
        "622", "23575", "23602", "623", "23617", "23620",
    ]  # fmt: skip


def test_unknown_group_is_asked_and_its_columns_read_by_their_own_labels():
    rows = [["TT", "Huyện", "Mạng lõi thế hệ cũ", N], [N, N, "Trả sau", "Trả trước"], [1, "Pleiku", 1, 2]]
    reading = read(rows, merged=[(1, 3, 1, 4)])
    assert len(figures(reading)) == 2
    assert questions(reading) == [("C1", "unknown_label")]


def test_figures_of_an_unknown_table_are_not_read_under_the_header_above():
    reading = read(
        [["TT", "Huyện", "Cố định"], [1, "Pleiku", 1], [], ["Nơi đặt", "Chủ đầu tư", "Chiều cao"], ["Pleiku", "A", 42]]
    )
    assert figures(reading) == {"C2": "622 phone_subs_fixed 1"}
    assert questions(reading) == [("A4", "unknown_label")]


@pytest.mark.parametrize("caption", ["II. Số liệu tháng 3/2019", "II. Kế hoạch tháng 5 năm 2019", "Số liệu kỳ trước"])
def test_table_of_another_month_on_the_same_sheet_is_left_alone(caption):
    table = [["TT", "Huyện", "Cố định"], [1, "Pleiku", 1]]
    reading = read([["Tháng 4/2019"], *table, [caption], *table])
    assert figures(reading) == {"C3": "622 phone_subs_fixed 1"}
    assert questions(reading) == [("A4", "other_period_table")]


def test_near_name_is_proposed_and_not_read():
    reading = read([["TT", "Huyện", "Cố định"], [1, "Chu Se", 1], [2, "Chư Pư", 2], [3, "Atlantis", 3]])
    assert figures(reading) == {}
    assert questions(reading) == [("B2", "area_proposed"), ("B3", "area_proposed"), ("B4", "unknown_area")]
    assert "Chư Sê (633)" in reading.findings[0].message_vi


def test_communes_of_the_senders_district_and_their_total():
    reading = read(
        [["TT", "Xã, phường", "Đại lý Internet"], [1, "An Phú", 1], [2, "Tây Sơn", 2], ["Cộng toàn thị xã", N, 3]],
        "dist_623",
        merged=[(4, 1, 4, 2)],
    )
    assert figures(reading) == {
        "C2": "23620 internet_agents 1", "C3": "23617 internet_agents 2", "C4": "623 internet_agents 3",
    }  # fmt: skip


def test_name_shared_by_district_and_town():
    header = ["TT", "Đơn vị", "Đại lý Internet"]
    both = read([header, [1, "TT. KBang", 1], [2, "Kon Pne", 2], [N, "KBang", 3]], "dist_625")
    assert figures(both)["C4"] == "625 internet_agents 3"
    listed = read([header, [1, "KBang", 1], [2, "Kon Pne", 2], [N, "Tổng cộng", 3]], "dist_625")
    assert figures(listed)["C2"] == "23638 internet_agents 1"
    unclear = read([header, [1, "KBang", 1], [2, "Kon Pne", 2]], "dist_625")
    assert questions(unclear) == [("B2", "area_ambiguous")]
    own = read([["Đơn vị", "Đại lý Internet"], ["KBang", 30]], "dist_625")
    assert figures(own) == {"B2": "625 internet_agents 30"}


def test_ticks_are_no_figures_and_a_fraction_is_its_numerator():
    reading = read(
        [
            ["STT", "Xã, thị trấn", "Đại lý Internet", "Có báo trong ngày"],
            [1, "Thị trấn Phú Thiện", 13, "x"],
            [2, "Ayun Hạ", 3, "x"],
            [N, "Cộng toàn huyện", 16, "10/10"],
        ],
        "dist_638",
    )
    assert figures(reading)["D4"] == "638 press_communes_same_day 10"
    assert {"D2", "D3"}.isdisjoint(figures(reading))


def test_hidden_rows_and_columns_are_not_read():
    rows = [["TT", "Huyện", "Cố định", "ADSL"], [1, "Pleiku", 1, 5], [2, "An Khê", 2, 6]]
    reading = read(rows, hidden_rows=frozenset({3}), hidden_columns=frozenset({4}))
    assert figures(reading) == {"C2": "622 phone_subs_fixed 1"}


def test_cross_table_of_programmes_and_languages():
    reading = read(
        [
            ["TT", "Loại hình", "Tổng số giờ", "Trong đó: tiếng Bahnar + Jrai (giờ)"],
            [1, "Phát thanh", "1.095", 75],
            [2, "Truyền hình", "3.397", 60],
        ],
        "dai_ptth",
    )
    assert list(figures(reading).values()) == [
        "64 radio_hours 1095", "64 radio_hours_ethnic 75", "64 tv_hours 3397", "64 tv_hours_ethnic 60",
    ]  # fmt: skip


def test_units_of_columns_and_of_rows():
    reading = read(
        [["TT", "Chỉ tiêu", "Sản lượng (ĐVT: nghìn trang)", "Doanh thu (ĐVT: triệu đồng)"],
         [1, "Xuất bản phẩm (trang quy đổi 13x19)", 98310, "3.094,5"]],
        "in_cao_nguyen",
    )  # fmt: skip
    assert figures(reading) == {"C2": "64 printing_pages 98310000", "D2": "64 printing_revenue 3094500000"}
    assert [o.printed_decimals for o in reading.observations] == [-3, -5]


def test_register_counts_what_it_lists():
    reading = read(
        [
            ["TT", "Tên đơn vị", "Địa bàn", "Ghi chú"],
            ["I", "Chi nhánh công ty bưu chính", N, 3],
            [1, "An Phát Mẫu", "Pleiku"],
            [2, "Cao Su Post", "An Khê"],
            ["II", "Điểm phát", N, 1],
            [1, "Điểm phát Thử Nghiệm", "Pleiku"],
            [],
            [N, "Đại lý Internet đã cấp giấy chứng nhận", 640],
        ],
        "p_bcvt",
    )
    assert [(o.cell, o.indicator_id, o.value) for o in reading.observations] == [
        ("D2", "post_company_branches", 3), ("D2", "post_company_branches#list", 2), ("D5", "post_delivery_points", 1),
        ("D5", "post_delivery_points#list", 1), ("C8", "internet_agents", 640),
    ]  # fmt: skip


def test_parts_of_a_figure_under_it():
    reading = read(
        [
            ["TT", "Chỉ tiêu", "ĐVT", "Số liệu"],
            ["I", "Điện thoại", "TB", 100],
            [N, "Trong đó: - Cố định", "TB", 10],
            [N, "- Trả sau", "TB", 20],
            [N, "- Trả trước", "TB", 70],
            ["II", "Internet", "TB", 9],
        ]
    )
    assert [f.split(" ")[1] for f in figures(reading).values()] == [
        "phone_subs_total", "phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid",
        "internet_subs_total",
    ]  # fmt: skip
    assert all(o.is_reported_total for o in reading.observations)


def test_lines_below_a_table_name_their_own_indicator():
    reading = read(
        [
            ["STT", "Địa bàn", "TB trả sau", "TB trả trước", "Tổng TB", "Số trạm"],
            [1, "Pleiku", "579", "13.196", "13.775", "22"],
            [N, "Tổng cộng", "579", "13.196", "13.775", "22"],
            [N, "TB tăng/giảm trong tháng", N, N, "137"],
            [N, "BSC", N, N, N, "0"],
        ],
        "vietnamobile",
    )
    assert figures(reading)["E4"] == "64 phone_subs_net_add 137"
    assert figures(reading)["F5"] == "64 telecom_bsc 0"
    assert questions(reading) == []


@pytest.mark.parametrize("encode", [encode_tcvn3, encode_vni])
def test_legacy_codes_are_decoded_before_anything_is_matched(encode):
    rows = [
        ["BÁO CÁO MẠNG LƯỚI BƯU CHÍNH", "Số liệu đến ngày 14/4/2019"],
        ["TT", "Huyện, thị xã, thành phố", "Bưu cục các cấp", "Đại lý bưu điện"],
        [1, "Huyện Đăk Đoa", 2, "-"],
        [2, "Huyện Chư Pưh", 1, "không phát sinh"],
        [N, "Tổng cộng", 3, "-"],
    ]
    coded = [
        [encode(cell.lower()) if isinstance(cell, str) and len(cell) > 2 else cell for cell in row] for row in rows
    ]
    assert figures(read(coded, "vnpost")) == figures(read(rows, "vnpost"))
    assert figures(read(coded, "vnpost"))["C4"] == "639 post_offices 1"


def with_labels(*labels: tuple[str, str, str]) -> Catalogue:
    rows = tuple(Label(label, indicator, context, "2019-01-01", "") for label, indicator, context in labels)
    return replace(CATALOGUE, labels=(*CATALOGUE.labels, *rows))


def test_form_in_unknown_words_is_read_after_rows_of_the_catalogue():
    rows = [
        ["No.", "Area", "Landline", "Postpaid sims", "Prepaid sims", "Staff", "Remarks"],
        [1, "Pleiku", 10, 20, 30, 5, N],
        [N, "Sum", 10, 20, 30, 5, N],
    ]
    assert figures(read(rows)) == {}
    catalogue = with_labels(
        ("No.", "#serial", ""), ("Area", "#district", ""), ("Sum", "#total", ""), ("Remarks", "#note", ""),
        ("Landline", "phone_subs_fixed", "telecom"), ("Postpaid sims", "phone_subs_mobile_postpaid", "vnpt"),
        ("Prepaid sims", "phone_subs_mobile_prepaid", ""), ("Staff", "", ""),
    )  # fmt: skip
    reading = read(rows, catalogue=catalogue)
    assert figures(reading) == {
        "C2": "622 phone_subs_fixed 10", "D2": "622 phone_subs_mobile_postpaid 20",
        "E2": "622 phone_subs_mobile_prepaid 30", "C3": "64 phone_subs_fixed 10",
        "D3": "64 phone_subs_mobile_postpaid 20", "E3": "64 phone_subs_mobile_prepaid 30",
    }  # fmt: skip
    assert questions(reading) == []


def test_ids_and_places_are_the_same_at_every_reading():
    first, second = (read(TWO_ROWS, merged=TWO_ROWS_MERGED) for _ in range(2))
    assert first == second
    assert len({o.observation_id for o in first.observations}) == len(first.observations)


def test_list_without_end_is_cut_and_said():
    rows = [["TT", "Huyện", "Cố định"], *([n, f"Nơi {n}", n] for n in range(1, 12_000))]
    reading = read(rows)
    assert figures(reading) == {}
    kinds = [kind for _, kind in questions(reading)]
    assert (kinds.count("unknown_area"), kinds.count("sheet_too_large")) == (100, 1)
    assert reading.findings[99].message_vi.startswith("Từ ô này trở đi")
