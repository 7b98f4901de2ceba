"""What a file is, is decided by its directory: not by its name, and not by words that stand somewhere in it."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from flows.read.containers import container_of
from flows.read.number_formats import is_date_format, is_percent_format
from flows.read.packages import encoding_of, utf8
from flows.read.preflight import inspect_file
from flows.read.word_files import open_docx
from flows.read.workbooks import open_workbook
from tests.hostile import builders as b

FORM = [["TT", "Chi tieu", "So luong"], [1, "Tram BTS", 75]]


def kinds(data: bytes, file: str) -> list[str]:
    return [problem.kind for problem in inspect_file(data, file)]


def numbers(data: bytes) -> list[object]:
    return [cell.value for grid in open_workbook(data).grids for cell in grid.cells.values() if cell.value == 75]


def xls(number_format: str = "General") -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("BC")
    sheet.write(0, 0, "Trạm BTS")
    sheet.write(0, 1, 75, xlwt.easyxf(num_format_str=number_format))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def stream_of(data: bytes, name: str = "Workbook") -> bytes:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        return bytes(ole.openstream(name).read())


WORD = {"MBD0001": {"WordDocument": b"\xec\xa5" + bytes(600), "1Table": b""}}


@pytest.mark.parametrize("order", ["embedded first", "embedded last"])
def test_a_workbook_with_an_embedded_document_is_a_workbook(order: str) -> None:
    main = {"Workbook": stream_of(xls())}
    data = b.ole_tree({**WORD, **main} if order == "embedded first" else {**main, **WORD})
    assert container_of(data) == "xls"
    (problem,) = inspect_file(data, "BC.xls")
    assert (problem.kind, problem.refuses, "1 Word" in problem.message_vi) == ("embedded_objects", False, True)
    assert numbers(data) == [75]


def test_a_document_with_an_embedded_workbook_is_a_document() -> None:
    inner = {"ObjectPool": {"_1": {"Workbook": stream_of(xls())}}}
    data = b.ole_tree({**inner, "WordDocument": b"\xec\xa5" + bytes(600)})
    assert container_of(data) == "doc"


def test_names_that_only_stand_in_the_bytes_decide_nothing() -> None:
    assert container_of(b.ole_tree({"Other": "Workbook\0WordDocument\0".encode("utf-16-le")})) == "ole"


@pytest.mark.parametrize("at", range(48, 76, 4))
def test_a_directory_that_loops_ends(at: int) -> None:
    data = bytearray(b.ole_tree({"Workbook": stream_of(xls()), **WORD}))
    struct.pack_into("<I", data, at, 0)
    assert container_of(bytes(data))
    for problem in inspect_file(bytes(data), "BC.xls"):
        assert problem.message_vi


def test_word_95_is_too_old_and_not_damaged() -> None:
    data = b.ole_tree({"WordDocument": struct.pack("<HH", 0xA5DC, 104) + bytes(600)})
    assert kinds(data, "BC.doc") == ["too_old_format"]
    assert kinds(b"\xdb\xa5-\x00" + bytes(600), "BC.doc") == ["too_old_format"]


def test_excel_95_is_read() -> None:
    data = b.ole_tree({"Book": b.biff5(FORM)})
    assert kinds(data, "BC.xls") == []
    assert numbers(data) == [75]


def test_the_rows_of_the_older_reader_are_those_of_the_fast_one() -> None:
    from flows.read.old_workbooks import open_old, rows_of, sheets_of

    book = open_old(xls())
    assert [rows_of(book, sheet) for sheet, _ in sheets_of(book)] == [[["Trạm BTS", 75.0]]]


def test_a_zip_of_a_folder_named_word_is_no_document() -> None:
    assert container_of(b.zip_of({"word/a.csv": "1", "xl/b.csv": "2"})) == "zip"
    assert container_of(b.zip_of({"mimetype": "text/plain", "a.csv": "1"})) == "zip"


def test_a_workbook_within_a_zip_does_not_make_the_zip_a_workbook() -> None:
    assert container_of(b.zip_of({"BC.xlsx": b.xlsx(), "doc.docx": b.docx()})) == "zip"


def _without(data: bytes, *left_out: str, **renamed: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b.zip_of({n: archive.read(n) for n in archive.namelist() if n not in left_out})


def test_a_spreadsheet_whose_type_comes_late_or_not_at_all_is_read() -> None:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    whole = b.ods(b.ODS_FORM, f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>')
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    late = b.zip_of(dict(reversed(parts.items())))
    for data in (whole, late, _without(whole, "mimetype")):
        assert container_of(data) == "ods"
        assert kinds(data, "BC.ods") == []
        assert numbers(data) == [75]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_workbook_whose_parts_are_in_utf_16_is_read(encoding: str) -> None:
    parts = {
        name: str(part).replace('encoding="UTF-8"', 'encoding="UTF-16"').encode(encoding)
        for name, part in b.xlsx_parts().items()
    }
    data = b.zip_of(parts)
    assert (container_of(data), kinds(data, "BC.xlsx")) == ("xlsx", [])
    assert numbers(data) == numbers(b.xlsx()) != []


def test_a_package_of_many_parts_is_read() -> None:
    many = b.xlsx(**{f"xl__media__{i}": b"x" for i in range(3000)})
    assert kinds(many, "BC.xlsx") == []


def test_a_document_whose_main_part_has_another_name_is_read() -> None:
    with zipfile.ZipFile(io.BytesIO(b.docx())) as archive:
        parts = {n: archive.read(n).replace(b"document.xml", b"document2.xml") for n in archive.namelist()}
    data = b.zip_of({n.replace("document.xml", "document2.xml"): part for n, part in parts.items()})
    assert kinds(data, "BC.docx") == []
    assert [p.text for p in open_docx(data).paragraphs] == ["Số trạm BTS: 75 trạm"]


@given(st.text(min_size=1, max_size=30), st.sampled_from(["utf-16", "utf-16-le", "utf-16-be"]))
def test_a_part_in_utf_16_says_the_same_in_utf_8(text: str, encoding: str) -> None:
    xml = "<a>" + "".join(c for c in text if c.isalnum()) + "</a>"
    assert utf8(xml.encode(encoding)).decode() == xml
    assert encoding_of(xml.encode()[:4]) == ""


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("General", False), ("[=50]General", False), ("[Red]0", False), ('0 "ngày"', False), ("0\\d", False),
        ("0_d", False), ("0*d", False), ("[$₫-42A]#,##0", False), ("[>=1000]#,##0;[Red]-0", False), ("", False),
        ("#,##0;dd", False), ('"a;b"0', False), ("[Color 10]General", False), ("@", False), ("0.00E+00", False),
        ("dd/mm/yyyy", True), ("[$-42A]dd/mm/yyyy", True), ("[h]:mm", True), ("[ss]", True), ("mmm-yy", True),
        ("h:mm AM/PM", True), ('"Ngày" d', True), ("[Red]d/m", True),
    ],
)  # fmt: skip
def test_a_format_shows_a_date_by_its_own_letters(code: str, is_date: bool) -> None:
    assert is_date_format(code) == is_date


def test_a_percent_sign_in_quotes_or_brackets_shows_none() -> None:
    codes = ("0%", "0.00 %", '0"%"', "0\\%", "[$%-42A]0")
    assert [is_percent_format(code) for code in codes] == [True, True, False, False, False]


def test_a_built_in_date_number_that_the_file_gives_anew_is_a_number() -> None:
    data = bytearray(xls("[=50]General"))
    for place in range(len(data) - 8):  # the FORMAT record, and the XF records that use it
        kind, length, _, code = struct.unpack_from("<HHHH", data, place)
        if kind == 0x041E and length < 80 and data[place + 4] == 165:
            struct.pack_into("<H", data, place + 4, 14)
        elif kind == 0x00E0 and length == 20 and code == 165:
            struct.pack_into("<H", data, place + 6, 14)
    assert numbers(bytes(data)) == [75]
