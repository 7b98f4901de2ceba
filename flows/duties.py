"""Which month is due and not done, and why: the rule by which the standing server catches up.

A month is due from its appointment in the schedule on, and stays due until it is done. Pure: the moment, the schedule
and the ledger are given, so that whoever plays with time (a test, a simulation) asks the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from flows.records import Decision, Delivery, Edition, Receipt
from infra.ledger_records import SCHEDULED, Approval, Run
from infra.periods import month_bounds, previous_period
from infra.schedules import Schedule
from infra.vietnamese import moment

MONTHS_BACK = 3                                # a server that stood still for longer asks a person
PUBLISHED = "published"
NO_MAIL = "no_mail"
AWAITING = "awaiting_decision"
CALM = (PUBLISHED, NO_MAIL, AWAITING)          # how a run ends that nothing went wrong with
AGAIN = (60.0, 300.0, 900.0, 3600.0)           # seconds before the next try, by the number of tries that failed
OPEN_DELIVERIES = ("pending", "claimed")


class Records(Protocol):
    """What the rule asks the ledger."""

    def runs(self, period: str | None = None) -> list[Run]: ...

    def receipts(self, period: str | None = None) -> list[Receipt]: ...

    def decisions(self, period: str | None = None) -> list[Decision]: ...

    def editions(self, period: str | None = None) -> list[Edition]: ...

    def approval(self, edition: Edition) -> Approval | None: ...

    def deliveries(self, period: str | None = None) -> list[Delivery]: ...


@dataclass(frozen=True)
class Duty:
    """A month that is to be run now, and why, as a word of English."""

    period: str
    why: str


def unfinished_months(
    records: Records, schedule: Schedule, now: datetime, again: Sequence[float] = AGAIN
) -> list[Duty]:
    """Return the months to run now, the oldest first. Whoever asks has seen that no run is going on.

    Args:
        records: The ledger.
        schedule: When a month is due; its appointment in a calendar month is for that month.
        now: This moment.
        again: Seconds to wait after the first, second … failure; the last for all that follow.
    """
    newest = schedule.last(now).strftime("%Y-%m")
    months = [newest]
    while len(months) < MONTHS_BACK:
        months.insert(0, previous_period(months[0]))
    begun = {run.period for run in records.runs() if run.command == SCHEDULED}
    while len(months) > 1 and months[0] not in begun:    # before the first month that was the server's
        months.pop(0)
    asked = [Duty(period, _why(records, period, _appointment(schedule, period, now), now, again)) for period in months]
    return [duty for duty in asked if duty.why]


def _appointment(schedule: Schedule, period: str, now: datetime) -> datetime:
    return schedule.last(min(now, moment(month_bounds(period)[1])))


def _why(records: Records, period: str, appointment: datetime, now: datetime, again: Sequence[float]) -> str:
    """Return why a month is to be run now, "" when it is not."""
    runs = records.runs(period)
    if not runs:
        return "never begun"
    last = runs[-1]
    if last.outcome not in CALM:
        return _why_again(runs, now, again)
    if last.outcome == PUBLISHED:
        return _why_delivered_again(records, period, last, _has_waited(last, now, again[-1]))
    if moment(last.started_at) < appointment:
        return "due since"
    return "news" if _has_news(records, period, last) else ""


def _why_delivered_again(records: Records, period: str, last: Run, has_waited: bool) -> str:
    """What may be tried again is, after a pause; what waited for an approver goes at once; the rest is a person's."""
    newest = max(records.editions(period), key=lambda edition: edition.number, default=None)
    if newest is None:
        return ""
    states = {d.state for d in records.deliveries(period) if d.edition_id == newest.edition_id}
    approval = records.approval(newest)
    if "held" in states and approval and moment(approval.approved_at) > moment(last.started_at):
        return "approved"
    return "undelivered" if has_waited and states & set(OPEN_DELIVERIES) else ""


def _why_again(runs: list[Run], now: datetime, again: Sequence[float]) -> str:
    """A run without an end was killed: the first time it is repeated at once; a failed one waits ever longer."""
    failures = 0
    for run in reversed(runs):
        if run.outcome in CALM:
            break
        failures += 1
    last = runs[-1]
    if not last.outcome and failures == 1:
        return "interrupted"
    is_time = _has_waited(last, now, again[min(failures, len(again)) - 1])
    return ("failed" if last.outcome else "interrupted") if is_time else ""


def _has_waited(run: Run, now: datetime, seconds: float) -> bool:
    return now - moment(run.finished_at or run.started_at) >= timedelta(seconds=seconds)


def _has_news(records: Records, period: str, last: Run) -> bool:
    """Return whether mail came after a run ended, or a decision after it began.

    While it lasted it alone could receive; a person could decide, perhaps after it had looked.
    """
    ended = moment(last.finished_at).replace(microsecond=0)     # mail is dated to the second
    has_mail = any(r.received_at and moment(r.received_at) >= ended for r in records.receipts(period))
    return has_mail or any(moment(d.decided_at) > moment(last.started_at) for d in records.decisions(period))
