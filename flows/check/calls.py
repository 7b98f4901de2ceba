"""The calls of the rule language at a place: last month, other areas, other submitters, lists, bounds, the usual."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from statistics import median

from expectations.intervals import Interval, point
from expectations.language import Call, Name, Node
from expectations.rules import Rule, day_count
from expectations.verdicts import ABSENT, Figure, add, constant, figure_of, missing
from flows.check.cells import Book, nearest
from flows.check.meanings import (
    Place,
    cell_figure,
    current_definition,
    figure_at,
    part_name,
    possible_values,
    submitter_figure,
    sum_of_areas,
)

ZERO = Fraction(0)
SHORTEST_PAST = 5  # months before which nothing is called usual


def resolver(book: Book, rule: Rule, place: Place) -> Callable[[Name | Call], Figure]:
    """Return the function that says what a name or a place call of a rule's line stands for at a place."""

    def resolve(node: Name | Call) -> Figure:
        if isinstance(node, Name):
            return figure_at(book, rule, place, node.name, book.period)
        return _CALLS[node.function](book, rule, place, node.arguments)

    return resolve


def _name_of(arguments: tuple[Node, ...]) -> str:
    last = arguments[-1]
    assert isinstance(last, Name)
    return last.name


def _prev(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    """Return the figure of the month before; across a break in the series there is only what the form itself says."""
    if book.is_new_series(place.area_code or book.catalogue.province.area_code):
        return _stated_prev(book, rule, place, arguments)
    figure = figure_at(book, rule, place, _name_of(arguments), book.previous)
    if not figure.is_absent and figure.value is not None:
        return figure
    stated = _stated_prev(book, rule, place, arguments)
    return figure if stated.is_absent else stated


def _stated_prev(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    name = _name_of(arguments)
    cells = book.find(place.submitter_id, name, place.area_code, book.previous, book.period)
    cell = nearest(cells, place.anchor)
    return ABSENT if cell is None else cell_figure(book, cell)


def _companion(suffix: str) -> Callable[[Book, Rule, Place, tuple[Node, ...]], Figure]:
    def find(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
        cells = book.find(place.submitter_id, _name_of(arguments) + suffix, place.area_code)
        if place.anchor is not None and place.anchor.indicator_id == _name_of(arguments):
            cells = [cell for cell in cells if cell.document_key == place.anchor.document_key]
        cell = nearest(cells, place.anchor)
        return ABSENT if cell is None else cell_figure(book, cell)

    return find


def _again(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    cells = book.find(place.submitter_id, _name_of(arguments), place.area_code)
    if len(cells) < 2 or place.anchor is None or place.anchor.cell_id == cells[0].cell_id:
        return ABSENT
    return cell_figure(book, cells[0])


def _sum_areas(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    return sum_of_areas(book, place.submitter_id, _name_of(arguments), place.area_code, book.period)


def _sum_sources(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    name = _name_of(arguments)
    total: Figure | None = None
    for submitter_id in book.sources.get(name, ()):
        figure = _source_figure(book, place, submitter_id, name)
        if not figure.is_absent:
            total = figure if total is None else add(total, figure)
    return ABSENT if total is None else total


def _source_figure(book: Book, place: Place, submitter_id: str, name: str) -> Figure:
    provision = book.provisions[submitter_id, name]
    own = book.own_area(submitter_id)
    if place.kind == "district" and provision.detail == "total":
        return ABSENT
    if place.kind == "district" and provision.detail == "own_area" and own != place.area_code:
        return ABSENT
    area = place.area_code if place.kind == "district" else own
    if provision.detail == "by_district" and place.kind != "district":
        figure = sum_of_areas(book, submitter_id, name, own, book.period)
        figure = submitter_figure(book, submitter_id, name, own, book.period, None) if figure.is_absent else figure
    else:
        cells = book.find(submitter_id, name, area)
        figure = cell_figure(book, cells[0]) if cells else ABSENT
    if not figure.is_absent or provision.role == "optional":
        return figure
    return _unstated_source(book, place, submitter_id, name)


def _unstated_source(book: Book, place: Place, submitter_id: str, name: str) -> Figure:
    """A source without a cell here: not heard at all, hidden in a row of several districts, or not present."""
    part = part_name(book, submitter_id, name, place.area_code if place.kind == "district" else "")
    if (book.period, submitter_id) not in book.submitters_heard or place.kind != "district":
        return missing(part, possible_values(book, name))
    for area in book.areas(submitter_id, name):
        if "+" in area and place.area_code in area.split("+"):
            value = book.find(submitter_id, name, area)[0].value
            return missing(part, Interval(ZERO, value))
    return ABSENT


def _from(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    provider, name = arguments[0], _name_of(arguments)
    assert isinstance(provider, Name)
    for submitter in book.catalogue.submitters:
        if provider.name not in (submitter.submitter_id, submitter.submitter_kind):
            continue
        if place.kind == "district" and submitter.area_code != place.area_code:
            continue
        cells = book.find(submitter.submitter_id, name, submitter.area_code)
        if cells and cells[0].value is not None:
            return cell_figure(book, cells[0])
        figure = sum_of_areas(book, submitter.submitter_id, name, submitter.area_code, book.period)
        if not figure.is_absent:
            return figure
    return ABSENT


def _bound(side: str) -> Callable[[Book, Rule, Place, tuple[Node, ...]], Figure]:
    def find(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
        indicator = book.catalogue.indicator_by_id.get(_name_of(arguments))
        value = None if indicator is None else getattr(indicator, side)
        return ABSENT if value is None else constant(Fraction(value))

    return find


def _usual(side: int) -> Callable[[Book, Rule, Place, tuple[Node, ...]], Figure]:
    """Return one end of what is usual for a submitter: its own past, with room for its own unrest."""

    def find(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
        name = _name_of(arguments)
        past = book.history.get((place.submitter_id, name), [])
        indicator = book.catalogue.indicator_by_id.get(name)
        if indicator is None or len(past) < SHORTEST_PAST:
            return ABSENT
        expected, room = usual_range(past, is_stock=indicator.indicator_kind == "stock")
        return constant(expected + side * room)

    return find


def usual_range(past: list[Fraction], is_stock: bool) -> tuple[Fraction, Fraction]:
    """Return what is to be expected after a past, and how far from it is still usual.

    A stock is expected to grow as it mostly did; a flow to be as it mostly was. The room is eight times the
    median distance from the median, and never under 2 % or 3 units: a quiet past must not make every move odd.
    """
    steps = [after - before for before, after in pairwise(past)] if is_stock else past
    middle = median(steps)
    expected = past[-1] + middle if is_stock else middle
    unrest = median([abs(step - middle) for step in steps])
    return expected, max(8 * unrest, abs(expected) / 50, Fraction(3))


def _integer_part(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    figure = figure_at(book, rule, place, _name_of(arguments), book.period)
    if figure.value is None:
        return ABSENT
    value = Fraction(int(figure.value))
    return Figure(value, point(value), None, figure.cells)


def _written(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    figure = figure_at(book, rule, place, _name_of(arguments), book.period)
    if figure.value is None:
        return ABSENT
    return Figure(figure.value, point(figure.value), figure.coefficients, figure.cells)


def _defined(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    expression = current_definition(book, _name_of(arguments))
    if expression is None:
        return ABSENT
    return figure_of(expression, resolver(book, rule, place))


def _days(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    return constant(Fraction(day_count(book.period)))


def _submitted(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    return constant(Fraction(int((book.period, place.submitter_id) in book.submitters_heard)))


def _reported(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    """A place is left open where none of its cells says anything: what a person supplied stands beside a blank one."""
    areas = book.areas(place.submitter_id, _name_of(arguments))
    told = [cells for area in areas if (cells := book.find(place.submitter_id, _name_of(arguments), area))]
    blank = tuple(c.cell_id for cells in told if all(c.value is None for c in cells) for c in cells)
    is_whole = bool(told) and not blank
    return Figure(Fraction(int(is_whole)), point(Fraction(int(is_whole))), None, blank)


def _left_open(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    """Compare what was reported with the count of a division, where one keeps its own."""
    name = _name_of(arguments)
    province = Place("province", "", book.catalogue.province.area_code, name)
    told = [
        cell.value
        for (submitter_id, indicator_id), row in book.provisions.items()
        if indicator_id == name and row.role == "cross_check" and row.detail == "total"
        for cell in book.find(submitter_id, name, book.own_area(submitter_id))
    ]
    known = _sum_sources(book, rule, province, arguments).interval.low
    return constant(Fraction(int(not told or told[0] is None or told[0] != known)))


def _districts_lost(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    """Count the districts a source told of last time and not now; a figure not told at all is another rule's."""
    name = _name_of(arguments)
    provision = book.provisions.get((place.submitter_id, name))
    if provision is None or provision.detail != "by_district" or not book.areas(place.submitter_id, name):
        return ABSENT
    lost = book.lost_areas(place.submitter_id, name)
    before = [c for code in lost for c in book.find(place.submitter_id, name, code, book.previous)]
    count = Fraction(len(lost))
    return Figure(count, point(count), None, tuple(cell.cell_id for cell in before))


def _unread(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    return constant(Fraction(1))


_CALLS: dict[str, Callable[[Book, Rule, Place, tuple[Node, ...]], Figure]] = {
    "prev": _prev,
    "stated_prev": _stated_prev,
    "list": _companion("#list"),
    "run": _companion("#run"),
    "again": _again,
    "sum_areas": _sum_areas,
    "sum_sources": _sum_sources,
    "from": _from,
    "lower_bound": _bound("lower_bound"),
    "upper_bound": _bound("upper_bound"),
    "written": _written,
    "usual_low": _usual(-1),
    "usual_high": _usual(1),
    "integer_part": _integer_part,
    "defined": _defined,
    "days": _days,
    "submitted": _submitted,
    "reported": _reported,
    "left_open": _left_open,
    "districts_lost": _districts_lost,
    "unread": _unread,
}
