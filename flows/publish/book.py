"""A workbook as the project writes them: formats, titles in two languages, rows of texts and figures.

Texts are written as strings and never as formulas; figures as numbers with their decimals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from infra.csv_text import clean_text

FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
AXIS = {"num_font": {"name": "Times New Roman"}, "num_format": "#,##0", "major_gridlines": {"visible": True}}
HEAD_ROW = 3
FIRST_ROW = 4
LINE_HEIGHT = 15


class Book:
    """Writes sheets into one xlsxwriter workbook; `month` ("04/2019") ends every title."""

    def __init__(self, book: Any, month: str) -> None:
        self.book = book
        self._month = month
        left = {"align": "left", "indent": 1}
        grey, blue, yellow = {"bg_color": "#F2F2F2"}, {"bg_color": "#DCE6F1"}, {"bg_color": "#FFF2CC"}
        centred = {"align": "center", "valign": "vcenter"}
        self._formats = {
            "title": book.add_format({**FONT, "bold": True, "font_size": 14}),
            "subtitle": book.add_format({**FONT, "italic": True, "font_color": "#555555"}),
            "header": book.add_format({**FONT, **blue, **centred, "bold": True, "text_wrap": True, "border": 1}),
            "text": book.add_format({**FONT, "text_wrap": True, "border": 1, **left}),
            "raw": book.add_format({**FONT, "border": 1, **left}),
            "total": book.add_format({**FONT, **grey, "bold": True, "border": 1, **left}),
            "flag": book.add_format({**FONT, **yellow, "text_wrap": True, "border": 1, **left}),
        }
        self._number_formats: dict[tuple[int, bool], Any] = {}
        self._widths: dict[str, list[int]] = {}

    def list_sheet(self, name: str, title: str, english: str, columns: Sequence[tuple[str, int]]) -> Any:
        """Return a new sheet that is one list: titles, a header row that repeats on paper, widths."""
        sheet = self.tables_sheet(name, title, english)
        for column, (text, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(HEAD_ROW, column, text, self._formats["header"])
        self._widths[name] = [width for _, width in columns]
        sheet.set_row(HEAD_ROW, 34)
        sheet.repeat_rows(HEAD_ROW)
        return sheet

    def tables_sheet(self, name: str, title: str, english: str) -> Any:
        """Return a new sheet for several tables below each other: titles, landscape A4, one page wide."""
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, f"{title}, tháng {self._month}", self._formats["title"])
        sheet.write_string(1, 0, f"{english}, {self._month}", self._formats["subtitle"])
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 12, 15)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&R&P/&N")
        return sheet

    def table_head(self, sheet: Any, row: int, label: str, english: str, columns: Sequence[str]) -> None:
        """Write the two titles and the header row of one table among several."""
        self.text(sheet, row, 0, label, "title")
        self.text(sheet, row + 1, 0, english, "subtitle")
        for column, text in enumerate(columns):
            self.text(sheet, row + 2, column, text, "header")
        sheet.set_row(row + 2, 48)

    def row(self, sheet: Any, number: int, values: Sequence[object], decimals: int = 0, look: str = "text") -> None:
        """Write one row: decimals as figures, integers as counts, None as an empty cell, the rest as text."""
        for column, value in enumerate(values):
            if isinstance(value, Decimal):
                self.figure(sheet, number, column, value, decimals)
            elif isinstance(value, int):
                self.figure(sheet, number, column, Decimal(value), 0)
            elif value is None:
                sheet.write_blank(number, column, None, self._formats[look])
            else:
                self.text(sheet, number, column, str(value), look)
        lines = self._lines(sheet.get_name(), values) if look != "raw" else 1
        if lines > 1:  # not every program makes a row as high as its wrapped text
            sheet.set_row(number, LINE_HEIGHT * lines)

    def _lines(self, sheet_name: str, values: Sequence[object]) -> int:
        widths = self._widths.get(sheet_name, [])
        return max((math.ceil(1.05 * len(value) / width) for value, width in zip(values, widths, strict=False)
                    if isinstance(value, str)), default=1)

    def table_row(self, sheet: Any, number: int, label: str, values: Sequence[Decimal | None], decimals: int,
                  is_total: bool = False) -> None:
        """Write one row of a table of figures; the last figure, the row's total, is bold."""
        self.text(sheet, number, 0, label, "total" if is_total else "text")
        for column, value in enumerate(values, start=1):
            self.figure(sheet, number, column, value, decimals, is_total or column == len(values))

    def text(self, sheet: Any, row: int, column: int, text: str, look: str = "text") -> None:
        """Write a text as a string, whatever it looks like."""
        sheet.write_string(row, column, clean_text(text), self._formats[look])

    def figure(self, sheet: Any, row: int, column: int, value: Decimal | None, decimals: int,
               is_total: bool = False) -> None:
        """Write a figure with its decimals, or an empty cell where there is none: missing is not 0."""
        look = self._number_format(decimals, is_total)
        if value is None:
            sheet.write_blank(row, column, None, look)
        else:
            sheet.write_number(row, column, float(value), look)

    def finish_chart(self, chart: Any, title: str, legend: str) -> None:
        """Give a chart its title, its legend ("" for none) and its size."""
        chart.set_title({"name": title, "name_font": {"name": "Times New Roman", "size": 13}})
        chart.set_legend({"position": legend or "none"})
        chart.set_size({"width": 900, "height": 420})

    def _number_format(self, decimals: int, is_total: bool) -> Any:
        key = (decimals, is_total)
        if key not in self._number_formats:
            shape = "#,##0" + ("." + "0" * decimals if decimals else "")
            grey = {"bg_color": "#F2F2F2"} if is_total else {}
            self._number_formats[key] = self.book.add_format(
                {**FONT, **grey, "bold": is_total, "border": 1, "align": "right", "indent": 1, "num_format": shape})
        return self._number_formats[key]


def total_of(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the figures that are there, None when none is."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
