"""Processes that somebody stopped (a signal, a debugger): they live, hold their locks and do nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

STOPPED = ("T", "t")        # proc(5): by a signal; by whoever traces it


class StoppedProcesses:
    """Which processes have been stopped for long. `clock` gives seconds that never go back; nothing here waits.

    Args:
        seconds: A process that is stopped for so long will not go on by itself.
        clock: Asked at each look.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._since: dict[int, float] = {}

    def overdue(self, pids: Iterable[int]) -> list[int]:
        """Return those that were found stopped at every look for so long."""
        now = self._clock()
        self._since = {pid: self._since.get(pid, now) for pid in pids if is_stopped(pid)}
        return [pid for pid, since in self._since.items() if now - since >= self._seconds]


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped; False where the system does not tell."""
    with contextlib.suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[0] in STOPPED
    return False
