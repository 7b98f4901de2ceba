"""Play years: `python -m benchmarks.year --seeds 2000`.

Each number of a batch (`--seed`) gives the same years again: `--seed 7 --seeds 50` is batch 7 alone. What breaks a
promise is printed with the batch, shrunk to the few events that are needed, and the command ends with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

BATCH = 50                 # years with one seed of Hypothesis
EVENTS = 25                # at most, in one year
SECONDS_TO_SHRINK = 120


@dataclass(frozen=True)
class Played:
    """What became of one batch: how many years, the events in them, and the broken promise in words ("" for none)."""

    seed: int
    years: int
    seconds: float
    events: Counter[str]
    broken: str


def play(seed: int, years: int = BATCH, gear: str = "fast", is_shrunk: bool = True) -> Played:
    """Play one batch of years in this process."""
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import seed as seeded
    from hypothesis.stateful import run_state_machine_as_test

    from tests.year import machine

    gc.freeze()                # what was imported stays; looking through it again and again costs a tenth
    machine.events.clear()
    phases = [Phase.generate, *([Phase.shrink] if is_shrunk else [])]
    played = settings(
        max_examples=years, stateful_step_count=EVENTS, database=None, deadline=None, phases=phases, print_blob=False,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False, derandomize=False,
    )
    began, broken, printed = time.perf_counter(), "", io.StringIO()
    year = seeded(seed)(machine.year_of(gear))
    try:
        with contextlib.redirect_stdout(printed):
            run_state_machine_as_test(year, settings=played)
    except BaseException as error:  # a broken promise, or a fault that nobody foresaw: both are told
        notes = "\n".join(getattr(error, "__notes__", ()))
        broken = f"{type(error).__name__}: {error}\n{notes}\n{printed.getvalue()}"
        if isinstance(error, KeyboardInterrupt):
            raise
    finally:
        machine.leave_nothing()
    return Played(seed, years, time.perf_counter() - began, Counter(machine.events), broken)


def play_all(seeds: Sequence[int], years: int, gear: str, processes: int) -> list[Played]:
    """Play many batches side by side; stop at the first broken promise.

    Each has a process of its own: Hypothesis draws on the constants of the modules that are there, so only a fresh
    process gives the same years again. The modules are imported once, before it is forked.
    """
    found, context = [], get_context("forkserver")
    context.set_forkserver_preload(["hypothesis.stateful", "tests.year.machine"])
    with ProcessPoolExecutor(processes, context, max_tasks_per_child=1) as pool:
        batches = [pool.submit(play, seed, years, gear) for seed in seeds]
        for batch in as_completed(batches):
            found.append(batch.result())
            _show(found, len(seeds))
            if found[-1].broken:
                for other in batches:
                    other.cancel()
                break
    return found


def _show(found: list[Played], batches: int) -> None:
    years = sum(batch.years for batch in found)
    print(f"\r{len(found)} of {batches} batches, {years} years", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Play, print what was played and what broke; 1 when something did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000, help="how many years")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch")
    parser.add_argument("--gear", choices=("fast", "real"), default="fast", help="fast: a small reader and press")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    batches = max(1, asked.seeds // BATCH)
    began = time.perf_counter()
    years = min(BATCH, asked.seeds)
    found = play_all(range(asked.seed, asked.seed + batches), years, asked.gear, asked.processes)
    return _report(found, time.perf_counter() - began, asked.gear)


def _report(found: list[Played], seconds: float, gear: str) -> int:
    events: Counter[str] = sum((batch.events for batch in found), Counter())
    years = sum(batch.years for batch in found)
    print(f"\n{years} years in the {gear} gear, {seconds:.0f} s, {years / seconds:.1f} a second; events played:")
    for name, number in sorted(events.items()):
        print(f"  {number:8}  {name}")
    broken = [batch for batch in found if batch.broken]
    for batch in broken:
        print(f"\nBROKEN in batch {batch.seed}; again: python -m benchmarks.year --gear {gear} --seed {batch.seed} "
              f"--seeds {batch.years}\n{batch.broken}")
    print(f"{len(broken)} broken promises")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
