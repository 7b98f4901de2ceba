"""The ledger: who, when and why. Small, transactional, on SQLite or PostgreSQL with the same code.

Every change is one transaction that also adds one link to the audit chain, and every record has a key, so
doing anything twice is doing it once. SQLAlchemy is imported when a ledger is opened, not before.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from infra import audit
from infra.clock import stamp
from infra.errors import ClaimLostError, MovedError
from infra.ledger_records import (
    Approval,
    AuditEntry,
    Decision,
    Delivery,
    DeliveryState,
    Document,
    Edition,
    LedgerView,
    Output,
    Receipt,
    ReceiptStatus,
    Run,
    Sighting,
)
from infra.ledger_store import LedgerStore, as_written, ledger_error, open_engine, to_record, values_of
from infra.standing import in_force

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from infra.settings import Settings

ACTOR = "tonghop"  # who acts when no person does

# Which state of a delivery may follow which; whatever is not here would lose or repeat a message.
NEXT_STATES: dict[str, tuple[str, ...]] = {
    "pending": ("claimed", "held", "packaged", "filed", "uncertain"),
    "held": ("pending", "uncertain"),
    "claimed": ("pending", "accepted", "rejected", "uncertain"),
    "uncertain": ("accepted", "rejected", "pending"),
    "rejected": ("pending", "accepted"),      # by a person's word: a restored ledger knows less
    "accepted": (),
    "packaged": ("accepted",),
    "filed": (),
}


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger at `settings.ledger_url`, its schema created or brought up to date.

    Args:
        settings: Says where it is, and what time it is.

    Raises:
        OperationError: The database cannot be opened, or a newer release wrote it.
    """
    from infra.migrations import HEAD, bring_up_to_date, schema_version

    key = audit.read_key(settings.audit_key_file)
    ledger = Ledger(open_engine(settings.ledger_url), partial(stamp, settings.clock), key)
    with ledger.reading() as connection:
        is_current = schema_version(connection) == HEAD
    if not is_current:
        with ledger.writing() as connection:
            bring_up_to_date(connection)
    return ledger


