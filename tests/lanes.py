"""Runs the tests in lanes side by side: `python -m tests.lanes all` or `python -m tests.lanes fast`.

Each lane is one run of pytest. What the first prints is seen as it goes, what the others print once they have ended.
Ends with 0 when every lane did; the last line says how many tests passed in all.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

STANDING = ("tests/flows/test_standing_server.py",)  # waits more than it works: beside the others it costs little
MONTHS = ("tests/flows", "tests/golden", "tests/unit/build")  # whole months: as long as all that is not named here
SMALL = ("tests/unit/read", "tests/unit/infra", "tests/unit/mail", "tests/unit/receive")
_PASSED = re.compile(r"\b(\d+) passed\b")


@dataclass(frozen=True)
class Lane:
    """What one run of pytest takes: its places, without those that another lane runs."""

    places: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        return [*self.places, *self.options, *(f"--ignore={place}" for place in self.left_out)]


FAST = ("-m", "not slow")
SLOWEST = ("--durations=15", "--durations-min=3")      # where a lane's time goes, and what the fast one should not hold
LANES = {
    "all": (Lane(("tests",), MONTHS), Lane(MONTHS, STANDING), Lane(STANDING)),
    "fast": (Lane(("tests",), SMALL, FAST), Lane(SMALL, (), FAST)),
}


def main(name: str) -> int:
    """Run the lanes of that name and return the exit code."""
    lanes = LANES[name]
    temporary = tempfile.TemporaryDirectory(prefix="lanes-", ignore_cleanup_errors=True)
    with temporary as folder, ThreadPoolExecutor(len(lanes)) as pool:
        runs = [pool.submit(run, lane, f"{folder}/{n}", is_seen=n == 0) for n, lane in enumerate(lanes)]
        outcomes = [done.result() for done in runs]
    for _, printed in outcomes[1:]:
        print(printed, flush=True)
    passed = sum(int(count) for _, printed in outcomes for count in _PASSED.findall(printed)[-1:])
    failed = [code for code, _ in outcomes if code]
    print(f"Tổng cộng · In all: {passed} passed in {len(lanes)} lanes, {len(failed)} lanes failed", flush=True)
    return 1 if failed else 0


def run(lane: Lane, folder: str, is_seen: bool) -> tuple[int, str]:
    """Run one lane with its temporary files in `folder`; return its exit code and what it printed."""
    options = ("-p", "no:cacheprovider", "--basetemp", folder, *SLOWEST)
    command = [sys.executable, "-m", "pytest", *options, *lane.arguments]
    pieces: list[bytes] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        while piece := os.read(process.stdout.fileno(), 65536):
            pieces.append(piece)
            if is_seen:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
    return process.returncode, b"".join(pieces).decode("utf-8", "replace")


def belongs(lane: Lane, file: str) -> bool:
    """Return whether a test file (path from the checkout) runs in a lane."""
    return _is_below(file, lane.places) and not _is_below(file, lane.left_out)


def _is_below(file: str, places: Sequence[str]) -> bool:
    return any(file == place or file.startswith(f"{place}/") for place in places)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
