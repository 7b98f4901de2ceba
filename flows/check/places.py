"""The places a rule applies to, and what the names of its line stand for there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median

from expectations.intervals import Interval, point, qualified
from expectations.language import Call, Name, Node, names, parse_expression
from expectations.rules import Rule, day_count
from expectations.verdicts import (
    ABSENT,
    Figure,
    NotHereError,
    Verdict,
    add,
    constant,
    figure_of,
    judge,
    missing,
)
from flows.check.cells import Book, Cell, last_digit, nearest

ZERO = Fraction(0)
SHORTEST_PAST = 5  # months before which nothing is called usual


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is applied: which submitter, which area, for which indicator, seen from which cell."""

    kind: str
    submitter_id: str = ""
    area_code: str = ""
    indicator_id: str = ""
    anchor: Cell | None = None
    note: str = ""  # what cannot be used, for a message

    @property
    def key(self) -> str:
        """What tells this place from every other of the same rule, the same at every run."""
        where = ""
        if self.anchor is not None:
            where = "|".join((self.anchor.file, self.anchor.sheet, self.anchor.place))
        return "|".join((self.kind, self.submitter_id, self.area_code, self.indicator_id, where, self.note))


@dataclass(frozen=True, slots=True)
class Instance:
    """One rule at one place, with its verdict."""

    rule: Rule
    place: Place
    verdict: Verdict


def apply_rules(book: Book, rules: list[Rule]) -> list[Instance]:
    """Return the verdict of every rule at every place it applies to, `not_applicable` left out."""
    instances = []
    for rule in rules:
        for place in places_of(book, rule):
            verdict = verdict_at(book, rule, place)
            if verdict.outcome != "not_applicable":
                instances.append(Instance(rule, place, verdict))
    return instances


def verdict_at(book: Book, rule: Rule, place: Place) -> Verdict:
    """Return the verdict of one rule at one place."""
    resolve = resolver(book, rule, place)
    for condition in rule.conditions_for(place.indicator_id if rule.indicators else ""):
        if judge(condition, resolve).outcome != "pass":
            return Verdict("not_applicable")
    line = rule.for_indicator(place.indicator_id if rule.indicators else "")
    verdict = judge(line, resolve, is_sum_of_parts=rule.kind == "sum_of_parts")
    if rule.kind == "series" and verdict.outcome == "undecided":
        return Verdict("not_applicable")
    return verdict


def places_of(book: Book, rule: Rule) -> Iterator[Place]:
    """Yield the places of a rule in a fixed order."""
    for kind in rule.at:
        find = _PLACES.get(kind)
        if find is None:
            continue
        for indicator_id in rule.selected(book.catalogue):
            yield from find(book, rule, indicator_id or rule.anchor)


# ------------------------------------------------------------------------------------- where rules apply


def _cell_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for cell in book.by_indicator.get(indicator_id, ()):
        yield Place("cell", cell.submitter_id, cell.area_code, indicator_id, cell)


def _row_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for place in _cell_places(book, rule, indicator_id):
        yield Place("row", place.submitter_id, place.area_code, indicator_id, place.anchor)


def _total_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for cell in book.by_indicator.get(indicator_id, ()):
        if book.parts_of(cell.submitter_id, indicator_id, cell.area_code):
            yield Place("total", cell.submitter_id, cell.area_code, indicator_id, cell)


def _submitter_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    if rule.kind == "completeness":
        yield from _completeness_places(book, rule, indicator_id)
        return
    for submitter in book.catalogue.submitters:
        own = submitter.area_code
        stated = book.find(submitter.submitter_id, indicator_id, own)
        for cell in stated:
            yield Place("submitter", submitter.submitter_id, own, indicator_id, cell)
        if not stated and book.areas(submitter.submitter_id, indicator_id):
            yield Place("submitter", submitter.submitter_id, own, indicator_id)


def _completeness_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for submitter in book.catalogue.submitters:
        is_heard = (book.period, submitter.submitter_id) in book.submitters_heard
        provision = book.provisions.get((submitter.submitter_id, indicator_id))
        if not rule.indicators:
            yield Place("submitter", submitter.submitter_id, submitter.area_code)
        elif is_heard and provision is not None and provision.role == "source":
            yield Place("submitter", submitter.submitter_id, submitter.area_code, indicator_id)


def _district_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for area in book.catalogue.districts:
        yield Place("district", "", area.area_code, indicator_id)


def _province_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    yield Place("province", "", book.catalogue.province.area_code, indicator_id)


def _receipt_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for row in book.unread:
        note = " · ".join(filter(None, (row["message"], row["file"], row["kind"])))
        yield Place("receipt", row["submitter_id"] or "", "", "", None, note)


_PLACES: dict[str, Callable[[Book, Rule, str], Iterator[Place]]] = {
    "cell": _cell_places,
    "row": _row_places,
    "total": _total_places,
    "submitter": _submitter_places,
    "district": _district_places,
    "province": _province_places,
    "receipt": _receipt_places,
}


# --------------------------------------------------------------------------------- what names stand for


def resolver(book: Book, rule: Rule, place: Place) -> Callable[[Name | Call], Figure]:
    """Return the function that says what a name or a place call of a rule's line stands for at a place."""

    def resolve(node: Name | Call) -> Figure:
        if isinstance(node, Name):
            return _figure(book, rule, place, node.name, book.period)
        return _CALLS[node.function](book, rule, place, node.arguments)

    return resolve


