"""Reads the published report of April 2019 from its damaged text and prints what came of it: `make seed-report`.

The expected figures are our own: the golden table, with the two ratios that the report carried over from an
earlier month as it prints them.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from flows.read.published_report import read_report
from flows.records import ReportedFigure
from infra.catalogue import load_catalogue
from infra.settings import PROJECT

PERIOD = "2019-04"
GOLDEN = PROJECT / "tests" / "golden" / "april_2019_figures.csv"
PRINTED_OTHERWISE = {"post_service_radius_km": Decimal("4.48"), "post_persons_per_point": Decimal(5958)}
Printed = dict[str, tuple[Decimal, str]]


def printed_figures() -> Printed:
    """Return value and bound of each figure as the report of April 2019 prints them."""
    with GOLDEN.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    printed = {row["indicator_id"]: (Decimal(row["value"]), row["qualifier"]) for row in rows}
    return printed | {name: (value, "") for name, value in PRINTED_OTHERWISE.items()}


def differences(figures: Iterable[ReportedFigure], printed: Printed) -> tuple[list[str], list[str], list[str]]:
    """Return what was read wrong, what was invented, and what was not read."""
    read = list(figures)
    known = [f for f in read if f.indicator_id in printed]
    wrong = [
        f"{f.indicator_id}: {f.qualifier} {f.value} ({f.place}, “{f.raw_text}”), printed {printed[f.indicator_id]}"
        for f in known
        if (f.value, f.qualifier) != printed[f.indicator_id]
    ]
    invented = [f"{f.indicator_id}: {f.value} ({f.place})" for f in read if f.indicator_id not in printed]
    missing = sorted(set(printed) - {f.indicator_id for f in read})
    return wrong, invented, missing


def report_path() -> Path | None:
    """Return the damaged text of the report beside the project, None where it is absent."""
    path = PROJECT.parent / "shared" / "reports" / "2019-04-gia-lai.txt"
    return path if path.is_file() else None


def main() -> int:
    """Print the figures read, wrong, invented and missing; 0 when all are right."""
    path = report_path()
    if path is None:
        print("The published report is not beside the project; nothing to read.")
        return 0
    printed = printed_figures()
    start = time.perf_counter()
    figures = read_report(path.read_bytes(), path.name, load_catalogue().at(PERIOD))
    seconds = time.perf_counter() - start
    wrong, invented, missing = differences(figures, printed)
    right = len(printed) - len(missing) - len(wrong)
    print(
        f"Published report of {PERIOD}: {right} of {len(printed)} printed figures read right "
        f"in {seconds * 1000:.0f} ms; wrong {len(wrong)}, invented {len(invented)}, not read {len(missing)}"
    )
    for title, lines in (("wrong", wrong), ("invented", invented), ("not read", missing)):
        for line in lines:
            print(f"  {title}: {line}")
    return 1 if wrong or invented or missing else 0


if __name__ == "__main__":
    sys.exit(main())
