"""The declared world: typed, dated rows of `dbt_project/seeds/catalogue/*.csv`, and the one reader of them.

A month is judged by the catalogue of that month: `Catalogue.at(period)` keeps the rows in force then.
A word that its column does not know, a day that is none, an unknown key, a duplicate or two overlapping rows is a
`CatalogueError` with file and line: the types of the fields below say what a cell may hold.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

from infra.catalogue_cells import (
    ENDLESS,
    Addresses,
    Clock,
    ClosingDay,
    Day,
    DayOfMonth,
    Decimals,
    Domains,
    Identifier,
    NotNegative,
    OptionalDay,
    OptionalText,
    Positive,
)
from infra.catalogue_checks import LOCAL_OFFICES, check_tables
from infra.catalogue_files import bytes_of
from infra.catalogue_rows import read_table, table_of
from infra.catalogue_words import (
    Aggregation,
    AreaLevel,
    AreaType,
    Channel,
    Detail,
    IndicatorKind,
    IndicatorSection,
    PhraseKind,
    ProofLevel,
    Role,
    SubmitterKind,
    WordingKind,
)
from infra.errors import CatalogueError
from infra.periods import due_at as due_at
from infra.periods import month_bounds as month_bounds
from infra.periods import next_period as next_period
from infra.periods import previous_period as previous_period
from infra.process_state import once_a_run
from infra.settings import CATALOGUE

FOREVER = ENDLESS


@dataclass(frozen=True, slots=True)
class Area:
    """A province, district or commune. `area_code` is GSO's, text; codes are reused, so validity matters."""

    area_code: str
    parent_code: OptionalText
    area_level: AreaLevel
    area_type: AreaType
    area_name: str
    short_name: str
    valid_from: Day
    valid_to: OptionalDay
    source: OptionalText
    KEY: ClassVar = ("area_code",)


@dataclass(frozen=True, slots=True)
class AreaAlias:
    """Another spelling of an area. Aliases decide; likeness only proposes."""

    alias: str
    area_code: str
    valid_from: Day
    valid_to: OptionalDay
    note: OptionalText
    KEY: ClassVar = ("alias", "area_code")


@dataclass(frozen=True, slots=True)
class Submitter:
    """A reporting unit. `addresses`: the senders that speak for it, separated by ";" in the file.

    `proof_level`: aligned (our mail server's result must pass for the address's own domain), known_relay (or for one of
    `relays`, the domains of servers that send for it and sign), confirmed (a person confirms every message).
    `source` says where name and address are from, and what of them is invented.
    """

    submitter_id: Identifier
    submitter_name: str
    submitter_kind: SubmitterKind
    area_code: str
    addresses: Addresses
    proof_level: ProofLevel
    relays: Domains
    valid_from: Day
    valid_to: OptionalDay
    source: OptionalText = ""
    KEY: ClassVar = ("submitter_id",)

    @property
    def is_local(self) -> bool:
        """Whether it speaks for one of the areas directly below the province."""
        return self.submitter_kind in LOCAL_OFFICES


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure with its unit. `aggregation`: sum_submitters, derived (definitions.csv) or reference."""

    indicator_id: Identifier
    section: IndicatorSection
    print_order: int
    label_vi: str
    label_en: str
    unit: str
    indicator_kind: IndicatorKind
    decimals: Decimals
    aggregation: Aggregation
    is_printed: bool
    lower_bound: Decimal | None
    upper_bound: Decimal | None
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("indicator_id",)


@dataclass(frozen=True, slots=True)
class Label:
    """A wording of a form: the label that stands in a header or beside a figure, and the indicator it means.

    `context` narrows it to a submitter kind or one submitter; empty means everywhere.
    """

    label: str
    indicator_id: OptionalText
    context: OptionalText
    valid_from: Day
    valid_to: OptionalDay
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
    indicator_id: OptionalText
    kind: PhraseKind
    context: tuple[str, ...]
    unless: tuple[str, ...]
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("phrase", "indicator_id", "kind", "context")


@dataclass(frozen=True, slots=True)
class NarrativeWording:
    """A wording that sorts narrative items into the report's outline.

    `kind`: part (heading of part I or II), section (heading of a section), topic (words of an item by which it
    is sorted where no heading does), submitter (whose items all belong to one section), closing (end of text).
    `target`: the part, the section, or empty.
    """

    wording: str
    kind: WordingKind
    target: OptionalText
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("wording", "kind", "target")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written, the indicator unit it stands for, and the factor between them."""

    unit_text: str
    unit_code: Identifier
    unit: str
    multiplier: Positive
    KEY: ClassVar = ("unit_text",)


