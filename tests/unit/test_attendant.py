"""The attendant begins what is due, one at a time, and tells each event once; clock, runs and ledger are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flows.attendant import Attendant
from flows.duties import NO_MAIL, PUBLISHED
from flows.events import EndedRun, Event
from infra.schedules import Schedule
from tests.unit.test_duties import AGAIN, DUE, NOVEMBER, Book


class World:
    """A month's world: what runs, what the ledger has, what the operator heard, what time it is."""

    def __init__(self) -> None:
        self.now = DUE
        self.book = Book()
        self.begun: list[str] = []
        self.active = False
        self.is_free = True
        self.ended: list[EndedRun] = []
        self.gaps: list[tuple[str, str]] = []
        self.heard: list[Event] = []
        self.can_tell = True
        self.attendant = Attendant(
            self, Schedule("30 17 18 * *"), lambda: self.is_free, lambda _: self.gaps, self.tell,
            lambda: self.now, AGAIN,
        )

    def is_month_active(self) -> bool:
        return self.active

    def begin_month(self, period: str, why: str) -> None:
        self.begun.append(f"{period} {why}")

    def ended_since(self, moment: datetime) -> Sequence[EndedRun]:
        return [run for run in self.ended if run.ended_at > moment]

    def tell(self, event: Event) -> bool:
        if self.can_tell:
            self.heard.append(event)
        return self.can_tell

    def look(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)
        self.attendant.look(self.book)


def test_what_is_due_is_begun_once_while_it_goes_on() -> None:
    world = World()
    world.look()
    world.active = True
    world.look()
    world.active, world.is_free = False, False
    world.look()
    assert world.begun == ["2026-11 never begun"]
    world.book.ran(world.now, PUBLISHED)
    world.is_free = True
    world.look(86400)
    assert len(world.begun) == 1


def test_a_run_that_dies_before_the_ledger_knows_is_begun_again_ever_later() -> None:
    world = World()
    begun = []
    for _ in range(1300):
        world.look()
        begun.append(len(world.begun))
    assert begun[58] == 1 and begun[62] == 2, "after a minute"
    assert begun[600] == 2 and begun[664] == 3, "then after ten"
    world.book.ran(world.now, "OperationError")
    world.look(30 + AGAIN[0])
    assert world.begun[-1] == "2026-11 failed", "one that left its trace is judged by it"


def test_each_event_is_told_once_and_again_only_when_it_could_not_be() -> None:
    world = World()
    world.book.ran(world.now, NO_MAIL)
    full = "Hết chỗ: còn {} MB."
    world.ended = [EndedRun("inbox", NOVEMBER, "Failed", full.format(room), world.now) for room in (3, 12)]
    world.ended += [EndedRun("monthly", NOVEMBER, "AwaitingDecision", "2 blocking findings: F1, F2", world.now)] * 3
    world.gaps = [("2026-12", "no province")]
    world.can_tell = False
    world.look()
    world.can_tell = True
    for _ in range(5):
        world.look()
    assert len(world.heard) == 3, [event.key for event in world.heard]
    world.ended.append(EndedRun("monthly", NOVEMBER, "AwaitingDecision", "1 blocking findings: F2", world.now))
    world.ended.append(EndedRun("inbox", NOVEMBER, "Failed", full.format(1), world.now + timedelta(days=1)))
    world.look()
    assert len(world.heard) == 5, "another set of findings, and the same fault on another day"


def test_what_is_told_says_what_to_do_in_both_languages() -> None:
    world = World()
    states = ("Failed", "Crashed", "AwaitingDecision", "NoMail", "NotDelivered", "TimedOut")
    world.ended = [EndedRun("monthly", NOVEMBER, state, "message", world.now) for state in states]
    world.look()
    assert len({event.key for event in world.heard}) == 5
    for event in world.heard:
        assert NOVEMBER in event.subject and "message" in event.text
        assert event.subject.isprintable() and "(" in event.subject
        assert all(letter.isalnum() or letter in ".-" for letter in event.key)
