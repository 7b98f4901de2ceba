"""One document read whole: the container decides, sheets of other months stand aside, missing figures are asked."""

from __future__ import annotations

import dataclasses
import io

import openpyxl
import pytest

from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue
from infra.errors import SubmissionError

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
DISTRICT_FORM = [
    ["PHÒNG VĂN HÓA VÀ THÔNG TIN HUYỆN CHƯ SÊ"],
    ["BIỂU SỐ LIỆU THÁNG {month}"],
    ["TT", "Nội dung", "Đơn vị tính", "Số lượng", "Ghi chú"],
    [1, "Đại lý Internet, điểm trò chơi điện tử công cộng", "đại lý", 34],
    [2, "Cụm pa nô tuyên truyền biên giới dựng mới", "cụm", "-"],
    [3, "Đài truyền thanh xã được thống nhất đầu tư mới", "đài", "KPS"],
    [4, "Cụm loa hư hỏng", "cụm", "07"],
]
PROSE = [
    ["THUYẾT MINH BÁO CÁO THÁNG 4"],
    ["I. Kết quả thực hiện"],
    ["Bưu chính, viễn thông"],
    ["- Phối hợp với các nhà mạng khảo sát vị trí dựng cột ăng ten tại hai xã."],
    ["II. Kế hoạch tháng 5"],
    ["Bưu chính, viễn thông"],
    ["- Theo dõi hoạt động của điểm bưu điện văn hóa tại các xã vùng xa."],
]


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def form(month: str, without: str = "") -> list[list[object]]:
    rows = [[c.format(month=month) if isinstance(c, str) else c for c in row] for row in DISTRICT_FORM]
    return [row for row in rows if not without or without not in str(row[1:2])]


def read(data: bytes, file: str = "bieu.xlsx", submitter: str = "dist_633") -> Reading:
    return read_document(data, ReadContext(CATALOGUE, PERIOD, CATALOGUE.submitter_by_id[submitter], "r", "1.eml", file))


def kinds(reading: Reading) -> list[tuple[str, str]]:
    return [(f.kind, f.sheet) for f in reading.findings]


def test_sheet_of_figures_and_sheet_of_prose():
    reading = read(workbook(T4=form("4/2019"), Loi=PROSE))
    assert [(o.sheet, o.cell, o.indicator_id, o.value) for o in reading.observations] == [
        ("T4", "D4", "internet_agents", 34), ("T4", "D5", "border_panels_deployed", 0),
        ("T4", "D6", "commune_radio_new", 0),
    ]  # fmt: skip
    assert [(i.part, i.section, i.place) for i in reading.narrative_items] == [
        ("I", "BCVT", "Loi!A4"), ("II", "BCVT", "Loi!A7"),
    ]  # fmt: skip
    assert kinds(reading) == []


@pytest.mark.parametrize("last", ["3/2019", "4/2018"])
def test_sheet_of_another_month_stands_aside(last):
    reading = read(workbook(Cu=form(last), T4=form("4/2019")))
    assert {o.sheet for o in reading.observations} == {"T4"}
    assert kinds(reading) == [("other_period_sheet", "Cu")]


@pytest.mark.parametrize(("month", "kind"), [("4/2018", "last_year_file"), ("3/2019", "other_month_file")])
def test_file_of_another_month_is_read_and_said(month, kind):
    reading = read(workbook(T4=form(month)))
    assert len(reading.observations) == 3
    assert kinds(reading) == [(kind, "")]


def test_hidden_sheet_is_said_and_not_read():
    book = openpyxl.load_workbook(io.BytesIO(workbook(T4=form("4/2019"), An=form("4/2019"))))
    book["An"].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    reading = read(stream.getvalue())
    assert {o.sheet for o in reading.observations} == {"T4"}
    assert kinds(reading) == [("hidden_part", "An")]
    assert {(f.period, f.message, f.file, f.submitter_id) for f in reading.findings} == {
        (PERIOD, "1.eml", "bieu.xlsx", "dist_633")
    }


def test_figure_that_the_form_should_have_is_asked():
    reading = read(workbook(T4=form("4/2019", without="pa nô")))
    assert [(f.kind, f.raw_text) for f in reading.findings] == [("missing_label", "Cụm pa nô tuyên truyền biên giới")]


def test_column_that_a_table_by_district_should_have_is_asked():
    rows = [["TT", "Huyện", "Cố định", "Trả trước", "ADSL", "FTTH", "BTS"], [1, "Pleiku", 1, 2, 3, 4, 5]]
    reading = read(workbook(T4=rows), submitter="vnpt")
    assert [f.raw_text for f in reading.findings if f.kind == "missing_label"] == ["Di động trả sau"]


def test_table_of_a_csv_file():
    data = "Báo cáo tháng 4/2019;;\nSTT;Địa bàn;TB trả sau\n1;Pleiku;583\n;Tổng cộng;583\n".encode("utf-8-sig")
    reading = read(data, "so lieu.csv", "vietnamobile")
    assert [(o.cell, o.area_code, o.value, o.raw_text) for o in reading.observations] == [
        ("C3", "622", 583, "583"), ("C4", "64", 583, "583"),
    ]  # fmt: skip


def test_container_decides_and_not_the_name():
    data = workbook(T4=form("4/2019"))
    assert read(data, "bieu.doc").observations[0].value == read(data, "bieu.xlsx").observations[0].value == 34


def test_mail_text_is_read_as_prose():
    reading = read("Huyện hiện có 34 đại lý Internet.\n".encode(), "(body)")
    assert [(o.indicator_id, o.value, o.cell) for o in reading.observations] == [("internet_agents", 34, "body")]


def test_container_that_is_not_read_is_said_in_words():
    with pytest.raises(SubmissionError, match="không phải bảng tính"):
        read(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "anh.jpg")


def test_id_depends_on_the_bytes_and_the_place():
    one, other = workbook(T4=form("4/2019")), workbook(T4=form("04/2019"))
    ids = [{o.observation_id for o in read(data).observations} for data in (one, other)]
    assert len(ids[0]) == 3
    assert ids[0].isdisjoint(ids[1])
    assert {o.observation_id for o in read(one).observations} == ids[0]


def test_document_without_a_known_sender_is_read_for_the_province():
    context = ReadContext(CATALOGUE, PERIOD, None, "r", "1.eml", "bieu.xlsx")
    reading = read_document(workbook(T4=[["Chỉ tiêu", "Số liệu"], ["Trạm BTS", 5]]), context)
    assert [(o.submitter_id, o.area_code) for o in reading.observations] == [("", "64")]


def test_reading_is_plain_data():
    reading = read(workbook(T4=form("4/2019")))
    assert dataclasses.asdict(reading)["observations"][0]["unit_code"] == "agent"
