"""A total above its rows: which areas of the form have no row, and so may have been lost with their figures."""

from __future__ import annotations

from flows.check.cells import Book
from flows.check.places import Instance

TOTAL_OF_AREAS = "total_equals_areas"
FEW_ROWS = 3                                 # a form without more than so many areas is of one who is not everywhere


def areas_without_row(book: Book, instance: Instance) -> list[str]:
    """Return the areas that may lack a row where a form's total exceeds its rows; [] for any other verdict."""
    verdict, place = instance.verdict, instance.place
    decisive = verdict.decisive
    is_above = verdict.outcome == "fail" and decisive is not None and decisive.distance > 0
    if instance.rule.rule_id != TOTAL_OF_AREAS or not is_above:
        return []
    absent = book.without_row(place.submitter_id, place.indicator_id, place.area_code)
    return absent if len(absent) <= FEW_ROWS else []
