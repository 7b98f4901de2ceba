"""Deliveries whose outcome is open: what a dead process left, and what only a person can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.deliver import witness
from flows.deliver.mailer import SINK
from flows.deliver.sink import has_message
from flows.records import Delivery, Edition
from infra.people import deciding_person
from infra.statements import stated
from infra.vietnamese import day_of

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.ledger_records import DeliveryState
    from infra.settings import Settings


FORGOTTEN = "Kho lưu trữ ghi nhận thư này đã được gửi, nhưng sổ cái (khôi phục từ bản cũ?) không biết."


def settle_interrupted(settings: Settings, archive: Archive, ledger: Ledger, edition: Edition) -> None:
    """Clear up an edition's deliveries whose process died; the caller holds the right to deliver.

    Killed before the end of the message: nothing can have arrived, it is sent again. Killed after: open,
    unless it went to the local mailbox, which lived and died with the process and shows what it took over. What a
    witness saw go out, and the ledger does not remember, is open too.
    """
    for delivery in ledger.deliveries(edition_id=edition.edition_id):
        settle_line(settings, archive, ledger, delivery)


def settle_line(settings: Settings, archive: Archive, ledger: Ledger, delivery: Delivery) -> Delivery:
    """Clear up one line of the outbox, as above."""
    if delivery.state == "claimed":
        delivery = _leave_claimed(ledger, delivery)
    forgotten = witness.forgotten_sendings(archive, ledger, delivery)
    if forgotten and delivery.state in ("pending", "held"):
        delivery = ledger.move_delivery(delivery, "uncertain", response=f"{FORGOTTEN} ({', '.join(forgotten)})")
    if delivery.state == "uncertain" and delivery.server == SINK:
        delivery = _ask_mailbox(settings, ledger, delivery)
    return delivery


def settle_delivery(ledger: Ledger, delivery_id: str, has_arrived: bool, person: str, reason: str) -> Delivery:
    """Record what a person found out about an uncertain, rejected or packaged delivery.

    Args:
        ledger: Holds the delivery.
        delivery_id: "<edition_id>.<recipient_id>".
        has_arrived: True closes it; False puts it into the outbox again, to be sent by the next run.
        person: Who found out: id of a steward of people.csv.
        reason: How: "Cục Thống kê xác nhận qua điện thoại".

    Raises:
        SubmissionError: Person or reason is missing.
        OperationError: The delivery is not open, or the person is no steward.
    """
    person = deciding_person(person, day_of(ledger.now()))
    reason = stated(reason, "lý do", "--reason")
    state: DeliveryState = "accepted" if has_arrived else "pending"
    delivery = ledger.delivery(delivery_id.strip().lower())    # typed from paper, perhaps in capitals
    return ledger.move_delivery(delivery, state, actor=person, response=f"{person}: {reason}")


def _leave_claimed(ledger: Ledger, delivery: Delivery) -> Delivery:
    if not delivery.data_ended_at:
        return ledger.move_delivery(delivery, "pending", response="Lần gửi trước dừng giữa chừng.")
    return ledger.move_delivery(
        delivery, "uncertain", finished_at=ledger.now(),
        response="Lần gửi trước dừng khi chưa ghi được trả lời của máy chủ.",
    )


def _ask_mailbox(settings: Settings, ledger: Ledger, delivery: Delivery) -> Delivery:
    if has_message(settings.mailbox_folder, delivery):
        return ledger.move_delivery(delivery, "accepted", response="Hộp thư trên máy đã có thư này.")
    return ledger.move_delivery(delivery, "pending", response="Hộp thư trên máy không có thư này.")
