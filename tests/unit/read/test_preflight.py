"""What is asked of a file before a reader opens it (the corpus of tests/hostile covers the hostile ones)."""

from __future__ import annotations

import io
import struct
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.containers import container_of
from flows.read.preflight import inspect_file, is_readable
from flows.read.preflight_sheets import BARE_FORMULA, Extent, biff_extent, ods_extents
from flows.read.problems import KINDS
from tests.hostile import builders as b


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "file"),
    [
        (workbook(["Trạm BTS", 75]), "BC.xlsx"),
        (b.docx(), "BC.docx"),
        (b.ods(b.ODS_FORM), "BC.ods"),
        (b.ole("Workbook", b.biff(b.number_cell(0, 0, 75))), "BC.xls"),
        ("Huyện;BTS\nKBang;75\n".encode(), "BC.csv"),
        (b.zip_of({"BC.csv": "1"}), "BC.zip"),
        (b"Kinh gui", "(body)"),
    ],
)
def test_an_ordinary_file_raises_nothing(data: bytes, file: str) -> None:
    assert inspect_file(data, file) == []


def test_a_zip_is_the_wrapping_of_its_files_and_not_read_itself() -> None:
    assert not is_readable(b.zip_of({"BC.csv": "1"}), "BC.zip")
    assert is_readable(b"Kinh gui", "(body)")


def test_a_picture_shown_in_the_text_is_no_submission() -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"x" * 50
    (said,) = inspect_file(picture, "logo.png", "image/png; inline")
    assert (said.kind, said.refuses) == ("picture_in_text", False)
    assert [p.kind for p in inspect_file(picture, "logo.png", "image/png")] == ["image_not_read"]


@pytest.mark.parametrize("sheet", [b"<a>" * 5000, b"", b"\x00" * 300, b"<html><body>75</body></html>"])
def test_a_sheet_that_is_none_is_damaged_and_not_called_empty(sheet: bytes) -> None:
    data = b.zip_of(b.xlsx_parts() | {"xl/worksheets/sheet1.xml": sheet})
    assert [p.kind for p in inspect_file(data, "BC.xlsx")] == ["damaged_file"]


def test_a_text_of_open_document_is_not_read_and_not_called_something_else() -> None:
    data = b.zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"})
    (problem,) = inspect_file(data, "BC.odt")
    assert problem.kind == "unsupported_format"
    assert [p.kind for p in inspect_file(data, "BC.xlsx")] == ["wrong_extension"]


def test_a_stray_cell_is_named() -> None:
    data = b.xlsx(b.sheet_xml(b.FORM + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    (problem,) = inspect_file(data, "BC.xlsx")
    assert (problem.kind, problem.refuses, problem.sheet, problem.cell) == ("sheet_too_large", True, "BC", "XFD1048576")


def test_a_formula_without_its_result_is_named_with_its_sheet() -> None:
    problems = inspect_file(workbook([1, "=A1+1"]), "BC.xlsx")
    assert [(p.kind, p.sheet, p.cell) for p in problems] == [("formula_without_value", "Sheet", "B1")]


def test_a_formula_with_its_result_is_none_of_those() -> None:
    assert not BARE_FORMULA.search(b'<c r="A1"><f>B1</f><v>3</v></c><c r="A2" s="1"><f>B2</f><v>0</v></c>')


@given(
    st.lists(st.lists(st.one_of(st.integers(0, 10**6), st.just("x")), min_size=1, max_size=9), min_size=1, max_size=9)
)
def test_a_plain_workbook_is_never_refused(rows: list[list[object]]) -> None:
    assert not [p for p in inspect_file(workbook(*rows), "BC.xlsx") if p.refuses]


@given(st.binary(max_size=300), st.sampled_from(["a.xlsx", "a.xls", "a.csv", "a.docx", "a.pdf", "a.zip", "a.ods", "a"]))
def test_any_bytes_are_answered_in_words(data: bytes, file: str) -> None:
    for problem in inspect_file(data, file):
        assert problem.message_vi
        assert problem.kind in KINDS


@given(
    st.binary(max_size=200), st.sampled_from([b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-", b"<html>"])
)
def test_any_beginning_names_a_container(data: bytes, magic: bytes) -> None:
    assert container_of(magic + data)


def test_repeated_blanks_of_an_ods_do_not_count() -> None:
    table = b.ODS_FORM + b.ods_row(1_048_575, 16_384)
    with zipfile.ZipFile(io.BytesIO(b.ods(table))) as archive:
        (extent,) = ods_extents(archive.read("content.xml"))
    assert (extent.rows, extent.columns, extent.cells, extent.problem()) == (1, 1, 1, None)


@pytest.mark.parametrize("left_out", [8, 14, 16])  # in the value, in the place, before the place
def test_a_cut_biff_record_is_an_error(left_out: int) -> None:
    with pytest.raises(ValueError, match="cut"):
        biff_extent(b.biff(b.number_cell(0, 0, 1))[:-left_out])


def record(kind: int, body: bytes) -> bytes:
    """A record of an .xlsb: type, length, body."""
    return bytes([kind, len(body)]) + body


@pytest.mark.parametrize(("row", "column", "kinds"), [(0, 0, []), (1_048_575, 16_383, ["sheet_too_large"])])
def test_the_sheets_of_an_xlsb_are_measured(row: int, column: int, kinds: list[str]) -> None:
    sheet = record(0, struct.pack("<I", row) + bytes(13)) + record(5, struct.pack("<IId", column, 0, 75.0))
    data = b.zip_of({"[Content_Types].xml": "<a/>", "xl/workbook.bin": b"x", "xl/worksheets/sheet1.bin": sheet})
    assert container_of(data) == "xlsb"
    assert [p.kind for p in inspect_file(data, "BC.xlsb")] == kinds


@pytest.mark.parametrize(
    ("rows", "columns", "is_refused"),
    [(1_048_576, 7, False), (1_048_576, 8, True), (1_048_577, 1, True), (488, 16_384, False), (1, 16_385, True)],
)
def test_the_limits_stand_where_they_say(rows: int, columns: int, is_refused: bool) -> None:
    assert bool(Extent("a", rows=rows, columns=columns).problem()) is is_refused
