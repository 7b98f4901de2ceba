"""The standing server under kills: did every due run happen, or say why not?

`python -m benchmarks.standing_hour [MINUTES] [SEED]` serves a new home with both schedules at one minute, lays the
sample of today's month into its inbox, and kills or stops a part (a run, Prefect's server, the scheduler,
`serve` itself, all at once) every one to four minutes, with pauses between the end of `serve` and its next beginning.
It prints every kill, and at the end what became of each due run; ends with 1 when one says nothing.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flows.sample import write_sample
from infra.ledger import open_ledger
from infra.settings import load_settings
from infra.vietnamese import HANOI
from tests.standing import ENDED, Standing, family_of

MINUTES = 60
SETTINGS = {
    "TONGHOP_INBOX_SCHEDULE": "* * * * *", "TONGHOP_MONTH_SCHEDULE": "* * * * *", "TONGHOP_INBOX_TRUSTED": "by_hand",
    "TONGHOP_RELEASE": "automatic",
}
SERVE = (sys.executable, "-m", "flows.cli", "serve")
KILLS = (
    ("engine", signal.SIGKILL), ("engine", signal.SIGKILL), ("server", signal.SIGKILL), ("server", signal.SIGSTOP),
    ("scheduler", signal.SIGKILL), ("scheduler", signal.SIGSTOP), ("serve", signal.SIGKILL), ("serve", signal.SIGTERM),
    ("all", signal.SIGKILL),
)
SETTLING = timedelta(minutes=3)     # at the end: what was due so lately may still be going on


def main() -> int:
    """Serve, kill, count."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    choose = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    folder = Path(tempfile.mkdtemp(prefix="tonghop-hour-"))
    standing = Standing(folder / "home", SETTINGS, SERVE)
    period = _lay_a_month(standing.home)
    began = datetime.now(UTC)
    with _served(standing):
        for victim, how in _plan(choose, began + timedelta(minutes=minutes)):
            _kill(standing, victim, how, choose)
        standing.begin()
        _wait(SETTLING.total_seconds())
        return _report(standing, period, began)


def _lay_a_month(home: Path) -> str:
    period = datetime.now(HANOI).strftime("%Y-%m")
    write_sample(period, home / "inbox" / period)
    print(f"{home}: the sample of {period} lies in its inbox", flush=True)
    return period


@contextlib.contextmanager
def _served(standing: Standing) -> Iterator[None]:
    standing.begin()
    try:
        yield
    finally:
        standing.end()


def _plan(choose: random.Random, until: datetime) -> Iterator[tuple[str, signal.Signals]]:
    """Give what to kill next, every kind in each round, until the time is over."""
    while True:
        for kill in choose.sample(KILLS, len(KILLS)):
            _wait(choose.uniform(60, 240))
            if datetime.now(UTC) >= until:
                return
            yield kill


def _kill(standing: Standing, victim: str, how: signal.Signals, choose: random.Random) -> None:
    assert standing.process
    if standing.process.poll() is not None:
        print(f"{_now()} serve had ended with {standing.process.returncode}", flush=True)
    elif victim in ("serve", "all"):
        for pid in family_of(standing.process.pid) if victim == "all" else [standing.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        standing.process.wait()
    elif pid := standing.children().get(victim, 0):
        os.kill(pid, how)
    print(f"{_now()} {victim} {how.name}", flush=True)
    if standing.process.poll() is not None:
        _wait(choose.choice([0, 20, 90]))
        standing.begin()


def _report(standing: Standing, period: str, began: datetime) -> int:
    """Print what became of each due run; 1 when a minute has no run, or a run no end or no word."""
    last, silent = datetime.now(UTC) - SETTLING, 0
    for kind in ("inbox", "monthly"):
        mine = [run for run in _runs(standing, kind, began, last) if run["auto_scheduled"]]
        print(f"{kind}: {len(mine)} due, {dict(Counter(run['state']['name'] for run in mine))}")
        silent += _missing(kind, {_due(run).replace(second=0, microsecond=0) for run in mine}, began, last)
        silent += _unsaid(mine)
    editions = open_ledger(load_settings(standing.home)).editions(period)
    print(f"{period}: {len(editions)} editions; notices: {_notices(standing.home)}; home: {_size(standing.home)} MB")
    return 1 if silent or not editions else 0


def _runs(standing: Standing, kind: str, began: datetime, last: datetime) -> list[dict[str, Any]]:
    """Return the runs of one schedule that were due between two moments, page by page."""
    asked = {
        "deployments": {"id": {"any_": [standing.deployment(kind)["id"]]}}, "sort": "EXPECTED_START_TIME_DESC",
        "flow_runs": {"expected_start_time": {"after_": began.isoformat(), "before_": last.isoformat()}},
    }
    found: list[dict[str, Any]] = []
    while page := standing.told("/api/flow_runs/filter", asked | {"offset": len(found)}):
        found += page
    return found


def _missing(kind: str, minutes: set[datetime], began: datetime, last: datetime) -> int:
    first = began.replace(second=0, microsecond=0) + timedelta(minutes=2)
    due = [first + timedelta(minutes=n) for n in range(int((last - first) / timedelta(minutes=1)))]
    missing = [f"{minute:%H:%M}" for minute in due if minute not in minutes]
    print(f"  {kind}: minutes without a run: {', '.join(missing) or 'none'}")
    return len(missing)


def _unsaid(runs: list[dict[str, Any]]) -> int:
    unsaid = [run for run in runs if run["state"]["type"] not in ENDED
              or (run["state"]["type"] != "COMPLETED" and not run["state"]["message"])]
    for run in unsaid:
        print(f"  says nothing: {run['name']} due {run['expected_start_time']} {run['state']['name']}")
    return len(unsaid)


def _notices(home: Path) -> dict[str, int]:
    return dict(Counter(".".join(path.name.split(".")[:3]) for path in (home / "mailbox").glob("notice.*")))


def _size(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) // 1_000_000


def _due(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["expected_start_time"])


def _now() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}"


def _wait(seconds: float) -> None:
    time.sleep(seconds)


if __name__ == "__main__":
    sys.exit(main())
