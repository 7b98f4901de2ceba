"""The figures of a month as the rules see them: drawn once from the warehouse, found by submitter, area, indicator.

Only figures in force are here. What a steward corrected is used with its corrected value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from flows.records import CellReference
from infra.catalogue import Catalogue, Provision, previous_period

_A1 = re.compile(r"([A-Z]+)(\d+)")
_TABLE = re.compile(r"table (\d+) row (\d+) col (\d+)")

_OBSERVATIONS = """
select observation_id, period, report_period, submitter_id, area_code, indicator_id, value, obs_status, qualifier,
       printed_decimals, is_reported_total, receipt_id, message, file, sheet, cell, raw_text
from marts.fct_observations
where is_in_force and report_period in (?, ?)
order by report_period desc, message, receipt_id, file, sheet
"""
_FIGURES = """
select period, indicator_id, value, decimals, completeness, missing
from marts.fct_figures where period in (?, ?)
"""
_SUBMISSIONS = "select period, submitter_id, status, message from marts.fct_submissions where period in (?, ?)"
_SOURCES = """
select period, indicator_id, observation_id from marts.fct_figure_sources
where period in (?, ?) order by observation_id
"""
_HISTORY = """
select period, submitter_id, indicator_id, value from marts.fct_figures_by_submitter
where period < ? and period >= ? and value is not null order by period
"""
_INTAKE = """
select intake_finding_id, submitter_id, message, file, kind, message_vi from marts.fct_intake_findings
where period = ? and is_lost order by message, file, intake_finding_id
"""
_LAST_AREAS = """
select submitter_id, indicator_id, area_code, report_period, value from marts.fct_observations
where is_in_force and period = report_period and report_period < ? and report_period >= ? and value is not null
qualify report_period = max(report_period) over (partition by submitter_id, indicator_id)
order by submitter_id, indicator_id, value desc, area_code
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure in force. `value` is None when the cell says that nothing was reported.

    `half_unit`: half a unit of the last digit as written, for a ratio or a figure in thousands; 0 for a count.
    `line` and `column` place it in its table, so that the parts of a row find each other.
    """

    cell_id: str
    period: str
    report_period: str
    submitter_id: str
    area_code: str
    indicator_id: str
    value: Fraction | None
    qualifier: str
    printed_decimals: int
    half_unit: Fraction
    is_reported_total: bool
    receipt_id: str
    message: str
    file: str
    sheet: str
    place: str
    raw_text: str
    line: tuple[str, ...]
    column: tuple[str, ...]

    @property
    def document_key(self) -> tuple[str, str]:
        """The document the cell stands in; a file name alone comes back every month."""
        return self.receipt_id, self.file

    @property
    def sheet_key(self) -> tuple[str, str, str]:
        """The sheet of the document the cell stands in."""
        return self.receipt_id, self.file, self.sheet

    def reference(self) -> CellReference:
        """Return the place as findings name it."""
        return CellReference(
            self.cell_id,
            self.submitter_id,
            self.area_code,
            self.indicator_id,
            self.period,
            "" if self.value is None else decimal_text(self.value),
            self.message,
            self.file,
            self.sheet,
            self.place,
            self.receipt_id,
        )


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One row of marts.fct_figures: what would be printed."""

    indicator_id: str
    value: Fraction | None
    decimals: int
    completeness: str
    missing: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastFigure:
    """What a submitter told of an area, and in which month."""

    period: str
    value: Fraction


