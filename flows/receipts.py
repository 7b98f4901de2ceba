"""A receipt as it stands before versions are settled: in which order it came, what was decided about it, whose it is.

A decision never edits what came in: `problem`, `held_vi` and the proof say for good how a message arrived, so that a
release that is withdrawn leaves it where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flows.records import Decision, Receipt
from infra.catalogue import Catalogue
from infra.periods import is_late, late_sentence
from infra.vietnamese import moment

# Why a message is held when it comes in, and so can be released by a person.
OF_SENDER = ("unproved_sender", "unknown_sender", "loose_file")  # nobody knows whose it is
OF_CONTENT = ("date_in_future", "last_year_file", "other_month_file")
PROVED = ("dmarc", "dkim", "relay", "by_hand", "earlier")
USED = ("received", "late", "superseded", "duplicate")
DECIDED = ("release", "refuse")


def arrival_order(receipt: Receipt) -> tuple[float, float, str]:
    """Return what orders receipts: the moment of receipt; of those received together, when our server took them over.

    Only where no server's line says so does the sender's own date decide, and never one after the receipt: a date
    cannot put a message behind one that came later.
    """
    together = receipt.traced_at or receipt.sent_at
    if not together or (receipt.received_at and moment(together) > moment(receipt.received_at)):
        together = receipt.received_at
    return _instant(receipt.received_at), _instant(together), receipt.message


def in_order(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return receipts in the order in which they came (`arrival_order`)."""
    return sorted(receipts, key=arrival_order)


def decided_about(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return the release or refusal that holds for each receipt, of the decisions in force (`infra.standing`)."""
    return {decision.target: decision for decision in decisions if decision.kind in DECIDED}


def is_proved(receipt: Receipt) -> bool:
    """Return whether a message may replace another one: its sender is proved, or a person released it."""
    return receipt.proof in PROVED or bool(receipt.decision_id)


def channel(receipt: Receipt) -> str:
    """Return by which way a receipt came: the sender's address, or the upload folder."""
    return receipt.sender_address or f"{receipt.message.partition('/')[0]}/"


def is_held_on_arrival(receipt: Receipt) -> bool:
    """Return whether a message was held when it came in, for a reason that a person can lift."""
    is_unnamed = receipt.status == "quarantined" and not receipt.problem and not receipt.submitter_id  # of old ledgers
    return receipt.problem in (*OF_SENDER, *OF_CONTENT) or is_unnamed


def can_be_decided(receipt: Receipt) -> bool:
    """Return whether a receipt is, or was before a decision, one that waits for a person."""
    return bool(receipt.decision_id) or (receipt.status == "quarantined" and receipt.problem != "file_too_large")


def why_believed(receipt: Receipt) -> str:
    """Return in a sentence who was believed and why, or why nobody is yet."""
    if receipt.decision_id and receipt.status != "rejected":
        before = receipt.held_vi or receipt.proof_vi
        return f"Tin vì người phụ trách cho dùng (quyết định {receipt.decision_id}). Lúc nhận: {before}"
    return receipt.proof_vi if receipt.status in USED else receipt.reason_vi or receipt.proof_vi


def how_to_decide(receipt: Receipt, catalogue: Catalogue) -> str:
    """Return how a person lets a held message count, or not; the unit must be named where the address names none."""
    is_known = receipt.submitter_id or receipt.sender_address in catalogue.submitter_by_address
    whose = "" if is_known else " --for ĐƠN_VỊ"
    asked = '--by NGƯỜI --reason "…"'
    return (f"Dùng thư này: tonghop release {receipt.receipt_id}{whose} {asked}; "
            f"không dùng: tonghop refuse {receipt.receipt_id} {asked}.")


def as_arrived(receipt: Receipt, decision: Decision | None, catalogue: Catalogue) -> Receipt:
    """Return a receipt as it came in, with what a person decided about it; what versions settled is undone.

    Args:
        receipt: As the ledger has it.
        decision: The release or refusal in force, if any.
        catalogue: The catalogue of its month, for the deadline.
    """
    if receipt.status in ("duplicate", "no_data", "unopened") or receipt.problem == "file_too_large":
        return replace(receipt, supersedes="")
    plain = replace(receipt, supersedes="", decision_id="")
    if is_held_on_arrival(receipt):
        plain = _held(plain)
    if decision is None:
        return plain if plain.held_vi else _counted(plain, catalogue)
    if decision.kind == "refuse":
        reason = f"{decision.person} đã từ chối thư này: {decision.reason}"
        return replace(plain, status="rejected", reason_vi=reason, decision_id=decision.decision_id)
    released = replace(plain, submitter_id=decision.value or plain.submitter_id, decision_id=decision.decision_id)
    return _counted(released, catalogue)


def _held(receipt: Receipt) -> Receipt:
    """Return a held message as it was before any decision; one of an old ledger keeps its reason from now on."""
    problem = receipt.problem or "unknown_sender"
    why = receipt.held_vi or receipt.reason_vi
    whose = "" if problem in OF_SENDER else receipt.submitter_id
    return replace(receipt, status="quarantined", problem=problem, held_vi=why, reason_vi=why, submitter_id=whose)


def _counted(receipt: Receipt, catalogue: Catalogue) -> Receipt:
    """Return a message that counts; a file's own date never makes it late."""
    if receipt.sender_address and is_late(receipt.sent_at, catalogue, receipt.period):
        sentence = late_sentence(receipt.sent_at, catalogue, receipt.period)
        return replace(receipt, status="late", reason_vi=sentence)
    return replace(receipt, status="received", reason_vi="")


def _instant(stamp: str) -> float:
    return moment(stamp).timestamp() if stamp else 0.0
