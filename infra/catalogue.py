"""The declared world: typed, dated rows of `dbt_project/seeds/catalogue/*.csv`, and the one reader of them.

A month is judged by the catalogue of that month: `Catalogue.at(period)` keeps the rows in force then.
An unknown key, a duplicate or two overlapping rows is a `CatalogueError` with file and line.
"""

from __future__ import annotations

import csv
import dataclasses
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from infra.errors import CatalogueError
from infra.periods import due_at as due_at
from infra.periods import month_bounds as month_bounds
from infra.periods import next_period as next_period
from infra.periods import previous_period as previous_period
from infra.process_state import once_a_run
from infra.settings import CATALOGUE

FOREVER = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Area:
    """A province, district or commune. `area_code` is GSO's, text; codes are reused, so validity matters."""

    area_code: str
    parent_code: str
    area_level: str
    area_type: str
    area_name: str
    short_name: str
    valid_from: str
    valid_to: str
    source: str
    KEY: ClassVar = ("area_code",)


@dataclass(frozen=True, slots=True)
class AreaAlias:
    """Another spelling of an area. Aliases decide; likeness only proposes."""

    alias: str
    area_code: str
    valid_from: str
    valid_to: str
    note: str
    KEY: ClassVar = ("alias", "area_code")


@dataclass(frozen=True, slots=True)
class Submitter:
    """A reporting unit. `addresses`: the senders that speak for it, separated by ";" in the file."""

    submitter_id: str
    submitter_name: str
    submitter_kind: str
    area_code: str
    addresses: tuple[str, ...]
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("submitter_id",)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure with its unit. `aggregation`: sum_submitters, derived (definitions.csv) or reference."""

    indicator_id: str
    section: str
    print_order: int
    label_vi: str
    label_en: str
    unit: str
    indicator_kind: str
    decimals: int
    aggregation: str
    is_printed: bool
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("indicator_id",)


@dataclass(frozen=True, slots=True)
class Label:
    """A wording of a form: the label that stands in a header or beside a figure, and the indicator it means.

    `context` narrows it to a submitter kind or one submitter; empty means everywhere.
    """

    label: str
    indicator_id: str
    context: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("label", "context")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A wording of a sentence and what it states. The language of `phrase` is that of `flows.read.phrases`.

    `kind`: figure (a slot for the number), noun (a thing that may be stated as a number or as none), name (the
    same, but never none), list (value = length of the enumeration), count (value = number of occurrences),
    area_list and area_total (head of a list of districts), none (a wording of "none"), change (asks for a
    correction). `context`: submitter kinds or submitters, or "report" for the published report; empty for every
    submission. `unless`: words in the same clause that make it something else.
    """

    phrase: str
    indicator_id: str
    kind: str
    context: tuple[str, ...]
    unless: tuple[str, ...]
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("phrase", "indicator_id", "kind", "context")


@dataclass(frozen=True, slots=True)
class NarrativeWording:
    """A wording that sorts narrative items into the report's outline.

    `kind`: part (heading of part I or II), section (heading of a section), topic (words of an item by which it
    is sorted where no heading does), submitter (whose items all belong to one section), closing (end of text).
    `target`: the part, the section, or empty.
    """

    wording: str
    kind: str
    target: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("wording", "kind", "target")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written, the indicator unit it stands for, and the factor between them."""

    unit_text: str
    unit_code: str
    unit: str
    multiplier: Decimal
    KEY: ClassVar = ("unit_text",)


@dataclass(frozen=True, slots=True)
class Provision:
    """Who provides which figure (SDMX data provision agreement).

    `provider` is a submitter or a submitter kind. `detail`: by_district, own_area or total.
    `role`: source (counts in the provincial figure), cross_check (compared only), optional (counts if sent).
    """

    provider: str
    indicator_id: str
    detail: str
    role: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("provider", "indicator_id")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of the recipients block, in printed order. `channel`: email, document_system, paper, archive."""

    recipient_id: str
    print_order: int
    recipient_name: str
    mark: str
    addresses: tuple[str, ...]
    channel: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("recipient_id",)


@dataclass(frozen=True, slots=True)
class ReferenceFigure:
    """A dated figure of the unit dimension: population, area, numbers of communes."""

    reference_id: str
    value: Decimal
    unit: str
    note: str
    source: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("reference_id",)


