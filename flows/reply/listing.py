"""A workbook that lists what was read, for files whose cells cannot be marked (.ods, .csv, .docx, .pdf)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

from flows.readings import SUMMARY_SHEET

CREATED = datetime(2000, 1, 1)  # a fixed date, so that the same list gives the same bytes


def listing_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """Return an .xlsx of one sheet "Kết quả đọc"; every cell is text, whatever it begins with."""
    import xlsxwriter

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(stream, options)
    workbook.set_properties({"created": CREATED})
    sheet = workbook.add_worksheet(SUMMARY_SHEET)
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    bold = workbook.add_format({"bold": True})
    for column, width in enumerate((18, 14, 60, 26, 26, 50)):
        sheet.set_column(column, column, width, wrap)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, text, bold if number == 0 else None)
    workbook.close()
    return stream.getvalue()
