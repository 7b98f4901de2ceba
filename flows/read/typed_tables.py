"""Tables within lines of text: cells parted by tabs, by bars, or standing under each other by runs of blanks.

A table is only what shows its columns: every line has cells, and all agree which cell stands in which column. Other
lines stay lines; nobody can tell there which number belongs to what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.read.document import Grid, GridCell
from flows.read.numbers import looks_like_value

MAX_ROWS = 2_000
_MAX_CELL = 200
_RULE = re.compile(r"[\s|:+=_-]+")
_GAP = re.compile(r"\s{2,}")
_Cell = tuple[int, int, str]  # begin, end, text


@dataclass(frozen=True, slots=True)
class TypedRows:
    """Lines from `first` to before `last` that are the rows of a table, cut into columns."""

    first: int
    last: int
    rows: tuple[tuple[str, ...], ...]

    def grid(self, number: int) -> Grid:
        """Return the rows as the table `number` of their text."""
        cells = {
            (row, column): GridCell(row, column, text, text)
            for row, texts in enumerate(self.rows, start=1)
            for column, text in enumerate(texts, start=1)
            if text
        }
        return Grid("", cells, table_number=number, is_typed=True)


def typed_tables(lines: Sequence[str]) -> Iterator[TypedRows]:
    """Yield the tables among lines, in order: a head without figures, below it at least one row with a figure."""
    first = 0
    while first < len(lines):
        last = _end_of_rows(lines, first)
        cut = [_cut(line) for line in lines[first:last] if line.strip() and not _RULE.fullmatch(line)]
        if len(cut) > 1 and (rows := _in_columns(cut) or _in_order(cut)) and _is_table(rows):
            yield TypedRows(first, last, rows)
        first = max(last, first + 1)


def shows_cells(line: str) -> bool:
    """Tell whether a line is cut into three cells or more, one of them a figure: no sentence is."""
    cells = _cut(line)
    return len(cells) > 2 and any(_is_figure(text) for _, _, text in cells)


def _end_of_rows(lines: Sequence[str], first: int) -> int:
    """Return the end of the rows that begin at a line; one blank line (or rule) may stand between two."""
    end = number = first
    while number < len(lines) and number - first < MAX_ROWS:
        if len(_cut(lines[number])) >= 2:
            end = number + 1
        elif lines[number].strip() or end < number:
            break
        number += 1
    return end


def _cut(line: str) -> list[_Cell]:
    """Return the cells of a line with their places, one when it shows none."""
    mark = "\t" if "\t" in line else "|" if line.count("|") >= 2 else ""
    if mark:
        inner = line.strip().strip("|") if mark == "|" else line
        return [(n, n, part.strip()) for n, part in enumerate(inner.split(mark))]
    cells, at = [], len(line) - len(line.lstrip())
    for gap in [*_GAP.finditer(line, at), None]:
        end = gap.start() if gap else len(line)
        if line[at:end].strip():
            cells.append((at, end - 1, line[at:end].strip()))
        at = gap.end() if gap else end
    return cells


def _in_columns(cut: Sequence[Sequence[_Cell]]) -> tuple[tuple[str, ...], ...]:
    """Return the rows by column, empty when the lines do not agree on the columns."""
    columns: list[tuple[int, int]] = []
    for begin, end, _ in sorted(cell for cells in cut for cell in cells):
        if columns and begin <= columns[-1][1] + (begin != end):
            columns[-1] = (columns[-1][0], max(columns[-1][1], end))
        else:
            columns.append((begin, end))
    rows = [[""] * len(columns) for _ in cut]
    for row, cells in zip(rows, cut, strict=True):
        for begin, _, text in cells:
            column = next(n for n, (left, right) in enumerate(columns) if left <= begin <= right)
            if row[column]:
                return ()  # two cells of one line in one column: the lines are not aligned
            row[column] = text
    return tuple(map(tuple, rows))


def _in_order(cut: Sequence[Sequence[_Cell]]) -> tuple[tuple[str, ...], ...]:
    """Return the rows cell by cell where every line has as many: blanks that were meant to align them."""
    if len({len(cells) for cells in cut}) > 1:
        return ()
    return tuple(tuple(text for _, _, text in cells) for cells in cut)


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    if any(len(text) > _MAX_CELL for row in rows for text in row):
        return False
    head, *below = rows
    return not any(map(_is_figure, head)) and any(_is_figure(text) for row in below for text in row[1:])


def _is_figure(text: str) -> bool:
    return bool(text) and looks_like_value(text)
