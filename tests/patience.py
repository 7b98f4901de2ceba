"""Time in tests: a wait ends a hang and is never an expectation, and only CPU time is compared, with itself.

A busy machine makes everything slower by any factor. So nothing here asks how long something took; a wait has one far
end, and that work grows with its input as it should is seen by doing less of the same beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

FAR_SECONDS = 900          # below pytest's own limit of a test, so that the one who waits says what for


def wait_until(is_so: Callable[[], Any], what: str = "") -> None:
    """Return when `is_so()` is true; fail at the far end."""
    end = time.monotonic() + FAR_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"waited in vain: {what or is_so}"
        time.sleep(0.05)


def cpu_seconds(run: Callable[[], Any]) -> float:
    """Return the least CPU time (s) of this process for `run()` in three goes."""
    return min(_once(run) for _ in range(3))


def grows_at_most_linearly(run: Callable[[int], Any], size: int, times: int = 4, floor: float = 0.02) -> bool:
    """Tell whether `times` the size costs less than twice `times` the CPU time; quadratic work costs `times` squared.

    What takes less than `floor` seconds at the larger size is not worth a question.
    """
    larger = cpu_seconds(lambda: run(size * times))
    return larger < floor or larger < 2 * times * cpu_seconds(lambda: run(size))


def _once(run: Callable[[], Any]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
