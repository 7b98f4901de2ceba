"""Deliver an edition: fill the outbox, clear up what a dead process left, send what is due, keep the proof."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flows.deliver import witness
from flows.deliver.changes import describe_changes
from flows.deliver.mailer import Patience, Route, hold_reason, open_route, transmit
from flows.deliver.message import Parcel, compose_message, message_id, outputs_for, pack, subject_of, write_letter
from flows.deliver.packages import package_folder, write_package
from flows.deliver.settle import settle_interrupted, settle_line
from flows.progress import Advance
from flows.records import Delivery, Edition
from infra.anchors import note_head, require_known_heads
from infra.errors import OperationError
from infra.killpoints import reached

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.catalogue import Catalogue, Recipient
    from infra.ledger import Ledger
    from infra.ledger_records import DeliveryState
    from infra.settings import Settings


UNAPPROVED = "Ấn bản chờ người phê duyệt: tonghop approve."


def deliver_edition(
    settings: Settings, archive: Archive, ledger: Ledger, catalogue: Catalogue, edition: Edition,
    patience: Patience | None = None, advance: Advance | None = None,
) -> list[Delivery]:
    """Bring an edition to each line of the recipients block, once, and return what became of each line.

    A line with addresses gets one message to all of them; any other gets a package to hand over. Running
    again sends only what is still due: what was accepted, or may have been, is never sent a second time. In
    production nothing leaves before an approver's word, unless the installation says otherwise. `advance` is told
    how many of the messages due have been tried.

    Returns:
        One delivery a line in printed order. "pending": the server would not take it now; run again.
        "uncertain": no answer came after the whole message was sent; a person decides (`settle_delivery`).

    Raises:
        OperationError: Another process is delivering, the ledger is not whole or older than its heads noted
            outside, the archive no longer holds the edition as it was frozen, the mail settings are not usable, or
            outside production the mail would leave this machine.
    """
    with ledger.only_one("deliver"):
        require_known_heads(settings, archive, ledger)
        _require_frozen(archive, edition)
        _fill_outbox(settings, archive, ledger, catalogue.at(edition.period), edition)
        note_head(settings, archive, ledger)
        settle_interrupted(settings, archive, ledger, edition)
        _hand_over(settings, archive, ledger, edition)
        _send_mail(settings, archive, ledger, edition, patience or Patience(), advance or (lambda done, total: None))
        note_head(settings, archive, ledger)
    return ledger.deliveries(edition_id=edition.edition_id)


def _require_frozen(archive: Archive, edition: Edition) -> None:
    """Refuse to send an edition whose manifest the archive lost; each file is looked at when it is attached."""
    if archive.sha256_of(edition.manifest_key) != edition.manifest_sha256:
        raise OperationError(
            f"Không gửi gì: bản kê của ấn bản {edition.edition_id} trong kho lưu trữ đã mất hoặc khác sổ cái.",
            f"Nothing is sent: the manifest of {edition.edition_id} is gone from the archive or not the ledger's.",
            place=edition.manifest_key, remedy_vi="Khôi phục kho lưu trữ từ bản sao lưu, rồi tonghop verify.",
        )


def _fill_outbox(settings: Settings, archive: Archive, ledger: Ledger, catalogue: Catalogue, edition: Edition) -> None:
    """Put a line a recipient into the outbox, once what it will get stands in the archive to the last byte."""
    known = {delivery.recipient_id: delivery for delivery in ledger.deliveries(edition_id=edition.edition_id)}
    former = _former(ledger, edition)
    changes = tuple(describe_changes(archive, catalogue, former, edition)) if former else ()
    mailed = dataclasses.replace(pack(edition, former), changes=changes)
    office = catalogue.office_name
    for recipient in sorted(catalogue.recipients, key=lambda r: r.print_order):
        before = known.get(recipient.recipient_id)
        if before and not _is_to_begin_anew(settings, before):
            continue
        delivery = _new_delivery(settings, edition, former, recipient, ledger.now())
        handed = Parcel(edition, former, outputs_for(edition, recipient.channel), (), changes)
        parcel = mailed if delivery.message_id else handed
        letter = write_letter(parcel, recipient, office, ledger.audit_head())
        if delivery.message_id:
            content = compose_message(settings, archive, parcel, delivery, letter, office)
        else:
            content = letter.encode()
        _put_out(ledger, before, dataclasses.replace(delivery, message_sha256=archive.put(content)))


def is_released(settings: Settings, ledger: Ledger, edition: Edition) -> bool:
    """Return whether an edition may leave the house: approved, or where no approval is asked for."""
    return not settings.needs_approval or ledger.approval(edition) is not None


def _is_to_begin_anew(settings: Settings, delivery: Delivery) -> bool:
    """Return whether a line was only rehearsed: what the local mailbox took is not sent in production."""
    return settings.is_production and bool(delivery.message_id) and delivery.is_rehearsal


def _put_out(ledger: Ledger, before: Delivery | None, delivery: Delivery) -> None:
    reached("deliver.before_outbox_row")
    if before is None:
        ledger.add_delivery(delivery)
    else:
        names = ("addresses", "subject", "created_at", "message_id", "message_sha256", "environment")
        ledger.begin_anew(before, **{name: getattr(delivery, name) for name in names})
    reached("deliver.after_outbox_row")


def _former(ledger: Ledger, edition: Edition) -> Edition | None:
    """Return the edition that this one replaces: the last one before it of which anything left the house."""
    sent = {d.edition_id for d in ledger.deliveries(edition.period) if d.state not in ("pending", "held", "rejected")}
    earlier = [e for e in ledger.editions(edition.period) if e.number < edition.number and e.edition_id in sent]
    return max(earlier, key=lambda e: e.number, default=None)


def _new_delivery(
    settings: Settings, edition: Edition, former: Edition | None, recipient: Recipient, now: str
) -> Delivery:
    is_mail = recipient.channel == "email" and bool(recipient.addresses)
    return Delivery(
        delivery_id=f"{edition.edition_id}.{recipient.recipient_id}", edition_id=edition.edition_id,
        period=edition.period, recipient_id=recipient.recipient_id, recipient_name=recipient.recipient_name,
        channel=recipient.channel, addresses=recipient.addresses, state="pending", subject=subject_of(edition, former),
        created_at=now, environment=settings.environment,
        message_id=message_id(settings, edition, recipient.recipient_id) if is_mail else "",
    )


def _hand_over(settings: Settings, archive: Archive, ledger: Ledger, edition: Edition) -> None:
    """Write the package of every line that gets no message, and of the files too large for one."""
    if not is_released(settings, ledger, edition):
        return
    parcel = pack(edition, None)
    for delivery in ledger.deliveries(edition_id=edition.edition_id):
        if delivery.state == "pending" and not delivery.message_id:
            folder = write_package(settings, archive, edition, delivery, outputs_for(edition, delivery.channel))
            reached("deliver.after_package")
            state: DeliveryState = "filed" if delivery.channel == "archive" else "packaged"
            ledger.move_delivery(delivery, state, place=str(folder), finished_at=ledger.now())
        elif delivery.state in ("packaged", "filed") and delivery.place == str(
                package_folder(settings, edition, delivery)):        # of this machine, and perhaps cleared away since
            write_package(settings, archive, edition, delivery, outputs_for(edition, delivery.channel))
        elif delivery.message_id and parcel.left_out:
            write_package(settings, archive, edition, delivery, parcel.left_out)


def _send_mail(
    settings: Settings, archive: Archive, ledger: Ledger, edition: Edition, patience: Patience, advance: Advance
) -> None:
    """Send every message that is due; one that the server will not take now is tried again after a pause."""
    waits = not is_released(settings, ledger, edition)
    due = [d for d in ledger.deliveries(edition_id=edition.edition_id) if _is_due(settings, ledger, d, waits)]
    if not due:
        return
    with open_route(settings) as route:
        for pause in (0.0, *patience.pauses):
            time.sleep(pause)
            one_by_one = _told(due, advance)
            tried = [_send_one(settings, archive, ledger, route, delivery, patience) for delivery in one_by_one]
            due = [delivery for delivery in tried if delivery.state == "pending"]
            if not due:
                return


def _told(due: Sequence[Delivery], advance: Advance) -> Iterator[Delivery]:
    """Give one after another, and tell how many are done."""
    for done, delivery in enumerate(due):
        advance(done, len(due))
        yield delivery
    advance(len(due), len(due))


def _is_due(settings: Settings, ledger: Ledger, delivery: Delivery, waits: bool = False) -> bool:
    """Return whether a message is to be sent now; hold one that needs approval, release one that got it."""
    if not delivery.message_id or delivery.state not in ("pending", "held"):
        return False
    reason = UNAPPROVED if waits else hold_reason(settings, delivery.addresses)
    if reason and delivery.state == "pending":
        ledger.move_delivery(delivery, "held", response=reason)
    if not reason and delivery.state == "held":
        ledger.move_delivery(delivery, "pending", response="")
    return not reason


def _send_one(
    settings: Settings, archive: Archive, ledger: Ledger, route: Route, delivery: Delivery, patience: Patience
) -> Delivery:
    """Make one try: claim, transmit, note the answer. Whoever lost the claim meanwhile sends no end and notes nothing.

    Raises:
        ClaimLostError: Another process took the delivery over.
    """
    message = archive.get(delivery.message_sha256)
    held = ledger.claim_delivery(delivery, server=route.name, environment=settings.environment)
    reached("deliver.after_claim")

    def note_end() -> None:
        nonlocal held
        witness.note_sending(archive, ledger, held)
        held = ledger.end_data(held)
        reached("deliver.before_end_of_data")

    try:
        answer = transmit(route, held, message, patience, note_end)
    except OperationError as error:
        _release(ledger, held, error)
        raise
    reached("deliver.after_answer")
    done = ledger.move_delivery(held, answer.state, response=answer.response, finished_at=ledger.now())
    reached("deliver.after_noted")
    return done


def _release(ledger: Ledger, held: Delivery, why: OperationError) -> None:
    """Make a delivery whose message had no end due again; where the claim or the ledger is gone, a later run does."""
    if not held.data_ended_at:
        with contextlib.suppress(OperationError):
            ledger.move_delivery(held, "pending", response=why.message_vi)


def send_line(
    settings: Settings, archive: Archive, ledger: Ledger, delivery: Delivery, patience: Patience
) -> Delivery:
    """Make one try to send a line of the outbox that belongs to no edition; the caller holds the right to deliver."""
    delivery = settle_line(settings, archive, ledger, delivery)
    if not _is_due(settings, ledger, delivery):
        return ledger.delivery(delivery.delivery_id)
    with open_route(settings) as route:
        return _send_one(settings, archive, ledger, route, delivery, patience)
