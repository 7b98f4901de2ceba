"""Does the catalogue serve the month of today and the next? Asked before a month is due, not by the month itself."""

from __future__ import annotations

from datetime import datetime

from flows.soundness import sound_catalogue
from infra.errors import TonghopError
from infra.periods import next_period


def uncovered_months(now: datetime) -> list[tuple[str, str]]:
    """Return this month and the next where the catalogue cannot serve them, each with the reason."""
    this = now.strftime("%Y-%m")
    reasons = [(period, _reason(period)) for period in (this, next_period(this))]
    return [(period, reason) for period, reason in reasons if reason]


def _reason(period: str) -> str:
    try:
        sound_catalogue(period)
    except TonghopError as error:
        return str(error)
    return ""
