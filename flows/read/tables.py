"""Tables to observations, by labels and meaning, never by cell address.

A sheet is walked once from the top. Headers are found by what they say (`headers`), the rows under them by
what names them (`rows`); a figure takes its indicator and its area from whichever of the two states them.
Lines outside any table ("Tỷ lệ …: 88,59%") are read when label and figure stand alone. Whatever holds a
figure and is not understood becomes a finding at its place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from flows.read.areas import area_index, own_area
from flows.read.collector import Collector
from flows.read.document import Grid, ReadContext
from flows.read.grid_account import GridAccount
from flows.read.headers import Column, Header, Vocabulary, find_header
from flows.read.labels import Meaning, label_index, pairs_of
from flows.read.periods import other_month, period_at_end
from flows.read.registers import is_register, read_register
from flows.read.rows import Row, RowReader
from flows.read.sheet_view import SheetView, ViewCell
from flows.read.text import fold
from flows.read.units import UnitIndex
from flows.records import Reading

_COMPARES = re.compile(r"so (?:với|sánh)")
_NOT_RESULTS = re.compile(
    r"\b(?:kế hoạch|dự kiến|chỉ tiêu giao|phấn đấu|kì trước|tháng trước|năm trước|cùng kì|từ đầu năm)\b"
)
_PERIOD_ROLES = ("#value", "#cumulative", "#previous")


def read_grid(grid: Grid, context: ReadContext) -> Reading:
    """Return the observations of one sheet or table and what was not understood in it."""
    return GridReader(SheetView(grid), context).read()


def vocabulary(context: ReadContext) -> Vocabulary:
    """Return the words by which the tables of a document are understood."""
    return Vocabulary(
        label_index(context),
        area_index(context),
        UnitIndex(context.catalogue),
        context.report_period,
        own_area(context),
    )


class GridReader:
    """Reads one grid."""

    def __init__(self, view: SheetView, context: ReadContext) -> None:
        self.view = view
        self.words = vocabulary(context)
        self._out = Collector(view, context, self.words)
        self._unread_lines: list[ViewCell] = []
        self._account = GridAccount(view, self._out)

    def read(self) -> Reading:
        """Walk the sheet from the top: lines, then each table with the rows up to the next header."""
        numbers = list(self.view.rows)
        tables = self.tables
        first = tables[0][0].first_row if tables else (numbers[-1] + 1 if numbers else 0)
        for number in numbers:
            if number < first:
                self._line(number)
        if not tables and self._out.observations:
            for cell in self._unread_lines:
                self._out.unknown_label(cell, cell.text)
        for side_by_side, following in zip(tables, [*tables, []][1:], strict=True):
            end = following[0].first_row if following else numbers[-1] + 1
            for header in side_by_side:
                self._table(header, [n for n in numbers if header.last_row < n < end])
        if self.view.cut_at:
            cell = next(iter(self.view.rows[numbers[-1]].values()))
            self._out.find(
                cell,
                "sheet_too_large",
                f"Bảng có quá nhiều dòng; từ dòng {self.view.cut_at} trở đi không đọc.",
                "Xóa các ô, dòng, cột thừa ngoài bảng số liệu rồi lưu và gửi lại.",
            )
        self._account.say_what_is_left()
        return Reading(tuple(self._out.observations), (), tuple(self._out.findings))

    def title_lines(self) -> list[str]:
        """Return the texts above the first table, all texts when there is none."""
        first = self.tables[0][0].first_row if self.tables else 1 << 30
        return [cell.text for number, row in self.view.rows.items() if number < first for cell in row.values()]

    @cached_property
    def tables(self) -> list[list[Header]]:
        """The headers of the sheet from the top; tables that stand side by side are one entry."""
        tables: list[list[Header]] = []
        for number in self.view.rows:
            if not tables or number > max(header.last_row for header in tables[-1]):
                found = find_header(self.view, number, self.words)
                if found:
                    tables.append(found)
        return tables

    # -- lines outside tables -------------------------------------------------------------------

    def _line(self, number: int) -> None:
        """Read a line that stands outside any table: a declared unit, or one label with one figure."""
        cells = list(self.view.rows[number].values())
        if self._declares_units(cells):
            self._account.set_rows_aside([number])
            return
        for cell in cells:
            meaning = self.words.labels.match_as_typed(cell.text)
            if cell.is_value or not meaning.is_known or meaning.roles:
                continue
            figures = [other for other in cells if other.is_value and other.column > cell.column]
            if meaning.indicator_id and figures:
                period = period_at_end(cell.text, self.words.report_period)
                row = Row(
                    number, "item", cell.text, (cell.text,), meaning=meaning, label_column=cell.column, period=period
                )
                if period != "":
                    self._lone_figure(row, figures)
            self._account.set_rows_aside([number])
            return
        if len(cells) > 1 and [cell.is_value for cell in cells].count(False) == 1 and not cells[0].is_value:
            self._unread_lines.append(cells[0])

    def _declares_units(self, cells: list[ViewCell]) -> bool:
        for cell in cells:
            units = self.words.units.declared(cell.text)
            if units:
                self._out.table_units = units
                return len(cells) == 1
        return False

    def _lone_figure(self, row: Row, figures: list[ViewCell]) -> None:
        """A label with its only figure; with several, nothing says which one is meant."""
        if len(figures) == 1:
            self._out.observe(row, None, figures[0], row.meaning.indicator_id)
            return
        texts = ", ".join(cell.text for cell in figures)
        self._out.find(
            figures[0],
            "ambiguous_column",
            f"Dòng “{row.label}” có {len(figures)} số ({texts}) mà không có tiêu đề cột; chưa dùng số nào.",
            "Ghi mỗi số dưới một cột có tiêu đề.",
        )

    # -- tables ---------------------------------------------------------------------------------

    def _table(self, header: Header, numbers: list[int]) -> None:
        if self._is_of_other_time(header):
            self._account.set_rows_aside([*range(header.first_row, header.last_row + 1), *numbers])
            return
        if is_register(header):
            self._register(header, numbers)
            return
        reader = RowReader(self.view, header, self.words, numbers)
        rows = reader.read()
        columns = self._figure_columns(header, reader, rows)
        self._unknown_columns(header, rows, columns, reader)
        self._left_alone(columns, rows)
        ticks = self._tick_columns(rows, columns)
        for row in rows:
            self._errors(header, row)
            if row.kind in ("area", "total", "region"):
                self._area_row(row, [c for c in columns if c.index not in ticks or row.is_total])
            elif row.kind == "item":
                self._item_row(row, columns, reader)
            elif row.kind == "unknown" and (figures := self._figures(row, columns)):
                self._unknown_row(row, figures, reader)
        if reader.foreign_header:
            self._foreign_table(reader.foreign_header)
        understood = {c.index for c in header.columns.values() if c.is_side or self._is_understood(c, reader)}
        self._account.take_table(header, rows, reader, understood)

    def _is_of_other_time(self, header: Header) -> bool:
        """Read the lines just above a header: units that are declared there, another month, a plan."""
        above = [number for number in self.view.rows if number < header.first_row][-2:]
        is_first = header in self.tables[0]
        for number in reversed(above):
            cells = list(self.view.rows[number].values())
            self._declares_units(cells)
            text = fold(cells[0].text)
            if is_first or len(cells) > 1 or cells[0].is_value or _COMPARES.search(text):
                continue
            if _NOT_RESULTS.search(text) or other_month([text], self.words.report_period):
                self._out.find(
                    cells[0],
                    "other_period_table",
                    f"Bảng dưới dòng “{cells[0].text}” không phải kết quả của tháng báo cáo; không dùng.",
                    "",
                    severity="note",
                )
                return True
        return False

    def _foreign_table(self, number: int) -> None:
        cells = list(self.view.rows[number].values())
        labels = "; ".join(cell.text for cell in cells)
        self._out.find(
            cells[0],
            "unknown_label",
            f"Bảng có các cột “{labels}” chưa có trong danh mục; từ dòng này trở đi số liệu chưa được dùng.",
            "Thêm các nhãn cột này vào labels.csv.",
            raw_text=labels,
        )

    def _register(self, header: Header, numbers: list[int]) -> None:
        sections = read_register(self.view, header, numbers, self.words)
        for section in sections:
            indicator_id = section.row.meaning.indicator_id
            if section.figure:
                self._out.observe(section.row, None, section.figure, indicator_id)
            if section.listed:
                place = section.figure or section.label
                self._out.count(section.row, place, f"{indicator_id}#list", section.listed)
            self._account.set_rows_aside(section.listed_rows)
        self._account.set_rows_aside(range(header.first_row, header.last_row + 1))

    def _figure_columns(self, header: Header, reader: RowReader, rows: list[Row]) -> list[Column]:
        """Return the columns that hold figures; a lone one without any label holds the figures of the period."""
        columns = [
            column
            for column in header.columns.values()
            if not column.is_side and column.index not in reader.key_columns and not column.has_role("#note")
        ]
        filled = [c for c in columns if any(self._figure(row, c) for row in rows)]
        if len(filled) == 1 and not filled[0].parts:
            lone = replace(filled[0], meaning=Meaning(roles=frozenset({"#value"})))
            return [lone if c is filled[0] else c for c in columns]
        return columns

    def _figure(self, row: Row, column: Column) -> ViewCell | None:
        cell = self.view.cell(row.number, column.index)
        return cell if cell and cell.is_value else None

    def _figures(self, row: Row, columns: list[Column]) -> list[ViewCell]:
        return [cell for column in columns if (cell := self._figure(row, column))]

    def _tick_columns(self, rows: list[Row], columns: list[Column]) -> set[int]:
        """Return columns of ticks: "x" for yes beside every area, a count only in the total."""
        ticks = set()
        for column in columns:
            marks = [cell.text for row in rows if row.kind == "area" and (cell := self._figure(row, column))]
            if marks and all(mark in ("x", "X", "✓", "+") for mark in marks):
                ticks.add(column.index)
        return ticks

    def _unknown_columns(self, header: Header, rows: list[Row], columns: list[Column], reader: RowReader) -> None:
        """Ask about columns with figures whose label, or a label over it, is not known."""
        data = [row for row in rows if row.kind in ("area", "total", "region", "item")]
        for column in columns:
            figure = next((cell for row in data if (cell := self._figure(row, column))), None)
            if figure is None or not (column.parts or reader.has_areas):
                continue
            part = column.meaning.unknown_part
            if part:
                self._unknown_group(header, column, part, figure)
            elif not self._is_understood(column, reader):
                self._out.unknown_label(
                    self._header_cell(header, column) or figure, " / ".join(column.labels or column.parts)
                )

    def _unknown_group(self, header: Header, column: Column, part: str, figure: ViewCell) -> None:
        place = self._header_cell(header, column, part) or figure
        self._out.find(
            place,
            "unknown_label",
            f"Nhãn nhóm “{part}” chưa có trong danh mục; các cột dưới nó được đọc theo nhãn riêng của chúng.",
            "Thêm một dòng vào labels.csv: #group nếu chỉ là tên nhóm, để trống nếu số dưới nó không phải chỉ tiêu.",
            raw_text=part,
        )

    def _header_cell(self, header: Header, column: Column, part: str = "") -> ViewCell | None:
        """Return the header cell of a column's last label, or of the label `part`."""
        rows = range(header.last_row, header.first_row - 1, -1)
        cells = [self.view.cell(*self.view.anchor(row, index)) for row in rows for index in range(column.index, 0, -1)]
        wanted = part or (column.labels or column.parts or ("",))[-1]
        return next((cell for cell in cells if cell and cell.text == wanted), None)

    def _is_understood(self, column: Column, reader: RowReader) -> bool:
        if column.has_role("#total") and not column.meaning.indicator_id and not reader.has_items:
            return False  # a total of several columns that does not say of what
        if column.meaning.is_known or column.area_code or column.period is not None:
            return True
        return bool(column.labels) and self.words.labels.is_last_part(column.labels[-1])

    def _left_alone(self, columns: list[Column], rows: list[Row]) -> None:
        """Say which column is not read: changes beside a stock, a running total of a flow."""
        if _sums_months(columns):
            self._ask_which_month(columns, rows)
            return
        for column in columns:
            if not column.has_role("#value", "#cumulative"):
                continue
            for row in rows:
                cell = self._figure(row, column) if row.kind == "item" else None
                indicator_id = self._crossed(row, column) if cell else None
                if cell and indicator_id and not self._is_in_use(column, columns, indicator_id):
                    self._out.find(
                        cell,
                        "ambiguous_column",
                        f"Số ở cột “{' / '.join(column.parts)}” không phải số trong kỳ của “{row.label}”; không dùng.",
                        "Ghi số tăng, giảm trong kỳ thành một dòng riêng có tên chỉ tiêu.",
                        severity="note",
                    )
                    break

    def _ask_which_month(self, columns: list[Column], rows: list[Row]) -> None:
        """Several months beside their total: nobody can tell by form whether a stock is in the last or in the total."""
        for row in (row for row in rows if row.kind == "item"):
            figures = self._figures(row, [c for c in columns if self._crossed(row, c)])
            indicator = self._out.indicator(row.meaning.indicator_id)
            if figures and indicator and indicator.indicator_kind not in ("flow", "count"):
                self._out.find(
                    figures[-1],
                    "ambiguous_column",
                    f"Dòng “{row.label}” có số của nhiều tháng và cột lũy kế; không rõ số hiện có đến cuối tháng là số "
                    "nào nên chưa dùng số nào.",
                    "Chỉ ghi một cột: số hiện có đến cuối tháng báo cáo.",
                )

    def _area_row(self, row: Row, columns: list[Column]) -> None:
        for column in columns:
            indicator_id = column.meaning.indicator_id
            if not indicator_id or not self._is_in_use(column, columns, indicator_id):
                continue
            cell = self.view.cell(row.number, column.index)
            if cell or (row.kind == "area" and self._is_current(column)):
                self._out.observe(row, column, cell, indicator_id)

    def _is_current(self, column: Column) -> bool:
        return self._out.period_of(column) == self.words.report_period

    def _item_row(self, row: Row, columns: list[Column], reader: RowReader) -> None:
        """A row named by an indicator: under the columns of a cross table, or with its only figure."""
        if row.period == "":
            return
        figures = self._figures(row, columns)
        if reader.has_areas and not row.area_code and not any(c.has_role(*_PERIOD_ROLES) for c in columns):
            if figures and row.meaning.indicator_id:
                self._lone_figure(row, figures)
            elif figures and not row.meaning.is_known:
                self._out.unknown_label(self._label_cell(row) or figures[0], row.label)
            return
        understood = False
        for column in columns:
            indicator_id = self._crossed(row, column)
            understood = understood or indicator_id is not None
            if indicator_id and self._is_in_use(column, columns, indicator_id):
                cell = self.view.cell(row.number, column.index)
                if cell or self._expects_figure(row, column):
                    self._out.observe(row, column, cell, indicator_id)
        if figures and not understood and not row.meaning.is_known:
            self._out.unknown_label(self._label_cell(row) or figures[0], row.label)

    def _expects_figure(self, row: Row, column: Column) -> bool:
        """Tell whether a blank cell here means that nothing was reported, and not that nothing is asked."""
        cells = self.view.rows[row.number].values()
        has_figure = any(cell.is_value for cell in cells if cell.column != row.label_column)
        is_named = bool(row.meaning.indicator_id or row.area_code)
        return is_named and self._is_current(column) and (bool(row.serial) or has_figure)

    def _crossed(self, row: Row, column: Column) -> str | None:
        """Return the indicator of a cell by its row and column; "" to leave it alone, None when not understood."""
        labels = self.words.labels
        if row.parts and column.labels:
            for path in pairs_of(row.parts, column.labels):
                found = labels.path_indicator(path)
                if found is not None:
                    return found
        by_row, by_column = row.meaning, column.meaning
        if by_column.indicator_id:
            return self._of_both(row, column)
        if by_column.is_ignored:
            return ""
        if by_row.indicator_id or by_row.is_ignored:
            is_figure = column.has_role(*_PERIOD_ROLES, "#total") or column.area_code or column.period is not None
            return by_row.indicator_id if is_figure else None
        return None

    def _of_both(self, row: Row, column: Column) -> str | None:
        """The column names an indicator; a row that names another one leaves the cell alone, and says so."""
        if not row.parts or row.meaning.indicator_id == column.meaning.indicator_id:
            return column.meaning.indicator_id
        if row.meaning.is_ignored:
            return ""
        cell = self._figure(row, column)
        if row.meaning.indicator_id and cell:
            self._out.find(
                cell,
                "ambiguous_column",
                f"Dòng “{row.label}” và cột “{column.labels[-1]}” nói hai chỉ tiêu khác nhau; chưa dùng số này.",
                "Thêm vào labels.csv nhãn ghép “dòng > cột” và chỉ tiêu của nó.",
            )
        return "" if row.meaning.indicator_id else None

    def _is_in_use(self, column: Column, columns: list[Column], indicator_id: str) -> bool:
        """Tell whether a column's figures are of a month in use, and the stock where stock and flow stand apart."""
        if column.period == "":
            return False
        indicator = self._out.indicator(indicator_id)
        is_stock = indicator is None or indicator.indicator_kind not in ("flow", "count")
        if is_stock and _sums_months(columns):
            return False
        if column.has_role("#cumulative"):
            return is_stock
        if column.has_role("#value") and is_stock:
            beside = [c for c in columns if c.meaning.indicator_id == column.meaning.indicator_id]
            return not any(c.has_role("#cumulative") for c in beside)
        return True

    def _unknown_row(self, row: Row, figures: list[ViewCell], reader: RowReader) -> None:
        place = self._label_cell(row) or figures[0]
        if reader.has_areas and row.label:
            self._out.unknown_row(row, place)
        elif row.label:
            self._out.unknown_label(place, row.label)

    def _label_cell(self, row: Row) -> ViewCell | None:
        return self.view.cell(row.number, row.label_column) if row.label_column else None

    def _errors(self, header: Header, row: Row) -> None:
        for cell in self.view.rows[row.number].values():
            if cell.text.startswith("#") and cell.parse().problem == "error_value":
                column = header.columns.get(cell.column)
                is_used = bool(row.meaning.indicator_id) or (column is not None and bool(column.meaning.indicator_id))
                self._out.error_value(cell, is_used)


def _sums_months(columns: list[Column]) -> bool:
    """Tell whether a table has columns of several months beside their running total."""
    months = {column.index for column in columns if column.period is not None and not column.has_role("#cumulative")}
    return len(months) > 1 and any(column.has_role("#cumulative") for column in columns)
