"""The present. The only module that asks the machine what time it is: everything else is given a clock.

An installation's clock is `Settings.clock`; a simulation gives another one and plays years in a second. What only
measures how long something takes (`time.monotonic`, `time.perf_counter`) asks for no time of day and needs no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]      # gives the present, with its offset


def machine_clock() -> datetime:
    """Return this moment by the machine's clock, in UTC."""
    return datetime.now(UTC)


def stamp(clock: Clock) -> str:
    """Return the present as ISO 8601 text in UTC, to the microsecond: what receipts and audit links are dated with."""
    return clock().astimezone(UTC).isoformat(timespec="microseconds")
