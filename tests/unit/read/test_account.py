"""The account of numbers: each number of a table or a text is read, asked about, or set aside for a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.account import holds_number
from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue
from tests.unit.read.test_tables import N, questions, read

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)


def of_text(text: str, submitter: str = "dist_632") -> Reading:
    context = ReadContext(CATALOGUE, PERIOD, CATALOGUE.submitter_by_id[submitter], "r", "m", "(body)")
    return read_document(text.encode(), context)


def said(reading: Reading) -> str:
    """Return everything that a reading shows of a document."""
    shown = [o.raw_text for o in reading.observations] + [i.text for i in reading.narrative_items]
    return " ".join([*shown, *(f"{f.message_vi} {f.raw_text}" for f in reading.findings)])


NO_NUMBERS = [
    "BÁO CÁO THÁNG 4 NĂM 2019", "Bao cao thang 4/2019", "Số: 123/BC-VHTT", "Thông tư 03/2019/TT-BTTTT", "T4-2019",
    "Pleiku, ngày 15 tháng 4 năm 2019", "15/4/2019", "04/2019", "giai đoạn 2016-2020", "Biểu số 02", "Mẫu 3a",
    "Trạm 4G", "1. Trạm BTS", "a) Trạm BTS", "1.2. Trạm", "QĐ02", "ĐT: 0905 123 456", "0269.3824.123", "a1@b2.vn",
    "MobiFone khu vực 7", "Tiêu chí số 8", "trang khổ 13x19", "trực 24/24", "máy chủ 10.0.12.5", "ngày 15 và ngày 30",
    "Trạm BTS", "Phụ lục 1",
]  # fmt: skip
NUMBERS = [
    "88 trạm", "Trạm BTS: 88", "sửa thành 89", "20", "1.234", "có 5 thôn", "2 trạm dùng chung", "Tháng 4: 88",
    "12,5 km", "8️8", "2O", "tăng 3", "ngày 15/4 có 12 tin",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_digits_of_dates_references_and_names_are_no_numbers(text: str) -> None:
    assert not holds_number(text)


@pytest.mark.parametrize("text", NUMBERS)
def test_any_other_digits_may_be_a_figure(text: str) -> None:
    assert holds_number(text)


STRAY = st.integers(51_000, 59_999)
DISTRICTS = ["Pleiku", "An Khê", "Chư Sê", "Ia Grai", "KBang"]


@given(st.lists(STRAY, min_size=1, max_size=6, unique=True), st.data())
def test_a_number_anywhere_in_a_sheet_is_read_or_said(strays: list[int], data: st.DataObject) -> None:
    """Numbers above, beside, within and below a table, alone or in words: none passes in silence."""
    rows: list[list[object]] = [
        ["VNPT GIA LAI"], ["BÁO CÁO SỐ LIỆU THÁNG 4/2019"], ["TT", "Huyện", "Thuê bao cố định", "Số trạm BTS"],
        *([n, name, 400 + n, 90 + n] for n, name in enumerate(DISTRICTS, 1)),
    ]  # fmt: skip
    for stray in strays:
        kind = data.draw(st.sampled_from(["beyond", "nameless", "below", "note", "above", "remark"]))
        if kind == "beyond":
            rows[data.draw(st.integers(3, 7))] += [stray]
        elif kind == "nameless":
            rows.append([N, N, stray, N])
        elif kind == "above":
            rows[0] += [f"có {stray} trạm"]
        else:
            rows.append([{"below": stray, "note": f"Ghi chú: sửa thành {stray}", "remark": f"{stray} đại lý"}[kind]])
    text = said(read(rows))
    assert [stray for stray in strays if str(stray) not in text] == []


def test_a_sheet_whose_numbers_are_all_accounted_for_says_nothing_more() -> None:
    rows = [["TT", "Huyện", "Thuê bao cố định", "Số trạm BTS", "Ghi chú"],
            [1, "Pleiku", 400, 91, "theo 03/2019/QĐ-UBND"],
            [N, "Tổng cộng", 400, 91], [N, "Pleiku, ngày 15 tháng 4 năm 2019"], [N, N, N, 1]]  # fmt: skip
    assert questions(read(rows)) == []


@pytest.mark.parametrize("rows", [
    [["TT", "Huyện", "Số trạm BTS"], [1, "Pleiku", 91], [2, N, 77]],
    [["TT", "Huyện", "Số trạm BTS"], [1, "Pleiku", 91, 5]],
    [["TT", "Huyện", "Số trạm BTS"], [1, "Pleiku", 91], [N, N, N, 44]],
])  # fmt: skip
def test_a_number_without_a_name_or_a_header_is_asked_about(rows: list[list[object]]) -> None:
    assert [kind for _, kind in questions(read(rows))] == ["number_not_read"]


def test_numbers_that_count_the_rows_of_a_list_are_no_figures() -> None:
    rows = [["STT", "Tuyến đường thư"], [1, "Pleiku - An Khê"], [2, "Pleiku - KBang"], [3, "Pleiku - Ia Grai"]]
    assert questions(read(rows)) == []
    assert questions(read([*rows, [77, "Pleiku - Chư Sê"]])) == [("A5", "number_not_read")]


LINES = ["Số trạm BTS\n88 trạm", "Ngoài ra: 88", "Ngoài ra có 88", "88"]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_line_with_a_number_that_says_nothing_known_is_said_beside_one_that_is_read(line: str, place: str) -> None:
    known = "Đại lý Internet: 20 đại lý"
    reading = of_text(f"{line}\n{known}" if place == "before" else f"{known}\n{line}")
    assert [o.raw_text for o in reading.observations] == ["20"]
    assert [(f.kind, f.severity) for f in reading.findings] == [("number_not_read", "warning")]


@pytest.mark.parametrize("line", [
    "Số trạm BTS: tám mươi tám trạm", "Có tám mươi tám trạm BTS.", "Số trạm BTS: không thay đổi", "Trạm BTS: tám trạm",
    "Số trạm BTS không thay đổi so với tháng trước.", "Trạm BTS giữ nguyên.", "Trạm BTS: như tháng trước",
])  # fmt: skip
def test_a_figure_in_words_is_said_to_be_unread(line: str) -> None:
    reading = of_text(f"{line}\nĐại lý Internet: 20 đại lý")
    assert [o.indicator_id for o in reading.observations] == ["internet_agents"]
    assert [f.kind for f in reading.findings] == ["unread_figure"]


@pytest.mark.parametrize("line", [
    "Trong ba năm qua trạm BTS hoạt động tốt.", "Bảo vệ an toàn các trạm BTS trong hai ngày lễ.", "Trạm BTS: 88 trạm",
])  # fmt: skip
def test_words_beside_a_name_that_count_nothing_of_it_are_left_alone(line: str) -> None:
    assert not [f for f in of_text(line).findings if f.kind == "unread_figure"]


def test_of_several_months_beside_their_total_none_is_taken_for_a_stock() -> None:
    rows = [["TT", "Chỉ tiêu", "Tháng 2", "Tháng 3", "Tháng 4", "Lũy kế"], [1, "Số trạm BTS", 86, 87, 88, 261]]
    reading = read(rows, "dist_632")
    assert reading.observations == ()
    assert questions(reading) == [("F2", "ambiguous_column")]
    both = read([["TT", "Chỉ tiêu", "Tháng 4", "Lũy kế"], [1, "Số trạm BTS", 3, 88]], "dist_632")
    assert [str(o.value) for o in both.observations] == ["88"]


# ------------------------------------------------------------ whose figure is it


@pytest.mark.parametrize("line", [
    "Trạm BTS tại An Khê: 88 trạm", "Trên địa bàn thị xã An Khê có 88 trạm BTS.", "Trạm BTS (An Khê, Chư Sê): 88 trạm",
])  # fmt: skip
def test_a_figure_beside_the_name_of_another_district_is_not_the_senders(line: str) -> None:
    reading = of_text(f"{line}\nĐại lý Internet: 20 đại lý")
    assert [o.indicator_id for o in reading.observations] == ["internet_agents"]
    assert [f.kind for f in reading.findings] == ["foreign_area"]


@pytest.mark.parametrize("line", [
    "Trạm BTS tại huyện Chư Prông: 88 trạm", "Trên địa bàn huyện có 88 trạm BTS, thị trấn Chư Prông có sóng 4G.",
    "Huyện Chư Prông có 88 trạm BTS; tuyến đi An Khê đang thi công.",
])  # fmt: skip
def test_the_senders_own_name_and_names_of_other_clauses_change_nothing(line: str) -> None:
    reading = of_text(line)
    assert [(o.area_code, str(o.value)) for o in reading.observations] == [("632", "88")]


def test_an_enterprise_that_names_one_district_speaks_of_that() -> None:
    (figure,) = of_text("Trạm BTS tại An Khê: 88 trạm", "vnpt").observations
    assert figure.area_code == "623"


def test_rows_of_another_district_are_asked_about_and_not_taken() -> None:
    rows = [["TT", "Địa bàn", "Số trạm BTS"], [1, "Chư Prông", 91], [2, "An Khê", 77]]
    reading = read(rows, "dist_632")
    assert [(o.area_code, str(o.value)) for o in reading.observations] == [("632", "91")]
    assert ("C3", "foreign_area") in questions(reading)


# ------------------------------------------------------------ headings without anything below


@pytest.mark.parametrize(("line", "is_said"), [
    ("1.1. Tập huấn cho cán bộ xã", True), ("Treo băng rôn các ngày lễ lớn:", True),
    ("1. Bưu chính, viễn thông", False), ("Số liệu trong tháng:", False),
])  # fmt: skip
def test_a_heading_that_nothing_stands_under_is_a_line_of_work(line: str, is_said: bool) -> None:
    reading = of_text(f"I. KẾT QUẢ THÁNG 4\n- Rà soát hộp thư công vụ.\n{line}\nII. KẾ HOẠCH THÁNG 5\n- Họp giao ban.")
    assert [f.kind for f in reading.findings] == ["line_without_item"] * is_said
