"""What a name of a rule's line stands for at a place: a cell, a submitter's own figure, the published one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from expectations.intervals import Interval, point, qualified
from expectations.language import Call, Name, Node, names, parse_expression
from expectations.rules import Rule
from expectations.verdicts import ABSENT, Figure, NotHereError, add, constant, figure_of, missing
from flows.check.cells import Book, Cell, PublishedFigure, last_digit, nearest

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is applied: which submitter, which area, for which indicator, seen from which cell."""

    kind: str
    submitter_id: str = ""
    area_code: str = ""
    indicator_id: str = ""
    anchor: Cell | None = None
    note: str = ""  # what cannot be used, for a message
    intake_finding_id: str = ""

    @property
    def key(self) -> str:
        """What tells this place from every other of the same rule, the same at every run."""
        where = ""
        if self.anchor is not None:
            where = "|".join((self.anchor.receipt_id, self.anchor.file, self.anchor.sheet, self.anchor.place))
        whose = (self.kind, self.submitter_id, self.area_code, self.indicator_id)
        return "|".join((*whose, where, self.intake_finding_id))


def cell_figure(book: Book, cell: Cell) -> Figure:
    """Return what one cell stands for; a cell that says nothing was reported is a missing part."""
    if cell.value is None:
        return missing(
            part_name(book, cell.submitter_id, cell.indicator_id, cell.area_code),
            possible_values(book, cell.indicator_id),
        )
    interval = qualified(cell.value, cell.qualifier)
    is_rounded = not cell.qualifier and cell.half_unit > 0
    if is_rounded:
        interval = Interval(cell.value - cell.half_unit, cell.value + cell.half_unit, False, True)
    half = cell.half_unit or last_digit(cell.printed_decimals) / 2
    return Figure(
        cell.value,
        interval,
        {cell.cell_id: Fraction(1)},
        (cell.cell_id,),
        is_bound=bool(cell.qualifier),
        half_unit=half,
    )


def submitter_figure(
    book: Book, submitter_id: str, indicator_id: str, area_code: str, period: str, anchor: Cell | None
) -> Figure:
    """Return a submitter's figure for an area: as stated, else the sum of the areas inside, else by definition."""
    stated = nearest(book.find(submitter_id, indicator_id, area_code, period), anchor)
    if stated is not None:
        return cell_figure(book, stated)
    parts = sum_of_areas(book, submitter_id, indicator_id, area_code, period)
    if not parts.is_absent:
        return parts
    return by_definition(book, submitter_id, indicator_id, area_code, period, anchor)


def figure_at(book: Book, rule: Rule, place: Place, name: str, period: str) -> Figure:
    """Return what an indicator or a reference figure stands for at a place, in one month."""
    if place.kind in ("province", "district"):
        return _provincial(book, name, period)
    indicator = book.catalogue.indicator_by_id.get(name)
    if indicator is None or indicator.aggregation == "reference":
        return _reference(book, name, place.area_code)
    if place.anchor is not None and place.anchor.indicator_id == name and period == book.period:
        return cell_figure(book, place.anchor)
    return _of_submitter(book, rule, place, name, period)


def _of_submitter(book: Book, rule: Rule, place: Place, name: str, period: str) -> Figure:
    stated = book.find(place.submitter_id, name, place.area_code, period)
    if stated or place.kind == "submitter":
        figure = submitter_figure(book, place.submitter_id, name, place.area_code, period, place.anchor)
        if not figure.is_absent:
            return figure
    elif place.area_code == book.own_area(place.submitter_id) and rule.kind == "sum_of_parts":
        figure = sum_of_areas(book, place.submitter_id, name, place.area_code, period)
        if not figure.is_absent:
            return figure
    if rule.kind == "sum_of_parts" and book.catalogue.indicator_by_id[name].aggregation == "derived":
        raise NotHereError  # the form does not carry it; its finer parts have a rule of their own
    return _missing_or_absent(book, rule, place, name, period)


def _missing_or_absent(book: Book, rule: Rule, place: Place, name: str, period: str) -> Figure:
    is_asked = _is_asked(book, place.submitter_id, name)
    if period != book.period:
        known = (period, place.submitter_id) in book.submitters_heard
        nobody = not any(p == period for p, _ in book.submitters_heard)
        is_asked = is_asked and not nobody and (known or place.kind == "submitter")
        if not is_asked or rule.kind != "roll_forward":
            return ABSENT
        label = part_name(book, place.submitter_id, name, place.area_code)
        return missing(f"{label} ({period})", possible_values(book, name))
    if not is_asked or (place.area_code != book.own_area(place.submitter_id) and not _has_column(book, place, name)):
        return ABSENT
    return missing(part_name(book, place.submitter_id, name, place.area_code), possible_values(book, name))


def _is_asked(book: Book, submitter_id: str, name: str) -> bool:
    """Return whether a submitter has to report a figure, or any part of it when it is derived."""
    provision = book.provisions.get((submitter_id, name))
    if provision is not None:
        return provision.role == "source"
    definition = current_definition(book, name)
    return definition is not None and any(_is_asked(book, submitter_id, part) for part in names(definition))


