"""Read: every document of the month into observations and items, each read once for its bytes, catalogue and code.

What a document said is kept as JSON under the home's readings folder and can be deleted at any time. Which version
counts is settled afresh over the whole month, as one new message can change what an older one counts for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from flows.children import children_of, use_month
from flows.mail.parts import UNREAD
from flows.progress import Advance
from flows.read.messages import (
    as_reading,
    document_findings,
    message_findings,
    missing_references,
    missing_submissions,
    silent_documents,
    waiting_replacement,
)
from flows.read.problems import Problem
from flows.read.sandbox import Request, is_lasting, read_in_child
from flows.read.versions import READ, Resolved, resolve_versions
from flows.readings import find_month, reading_from_json, reading_to_json, save_month
from flows.receipts import as_arrived, decided_about, in_order
from flows.records import (
    Decision,
    Document,
    DocumentReading,
    InboxNotice,
    IntakeFinding,
    Reading,
    Receipt,
    ReceiptStatus,
    Sighting,
)
from infra.catalogue import Catalogue
from infra.dependencies import step_digest
from infra.derived import load_derived, sealed
from infra.files import replace_files
from infra.killpoints import reached
from infra.sandbox import Sandbox
from infra.settings import Settings
from infra.side_by_side import side_by_side

KEPT_TOGETHER = 32     # readings written in one go: what a killed run reads again
SETTLED = ("submitter_id", "problem", "held_vi", "decision_id")  # fields that a decision about a receipt may change
UNUSED = ("quarantined", "no_data", "duplicate", "unopened")  # nothing of these is read


class ArchiveStore(Protocol):
    """What reading needs of the archive."""

    def get(self, sha256: str) -> bytes: ...


class LedgerStore(Protocol):
    """What reading needs of the ledger."""

    def receipts(self, period: str | None = None) -> list[Receipt]: ...

    def documents(self, receipt_id: str | None = None) -> list[Document]: ...

    def sightings(self, period: str | None = None) -> list[Sighting]: ...

    def decisions_in_force(self, period: str | None = None) -> list[Decision]: ...

    def set_receipt_status(
        self, receipt_id: str, status: ReceiptStatus, reason_vi: str = "", supersedes: str | None = None,
        **settled: str,
    ) -> None: ...


def read_receipts(
    settings: Settings,
    archive: ArchiveStore,
    ledger: LedgerStore,
    catalogue: Catalogue,
    period: str,
    progress: Advance | None = None,
    sandbox: Sandbox | None = None,
    notices: Iterable[InboxNotice] = (),
) -> list[DocumentReading]:
    """Read what was received for a month, settle versions, and save the result for the steps after.

    Messages of unknown senders and newsletters are not read; they come back with the finding that says so.

    Args:
        settings: Where the home is.
        archive: Holds the documents.
        ledger: Names them.
        catalogue: The catalogue of the month.
        period: Report month.
        progress: Called with (done, total).
        sandbox: The children that open documents; some of one's own when None.
        notices: What receiving said about paths of the inbox; they come back as findings.

    Returns:
        One reading a document in the order the messages were sent, then one a finding about a whole message or
        the month. The same is saved (`flows.readings.load_month`), and the receipts' status is set in the ledger.
    """
    receipts = arrived(ledger, catalogue, period)
    requests = _requests(receipts, ledger)
    inputs = _month_inputs([*receipts, *ledger.sightings(period)], requests, catalogue)
    shown = progress or (lambda done, total: None)
    said = _read_all(settings, archive, catalogue, period, requests, shown, sandbox)
    resolved = resolve_versions(receipts, said, catalogue)
    current = _set_statuses(ledger, receipts, resolved)
    about = [*_about_messages(current, resolved, catalogue, period), *_about_paths(ledger, period, notices)]
    readings = [*resolved.readings, *map(as_reading, about)]
    reached("read.before_save")
    save_month(settings, period, readings, inputs)
    return readings


def readings_of(
    settings: Settings, archive: ArchiveStore, ledger: LedgerStore, catalogue: Catalogue, period: str,
    sandbox: Sandbox | None = None,
) -> list[DocumentReading]:
    """Return the readings of a month that was received some time ago: as they were kept, or read again in children.

    They are kept as long as the messages, the catalogue of that month and the reading itself are the same.
    """
    receipts = arrived(ledger, catalogue, period)
    inputs = _month_inputs([*receipts, *ledger.sightings(period)], _requests(receipts, ledger), catalogue)
    kept = find_month(settings, period, inputs)
    if kept is not None:
        return kept
    return read_receipts(settings, archive, ledger, catalogue, period, sandbox=sandbox)


def _month_inputs(recorded: list[Any], requests: list[Request], catalogue: Catalogue) -> str:
    """Return the digest of everything that the readings of a month come from."""
    digest = hashlib.sha256(step_digest("read", catalogue).encode())
    for record in (*recorded, *(request.document for request in requests)):
        digest.update(repr(record).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def arrived(ledger: LedgerStore, catalogue: Catalogue, period: str) -> list[Receipt]:
    """Return the month's receipts in order as they came in, with what persons decided: versions are judged anew."""
    decided = decided_about(ledger.decisions_in_force(period))
    found = [as_arrived(r, decided.get(r.receipt_id), catalogue) for r in ledger.receipts(period)]
    return in_order(found)


def _requests(receipts: list[Receipt], ledger: LedgerStore) -> list[Request]:
    held: dict[str, list[Document]] = {r.receipt_id: [] for r in receipts}
    for document in ledger.documents():
        if document.receipt_id in held:
            held[document.receipt_id].append(document)
    requests = []
    for receipt in receipts:
        files = tuple(d.file for d in held[receipt.receipt_id])
        for document in held[receipt.receipt_id]:
            requests.append(Request(receipt, document, tuple(f for f in files if f != document.file)))
    return requests


