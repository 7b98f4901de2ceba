"""All that a build depends on, and the build id that stands for it.

warehouse = build(readings, decisions, catalogue, code): the id is the hash of these four, so the same
inputs have the same id on every machine, and a build that is there need not be made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from flows.build.definitions import CompiledDefinition, compile_definitions
from flows.receipts import in_order
from flows.records import Decision, Document, DocumentReading, IntakeFinding, NarrativeItem, Observation, Receipt
from infra.catalogue import TABLES, Catalogue
from infra.dependencies import step_digest
from infra.errors import OperationError
from infra.ledger_records import inputs_digest
from infra.periods import due_at
from infra.standing import Standing, standings

BUILD_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The month asked for, as the warehouse itself says it. One row."""

    build_id: str
    period: str
    inputs_sha256: str       # of the receipts and decisions it was built from (`infra.ledger_records.inputs_digest`)
    readings_sha256: str     # of everything that was read in its months


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the submissions of a month are due. Key: `period`."""

    period: str
    due_at: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """The place of a receipt among all, in the order in which they came. Key: `receipt_id`."""

    receipt_id: str
    nth: int


@dataclass(frozen=True, slots=True)
class StandingDecision(Decision):
    """A decision with what became of it (`infra.standing`). Key: `decision_id`."""

    standing: Standing = "holds"


@dataclass(frozen=True)
class BuildInputs:
    """The records of every month up to `period`, and the whole catalogue (earlier months need earlier rows).

    `decisions` stand in the order in which they were recorded.
    """

    period: str
    catalogue: Catalogue
    receipts: tuple[Receipt, ...] = ()
    documents: tuple[Document, ...] = ()
    observations: tuple[Observation, ...] = ()
    narrative_items: tuple[NarrativeItem, ...] = ()
    intake_findings: tuple[IntakeFinding, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def tables(self) -> list[tuple[str, str, type, Iterable[Any]]]:
        """Return schema, table, record class and records of every table that dbt starts from."""
        raw: list[tuple[str, str, type, Iterable[Any]]] = [
            ("raw", "builds", BuildRequest, [self.request()]),
            ("raw", "deadlines", Deadline, self.deadlines()),
            ("raw", "arrivals", Arrival, self.arrivals()),
            ("raw", "definitions", CompiledDefinition, compile_definitions(self.catalogue)),
            ("raw", "receipts", Receipt, self.receipts),
            ("raw", "documents", Document, self.documents),
            ("raw", "observations", Observation, self.observations),
            ("raw", "narrative_items", NarrativeItem, self.narrative_items),
            ("raw", "intake_findings", IntakeFinding, self.intake_findings),
            ("raw", "decisions", StandingDecision, self.standing_decisions()),
        ]
        return raw + [("catalogue", name, row, getattr(self.catalogue, name)) for name, row in TABLES.items()]

    def build_id(self) -> str:
        """Return the hash of everything the build depends on; the order of the records does not count.

        Narrative items are the exception: they are published in the order of the document.
        """
        return self._build_id

    @cached_property
    def _build_id(self) -> str:
        digest = hashlib.sha256(f"{self.period} {step_digest('build')}".encode())
        for records in (self.receipts, self.standing_decisions()):
            _digest_any_order(digest, records)
        digest.update(self.readings_sha256.encode())
        digest.update(self.catalogue.sha256.encode())
        return digest.hexdigest()[:BUILD_ID_LENGTH]

    @cached_property
    def readings_sha256(self) -> str:
        """The hash of everything that was read in the months of the build."""
        digest = hashlib.sha256()
        for records in (self.documents, self.observations, self.intake_findings):
            _digest_any_order(digest, records)
        _digest_in_order(digest, self.narrative_items)
        return digest.hexdigest()

    def deadlines(self) -> list[Deadline]:
        """Return the deadline of every month that has a place in the build."""
        told = {period for o in self.observations for period in (o.period, o.report_period)}
        months = sorted({self.period} | told | {receipt.period for receipt in self.receipts})
        return [Deadline(month, due_at(self.catalogue, month)) for month in months]

    def arrivals(self) -> list[Arrival]:
        """Return the place of every receipt in the order of arrival, from 1."""
        return [Arrival(receipt.receipt_id, nth) for nth, receipt in enumerate(in_order(self.receipts), start=1)]

    def standing_decisions(self) -> list[StandingDecision]:
        """Return the decisions with what became of each."""
        found = standings(self.decisions)
        return [StandingDecision(**dataclasses.asdict(d), standing=found[d.decision_id]) for d in self.decisions]

    def request(self) -> BuildRequest:
        """Return the month asked for, with what it is built from."""
        noted = inputs_digest(self.receipts, self.decisions)
        return BuildRequest(self.build_id(), self.period, noted, self.readings_sha256)


def gather_inputs(
    period: str,
    catalogue: Catalogue,
    receipts: Iterable[Receipt],
    readings: Iterable[DocumentReading],
    decisions: Iterable[Decision],
) -> BuildInputs:
    """Return the inputs of a build from what the ledger and the reading step give, put in order.

    Raises:
        OperationError: A decision holds something that is not a number.
    """
    readings = [r for r in readings if not is_about_path(r)]
    decisions = tuple(decisions)
    for decision in decisions:
        _check_value(decision)
    return BuildInputs(
        period=period,
        catalogue=catalogue,
        receipts=tuple(sorted(receipts, key=lambda r: (r.period, r.receipt_id))),
        documents=tuple(r.document for r in readings if r.document.file),
        observations=tuple(o for r in readings for o in r.reading.observations),
        narrative_items=tuple(n for r in readings for n in r.reading.narrative_items),
        intake_findings=tuple(f for r in readings for f in r.reading.findings),
        decisions=decisions,
    )


def is_about_path(reading: DocumentReading) -> bool:
    """Return whether a reading only says that a path of the inbox was not received: true of a run, not of the month."""
    return not reading.document.receipt_id and bool(reading.document.message)


def _digest_any_order(digest: Any, records: Iterable[Any]) -> None:
    for line in sorted(map(_line, records)):
        digest.update(line)


def _digest_in_order(digest: Any, records: Iterable[Any]) -> None:
    for record in records:
        digest.update(_line(record))


def _line(record: Any) -> bytes:
    values = [getattr(record, f.name) for f in dataclasses.fields(record)]
    return json.dumps([type(record).__name__, *values], default=_plain, ensure_ascii=True).encode() + b"\n"


def _plain(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _check_value(decision: Decision) -> None:
    if decision.kind not in ("correct", "supply") or not decision.value:
        return
    try:
        finite = Decimal(decision.value).is_finite()
    except ArithmeticError:
        finite = False
    if not finite:
        raise OperationError(
            f"Quyết định {decision.decision_id} ghi giá trị “{decision.value}”, không phải là số.",
            f"Decision {decision.decision_id} holds {decision.value!r}, which is not a number.",
            remedy_vi="Rút quyết định đó và ghi lại với một con số.",
        )
