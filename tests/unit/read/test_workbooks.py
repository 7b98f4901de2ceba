"""Workbooks as they are stored: values of every container, and what a workbook hides."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font

from flows.read.csv_files import is_table, open_csv, open_text
from flows.read.document import Content, Grid, ReadContext
from flows.read.formulas import calculate, overtyped, place_of
from flows.read.reader import read_document
from flows.read.text import encode_tcvn3
from flows.read.workbooks import open_workbook
from flows.records import Reading
from infra.catalogue import load_catalogue
from infra.errors import SubmissionError

ROWS = [["TT", "Huyện", "Số lượng"], [1, "Pleiku", 6446], [2, "An Khê", 719.5], [3, "Chư Sê", "1.306.834"]]


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xlsx(rows=ROWS) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def xls(rows=ROWS, style: str = "") -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("T4")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(r, c, value, xlwt.easyxf(style)) if style else sheet.write(r, c, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def ods(rows=ROWS, percent: float | None = None, formula: str = "") -> bytes:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    sheet = Table(name="T4")
    for row in [*rows, *([[percent]] if percent is not None else [])]:
        line = TableRow()
        for value in row:
            if isinstance(value, str):
                cell = TableCell(valuetype="string")
            elif value == percent:
                cell = TableCell(valuetype="percentage", value=value)
            else:
                cell = TableCell(valuetype="float", value=value, **({"formula": formula} if formula else {}))
            cell.addElement(P(text=str(value)))
            line.addElement(cell)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    stream = io.BytesIO()
    book.write(stream)
    return stream.getvalue()


def texts(grid: Grid) -> dict[str, str]:
    return {grid.place(*place): cell.text for place, cell in grid.cells.items()}


EXPECTED = {
    "A1": "TT", "B1": "Huyện", "C1": "Số lượng", "A2": "1", "B2": "Pleiku", "C2": "6446", "A3": "2", "B3": "An Khê",
    "C3": "719.5", "A4": "3", "B4": "Chư Sê", "C4": "1.306.834",
}  # fmt: skip


@pytest.mark.parametrize("make", [lambda: saved(xlsx()), xls, ods], ids=["xlsx", "xls", "ods"])
def test_every_container_gives_the_same_cells(make):
    (grid,) = open_workbook(make()).grids
    assert texts(grid) == EXPECTED
    assert grid.cells[2, 3].value == 6446
    assert len(grid.cells) == 12


def only(content: Content) -> Grid:
    return content.grids[0]


@pytest.mark.parametrize(
    ("code", "kept"), [("0%", True), ("0.0%;[Red]-0.0%", True), ('0.00"%"', False), ("#,##0", False)]
)
def test_percent_format_of_a_users_own(code, kept):
    book = xlsx([[0.8859]])
    book.active["A1"].number_format = code
    assert bool(only(open_workbook(saved(book))).cells[1, 1].number_format) is kept


def test_percent_format_is_known_in_every_container():
    book = xlsx([[0.8859]])
    book.active["A1"].number_format = "0.00%"
    assert only(open_workbook(saved(book))).cells[1, 1].number_format == "0.00%"
    data = xls([[0.8859]], "")
    assert only(open_workbook(data)).cells[1, 1].number_format == ""
    stream, old = io.BytesIO(), xlwt.Workbook()
    old.add_sheet("T4").write(0, 0, 0.8859, xlwt.easyxf(num_format_str="0.00%"))
    old.save(stream)
    assert only(open_workbook(stream.getvalue())).cells[1, 1].number_format == "0.00%"
    assert only(open_workbook(ods([], percent=0.8859))).cells[1, 1].number_format == "0.00%"


def test_legacy_font_of_a_cell_is_known():
    book = xlsx([[encode_tcvn3("Tổng cộng")]])
    book.active["A1"].font = Font(name=".VnTimeH")
    assert only(open_workbook(saved(book))).cells[1, 1].font_name == ".VnTimeH"
    data = xls([[encode_tcvn3("Tổng cộng")]], "font: name .VnTime")
    assert only(open_workbook(data)).cells[1, 1].font_name == ".VnTime"


def test_merged_cells_are_known_in_every_container():
    book = xlsx([["a", "b", "c"]])
    book.active.merge_cells("A2:C3")
    assert only(open_workbook(saved(book))).merged == ((2, 1, 3, 3),)


def test_hidden_sheet_rows_and_columns_are_marked_and_said():
    book = xlsx()
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    last_month = book.create_sheet("T3")
    last_month["A1"] = 5
    last_month.sheet_state = "hidden"
    content = open_workbook(saved(book))
    assert [grid.is_hidden for grid in content.grids] == [False, True]
    assert (content.grids[0].hidden_rows, content.grids[0].hidden_columns) == ({3}, {3})
    assert [(f.kind, f.sheet, f.cell) for f in content.findings] == [
        ("hidden_part", "Sheet", "C1"), ("hidden_part", "Sheet", "A3"), ("hidden_part", "T3", ""),
    ]  # fmt: skip


def test_empty_hidden_parts_are_not_worth_a_word():
    book = xlsx()
    book.create_sheet("Sheet2").sheet_state = "hidden"
    book.active.row_dimensions[20].hidden = True
    assert open_workbook(saved(book)).findings == ()


def formula_book(cached: bool) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    for row in range(4):
        sheet.write_row(row, 0, [10 * row, row])
        sheet.write_formula(row, 2, f"=A{row + 1}+B{row + 1}", None, 11 * row if cached else "")
    sheet.write_formula(4, 2, "=SUM(C1:C4)", None, 66 if cached else "")
    sheet.write_formula(5, 2, "=VLOOKUP(1,A1:B4,2)", None, "")
    book.close()
    return stream.getvalue()


@pytest.mark.parametrize("cached", [True, False])
def test_sum_that_was_never_calculated_is_calculated(cached):
    cells = only(open_workbook(formula_book(cached))).cells
    assert (cells[5, 3].text, cells[5, 3].formula) == ("66", "=SUM(C1:C4)")
    assert cells[6, 3].text == ""


def test_error_values_keep_their_name():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    book.add_worksheet().write_formula("A1", "=1/0", None, "#DIV/0!")
    book.close()
    assert only(open_workbook(stream.getvalue())).cells[1, 1].text == "#DIV/0!"


def test_number_typed_over_a_formula_is_said():
    book = xlsx([[1, 2, f"=A{row}+B{row}"] for row in range(1, 8)])
    book.active["C4"] = 99
    findings = open_workbook(saved(book)).findings
    assert [(f.kind, f.cell, f.raw_text) for f in findings] == [("formula_overtyped", "C4", "99")]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"<html>"]
)
def test_bytes_that_are_no_workbook_are_refused_in_words(data):
    with pytest.raises(SubmissionError, match="bảng tính"):
        open_workbook(data)


def test_truncated_workbook_is_refused():
    data = saved(xlsx())
    with pytest.raises(SubmissionError):
        open_workbook(data[: len(data) * 6 // 10])


def test_entities_are_refused():
    import zipfile

    source, target = zipfile.ZipFile(io.BytesIO(saved(xlsx()))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            part = source.read(name)
            copy.writestr(name, b'<!DOCTYPE a [<!ENTITY b "c">]>' + part if name == "xl/styles.xml" else part)
    with pytest.raises(SubmissionError, match="XML"):
        open_workbook(target.getvalue())


VALUES = {place_of("A1"): Decimal(2), place_of("A2"): Decimal(3), place_of("B1"): None}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=SUM(A1:A3)", 5), ("=A1+A2*2-1", 7), ("=(A1+A2)/2", "2.5"), ("=-A1", -2), ("=$A$1+1.5", "3.5"),
        ("=SUM(A1,A2,10)", 15), ("=C1", 5), ("of:=SUM([.A1:.A2])", 5), ("=A1/0", None), ("=B1+1", None),
        ("=IF(A1>1,1,0)", None), ("=Sheet2!A1", None), ("=D1", None), ("=SUM(A1:XFD1048576)", None), ("=", None),
        ("=A1+", None), ("=1 2", None),
    ],
)  # fmt: skip
def test_plain_formulas_are_calculated_and_others_are_not(formula, value):
    formulas = {(9, 9): formula, place_of("C1"): "=SUM(A1:A2)", place_of("D1"): "=E1", place_of("E1"): "=D1"}
    found = calculate((9, 9), formulas, lambda place: VALUES.get(place, Decimal(0)))
    assert found == (None if value is None else Decimal(value))


@given(st.text("=SUM(A1:B2)+-*/,;$9 ", max_size=40))
def test_no_formula_breaks_the_calculator(formula):
    calculate((9, 9), {(9, 9): "=" + formula}, lambda place: Decimal(1))


def test_few_constants_among_many_formulas_only():
    column = [(row, 3) for row in range(1, 11)]
    assert overtyped(column, [(5, 4)]) == []
    assert overtyped([p for p in column if p[0] != 5], [(5, 3)]) == [(5, 3)]
    assert overtyped(column[:3], [(4, 3)]) == []


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separator_and_encoding_of_text_are_found(mark, encoding):
    lines = [["STT", "Địa bàn", "Trả sau"], ["1", "Pleiku", "579"], ["2", "Chư Pưh", "82"]]
    data = "\r\n".join(mark.join(line) for line in lines).encode(encoding)
    grid = only(open_csv(data))
    assert [grid.cells[r, c].text for r in (1, 2, 3) for c in (1, 2, 3)] == [field for line in lines for field in line]
    assert grid.place(3, 2) == "B3"


def test_decimal_commas_do_not_cut_fields():
    grid = only(open_csv("STT;Địa bàn;Giờ\n1;Pleiku;157,5\n2;An Khê;1,5\n3;Ayun Pa;2,5\n".encode()))
    assert grid.cells[2, 3].text == "157,5"


def test_declared_separator_and_quoted_fields():
    grid = only(open_csv('sep=,\n"Xã, phường",5\n'.encode()))
    assert texts(grid) == {"A2": "Xã, phường", "B2": "5"}


def test_windows_1258_and_tcvn3_text():
    rows = "STT;Địa bàn;Trả trước\n1;Đăk Đoa;5\n2;Chư Prông;6\n;Tổng cộng;11\n"
    tcvn3 = encode_tcvn3(rows).encode("latin-1")
    assert only(open_csv(tcvn3)).cells[2, 2].text == "Đăk Đoa"
    decomposed = (
        b"STT;\xd0\xf5n vi\xf2;Tra\xd2 tr\xfd\xf5\xecc\r\n1;\xd0\xe3k \xd0oa;5\r\n;T\xf4\xd2ng c\xf4\xf2ng;5\r\n"
    )
    grid = only(open_csv(decomposed))
    assert [grid.cells[1, 2].text, grid.cells[1, 3].text, grid.cells[2, 2].text] == ["Đơn vị", "Trả trước", "Đăk Đoa"]


PROSE = """Kính gửi Sở Thông tin và Truyền thông,
Trong tháng 4, đơn vị báo cáo như sau:
1. Tổng số thuê bao điện thoại cố định là 1.234 thuê bao, tăng 12 thuê bao so với tháng trước, trong đó Pleiku 600.
2. Doanh thu đạt 5,6 tỷ đồng.
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_file_of_sentences_is_prose(encoding):
    content = open_text(PROSE.encode(encoding), "bao cao thang 4.txt")
    assert not content.grids
    assert [p.text for p in content.paragraphs][:2] == PROSE.split("\n")[:2]
    assert content.paragraphs[0].place == "paragraph 1"


