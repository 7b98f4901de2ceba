"""The records that the ledger keeps: receipts, documents, decisions, editions, deliveries, runs, audit.

`flows/records.py` names them again beside the records that only travel between steps. Dates and times are
ISO 8601 text with offset. Every record is frozen; a change is a new record under the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any, Literal

ReceiptStatus = Literal[
    "received",     # in force
    "late",         # in force, after the deadline
    "superseded",   # replaced by a later message of the same submitter
    "duplicate",    # the twin of another message, byte for byte
    "rejected",     # cannot be this month's submission (another year, another month)
    "quarantined",  # sender unknown or not proved: kept and shown, not used
    "unopened",     # could not be taken apart: kept and shown, not used
    "no_data",      # nothing to use: newsletter, empty message
]
Proof = Literal[
    "",         # nothing proves who sent it
    "dmarc",    # our mail server found that the domain of the address sent it
    "dkim",     # it carries a right signature of that domain, which has no DMARC
    "relay",    # it carries a right signature of a relay that the submitter's row names
    "by_hand",  # a person of the house put it into the inbox and vouches for it
    "address",  # its address is the submitter's, nothing else: it counts, and replaces nothing by itself
    "upload",   # it lies in the submitter's upload folder: as "address"
    "earlier",  # received before proofs were kept: it counts as it did then
]
DeliveryState = Literal[
    "pending",      # to be sent
    "claimed",      # being sent; found at a start, its sender died
    "accepted",     # the mail server took it over
    "rejected",     # the mail server refused it for good; a person must look
    "uncertain",    # sent, but no answer came: never sent again without proof or a person
    "held",         # not sent: an address needs approval first
    "packaged",     # no address: its package waits to be handed over
    "filed",        # the issuer's own copy
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message or loose file as it came in. Key: `receipt_id`: of a message from its bytes alone.

    `message` is the name under which it was found, NFC ("024.eml"). `sent_at` is the Date header;
    only it decides whether the submission is late.
    """

    receipt_id: str
    period: str
    message: str
    sha256: str
    sender_address: str
    submitter_id: str
    subject: str
    sent_at: str
    received_at: str
    status: ReceiptStatus
    reason_vi: str = ""
    supersedes: str = ""     # receipt_id of the submission that this one replaces
    in_reply_to: str = ""
    message_id: str = ""     # of the message itself, for the answer
    problem: str = ""        # kind of the finding about the whole message, as it came in
    traced_at: str = ""      # when the last mail server took it over, by its own line; "" when none says so
    proof: Proof = ""        # why its sender was believed when it came in
    proof_vi: str = ""       # the sentence: who was believed, and why
    held_vi: str = ""        # why it was held when it came in; a release leaves this as it is
    decision_id: str = ""    # the decision that released or refused it


@dataclass(frozen=True, slots=True)
class Document:
    """One readable thing inside a receipt: an attachment, a file of a zip, or the mail text "(body)".

    Key: `receipt_id`, `file`. `file` is the attachment's name in NFC, "archive.zip/inner/name" inside a zip,
    "(body)" for the text. The bytes stand in the archive under `sha256`; a part that gave none has an empty one.
    `problem` is the kind of finding that taking the message apart calls for, with its sentence `problem_vi`.
    """

    receipt_id: str
    message: str
    file: str
    sha256: str
    size: int
    media_type: str
    problem: str = ""
    problem_vi: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file of the inbox that gave no receipt of its own in the month of the run. Key: `sighting_id`.

    The bytes are those of `receipt_id`, found under another `name` (kind "exact_duplicate"), or filed under another
    month than `period` ("filed_under_other_month"). It stays true when the file is no longer there.
    """

    sighting_id: str
    period: str
    name: str
    receipt_id: str
    submitter_id: str
    kind: str
    sentence_vi: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a named person decided, with the reason. Never edits what was received. Key: `decision_id`.

    correct: `target` is an observation_id, `value` the figure to use, `basis` the value it replaces.
    supply:  `target` is "period/submitter_id/area_code/indicator_id", for a figure nobody sent.
    waive:   `target` is a finding_id, `basis` the exact values it is bound to.
    release, refuse: `target` is the receipt_id of a held message, `value` the submitter whose it is.
    """

    decision_id: str
    kind: Literal["correct", "supply", "waive", "release", "refuse", "withdraw"]
    period: str
    target: str
    value: str
    basis: str
    reason: str
    person: str
    decided_at: str
    expires_at: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One file of an edition."""

    name: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A frozen publication of one month. Key: `edition_id`, "<period>-<number>"; the archive has its outputs."""

    edition_id: str
    period: str
    number: int
    build_id: str
    manifest_sha256: str
    published_at: str
    outputs: tuple[Output, ...] = field(default=())

    @property
    def manifest_key(self) -> str:
        """The name under which the archive holds its manifest."""
        return manifest_key(self.period, self.number)


