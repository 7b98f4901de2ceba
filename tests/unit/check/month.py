"""A warehouse with the marts that the rules read, filled from plain rows: what a build would have left."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from expectations.language import evaluate, names, round_half_up
from infra.catalogue import Catalogue, load_catalogue
from infra.settings import Settings
from infra.warehouse import finish_build, new_build_folder, writable

BUILD = "0123456789abcdef"
_TABLES = {
    "fct_observations": (
        "observation_id varchar, period varchar, report_period varchar, submitter_id varchar, area_code varchar, "
        "indicator_id varchar, value decimal(28, 6), obs_status varchar, qualifier varchar, printed_decimals bigint, "
        "is_reported_total boolean, receipt_id varchar, message varchar, file varchar, sheet varchar, cell varchar, "
        "raw_text varchar, is_in_force boolean"
    ),
    "fct_figures": "period varchar, indicator_id varchar, value decimal(28, 6), decimals bigint, "
    "completeness varchar, missing varchar[]",
    "fct_figure_sources": "period varchar, indicator_id varchar, observation_id varchar",
    "fct_figures_by_submitter": "period varchar, submitter_id varchar, indicator_id varchar, value decimal(28, 6)",
    "fct_submissions": "period varchar, submitter_id varchar, status varchar, message varchar",
    "fct_intake_findings": "intake_finding_id varchar, period varchar, submitter_id varchar, message varchar, "
    "file varchar, kind varchar, severity varchar, message_vi varchar, is_lost boolean",
}


def observation(period: str, submitter: str, area: str, indicator: str, value: Any, **more: Any) -> dict[str, Any]:
    """Return one row of marts.fct_observations; `value` None with status O."""
    text = "" if value is None else str(value)
    row: dict[str, Any] = {
        "period": period,
        "report_period": period,
        "submitter_id": submitter,
        "area_code": area,
        "indicator_id": indicator,
        "value": None if value is None else Decimal(text),
        "obs_status": "O" if value is None else "A",
        "qualifier": "",
        "printed_decimals": len(text.partition(".")[2]),
        "is_reported_total": False,
        "message": "1.eml",
        "file": f"{submitter}.xlsx",
        "sheet": "1",
        "cell": "",
        "raw_text": text,
        "is_in_force": True,
    }
    row |= more
    row.setdefault("receipt_id", f"r-{row['report_period']}-{submitter}-{row['message']}")
    place = "|".join(
        str(row[k]) for k in ("submitter_id", "file", "sheet", "cell", "indicator_id", "period", "area_code")
    )
    return row | {"observation_id": hashlib.sha256(place.encode()).hexdigest()[:16]}


def table(
    period: str, submitter: str, columns: list[str], rows: dict[str, list[Any]], first_row: int = 10, **more: Any
) -> list[dict[str, Any]]:
    """Return the observations of a form: one row an area, one column an indicator."""
    cells = []
    for offset, (area, values) in enumerate(rows.items()):
        for column, (indicator, value) in enumerate(zip(columns, values, strict=True)):
            place = {"cell": f"{chr(67 + column)}{first_row + offset}", "is_reported_total": area == "64"}
            cells.append(observation(period, submitter, area, indicator, value, **(place | more)))
    return cells


def read_truth(path: Path, period: str) -> list[dict[str, Any]]:
    """Return the observations of a month as its list of sent figures gives them."""
    rows = []
    with path.open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            if line["use"] != "yes":
                continue
            value = line["value"] or None
            raw = line["as_written"].rpartition("→ ")[2]
            rows.append(
                observation(
                    line["period"],
                    line["submitter_id"],
                    line["area_code"],
                    line["indicator_id"],
                    value,
                    report_period=period,
                    qualifier=line["qualifier"],
                    message=line["message"],
                    file=line["file"],
                    sheet=line["sheet"],
                    cell=line["cell_or_place"],
                    raw_text=raw,
                    is_reported_total=line["area_code"] == "64",
                )
            )
    return rows


def write_month(
    settings: Settings,
    observations: Iterable[dict[str, Any]],
    period: str,
    catalogue: Catalogue | None = None,
    intake: Iterable[dict[str, Any]] = (),
    heard: Iterable[str] = ("van_phong",),
    past: Iterable[dict[str, Any]] = (),
) -> str:
    """Write a build with the marts of these observations and return its id.

    `past`: rows of marts.fct_figures_by_submitter. `heard`: submitters whose message came without a figure.
    """
    rows = list(observations)
    catalogue = catalogue or load_catalogue().at(period)
    with new_build_folder(settings) as folder:
        with writable(folder) as connection:
            connection.execute("create schema marts")
            for name, columns in _TABLES.items():
                connection.execute(f"create table marts.{name} ({columns})")
            _insert(connection, folder, "fct_observations", rows)
            for month in sorted({row["report_period"] for row in rows}):
                figures, sources = _figures(rows, month, catalogue)
                _insert(connection, folder, "fct_figures", figures)
                _insert(connection, folder, "fct_figure_sources", sources)
                sent = {row["submitter_id"] for row in rows if row["report_period"] == month} | set(heard)
                _insert(
                    connection,
                    folder,
                    "fct_submissions",
                    [
                        {
                            "period": month,
                            "submitter_id": s.submitter_id,
                            "message": "1.eml",
                            "status": "received" if s.submitter_id in sent else "missing",
                        }
                        for s in catalogue.submitters
                    ],
                )
            _insert(connection, folder, "fct_intake_findings", list(intake))
            _insert(connection, folder, "fct_figures_by_submitter", list(past))
        finish_build(settings, folder, BUILD, ["marts.fct_observations"])
    return BUILD


def _insert(connection: Any, folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    columns = dict(column.split(" ", 1) for column in _TABLES[name].replace("(28, 6)", "(28,6)").split(", "))
    passage = folder / f"{name}.json"
    with passage.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps({c: row.get(c) for c in columns}, default=str, ensure_ascii=False) + "\n")
    if rows:
        connection.execute(
            f"insert into marts.{name} select * from read_json(?, format = 'newline_delimited', columns = ?)",
            [str(passage), columns],
        )
    passage.unlink()


def _figures(
    rows: list[dict[str, Any]], period: str, catalogue: Catalogue
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Provincial figures the plain way: sum of the sources, then the definitions."""
    values: dict[str, Fraction | None] = {r.reference_id: Fraction(r.value) for r in catalogue.reference_figures}
    sources: dict[str, list[str]] = defaultdict(list)
    missing: dict[str, list[str]] = defaultdict(list)
    for submitter_id, provisions in catalogue.provisions_by_submitter.items():
        for provision in provisions:
            if provision.role == "cross_check":
                continue
            areas = {r["area_code"] for r in rows}
            is_by_district = provision.detail == "by_district"
            own = catalogue.submitter_by_id[submitter_id].area_code
            wanted = {a for a in areas if a != "64" and len(a) == 3} if is_by_district else {own}
            found = [
                r
                for r in rows
                if r["period"] == r["report_period"] == period
                and r["is_in_force"]
                and (r["submitter_id"], r["indicator_id"]) == (submitter_id, provision.indicator_id)
                and r["area_code"] in wanted
                and r["value"] is not None
            ]
            if not found:
                if provision.role == "source":
                    missing[provision.indicator_id].append(submitter_id)
                continue
            total = sum((Fraction(r["value"]) for r in found), Fraction(0))
            values[provision.indicator_id] = (values.get(provision.indicator_id) or Fraction(0)) + total
            sources[provision.indicator_id] += [r["observation_id"] for r in found]
    for _ in range(4):
        for row in catalogue.definitions:
            parts = names(row.expression)
            if row.is_current and all(values.get(name) is not None for name in parts):
                values[row.indicator_id] = evaluate(row.expression, values)
                sources[row.indicator_id] = [c for name in parts for c in sources[name]]
                missing[row.indicator_id] = [m for name in parts for m in missing[name]]
    figures = []
    for indicator in catalogue.indicators:
        value = values.get(indicator.indicator_id)
        lost = sorted(set(missing[indicator.indicator_id]))
        exact = None if value is None else round_half_up(value, indicator.decimals)
        figures.append(
            {
                "period": period,
                "indicator_id": indicator.indicator_id,
                "decimals": indicator.decimals,
                "value": None if exact is None else Decimal(exact.numerator) / Decimal(exact.denominator),
                "completeness": "not_reported" if value is None else "incomplete" if lost else "complete",
                "missing": lost,
            }
        )
    listed = [{"period": period, "indicator_id": i, "observation_id": c} for i, cells in sources.items() for c in cells]
    return figures, listed
