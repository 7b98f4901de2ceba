"""Rows of a table: of an area, of several areas, a total, an item of a list of indicators, a section, a remark."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from flows.read.areas import AreaMatch
from flows.read.headers import Header, Vocabulary
from flows.read.labels import UNKNOWN, Meaning, label_key
from flows.read.periods import period_at_end
from flows.read.sheet_view import SheetView, ViewCell
from flows.read.text import fold
from flows.read.units import StatedUnit

RowKind = Literal["area", "total", "region", "item", "section", "unknown", "remark"]

_REGION = re.compile(r"^(?:cộng |tổng )?(?:cụm|khu vực|vùng|tiểu vùng|phía|liên huyện|nhóm|trung tâm|tổ|đội)\b")
_GRAND = re.compile(r"\b(?:toàn|tổng|tỉnh)\b")
_ROMAN = re.compile(r"^[IVX]+\.?$")
_END_OF_TABLE = re.compile(
    r"^(?:người (?:lập|tổng hợp|báo cáo)|lập biểu|kế toán|thủ trưởng|giám đốc|trưởng phòng|nơi nhận|"
    r"(?:.{2,40}, )?ngày \d{1,2} tháng \d{1,2} năm \d{4}|\(?(?:đã )?ký\b)"
)
_REMARK = re.compile(r"^(?:ghi chú|chú thích|lưu ý|\*|\d\)|\(\*\)|\(\d\)|nguồn|note)\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a table is about. `area_code` is "" where the row says nothing about the area.

    `period` is set by a label that ends with a month; "" means a month out of use.
    """

    number: int
    kind: RowKind
    label: str = ""
    parts: tuple[str, ...] = ()
    area_code: str = ""
    meaning: Meaning = UNKNOWN
    match: AreaMatch = field(default_factory=AreaMatch)
    units: tuple[StatedUnit, ...] = ()
    remark: str = ""
    serial: str = ""
    label_column: int = 0
    period: str | None = None

    @property
    def is_total(self) -> bool:
        return self.kind in ("total", "region")