def manifest_key(period: str, number: int) -> str:
    """Return the name under which the archive holds an edition's manifest."""
    return f"editions/{period}/{number}/manifest.json"


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word that an edition, exactly as frozen, may leave the house; a link of the chain."""

    edition_id: str
    manifest_sha256: str
    person_id: str
    person_name: str
    approved_at: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the outbox: an edition for one recipient, and what became of it. Key: `delivery_id`.

    `delivery_id` is "<edition_id>.<recipient_id>", so an edition can be put out for a recipient only once.
    `message_sha256` names the exact bytes of the message in the archive; `place` is where the package stands.
    `attempts` counts tries; `data_ended_at` says that the last try was about to send the end of the message,
    after which only the server's answer tells whether it arrived. `claim` is the number of the link that claimed it
    last: whoever sends knows it, and finds out by it that somebody else has claimed since. `environment` is the one
    it was put out or last tried in: what a rehearsal took is not sent. Old records say neither.
    """

    delivery_id: str
    edition_id: str
    period: str
    recipient_id: str
    recipient_name: str
    channel: str
    addresses: tuple[str, ...]
    state: DeliveryState
    subject: str
    created_at: str
    message_id: str = ""
    message_sha256: str = ""
    place: str = ""
    attempts: int = 0
    claimed_at: str = ""
    data_ended_at: str = ""
    finished_at: str = ""
    server: str = ""
    response: str = ""
    claim: int = 0
    environment: str = ""

    @property
    def is_rehearsal(self) -> bool:
        """Whether it was put out or last tried outside production: no server was told a real address."""
        return self.environment not in ("", "production") or (not self.environment and self.server == "sink")

    @property
    def was_rehearsed(self) -> bool:
        """Whether it is a mail that only the mailbox on this machine took: it was not sent to anybody."""
        return self.state == "accepted" and self.is_rehearsal

    @property
    def proof(self) -> str:
        """What shows that it arrived, or why it did not: the server's answer, or where the package stands."""
        return self.response or self.place


SCHEDULED = "scheduled month"  # command of a run that the standing server began
COMMANDED = "month"            # and of one that a person began


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command that changes something. Key: `run_id`. `outcome` is empty while it runs.

    `outcome` afterwards: published, awaiting_decision, no_mail, or the name of the error that ended it.
    """

    run_id: str
    period: str
    command: str
    started_at: str
    finished_at: str = ""
    outcome: str = ""
    build_id: str = ""
    edition_id: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain. Key: `seq`, from 1 without gaps.

    `subject` is "<table>/<key>", `detail` the whole record after the change as canonical JSON, `hash` the
    SHA-256 over the canonical JSON of the other fields, `prev_hash` the hash of the link before.
    """

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerView:
    """What the ledger holds of a month and of those before it, at one moment, in the order recorded.

    `head` is number and hash of the last link of the audit chain.
    """

    receipts: tuple[Receipt, ...]
    decisions: tuple[Decision, ...]
    head: tuple[int, str]

    @property
    def inputs_sha256(self) -> str:
        """What a build of the month notes of the ledger."""
        return inputs_digest(self.receipts, self.decisions)


def inputs_digest(receipts: Iterable[Receipt], decisions: Iterable[Decision]) -> str:
    """Return the SHA-256 (hex) of what a build takes from the ledger; the order does not count.

    The build notes it, and freezing an edition refuses when the ledger's is another by then.
    """
    records: list[Receipt | Decision] = [*receipts, *decisions]
    lines = sorted(json.dumps(_values(record)) for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _values(record: Receipt | Decision) -> list[Any]:
    return [type(record).__name__, *astuple(record)]
