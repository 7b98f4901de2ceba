"""Headers of tables: where one starts, how many rows it has, and what each of its columns means.

A header is recognised by the meaning of its labels, never by where it stands. It may have several rows,
merged or not, with group labels above, a row of units and a row of column numbers below.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from flows.read.areas import AreaIndex
from flows.read.labels import LabelIndex, Meaning
from flows.read.periods import period_at_end, period_of_label
from flows.read.sheet_view import SheetView, ViewCell
from flows.read.units import StatedUnit, UnitIndex

_COLUMN_NUMBER = re.compile(r"\(?\s*(?:[A-ZĐ]|\d{1,2})\s*\)?\s*(?:=.*)?")
_KEY_ROLES = frozenset({"#district", "#commune", "#area", "#item", "#name"})
_NEEDED_ROLES = _KEY_ROLES | {"#serial", "#value", "#previous", "#unit"}
_SIDE_ROLES = frozenset({"#serial", "#unit", "#note", "#name"})
_PERIOD_ROLES = frozenset({"#value", "#cumulative", "#previous"})
_LAST_BRACKET = re.compile(r"\s*\(([^()]+)\)\s*$")
_MAX_HEADER_ROWS = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a reader needs to know to understand labels."""

    labels: LabelIndex
    areas: AreaIndex
    units: UnitIndex
    report_period: str
    own_area: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `parts` are its labels from outermost to innermost, roles and units included.

    `period` is set by a label such as "Tháng 3" or "Kỳ trước"; "" means a month out of use. `area_code` is
    set in a table with districts across.
    """

    index: int
    parts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    meaning: Meaning = field(default_factory=lambda: Meaning(is_known=False))
    units: tuple[StatedUnit, ...] = ()
    period: str | None = None
    area_code: str = ""
    row: int = 0

    def has_role(self, *roles: str) -> bool:
        """Tell whether the column has one of these roles."""
        return not self.meaning.roles.isdisjoint(roles)

    @property
    def is_side(self) -> bool:
        """Tell whether the column helps to read a row and holds no figures of its own."""
        return not self.meaning.indicator_id and (self.has_role(*_SIDE_ROLES) or self.has_role(*_KEY_ROLES))


@dataclass(frozen=True, slots=True)
class Header:
    """A header and the columns under it; `first_row` to `last_row` are its own rows."""

    first_row: int
    last_row: int
    columns: dict[int, Column]

    def columns_with(self, *roles: str) -> list[Column]:
        """Return the columns that have one of these roles, from left to right."""
        return [column for column in self.columns.values() if column.has_role(*roles)]

    @property
    def area_column(self) -> Column | None:
        return next(iter(self.columns_with("#district", "#commune", "#area")), None)

    @property
    def item_column(self) -> Column | None:
        return next(iter(self.columns_with("#item")), None)


def find_header(view: SheetView, row: int, words: Vocabulary) -> list[Header]:
    """Return the headers that start in this row, more than one when tables stand side by side."""
    if not _is_header_row(view, row, words):
        return []
    first = _first_row(view, row, words)
    segments = _segments(view, row, words)
    return [_header(view, first, row, *segment, words) for segment in segments]


def _is_header_row(view: SheetView, row: int, words: Vocabulary) -> bool:
    """Tell whether a row holds labels of columns: two that are known, one of them decisive, and no figure."""
    known = decisive = 0
    for cell in view.rows.get(row, {}).values():
        if period_of_label(cell.text, words.report_period) is not None:
            known += 1
        elif cell.is_value:
            return False
        else:
            meaning = words.labels.match(cell.text)
            if words.units.find(cell.text) and not meaning.roles:
                continue  # "thuê bao" and "trạm" beside a figure that is left blank
            is_area = bool(words.areas.candidates(cell.text))
            known += meaning.is_known or is_area or words.labels.is_last_part(cell.text)
            decisive += bool(meaning.indicator_id) or not meaning.roles.isdisjoint(_NEEDED_ROLES)
    return known >= 2 and decisive >= 1


def _first_row(view: SheetView, row: int, words: Vocabulary) -> int:
    """Return the first row of group labels that stand above the recognised row."""
    first = row
    while first - 1 in view.rows and row - first < 2:
        cells = view.rows[first - 1].values()
        if not all(_is_group_label(view, cell, row, words) for cell in cells):
            break
        first -= 1
    return first


def _is_group_label(view: SheetView, cell: ViewCell, row: int, words: Vocabulary) -> bool:
    width = view.span(cell.row, cell.column)[1]
    if cell.is_value or words.units.declared(cell.text) is not None or cell.column <= min(view.rows[row]):
        return False
    if words.labels.match(cell.text).is_known:
        return True
    below = [column for column in range(cell.column, cell.column + width) if view.text(row, column)]
    return width > 1 and len(below) == width


def _segments(view: SheetView, row: int, words: Vocabulary) -> list[tuple[int, int]]:
    """Cut a row into tables side by side: a new one starts where the running number or key column comes again."""
    starts: list[int] = []
    has_key = has_other = False
    for column, cell in view.rows[row].items():
        roles = words.labels.match(cell.text).roles
        is_start = "#serial" in roles or not roles.isdisjoint(_KEY_ROLES)
        if not starts or (is_start and has_key and has_other):
            starts.append(column)
            has_key = has_other = False
        has_key = has_key or not roles.isdisjoint(_KEY_ROLES)
        has_other = has_other or (has_key and not is_start)
    return [(start, end - 1) for start, end in zip(starts, [*starts[1:], 16385], strict=True)]


def _header(view: SheetView, first: int, row: int, left: int, right: int, words: Vocabulary) -> Header:
    keys = _key_columns(view, row, left, right, words)
    last = row
    for below in range(row + 1, row + _MAX_HEADER_ROWS):
        if _is_number_row(view, below, left, right):
            last = below
            break
        if not _continues(view, row, below, keys, left, right):
            break
        last = below
    rows = list(range(first, last + 1))
    width = max((_last_column(view, r, left, right) for r in rows), default=left)
    columns = {index: _column(view, rows, index, left, words) for index in range(left, width + 1)}
    return Header(first, last, columns)


def _key_columns(view: SheetView, row: int, left: int, right: int, words: Vocabulary) -> list[int]:
    cells = [cell for column, cell in view.rows[row].items() if left <= column <= right]
    keys = [c.column for c in cells if not words.labels.match(c.text).roles.isdisjoint(_KEY_ROLES | {"#serial"})]
    return keys or [cells[0].column]


def _is_number_row(view: SheetView, row: int, left: int, right: int) -> bool:
    """Tell whether a row numbers the columns: "A B 1 2 3=1+2", "(1) (2)", "1 2 3 4"."""
    texts = [cell.text for column, cell in view.rows.get(row, {}).items() if left <= column <= right]
    marks = [text for text in texts if _COLUMN_NUMBER.fullmatch(text)]
    if len(marks) < 2 or len(texts) - len(marks) > (len(marks) >= 4):
        return False
    numbers = [int(match.group()) for text in marks if (match := re.search(r"\d+", text.split("=")[0]))]
    in_order = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
    has_letter = any(not re.search(r"\d", text) or "(" in text or "=" in text for text in marks)
    return in_order and numbers[0] <= 3 and (has_letter or (len(marks) >= 3 and len(marks) == len(texts)))


def _continues(view: SheetView, row: int, below: int, keys: list[int], left: int, right: int) -> bool:
    """Tell whether a row goes on with the header: text under the groups, nothing of its own under the keys."""
    cells = [cell for column, cell in view.rows.get(below, {}).items() if left <= column <= right]
    if not cells or any(cell.is_value for cell in cells):
        return False
    last = _last_column(view, row, left, right)
    beyond = [cell.column for cell in cells if cell.column > last]
    if cells[0].column > last or beyond != list(range(last + 1, last + 1 + len(beyond))):
        return False
    for key in keys:
        text = view.text(below, key)
        if text and text != view.text(row, key):
            return False
    return True


def _last_column(view: SheetView, row: int, left: int, right: int) -> int:
    cells = [cell for column, cell in view.rows.get(row, {}).items() if left <= column <= right]
    ends = [cell.column + view.span(row, cell.column)[1] - 1 for cell in cells]
    return min(max(ends, default=left), right)


def _column(view: SheetView, rows: list[int], index: int, left: int, words: Vocabulary) -> Column:
    texts = [_label_over(view, rows, row, index, left) for row in rows]
    parts: list[str] = []
    at = rows[0]
    for row, text in zip(rows, texts, strict=True):
        if text and not _COLUMN_NUMBER.fullmatch(text) and text not in parts[-1:]:
            parts.append(text)
            at = row
    return describe_column(index, tuple(parts), at, words)


def _label_over(view: SheetView, rows: list[int], row: int, index: int, left: int) -> str:
    """Return the label over a column in one header row; a group label without merging reaches to the right."""
    anchor = view.anchor(row, index)
    if anchor != (row, index):
        return view.text(*anchor) if anchor[0] >= rows[0] else ""
    own = view.text(row, index)
    if own or row == rows[-1] or not _text_below(view, rows, row, index):
        return own
    column = index - 1
    while column >= left and not view.shown(row, column):
        column -= 1
    reaches = column >= left and _text_below(view, rows, row, column) and not _is_vertical(view, row, column)
    return view.shown(row, column) if reaches else ""


def _text_below(view: SheetView, rows: list[int], row: int, column: int) -> bool:
    return any(
        (text := view.text(below, column)) and not _COLUMN_NUMBER.fullmatch(text) for below in rows if below > row
    )


def _is_vertical(view: SheetView, row: int, column: int) -> bool:
    return view.span(*view.anchor(row, column))[0] > 1


def _with_role_apart(part: str, words: Vocabulary) -> list[str]:
    """Cut "Cố định (kỳ trước)" in two: the period in brackets is a label of its own."""
    match = _LAST_BRACKET.search(part)
    if not match or words.labels.match(match[1]).roles.isdisjoint(_PERIOD_ROLES):
        return [part]
    return [part[: match.start()], match[1]]


def describe_column(index: int, parts: tuple[str, ...], row: int, words: Vocabulary) -> Column:
    """Return what a column with these labels means."""
    period: str | None = None
    units: list[StatedUnit] = []
    labels: list[str] = []
    for part in itertools.chain.from_iterable(_with_role_apart(part, words) for part in parts):
        said = period_of_label(part, words.report_period)
        is_label = words.labels.match(part).is_known
        unit = words.units.find(part.strip("() ")) if labels and not is_label else None
        units += [unit] if unit else words.units.in_header(part)
        if said is not None:
            period = said
        elif not unit:
            labels.append(part)
            at_end = period_at_end(part, words.report_period)
            period = at_end if at_end is not None else period
    meaning = words.labels.match_path(labels)
    if not labels and period is not None:
        meaning = Meaning(roles=frozenset({"#value"}))
    area = ""
    if labels and not meaning.is_known:
        area = words.areas.match(labels[-1], words.areas.local_level).code
    return Column(index, parts, tuple(labels), meaning, tuple(units), period, area, row)
