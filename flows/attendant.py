"""What the standing server does beside its schedules: begin what is due and not done, and tell the operator.

It knows no Prefect and no clock of its own: the runs, the ledger, the moment and whom to tell are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from flows.duties import AGAIN, Duty, Records, unfinished_months
from flows.events import EndedRun, Event, event_of_gap, event_of_run
from infra.journal import note
from infra.schedules import Schedule

LOOK_BACK = timedelta(days=2)     # a run that ended while nobody looked is told later


class Runs(Protocol):
    """The scheduled runs of one home, wherever they are kept."""

    def is_month_active(self) -> bool:
        """Return whether a run of the month is going on or about to begin."""

    def begin_month(self, period: str, why: str) -> None:
        """Begin a run of one month now."""

    def ended_since(self, moment: datetime) -> Sequence[EndedRun]:
        """Return the runs that ended after a moment in a way that a person should know of."""


@dataclass
class Attendant:
    """Looks again and again; every look stands for itself, so that the next makes good for one that fails.

    `is_free` says that no run holds the home; `gaps` gives the months that the catalogue cannot serve, with the reason;
    `tell` returns whether the event is told and recorded.
    """

    runs: Runs
    schedule: Schedule
    is_free: Callable[[], bool]
    gaps: Callable[[datetime], Sequence[tuple[str, str]]]
    tell: Callable[[Event], bool]
    clock: Callable[[], datetime]
    again: Sequence[float] = AGAIN
    _asked: dict[str, list[datetime]] = field(default_factory=dict)   # the tries of a month that left no trace yet
    _recorded: dict[str, int] = field(default_factory=dict)           # and how many the ledger had before them
    _told: set[str] = field(default_factory=set)
    _missing: dict[str, list[Event]] = field(default_factory=dict)    # of the catalogue, asked once a day

    def look(self, records: Records) -> None:
        """Tell what ended since the last look, and begin the oldest month that is due and not done by the ledger."""
        for event in self._events():
            if event.key not in self._told and self.tell(event):
                self._told.add(event.key)
        if duty := self._duty(records):
            note(f"{duty.period} is begun: {duty.why}")
            self._asked[duty.period].append(self.clock())
            self.runs.begin_month(duty.period, duty.why)

    def _events(self) -> list[Event]:
        now = self.clock()
        day = now.date().isoformat()
        if day not in self._missing:
            self._missing = {day: [event_of_gap(period, why) for period, why in self.gaps(now)]}
        return [*self._missing[day], *map(event_of_run, self.runs.ended_since(now - LOOK_BACK))]

    def _duty(self, records: Records) -> Duty | None:
        if self.runs.is_month_active() or not self.is_free():
            return None
        duties = unfinished_months(records, self.schedule, self.clock(), self.again)
        return next((duty for duty in duties if self._may_begin(duty.period, records)), None)

    def _may_begin(self, period: str, records: Records) -> bool:
        """A run that dies before it is in the ledger must not be begun again at every look."""
        recorded = len(records.runs(period))
        if recorded != self._recorded.get(period):
            self._recorded[period], self._asked[period] = recorded, []
        asked = self._asked[period]
        if not asked:
            return True
        pause = self.again[min(len(asked), len(self.again)) - 1]
        return self.clock() - asked[-1] >= timedelta(seconds=pause)
