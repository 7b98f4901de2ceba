"""Reference figures (a population, an area, a number of communes) that the formulas of a month need and lack."""

from __future__ import annotations

from expectations import language
from infra.catalogue import Catalogue


def lacking_references(catalogue: Catalogue) -> dict[str, list[str]]:
    """Return each reference figure that a current formula uses and no row gives, with the indicators that stay blank.

    Args:
        catalogue: Of the month.
    """
    known = {row.reference_id for row in catalogue.reference_figures} | set(catalogue.indicator_by_id)
    lacking: dict[str, list[str]] = {}
    for definition in catalogue.definitions:
        if definition.is_current:
            for name in language.names(definition.expression):
                if name not in known:
                    lacking.setdefault(name, []).append(definition.indicator_id)
    return lacking
