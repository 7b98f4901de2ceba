"""A figure is taken when its sentence or its cell reports it for the month, and never in silence when it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
DISTRICT = CATALOGUE.submitter_by_id["dist_632"]
CELLS = {
    "Đại lý Internet, điểm trò chơi điện tử công cộng": "đại lý",
    "Trạm thu phát sóng (BTS) trên địa bàn": "trạm",
    "Số xã, phường, thị trấn có báo đến trong ngày": "xã",
    "Cụm pa nô tuyên truyền biên giới": "cụm",
}


def read(text: str, file: str = "(body)") -> Reading:
    return read_document(text.encode(), ReadContext(CATALOGUE, PERIOD, DISTRICT, "r", "m", file))


def values(reading: Reading) -> list[str]:
    return [str(o.value) for o in reading.observations if o.value is not None]


NOT_REPORTED = [
    ("Phòng không đề nghị sửa số trạm BTS thành 120 trạm.", "phủ nhận", "không đề nghị"),
    ("Chưa sửa số trạm BTS thành 120 trạm.", "phủ nhận", "chưa sửa"),
    ("Rút lại đề nghị sửa số trạm BTS thành 120 trạm.", "phủ nhận", "rút lại đề nghị"),
    ("Không có 120 trạm BTS.", "phủ nhận", "không có"),
    ("Không phải huyện có 120 trạm BTS.", "phủ nhận", "không phải"),
    ("Số 125 trạm BTS là sai.", "phủ nhận", "là sai"),
    ("Sở hỏi có sửa số trạm BTS thành 120 trạm không?\nPhòng trả lời: không, số 60 là đúng.", "hỏi", "hỏi có"),
    ("Trạm BTS: 120 trạm?", "hỏi", "?"),
    ("Huyện có 120 trạm BTS hay không.", "hỏi", "hay không"),
    ("Kế hoạch năm 2019: Trạm BTS: 200 trạm", "kế hoạch", "kế hoạch"),
    ("Dự kiến tháng 5: Trạm BTS: 210 trạm", "kế hoạch", "dự kiến"),
    ("Dự kiến tháng 5: pa nô biên giới: không phát sinh", "kế hoạch", "dự kiến"),
    ("Trạm BTS: 120 trạm (kế hoạch năm 2019)", "kế hoạch", "kế hoạch"),
    ("Phấn đấu đến cuối năm, huyện có 130 trạm BTS.", "kế hoạch", "phấn đấu"),
    ("Tháng 3: trạm BTS: 118 trạm", "kỳ khác", "tháng 3"),
    ("Số liệu tháng 3:\n- Trạm BTS: 118 trạm", "kỳ khác", "tháng 3"),
    ("Trạm BTS tháng trước: 118 trạm", "kỳ khác", "tháng trước"),
    ("Năm 2018: trạm BTS là 110 trạm", "kỳ khác", "năm 2018"),
]


@pytest.mark.parametrize(("text", "why", "words"), NOT_REPORTED)
def test_a_figure_that_is_not_reported_is_said_with_its_words(text: str, why: str, words: str) -> None:
    reading = read(text)
    assert values(reading) == []
    assert [f.kind for f in reading.findings if f.kind != "number_not_read"] == ["figure_not_reported"]
    assert why in reading.findings[0].message_vi
    assert words in reading.findings[0].message_vi
    assert reading.findings[0].raw_text in text


REPORTED = [
    ("Các số khác không thay đổi, đề nghị sửa số trạm BTS thành 120 trạm.", ["120"]),
    ("Do số trước không đúng, đề nghị sửa số trạm BTS thành 120 trạm.", ["120"]),
    ("Không kể trạm đang xây dựng huyện có 120 trạm BTS.", ["120"]),
    ("Số trạm BTS không thay đổi: 120 trạm", ["120"]),
    ("Huyện dự kiến sáp nhập 2 xã, hiện có 120 trạm BTS.", ["120"]),
    ("Trạm BTS dự kiến 210 trạm; trạm BTS hiện có 120 trạm.", ["120"]),
    ("Tháng 3: trạm BTS 118 trạm; tháng 4: trạm BTS là 120 trạm.", ["120"]),
    ("Trạm BTS: 120 trạm (đạt 98% kế hoạch)", ["120"]),
    ("Thực hiện kế hoạch số 12/KH-UBND, huyện đã có 120 trạm BTS.", ["120"]),
    ("So với tháng trước, số trạm BTS tăng lên 120 trạm.", ["120"]),
    ("Kết quả tháng 4 và dự kiến tháng 5:\n- Trạm BTS: 120 trạm", ["120"]),
    ("Tính từ ngày 15 tháng 3 đến ngày 14 tháng 4, huyện có 120 trạm BTS.", ["120"]),
]


@pytest.mark.parametrize(("text", "expected"), REPORTED)
def test_a_denial_or_plan_of_something_else_leaves_the_figure(text: str, expected: list[str]) -> None:
    assert values(read(text)) == expected


DENIED = st.sampled_from(["Không", "Chưa", "Đừng", "Chẳng", "Không phải", "Không đề nghị", "Chưa chắc",
                          "Không đúng là"])  # fmt: skip
SAID = st.sampled_from(["có {} trạm BTS", "sửa số trạm BTS thành {} trạm", "số trạm BTS là {}", "trạm BTS: {} trạm",
                        "có {} đại lý Internet", "điều chỉnh số đại lý Internet xuống còn {} đại lý",
                        "đính chính số xã có báo đến trong ngày là {} xã"])  # fmt: skip


@given(DENIED, SAID, st.integers(min_value=1, max_value=9_999), st.sampled_from(["", ".", "!", " nữa."]))
def test_no_sentence_that_begins_with_a_denial_gives_a_figure(denial: str, said: str, number: int, end: str) -> None:
    reading = read(f"{denial} {said.format(number)}{end}")
    assert values(reading) == []
    assert reading.findings


@given(st.sampled_from(["Dự kiến", "Kế hoạch năm 2019:", "Phấn đấu", "Mục tiêu:", "Nếu", "Tháng 3:"]), SAID,
       st.integers(min_value=1, max_value=9_999))  # fmt: skip
def test_no_sentence_that_begins_with_a_plan_gives_a_figure(plan: str, said: str, number: int) -> None:
    reading = read(f"{plan} {said.format(number)}.")
    assert values(reading) == []
    assert reading.findings


def cell(value: str, label: str) -> Reading:
    return read(f"TT;Chỉ tiêu;ĐVT;Số liệu\n1;{label};{CELLS[label]};{value}\n2;Nhãn khác;cái;", "b.csv")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12/2019", "date_in_number"),
        ("12 tháng", "unit_mismatch"),
        ("tăng 12", "change_not_level"),
        ("giảm 12", "change_not_level"),
        ("+12", "change_not_level"),
        ("chưa có", "unclear_none"),
        ("0 (chưa có số liệu)", "figure_not_reported"),
        ("120 (dự kiến)", "figure_not_reported"),
        ("120 (tháng 3)", "figure_not_reported"),
        ("120 kế hoạch", "figure_not_reported"),
        ("120?", "figure_not_reported"),
    ],
)
@pytest.mark.parametrize("label", list(CELLS))
def test_a_cell_that_is_no_figure_of_the_month_gives_none_and_says_so(value: str, kind: str, label: str) -> None:
    reading = cell(value, label)
    assert values(reading) == []
    assert [f.kind for f in reading.findings if f.cell == "D2"] == [kind]
    assert value in next(f.raw_text for f in reading.findings if f.cell == "D2")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", "12"), ("12 (tháng 4)", "12"), ("12 (không kể 2 xã mới)", "12"), ("18/20", "18"),
     ("0 (không phát sinh)", "0"), ("không phát sinh", "0"), ("không có", "0")],
)  # fmt: skip
def test_a_cell_that_reports_is_read(value: str, expected: str) -> None:
    assert values(cell(value, "Cụm pa nô tuyên truyền biên giới")) == [expected]


def test_a_change_is_the_figure_of_an_indicator_of_changes() -> None:
    sctv = CATALOGUE.submitter_by_id["sctv"]
    text = "TT;Chỉ tiêu;ĐVT;Số liệu\n1;Thuê bao Internet tăng trong tháng;TB;giảm 12\n"
    reading = read_document(text.encode(), ReadContext(CATALOGUE, PERIOD, sctv, "r", "m", "b.csv"))
    assert values(reading) == ["-12"]


def test_none_yet_said_of_a_named_figure_is_asked() -> None:
    reading = read("Đài truyền thanh xã đầu tư mới: chưa có")
    assert values(reading) == []
    assert [f.kind for f in reading.findings] == ["unclear_none"]
