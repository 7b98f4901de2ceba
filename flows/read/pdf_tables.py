"""Ruled tables of a PDF page: rules that touch make a grid, a missing rule merges its two neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

Rule = tuple[float, float, float]  # position, from, to
Box = tuple[float, float, float, float]  # left, bottom, right, top
_NEAR = 3.0  # points: rules nearer than this are one, ends nearer than this touch


@dataclass(frozen=True, slots=True)
class Rules:
    """Horizontal rules (height, left, right) and vertical ones (place, bottom, top), in points."""

    across: tuple[Rule, ...]
    down: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuledTable:
    """One table: the box of each cell by (row, column) from 1, top left first; merged areas as in `Grid`."""

    cells: dict[tuple[int, int], Box]
    columns: int
    merged: tuple[tuple[int, int, int, int], ...]
    box: Box
    top: float = field(default=0.0)

    def contains(self, x: float, y: float) -> bool:
        """Tell whether a point lies in the table."""
        left, bottom, right, top = self.box
        return left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1


def find_tables(rules: Rules) -> list[RuledTable]:
    """Return the tables of a page from top to bottom."""
    groups = _touching_groups(rules)
    tables = [table for across, down in groups if (table := _table(across, down))]
    return sorted(tables, key=lambda table: -table.top)


def _touching_groups(rules: Rules) -> list[tuple[list[Rule], list[Rule]]]:
    """Group rules that cross or touch: one group a table."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for vertical in rules.down:
        touched = [g for g in groups if any(_touch(h, vertical) for h in g[0])]
        fresh = [h for h in rules.across if _touch(h, vertical) and not any(h in g[0] for g in groups)]
        joined = ([h for g in touched for h in g[0]] + fresh, [v for g in touched for v in g[1]] + [vertical])
        groups = [g for g in groups if g not in touched] + [joined]
    return groups


def _touch(across: Rule, down: Rule) -> bool:
    y, left, right = across
    x, bottom, top = down
    return left - _NEAR <= x <= right + _NEAR and bottom - _NEAR <= y <= top + _NEAR


def _table(across: list[Rule], down: list[Rule]) -> RuledTable | None:
    xs, ys = _positions(down), _positions(across)[::-1]
    if len(xs) < 2 or len(ys) < 2 or (len(xs) - 1) * (len(ys) - 1) < 2:
        return None
    cells: dict[tuple[int, int], Box] = {}
    merged = []
    taken: set[tuple[int, int]] = set()
    for row in range(1, len(ys)):
        for column in range(1, len(xs)):
            if (row, column) not in taken:
                last_row, last_column = _extent(row, column, xs, ys, across, down)
                area = {(r, c) for r in range(row, last_row + 1) for c in range(column, last_column + 1)}
                taken |= area
                cells[row, column] = (xs[column - 1], ys[last_row], xs[last_column], ys[row - 1])
                if len(area) > 1:
                    merged.append((row, column, last_row, last_column))
    box = (xs[0], ys[-1], xs[-1], ys[0])
    return RuledTable(cells, len(xs) - 1, tuple(merged), box, ys[0])


def _extent(
    row: int, column: int, xs: list[float], ys: list[float], across: list[Rule], down: list[Rule]
) -> tuple[int, int]:
    """Return the last row and column of the cell that starts here: until a rule closes it."""
    middle = (ys[row - 1] + ys[row]) / 2
    last_column = column
    while last_column < len(xs) - 1 and not _crosses(down, xs[last_column], middle):
        last_column += 1
    centre = (xs[column - 1] + xs[column]) / 2
    last_row = row
    while last_row < len(ys) - 1 and not _crosses(across, ys[last_row], centre):
        last_row += 1
    return last_row, last_column


def _crosses(rules: list[Rule], position: float, at: float) -> bool:
    return any(abs(where - position) <= _NEAR and start <= at <= end for where, start, end in rules)


def _positions(rules: list[Rule]) -> list[float]:
    """Return distinct positions, ascending; a double rule counts once."""
    ordered = sorted(rule[0] for rule in rules)
    distinct = ordered[:1]
    for before, position in pairwise(ordered):
        if position - before > _NEAR:
            distinct.append(position)
    return distinct