@dataclass(frozen=True, slots=True)
class ReportingRegime:
    """A calendar: `first_day` (of the month before when it is above 1) to `last_day`, due on `due_day`.

    `due_day` counts in the report month when the period ends in it before month's end, else in the next.
    """

    regime_id: str
    regime_name: str
    first_day: str
    last_day: str
    due_day: int
    due_time: str
    is_default: bool
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("regime_id",)


@dataclass(frozen=True, slots=True)
class Definition:
    """A named, dated formula of a derived indicator; only `is_current` ones are published."""

    indicator_id: str
    definition_id: str
    is_current: bool
    expression: str
    label_vi: str
    source: str
    valid_from: str
    valid_to: str
    KEY: ClassVar = ("indicator_id", "definition_id")


TABLES: dict[str, type] = {
    "areas": Area,
    "area_aliases": AreaAlias,
    "submitters": Submitter,
    "indicators": Indicator,
    "labels": Label,
    "phrases": Phrase,
    "narrative_wordings": NarrativeWording,
    "units": Unit,
    "provisions": Provision,
    "recipients": Recipient,
    "reference_figures": ReferenceFigure,
    "reporting_regimes": ReportingRegime,
    "definitions": Definition,
}


@dataclass(frozen=True)
class Catalogue:
    """All catalogue tables as tuples of rows, in file order."""

    areas: tuple[Area, ...]
    area_aliases: tuple[AreaAlias, ...]
    submitters: tuple[Submitter, ...]
    indicators: tuple[Indicator, ...]
    labels: tuple[Label, ...]
    phrases: tuple[Phrase, ...]
    narrative_wordings: tuple[NarrativeWording, ...]
    units: tuple[Unit, ...]
    provisions: tuple[Provision, ...]
    recipients: tuple[Recipient, ...]
    reference_figures: tuple[ReferenceFigure, ...]
    reporting_regimes: tuple[ReportingRegime, ...]
    definitions: tuple[Definition, ...]

    def at(self, period: str) -> Catalogue:
        """Return the catalogue of one month ("2019-04"): the rows in force on its last day.

        Raises:
            CatalogueError: No submitter is declared for that month.
        """
        tables = {name: tuple(r for r in getattr(self, name) if _in_force(r, period)) for name in TABLES}
        if not tables["submitters"] or not tables["areas"]:
            raise CatalogueError(
                f"Danh mục không có dòng nào có hiệu lực trong tháng {period}.",
                f"The catalogue has no rows in force in {period}.",
                place=str(CATALOGUE / "submitters.csv"),
                remedy_vi="Bổ sung đơn vị báo cáo, địa bàn có valid_from/valid_to bao trùm tháng đó.",
            )
        return Catalogue(**tables)

    @cached_property
    def indicator_by_id(self) -> dict[str, Indicator]:
        return {row.indicator_id: row for row in self.indicators}

    @cached_property
    def submitter_by_id(self) -> dict[str, Submitter]:
        return {row.submitter_id: row for row in self.submitters}

    @cached_property
    def submitter_by_address(self) -> dict[str, Submitter]:
        return {address.lower(): row for row in self.submitters for address in row.addresses}

    @cached_property
    def area_by_code(self) -> dict[str, Area]:
        return {row.area_code: row for row in self.areas}

    @cached_property
    def districts(self) -> tuple[Area, ...]:
        return tuple(row for row in self.areas if row.area_level == "district")

    @cached_property
    def province(self) -> Area:
        return next(row for row in self.areas if row.area_level == "province")

    @cached_property
    def provisions_by_submitter(self) -> dict[str, tuple[Provision, ...]]:
        """Provisions of each submitter; a row naming a kind holds for all submitters of that kind."""
        return {
            s.submitter_id: tuple(
                p for p in self.provisions if p.provider in (s.submitter_id, s.submitter_kind)
            )
            for s in self.submitters
        }


@once_a_run
def load_catalogue(folder: Path = CATALOGUE) -> Catalogue:
    """Return every catalogue table of `folder`, checked row by row.

    Raises:
        CatalogueError: A file, a column or a value is wrong; the place is file and line.
    """
    tables = {name: tuple(_read_table(folder / f"{name}.csv", row_type)) for name, row_type in TABLES.items()}
    catalogue = Catalogue(**tables)
    _check_references(folder, catalogue)
    return catalogue


def _in_force(row: Any, period: str) -> bool:
    if not hasattr(row, "valid_from"):
        return True
    last_day = month_bounds(period)[1]
    return bool(row.valid_from <= last_day <= (row.valid_to or FOREVER))


