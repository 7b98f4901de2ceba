"""The account of one grid: which of its cells hold a number that was neither read nor asked about nor set aside."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from flows.read.account import holds_number, listed
from flows.read.collector import Collector
from flows.read.headers import Header
from flows.read.problems import KINDS
from flows.read.rows import Row, RowReader
from flows.read.sheet_view import Place, SheetView, ViewCell

ASKS_OF_ROW = frozenset({
    "unknown_label", "unknown_area", "area_proposed", "area_ambiguous", "foreign_area", "ambiguous_column"
})  # fmt: skip


@dataclass
class GridAccount:
    """What is set aside of a grid, and from it what is left; `said` knows what was read and asked."""

    view: SheetView
    said: Collector
    aside: set[Place] = field(default_factory=set)

    def set_rows_aside(self, numbers: Iterable[int]) -> None:
        """Set aside all that stands in some rows: titles, lists that are counted, tables of another month."""
        self.aside |= {(number, column) for number in numbers for column in self.view.rows.get(number, ())}

    def take_table(self, header: Header, rows: Iterable[Row], reader: RowReader, understood: Set[int]) -> None:
        """Set aside what names the rows and columns, and each figure whose row and column are understood or asked.

        Args:
            header: Of the table.
            rows: Under it.
            reader: Read them.
            understood: The columns whose meaning is known, used or not.
        """
        self.set_rows_aside(range(header.first_row, header.last_row + 1))
        asked = {column for (row, column) in self.said.noted if header.first_row <= row <= header.last_row}
        serial_columns = {column.index for column in header.columns_with("#serial")}
        for row in rows:
            if self._is_asked(row) or row.period == "":
                self.set_rows_aside([row.number])
                continue
            names = {column for column in reader.key_columns if not self._is_value(row.number, column)}
            is_lone = len(self.view.rows[row.number]) == 1     # a number with nothing beside it numbers nothing
            serials = {c for c in serial_columns if self._is_value(row.number, c) and not is_lone}
            known = {c for c in understood if self._is_value(row.number, c)} if _is_known(row, reader) else set()
            self.aside |= {(row.number, column) for column in names | serials | asked | known}
        if reader.ended_at:     # a lone number below the signatures is that of the page
            below = [number for number in self.view.rows if number > reader.ended_at]
            self.set_rows_aside(number for number in below if self._is_lone_figure(number))
        if reader.foreign_header:
            self.set_rows_aside(number for number in self.view.rows if number >= reader.foreign_header)

    def say_what_is_left(self) -> None:
        """Add one finding that names the cells that are left."""
        left = [cell for row in self.view.rows.values() for cell in row.values() if self._is_left(cell)]
        if not left:
            return
        places = listed((self._named_place(cell, left), cell.text) for cell in left)
        severity, remedy, _ = KINDS["number_not_read"]
        sentence = f"Có số chưa được đọc, vì không rõ thuộc chỉ tiêu và địa bàn nào: {places}."
        self.said.find(left[0], "number_not_read", sentence, remedy,
                       severity=severity if any(cell.is_value for cell in left) else "note")  # fmt: skip

    def _named_place(self, cell: ViewCell, left: list[ViewCell]) -> str:
        """Return the place of a cell, with the words that its row begins with before the first of that row."""
        first = next(other for other in left if other.row == cell.row)
        words = (other.text for other in self.view.rows[cell.row].values() if not other.is_value and other is not cell)
        name = next(words, "") if first is cell else ""
        return f"(dòng “{name[:60]}”) {self.view.place(cell)}" if name else self.view.place(cell)

    def _is_left(self, cell: ViewCell) -> bool:
        place = (cell.row, cell.column)
        if place in self.said.observed or place in self.said.noted or place in self.aside:
            return False
        if cell.is_value:
            return any(map(str.isdigit, cell.text)) and not self._is_ordinal(cell)
        return holds_number(cell.text)

    def _is_ordinal(self, cell: ViewCell) -> bool:
        """Tell whether a number counts its row: it stands first in it, is 1 or one more than the number above."""
        row = self.view.rows[cell.row]
        if len(row) == 1 or next(iter(row)) != cell.column or not cell.text.isdecimal():
            return False
        above = (self.view.text(number, cell.column) for number in reversed(self.view.rows) if number < cell.row)
        last = next((text for text in above if text.isdecimal()), "0")
        return int(cell.text) == 1 or int(cell.text) == int(last) + 1

    def _is_asked(self, row: Row) -> bool:
        asked = (self.said.noted.get((row.number, column)) for column in self.view.rows[row.number])
        return any(kind in ASKS_OF_ROW for kind in asked)

    def _is_lone_figure(self, number: int) -> bool:
        cells = list(self.view.rows[number].values())
        return len(cells) == 1 and cells[0].text.isdigit()

    def _is_value(self, number: int, column: int) -> bool:
        cell = self.view.cell(number, column)
        return cell is not None and cell.is_value


def _is_known(row: Row, reader: RowReader) -> bool:
    is_only = row.kind == "item" and not reader.key_columns
    return row.is_total or row.kind == "area" or row.meaning.is_known or is_only
