"""The process that takes scheduled runs from Prefect's server and begins each in a process of its own.

A child of the standing server (`flows.serving`): it ends with its parent, and the runs end with it. Beside Prefect's
runner an attendant looks again and again at what is due and at what ended. It says so on its channel; a scheduler
that is not heard of for long is ended from outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flows.attendant import Attendant
from flows.deployments import Appointment, appointments, mark_of, month_schedule
from flows.prefect_runs import PrefectRuns
from flows.rhythm import Rhythm
from infra.clock import machine_clock
from infra.helper_child import RUNNER, end_with_parent, take_channel
from infra.journal import note, note_fault, open_journal
from infra.process_state import forget_files
from infra.settings import Settings, load_settings
from infra.vietnamese import ZONE_NAME

if TYPE_CHECKING:
    from prefect.runner import Runner

ALIVE = b"."
OWN, NAMED = "own", "named"         # whose server it is, as the parent says it
AT_ONCE = 3                         # runs in processes of their own, each some 150 MB
STALE = timedelta(minutes=15)       # a run that goes on while nobody holds the home has died unseen
FORMER_NAMES = ("monthly", "inbox")  # of deployments before they bore their home's name


def main(rhythm: Rhythm, has_own_server: bool) -> None:
    """Take runs until the parent ends or the server is lost for long."""
    channel = take_channel()
    threading.Thread(target=end_with_parent, args=(channel,), daemon=True).start()
    os.environ[RUNNER] = str(os.getpid())        # before a run begins: it ends with us
    settings = load_settings()
    open_journal(settings.home)
    runner, runs = registered(settings, rhythm)
    if has_own_server:
        _forget_former_names()
    if closed := runs.settle():
        note(f"{closed} runs of an earlier server were closed")
    threading.Thread(target=_attend, args=(settings, runs, runner, channel, rhythm), daemon=True).start()
    asyncio.run(runner.start())
    sys.exit(1)                                  # it never ends by itself


def registered(settings: Settings, rhythm: Rhythm) -> tuple[Runner, PrefectRuns]:
    """Tell the server what is scheduled, and return who takes the runs of it."""
    from prefect.runner import Runner

    declared = appointments(settings)
    # One works, by the home's lock, and the others wait; this limit is of our own process and dies with it.
    runner = Runner(
        name=f"tonghop-{mark_of(settings.home)}", query_seconds=rhythm.query, pause_on_shutdown=False, limit=AT_ONCE
    )
    kinds = {cast(UUID, runner.add_deployment(_deployment(a))): a.kind for a in declared}
    return runner, PrefectRuns(kinds)


def _deployment(appointment: Appointment) -> Any:
    from prefect.schedules import Cron, Interval

    every = appointment.schedule.seconds
    when = Interval(timedelta(seconds=every), anchor_date=datetime(2026, 1, 1, tzinfo=UTC)) if every else Cron(
        appointment.schedule.text, timezone=ZONE_NAME)
    return _load_flow(appointment.entrypoint).to_deployment(
        name=appointment.name, description=appointment.description, parameters=appointment.parameters,
        schedules=[when], concurrency_limit=None,
    )


def _load_flow(entrypoint: str) -> Any:
    path, name = entrypoint.split(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


def _forget_former_names() -> None:
    """Delete what an earlier release scheduled under names without a home: nobody would take its runs."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments(limit=200):
            if deployment.name in FORMER_NAMES:
                client.delete_deployment(deployment.id)


def _attend(settings: Settings, runs: PrefectRuns, runner: Runner, channel: socket.socket, rhythm: Rhythm) -> None:
    from flows import steps
    from flows.coverage import uncovered_months
    from flows.telling import tell_operator
    from infra.ledger import open_ledger

    def gaps(now: datetime) -> list[tuple[str, str]]:
        forget_files()
        return uncovered_months(now)

    attendant = Attendant(
        runs, month_schedule(settings), lambda: not steps.is_held(settings), gaps,
        lambda event: tell_operator(settings, event), settings.now, rhythm.again,
    )
    while True:
        try:
            # Opened at every look: a ledger that was put back from a copy is another file.
            with contextlib.closing(open_ledger(settings)) as ledger:
                attendant.look(ledger)
            runs.thin_out()
            if not steps.is_held(settings):
                runs.close_dead(STALE)
        except Exception:          # the server or a store does not answer: the next look makes good for it
            note_fault("A look at what is due failed")
        if _is_polling(runner):
            channel.send(ALIVE)
        time.sleep(rhythm.look)


def _is_polling(runner: Runner) -> bool:
    """Return whether Prefect's runner still asks for runs."""
    polled = runner.last_polled
    return polled is None or machine_clock() - polled < timedelta(seconds=60 + 10 * runner.query_seconds)


if __name__ == "__main__":
    main(Rhythm(**json.loads(sys.argv[1])), has_own_server=sys.argv[2] == OWN)
