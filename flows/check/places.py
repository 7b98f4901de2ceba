"""The places that each rule applies to, and its verdict there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from expectations.rules import Rule
from expectations.verdicts import Verdict, judge
from flows.check.calls import resolver
from flows.check.cells import Book
from flows.check.meanings import Place

__all__ = ["Instance", "Place", "apply_rules", "places_of", "verdict_at"]


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
    for area in book.catalogue.local_areas:
        yield Place("district", "", area.area_code, indicator_id)


def _province_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    yield Place("province", "", book.catalogue.province.area_code, indicator_id)


def _receipt_places(book: Book, rule: Rule, indicator_id: str) -> Iterator[Place]:
    for row in book.unread:
        note = " · ".join(filter(None, (row["message"], row["file"], row["kind"])))
        yield Place("receipt", row["submitter_id"] or "", "", "", None, note, row["intake_finding_id"])


_PLACES: dict[str, Callable[[Book, Rule, str], Iterator[Place]]] = {
    "cell": _cell_places,
    "row": _row_places,
    "total": _total_places,
    "submitter": _submitter_places,
    "district": _district_places,
    "province": _province_places,
    "receipt": _receipt_places,
}