@dataclass(frozen=True, slots=True)
class Provision:
    """Who provides which figure (SDMX data provision agreement).

    `provider` is a submitter or a submitter kind. `detail`: by_district, own_area or total.
    `role`: source (counts in the provincial figure), cross_check (compared only), optional (counts if sent).
    """

    provider: str
    indicator_id: str
    detail: Detail
    role: Role
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("provider", "indicator_id")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of the recipients block, in printed order. `channel`: email, document_system, paper, archive.

    `source` says where name and address are from, and what of them is invented.
    """

    recipient_id: Identifier
    print_order: int
    recipient_name: str
    mark: OptionalText
    addresses: Addresses
    channel: Channel
    valid_from: Day
    valid_to: OptionalDay
    source: OptionalText = ""
    KEY: ClassVar = ("recipient_id",)


@dataclass(frozen=True, slots=True)
class Department:
    """Who publishes the report. `symbol` stands in the number of its documents: "/BC-STTTT"."""

    department_id: Identifier
    department_name: str
    symbol: str
    valid_from: Day
    valid_to: OptionalDay
    source: OptionalText
    KEY: ClassVar = ("department_id",)


@dataclass(frozen=True, slots=True)
class ReferenceFigure:
    """A dated figure of the unit dimension: population, area, numbers of communes."""

    reference_id: Identifier
    value: NotNegative
    unit: str
    note: OptionalText
    source: OptionalText
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("reference_id",)


@dataclass(frozen=True, slots=True)
class ReportingRegime:
    """A calendar: `first_day` (of the month before when it is above 1) to `last_day`, due on `due_day`.

    `due_day` counts in the report month when the period ends in it before month's end, else in the next.
    """

    regime_id: Identifier
    regime_name: str
    first_day: DayOfMonth
    last_day: ClosingDay
    due_day: DayOfMonth
    due_time: Clock
    is_default: bool
    valid_from: Day
    valid_to: OptionalDay
    KEY: ClassVar = ("regime_id",)


@dataclass(frozen=True, slots=True)
class Definition:
    """A named, dated formula of a derived indicator; only `is_current` ones are published."""

    indicator_id: str
    definition_id: Identifier
    is_current: bool
    expression: str
    label_vi: str
    source: OptionalText
    valid_from: Day
    valid_to: OptionalDay
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
    "departments": Department,
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
    departments: tuple[Department, ...]
    reference_figures: tuple[ReferenceFigure, ...]
    reporting_regimes: tuple[ReportingRegime, ...]
    definitions: tuple[Definition, ...]

    def at(self, period: str) -> Catalogue:
        """Return the catalogue of one month ("2019-04"): the rows in force on its last day.

        Raises:
            CatalogueError: No submitter, province, indicator, default regime or department is declared for that month.
        """
        if period not in self._months:
            self._months[period] = self._at(period)
        return self._months[period]

    def _at(self, period: str) -> Catalogue:
        tables = {name: tuple(r for r in getattr(self, name) if _in_force(r, period)) for name in TABLES}
        needed = {
            "submitters": (bool(tables["submitters"]), "đơn vị báo cáo", "submitter"),
            "areas": (any(row.area_level == "province" for row in tables["areas"]), "địa bàn cấp tỉnh", "province"),
            "indicators": (bool(tables["indicators"]), "chỉ tiêu", "indicator"),
            "reporting_regimes": (any(row.is_default for row in tables["reporting_regimes"]),
                                  "chế độ báo cáo mặc định", "default reporting regime"),
            "departments": (bool(tables["departments"]), "Sở ban hành báo cáo", "department that publishes"),
        }
        for name, (is_there, what_vi, what_en) in needed.items():
            if not is_there:
                raise CatalogueError(
                    f"Danh mục {name}.csv không có {what_vi} nào có hiệu lực trong tháng {period}.",
                    f"{name}.csv has no {what_en} in force in {period}.",
                    place=str(CATALOGUE / f"{name}.csv"),
                    remedy_vi="Bổ sung dòng có valid_from/valid_to bao trùm tháng đó.",
                )
        return Catalogue(**tables | _meaningful(tables))

    def __getstate__(self) -> dict[str, Any]:
        """Return the tables alone: whoever gets a copy finds out the rest again."""
        return {name: getattr(self, name) for name in TABLES}

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 (hex) of all tables: every cell of every row."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @cached_property
    def _months(self) -> dict[str, Catalogue]:
        return {}

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
    def local_areas(self) -> tuple[Area, ...]:
        """The areas directly below the province: districts until June 2025, communes and wards since."""
        return tuple(row for row in self.areas if row.parent_code == self.province.area_code)

    @cached_property
    def local_level(self) -> str:
        """The level of the local areas: "district" or "commune"."""
        return next((row.area_level for row in self.local_areas), "district")

    def new_series(self, period: str) -> frozenset[str]:
        """Return the codes of the areas that were others, or none, in the month before `period`.

        A code may be given to another area, so a figure has a month before only where the same row held then.
        """
        last_day = month_bounds(previous_period(period))[1]
        return frozenset(row.area_code for row in self.areas if row.valid_from > last_day)

    @cached_property
    def province(self) -> Area:
        return next(row for row in self.areas if row.area_level == "province")

    @property
    def department(self) -> Department:
        return self.departments[0]

    @property
    def office_name(self) -> str:
        """The name of the department with its province, as letters sign it."""
        return f"{self.department.department_name} tỉnh {self.province.short_name}"

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
    return _catalogue_of(folder, tuple(bytes_of(folder / f"{name}.csv") for name in TABLES))


@lru_cache(maxsize=2)
def _catalogue_of(folder: Path, files: tuple[bytes, ...]) -> Catalogue:
    """Return the catalogue in these bytes; the same bytes give the same object, with all that was found out of it."""
    named = zip(TABLES.items(), files, strict=True)
    tables = {name: table_of(folder / f"{name}.csv", row_type, data) for (name, row_type), data in named}
    check_tables(tables)
    return Catalogue(**{name: table.rows for name, table in tables.items()})


def place_of(row: Any) -> tuple[Path, int]:
    """Return the file and the line of one row of the catalogue; line 1 where the file no longer has that row."""
    name = next(name for name, row_type in TABLES.items() if row_type is type(row))
    table = read_table(CATALOGUE / f"{name}.csv", type(row))
    return table.path, next((line for line, other in table.numbered() if other == row), 1)


def _meaningful(tables: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return the labels and phrases of a month without those of figures that nobody is asked for any more."""
    known = {row.indicator_id for row in tables["indicators"]}

    def has_meaning(row: Any) -> bool:
        name = row.indicator_id.split("#")[0]
        return not name or name in known

    return {name: tuple(filter(has_meaning, tables[name])) for name in ("labels", "phrases")}


def _in_force(row: Any, period: str) -> bool:
    if not hasattr(row, "valid_from"):
        return True
    last_day = month_bounds(period)[1]
    return bool(row.valid_from <= last_day <= (row.valid_to or FOREVER))
