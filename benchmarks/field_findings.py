"""The verdicts on the field's months against the errors that were planted in them: all found, nothing else blocks.

    python -m benchmarks.field_findings

Runs both months as a user does, in a home of their own, and compares `tonghop findings` with planted.csv. A planted
figure is found when a finding names its cell; a blocking finding is explained when it, or another finding of its
case, names a planted cell or a submitter that sent nothing. Exits with 1 when a bar is missed; skips without the data.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from infra.settings import PROJECT

FIELD = PROJECT.parent / "shared" / "field"
MONTHS = ("2019-03", "2019-04")
Place = tuple[str, str, str]


def main() -> int:
    if not FIELD.is_dir():
        print("The field data is not beside the project: skipped.")
        return 0
    with tempfile.TemporaryDirectory(prefix="field-") as home:
        return max([judge_month(Path(home), month) for month in MONTHS])


def judge_month(home: Path, month: str) -> int:
    """Print how one month's findings compare with what was planted; return 1 when a bar is missed."""
    run(home, "month", month, "--inbox", str(FIELD / month))
    lines = run(home, "findings", "--period", month, "--format", "json").splitlines()
    findings = [f for f in map(json.loads, lines) if not f["finding_id"].startswith("I")]
    with (FIELD / month / "planted.csv").open(encoding="utf-8") as file:
        planted = list(csv.DictReader(file))
    errors = [row for row in planted if row["defect_id"].startswith("F")]
    named = {place for finding in findings for place in places(finding)}
    missed = [row for row in errors if not {as_cell(row), as_figure(row)} & named]
    strangers = unexplained(findings, planted)
    print(f"{month}  planted figures found {len(errors) - len(missed)} of {len(errors)}, "
          f"blocking findings {sum(f['severity'] == 'blocking' for f in findings)}, not planted {len(strangers)}")
    for row in missed:
        print(f"  missed {row['defect_id']} {row['message']} {row['sheet']} {row['cell']} {row['kind']}")
    for finding in strangers:
        print(f"  not planted {finding['finding_id']} {finding['rule_id']} {finding['message_vi']}")
    return 1 if missed or strangers else 0


def run(home: Path, *arguments: str) -> str:
    environment = os.environ | {"TONGHOP_HOME": str(home), "TONGHOP_PREFECT": "off", "TONGHOP_INBOX_TRUSTED": "by_hand"}
    command = [sys.executable, "-m", "flows.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=False)
    if done.returncode not in (0, 3):
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def as_cell(row: dict[str, str]) -> Place:
    return row["message"], row["sheet"], row["cell"]


def as_figure(row: dict[str, str]) -> Place:
    return row["submitter_id"], row["area_code"], row["indicator_id"]


def places(finding: dict[str, Any]) -> set[Place]:
    """Return where a finding points: at cells, and (a text without cells has none) at figures."""
    cells = {(c["message"], c["sheet"], c["cell"]) for c in finding["cells"]}
    return cells | {(c["submitter_id"], c["area_code"], c["indicator_id"]) for c in finding["cells"]}


def unexplained(findings: list[dict[str, Any]], planted: list[dict[str, str]]) -> list[dict[str, Any]]:
    known = {as_cell(row) for row in planted if row["cell"]} | {as_figure(row) for row in planted}
    silent = {row["submitter_id"] for row in planted if row["kind"] == "missing_submission"}
    by_case: dict[str, set[Place]] = defaultdict(set)
    for finding in findings:
        by_case[finding["case_id"] or finding["finding_id"]] |= places(finding)
    return [
        f for f in findings
        if f["severity"] == "blocking" and f["submitter_id"] not in silent
        and not by_case[f["case_id"] or f["finding_id"]] & known
    ]


if __name__ == "__main__":
    sys.exit(main())
