"""One run of a month from the command line: everything heavy is begun at once, then the flow is called.

Importing Prefect, dbt and Great Expectations and starting Prefect's server take longer than the work of a
small month. Each begins in its own process before the first message is opened: at once where there are
processors for all, else in the order in which they are needed.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from dataclasses import dataclass
from typing import cast

from flows import steps
from flows.prefect_server import PrefectServer, named_server, prefect_environment
from flows.progress import ScreenProgress
from flows.soundness import sound_catalogue
from flows.steps import Helpers, MonthResult
from infra.process_state import as_found
from infra.settings import Settings

PROCESSES = 4                     # that import at the start: this one, the server, the builder, the judge


@dataclass(frozen=True)
class Outcome:
    """The result of one run and where its seconds went."""

    result: MonthResult
    seconds: dict[str, float]


def run_month(period: str, inbox: str, settings: Settings, plain: bool = False) -> Outcome:
    """Run one month and return what became of it.

    A server named by PREFECT_API_URL is used; otherwise one is started for this run. Where that cannot be
    had (or with `plain`) the same steps run without Prefect, and the screen says so.

    Raises:
        TonghopError: As the steps do; before anything is received when the named server does not answer.
    """
    steps.check_period(period)
    if settings.with_prefect and not plain:
        named_server()
    progress = ScreenProgress()
    with as_found(), steps.begun(settings, inbox, progress) as helpers:
        gc.disable()              # one month, then the end: there is little to collect and much to import
        return Outcome(_run(period, inbox, settings, progress, helpers, plain), progress.seconds)


def _run(
    period: str, inbox: str, settings: Settings, progress: ScreenProgress, helpers: Helpers, plain: bool
) -> MonthResult:
    if plain or not settings.with_prefect:
        helpers.begin()
        sound_catalogue(period)
        return _run_plainly(period, inbox)
    os.environ.update(prefect_environment(settings.home))
    if os.environ.get("PREFECT_API_URL"):
        helpers.begin()
        sound_catalogue(period)
        return _run_flow(period, inbox)
    with PrefectServer(settings.home) as server:
        result = _run_with(server, period, inbox, progress, helpers)
        server.end_soon()
        helpers.stop()            # meanwhile
        return result


def _run_with(
    server: PrefectServer, period: str, inbox: str, progress: ScreenProgress, helpers: Helpers
) -> MonthResult:
    if (os.cpu_count() or 1) >= PROCESSES:
        helpers.begin()
    os.environ.update(server.client_environment)
    sound_catalogue(period)       # while the server starts; nothing is received before it is known to be sound
    began = time.perf_counter()
    from flows import monthly  # noqa: F401

    _ = helpers.builder
    ready = server.wait_until_ready()
    helpers.begin()
    progress.seconds["prefect"] = time.perf_counter() - began
    if not ready:
        print("Không khởi động được Prefect; chạy trực tiếp các bước. (Prefect did not start; running plainly.) "
              f"{server.log_file}", file=sys.stderr)
        return _run_plainly(period, inbox)
    return _run_watched(period, inbox)


def _run_flow(period: str, inbox: str) -> MonthResult:
    from flows.monthly import monthly_report

    return cast(MonthResult, monthly_report(period, inbox))


def _run_watched(period: str, inbox: str) -> MonthResult:
    """Run the flow without the heartbeats that tell a standing server of a flow's death: here somebody waits."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        return _run_flow(period, inbox)


def _run_plainly(period: str, inbox: str) -> MonthResult:
    from flows.monthly import compile_month, run_plainly

    with steps.open_month(period, inbox) as month:
        return compile_month(month, run_plainly)
