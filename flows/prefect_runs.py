"""The scheduled runs of one home as Prefect's server knows them: asked, begun, and put right after a death.

What Prefect remembers of a process that is gone is no reason to wait. Whoever begins to watch a home settles it first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.deployments import MONTHLY
from flows.events import AWAITING, NO_MAIL, NOT_DELIVERED, EndedRun
from infra.clock import machine_clock
from infra.vietnamese import HANOI

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun
    from prefect.states import State

MOST = 200                        # rows of one answer
GRACE = timedelta(seconds=60)     # a run that was due so long ago and did not begin was missed
TO_TELL = ("Failed", "Crashed", "TimedOut", AWAITING, NOT_DELIVERED)
GOING_ON = ("RUNNING", "PENDING", "CANCELLING")
WAITING = ("SCHEDULED",)
GONE = "Tiến trình của lần chạy này không còn. (The process of this run is gone.)"
OVERTAKEN = "Lần chạy sau đã đến giờ và làm cả việc này. (A later run is due and does this work too.)"
MISSED = "Máy chủ không chạy vào lúc đó. (The server did not run then.)"


@dataclass(frozen=True)
class PrefectRuns:
    """The runs of the deployments of one home: `kinds` gives the kind of each deployment, by its id."""

    kinds: Mapping[UUID, str]

    def is_month_active(self) -> bool:
        """Return whether a run of the month is going on or about to begin."""
        now = machine_clock()
        monthly = self._of(MONTHLY)
        return bool(
            _read(monthly, types=GOING_ON) or _read(monthly, types=WAITING, due=(now - 5 * GRACE, now + GRACE))
        )

    def begin_month(self, period: str, why: str) -> None:
        """Begin a run of one month now."""
        with _client() as client:
            client.create_flow_run_from_deployment(self._of(MONTHLY)[0], parameters={"period": period}, tags=[why])

    def ended_since(self, moment: datetime) -> Sequence[EndedRun]:
        """Return the runs that ended after a moment in a way that a person should know of."""
        ended = _read(list(self.kinds), names=TO_TELL, after=moment)
        return [*map(self._ended, ended), *map(self._ended, _read(self._of(MONTHLY), names=(NO_MAIL,), after=moment))]

    def settle(self) -> int:
        """Close the runs of a scheduler that is gone and return how many; to be called before the next one begins.

        All that were going on have died. What was to begin meanwhile was missed: what is due of it is begun anew.
        """
        return self.close_dead(timedelta()) + self._close_missed(MISSED, keep=0)

    def close_dead(self, age: timedelta) -> int:
        """Close the runs that have been going on for so long although their process is gone; return how many."""
        from prefect.states import Crashed

        now = machine_clock()
        died = [run for run in _read(list(self.kinds), types=GOING_ON) if now - (run.start_time or _due(run)) >= age]
        return _close(died, Crashed(message=GONE))

    def thin_out(self) -> int:
        """Close what waits behind a newer run of the same schedule: the newest does the work of all."""
        return self._close_missed(OVERTAKEN, keep=1)

    def _close_missed(self, message: str, keep: int) -> int:
        from prefect.states import Cancelled

        late = machine_clock() - timedelta(days=3650), machine_clock() - GRACE
        missed = [
            run for deployment in self.kinds
            for run in [r for r in _read([deployment], types=WAITING, due=late) if r.auto_scheduled][keep:]
        ]
        return _close(missed, Cancelled(name="Missed", message=message))

    def _of(self, kind: str) -> list[UUID]:
        return [deployment for deployment, its in self.kinds.items() if its == kind]

    def _ended(self, run: FlowRun) -> EndedRun:
        period = str(run.parameters.get("period") or _due(run).astimezone(HANOI).strftime("%Y-%m"))
        kind = self.kinds[run.deployment_id] if run.deployment_id else MONTHLY
        name, message = (run.state.name, run.state.message) if run.state else ("", "")
        return EndedRun(kind, period, name or "", message or "", (run.end_time or _due(run)).astimezone(HANOI))


def _read(
    deployments: list[UUID], types: Sequence[str] = (), names: Sequence[str] = (), after: datetime | None = None,
    due: tuple[datetime, datetime] | None = None,
) -> list[FlowRun]:
    from prefect.client.schemas import filters as f
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    asked: dict[str, Any] = {"deployment_id": f.FlowRunFilterDeploymentId(any_=deployments)}
    if types:
        asked["state"] = f.FlowRunFilterState(type=f.FlowRunFilterStateType(any_=[StateType(t) for t in types]))
    if names:
        asked["state"] = f.FlowRunFilterState(name=f.FlowRunFilterStateName(any_=list(names)))
    if after:
        asked["end_time"] = f.FlowRunFilterEndTime.model_validate({"after_": after})
    if due:
        asked["expected_start_time"] = f.FlowRunFilterExpectedStartTime.model_validate(
            {"after_": due[0], "before_": due[1]})
    with _client() as client:
        return client.read_flow_runs(
            flow_run_filter=f.FlowRunFilter(**asked), limit=MOST, sort=FlowRunSort.EXPECTED_START_TIME_DESC
        )


def _close(runs: Sequence[FlowRun], state: State[Any]) -> int:
    with _client() as client:
        for run in runs:
            client.set_flow_run_state(run.id, state, force=True)
    return len(runs)


def _due(run: FlowRun) -> datetime:
    return run.next_scheduled_start_time or run.expected_start_time or machine_clock()


def _client() -> SyncPrefectClient:
    from prefect.client.orchestration import get_client

    return get_client(sync_client=True)