@dataclass
class Book:
    """All figures of a month and of the month before, with the catalogue that judges them.

    `history`: each submitter's own figures of up to two years before the month, oldest first, of the same series.
    `last_areas`: by submitter and indicator what was told of each area in the last of those months that told anything.
    """

    period: str
    catalogue: Catalogue
    cells: dict[str, Cell]
    figures: dict[tuple[str, str], PublishedFigure] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    unread: list[dict[str, str]] = field(default_factory=list)
    history: dict[tuple[str, str], list[Fraction]] = field(default_factory=dict)
    last_areas: dict[tuple[str, str], dict[str, LastFigure]] = field(default_factory=dict)

    @cached_property
    def previous(self) -> str:
        return previous_period(self.period)

    @cached_property
    def _new_series(self) -> frozenset[str]:
        return self.catalogue.new_series(self.period)

    def is_new_series(self, area_code: str) -> bool:
        """Return whether what an area reports has no month before: it began, or changed its limits, this month."""
        return not self._new_series.isdisjoint(area_code.split("+"))

    @cached_property
    def _index(self) -> dict[tuple[str, str, str, str, str], list[Cell]]:
        """Cells by place in reading order; of one place those that say something stand before a blank one."""
        index = defaultdict(list)
        for cell in self.cells.values():
            index[cell.report_period, cell.period, cell.submitter_id, cell.indicator_id, cell.area_code].append(cell)
        for cells in index.values():
            cells.sort(key=lambda cell: cell.value is None)
        return index

    @cached_property
    def _areas(self) -> dict[tuple[str, str, str], list[str]]:
        """Areas a submitter gave an indicator for, by month."""
        areas: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for report_period, period, submitter_id, indicator_id, area_code in self._index:
            if report_period == period:
                areas[period, submitter_id, indicator_id].append(area_code)
        return areas

    @cached_property
    def by_indicator(self) -> dict[str, list[Cell]]:
        """Cells of the month's own figures by indicator, in reading order."""
        found = defaultdict(list)
        for cell in self.cells.values():
            if cell.report_period == cell.period == self.period:
                found[cell.indicator_id].append(cell)
        return found

    @cached_property
    def submitters_heard(self) -> set[tuple[str, str]]:
        """(period, submitter) whose report came, with figures or without."""
        heard = {key for key, status in self.statuses.items() if status not in ("expected", "missing")}
        return heard | {(c.report_period, c.submitter_id) for c in self.cells.values()}

    @cached_property
    def provisions(self) -> dict[tuple[str, str], Provision]:
        return {
            (submitter_id, row.indicator_id): row
            for submitter_id, rows in self.catalogue.provisions_by_submitter.items()
            for row in rows
        }

    @cached_property
    def sources(self) -> dict[str, list[str]]:
        """The submitters whose figures count in the provincial figure, by indicator."""
        found = defaultdict(list)
        for (submitter_id, indicator_id), row in self.provisions.items():
            if row.role in ("source", "optional"):
                found[indicator_id].append(submitter_id)
        return found

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Areas directly inside an area."""
        found = defaultdict(list)
        for area in self.catalogue.areas:
            found[area.parent_code].append(area.area_code)
        return found

    def find(
        self, submitter_id: str, indicator_id: str, area_code: str, period: str = "", report_period: str = ""
    ) -> list[Cell]:
        """Return the cells of one figure; by default those of the month's own submission."""
        period = period or self.period
        return self._index.get((report_period or period, period, submitter_id, indicator_id, area_code), [])

    def areas(self, submitter_id: str, indicator_id: str, period: str = "") -> list[str]:
        """Return the areas for which a submitter gave a figure, in reading order."""
        return self._areas.get((period or self.period, submitter_id, indicator_id), [])

    def own_area(self, submitter_id: str) -> str:
        """Return the area whose figure is the submitter's own total."""
        submitter = self.catalogue.submitter_by_id.get(submitter_id)
        return submitter.area_code if submitter else self.catalogue.province.area_code

    def parts_of(self, submitter_id: str, indicator_id: str, area_code: str, period: str = "") -> list[str]:
        """Return the areas of a form that make up `area_code`, each place counted once; [] when there are none.

        A row that covers several districts ("635+624") stands for those of them that have no row of their own.
        """
        areas = self.areas(submitter_id, indicator_id, period)
        if "+" in area_code:
            members = area_code.split("+")
            return members if any(member in areas for member in members) else []
        inside = [a for a in areas if a in self._inside(area_code)]
        for combined in (a for a in areas if "+" in a):
            members = combined.split("+")
            if set(members) <= self._inside(area_code) and not set(members) & set(inside):
                inside.append(combined)
        return inside

    def without_row(self, submitter_id: str, indicator_id: str, area_code: str) -> list[str]:
        """Return the areas inside an area of which a form that has others says nothing, in the catalogue's order."""
        told = {code for area in self.areas(submitter_id, indicator_id) for code in area.split("+")}
        inside = self.children.get(area_code, [])
        return [code for code in inside if code not in told] if told & set(inside) else []

    def lost_areas(self, submitter_id: str, indicator_id: str) -> dict[str, LastFigure]:
        """Return the areas a submitter told a figure of last time and says nothing of now, the largest figure first.

        A row over several areas tells of each. The submitter's own total is no area; one that is no longer valid is
        not asked for.
        """
        own = self.own_area(submitter_id)
        told = {code for area in self.areas(submitter_id, indicator_id) for code in area.split("+")}
        lost: dict[str, LastFigure] = {}
        for area, last in self.last_areas.get((submitter_id, indicator_id), {}).items():
            for code in area.split("+"):
                if code not in told and code != own and code in self.catalogue.area_by_code:
                    lost.setdefault(code, last)
        return lost

    def _inside(self, area_code: str) -> set[str]:
        return set(self.children.get(area_code, ()))

    def communes(self, area_code: str, area_types: tuple[str, ...] = ()) -> int:
        """Return the number of commune-level units of a province, a local area or a group of local areas."""
        return sum(
            not area_types or self.catalogue.area_by_code[code].area_type in area_types
            for outer in area_code.split("+")
            for code in self._communes_of(outer)
        )

    def _communes_of(self, code: str) -> list[str]:
        """Return the communes of a province or district; a commune directly below the province is its own."""
        area, province = self.catalogue.area_by_code.get(code), self.catalogue.province.area_code
        if area is not None and area.area_level == "commune":
            return [code] if area.parent_code == province else []
        inner = self.children.get(code, ())
        return list(inner) if code != province else [found for area in inner for found in self._communes_of(area)]