def _read_all(
    settings: Settings,
    archive: ArchiveStore,
    catalogue: Catalogue,
    period: str,
    requests: list[Request],
    progress: Advance,
    sandbox: Sandbox | None,
) -> list[DocumentReading]:
    """Return one reading a request, from the cache where nothing changed, else from a child; two at a time."""
    digest = step_digest("read", catalogue)
    found: dict[int, Reading] = {}
    missing: list[int] = []
    kept: dict[Path, bytes] = {}
    for number, request in enumerate(requests):
        cached = _cached(_cache_file(settings, request, period, digest)) if _is_read(request) else Reading()
        if cached is None:
            missing.append(number)
        else:
            found[number] = cached
    progress(len(found), len(requests))
    for number, reading in _read_missing(settings, archive, catalogue, period, requests, missing, sandbox):
        if is_lasting(reading):
            path = _cache_file(settings, requests[number], period, digest)
            kept[path] = sealed(path, reading_to_json(reading), path.stem)
        found[number] = reading
        progress(len(found), len(requests))
        if len(kept) >= KEPT_TOGETHER:
            replace_files(kept)
            kept.clear()
    replace_files(kept)
    whole = ((r, _with_part(r, found[n])) for n, r in enumerate(requests))
    return [DocumentReading(r.document, r.receipt.submitter_id, reading) for r, reading in whole]


def _is_read(request: Request) -> bool:
    """A part that gave no bytes, or is no document, has its finding from when the message was taken apart."""
    document = request.document
    return request.receipt.status in READ and bool(document.sha256) and document.problem not in UNREAD


def _with_part(request: Request, reading: Reading) -> Reading:
    found = document_findings(request.receipt, request.document)
    return replace(reading, findings=(*found, *reading.findings)) if found else reading


def _about_paths(ledger: LedgerStore, period: str, notices: Iterable[InboxNotice]) -> Iterator[IntakeFinding]:
    """Say what was found again, and what could not be received in this run: the latter is no part of a build."""
    for seen in ledger.sightings(period):
        yield Problem(seen.kind, seen.sentence_vi).finding(period, seen.receipt_id, seen.name, "", seen.submitter_id)
    for notice in notices:
        yield Problem(notice.kind, notice.sentence_vi).finding(period, "", notice.name, "", "")


def _read_missing(
    settings: Settings, archive: ArchiveStore, catalogue: Catalogue, period: str, requests: list[Request],
    missing: list[int], running: Sandbox | None,
) -> Iterator[tuple[int, Reading]]:
    """Read message by message, two at a time: the documents of one share its processor seconds."""
    if not missing:
        return
    groups: dict[str, list[int]] = {}
    for number in missing:
        groups.setdefault(requests[number].receipt.receipt_id, []).append(number)
    with children_of(settings, running) as sandbox, side_by_side(sandbox.workers) as map_all:
        use_month(sandbox, period, catalogue)

        def read(numbers: list[int]) -> list[tuple[int, Reading]]:
            return [(n, _read_one(sandbox, archive, requests[n], period)) for n in numbers]

        for readings in map_all(read, groups.values()):
            yield from readings


def _read_one(sandbox: Sandbox, archive: ArchiveStore, request: Request, period: str) -> Reading:
    return read_in_child(sandbox, archive.get(request.document.sha256), request, period)


def _cache_file(settings: Settings, request: Request, period: str, digest: str) -> Path:
    facts = [request.document.sha256, request.digest_line(), period, digest]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return settings.readings_folder / "documents" / key[:2] / f"{key}.json"


def _cached(path: Path) -> Reading | None:
    """Return a kept reading; one that cannot be read back is read anew."""
    content = load_derived(path, path.stem)
    try:
        return None if content is None else reading_from_json(content)
    except ValueError:
        return None


def _set_statuses(ledger: LedgerStore, receipts: list[Receipt], resolved: Resolved) -> list[Receipt]:
    """Write the verdicts that differ from what the ledger has; return the receipts as they now are."""
    current = []
    stored = {r.receipt_id: r for r in ledger.receipts(receipts[0].period)} if receipts else {}
    for receipt in receipts:
        verdict = resolved.verdicts[receipt.receipt_id]
        changed = replace(receipt, status=verdict.status, reason_vi=verdict.reason_vi, supersedes=verdict.supersedes)
        if changed != stored[receipt.receipt_id]:
            settled = {name: getattr(changed, name) for name in SETTLED}
            ledger.set_receipt_status(
                receipt.receipt_id, verdict.status, verdict.reason_vi, supersedes=verdict.supersedes, **settled
            )
        current.append(changed)
    return current


def _counts(reading: DocumentReading) -> bool:
    content = reading.reading
    statuses = {o.use_status for o in content.observations} | {i.use_status for i in content.narrative_items}
    return "in_force" in statuses


def _about_messages(receipts: list[Receipt], resolved: Resolved, catalogue: Catalogue, period: str) -> Iterator[Any]:
    in_force = {r.submitter_id for r in resolved.readings if _counts(r)}
    for receipt in receipts:
        yield from message_findings(receipt, catalogue)
        yield from waiting_replacement(receipt, catalogue, in_force)
    read = {
        r.receipt_id for r in receipts if r.submitter_id and r.status not in UNUSED
    }
    yield from silent_documents([r for r in resolved.readings if r.document.receipt_id in read], period)
    yield from missing_submissions(receipts, catalogue, period, in_force)
    yield from missing_references(catalogue, period)
