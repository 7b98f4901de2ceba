"""An .xls comes back as an .xlsx in which every cell stands where it stood."""

from __future__ import annotations

import io

import openpyxl
import pytest
import xlwt

from flows.reply.marked_workbook import UnmarkableWorkbookError
from flows.reply.xls_copy import copy_xls


def old_workbook() -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Biểu 1")
    sheet.write_merge(0, 0, 0, 3, "BIỂU SỐ LIỆU", xlwt.easyxf("font: name .VnTime, bold on"))
    sheet.write(2, 1, "=1+1")
    sheet.write(3, 1, 33767)
    sheet.write(4, 1, 0.8859, xlwt.easyxf(num_format_str="0.00%"))
    sheet.row(5).hidden = True
    sheet.write(5, 1, 7)
    book.add_sheet("Tháng trước").visibility = 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_cells_formats_merges_and_hidden_parts_carry_over() -> None:
    copy = openpyxl.load_workbook(io.BytesIO(copy_xls(old_workbook())))
    sheet = copy["Biểu 1"]
    assert sheet["A1"].value == "BIỂU SỐ LIỆU"
    assert sheet["A1"].font.name == ".VnTime"
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:D1"]
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=1+1", "s")
    assert (sheet["B4"].value, sheet["B5"].value, sheet["B5"].number_format) == (33767, 0.8859, "0.00%")
    assert sheet.row_dimensions[6].hidden
    assert copy["Tháng trước"].sheet_state == "hidden"


def test_the_same_file_gives_the_same_bytes() -> None:
    data = old_workbook()
    assert copy_xls(data) == copy_xls(data)


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(UnmarkableWorkbookError):
        copy_xls(old_workbook()[:600])
