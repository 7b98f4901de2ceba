"""The inbox between two months: what has come in so far is archived, read and answered; nothing is published.

Safe to run at any time and any number of times: a message is received once and read once.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.states import Completed, State

from flows import steps
from flows.monthly import name_run, run_as_task
from flows.scheduled import attended, no_mail, opened_patiently
from flows.steps import Inbox


@flow(name="inbox", flow_run_name=name_run("inbox"), persist_result=False)
def watch_inbox(period: str = "", inbox: str = "", home: str = "") -> State[Any]:
    """Receive, read and answer the submissions of one month.

    Args:
        period: Report month, "2019-04"; empty for the month of today.
        inbox: Folder of messages and files; empty for the home's own inbox of that month.
        home: Folder of all state; empty for `TONGHOP_HOME`.
    """
    return attended(lambda: _watched(period or steps.month_of_today(), inbox, home))


def _watched(period: str, inbox: str, home: str) -> State[Any]:
    with opened_patiently(lambda: steps.open_inbox(period, inbox, home)) as month:
        if not steps.look_for_mail(month):
            return no_mail(period, month.inbox)
        reception = run_as_task(steps.receive_submissions, month)
        readings = run_as_task(steps.read_submissions, month, reception)
        replies = run_as_task(steps.prepare_replies, month)
        _leave_artifact(month)
    return Completed(message=f"{len(reception.receipts)} receipts, {len(readings)} documents, {len(replies)} replies")


def _leave_artifact(month: Inbox) -> None:
    rows = [
        {"message": r.message, "submitter": r.submitter_id, "sent": r.sent_at, "status": r.status,
         "reason": r.reason_vi}
        for r in month.ledger.receipts(month.period)
    ]
    create_table_artifact(rows, key=f"inbox-{month.period}", description="Thư đã nhận")
