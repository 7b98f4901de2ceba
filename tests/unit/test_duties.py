"""A month that is due is run until it is done: the rule, alone and under any history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.duties import AWAITING, NO_MAIL, PUBLISHED, unfinished_months
from flows.records import Decision, Delivery, Edition, Receipt
from infra.ledger_records import COMMANDED, SCHEDULED, Approval, Run
from infra.schedules import Schedule
from infra.vietnamese import HANOI

MONTHLY = Schedule("30 17 18 * *")
AGAIN = (60.0, 600.0)
DUE = datetime(2026, 11, 18, 17, 30, tzinfo=HANOI)
NOVEMBER = "2026-11"


@dataclass
class Book:
    """A ledger of plain lists."""

    all_runs: list[Run] = field(default_factory=list)
    all_receipts: list[Receipt] = field(default_factory=list)
    all_decisions: list[Decision] = field(default_factory=list)
    all_editions: list[Edition] = field(default_factory=list)
    approvals: dict[str, Approval] = field(default_factory=dict)
    all_deliveries: list[Delivery] = field(default_factory=list)

    def runs(self, period: str | None = None) -> list[Run]:
        return _of(self.all_runs, period)

    def receipts(self, period: str | None = None) -> list[Receipt]:
        return _of(self.all_receipts, period)

    def decisions(self, period: str | None = None) -> list[Decision]:
        return _of(self.all_decisions, period)

    def editions(self, period: str | None = None) -> list[Edition]:
        return _of(self.all_editions, period)

    def approval(self, edition: Edition) -> Approval | None:
        return self.approvals.get(edition.edition_id)

    def deliveries(self, period: str | None = None) -> list[Delivery]:
        return _of(self.all_deliveries, period)

    def ran(self, began: datetime, outcome: str, period: str = NOVEMBER, command: str = SCHEDULED) -> None:
        ended = (began + timedelta(seconds=30)).isoformat() if outcome else ""
        self.all_runs.append(Run(str(len(self.all_runs)), period, command, began.isoformat(), ended, outcome))

    def got_mail(self, at: datetime, period: str = NOVEMBER) -> None:
        stamp = at.isoformat(timespec="seconds")
        self.all_receipts.append(Receipt("R", period, "a.eml", "", "", "", "", "", stamp, "received"))

    def decided(self, at: datetime, period: str = NOVEMBER) -> None:
        self.all_decisions.append(Decision("D", "waive", period, "F", "", "", "", "", at.isoformat()))

    def delivered(self, state: Any, number: int = 1, period: str = NOVEMBER) -> None:
        edition_id = f"{period}-{number}"
        self.all_editions.append(Edition(edition_id, period, number, "", "", ""))
        self.all_deliveries.append(Delivery("d", edition_id, period, "r", "", "email", (), state, "", ""))


def _of(rows: list[Any], period: str | None) -> list[Any]:
    return [row for row in rows if period in (None, row.period)]


def due(book: Book, now: datetime, schedule: Schedule = MONTHLY) -> dict[str, str]:
    return {duty.period: duty.why for duty in unfinished_months(book, schedule, now, AGAIN)}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_month_is_due_from_its_appointment_on_and_not_before() -> None:
    before = due(Book(), DUE - seconds(1))
    assert before == {"2026-10": "never begun"}
    assert due(Book(), DUE) == {NOVEMBER: "never begun"}
    assert due(Book(), DUE + timedelta(days=12)) == {NOVEMBER: "never begun"}, "a server that was off catches up"


def test_a_published_month_is_done_and_an_undelivered_one_is_not() -> None:
    book = Book()
    book.ran(DUE, PUBLISHED)
    book.delivered("accepted")
    assert due(book, DUE + timedelta(days=1)) == {}
    book.delivered("pending")
    assert due(book, DUE + timedelta(days=1)) == {NOVEMBER: "undelivered"}
    assert due(book, DUE + seconds(100)) == {}, "not again at once"
    book.delivered("accepted", number=2)
    assert due(book, DUE + timedelta(days=1)) == {}, "a later edition replaced the one that waits"
    book.delivered("uncertain", number=3)
    assert due(book, DUE + timedelta(days=1)) == {}, "what a person must settle is no duty"


def test_an_edition_that_was_approved_after_its_run_is_delivered_at_once() -> None:
    book = Book()
    book.ran(DUE, PUBLISHED)
    book.delivered("held")
    assert due(book, DUE + timedelta(days=3)) == {}, "it waits for the approver"
    approved_at = (DUE + seconds(100)).isoformat()
    book.approvals[f"{NOVEMBER}-1"] = Approval(f"{NOVEMBER}-1", "", "p", "P", approved_at)
    assert due(book, DUE + seconds(101)) == {NOVEMBER: "approved"}
    book.ran(DUE + seconds(200), PUBLISHED)
    assert due(book, DUE + timedelta(days=3)) == {}, "once; a mailbox that waits for another word waits on"


def test_a_killed_run_is_begun_again_at_once_and_then_ever_later() -> None:
    book = Book()
    book.ran(DUE, "")
    assert due(book, DUE + seconds(1)) == {NOVEMBER: "interrupted"}
    book.ran(DUE + seconds(2), "")
    assert due(book, DUE + seconds(3)) == {}
    assert due(book, DUE + seconds(602)) == {NOVEMBER: "interrupted"}


def test_a_failed_run_is_tried_again_after_ever_longer_pauses() -> None:
    book = Book()
    for wait in (60, 600, 600):
        began = DUE
        book.ran(began, "OperationError")
        ended = began + seconds(30)
        assert due(book, ended + seconds(wait - 1)) == {}
        assert due(book, ended + seconds(wait)) == {NOVEMBER: "failed"}


@pytest.mark.parametrize("outcome", [AWAITING, NO_MAIL])
def test_a_month_that_waits_goes_on_with_mail_or_a_decision(outcome: str) -> None:
    book = Book()
    book.got_mail(DUE + seconds(5))         # received by the run itself
    book.ran(DUE, outcome)
    later = DUE + timedelta(days=3)
    assert due(book, later) == {}
    book.got_mail(DUE + timedelta(days=1))
    assert due(book, later) == {NOVEMBER: "news"}
    decided = Book(list(book.all_runs))
    decided.decided(DUE + seconds(10))      # while the run went on: perhaps after it had looked
    assert due(decided, later) == {NOVEMBER: "news"}


def test_a_run_of_a_person_before_the_appointment_does_not_replace_it() -> None:
    book = Book()
    book.ran(DUE - timedelta(days=3), AWAITING, command=COMMANDED)
    assert due(book, DUE - seconds(1)) == {"2026-10": "never begun"}
    assert due(book, DUE) == {NOVEMBER: "due since"}


def test_months_between_are_caught_up_but_a_month_of_long_ago_begins_no_history() -> None:
    book = Book()
    book.ran(datetime(2026, 9, 18, 17, 30, tzinfo=HANOI), PUBLISHED, "2026-09")
    assert due(book, DUE) == {"2026-10": "never begun", NOVEMBER: "never begun"}
    for long_ago in ("2019-04", "2026-08"):
        old = Book()
        old.ran(datetime(2026, 11, 1, tzinfo=HANOI), PUBLISHED, long_ago)
        assert due(old, DUE) == {NOVEMBER: "never begun"}, "a server that stood still for longer asks a person"
    asked = Book()
    asked.ran(DUE - timedelta(days=9), AWAITING, "2019-04", COMMANDED)
    assert due(asked, DUE) == {NOVEMBER: "never begun"}, "what a person runs is a person's"


OUTCOMES = st.sampled_from(["", "OperationError", "CatalogueError", AWAITING, NO_MAIL])


@given(st.lists(st.tuples(OUTCOMES, st.integers(0, 7200)), max_size=12))
def test_whatever_happened_a_month_that_is_not_done_is_begun_again_when_something_can_change(
    history: list[tuple[str, int]]
) -> None:
    """Liveness: after any history, mail that comes and an hour without faults bring the month to a run."""
    book, now = Book(), DUE
    for outcome, pause in history:
        book.ran(now, outcome)
        now += seconds(30 + pause)
    book.got_mail(now + seconds(1))
    assert due(book, now + seconds(AGAIN[-1] + 60)), history
    book.ran(now + seconds(AGAIN[-1] + 60), PUBLISHED)
    assert due(book, now + timedelta(days=20)) == {}, "and one that is published is never begun again"