def cell_figure(book: Book, cell: Cell) -> Figure:
    """Return what one cell stands for; a cell that says nothing was reported is a missing part."""
    if cell.value is None:
        return missing(
            _part_name(book, cell.submitter_id, cell.indicator_id, cell.area_code),
            _possible(book, cell.indicator_id),
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
    parts = _sum_of_areas(book, submitter_id, indicator_id, area_code, period)
    if not parts.is_absent:
        return parts
    return _by_definition(book, submitter_id, indicator_id, area_code, period, anchor)


def _figure(book: Book, rule: Rule, place: Place, name: str, period: str) -> Figure:
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
        figure = _sum_of_areas(book, place.submitter_id, name, place.area_code, period)
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
        return (
            missing(_part_name(book, place.submitter_id, name, place.area_code) + f" ({period})", _possible(book, name))
            if is_asked and rule.kind == "roll_forward"
            else ABSENT
        )
    if not is_asked or (place.area_code != book.own_area(place.submitter_id) and not _has_column(book, place, name)):
        return ABSENT
    return missing(_part_name(book, place.submitter_id, name, place.area_code), _possible(book, name))


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
        cell.file == anchor.file and cell.sheet == anchor.sheet and cell.submitter_id == anchor.submitter_id
        for cell in book.by_indicator.get(name, ())
    )


def _sum_of_areas(book: Book, submitter_id: str, indicator_id: str, area_code: str, period: str) -> Figure:
    total: Figure | None = None
    for part in book.parts_of(submitter_id, indicator_id, area_code, period):
        cells = book.find(submitter_id, indicator_id, part, period)
        if cells:
            figure = cell_figure(book, cells[0])
        else:
            figure = missing(_part_name(book, submitter_id, indicator_id, part), _possible(book, indicator_id))
        total = figure if total is None else add(total, figure)
    return ABSENT if total is None else total


def _by_definition(
    book: Book, submitter_id: str, indicator_id: str, area_code: str, period: str, anchor: Cell | None
) -> Figure:
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
    return Figure(published.value, interval, None, published.cells, half_unit=half)


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


def _possible(book: Book, indicator_id: str) -> Interval:
    """Return what an unreported figure may be: nothing below the indicator's lower bound."""
    indicator = book.catalogue.indicator_by_id.get(indicator_id.split("#")[0])
    if indicator is None:
        return Interval(None, None)
    low = None if indicator.lower_bound is None else Fraction(indicator.lower_bound)
    high = None if indicator.upper_bound is None else Fraction(indicator.upper_bound)
    return Interval(low, high)


def _part_name(book: Book, submitter_id: str, indicator_id: str, area_code: str) -> str:
    """Return "Chỉ tiêu của Đơn vị (địa bàn)" for a part that is missing."""
    indicator = book.catalogue.indicator_by_id.get(indicator_id)
    submitter = book.catalogue.submitter_by_id.get(submitter_id)
    label = indicator.label_vi if indicator else indicator_id
    name = submitter.submitter_name if submitter else submitter_id
    if area_code in (book.own_area(submitter_id), ""):
        return f"{label} của {name}"
    areas = [book.catalogue.area_by_code[c].area_name for c in area_code.split("+") if c in book.catalogue.area_by_code]
    return f"{label} của {name} ({', '.join(areas) or area_code})"


# ------------------------------------------------------------------------------------------ place calls


def _name_of(arguments: tuple[Node, ...]) -> str:
    last = arguments[-1]
    assert isinstance(last, Name)
    return last.name


def _prev(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    figure = _figure(book, rule, place, _name_of(arguments), book.previous)
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
            cells = [cell for cell in cells if cell.file == place.anchor.file]
        cell = nearest(cells, place.anchor)
        return ABSENT if cell is None else cell_figure(book, cell)

    return find


def _again(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    cells = book.find(place.submitter_id, _name_of(arguments), place.area_code)
    if len(cells) < 2 or place.anchor is None or place.anchor.cell_id == cells[0].cell_id:
        return ABSENT
    return cell_figure(book, cells[0])


def _sum_areas(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    return _sum_of_areas(book, place.submitter_id, _name_of(arguments), place.area_code, book.period)


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
        figure = _sum_of_areas(book, submitter_id, name, own, book.period)
        figure = submitter_figure(book, submitter_id, name, own, book.period, None) if figure.is_absent else figure
    else:
        cells = book.find(submitter_id, name, area)
        figure = cell_figure(book, cells[0]) if cells else ABSENT
    if not figure.is_absent or provision.role == "optional":
        return figure
    return _unstated_source(book, place, submitter_id, name)


def _unstated_source(book: Book, place: Place, submitter_id: str, name: str) -> Figure:
    """A source without a cell here: not heard at all, hidden in a row of several districts, or not present."""
    part = _part_name(book, submitter_id, name, place.area_code if place.kind == "district" else "")
    if (book.period, submitter_id) not in book.submitters_heard or place.kind != "district":
        return missing(part, _possible(book, name))
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
        figure = _sum_of_areas(book, submitter.submitter_id, name, submitter.area_code, book.period)
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
    figure = _figure(book, rule, place, _name_of(arguments), book.period)
    if figure.value is None:
        return ABSENT
    value = Fraction(int(figure.value))
    return Figure(value, point(value), None, figure.cells)


def _written(book: Book, rule: Rule, place: Place, arguments: tuple[Node, ...]) -> Figure:
    figure = _figure(book, rule, place, _name_of(arguments), book.period)
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
    areas = book.areas(place.submitter_id, _name_of(arguments))
    cells = [c for area in areas for c in book.find(place.submitter_id, _name_of(arguments), area)]
    blank = tuple(c.cell_id for c in cells if c.value is None)
    is_whole = bool(cells) and not blank
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
    "unread": _unread,
}
