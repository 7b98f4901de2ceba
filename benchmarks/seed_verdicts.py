"""The rules on the published report of April 2019: every verdict against the one worked out by hand.

    python -m benchmarks.seed_verdicts

Skips where the report is not beside the project. Exits with 1 when a verdict differs.
"""

from __future__ import annotations

import sys
from collections import defaultdict

from benchmarks.seed_report import PERIOD, report_path
from flows.check.report import ReportVerdict, check_report
from flows.read.published_report import read_report, report_paragraphs
from infra.catalogue import load_catalogue

# By the number of the rule. "undecided": the month before, or what the petitions are, is not in the report.
EXPECTED = {
    "R01": "fail",
    "R02": "pass",
    "R03": "fail",
    "R04": "pass",
    "R05": "pass",
    "R05b": "fail",
    "R06": "pass",
    "R07a": "pass",
    "R07b": "pass",
    "R08": "fail",
    "R09": "fail",
    "R10": "pass",
    "R11": "undecided",
    "R12": "pass",
    "R13": "undecided",
    "R14": "fail",
    "R15": "fail",
    "R16": "pass",
    "R17": "pass",
    "R18": "fail",
    "R19": "fail",
    "R20": "pass",
    "R21": "pass",
    "R22": "fail",
    "R23": "pass",
    "R24": "pass",
    "R24b": "fail",
    "R25": "undecided",
    "R26": "pass",
    "R27": "fail",
    "R28": "fail",
    "R29": "pass",
    "R30": "pass",
}
_GRAVEST = ("fail", "undecided", "pass")


def verdicts() -> dict[str, str] | None:
    """Return the gravest outcome of each numbered rule; None where the report is absent."""
    path = report_path()
    if path is None:
        return None
    data, catalogue = path.read_bytes(), load_catalogue().at(PERIOD)
    paragraphs = [(paragraph.place, paragraph.text) for paragraph in report_paragraphs(data)]
    return by_number(check_report(read_report(data, path.name, catalogue), paragraphs, catalogue, PERIOD))


def by_number(found: list[ReportVerdict]) -> dict[str, str]:
    outcomes: dict[str, set[str]] = defaultdict(set)
    for verdict in found:
        for code in verdict.codes:
            outcomes[code].add(verdict.outcome)
    return {code: next(o for o in _GRAVEST if o in seen) for code, seen in outcomes.items()}


def main() -> int:
    """Print the verdicts and what differs; 0 when all are as expected."""
    found = verdicts()
    if found is None:
        print("The published report is not beside the project; nothing to judge.")
        return 0
    wrong = {code for code in EXPECTED if found.get(code) != EXPECTED[code]}
    print(f"Published report of {PERIOD}: {len(EXPECTED) - len(wrong)} of {len(EXPECTED)} rules judged as by hand")
    for code, expected in EXPECTED.items():
        note = f"   by hand: {expected}" if code in wrong else ""
        print(f"  {code:5} {found.get(code, 'not judged')}{note}")
    for code in sorted(set(found) - set(EXPECTED)):
        print(f"  {code:5} {found[code]}   not in the list")
    return 1 if wrong or set(found) - set(EXPECTED) else 0


if __name__ == "__main__":
    sys.exit(main())