def _read_table(path: Path, row_type: type) -> Iterable[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _catalogue_error(path, 1, "không đọc được tệp danh mục", str(error)) from error
    reader = csv.reader(text.splitlines())
    fields = list(dataclasses.fields(row_type))
    _check_header(path, next(reader, []), [f.name for f in fields])
    hints = typing.get_type_hints(row_type)
    parsers = [_parser(hints[f.name]) for f in fields]
    seen: dict[tuple[str, ...], list[tuple[str, str, int]]] = {}
    for values in reader:
        if values:
            row = _parse_row(path, reader.line_num, row_type, fields, parsers, values)
            _check_overlap(path, reader.line_num, row, seen)
            yield row


def _check_header(path: Path, header: list[str], expected: list[str]) -> None:
    unknown = [name for name in header if name not in expected]
    missing = [name for name in expected if name not in header]
    if unknown or missing or header != expected:
        raise _catalogue_error(
            path, 1,
            f"cột lạ: {unknown}; cột thiếu: {missing}; thứ tự đúng: {expected}",
            f"unknown columns {unknown}, missing columns {missing}, expected {expected}",
        )


def _parse_row(
    path: Path, line: int, row_type: type, fields: list[Any], parsers: list[Callable[[str], Any]], values: list[str]
) -> Any:
    if len(values) != len(fields):
        raise _catalogue_error(path, line, f"có {len(values)} ô, cần {len(fields)}",
                               f"{len(values)} values where {len(fields)} are needed")
    parsed = {}
    for column, parse, value in zip(fields, parsers, values, strict=True):
        try:
            parsed[column.name] = parse(value.strip())
        except (ValueError, InvalidOperation) as error:
            raise _catalogue_error(path, line, f"cột {column.name}: giá trị “{value}” không hợp lệ",
                                   f"column {column.name}: bad value {value!r}") from error
    return row_type(**parsed)


def _parser(hint: Any) -> Callable[[str], Any]:
    if hint is bool:
        return _parse_bool
    if hint is int:
        return int
    if hint is Decimal:
        return Decimal
    if hint == (Decimal | None):
        return lambda text: Decimal(text) if text else None
    if hint == tuple[str, ...]:
        return lambda text: tuple(part.strip() for part in text.split(";") if part.strip())
    return str


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _check_overlap(path: Path, line: int, row: Any, seen: dict[tuple[str, ...], list[tuple[str, str, int]]]) -> None:
    key = tuple(getattr(row, name) for name in row.KEY)
    start = getattr(row, "valid_from", "") or ""
    end = getattr(row, "valid_to", "") or FOREVER
    for other_start, other_end, other_line in seen.get(key, []):
        if start <= other_end and other_start <= end:
            raise _catalogue_error(path, line, f"trùng khóa hoặc chồng thời hạn với dòng {other_line}: {key}",
                                   f"duplicate or overlapping with line {other_line}: {key}")
    seen.setdefault(key, []).append((start, end, line))


def _check_references(folder: Path, catalogue: Catalogue) -> None:
    indicators = {row.indicator_id for row in catalogue.indicators}
    areas = {row.area_code for row in catalogue.areas}
    providers = {s.submitter_id for s in catalogue.submitters} | {s.submitter_kind for s in catalogue.submitters}
    _check_known(folder / "labels.csv", catalogue.labels, "indicator_id", indicators | {""})
    _check_known(folder / "phrases.csv", catalogue.phrases, "indicator_id", indicators | {""})
    _check_known(folder / "provisions.csv", catalogue.provisions, "indicator_id", indicators)
    _check_known(folder / "provisions.csv", catalogue.provisions, "provider", providers)
    _check_known(folder / "definitions.csv", catalogue.definitions, "indicator_id", indicators)
    _check_known(folder / "area_aliases.csv", catalogue.area_aliases, "area_code", areas)
    _check_known(folder / "submitters.csv", catalogue.submitters, "area_code", areas)


def _check_known(path: Path, rows: Iterable[Any], column: str, known: set[str]) -> None:
    for number, row in enumerate(rows, start=2):
        value = getattr(row, column).split("#")[0]
        if value not in known:
            raise _catalogue_error(path, number, f"{column} “{value}” không có trong danh mục",
                                   f"{column} {value!r} is not in the catalogue")


def _catalogue_error(path: Path, line: int, vi: str, en: str) -> CatalogueError:
    return CatalogueError(f"Danh mục {path.name}, dòng {line}: {vi}.", f"{path.name} line {line}: {en}.",
                          place=f"{path}:{line}", remedy_vi="Sửa dòng đó rồi chạy lại.")