class Ledger(LedgerStore):
    """All that the ledger is asked. Lists come in the order in which things were recorded."""

    # ------------------------------------------------------------ receipts

    def add_receipt(self, receipt: Receipt, documents: Iterable[Document] = (), actor: str = ACTOR) -> bool:
        """Record a message and what is in it; return False when the receipt is known."""
        with self.writing() as connection:
            if self._has(connection, self.tables.receipts, receipt.receipt_id):
                return False
            held = list(documents)
            detail = _receipt_detail(receipt, held)
            seq = self._note(connection, actor, "receipt_added", f"receipts/{receipt.receipt_id}", detail)
            self._insert(connection, self.tables.receipts, values_of(receipt), seq)
            for position, document in enumerate(held):
                values = values_of(document) | {"position": position}
                self._insert(connection, self.tables.documents, values, seq)
            return True

    def open_receipt(self, receipt: Receipt, documents: Iterable[Document], actor: str = ACTOR) -> None:
        """Record what a message held that could not be taken apart before.

        Raises:
            OperationError: The receipt is not known, or was opened already.
        """
        with self.writing() as connection:
            before = self._one(connection, self.tables.receipts, Receipt, receipt.receipt_id)
            if before.status != "unopened":
                raise ledger_error(f"Thư {receipt.receipt_id} đã được mở.", f"{receipt.receipt_id} was opened before.")
            held = list(documents)
            opened = dataclasses.replace(receipt, received_at=before.received_at)
            link = (actor, "receipt_opened")
            seq = self._change(connection, self.tables.receipts, opened, _receipt_detail(opened, held), link)
            for position, document in enumerate(held):
                values = values_of(document) | {"position": position}
                self._insert(connection, self.tables.documents, values, seq)

    def set_receipt_status(
        self, receipt_id: str, status: ReceiptStatus, reason_vi: str = "", supersedes: str | None = None,
        actor: str = ACTOR, **settled: str,
    ) -> None:
        """Change what a receipt counts for, and why; the same again changes nothing.

        Args:
            receipt_id: Which receipt.
            status: What it counts for from now on.
            reason_vi: Why, in Vietnamese.
            supersedes: The receipt that it replaces; None leaves it as it is.
            actor: Who changes it.
            settled: Other fields that a decision about the receipt changes: `submitter_id`, `decision_id`, …

        Raises:
            OperationError: The receipt is not known.
        """
        with self.writing() as connection:
            receipt = self._one(connection, self.tables.receipts, Receipt, receipt_id)
            replaced = receipt.supersedes if supersedes is None else supersedes
            told: dict[str, Any] = {"status": status, "reason_vi": reason_vi, "supersedes": replaced} | settled
            changed = dataclasses.replace(receipt, **told)
            if changed != receipt:
                held = self._records(connection, self.tables.documents, Document, receipt_id=receipt_id)
                detail = _receipt_detail(changed, held)
                self._change(connection, self.tables.receipts, changed, detail, (actor, f"receipt_{status}"))

    def receipts(self, period: str | None = None) -> list[Receipt]:
        """Return the receipts of a month, or all."""
        with self.reading() as connection:
            return self._records(connection, self.tables.receipts, Receipt, period=period)

    def documents(self, receipt_id: str | None = None) -> list[Document]:
        """Return what a receipt held, or what all did."""
        with self.reading() as connection:
            return self._records(connection, self.tables.documents, Document, receipt_id=receipt_id)

    def add_sighting(self, sighting: Sighting, actor: str = ACTOR) -> bool:
        """Record that known bytes were found again elsewhere; return False when that is known."""
        return self._add(self.tables.sightings, sighting, actor, "sighting_added")

    def sightings(self, period: str | None = None) -> list[Sighting]:
        """Return what was found again in the runs of a month, or in all."""
        with self.reading() as connection:
            return self._records(connection, self.tables.sightings, Sighting, period=period)

    # ------------------------------------------------------------ decisions

    def add_decision(self, decision: Decision) -> bool:
        """Record a decision, with its person as actor; return False when it is known."""
        return self._add(self.tables.decisions, decision, decision.person, f"decision_{decision.kind}")

    def decisions(self, period: str | None = None) -> list[Decision]:
        """Return every decision of a month, or all; withdrawn ones and withdrawals too."""
        with self.reading() as connection:
            return self._records(connection, self.tables.decisions, Decision, period=period)

    def decisions_in_force(self, period: str | None = None) -> list[Decision]:
        """Return the decisions that hold, of a month or all (`infra.standing`)."""
        return in_force(self.decisions(period))

    # ------------------------------------------------------------ editions

    def view(self, period: str) -> LedgerView:
        """Return what a build of a month takes from the ledger, at one moment: its own and all earlier months'."""
        with self.reading() as connection:
            return self._view(connection, period)

    @contextlib.contextmanager
    def freezing(self, period: str, inputs_sha256: str) -> Iterator[Callable[[Edition], None]]:
        """One transaction in which an edition is frozen; gives what records it. Nobody decides anything meanwhile.

        Args:
            period: The month of the edition.
            inputs_sha256: What its build noted of the ledger.

        Raises:
            MovedError: The ledger's receipts or decisions are no longer those.
        """
        with self.writing() as connection:
            if self._view(connection, period).inputs_sha256 != inputs_sha256:
                raise MovedError(
                    "Trong lúc phát hành đã có quyết định hoặc thư mới.",
                    "A decision or a message was recorded while the edition was made.",
                    remedy_vi="Chạy lại tháng đó để dùng quyết định mới.",
                )
            yield lambda edition: self._put_edition(connection, edition, ACTOR)

    def _view(self, connection: Connection, period: str) -> LedgerView:
        receipts = self._records(connection, self.tables.receipts, Receipt)
        decisions = self._records(connection, self.tables.decisions, Decision)
        return LedgerView(
            tuple(r for r in receipts if r.period <= period),
            tuple(d for d in decisions if d.period <= period),
            self._head(connection),
        )

    def add_edition(self, edition: Edition, actor: str = ACTOR) -> bool:
        """Record a frozen edition with its outputs; return False when it is known.

        Raises:
            OperationError: It is known with other contents.
        """
        with self.writing() as connection:
            known = {e.edition_id: e.manifest_sha256 for e in self._editions(connection, edition.period)}
            if edition.edition_id in known:
                if known[edition.edition_id] != edition.manifest_sha256:
                    raise ledger_error(f"Lần phát hành {edition.edition_id} đã có với nội dung khác.",
                                       f"Edition {edition.edition_id} was published with other contents.")
                return False
            self._put_edition(connection, edition, actor)
            return True

    def _put_edition(self, connection: Connection, edition: Edition, actor: str) -> None:
        detail = dataclasses.asdict(edition)
        seq = self._note(connection, actor, "edition_published", f"editions/{edition.edition_id}", detail)
        outputs = detail.pop("outputs")
        self._insert(connection, self.tables.editions, detail, seq)
        for position, output in enumerate(outputs):
            values = {"edition_id": edition.edition_id, "position": position} | output
            self._insert(connection, self.tables.outputs, values, seq)

    def editions(self, period: str | None = None) -> list[Edition]:
        """Return the editions of a month, or all, with their outputs."""
        with self.reading() as connection:
            return self._editions(connection, period)

    def _editions(self, connection: Connection, period: str | None) -> list[Edition]:
        outputs: dict[str, list[Output]] = {}
        for row in self._rows(connection, self.tables.outputs):
            outputs.setdefault(row.edition_id, []).append(to_record(Output, row))
        return [
            dataclasses.replace(edition, outputs=tuple(outputs.get(edition.edition_id, ())))
            for edition in self._records(connection, self.tables.editions, Edition, period=period)
        ]

    def approve(self, approval: Approval) -> Approval:
        """Record a person's word that an edition may leave the house, once; return the word that holds.

        Raises:
            OperationError: The ledger has no such edition with these contents.
        """
        with self.writing() as connection:
            edition = self._one(connection, self.tables.editions, Edition, approval.edition_id)
            if edition.manifest_sha256 != approval.manifest_sha256:
                raise ledger_error(f"Ấn bản {approval.edition_id} có nội dung khác bản được phê duyệt.",
                                   f"Edition {approval.edition_id} has other contents than what is approved.")
            known = self._approval(connection, edition)
            if known is None:
                subject = f"{audit.APPROVALS}{approval.edition_id}"
                self._note(connection, approval.person_id, "edition_approved", subject, values_of(approval))
            return known or approval

    def approval(self, edition: Edition) -> Approval | None:
        """Return who approved an edition exactly as it is; None while nobody did."""
        with self.reading() as connection:
            return self._approval(connection, edition)

    def _approval(self, connection: Connection, edition: Edition) -> Approval | None:
        subject = f"{audit.APPROVALS}{edition.edition_id}"
        links = self._records(connection, self.tables.audit, AuditEntry, subject=subject)
        words = [Approval(**json.loads(link.detail)) for link in links]
        return next((word for word in words if word.manifest_sha256 == edition.manifest_sha256), None)

    # ------------------------------------------------------------ outbox and deliveries

    def add_delivery(self, delivery: Delivery, actor: str = ACTOR) -> bool:
        """Put a line into the outbox; return False when that edition was put out for that recipient before."""
        return self._add(self.tables.deliveries, delivery, actor, "delivery_added")

    def deliveries(self, period: str | None = None, edition_id: str | None = None) -> list[Delivery]:
        """Return the outbox of a month, of one edition, or all of it."""
        with self.reading() as connection:
            return self._records(
                connection, self.tables.deliveries, Delivery, period=period, edition_id=edition_id
            )

    def delivery(self, delivery_id: str) -> Delivery:
        """Return one line of the outbox.

        Raises:
            OperationError: There is none.
        """
        with self.reading() as connection:
            remedy_vi = "Xem mã lần gửi bằng tonghop deliveries --period, như 2019-04-1.mic."
            return self._one(connection, self.tables.deliveries, Delivery, delivery_id, remedy_vi)

    def claim_delivery(self, delivery: Delivery, actor: str = ACTOR, **changes: Any) -> Delivery:
        """Take a due delivery for one try and return it with its fencing token, `claim`, which only ever grows.

        Raises:
            ClaimLostError: It is no longer as the caller knows it.
        """
        with self.writing() as connection:
            current = self._check_held(connection, delivery, "claimed")
            taken = dataclasses.replace(
                current, state="claimed", claim=self._head(connection)[0] + 1, attempts=current.attempts + 1,
                claimed_at=self.now(), data_ended_at="", finished_at="", response="", **changes,
            )
            return self._put_delivery(connection, taken, actor, "delivery_claimed")

    def move_delivery(self, delivery: Delivery, state: DeliveryState, actor: str = ACTOR, **changes: Any) -> Delivery:
        """Move a delivery to its next state, noting what is known by then (`response`, `place`, …).

        Args:
            delivery: As the mover knows it.
            state: The next one.
            actor: Who moves it.
            changes: Other fields that change with it.

        Raises:
            ClaimLostError: It is no longer so: somebody else claimed it, or sent the end of its message, or moved it
                to where that state may not follow.
        """
        with self.writing() as connection:
            current = self._check_held(connection, delivery, state)
            moved = dataclasses.replace(current, state=state, **changes)
            return self._put_delivery(connection, moved, actor, f"delivery_{state}")

    def begin_anew(self, delivery: Delivery, actor: str = ACTOR, **changes: Any) -> Delivery:
        """Put a line out again that was only rehearsed: nothing was sent, whatever the rehearsal's server answered.

        Raises:
            ClaimLostError: It is no longer so.
        """
        with self.writing() as connection:
            current = self._check_held(connection, delivery)
            if not (current.message_id and current.is_rehearsal):
                raise _claim_lost(delivery.delivery_id)
            anew = dataclasses.replace(
                current, state="pending", server="", response="", finished_at="", data_ended_at="", **changes
            )
            return self._put_delivery(connection, anew, actor, "delivery_begun_anew")

    def end_data(self, delivery: Delivery, actor: str = ACTOR) -> Delivery:
        """Note that a claimed delivery's last bytes go out now: only an answer tells whether it arrives.

        Raises:
            ClaimLostError: The claim is no longer the caller's; the end must not go out.
        """
        with self.writing() as connection:
            current = self._check_held(connection, delivery, "uncertain")
            if current.state != "claimed":
                raise _claim_lost(delivery.delivery_id)
            ended = dataclasses.replace(current, data_ended_at=self.now())
            return self._put_delivery(connection, ended, actor, "delivery_data_ended")

    def _check_held(self, connection: Connection, delivery: Delivery, state: str = "") -> Delivery:
        """Return a delivery as it is now, if it is still what the caller acts on and that state, if any, may follow."""
        current = self._one(connection, self.tables.deliveries, Delivery, delivery.delivery_id)
        if (current.claim, current.data_ended_at) != (delivery.claim, delivery.data_ended_at):
            raise _claim_lost(delivery.delivery_id)
        if state and state not in NEXT_STATES[current.state]:
            raise ClaimLostError(
                f"Lượt gửi {delivery.delivery_id} đang là “{current.state}”, không thể thành “{state}”.",
                f"Delivery {delivery.delivery_id} is {current.state} and cannot become {state}.",
            )
        return current

    def _put_delivery(self, connection: Connection, delivery: Delivery, actor: str, action: str) -> Delivery:
        self._change(connection, self.tables.deliveries, delivery, as_written(delivery), (actor, action))
        return delivery

    # ------------------------------------------------------------ runs

    def start_run(self, run: Run, actor: str = ACTOR) -> bool:
        """Record that a command began; return False when that run is known."""
        return self._add(self.tables.runs, run, actor, "run_started")

    def finish_run(
        self, run_id: str, outcome: str, build_id: str = "", edition_id: str = "", actor: str = ACTOR
    ) -> Run:
        """Record how a run ended, and what it built and published."""
        with self.writing() as connection:
            run = self._one(connection, self.tables.runs, Run, run_id)
            finished = dataclasses.replace(
                run, outcome=outcome, finished_at=self.now(), build_id=build_id, edition_id=edition_id
            )
            self._change(connection, self.tables.runs, finished, values_of(finished), (actor, "run_finished"))
            return finished

    def runs(self, period: str | None = None) -> list[Run]:
        """Return the runs of a month, or all."""
        with self.reading() as connection:
            return self._records(connection, self.tables.runs, Run, period=period)

    # ------------------------------------------------------------ audit

    def audit_entries(self, subject: str | None = None) -> list[AuditEntry]:
        """Return the chain, or its links about one subject ("deliveries/2019-04-1.mic")."""
        with self.reading() as connection:
            return self._records(connection, self.tables.audit, AuditEntry, subject=subject)

    def audit_head(self) -> tuple[int, str]:
        """Return number and hash of the last link, to be noted outside the ledger; (0, "") when there is none."""
        with self.reading() as connection:
            return self._head(connection)

    def go_on_without(self, anchors: Iterable[tuple[int, str]], person: str, reason: str) -> int:
        """Note that the chain goes on without heads noted outside that it does not contain; return how many.

        A ledger restored from an older backup is used again by this word of a person only. Where the chain has a key
        from now on, the first link with it is this word too.
        """
        with self.writing() as connection:
            entries = self._records(connection, self.tables.audit, AuditEntry)
            lost = [anchor for anchor in anchors if audit.find_cut(entries, [anchor])]
            if self.key and not audit.is_keyed(self._head(connection)[1]):
                self._note(connection, person, audit.KEY_BEGUN, f"{audit.ANCHORS}key", {"reason": reason})
            for seq, digest in lost:
                detail = {"seq": seq, "hash": digest, "reason": reason}
                self._note(connection, person, audit.DONE_WITHOUT, audit.anchor_subject(seq, digest), detail)
        return len(lost)

    def verify_audit(self, anchors: Iterable[tuple[int, str]] = (), may_be_unkeyed: bool = False) -> int:
        """Return the number of links, once all are whole and every record is as its last link says.

        Args:
            anchors: Heads noted outside (`infra/anchors.py`), number and hash; only they show that the newest
                links were cut off.
            may_be_unkeyed: Whether a chain is whole that has none of the key's links yet.

        Raises:
            OperationError: A link or a record was changed, added or removed by other means than this class.
        """
        with self.reading() as connection:
            entries = self._records(connection, self.tables.audit, AuditEntry)
            records = dict(self._details(connection))
            places = dict(self._places(connection))
        fault = (
            audit.find_broken_link(entries, self.key, may_be_unkeyed)
            or audit.find_changed_record(entries, records)
            or audit.find_moved_record(entries, places)
            or audit.find_cut(entries, anchors)
        )
        if fault:
            raise fault
        return len(entries)

    def _places(self, connection: Connection) -> Iterator[tuple[str, int]]:
        """Yield every subject with the number of the link that its row says it was written with.

        What belongs to a record (documents, outputs) has its order within that record's own detail.
        """
        tables = self.tables
        for table in (tables.receipts, tables.sightings, tables.decisions, tables.editions, tables.deliveries,
                      tables.runs):  # fmt: skip
            (key,) = table.primary_key.columns
            for row in self._rows(connection, table):
                yield f"{table.name}/{row._mapping[key.name]}", row.ledger_seq

    def _details(self, connection: Connection) -> Iterator[tuple[str, str]]:
        """Yield every subject with the JSON of its record as it is now."""
        held: dict[str, list[Document]] = {}
        for document in self._records(connection, self.tables.documents, Document):
            held.setdefault(document.receipt_id, []).append(document)
        for receipt in self._records(connection, self.tables.receipts, Receipt):
            detail = _receipt_detail(receipt, held.get(receipt.receipt_id, []))
            yield f"receipts/{receipt.receipt_id}", audit.canonical_json(detail)
        for edition in self._editions(connection, None):
            yield f"editions/{edition.edition_id}", audit.canonical_json(dataclasses.asdict(edition))
        tables = self.tables
        plain: list[tuple[Table, Any]] = [
            (tables.sightings, Sighting), (tables.decisions, Decision),
            (tables.deliveries, Delivery), (tables.runs, Run),
        ]
        for table, kind in plain:
            (key,) = table.primary_key.columns
            for row in self._rows(connection, table):
                detail = as_written(to_record(kind, row))
                yield f"{table.name}/{row._mapping[key.name]}", audit.canonical_json(detail)


def _claim_lost(delivery_id: str) -> ClaimLostError:
    return ClaimLostError(
        f"Lượt gửi {delivery_id} đã do tiến trình khác xử lý.", f"Delivery {delivery_id} is another process's now.",
        remedy_vi="Xem bằng lệnh tonghop deliveries; không có thư nào bị gửi hai lần.",
    )


def _receipt_detail(receipt: Receipt, documents: list[Document]) -> dict[str, Any]:
    return as_written(receipt) | {"documents": [as_written(document) for document in documents]}

