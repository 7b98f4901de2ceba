"""Workbooks of Excel 2 to 95, by xlrd: the fast reader knows those of Excel 97 and later."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from flows.read.number_formats import is_date_format

BIFF8 = 80
_BLANK, _TEXT, _BOOLEAN, _ERROR = 0, 1, 4, 5


def open_old(data: bytes) -> Any | None:
    """Return the xlrd book of an .xls, None when it is not one that can be read."""
    import xlrd

    try:
        return xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except Exception:  # xlrd fails in as many ways as files are odd
        return None


def is_before_excel_97(book: Any) -> bool:
    """Tell whether a book is of a version that the fast reader does not know."""
    return bool(book.biff_version < BIFF8)


def rows_of(book: Any, sheet: Any) -> list[list[Any]]:
    """Return the values of a sheet as the fast reader gives them: "" for a blank, a float, a text, a date."""
    return [[_value(book, cell) for cell in sheet.row(row)] for row in range(sheet.nrows)]


def _value(book: Any, cell: Any) -> Any:
    import xlrd

    if cell.ctype == _TEXT:
        return cell.value
    if cell.ctype == _BOOLEAN:
        return bool(cell.value)
    if cell.ctype in (_BLANK, _ERROR, 6):
        return ""
    if is_date_format(format_code(book, cell.xf_index)):
        try:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (xlrd.XLDateError, ValueError, OverflowError):
            return cell.value
    return cell.value


def format_code(book: Any, xf_index: int | None) -> str:
    """Return the number format of a cell, "" where the file names none."""
    if xf_index is None or not 0 <= xf_index < len(book.xf_list):
        return ""
    found = book.format_map.get(book.xf_list[xf_index].format_key)
    return str(found.format_str) if found else ""


def sheets_of(book: Any) -> Iterator[tuple[Any, bool]]:
    """Yield every sheet of cells with whether it is hidden."""
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        yield sheet, bool(sheet.visibility)