class RowReader:
    """Reads the rows under one header, from top to bottom."""

    def __init__(self, view: SheetView, header: Header, words: Vocabulary, rows: list[int]) -> None:
        self._view = view
        self._header = header
        self._words = words
        self._numbers = rows
        self._area_column = header.area_column.index if header.area_column else self._column_of_areas()
        self._item_column = header.item_column.index if header.item_column else 0
        self.level = self._level()
        self._stack: list[tuple[int, str]] = []
        own = words.own_area
        self._district = "" if self._is_province(own) else own
        self._carried_area = ""
        self.foreign_header = self.ended_at = 0

    @property
    def has_areas(self) -> bool:
        """Tell whether the rows are named by areas."""
        return bool(self._area_column)

    @property
    def has_items(self) -> bool:
        """Tell whether the rows are named by indicators."""
        return bool(self._item_column)

    @property
    def key_columns(self) -> set[int]:
        """Return the columns that name the rows."""
        return {self._area_column, self._item_column} - {0}

    def read(self) -> list[Row]:
        """Return the rows; those after a signature are left out."""
        rows: list[Row] = []
        for number, below in zip(self._numbers, [*self._numbers, 0][1:], strict=True):
            if self._ends_here(number):
                self.ended_at = number
                break
            if self._is_foreign_header(number, below):
                self.foreign_header = number
                break
            rows.append(self._read(number))
        return self._settled(_with_regions(rows))

    def _is_foreign_header(self, number: int, below: int) -> bool:
        """Tell whether a row labels the columns of another table, in words that are not known.

        Its figures must not be read under the header above: two wordings and no figure, one of them over a
        column of figures, and figures in the row below.
        """
        cells = self._cells(number)
        if len(cells) < 2 or any(cell.is_value for cell in cells) or not below:
            return False
        labels = [cell for cell in cells if self._words.units.declared(cell.text) is None]
        columns = {cell.column for cell in self._figures(below)}
        if len(labels) < len(cells) or columns.isdisjoint(cell.column for cell in labels):
            return False
        first = labels[0].text
        is_row = self._words.areas.candidates(first) or self._words.labels.match(first).indicator_id
        return not is_row and not any(self._words.labels.match(c.text).is_known for c in labels)

    def _settled(self, rows: list[Row]) -> list[Row]:
        """Settle a bare name that the sender's district shares with one of its communes.

        Beside "Thị trấn X" or without any total row it may be the whole district; with a total it is the commune.
        """
        own = self._words.own_area
        homonyms = [r for r in rows if r.kind == "area" and self._is_homonym(r)]
        has_total = any(row.kind == "total" for row in rows)
        settled = {}
        for row in homonyms:
            if any(r.area_code == row.area_code and r.match.says_level for r in rows if r is not row):
                settled[row.number] = replace(row, kind="total", area_code=own)
            elif not has_total:
                rivals = tuple(self._words.areas.candidates(row.label))
                settled[row.number] = replace(row, kind="unknown", area_code="", match=AreaMatch(rivals=rivals))
        return [settled.get(row.number, row) for row in rows]

    def _is_homonym(self, row: Row) -> bool:
        own = self._words.own_area
        if self.level != "commune" or row.match.says_level or self._is_province(own):
            return False
        return any(area.area_code == own for area in self._words.areas.candidates(row.label))

    def _ends_here(self, number: int) -> bool:
        cells = self._cells(number)
        if any(cell.is_value for cell in cells):
            return False
        return any(_END_OF_TABLE.match(fold(cell.text)) for cell in cells)

    def _cells(self, number: int) -> list[ViewCell]:
        left, right = self._bounds
        return [cell for index, cell in self._view.rows.get(number, {}).items() if left <= index <= right]

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        return min(self._header.columns), max(self._header.columns)

    def _read(self, number: int) -> Row:
        label_cell = self._label_cell(number)
        label = label_cell.text if label_cell else ""
        row = Row(
            number,
            "unknown",
            label,
            (label,) if label else (),
            units=self._units(number),
            remark=self._remark(number),
            serial=self._serial(number),
            label_column=label_cell.column if label_cell else 0,
        )
        if not label:
            return self._unlabelled(row)
        if _REMARK.match(fold(label)) and not self._figures(number):
            return replace(row, kind="remark")
        if self._item_column and (not self._area_column or self._view.text(number, self._item_column)):
            return self._item(row)
        return self._named(row)

    def _unlabelled(self, row: Row) -> Row:
        """A row without a name: the second of an area that spans several rows, or the only row of a form."""
        if self._area_column and self._view.shown(row.number, self._area_column):
            return replace(row, kind="area", area_code=self._carried_area)
        is_only = not self._area_column and not self._item_column
        return replace(row, kind="item" if is_only else "unknown")

    def _named(self, row: Row) -> Row:
        """A row named by an area, a total, or, below such a table, by an indicator."""
        match = self._match_area(row.label)
        if match.code == self._words.own_area and self._is_province(match.code):
            return replace(row, kind="total")
        if match.code:
            self._carried_area = match.code
            return replace(row, kind="area", area_code=match.code, match=match)
        meaning = self._words.labels.match(row.label)
        has_figures = bool(self._figures(row.number))
        if "#total" in meaning.roles:
            return replace(row, kind="total" if has_figures else "section", meaning=meaning)
        if _REGION.match(fold(row.label)):
            return replace(row, kind="region")
        if meaning.is_known and not meaning.roles:
            return replace(row, kind="item", meaning=meaning)
        if not has_figures:
            return replace(row, kind="section", match=match)
        if not self._area_column or self._words.labels.is_part(row.label):
            return replace(row, kind="item", meaning=meaning)
        return replace(row, match=match)

    def _item(self, row: Row) -> Row:
        """A row named by an indicator; sections and parents above it are part of its name."""
        depth = self._depth(row)
        self._stack = [] if self._area_column else [(d, text) for d, text in self._stack if d < depth]
        parts = (*(text for _, text in self._stack), row.label)
        meaning = self._words.labels.match_path(parts)
        self._stack.append((depth, row.label))
        area = self._match_area(self._view.shown(row.number, self._area_column)).code if self._area_column else ""
        period = period_at_end(row.label, self._words.report_period)
        row = replace(row, parts=parts, meaning=meaning, area_code=area, period=period)
        if "#total" in meaning.roles and not meaning.indicator_id:
            return replace(row, kind="total")
        is_section = not self._figures(row.number) and not meaning.indicator_id
        return replace(row, kind="section" if is_section else "item")

    def _depth(self, row: Row) -> int:
        """Return how deep a row stands: roman 0, letter or number 1, 1.1 at 2, bullets below all of them."""
        text = row.label.strip()
        if re.match(r"^(?:trong đó\s*:?\s*)?[-+*•]", text, re.IGNORECASE) or row.serial in ("-", "+", "*", "•"):
            return 8 + text.startswith("+")
        serial = row.serial or (m.group() if (m := re.match(r"^[IVX]+\.|^\d+(?:\.\d+)*", text)) else "")
        if not serial:
            return 7 if re.match(r"^trong đó", fold(text)) else 6
        return 0 if _ROMAN.match(serial) else 1 + serial.strip(".").count(".")

    def _match_area(self, label: str) -> AreaMatch:
        if self.level != "commune":
            return self._words.areas.match(label, self.level)
        match = self._words.areas.match(label, "commune", self._district)
        whole = self._words.areas.match(label, "district")
        is_district = bool(whole.code) and (whole.says_level or not match.code)
        if is_district and self._is_province(self._words.own_area):
            self._district = whole.code  # the communes below are of this district
        return whole if is_district and whole.code == self._district and not match.proposals else match

    def _is_province(self, code: str) -> bool:
        return len(code) == 2

    def _level(self) -> str:
        """Return the level of the areas named: what the header says, else what most names can only be."""
        column = self._header.area_column
        if column and column.has_role("#district"):
            return "district"
        if column and column.has_role("#commune"):
            return "commune"
        if not self._area_column:
            return ""
        votes = {"district": 0, "commune": 0}
        for number in self._numbers:
            levels = {
                area.area_level for area in self._words.areas.candidates(self._view.text(number, self._area_column))
            }
            if len(levels) == 1:
                level = levels.pop()
                votes[level] = votes.get(level, 0) + 1
        return "commune" if votes["commune"] > votes["district"] else "district"

    def _column_of_areas(self) -> int:
        """Return the column most of whose texts are names of areas, 0 when there is none."""
        if self._header.item_column:
            return 0
        for index, column in self._header.columns.items():
            if column.meaning.indicator_id or column.has_role("#note", "#unit"):
                continue
            texts = [c.text for n in self._numbers if (c := self._view.cell(n, index)) and not c.is_value]
            named = sum(bool(self._words.areas.candidates(text)) for text in texts)
            if named and named * 2 >= len(texts):
                return index
        return 0

    def _label_cell(self, number: int) -> ViewCell | None:
        """Return the cell that names a row: in the key column, else the first wording at its left."""
        for column in (self._item_column, self._area_column):
            if column:
                row, anchor_column = self._view.anchor(number, column)
                cell = self._view.cell(row, anchor_column)
                if cell and row == number and not cell.is_value:
                    return cell
        limit = max(self.key_columns, default=self._first_figure_column() - 1)
        for cell in self._cells(number):
            is_wording = not cell.is_value and not _ROMAN.match(cell.text) and len(cell.text) > 1
            if is_wording and cell.column <= max(limit, min(self._header.columns)):
                return cell
        return None

    def _first_figure_column(self) -> int:
        figures = [c.index for c in self._header.columns.values() if not c.is_side]
        return min(figures, default=max(self._header.columns) + 1)

    def _serial(self, number: int) -> str:
        columns = self._header.columns_with("#serial")
        return self._view.text(number, columns[0].index) if columns else ""

    def _units(self, number: int) -> tuple[StatedUnit, ...]:
        stated = [self._view.shown(number, c.index) for c in self._header.columns_with("#unit")]
        label = self._view.text(number, self._item_column) if self._item_column else ""
        units = tuple(unit for text in stated for unit in self._words.units.split(text))
        return units or self._words.units.in_header(label)

    def _remark(self, number: int) -> str:
        return " ".join(self._view.text(number, c.index) for c in self._header.columns_with("#note"))

    def _figures(self, number: int) -> list[ViewCell]:
        return [cell for cell in self._cells(number) if cell.column not in self._side_columns and cell.is_value]

    @cached_property
    def _side_columns(self) -> set[int]:
        return {c.index for c in self._header.columns.values() if c.is_side} | self.key_columns