@pytest.mark.parametrize("file", ["so lieu.csv", "so lieu.TSV", "so lieu.prn"])
def test_name_of_a_table_decides(file):
    assert open_text(PROSE.encode(), file).grids


@pytest.mark.parametrize(("mark", "expected"), [(";", True), ("\t", True), ("|", True), (",", True)])
def test_text_file_of_columns_is_a_table(mark, expected):
    lines = [["STT", "Địa bàn", "Trả sau"], ["1", "Pleiku", "579"], ["2", "Chư Pưh", "82"]]
    assert is_table("\n".join(["Số liệu tháng 4", *(mark.join(line) for line in lines)]).encode()) is expected


def test_sentences_with_a_comma_each_are_no_table():
    assert not is_table("Kính gửi Sở, Phòng\nChúng tôi báo cáo, như sau\nCố định 5, di động 7\n".encode())


def _of_district(change) -> Reading:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["TT", "Chỉ tiêu", "Số liệu"], [1, "Số trạm BTS", 88], [2, "Đại lý Internet", 20]):
        sheet.append(row)
    change(sheet["C2"])
    catalogue = load_catalogue().at("2019-04")
    context = ReadContext(catalogue, "2019-04", catalogue.submitter_by_id["dist_632"], "r", "m", "a.xlsx")
    return read_document(saved(book), context)


