"""Does a test notice? Makes the small changes of mutants.toml, one at a time, in copies of the tree.

    python -m benchmarks.mutants                all of them, two at a time
    python -m benchmarks.mutants --only gate    those whose file or meaning matches the expression
    python -m benchmarks.mutants --check        only whether every text is still found

Each copy is a new folder that is deleted at the end; the tree itself is never touched. Before any change all
the tests run in the copy as it is and must pass, else what they say about a mutant would mean nothing. A text
that is not found, a change that is no program, and tests that cannot run are errors, printed, and fail the command.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from infra.settings import PROJECT

LIST = PROJECT / "benchmarks" / "mutants.toml"
COPIES = 2
MOST_SURVIVORS = 3
LIMIT_SECONDS = 1800          # of one run of tests: a mutant may make a loop endless
NO_PROGRAM = re.compile(r"\b(?:Parser|Binder|Catalog|Compilation|Syntax|Indentation)[ ]?Error\b")   # not killed: broken
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "target", "logs", "__pycache__", ".*_cache", ".hypothesis")


@dataclass(frozen=True)
class Mutant:
    """One change: `old` becomes `new` in `file`, the first time after `after` if that is given."""

    file: str
    tests: tuple[str, ...]
    old: str
    new: str
    says: str
    after: str = ""
    survives: str = ""

    def applied(self, text: str) -> str:
        """Return the text with the change. Raises LookupError when it is not clear where it belongs."""
        start = text.find(self.after)
        found = text.count(self.old, start if self.after else 0)
        if start < 0 or found == 0 or (found > 1 and not self.after):
            raise LookupError(f"{self.file}: {self.old!r} stands there {max(found, 0) if start >= 0 else 0} times")
        place = text.index(self.old, start)
        changed = text[:place] + self.new + text[place + len(self.old):]
        if self.file.endswith(".py"):
            compile(changed, self.file, "exec")
        return changed


def read_mutants(path: Path = LIST) -> list[Mutant]:
    """Return every mutant of the list."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))["group"]
    return [Mutant(g["file"], tuple(g.get("tests", ())), **mutant) for g in groups for mutant in g["mutant"]]


def unclear(mutants: Iterable[Mutant]) -> list[str]:
    """Return what is wrong with the list: texts that are not found once, changes that are no program."""
    problems = []
    for mutant in mutants:
        try:
            mutant.applied((PROJECT / mutant.file).read_text(encoding="utf-8"))
        except (LookupError, SyntaxError, OSError) as error:
            problems.append(f"{mutant.says}: {error}")
    return problems


def run_tests(copy: Path, tests: Iterable[str]) -> tuple[str, str]:
    """Return "passed", "failed" or "error", and the last lines of the run, of tests in a copy of the tree."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True,
                              timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "failed", f"no end after {LIMIT_SECONDS} s"
    outcome = {0: "passed", 1: "failed"}.get(done.returncode, "error")
    if outcome == "failed" and NO_PROGRAM.search(done.stdout):
        outcome = "error"
    return outcome, "\n".join((done.stdout + done.stderr).splitlines()[-25:])


RunTests = Callable[[Path, tuple[str, ...]], tuple[str, str]]


class Copies:
    """Copies of the tree, each used by one run at a time."""

    def __init__(self, folder: Path, number: int, run: RunTests = run_tests) -> None:
        self._run = run
        self._free: SimpleQueue[Path] = SimpleQueue()
        for n in range(number):
            shutil.copytree(PROJECT, folder / f"copy-{n}", ignore=LEFT_OUT)
            self._free.put(folder / f"copy-{n}")

    def try_out(self, tests: tuple[str, ...], mutant: Mutant | None = None) -> tuple[str, str]:
        """Run tests in a copy with one change, or none; the copy is as before afterwards."""
        copy = self._free.get()
        changed = copy / (mutant.file if mutant else "pyproject.toml")
        before = changed.read_bytes()
        try:
            if mutant:
                changed.write_text(mutant.applied(before.decode("utf-8")), encoding="utf-8")
            return self._run(copy, tests)
        finally:
            changed.write_bytes(before)
            self._free.put(copy)


def main() -> int:
    """Try every mutant and print which live; 0 when few enough do, each with its reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose file or meaning matches this expression")
    parser.add_argument("--check", action="store_true", help="only look whether every text is found")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))       # so that the copies are deleted then too
    mutants = [m for m in read_mutants() if re.search(options.only, f"{m.file} {m.says}")]
    problems = unclear(mutants)
    print(*(f"ERROR  {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
    if options.check or not mutants:
        print(f"{len(mutants)} mutants, {len(problems)} not clear")
        return bool(problems or not mutants)
    outcomes = _try_all(mutants, problems)
    return _report(outcomes, problems)


def _try_all(mutants: list[Mutant], problems: list[str]) -> list[tuple[Mutant, str]]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(COPIES) as pool:
        copies = Copies(Path(folder), COPIES)
        every_test = tuple(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        outcome, lines = copies.try_out(every_test)
        if outcome != "passed":
            problems.append(f"the tests do not pass unchanged\n{lines}")
            print(f"ERROR  {problems[-1]}", flush=True)
            return []
        clear = [m for m in mutants if not unclear([m])]
        outcomes = []
        for mutant, (outcome, lines) in zip(
            clear, pool.map(lambda m: copies.try_out(m.tests, m), clear), strict=True
        ):
            outcomes.append((mutant, outcome))
            _print_outcome(mutant, outcome, lines)
    print(f"{len(clear)} mutants in {time.monotonic() - began:.0f} s")
    return outcomes


def _print_outcome(mutant: Mutant, outcome: str, lines: str) -> None:
    word = {"passed": "LIVES ", "failed": "killed", "error": "ERROR "}[outcome]
    noticed = next((line.split()[1] for line in lines.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
    print(f"{word} {mutant.file}: {mutant.says}" + (f"\n         {noticed}" if noticed else ""), flush=True)
    if outcome == "error":
        print(lines, flush=True)


def _report(outcomes: list[tuple[Mutant, str]], problems: list[str]) -> int:
    living = [mutant for mutant, outcome in outcomes if outcome == "passed"]
    counts = Counter(outcome for _, outcome in outcomes)
    print(f"{counts['failed']} killed, {len(living)} live, {counts['error']} could not be tried, "
          f"{len(problems)} errors of the list or of the tests")
    for mutant in living:
        print(f"  {mutant.file}: {mutant.says}\n    {mutant.survives or 'NO REASON STATED: a test is missing'}")
    is_good = len(living) <= MOST_SURVIVORS and all(mutant.survives for mutant in living)
    return int(bool(problems or counts["error"]) or not is_good)


if __name__ == "__main__":
    sys.exit(main())
