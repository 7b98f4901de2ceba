"""The sender's workbook comes back marked and otherwise as it was."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest
import python_calamine
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from xlsxwriter import Workbook

from flows.readings import SUMMARY_SHEET
from flows.reply.listing import listing_workbook
from flows.reply.marked_workbook import FILLS, UnmarkableWorkbookError, mark_workbook
from flows.reply.marks import Mark

SUMMARY = [("KẾT QUẢ",), ("BC", "B2", '=HYPERLINK("x")', "a & <b>\x07")]


def made(**extra: object) -> bytes:
    """A workbook with a formula and its stored result, styles, a merge, a link and two sheets."""
    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True})
    book.set_properties({"created": datetime(2019, 4, 1)})
    sheet = book.add_worksheet("BC")
    percent = book.add_format({"num_format": "0.00%", "bold": True, "border": 1, "font_name": "Times New Roman"})
    sheet.merge_range("A1:C1", "BIỂU SỐ LIỆU", percent)
    sheet.write_row("A2", ["Trạm BTS", 75, 0.8859], percent)
    sheet.write_formula("B3", "=SUM(B2:B2)", percent, 75)
    sheet.write("D3", "x")
    sheet.set_column(4, 4, None, None, {"hidden": True})
    book.add_worksheet("Khác & nữa").write("A1", 1)
    book.close()
    return stream.getvalue()


MARKS = [
    Mark("BC", "B2", "read", "Đã đọc: Trạm BTS = 75 trạm."),
    Mark("BC", "C2", "fault", "Sai <tỷ lệ> & mẫu"),
    Mark("BC", "C3", "note", "Ô trống"),
    Mark("BC", "F9", "note", "Dòng chưa có"),
    Mark("Không có", "A1", "note", "trang này không có"),
]


def values(data: bytes) -> dict[str, list[list[object]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names if name != SUMMARY_SHEET}


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_mark_is_a_note_and_a_colour() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(mark_workbook(made(), MARKS, SUMMARY)))["BC"]
    assert sheet["B2"].comment.text == "Đã đọc: Trạm BTS = 75 trạm."
    assert sheet["C2"].comment.text == "Sai <tỷ lệ> & mẫu"
    assert sheet["F9"].comment.text == "Dòng chưa có"
    assert sheet["B2"].fill.fgColor.rgb == FILLS["read"]
    assert sheet["C2"].fill.fgColor.rgb == FILLS["fault"]
    assert sheet["C3"].fill.fgColor.rgb == FILLS["note"]


def test_values_stored_results_and_formulas_stay() -> None:
    marked = mark_workbook(made(), MARKS, SUMMARY)
    before, after = values(made()), values(marked)
    assert after["Khác & nữa"] == before["Khác & nữa"]
    assert [row[:4] for row in after["BC"][:3]] == [row[:4] for row in before["BC"]]
    assert openpyxl.load_workbook(io.BytesIO(marked))["BC"]["B3"].value == "=SUM(B2:B2)"
    assert openpyxl.load_workbook(io.BytesIO(marked), data_only=True)["BC"]["B3"].value == 75


def test_styles_change_in_their_ground_only() -> None:
    before = openpyxl.load_workbook(io.BytesIO(made()))["BC"]
    after = openpyxl.load_workbook(io.BytesIO(mark_workbook(made(), MARKS, SUMMARY)))["BC"]
    for place in ("A1", "A2", "B2", "C2", "B3", "D3"):
        old, new = before[place], after[place]
        assert (new.number_format, repr(new.font), repr(new.border), repr(new.alignment)) == (
            old.number_format, repr(old.font), repr(old.border), repr(old.alignment),
        )  # fmt: skip
    for place in ("A1", "A2", "B3", "D3"):
        assert repr(after[place].fill) == repr(before[place].fill)


def test_parts_that_carry_no_mark_keep_their_bytes() -> None:
    before, after = parts(made()), parts(mark_workbook(made(), MARKS, SUMMARY))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "xl/worksheets/sheet1.xml",
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    }


def test_macros_and_unknown_parts_stay() -> None:
    with_macro = parts(made()) | {"xl/vbaProject.bin": b"macro bytes", "customXml/item1.xml": b"<a/>"}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in with_macro.items():
            archive.writestr(name, data)
    after = parts(mark_workbook(stream.getvalue(), MARKS, SUMMARY))
    assert after["xl/vbaProject.bin"] == b"macro bytes"
    assert after["customXml/item1.xml"] == b"<a/>"


def test_the_summary_is_text_and_never_a_formula() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(mark_workbook(made(), MARKS, SUMMARY)))[SUMMARY_SHEET]
    assert sheet["C2"].value == '=HYPERLINK("x")'
    assert sheet["C2"].data_type in ("s", "inlineStr")
    assert sheet["D2"].value == "a & <b>"


def test_marking_again_replaces_our_marks() -> None:
    once = mark_workbook(made(), MARKS, SUMMARY)
    twice = mark_workbook(once, MARKS[:1], SUMMARY)
    book = openpyxl.load_workbook(io.BytesIO(twice))
    assert book.sheetnames == ["BC", "Khác & nữa", SUMMARY_SHEET]
    notes = [cell.coordinate for row in book["BC"].iter_rows() for cell in row if cell.comment]
    assert notes == ["B2"]
    assert book["BC"]["B2"].comment.text == "Đã đọc: Trạm BTS = 75 trạm."


def test_the_senders_own_notes_stay() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made()))
    book["BC"]["B2"].comment = Comment("số liệu ước", "Chị A")
    book["BC"]["D3"].comment = Comment("xem lại", "Chị A")
    book["BC"]["D3"].font = Font(bold=True)
    book["BC"]["D3"].fill = PatternFill("solid", fgColor="FF123456")
    stream = io.BytesIO()
    book.save(stream)
    sheet = openpyxl.load_workbook(io.BytesIO(mark_workbook(stream.getvalue(), MARKS, SUMMARY)))["BC"]
    assert sheet["D3"].comment.text == "xem lại"
    assert sheet["D3"].fill.fgColor.rgb == "FF123456"
    assert sheet["B2"].comment.text.startswith("số liệu ước")
    assert "Đã đọc" in sheet["B2"].comment.text


def test_the_same_marks_give_the_same_bytes() -> None:
    assert mark_workbook(made(), MARKS, SUMMARY) == mark_workbook(made(), MARKS, SUMMARY)


@pytest.mark.parametrize(
    "missing", ["xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"]
)
def test_an_unusual_package_is_left_to_the_list(missing: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts(made()).items():
            if name != missing:
                archive.writestr(name, data)
    with pytest.raises(UnmarkableWorkbookError):
        mark_workbook(stream.getvalue(), MARKS, SUMMARY)


def test_a_package_that_inflates_too_far_is_not_taken_apart() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts(made()) | {"xl/media/a.bin": bytes(81_000_000)}).items():
            archive.writestr(name, data)
    with pytest.raises(UnmarkableWorkbookError):
        mark_workbook(stream.getvalue(), MARKS, SUMMARY)


def test_a_list_is_text_and_the_same_each_time() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(listing_workbook(SUMMARY)))[SUMMARY_SHEET]
    assert (sheet["C2"].value, sheet["C2"].data_type) == ('=HYPERLINK("x")', "s")
    assert listing_workbook(SUMMARY) == listing_workbook(SUMMARY)