def _stations(reading: Reading) -> Decimal | None:
    return next(o.value for o in reading.observations if o.indicator_id == "telecom_bts_total")


@pytest.mark.parametrize("code", ['0" nghìn"', '0"0"', "-0", '"99"', "0%", "#,##0,", "\\1000", '0" tr"', "0\\ \\t\\r"])
def test_a_number_whose_format_shows_another_is_asked_about(code: str) -> None:
    reading = _of_district(lambda cell: setattr(cell, "number_format", code))
    assert _stations(reading) is None
    assert {f.kind for f in reading.findings if f.cell == "C2"} <= {"ambiguous_number", "unit_mismatch"}


@pytest.mark.parametrize("code", [
    "#,##0", "#,##0.00", "[Red]0", '0" trạm"', "#,##0_);(#,##0)", "0;-0", "_-* #,##0_-;-* #,##0_-", "@", "000",
    "General", "[$-42A]#,##0", '#,##0," nghìn"', "0.0E+00", "[>=1000]#,##0;0", '#,##0\\ "TB"',
])  # fmt: skip
def test_a_format_that_only_dresses_a_number_changes_nothing(code: str) -> None:
    assert _stations(_of_district(lambda cell: setattr(cell, "number_format", code))) == 88


def test_a_number_struck_through_is_not_taken_and_is_said() -> None:
    reading = _of_district(lambda cell: setattr(cell, "font", Font(strike=True)))
    assert _stations(reading) is None
    assert [f.message_vi for f in reading.findings if f.kind == "hidden_part" and "C2 “88”" in f.message_vi]


def test_of_a_cell_struck_through_in_part_the_rest_is_read() -> None:
    rich = CellRichText(TextBlock(InlineFont(strike=True), "77"), TextBlock(InlineFont(b=True), "88"))
    reading = _of_district(lambda cell: setattr(cell, "value", rich))
    assert _stations(reading) == 88
    assert [f.kind for f in reading.findings if "C2 “7788”" in f.message_vi] == ["hidden_part"]


def test_shared_texts_struck_through_in_part_are_known() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet, struck = book.add_worksheet(), book.add_format({"font_strikeout": True})
        sheet.write_row(0, 0, ["TT", "Chỉ tiêu", "Số liệu"])
        sheet.write_row(1, 0, [1, "Số trạm BTS"])
        sheet.write_rich_string(1, 2, struck, "77", " ", book.add_format({"bold": True}), "88")
    (grid,) = open_workbook(stream.getvalue()).grids
    assert grid.cells[2, 3].text.strip() == "88"


def test_a_comment_with_a_number_is_said_to_be_unread() -> None:
    reading = _of_district(lambda cell: setattr(cell, "comment", Comment("sửa thành 89", "x")))
    assert [f.message_vi for f in reading.findings if f.kind == "outside_body" and "89" in f.message_vi]
