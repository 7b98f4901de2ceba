"""Telling the operator: what the standing server met that a person should know, by mail, once for each event."""

from __future__ import annotations

from flows.events import Event
from infra.errors import TonghopError
from infra.journal import note, note_fault
from infra.settings import Settings

LONGEST_LINE = 1000
TOLD = ("accepted", "uncertain", "rejected", "held")      # sent, or for a person: never sent again by itself


def tell_operator(settings: Settings, event: Event) -> bool:
    """Mail an event to the operator and return whether it is told; one that was told before is.

    Never raises: whoever tells goes on. In production without an operator the journal is told, and `doctor` says so.
    """
    if settings.is_production and not settings.operator:
        note(_line(event))
        return True
    try:
        return _sent(settings, event)
    except (TonghopError, OSError):
        note_fault(f"The operator could not be told: {_line(event)}")
        return False


def _line(event: Event) -> str:
    return f"{event.subject} {event.text}"[:LONGEST_LINE]


def _sent(settings: Settings, event: Event) -> bool:
    from flows.deliver.notice import send_notice
    from infra.archive import open_archive
    from infra.ledger import open_ledger

    ledger = open_ledger(settings)
    try:
        delivery = send_notice(settings, open_archive(settings), ledger, event.key, event.subject, event.text)
    finally:
        ledger.close()
    return delivery.state in TOLD
