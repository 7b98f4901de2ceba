"""A message to the operator of this installation, through the same outbox and the same dialogue as the report.

A notice is a line of the outbox under its own key, so that it is sent once; it belongs to no month and no edition.
"""

from __future__ import annotations

import dataclasses
import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from flows.deliver.mailer import SINK_DOMAIN, Patience
from flows.deliver.step import send_line
from flows.records import Delivery
from infra.mail_policy import MAIL
from infra.vietnamese import moment

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.settings import Settings

NOTICE = "notice"             # what the key of a notice begins with, where an edition's has its month
OPERATOR = "operator"
PATIENCE = Patience(answer=20, final_answer=60, pauses=())


def send_notice(
    settings: Settings, archive: Archive, ledger: Ledger, key: str, subject: str, text: str,
    patience: Patience = PATIENCE,
) -> Delivery:
    """Bring a notice to the operator, once for each key; what the server does not take now the next call sends.

    Raises:
        OperationError: Another process delivers at this moment, the mail settings are not usable, or a store is not.
    """
    with ledger.only_one("deliver"):
        known = ledger.deliveries(edition_id=f"{NOTICE}.{key}")
        delivery = known[0] if known else _put_out(settings, archive, ledger, key, subject, text)
        return send_line(settings, archive, ledger, delivery, patience)


def _put_out(settings: Settings, archive: Archive, ledger: Ledger, key: str, subject: str, text: str) -> Delivery:
    edition_id, domain = f"{NOTICE}.{key}", settings.mail_sender.rpartition("@")[2]
    bare = Delivery(
        delivery_id=f"{edition_id}.{OPERATOR}", edition_id=edition_id, period="", recipient_id=OPERATOR,
        recipient_name=OPERATOR, channel="email", addresses=(settings.operator or f"{OPERATOR}@{SINK_DOMAIN}",),
        state="pending", subject=subject, created_at=ledger.now(),
        message_id=f"<{edition_id}.{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}@{domain}>",
    )
    delivery = dataclasses.replace(bare, message_sha256=archive.put(_composed(settings, bare, text)))
    ledger.add_delivery(delivery)
    return delivery


def _composed(settings: Settings, delivery: Delivery, text: str) -> bytes:
    message = EmailMessage(policy=MAIL)
    message["From"] = Address("tonghop", addr_spec=settings.mail_sender)
    message["To"] = [Address(addr_spec=address) for address in delivery.addresses]
    message["Subject"] = delivery.subject
    message["Date"] = format_datetime(moment(delivery.created_at))
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message["Content-Language"] = "vi"
    return message.as_bytes()
