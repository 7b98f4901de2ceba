"""Tables to observations, by labels and meaning, never by cell address.

A sheet is walked once from the top. Headers are found by what they say (`headers`), the rows under them by
what names them (`rows`); a figure takes its indicator and its area from whichever of the two states them.
Lines outside any table ("Tỷ lệ …: 88,59%") are read when label and figure stand alone. Whatever holds a
figure and is not understood becomes a finding at its place.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from flows.read.areas import area_index, own_area
from flows.read.document import Grid, GridCell, ReadContext
from flows.read.figures import figure_of, says_estimated
from flows.read.headers import Column, Header, Vocabulary, find_header
from flows.read.labels import Meaning, label_index, pairs_of
from flows.read.numbers import ParsedNumber
from flows.read.observations import make_finding, make_observation
from flows.read.registers import is_register, read_register
from flows.read.rows import Row, RowReader
from flows.read.sheet_view import SheetView, ViewCell
from flows.read.units import StatedUnit, UnitIndex
from flows.records import IntakeFinding, Observation, Reading
from infra.catalogue import Provision, previous_period


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
    """Reads one grid. `observations` and `findings` fill up in reading order."""

    def __init__(self, view: SheetView, context: ReadContext) -> None:
        self.view = view
        self.context = context
        self.words = vocabulary(context)
        self.observations: list[Observation] = []
        self.findings: list[IntakeFinding] = []
        self._sheet_units: tuple[StatedUnit, ...] = ()
        self._noted: set[tuple[int, int]] = set()
        self._details = {p.indicator_id: p.detail for p in self._provisions()}

    def read(self) -> Reading:
        """Walk the sheet from the top: lines, then each table with the rows up to the next header."""
        numbers = list(self.view.rows)
        tables = self.tables
        first = tables[0][0].first_row if tables else (numbers[-1] + 1 if numbers else 0)
        for number in numbers:
            if number < first:
                self._line(number)
        for side_by_side, following in zip(tables, [*tables, []][1:], strict=True):
            end = following[0].first_row if following else numbers[-1] + 1
            for header in side_by_side:
                self._table(header, [n for n in numbers if header.last_row < n < end])
        return Reading(tuple(self.observations), (), tuple(self.findings))

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

    def _provisions(self) -> tuple[Provision, ...]:
        submitter = self.context.submitter
        found = self.context.catalogue.provisions_by_submitter
        return found.get(submitter.submitter_id, ()) if submitter else ()

    # -- lines outside tables -------------------------------------------------------------------

    def _line(self, number: int) -> None:
        """Read a line that stands outside any table: a declared unit, or one label with one figure."""
        cells = list(self.view.rows[number].values())
        if self._declares_units(cells):
            return
        labels = [cell for cell in cells if not cell.is_value]
        meanings = [self.words.labels.match(cell.text) for cell in labels]
        named = [(cell, m) for cell, m in zip(labels, meanings, strict=True) if m.is_known and not m.roles]
        figures = [cell for cell in cells if cell.is_value and named and cell.column > named[0][0].column]
        if not named or not figures or not named[0][1].indicator_id:
            return
        cell, meaning = named[0]
        row = Row(number, "item", cell.text, (cell.text,), meaning=meaning, label_column=cell.column)
        self._item_line(row, figures)

    def _declares_units(self, cells: list[ViewCell]) -> bool:
        for cell in cells:
            units = self.words.units.declared(cell.text)
            if units:
                self._sheet_units = units
                return len(cells) == 1
        return False

    def _item_line(self, row: Row, figures: list[ViewCell]) -> None:
        """A label with its only figure; with several, nothing says which one is meant."""
        if len(figures) == 1:
            self._observe(row, None, figures[0], row.meaning.indicator_id)
            return
        texts = ", ".join(cell.text for cell in figures)
        self._find(
            figures[0],
            "ambiguous_column",
            f"Dòng “{row.label}” có {len(figures)} số ({texts}) mà không có tiêu đề cột; chưa dùng số nào.",
            "Ghi mỗi số dưới một cột có tiêu đề.",
        )

    # -- tables ---------------------------------------------------------------------------------

    def _table(self, header: Header, numbers: list[int]) -> None:
        for number in range(max(1, header.first_row - 2), header.first_row):
            if number in self.view.rows:
                self._declares_units(list(self.view.rows[number].values()))
        if is_register(header):
            self._register(header, numbers)
            return
        reader = RowReader(self.view, header, self.words, numbers)
        rows = reader.read()
        self._errors(header, rows)
        columns = self._figure_columns(header, reader, rows)
        self._unknown_columns(header, rows, columns, reader)
        ticks = self._tick_columns(rows, columns)
        for row in rows:
            if row.kind in ("area", "total", "region"):
                self._area_row(row, [c for c in columns if c.index not in ticks or row.is_total], reader)
            elif row.kind == "item":
                self._item_row(row, columns, reader)
            elif row.kind == "unknown":
                self._unknown_row(row, columns, reader)

    def _register(self, header: Header, numbers: list[int]) -> None:
        for section in read_register(self.view, header, numbers, self.words):
            indicator_id = section.row.meaning.indicator_id
            if section.figure:
                self._observe(section.row, None, section.figure, indicator_id)
            if section.listed:
                place = section.figure or section.label
                self._observe(section.row, None, place, f"{indicator_id}#list", count=section.listed)

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

    def _tick_columns(self, rows: list[Row], columns: list[Column]) -> set[int]:
        """Return columns of ticks: "x" for yes beside every area, a count only in the total."""
        ticks = set()
        for column in columns:
            marks = [cell.text for row in rows if row.kind == "area" and (cell := self._figure(row, column))]
            if marks and all(mark in ("x", "X", "✓", "+") for mark in marks):
                ticks.add(column.index)
        return ticks

    def _unknown_columns(self, header: Header, rows: list[Row], columns: list[Column], reader: RowReader) -> None:
        """Ask about columns with figures whose label is not known, once a column."""
        data = [row for row in rows if row.kind in ("area", "total", "region", "item")]
        for column in columns:
            if self._is_understood(column) or not any(self._figure(row, column) for row in data):
                continue
            if not column.parts and not reader.has_areas:
                continue
            cell = self.view.cell(column.row, column.index) or self.view.cell(
                *self.view.anchor(max(column.row, header.first_row), column.index)
            )
            place = cell or next(c for row in data if (c := self._figure(row, column)))
            self._unknown_label(place, " / ".join(column.labels or column.parts))

    def _is_understood(self, column: Column) -> bool:
        if column.meaning.is_known or column.area_code or column.period is not None:
            return True
        return bool(column.labels) and self.words.labels.is_last_part(column.labels[-1])

    def _area_row(self, row: Row, columns: list[Column], reader: RowReader) -> None:
        for column in columns:
            indicator_id = self._indicator_of(column, reader)
            if not indicator_id or not self._is_in_use(column, columns, indicator_id):
                continue
            cell = self.view.cell(row.number, column.index)
            if cell or (row.kind == "area" and not self._period_of(column)[1]):
                self._observe(row, column, cell, indicator_id)

    def _indicator_of(self, column: Column, reader: RowReader) -> str:
        if column.meaning.indicator_id or not column.has_role("#value", "#cumulative", "#previous", "#total"):
            return column.meaning.indicator_id
        return ""

    def _item_row(self, row: Row, columns: list[Column], reader: RowReader) -> None:
        """A row named by an indicator: under the columns of a cross table, or with its only figure."""
        figures = [cell for column in columns if (cell := self._figure(row, column))]
        if reader.has_areas and not row.area_code:
            known = [column for column in columns if column.has_role("#value", "#cumulative", "#previous")]
            if not known:
                self._line_in_table(row, figures)
                return
        if not row.parts and not any(column.meaning.indicator_id for column in columns):
            return
        understood = False
        for column in columns:
            indicator_id = self._crossed(row, column)
            if indicator_id is None:
                continue
            understood = True
            if indicator_id and self._is_in_use(column, columns, indicator_id):
                cell = self.view.cell(row.number, column.index)
                if cell or self._expects_figure(row, column):
                    self._observe(row, column, cell, indicator_id)
        if not understood and figures and not row.meaning.is_known:
            self._unknown_label(self._label_cell(row) or figures[0], row.label)

    def _line_in_table(self, row: Row, figures: list[ViewCell]) -> None:
        if not figures:
            return
        if row.meaning.indicator_id:
            self._item_line(row, figures)
        elif not row.meaning.is_known:
            self._unknown_label(self._label_cell(row) or figures[0], row.label)

    def _expects_figure(self, row: Row, column: Column) -> bool:
        """Tell whether a blank cell here means that nothing was reported, and not that nothing is asked."""
        has_figure = any(
            cell.is_value for cell in self.view.rows[row.number].values() if cell.column != row.label_column
        )
        is_named = bool(row.meaning.indicator_id) or bool(row.area_code)
        return is_named and not self._period_of(column)[1] and (bool(row.serial) or has_figure)

    def _crossed(self, row: Row, column: Column) -> str | None:
        """Return the indicator of a cell by its row and column; None when neither is understood."""
        labels = self.words.labels
        for path in pairs_of(row.parts, column.labels):
            if column.labels and row.parts and (found := labels.path_indicator(path)) is not None:
                return found
        if row.meaning.indicator_id or row.meaning.is_ignored:
            is_figure = column.has_role("#value", "#cumulative", "#previous", "#total") or column.area_code
            if is_figure or (column.period is not None and not column.meaning.indicator_id):
                return row.meaning.indicator_id
            if column.meaning.is_ignored:
                return ""
            return None if not column.meaning.indicator_id else self._both(row, column)
        if column.meaning.indicator_id and not row.parts:
            return column.meaning.indicator_id
        return "" if column.meaning.is_ignored else None

    def _both(self, row: Row, column: Column) -> str:
        """Row and column each name an indicator: the same one, or the row is left alone."""
        return row.meaning.indicator_id if row.meaning.indicator_id == column.meaning.indicator_id else ""

    def _is_in_use(self, column: Column, columns: list[Column], indicator_id: str) -> bool:
        """Tell whether a column's figures are of a month in use, and the stock where stock and flow stand apart."""
        if column.period == "" or (column.meaning.is_ignored and not column.meaning.indicator_id):
            return False
        indicator = self.context.catalogue.indicator_by_id.get(indicator_id.split("#")[0])
        is_stock = indicator is not None and indicator.indicator_kind == "stock"
        beside = [c for c in columns if c.meaning.indicator_id == column.meaning.indicator_id and c is not column]
        if column.has_role("#cumulative"):
            return is_stock or not any(c.has_role("#value") for c in beside)
        if column.has_role("#value") and is_stock:
            return not any(c.has_role("#cumulative") for c in beside)
        return True

    def _period_of(self, column: Column | None) -> tuple[str, bool]:
        """Return the month of a column's figures and whether it is an earlier one."""
        now = self.context.report_period
        if column is None:
            return now, False
        if column.has_role("#previous"):
            return previous_period(now), True
        return (column.period, column.period != now) if column.period else (now, False)

    def _unknown_row(self, row: Row, columns: list[Column], reader: RowReader) -> None:
        """A row with figures whose name is no known area: near names are proposed, none is taken."""
        figures = [cell for column in columns if (cell := self._figure(row, column))]
        if not figures or not row.label:
            return
        place = self._label_cell(row) or figures[0]
        if row.match.rivals:
            names = " hay ".join(f"{a.area_name} ({a.area_code})" for a in row.match.rivals)
            self._find(place, "area_ambiguous", f"“{row.label}” có thể là {names}; chưa dùng số của dòng này.",
                       "Ghi rõ huyện, xã, thị trấn trong tên địa bàn.")  # fmt: skip
        elif row.match.proposals:
            names = ", ".join(f"{a.area_name} ({a.area_code})" for a in row.match.proposals)
            self._find(place, "area_proposed",
                       f"Không có địa bàn nào tên “{row.label}”; gần nhất là {names}. Chưa dùng số của dòng này.",
                       "Sửa tên địa bàn, hoặc thêm một dòng vào area_aliases.csv.")  # fmt: skip
        else:
            self._unknown_label(place, row.label)

    def _label_cell(self, row: Row) -> ViewCell | None:
        return self.view.cell(row.number, row.label_column) if row.label_column else None

    # -- observations and findings --------------------------------------------------------------

    def _observe(
        self, row: Row, column: Column | None, cell: ViewCell | None, indicator_id: str, count: int | None = None
    ) -> None:
        """Add the observation of one cell; a blank one is an observation that nothing was reported."""
        indicator = self.context.catalogue.indicator_by_id.get(indicator_id.split("#")[0])
        if indicator is None:
            return
        cell = cell or self._blank(row.number, column.index if column else row.label_column)
        stated = (row.units, column.units if column else (), self._sheet_units)
        parsed, doubt = figure_of(cell, indicator, stated, self.words.units)
        if count is not None:
            parsed, doubt = ParsedNumber(Decimal(count)), None
        if cell.source.formula and parsed.obs_status == "O" and not parsed.problem:
            self._find(cell, "formula_without_value", f"Công thức {cell.source.formula} chưa có kết quả trong tệp.",
                       "Mở tệp bằng Excel để tính lại công thức, lưu rồi gửi lại.")  # fmt: skip
        if doubt and doubt.kind != "error_value":
            self._find(cell, doubt.kind, doubt.message_vi, doubt.remedy_vi)
        if parsed.value is not None and parsed.obs_status == "A" and says_estimated(f"{row.remark} {row.label}"):
            parsed = replace(parsed, obs_status="E")
        area = (column.area_code if column else "") or row.area_code or self.words.own_area
        period, _ = self._period_of(column)
        self.observations.append(
            make_observation(
                self.context,
                parsed,
                indicator_id=indicator_id,
                area_code=area,
                cell=self.view.place(cell),
                raw_text=cell.raw_text if count is None else f"{count} dòng trong danh sách",
                sheet=self.view.grid.sheet,
                period=period,
                is_reported_total=self._is_total(row, column, indicator_id, area),
                row_label=" / ".join(row.parts),
                column_label=" / ".join(column.parts) if column else "",
            )
        )

    def _is_total(self, row: Row, column: Column | None, indicator_id: str, area: str) -> bool:
        """Tell whether a figure is a total somebody typed: of the rows, of the columns, or of both."""
        indicator = self.context.catalogue.indicator_by_id[indicator_id.split("#")[0]]
        if row.is_total or indicator.aggregation == "derived":
            return True
        if column is not None and column.has_role("#total") and not column.meaning.indicator_id:
            return True
        return self._details.get(indicator_id) == "by_district" and area == self.words.own_area

    def _errors(self, header: Header, rows: list[Row]) -> None:
        """Report every error value under a header, whatever its column is for."""
        for row in rows:
            for cell in self.view.rows.get(row.number, {}).values():
                if cell.text.startswith("#") and cell.parse().problem == "error_value":
                    column = header.columns.get(cell.column)
                    is_used = column is not None and bool(column.meaning.indicator_id or row.meaning.indicator_id)
                    self.findings.append(
                        make_finding(
                            self.context,
                            "error_value",
                            "warning" if is_used else "note",
                            f"Ô báo lỗi {cell.text}, không có số liệu.",
                            sheet=self.view.grid.sheet,
                            cell=self.view.place(cell),
                            remedy_vi="Sửa công thức hoặc nhập số rồi gửi lại.",
                            raw_text=cell.raw_text,
                        )
                    )

    def _unknown_label(self, cell: ViewCell, label: str) -> None:
        near = self.words.labels.nearest(label.split(" / ")[-1])
        hint = f" Nhãn gần nhất đã biết: {'; '.join(near)}." if near else ""
        text = f"Nhãn “{label}”" if label else "Cột có số liệu nhưng không có tiêu đề"
        self._find(cell, "unknown_label", f"{text} chưa có trong danh mục; số liệu ở đó chưa được dùng.{hint}",
                   "Thêm một dòng vào labels.csv: nhãn này và chỉ tiêu của nó (để trống nếu không phải chỉ tiêu).",
                   raw_text=label)  # fmt: skip

    def _find(self, cell: ViewCell, kind: str, message_vi: str, remedy_vi: str, raw_text: str = "") -> None:
        if (cell.row, cell.column) in self._noted:
            return
        self._noted.add((cell.row, cell.column))
        self.findings.append(
            make_finding(self.context, kind, "warning", message_vi, sheet=self.view.grid.sheet,
                         cell=self.view.place(cell), remedy_vi=remedy_vi, raw_text=raw_text or cell.raw_text)
        )  # fmt: skip

    def _blank(self, row: int, column: int) -> ViewCell:
        """Return the blank cell at a place, with the blanks it may hold."""
        stored = self.view.grid.cells.get((row, column))
        return ViewCell(row, column, "", stored or GridCell(row, column, ""))