def _with_regions(rows: list[Row]) -> list[Row]:
    """Give totals of several areas the codes of their members, in the order of the rows they stand for."""
    rows = [replace(row, kind="unknown") if _is_in_sequence(row, rows) else row for row in rows]
    grand = _grand_totals(rows)
    subtotals = [
        row.number for row in rows if row.kind == "region" or (row.kind == "total" and row.number not in grand)
    ]
    if not subtotals:
        return rows
    named = [row for row in rows if row.kind == "area" or row.number in subtotals]
    heads_first = named[0].number in subtotals and not label_key(named[0].label).startswith("cộng")
    members = _members(named if heads_first else named[::-1], set(subtotals))
    if not heads_first:
        members = {number: codes[::-1] for number, codes in members.items()}
    return [_as_region(row, members[row.number]) if row.number in members else row for row in rows]


def _is_in_sequence(row: Row, rows: list[Row]) -> bool:
    """Tell whether a region is numbered among the areas: one more place of its own, not a sum of the others."""
    if row.kind != "region" or not row.serial.isdigit():
        return False
    at = rows.index(row)
    before = [other.serial for other in rows[:at] if other.kind in ("area", "region")][-1:]
    after = [other.serial for other in rows[at + 1 :] if other.kind in ("area", "region")][:1]
    serial = int(row.serial)
    return before == [str(serial - 1)] or (not before and after == [str(serial + 1)])


def _as_region(row: Row, members: list[str]) -> Row:
    """A region is the rows it adds up; its name alone does not say which districts belong to it."""
    return replace(row, kind="region", area_code="+".join(members)) if members else replace(row, kind="unknown")


def _members(rows: list[Row], subtotals: set[int]) -> dict[int, list[str]]:
    members: dict[int, list[str]] = {}
    current: list[str] = []
    for row in rows:
        if row.number in subtotals:
            current = members[row.number] = []
        else:
            current.append(row.area_code)
    return members


def _grand_totals(rows: list[Row]) -> set[int]:
    """Return the totals of the whole table: the only one, or those that say so, else the last of all."""
    totals = [row for row in rows if row.kind == "total"]
    areas = [row.number for row in rows if row.kind == "area"]
    if len(totals) <= 1 or not areas:
        return {row.number for row in totals}
    said = {row.number for row in totals if _GRAND.search(label_key(row.label))}
    if said and len(said) < len(totals):
        return said
    outside = {row.number for row in totals if row.number < areas[0]}
    last = totals[-1]
    if not any(totals[-2].number < number < last.number for number in areas):
        outside.add(last.number)
    return outside or said
