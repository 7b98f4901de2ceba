"""A witness outside the ledger: before the end of a message goes out, the archive notes which try it is.

A ledger restored from an older backup does not remember that try. Then the line is open until a person has asked: it
is not sent again because the ledger says that it was never sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.ledger_records import AuditEntry, Delivery

SENDINGS = "sendings/"


def note_sending(archive: Archive, ledger: Ledger, delivery: Delivery) -> None:
    """Note a claimed delivery whose last bytes are about to go out, under the link that claimed it."""
    (claim,) = (entry for entry in _links(ledger, delivery) if entry.seq == delivery.claim)
    archive.put_named(f"{_prefix(delivery)}{_name(claim)}", b"")


def forgotten_sendings(archive: Archive, ledger: Ledger, delivery: Delivery) -> list[str]:
    """Return the tries that were noted and that the ledger neither knows nor has ever spoken of."""
    prefix, links = _prefix(delivery), _links(ledger, delivery)
    noted = [key.removeprefix(prefix) for key in archive.list(prefix)]
    known = {_name(link) for link in links if link.action == "delivery_claimed"}
    return [name for name in noted if name not in known and not any(name in link.detail for link in links)]


def _prefix(delivery: Delivery) -> str:
    return f"{SENDINGS}{delivery.delivery_id}/"


def _links(ledger: Ledger, delivery: Delivery) -> list[AuditEntry]:
    return ledger.audit_entries(f"deliveries/{delivery.delivery_id}")


def _name(link: AuditEntry) -> str:
    return f"{link.seq:09d}-{link.hash[-16:]}"
