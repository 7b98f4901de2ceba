"""What a report is made of: one month's figures, tables, submissions and work items, from one build.

`load_report_data` is the only function of the step that reads the warehouse; everything else is made from
the records below, and can be made from records written by hand.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from flows.records import Decision, Finding, NarrativeItem
from infra.catalogue import Area, Catalogue, Indicator, Submitter

ItemKey = tuple[str, str, str, str]  # receipt_id, file, place, text


@dataclass(frozen=True, slots=True)
class Figure:
    """A provincial figure. `value` is rounded to the indicator's decimals; None when nobody reported it.

    `completeness`: complete, incomplete (`missing` names the submitters), not_reported.
    `previous` and `change` are None unless the month before is whole; `year_to_date` adds up
    `year_to_date_months` months of a flow, those that are there. `previous_status` and `year_to_date_status` are "B"
    where a break in the series stands in between: then there is no change, and only the months after it are added.
    """

    indicator_id: str
    value: Decimal | None
    qualifier: str = ""
    completeness: str = "complete"
    missing: tuple[str, ...] = ()
    previous: Decimal | None = None
    change: Decimal | None = None
    year_to_date: Decimal | None = None
    year_to_date_months: int | None = None
    definition_id: str = ""
    previous_status: str = "A"
    year_to_date_status: str = "A"

    @property
    def is_stated_zero(self) -> bool:
        """Whether nothing occurred, said by all who were asked: only then a sentence may say so."""
        return self.value == 0 and self.completeness == "complete"


@dataclass(frozen=True, slots=True)
class SourceCell:
    """One observation behind one published figure: `indicator_id` is published, `source_indicator_id` was read."""

    indicator_id: str
    observation_id: str
    period: str
    submitter_id: str
    area_code: str
    source_indicator_id: str
    reported_value: Decimal | None
    value: Decimal | None
    unit_code: str
    obs_status: str
    qualifier: str
    is_corrected: bool
    decision_id: str
    receipt_id: str
    message: str
    file: str
    sheet: str
    cell: str
    raw_text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure, or the list behind a count ("x#list"), that stands in the text of a work item.

    `value` is the one in force; it differs from `reported_value` when a decision corrected it.
    """

    indicator_id: str
    reported_value: Decimal | None
    value: Decimal | None
    raw_text: str
    receipt_id: str
    file: str
    place: str

    @property
    def place_key(self) -> tuple[str, str, str]:
        return (self.receipt_id, self.file, self.place)


@dataclass(frozen=True, slots=True)
class Submission:
    """Expected and received: one row a submitter. `status` is the report status vocabulary."""

    submitter_id: str
    status: str
    message: str = ""
    sent_at: str = ""
    due_at: str = ""
    n_observations: int = 0
    n_narrative_items: int = 0
    n_intake_findings: int = 0


