"""Named places at which everything may end, as by a power cut: what tests and simulations need to know of the order.

`KILL_AT=deliver.after_claim` kills the process at the first passage, `KILL_AT=deliver.after_claim:3` at the third: no
clean-up runs. Inside one process a simulation watches the places instead (`watched`); what it raises there, a
`BaseException` that no code catches, stands for the end of the process, or an `OSError` for a disk that is full.
Without either a place costs one look into the environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

_passages: Counter[str] = Counter()
_watchers: list[Callable[[str], None]] = []


@contextlib.contextmanager
def watched(watcher: Callable[[str], None]) -> Iterator[None]:
    """Call `watcher` with the name of every place that is passed inside this block, in whatever thread."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def reached(name: str) -> None:
    """Die here when `KILL_AT` or a watcher says so."""
    for watcher in _watchers:
        watcher(name)
    target = os.environ.get("KILL_AT", "")
    place, _, number = target.partition(":")
    if place == name:
        _passages[name] += 1
        if _passages[name] == int(number or 1):
            os.kill(os.getpid(), signal.SIGKILL)
