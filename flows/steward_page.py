"""The steward's page of a month: one HTML file with the queue of cases, each with its cells in their sheet.

Self-contained and without scripts, so it opens from a folder, a mail or an archive. The excerpts are drawn from
the observations, never by opening a submission again. Written whole at each check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from flows.receipts import can_be_decided, why_believed
from flows.records import Finding, Receipt
from infra.derived import save_listed
from infra.settings import PROJECT, Settings
from infra.vietnamese import SEVERITY_VI, STATUS_VI, moment_cell, number_text
from infra.warehouse import fetch

TEMPLATE = PROJECT / "flows" / "steward_page.html"
ROWS_AROUND = 2
SHEET_CELL = re.compile(r"^([A-Z]{1,3})(\d+)$")
TABLE_CELL = re.compile(r"^table (\d+) row (\d+) col (\d+)$")


def write_steward_page(
    settings: Settings, period: str, build_id: str, checked: Path, findings: Sequence[Finding],
    receipts: Sequence[Receipt],
) -> Path:
    """Write the page of one build and return its path, `steward/<period>.html` in the home.

    `checked` is the folder of its check; `findings` are those of it, with the waivers overlaid.
    """
    import jinja2

    from infra.warehouse import open_build

    with open_build(settings, build_id) as connection:
        content = {
            "period": period,
            "severity_vi": SEVERITY_VI,
            "status_vi": STATUS_VI,
            "cases": _cases(checked, findings, connection),
            "submissions": _submissions(connection, period),
            "intake": _intake(connection, period),
            "unused": [r for r in receipts if r.status not in ("received", "late")],
            "senders": [(r, why_believed(r), can_be_decided(r)) for r in receipts if r.status != "no_data"],
            "counts": {s: sum(f.severity == s and not f.decision for f in findings) for s in SEVERITIES},
        }
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"figure": _figure, "moment": moment_cell}
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    path = settings.home / "steward" / f"{period}.html"
    save_listed(page_listing(settings, period), {path.name: template.render(content).encode("utf-8", "replace")})
    return path


def page_listing(settings: Settings, period: str) -> Path:
    """Return the path of the list by which an edited page of a month is known."""
    return settings.home / "steward" / f".{period}.json"


SEVERITIES = ("blocking", "warning", "note")


def _figure(text: str | None) -> str:
    return number_text(Fraction(text)) if text else "–"


def _cases(folder: Path, findings: Sequence[Finding], connection: Any) -> list[dict[str, Any]]:
    """Return the cases in the order of the queue, each with its findings, repairs, impact and excerpt."""
    from flows.check.explanation import read_cases

    by_id = {finding.finding_id: finding for finding in findings}
    cases = []
    for case in read_cases(folder):
        known = [by_id[name] for name in case["findings"] if name in by_id]
        if known:
            main = by_id.get(case["main_finding"], known[0])
            suspects = {cell["observation_id"] for repair in case["repairs"] for change in repair["changes"]
                        for cell in change["cells"]}
            cases.append(case | {
                "main": main,
                "others": [finding for finding in known if finding is not main],
                "decided": all(finding.decision for finding in known),
                "excerpt": _excerpt(connection, main, suspects),
            })
    return sorted(cases, key=lambda c: (c["decided"], SEVERITIES.index(c["severity"])))


def _excerpt(connection: Any, finding: Finding, suspects: set[str]) -> dict[str, Any] | None:
    """Return the rows around the suspected cell as they stand in its sheet, or None where there is no table."""
    cells = sorted(finding.cells, key=lambda cell: cell.observation_id not in suspects)
    place = _place(cells[0].cell) if cells else None
    if place is None:
        return None
    sheet, row, _ = place
    rows = fetch(
        connection,
        "select observation_id, cell, raw_text, row_label, column_label from marts.fct_observations"
        " where receipt_id = ? and file = ? and sheet = ?", cells[0].receipt_id, cells[0].file, cells[0].sheet,
    )
    near = [(p[1], p[2], *r) for r in rows if (p := _place(r[1])) and p[0] == sheet and abs(p[1] - row) <= ROWS_AROUND]
    return _as_table(near, {cell.observation_id for cell in cells}, suspects) | {
        "file": cells[0].file, "sheet": cells[0].sheet, "message": cells[0].message,
    }


def _as_table(near: Iterable[tuple[Any, ...]], marked: set[str], suspects: set[str]) -> dict[str, Any]:
    near = sorted(near)
    columns = {column: label for _, column, _, _, _, _, label in near}
    rows: dict[int, dict[str, Any]] = {}
    for row, column, observation_id, cell, text, row_label, _ in near:
        mark = "suspect" if observation_id in suspects else "marked" if observation_id in marked else ""
        line = rows.setdefault(row, {"label": row_label, "cells": {}})
        line["cells"][column] = {"text": text, "cell": cell, "mark": mark}
    return {"columns": columns, "rows": rows}


def _place(cell: str) -> tuple[str, int, int] | None:
    """Return (table, row, column) of a place, or None for a sentence."""
    if match := SHEET_CELL.match(cell):
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        return "sheet", int(match[2]), column
    if match := TABLE_CELL.match(cell):
        return match[1], int(match[2]), int(match[3])
    return None


def _submissions(connection: Any, period: str) -> list[tuple[Any, ...]]:
    return fetch(
        connection,
        "select s.submitter_name, f.status, f.message, f.sent_at, f.n_observations, f.n_intake_findings"
        " from marts.fct_submissions as f join marts.dim_submitters as s using (submitter_id)"
        " where f.period = ? order by f.status = 'received', s.submitter_id", period,
    )


def _intake(connection: Any, period: str) -> list[tuple[Any, ...]]:
    return fetch(
        connection,
        "select severity, message, file, sheet, cell, message_vi, remedy_vi from marts.fct_intake_findings"
        " where period = ? order by severity <> 'blocking', message, file, cell", period,
    )