def draw_book(connection: Any, catalogue: Catalogue, period: str) -> Book:
    """Return the figures of a month and of the month before, read from the warehouse's marts.

    Args:
        connection: An open warehouse (`infra.warehouse.open_build`).
        catalogue: The catalogue of the month.
        period: "2019-04".
    """
    months = [period, previous_period(period)]
    kinds = {row.indicator_id: row.indicator_kind for row in catalogue.indicators}
    continued = catalogue.area_by_code.keys() - catalogue.new_series(period)
    rows = [row for row in _dicts(connection, _OBSERVATIONS, months)
            if row["report_period"] == period or continued.issuperset(row["area_code"].split("+"))]
    cells = {cell.cell_id: cell for cell in sorted((make_cell(row, kinds) for row in rows), key=_reading_order)}
    sources = defaultdict(list)
    for row in _dicts(connection, _SOURCES, months):
        sources[row["period"], row["indicator_id"]].append(row["observation_id"])
    figures = {
        (row["period"], row["indicator_id"]): PublishedFigure(
            row["indicator_id"],
            _fraction(row["value"]),
            int(row["decimals"] or 0),
            row["completeness"],
            _texts(row["missing"]),
            tuple(sources[row["period"], row["indicator_id"]]),
        )
        for row in _dicts(connection, _FIGURES, months)
        if row["period"] == period or catalogue.province.area_code in continued
    }
    history: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    start = max(f"{int(period[:4]) - 2}{period[4:]}", catalogue.province.valid_from[:7])
    for row in _dicts(connection, _HISTORY, [period, start]):
        history[row["submitter_id"], row["indicator_id"]].append(Fraction(row["value"]))
    last_areas: dict[tuple[str, str], dict[str, LastFigure]] = defaultdict(dict)
    for row in _dicts(connection, _LAST_AREAS, [period, start]):
        told = LastFigure(row["report_period"], Fraction(row["value"]))
        last_areas[row["submitter_id"], row["indicator_id"]][row["area_code"]] = told
    statuses = {(r["period"], r["submitter_id"]): r["status"] for r in _dicts(connection, _SUBMISSIONS, months)}
    unread = _dicts(connection, _INTAKE, [period])
    return Book(period, catalogue, cells, figures, statuses, unread, history, last_areas)


