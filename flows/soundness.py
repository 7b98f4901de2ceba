"""Everything a month needs of the catalogue, the rules and the report's outline, in one list of checks.

A run looks through the list before it receives anything; `tonghop check-rules` looks through it for every month from
which on other rows hold, and for those that have data. So nothing is refused at publishing that was not refused here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.catalogue import FOREVER, TABLES, Area, AreaAlias, Catalogue, Phrase, load_catalogue, place_of
from infra.catalogue_files import row_error
from infra.catalogue_words import unknown_word
from infra.errors import CatalogueError
from infra.periods import month_bounds, next_period, previous_period
from infra.settings import CATALOGUE


def sound_catalogue(period: str) -> Catalogue:
    """Return the catalogue of a month in which everything that publishing needs fits together.

    Raises:
        CatalogueError: With the file, and the line where one line is at fault.
    """
    catalogue = load_catalogue().at(period)
    for check in CHECKS:
        check(catalogue, period)
    return catalogue


def verify_everything(periods_with_data: Iterable[str] = ()) -> tuple[int, list[str]]:
    """Check the rules with their examples and every month that differs; return how many rules, and the months.

    Raises:
        CatalogueError: As `sound_catalogue` does, and for an example that gets another verdict.
    """
    import expectations

    months = sorted({*months_that_differ(load_catalogue()), *periods_with_data})
    for period in months:
        sound_catalogue(period)
    return expectations.verify(), months


def periods_with_data(home: str = "") -> list[str]:
    """Return the months of an existing home's ledger; none where there is no home yet, and none is made."""
    from infra.ledger import open_ledger
    from infra.settings import load_settings

    folder = Path(home or os.environ.get("TONGHOP_HOME", "").strip() or "var").expanduser()
    if not (folder / "ledger.sqlite").is_file() and not os.environ.get("TONGHOP_LEDGER", "").strip():
        return []
    return sorted({receipt.period for receipt in open_ledger(load_settings(home or None)).receipts()})


def months_that_differ(catalogue: Catalogue) -> list[str]:
    """Return the months, of those that the catalogue covers at all, from which on other rows hold than before."""
    rows = [row for name in TABLES for row in getattr(catalogue, name) if hasattr(row, "valid_from")]
    starts = {row.valid_from[:7] for row in rows} | {next_period(_last_month(row)) for row in rows if row.valid_to}
    return sorted(period for period in starts if period < FOREVER and _is_covered(catalogue, period))


def _last_month(row: object) -> str:
    """Return the last month a row holds in: one that ends within a month does not hold in it."""
    end = getattr(row, "valid_to", "")
    period = end[:7]
    return str(period if end == month_bounds(period)[1] else previous_period(period))


def _is_covered(catalogue: Catalogue, period: str) -> bool:
    day = month_bounds(period)[1]

    def holds(rows: Iterable[object]) -> bool:
        return any(getattr(r, "valid_from", "") <= day <= (getattr(r, "valid_to", "") or FOREVER) for r in rows)

    return holds(catalogue.submitters) and holds(catalogue.areas)


def _check_formulas(_catalogue: Catalogue, _period: str) -> None:
    from flows.build.definitions import compile_definitions

    compile_definitions(load_catalogue())  # a build needs the rows of earlier months too


def _check_outline(catalogue: Catalogue, period: str) -> None:
    from flows.publish.outline import check_outline, outline_of

    check_outline(outline_of(period), catalogue)


def _check_rules(_catalogue: Catalogue, period: str) -> None:
    from expectations.rules import check_rule, rules_in_force

    for rule in rules_in_force(period):
        check_rule(rule, load_catalogue())  # a figure that nobody states any more leaves a rule undecided, not wrong


def _check_phrases(catalogue: Catalogue, _period: str) -> None:
    from flows.read.phrases import SLOTS, compile_phrase

    for row in catalogue.phrases:
        unknown = [slot for slot in re.findall(r"\{[^{}]*\}?", row.phrase) if slot not in SLOTS]
        if unknown:
            raise _phrase_error(row, *unknown_word("phrase", unknown[0], SLOTS))
        try:
            compile_phrase(row.phrase)
        except re.error as error:
            raise _phrase_error(row, f"câu mẫu “{row.phrase}” không đọc được (ngoặc không khớp?)",
                                f"the phrase {row.phrase!r} cannot be read: {error}") from error


def _phrase_error(row: Phrase, vi: str, en: str) -> CatalogueError:
    return row_error(*place_of(row), vi, en)


def _check_aliases(catalogue: Catalogue, _period: str) -> None:
    """An alias that also names another area of its level and parent: no form or sender could settle which."""
    from flows.read.areas import compact

    def key(name: str, area: Area) -> tuple[str, str, str]:
        return compact(name), area.area_level, area.parent_code

    named: dict[tuple[str, str, str], Area | AreaAlias] = {key(row.short_name, row): row for row in catalogue.areas}
    for alias in catalogue.area_aliases:
        area = catalogue.area_by_code.get(alias.area_code)
        other = named.setdefault(key(alias.alias, area), alias) if area else alias
        if other.area_code != alias.area_code:
            raise _alias_error(alias, other)


def _alias_error(alias: AreaAlias, other: Area | AreaAlias) -> CatalogueError:
    path, line = place_of(other)
    return row_error(
        *place_of(alias),
        f"“{alias.alias}” chỉ địa bàn {alias.area_code}, mà {path.name} dòng {line} đã dùng cho {other.area_code}",
        f"{alias.alias!r} names area {alias.area_code}, but {path.name} line {line} has it for {other.area_code}",
    )


def _check_people(_catalogue: Catalogue, _period: str) -> None:
    from infra.people import load_people

    load_people()


def _check_in_force(catalogue: Catalogue, period: str) -> None:
    """A row that stands on another one holds only while that one does: an area on the area above it, and so on."""
    areas, indicators = set(catalogue.area_by_code), set(catalogue.indicator_by_id)
    stands_on: tuple[tuple[Iterable[object], str, set[str]], ...] = (
        (catalogue.areas, "parent_code", areas | {""}), (catalogue.area_aliases, "area_code", areas),
        (catalogue.submitters, "area_code", areas), (catalogue.provisions, "indicator_id", indicators),
    )
    for rows, column, known in stands_on:
        for row in rows:
            value = getattr(row, column)
            if value not in known:
                raise row_error(*place_of(row), f"cột {column}: “{value}” không còn hiệu lực trong tháng {period}",
                                f"column {column}: {value!r} is not in force in {period}")


def _check_recipients(catalogue: Catalogue, period: str) -> None:
    if not catalogue.recipients:
        raise CatalogueError(
            f"Danh mục recipients.csv không có nơi nhận nào có hiệu lực trong tháng {period}.",
            f"recipients.csv has no recipient in force in {period}.", place=str(CATALOGUE / "recipients.csv"),
            remedy_vi="Bổ sung nơi nhận có valid_from/valid_to bao trùm tháng đó.",
        )


CHECKS: tuple[Callable[[Catalogue, str], None], ...] = (
    _check_formulas, _check_outline, _check_rules, _check_phrases, _check_aliases, _check_in_force,
    _check_recipients, _check_people,
)