@dataclass(frozen=True)
class ReportData:
    """Everything one edition prints. `catalogue` is the one of the month."""

    period: str
    build_id: str
    catalogue: Catalogue
    figures: dict[str, Figure]
    by_district: dict[tuple[str, str], Decimal | None]  # area_code, indicator_id
    by_submitter: dict[tuple[str, str], Decimal | None]  # submitter_id, indicator_id
    reported_totals: dict[tuple[str, str], Decimal | None]  # submitter_id, indicator_id, as typed
    by_submitter_district: dict[tuple[str, str, str], Decimal | None]
    submissions: tuple[Submission, ...]
    narrative: tuple[NarrativeItem, ...]
    statements: tuple[Statement, ...]
    sources: tuple[SourceCell, ...]
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    intake_findings: tuple[dict[str, str], ...] = field(default=())

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Indicators in print order."""
        return tuple(sorted(self.catalogue.indicators, key=lambda row: row.print_order))

    @cached_property
    def sources_of(self) -> dict[str, tuple[SourceCell, ...]]:
        """The cells behind each published indicator."""
        groups: dict[str, list[SourceCell]] = {}
        for row in self.sources:
            groups.setdefault(row.indicator_id, []).append(row)
        return {name: tuple(rows) for name, rows in groups.items()}

    @property
    def local_areas(self) -> tuple[Area, ...]:
        return self.catalogue.local_areas

    @property
    def begins_series(self) -> bool:
        """Whether this is the first month of the province within its limits: none before it can be compared."""
        return self.catalogue.province.area_code in self.catalogue.new_series(self.period)

    @property
    def submitters(self) -> dict[str, Submitter]:
        return self.catalogue.submitter_by_id

    def submitter_name(self, submitter_id: str) -> str:
        row = self.submitters.get(submitter_id)
        return row.submitter_name if row else submitter_id

    def missing_names(self, figure: Figure) -> str:
        """Return who did not report a part of a figure: units, units with the areas they left out, other figures."""
        return ", ".join(self._missing_name(text) for text in figure.missing)

    def _missing_name(self, text: str) -> str:
        name, _, areas = text.partition("/")
        indicator, submitter = self.catalogue.indicator_by_id.get(name), self.submitters.get(name)
        shown = indicator.label_vi if indicator and not submitter else self.submitter_name(name)
        if submitter and submitter.is_local:
            area = self.area_name(submitter.area_code)
            shown = f"{area[:1].lower()}{area[1:]}"
        return f"{shown} ({self.area_name(areas.strip('+'))})" if areas.strip("+") else shown

    def area_name(self, area_code: str) -> str:
        names = (self.catalogue.area_by_code.get(code) for code in area_code.split("+"))
        return " + ".join(area.area_name if area else "?" for area in names)


def load_report_data(
    connection: Any,
    catalogue: Catalogue,
    period: str,
    build_id: str,
    findings: Sequence[Finding] = (),
    decisions: Sequence[Decision] = (),
) -> ReportData:
    """Return one month of an open warehouse.

    Args:
        connection: A read-only connection to the build.
        catalogue: The catalogue of the month.
        period: Report month, "2019-04".
        build_id: The build that is open.
        findings: Findings of the rules with their waivers overlaid.
        decisions: Decisions in force.
    """
    rows = _Rows(connection, period)
    return ReportData(
        period,
        build_id,
        catalogue,
        figures=rows.figures(),
        by_district=rows.cells("marts.fct_figures_by_district", "area_code", "indicator_id"),
        by_submitter=rows.cells("reports.rpt_figures_by_submitter", "submitter_id", "indicator_id"),
        reported_totals=rows.cells(
            "reports.rpt_figures_by_submitter", "submitter_id", "indicator_id", value="reported_total"
        ),
        by_submitter_district=rows.cells(
            "marts.fct_figures_by_submitter_district", "submitter_id", "area_code", "indicator_id"
        ),
        submissions=tuple(rows.records(Submission, "marts.fct_submissions", order="submitter_id")),
        narrative=tuple(rows.narrative()),
        statements=tuple(rows.statements()),
        sources=tuple(rows.sources()),
        findings=tuple(findings),
        decisions=tuple(decisions),
        intake_findings=tuple(rows.intake_findings()),
    )


def load_figures(connection: Any, period: str) -> dict[str, Figure]:
    """Return the provincial figures of one month by indicator, in print order."""
    return _Rows(connection, period).figures()


class _Rows:
    """Queries for one period. The period is written out: bound parameters make DuckDB import pandas."""

    def __init__(self, connection: Any, period: str) -> None:
        if not re.fullmatch(r"\d{4}-\d{2}", period):
            raise ValueError(period)
        self._connection = connection
        self._where = f"period = '{period}'"

    def figures(self) -> dict[str, Figure]:
        rows = self._select(
            "select indicator_id, value, coalesce(qualifier, ''), completeness, missing, "
            "case when previous_completeness = 'complete' then previous_value end, "
            "case when previous_completeness = 'complete' then change end, "
            "year_to_date, year_to_date_months, coalesce(definition_id, ''), "
            "previous_status, coalesce(year_to_date_status, 'A') "
            f"from reports.rpt_figures where {self._where} order by print_order, indicator_id"
        )
        return {row[0]: dataclasses.replace(Figure(*row), missing=tuple(row[4] or ())) for row in rows}

    def cells(self, table: str, *keys: str, value: str = "value") -> dict[Any, Decimal | None]:
        listed = ", ".join(keys)
        rows = self._select(f"select {listed}, {value} from {table} where {self._where} order by {listed}")
        return {tuple(row[:-1]): row[-1] for row in rows}

    def records(self, record_type: type, table: str, order: str) -> list[Any]:
        names = ", ".join(f.name for f in dataclasses.fields(record_type))
        rows = self._select(f"select {names} from {table} where {self._where} order by {order}")
        return [record_type(*row) for row in rows]

    def narrative(self) -> list[NarrativeItem]:
        names = [f.name for f in dataclasses.fields(NarrativeItem)]
        listed = ", ".join(
            "case when use_status = 'in_force' and not is_in_force then 'rejected' else use_status end"
            if name == "use_status"
            else name
            for name in names
        )
        rows = self._select(
            f"select {listed} from marts.fct_narrative_items where {self._where} "
            "order by submitter_id, item_order, message, file, place"
        )
        return [NarrativeItem(*row) for row in rows]

    def statements(self) -> list[Statement]:
        """Return the units' figures that stand at the place of a work item: candidates to be marked in its words."""
        rows = self._select(
            "select distinct o.indicator_id, o.reported_value, o.value, o.raw_text, o.receipt_id, o.file, o.cell "
            "from marts.fct_observations as o inner join marts.fct_narrative_items as n "
            "on o.receipt_id = n.receipt_id and o.file = n.file and o.cell = n.place "
            f"where o.{self._where} and o.is_in_force and n.is_in_force order by all"
        )
        return [Statement(*row) for row in rows]

    def sources(self) -> list[SourceCell]:
        names = [f.name for f in dataclasses.fields(SourceCell)]
        own = {"indicator_id": "s.indicator_id", "source_indicator_id": "o.indicator_id"}
        listed = ", ".join(own.get(name, f"o.{name}") for name in names)
        rows = self._select(
            f"select {listed} from marts.fct_figure_sources as s inner join marts.fct_observations as o "
            f"on s.observation_id = o.observation_id where s.{self._where} "
            "order by s.indicator_id, o.submitter_id, o.message, o.file, o.sheet, length(o.cell), o.cell, "
            "o.indicator_id, o.observation_id"
        )
        return [SourceCell(*row) for row in rows]

    def intake_findings(self) -> list[dict[str, str]]:
        names = ("submitter_id", "message", "file", "sheet", "cell", "kind", "severity", "message_vi")
        rows = self._select(
            f"select {', '.join(names)} from marts.fct_intake_findings where {self._where} order by all"
        )
        return [dict(zip(names, (str(value or "") for value in row), strict=True)) for row in rows]

    def _select(self, query: str) -> list[tuple[Any, ...]]:
        rows = self._connection.execute(query).fetchall()
        return [tuple(_trimmed(value) for value in row) for row in rows]


def _trimmed(value: Any) -> Any:
    """Return a decimal without the zeros that storage added: 248.000000 is 248."""
    if not isinstance(value, Decimal):
        return value
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()
