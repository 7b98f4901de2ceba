"""What is scheduled, from `infra/prefect.yaml`, for one home: its own names, its own parameter, its own schedule.

Two homes may share one Prefect server. A deployment therefore carries the home in its name and in its parameters, and
no limit of runs at the same time: that is the home's lock, which the system gives back when a run dies.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from infra.schedules import Schedule
from infra.settings import PROJECT, Settings

DECLARED = PROJECT / "infra" / "prefect.yaml"
MONTHLY = "monthly"
INBOX = "inbox"


@dataclass(frozen=True)
class Appointment:
    """A flow that runs by a schedule. `entrypoint` is "flows/inbox.py:watch_inbox"."""

    name: str
    kind: str                # as `infra/prefect.yaml` names it
    description: str
    entrypoint: str
    parameters: dict[str, str]
    schedule: Schedule


def appointments(settings: Settings) -> list[Appointment]:
    """Return what is scheduled for the home of these settings.

    Raises:
        OperationError: A schedule of the settings cannot be read.
    """
    import yaml

    chosen = {MONTHLY: settings.month_schedule, INBOX: settings.inbox_schedule}
    home = settings.home.resolve()
    return [
        Appointment(
            f"{d['name']}-{mark_of(home)}", d["name"], d["description"], d["entrypoint"],
            d["parameters"] | {"home": str(home)},
            Schedule(chosen.get(d["name"]) or d["schedules"][0]["cron"]),
        )
        for d in yaml.safe_load(DECLARED.read_text(encoding="utf-8"))["deployments"]
    ]


def month_schedule(settings: Settings) -> Schedule:
    """Return when a month is due."""
    return next(a.schedule for a in appointments(settings) if a.kind == MONTHLY)


def mark_of(home: Path) -> str:
    """Return a short name of a home that no other home has."""
    return hashlib.sha256(str(home).encode()).hexdigest()[:8]
