"""One document read whole: the container decides, sheets of other months stand aside, missing figures are asked."""

from __future__ import annotations

import dataclasses
import io
import shutil

import openpyxl
import pytest

from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue
from infra.errors import SubmissionError
from infra.settings import CATALOGUE as CATALOGUE_FOLDER

PERIOD = "2019-04"
N = None
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


def test_figure_stated_twice_with_two_values_is_asked():
    rows = [["TT", "Huyện", "Trạm BTS"], [1, "Pleiku", 5], [2, "TP Pleiku", 6], [3, "An Khê", 7]]
    reading = read(workbook(T4=rows, Lai=[rows[0], rows[1], rows[3]]), submitter="mobifone")
    assert [(f.sheet, f.cell) for f in reading.findings if f.kind == "conflicting_figures"] == [("T4", "C3")]


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


NEW_FORM = [
    ["GTEL GIA LAI - MONTHLY FIGURES"],
    ["Unit: thousand subs"],
    ["No.", "District", "Landline", "Mobile", N, "Net adds", "Staff"],
    [N, N, N, "Postpaid", "Prepaid", N, N],
    [1, "Pleiku city", 9.102, 15.31, 121.455, 1.2, 40],
    [2, "Ankhe town", 1.2, 2, 3, 0.1, 5],
    [N, "Sum", 10.302, 17.31, 124.455, 1.3, 45],
]
ROWS_OF_THE_STEWARD = {
    "labels.csv": [
        "No.,#serial,,2019-01-01,", "District,#district,,2019-01-01,", "Sum,#total,,2019-01-01,",
        "Mobile,#group,,2019-01-01,", "Landline,phone_subs_fixed,,2019-01-01,",
        "Mobile > Postpaid,phone_subs_mobile_postpaid,vnpt,2019-01-01,",
        "Prepaid,phone_subs_mobile_prepaid,telecom,2019-01-01,", "Net adds,,,2019-01-01,", "Staff,,,2019-01-01,",
    ],
    "area_aliases.csv": ["Pleiku city,622,2019-01-01,,", "Ankhe town,623,2019-01-01,,"],
    "units.csv": ["thousand subs,subscriber,thuê bao,1000"],
}  # fmt: skip


def test_form_nobody_has_seen_takes_rows_of_the_catalogue_and_no_code(tmp_path):
    rows = [[cell.replace("Unit:", "ĐVT:") if isinstance(cell, str) else cell for cell in row] for row in NEW_FORM]
    data = workbook(Month=rows)
    assert read(data, submitter="vnpt").observations == ()

    shutil.copytree(CATALOGUE_FOLDER, tmp_path / "catalogue")
    for name, added in ROWS_OF_THE_STEWARD.items():
        path = tmp_path / "catalogue" / name
        path.write_text(path.read_text(encoding="utf-8") + "\n".join(added) + "\n", encoding="utf-8")
    catalogue = load_catalogue(tmp_path / "catalogue").at(PERIOD)
    context = ReadContext(catalogue, PERIOD, catalogue.submitter_by_id["vnpt"], "r", "1.eml", "form.xlsx")
    reading = read_document(data, context)
    assert [(o.cell, o.area_code, o.indicator_id, o.value) for o in reading.observations] == [
        ("C5", "622", "phone_subs_fixed", 9102), ("D5", "622", "phone_subs_mobile_postpaid", 15310),
        ("E5", "622", "phone_subs_mobile_prepaid", 121455), ("C6", "623", "phone_subs_fixed", 1200),
        ("D6", "623", "phone_subs_mobile_postpaid", 2000), ("E6", "623", "phone_subs_mobile_prepaid", 3000),
        ("C7", "64", "phone_subs_fixed", 10302), ("D7", "64", "phone_subs_mobile_postpaid", 17310),
        ("E7", "64", "phone_subs_mobile_prepaid", 124455),
    ]  # fmt: skip
    assert [f.kind for f in reading.findings if f.kind != "missing_label"] == []


def test_reading_is_plain_data():
    reading = read(workbook(T4=form("4/2019")))
    assert dataclasses.asdict(reading)["observations"][0]["unit_code"] == "agent"
