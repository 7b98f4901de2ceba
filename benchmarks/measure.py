"""Measure whole cold processes: wall time, CPU of the whole family, memory of its largest process."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.settings import PROJECT

POLL_SECONDS = 0.05
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One run. `cpu_seconds` counts user and system time of every process of the family."""

    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    output: str


def measure(command: Sequence[str | Path], environment: dict[str, str], log: Path) -> Measured:
    """Run one command in a session of its own and return what it used.

    Memory is polled for every process of the session (the kernel's high-water mark, so a short peak between
    two polls counts); CPU is what the processes had used when last seen, or what the kernel charged to the
    command and the children it waited for, whichever is more.
    """
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT,
            env=os.environ | environment, start_new_session=True,
        )
        family = Family(process.pid)
        family.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        family.stop()
    charged = usage.ru_utime + usage.ru_stime
    peak = max(family.peak_kilobytes, usage.ru_maxrss) / 1024
    return Measured(process.returncode, wall, max(charged, family.cpu_seconds), peak, log.read_text(encoding="utf-8"))


def busy_share(seconds: float = 1.0) -> float:
    """Return which part of all processors is at work while we wait: 0 on an idle machine, 1 on a full one."""
    before = _processor_ticks()
    time.sleep(seconds)
    spent = [later - earlier for earlier, later in zip(before, _processor_ticks(), strict=True)]
    idle = spent[3] + spent[4]        # idle, and waiting for a disk
    return 1 - idle / max(1, sum(spent))


def _processor_ticks() -> list[int]:
    return [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


class Family:
    """Watches every process of one session until told to stop."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.peak_kilobytes = 0
        self._cpu: dict[int, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            for pid, cpu, peak in _processes(self.session):
                self._cpu[pid] = cpu
                self.peak_kilobytes = max(self.peak_kilobytes, peak)


def _processes(session: int) -> Iterator[tuple[int, float, int]]:
    """Yield pid, CPU seconds and peak resident kilobytes of each process of the session that still lives."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            status = (folder / "status").read_text()
        except (OSError, IndexError):
            continue
        yield int(folder.name), (int(fields[11]) + int(fields[12])) / TICKS, _high_water(status)


def _high_water(status: str) -> int:
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