def _has_column(book: Book, place: Place, name: str) -> bool:
    """Return whether the form that the anchor stands in gives this indicator for other areas."""
    anchor = place.anchor
    return anchor is not None and any(
        cell.sheet_key == anchor.sheet_key and cell.submitter_id == anchor.submitter_id
        for cell in book.by_indicator.get(name, ())
    )


def sum_of_areas(book: Book, submitter_id: str, indicator_id: str, area_code: str, period: str) -> Figure:
    """Return the sum over the areas of a form inside an area; absent when the form gives none of them."""
    total: Figure | None = None
    for part in book.parts_of(submitter_id, indicator_id, area_code, period):
        cells = book.find(submitter_id, indicator_id, part, period)
        if cells:
            figure = cell_figure(book, cells[0])
        else:
            figure = missing(part_name(book, submitter_id, indicator_id, part), possible_values(book, indicator_id))
        total = figure if total is None else add(total, figure)
    return ABSENT if total is None else total


def by_definition(
    book: Book, submitter_id: str, indicator_id: str, area_code: str, period: str, anchor: Cell | None
) -> Figure:
    """Return a derived figure of a submitter from its parts; absent when it is not derived or no part is given."""
    expression = current_definition(book, indicator_id)
    if expression is None:
        return ABSENT

    def resolve(node: Name | Call) -> Figure:
        assert isinstance(node, Name)
        return submitter_figure(book, submitter_id, node.name, area_code, period, anchor)

    return figure_of(expression, resolve, is_sum_of_parts=True)


def current_definition(book: Book, indicator_id: str) -> Node | None:
    """Return the tree of the definition in force, None when the figure is not a derived one."""
    for row in book.catalogue.definitions:
        if row.indicator_id == indicator_id and row.is_current and row.expression != indicator_id:
            return parse_expression(row.expression)
    return None


def _provincial(book: Book, name: str, period: str) -> Figure:
    published = book.figures.get((period, name))
    indicator = book.catalogue.indicator_by_id.get(name)
    if indicator is None or (published is None and indicator.aggregation == "reference"):
        return _reference(book, name, book.catalogue.province.area_code)
    if published is None:
        return ABSENT
    if published.value is None or published.completeness != "complete":
        names_vi = published.missing or (indicator.label_vi,)
        known = published.value if published.value is not None and published.value >= 0 else ZERO
        return Figure(None, Interval(known, None), None, published.cells, tuple(names_vi))
    half = last_digit(published.decimals) / 2
    interval = point(published.value)
    return Figure(published.value, interval, _way_to_cells(book, published), published.cells, half_unit=half)


def _way_to_cells(book: Book, published: PublishedFigure) -> dict[str, Fraction] | None:
    """Return how a published figure follows from its cells: known where it is the one that was reported, rounded."""
    cell = book.cells.get(published.cells[0]) if len(published.cells) == 1 else None
    if cell is None or cell.value is None or published.value is None:
        return None
    is_same = abs(cell.value - published.value) <= last_digit(published.decimals) / 2
    return {cell.cell_id: Fraction(1)} if is_same else None


def _reference(book: Book, name: str, area_code: str) -> Figure:
    if name in _COMMUNE_TYPES and area_code != book.catalogue.province.area_code:
        count = book.communes(area_code, _COMMUNE_TYPES[name])
        return constant(Fraction(count)) if count else ABSENT
    for row in book.catalogue.reference_figures:
        if row.reference_id == name:
            return constant(Fraction(row.value))
    return ABSENT


_COMMUNE_TYPES: dict[str, tuple[str, ...]] = {
    "unit_communes_all": (),
    "unit_communes_rural": ("rural_commune",),
}


def possible_values(book: Book, indicator_id: str) -> Interval:
    """Return what an unreported figure may be: nothing below the indicator's lower bound."""
    indicator = book.catalogue.indicator_by_id.get(indicator_id.split("#")[0])
    if indicator is None:
        return Interval(None, None)
    low = None if indicator.lower_bound is None else Fraction(indicator.lower_bound)
    high = None if indicator.upper_bound is None else Fraction(indicator.upper_bound)
    return Interval(low, high)


def part_name(book: Book, submitter_id: str, indicator_id: str, area_code: str) -> str:
    """Return "Chỉ tiêu của Đơn vị (địa bàn)" for a part that is missing."""
    indicator = book.catalogue.indicator_by_id.get(indicator_id)
    submitter = book.catalogue.submitter_by_id.get(submitter_id)
    label = indicator.label_vi if indicator else indicator_id
    name = submitter.submitter_name if submitter else submitter_id
    if area_code in (book.own_area(submitter_id), ""):
        return f"{label} của {name}"
    areas = [book.catalogue.area_by_code[c].area_name for c in area_code.split("+") if c in book.catalogue.area_by_code]
    return f"{label} của {name} ({', '.join(areas) or area_code})"
