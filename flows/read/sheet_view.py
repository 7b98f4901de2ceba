"""A grid as a reader sees it: visible cells by row, text decoded and trimmed, merged cells known by their anchor."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

from flows.read.document import Grid, GridCell
from flows.read.numbers import Kind, ParsedNumber, looks_like_value, number_of_cell
from flows.read.text import detect_legacy, normalise

Place = tuple[int, int]
MAX_ROWS = 10_000
"""No form of a month has more; a list of subscribers or calls left in the file has."""


@dataclass(frozen=True, slots=True)
class ViewCell:
    """One visible cell. `text` is decoded, its blanks collapsed; `source` is the cell as stored."""

    row: int
    column: int
    text: str
    source: GridCell

    def parse(self, kind: Kind = "count") -> ParsedNumber:
        """Return the number the cell holds, or why there is none."""
        return number_of_cell(self.source.value, self.text, self.source.number_format, kind)

    @property
    def is_value(self) -> bool:
        """Tell whether the cell is a figure, a stated zero, a mark for a missing one, a date or an error."""
        value = self.source.value
        if value is not None and not isinstance(value, str | bool):
            return True
        return bool(self.text) and (looks_like_value(self.text) or self.parse().problem == "error_value")

    @property
    def raw_text(self) -> str:
        """Return what was written: the text as typed, the number as stored, a formula with its value."""
        stored = self.source.text
        return f"{self.source.formula} → {stored}" if self.source.formula else stored


class SheetView:
    """The visible part of a grid. `rows` maps row number to its cells by column, in order.

    Of a sheet with more than `MAX_ROWS` filled rows the first are seen; `cut_at` is the row that is not, or 0.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._encoding = _encoding_of(grid)
        self.rows: dict[int, dict[int, ViewCell]] = {}
        self.cut_at = 0
        for (row, column), cell in grid.cells.items():
            if row not in grid.hidden_rows and column not in grid.hidden_columns:
                if len(self.rows) >= MAX_ROWS and row not in self.rows:
                    self.cut_at = row
                    break
                self._add(row, column, cell)
        self.rows = {row: dict(sorted(cells.items())) for row, cells in sorted(self.rows.items())}

    def _add(self, row: int, column: int, cell: GridCell) -> None:
        text = " ".join(normalise(cell.text, cell.font_name, self._encoding).split())
        if text or cell.formula:
            self.rows.setdefault(row, {})[column] = ViewCell(row, column, text, cell)

    def cell(self, row: int, column: int) -> ViewCell | None:
        """Return the cell that stands at a place itself."""
        return self.rows.get(row, {}).get(column)

    def text(self, row: int, column: int) -> str:
        """Return the text at a place, "" when it is blank."""
        cell = self.cell(row, column)
        return cell.text if cell else ""

    def anchor(self, row: int, column: int) -> Place:
        """Return the first cell of the merged range over a place, or the place itself."""
        return self._anchors.get((row, column), (row, column))

    def span(self, row: int, column: int) -> Place:
        """Return how many rows and columns the cell anchored at a place covers."""
        return self._spans.get((row, column), (1, 1))

    def shown(self, row: int, column: int) -> str:
        """Return the text a person sees at a place, merged ranges included."""
        return self.text(*self.anchor(row, column))

    def is_blank(self, row: int) -> bool:
        """Tell whether a row has nothing visible."""
        return row not in self.rows

    def place(self, cell: ViewCell) -> str:
        """Return the place of a cell as the trace names it."""
        return self.grid.place(cell.row, cell.column)

    @cached_property
    def _spans(self) -> dict[Place, Place]:
        return {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in self.grid.merged}

    @cached_property
    def _anchors(self) -> dict[Place, Place]:
        anchors: dict[Place, Place] = {}
        for top, left, bottom, right in self.grid.merged:
            if (bottom - top + 1) * (right - left + 1) > 10_000:
                continue
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    anchors[row, column] = (top, left)
        return anchors


def _encoding_of(grid: Grid) -> str:
    """Return the legacy code of the sheet as a whole, for words too short to tell by themselves."""
    sample = itertools.islice(grid.cells.values(), 3000)
    return detect_legacy(cell.text for cell in sample if isinstance(cell.value, str | None))
