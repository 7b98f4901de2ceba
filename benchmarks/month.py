"""`tonghop month` against the same month done the plain way, both as cold processes, measured in one run.

    python -m benchmarks.month [--rounds 3]

Prints wall time, CPU time and the memory of the largest process of each, and the ratio. The bars: at most 0.40
of the plain way's wall time, and under 700 MB. Exits with 1 when a bar is missed. Both ways begin from an empty
home and must publish the same figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Measured, busy_share, measure
from flows.sample import PERIOD, write_sample

WALL_BAR = 0.40
MEMORY_BAR = 700
WAYS = {
    "tonghop": ["-m", "flows.cli", "month", PERIOD, "--inbox", "{inbox}", "--home", "{home}"],
    "plain": ["-m", "benchmarks.plain_month", PERIOD, "{inbox}", "{home}"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="how many times each way is run")
    arguments = parser.parse_args()
    if (busy := busy_share()) > 0.1:
        print(f"Other programs use {100 * busy:.0f} % of the processors: tonghop runs its parts side by side and "
              "loses more by that than the plain way does.")
    runs: dict[str, list[Measured]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="month-") as name:
        folder = Path(name)
        write_sample(PERIOD, folder / "inbox")
        figures = set()
        for number in range(arguments.rounds):
            for way in WAYS:
                home = folder / f"{way}-{number}"
                runs[way].append(run_once(way, folder / "inbox", home))
                figures.add(published_figures(home))
                show(way, runs[way][-1])
    if len(figures) != 1:
        print("The two ways did not publish the same figures.")
        return 1
    return judge(runs)


def run_once(way: str, inbox: Path, home: Path) -> Measured:
    home.mkdir()  # Prefect's server waits in vain when the folder above its own is not there
    command = [sys.executable, *(part.format(inbox=inbox, home=home) for part in WAYS[way])]
    environment = {
        "PREFECT_HOME": str(home / "prefect"), "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "TONGHOP_HOME": str(home),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120", "TONGHOP_INBOX_TRUSTED": "by_hand",
    }
    result = measure(command, environment, home.with_suffix(".log"))
    if result.exit_code != 0:
        sys.exit(f"{way} ended with exit code {result.exit_code}:\n{result.output[-4000:]}")
    return result


def published_figures(home: Path) -> str:
    command = [sys.executable, "-m", "flows.cli", "figures", "--period", PERIOD, "--home", str(home)]
    result = measure(command, {}, home.with_suffix(".figures"))
    if result.exit_code != 0:
        sys.exit(f"No figures in {home}:\n{result.output[-2000:]}")
    return result.output


def show(way: str, run: Measured) -> None:
    print(f"{way:8} wall {run.wall_seconds:6.1f} s   CPU {run.cpu_seconds:6.1f} s   "
          f"largest process {run.peak_megabytes:4.0f} MB", flush=True)


def judge(runs: dict[str, list[Measured]]) -> int:
    wall = {way: statistics.median(run.wall_seconds for run in found) for way, found in runs.items()}
    cpu = {way: statistics.median(run.cpu_seconds for run in found) for way, found in runs.items()}
    peak = max(run.peak_megabytes for run in runs["tonghop"])
    ratio = wall["tonghop"] / wall["plain"]
    print(f"wall ratio {ratio:.2f} (bar {WALL_BAR}), CPU ratio {cpu['tonghop'] / cpu['plain']:.2f}, "
          f"largest process {peak:.0f} MB (bar {MEMORY_BAR}), medians of {len(runs['plain'])} rounds")
    return 0 if ratio <= WALL_BAR and peak < MEMORY_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
