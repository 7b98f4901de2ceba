"""What a report is made of: one month's figures, tables, submissions and work items, from one build.

`load_report_data` is the only function of the step that reads the warehouse; everything else is made from
the records below, and can be made from records written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from flows.records import Decision, Finding, NarrativeItem
from infra.catalogue import Area, Catalogue, Indicator, Submitter

ItemKey = tuple[str, str, str, str]  # receipt_id, file, place, text


@dataclass(frozen=True, slots=True)
class Figure:
    """A provincial figure. `value` is rounded to the indicator's decimals; None when nobody reported it.

    `completeness`: complete, incomplete (`missing` names the submitters), not_reported.
    `change` and `year_to_date` are None where they have no meaning or no data.
    """

    indicator_id: str
    value: Decimal | None
    qualifier: str = ""
    completeness: str = "complete"
    missing: tuple[str, ...] = ()
    previous: Decimal | None = None
    change: Decimal | None = None
    year_to_date: Decimal | None = None
    definition_id: str = ""


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
    by_district: dict[tuple[str, str], Decimal | None]          # area_code, indicator_id
    by_submitter: dict[tuple[str, str], Decimal | None]         # submitter_id, indicator_id
    reported_totals: dict[tuple[str, str], Decimal | None]      # submitter_id, indicator_id, as typed
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
    def districts(self) -> tuple[Area, ...]:
        return self.catalogue.districts

    @property
    def submitters(self) -> dict[str, Submitter]:
        return self.catalogue.submitter_by_id

    def submitter_name(self, submitter_id: str) -> str:
        row = self.submitters.get(submitter_id)
        return row.submitter_name if row else submitter_id

    def area_name(self, area_code: str) -> str:
        names = (self.catalogue.area_by_code.get(code) for code in area_code.split("+"))
        return " + ".join(area.area_name if area else "?" for area in names)
