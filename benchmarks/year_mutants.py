"""Does the oracle notice? Plays years in copies of the tree, each with one change of year_mutants.toml.

    python -m benchmarks.year_mutants                all of them, two at a time
    python -m benchmarks.year_mutants --only gate    those whose file or meaning matches the expression

A mutant that no year notices lives: then a promise is not asserted, or the events that would show it are too rare.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.mutants import COPIES, Copies, Mutant, read_mutants, unclear
from infra.settings import PROJECT

LIST = PROJECT / "benchmarks" / "year_mutants.toml"
BATCHES = 6                # of 50 years, before a mutant is said to live
LIMIT_SECONDS = 1200
PLAY = """
import sys
from benchmarks.year import play
for seed in range(101, 101 + int(sys.argv[1])):
    played = play(seed, is_shrunk=False)
    if played.broken:
        print(f"{played.seed}: " + played.broken.strip().splitlines()[0][:150])
        sys.exit(1)
"""


def years_in(copy: Path, _tests: tuple[str, ...]) -> tuple[str, str]:
    """Return whether a promise broke in a copy of the tree ("failed"), and which."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-c", PLAY, str(BATCHES)]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True,
                              timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "failed", "no end"
    outcome = {0: "passed", 1: "failed"}.get(done.returncode, "error")
    last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
    return ("error" if outcome == "failed" and not done.stdout.strip() else outcome), "".join(last)


def main() -> int:
    """Try every mutant and print what became of it; 0 when none lives without a reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose file or meaning matches this expression")
    asked = parser.parse_args()
    mutants = [m for m in read_mutants(LIST) if re.search(asked.only, f"{m.file} {m.says}")]
    problems = unclear(mutants)
    print(*(f"ERROR  {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
    return _report(_tried([m for m in mutants if not unclear([m])]), problems)


def _tried(mutants: list[Mutant]) -> list[tuple[Mutant, str]]:
    began, outcomes = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="year-") as folder, ThreadPoolExecutor(COPIES) as pool:
        copies = Copies(Path(folder), COPIES, years_in)
        for mutant, (outcome, line) in zip(
            mutants, pool.map(lambda mutant: copies.try_out((), mutant), mutants), strict=True
        ):
            outcomes.append((mutant, outcome))
            word = {"failed": "caught", "passed": "LIVES"}.get(outcome, "ERROR")
            print(f"{word:7}{time.monotonic() - began:6.0f} s  {mutant.says}  [{line}]", flush=True)
    return outcomes


def _report(outcomes: list[tuple[Mutant, str]], problems: list[str]) -> int:
    lives = [mutant for mutant, outcome in outcomes if outcome == "passed"]
    caught = sum(outcome == "failed" for _, outcome in outcomes)
    errors = len(outcomes) - caught - len(lives)
    print(f"{caught} of {len(outcomes)} caught, {len(lives)} live, {errors + len(problems)} errors")
    for mutant in lives:
        print(f"  lives: {mutant.says}: {mutant.survives or 'NO REASON'}")
    return 1 if errors or problems or any(not mutant.survives for mutant in lives) else 0


if __name__ == "__main__":
    sys.exit(main())