def make_cell(row: dict[str, Any], kinds: Mapping[str, str]) -> Cell:
    """Return the cell of one row of marts.fct_observations; `kinds` gives the kind of each indicator."""
    value = _fraction(row["value"])
    place = row["cell"] or ""
    line, column = _coordinates(f"{row['receipt_id']}/{row['file']}", row["sheet"] or "", place)
    decimals = int(row["printed_decimals"] or 0)
    return Cell(
        row["observation_id"],
        row["period"],
        row["report_period"],
        row["submitter_id"],
        row["area_code"],
        row["indicator_id"],
        value,
        row["qualifier"] or "",
        decimals,
        _half_unit(value, decimals, row["raw_text"] or "", kinds.get(row["indicator_id"].split("#")[0], "")),
        bool(row["is_reported_total"]),
        row["receipt_id"] or "",
        row["message"] or "",
        row["file"] or "",
        row["sheet"] or "",
        place,
        row["raw_text"] or "",
        line,
        column,
    )


def nearest(cells: Iterable[Cell], anchor: Cell | None) -> Cell | None:
    """Return the cell that stands closest to the anchor: same row, same column, same sheet, same file, first."""
    candidates = list(cells)
    if not candidates or anchor is None:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda cell: _distance(cell, anchor))


def is_near(cell: Cell, anchor: Cell) -> bool:
    """Return whether two cells stand in one row or column of one table, or in text without a grid."""
    return _distance(cell, anchor) < 2 or (not cell.line and cell.sheet_key == anchor.sheet_key)


def decimal_text(value: Fraction, digits: int = 6) -> str:
    """Return a fraction as decimal text, exact where it ends within 12 digits, else rounded half-up to `digits`."""
    for places in range(13):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return str(Decimal(scaled.numerator).scaleb(-places)) if places else str(scaled.numerator)
    from expectations.language import round_half_up

    return decimal_text(round_half_up(value, digits))


def _reading_order(cell: Cell) -> tuple[Any, ...]:
    """Newest month first, then as a reader meets the cells: table by table, line by line."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", " ".join(cell.line[2:])))
    column = cell.column[-1] if cell.column else ""
    newest = tuple(-int(n) for n in cell.report_period.split("-"))
    document = (cell.message, cell.receipt_id, cell.file, cell.sheet)
    return (*newest, *document, numbers, len(column), column, cell.place, cell.indicator_id)


def _distance(cell: Cell, anchor: Cell) -> int:
    if cell.line and cell.line == anchor.line:
        return 0
    if cell.column and cell.column == anchor.column:
        return 1
    if cell.sheet_key == anchor.sheet_key:
        return 2
    return 3 if cell.document_key == anchor.document_key else 4


def _coordinates(document: str, sheet: str, place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if match := _A1.fullmatch(place):
        return (document, sheet, match[2]), (document, sheet, match[1])
    if match := _TABLE.fullmatch(place):
        return (document, sheet, match[1], match[2]), (document, sheet, match[1], "c" + match[3])
    return (), ()


def _half_unit(value: Fraction | None, decimals: int, raw_text: str, kind: str) -> Fraction:
    if value is None:
        return Fraction(0)
    if kind in ("ratio", "target") or decimals < 0:
        return last_digit(decimals) / 2
    return Fraction(_written_unit(value, raw_text), 2) if value.denominator == 1 and value else Fraction(0)


def last_digit(decimals: int) -> Fraction:
    """Return the unit of the last digit written: 0.01 for two decimals, 1 000 for minus three ("nghìn")."""
    return Fraction(10) ** -decimals


def _written_unit(value: Fraction, raw_text: str) -> int:
    """Return the unit of the last digit as written: 1 000 for "98310" under "nghìn trang", 0 for a plain count."""
    digits = re.sub(r"\D", "", raw_text)
    text = str(abs(value.numerator))
    zeros = len(text) - len(digits)
    return 10**zeros if digits.strip("0") and zeros > 0 and text == digits + "0" * zeros else 0


def _fraction(value: Any) -> Fraction | None:
    if value is None or value != value:  # NaN is not a figure
        return None
    return Fraction(Decimal(str(value)))


def _texts(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    return tuple(str(v) for v in value) if isinstance(value, (list, tuple)) else (str(value),)


def _dicts(connection: Any, query: str, months: list[str]) -> list[dict[str, Any]]:
    from infra.warehouse import fetch_dicts

    return fetch_dicts(connection, query, *months)
