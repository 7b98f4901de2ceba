"""Workbooks of the sample: rows as offices lay them out, written with the same bytes every time."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

Value = str | int | Decimal | None
CREATED = datetime(2019, 4, 15, 8)


@dataclass
class Sheet:
    """A sheet under construction: rows from the top; a merge is (first row, first column, last row, last column).

    All indexes count from 0.
    """

    name: str
    rows: list[list[Value]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    bold_rows: set[int] = field(default_factory=set)

    def add(self, *values: Value, bold: bool = False) -> int:
        """Append one row and return its index from 0."""
        if bold:
            self.bold_rows.add(len(self.rows))
        self.rows.append(list(values))
        return len(self.rows) - 1

    def gap(self) -> None:
        """Append an empty row."""
        self.rows.append([])

    def across(self, text: str, width: int, bold: bool = True) -> None:
        """Append one text merged over the whole width of the table."""
        row = self.add(text, bold=bold)
        if width > 1:
            self.merges.append((row, 0, row, width - 1))

    def masthead(self, issuer: str, unit: str, width: int) -> None:
        """Append issuer and national motto side by side."""
        for left, right in ((issuer, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (unit, "Độc lập - Tự do - Hạnh phúc")):
            row = self.add(left, None, None, right, bold=True)
            self.merges += [(row, 0, row, 2), (row, 3, row, max(width, 5) - 1)]
        self.gap()

    def signature(self, place_and_date: str, post: str, column: int) -> None:
        """Append place, date and the signer's post; no name is printed."""
        self.gap()
        self.add(*[None] * column, place_and_date)
        self.add("Người lập biểu", *[None] * (column - 1), post, bold=True)

    def header(self, *rows: list[Value]) -> None:
        """Append header rows; an empty cell joins the label at its left, or above it when that is empty too."""
        first = len(self.rows)
        for row in rows:
            self.add(*row, bold=True)
        if len(rows) == 2:
            self._merge_header(first, *rows)

    def _merge_header(self, first: int, top: list[Value], bottom: list[Value]) -> None:
        column = 0
        while column < len(top):
            end = column + 1
            if bottom[column] is None:
                self.merges.append((first, column, first + 1, column))
            else:
                while end < len(top) and top[end] is None and bottom[end] is not None:
                    end += 1
                if end - column > 1:
                    self.merges.append((first, column, first, end - 1))
            column = end


def write_workbook(*sheets: Sheet) -> bytes:
    """Return the bytes of an .xlsx file with these sheets; properties and times are fixed."""
    import xlsxwriter

    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    workbook.set_properties({"author": "", "created": CREATED})
    formats = _formats(workbook)
    for sheet in sheets:
        worksheet = workbook.add_worksheet(sheet.name)
        worksheet.set_column(1, 1, 30)
        for first_row, first_column, last_row, last_column in sheet.merges:
            worksheet.merge_range(first_row, first_column, last_row, last_column, "", formats["title"])
        for row, values in enumerate(sheet.rows):
            for column, value in enumerate(values):
                _write_cell(worksheet, row, column, value, formats, row in sheet.bold_rows)
    workbook.close()
    return buffer.getvalue()


def _formats(workbook: object) -> dict[str, object]:
    font = {"font_name": "Times New Roman", "font_size": 12}
    add = workbook.add_format  # type: ignore[attr-defined]
    return {
        "text": add(font),
        "bold": add(font | {"bold": True}),
        "number": add(font | {"num_format": "#,##0"}),
        "bold_number": add(font | {"bold": True, "num_format": "#,##0"}),
        "title": add(font | {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True}),
    }


def _write_cell(sheet: object, row: int, column: int, value: Value, formats: dict[str, object], bold: bool) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value, formats["bold" if bold else "text"])  # type: ignore[attr-defined]
    else:
        sheet.write_number(row, column, int(value), formats["bold_number" if bold else "number"])  # type: ignore[attr-defined]
