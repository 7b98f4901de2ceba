"""The month: receive → read → build → check → reply → (decide) → publish → deliver. The file to open first.

Safe to run again at any moment: receipts are content-addressed, readings and builds are reused when their
inputs did not change, an edition is the same when its inputs are, and the outbox sends nothing twice.
With a blocking finding open the flow stops before publishing; a decision and a new run finish the month.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Completed, State

from flows import artifacts, steps
from flows.events import NOT_DELIVERED
from flows.scheduled import attended, awaiting, no_mail, noted_opening, opened_patiently
from flows.steps import Month, MonthResult
from infra.errors import OperationError

T = TypeVar("T")
Runner = Callable[..., Any]


def compile_month(month: Month, run: Runner) -> MonthResult:
    """Return what became of one month; `run` calls a step, as a Prefect task or plainly.

    A decision recorded meanwhile is never left out: publishing refuses, and the figures are made again with it.
    """
    reception = run(steps.receive_submissions, month)
    edition = None
    while edition is None:
        readings = run(steps.read_submissions, month, reception)
        build_id = run(steps.build_warehouse, month, readings)
        findings = run(steps.check_figures, month, build_id)
        run(steps.prepare_replies, month, findings)
        if steps.open_blocking(findings):
            return month.result(reception.receipts, findings, build_id)
        edition = run(steps.publish_edition, month, build_id)
    deliveries = run(steps.deliver_edition, month, edition)
    return month.result(reception.receipts, findings, build_id, edition, deliveries)


def run_plainly(step: Callable[..., T], *arguments: Any) -> T:
    """Call one step, without Prefect."""
    return step(*arguments)


def run_as_task(step: Callable[..., T], *arguments: Any) -> T:
    """Call one step as a Prefect task: named, timed, retried when a store or a server does not answer."""

    def call() -> T:
        return step(*arguments)

    named = task(
        name=step.__name__.replace("_", "-"),
        description=(step.__doc__ or "").split("\n")[0],
        retries=2,
        retry_delay_seconds=[2, 20],
        retry_condition_fn=_is_worth_retrying,
        cache_policy=NO_CACHE,
    )
    return named(call)()


def name_run(prefix: str) -> Callable[[], str]:
    """Return what names a run by what it does: "monthly-2019-04"."""

    def run_name() -> str:
        return f"{prefix}-{flow_run.parameters.get('period') or steps.month_of_today()}"

    return run_name


@flow(name="monthly-report", flow_run_name=name_run("monthly"), persist_result=False)
def monthly_report(period: str = "", inbox: str = "", home: str = "") -> State[Any]:
    """Turn one month's submissions into the published and delivered report.

    Args:
        period: Report month, "2019-04"; empty for the month of today.
        inbox: Folder of messages and files; empty for the home's own inbox of that month.
        home: Folder of all state; empty for `TONGHOP_HOME`.
    """
    with steps.open_month(period or steps.month_of_today(), inbox, home) as month:
        result = _compiled(month)
    return _state_of(result)


@flow(name="monthly-report", flow_run_name=name_run("monthly"), persist_result=False)
def scheduled_month(period: str = "", inbox: str = "", home: str = "") -> State[Any]:
    """Turn one month's submissions into the published and delivered report, as the standing server does it.

    Args:
        period: Report month, "2019-04"; empty for the month of today.
        inbox: Folder of messages and files below the home's inbox; empty for that of the month.
        home: Folder of all state; it must be that of the settings.
    """
    return attended(lambda: _scheduled(period or steps.month_of_today(), inbox, home))


def _scheduled(period: str, inbox: str, home: str) -> State[Any]:
    with noted_opening(period) as opened, opened_patiently(lambda: steps.open_month(period, inbox, home)) as month:
        opened()
        if not steps.look_for_mail(month):
            return no_mail(period, month.inbox)
        result = _compiled(month)
    return _state_of(result)


def _compiled(month: Month) -> MonthResult:
    result = compile_month(month, run_as_task)
    artifacts.publish(result)
    return result


def _state_of(result: MonthResult) -> State[Any]:
    if result.edition and result.undelivered:
        message = f"edition {result.edition.edition_id}: {len(result.undelivered)} deliveries are open"
        return Completed(name=NOT_DELIVERED, message=message, data=result)
    if result.edition:
        return Completed(name="Published", message=f"edition {result.edition.edition_id}", data=result)
    return awaiting([finding.finding_id for finding in result.blocking], result)


def _is_worth_retrying(_task: Any, _run: Any, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, OperationError) and error.is_temporary
