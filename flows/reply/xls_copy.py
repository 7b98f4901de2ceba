"""A copy of an .xls workbook as .xlsx, cell for cell: an .xls cannot be marked without a program that writes it.

Values, number formats, fonts, merged cells and what is hidden carry over, and every cell keeps its place; formulas
come as the values they showed.
"""

from __future__ import annotations

import io
from typing import Any

from flows.reply.listing import CREATED
from flows.reply.marked_workbook import UnmarkableWorkbookError


def copy_xls(data: bytes) -> bytes:
    """Return the workbook as .xlsx, the same bytes for the same file.

    Raises:
        UnmarkableWorkbookError: The old format cannot be opened with its formats.
    """
    import xlrd
    import xlsxwriter

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except Exception as error:  # a damaged .xls fails in many ways; the list goes instead
        raise UnmarkableWorkbookError(str(error)) from error
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    copy = xlsxwriter.Workbook(stream, options)
    copy.set_properties({"created": CREATED})
    styles: dict[int, Any] = {}
    for sheet in book.sheets():
        _copy_sheet(book, sheet, copy, styles)
    copy.close()
    return stream.getvalue()


def _copy_sheet(book: Any, sheet: Any, copy: Any, styles: dict[int, Any]) -> None:
    target = copy.add_worksheet(sheet.name)
    for first_row, after_row, first_column, after_column in sheet.merged_cells:
        target.merge_range(first_row, first_column, after_row - 1, after_column - 1, "")   # filled below
    for row in range(sheet.nrows):
        for column in range(sheet.ncols):
            cell = sheet.cell(row, column)
            style = styles.setdefault(cell.xf_index, _style(book, copy, cell.xf_index))
            _write(target, row, column, cell, style)
    for row, info in sheet.rowinfo_map.items():
        if info.hidden:
            target.set_row(row, None, None, {"hidden": True})
    for column, info in sheet.colinfo_map.items():
        target.set_column(column, column, info.width / 256, None, {"hidden": bool(info.hidden)})
    if sheet.visibility:
        target.hide()


def _style(book: Any, copy: Any, index: int) -> Any:
    xf = book.xf_list[index]
    font = book.font_list[xf.font_index]
    return copy.add_format({
        "num_format": book.format_map[xf.format_key].format_str, "font_name": font.name,
        "font_size": font.height / 20, "bold": bool(font.bold), "text_wrap": bool(xf.alignment.text_wrapped),
    })


def _write(target: Any, row: int, column: int, cell: Any, style: Any) -> None:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        target.write_number(row, column, cell.value, style)
    elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
        target.write_boolean(row, column, bool(cell.value), style)
    elif cell.ctype == xlrd.XL_CELL_ERROR:
        target.write_string(row, column, xlrd.error_text_from_code[cell.value], style)
    elif cell.value:
        target.write_string(row, column, cell.value, style)
