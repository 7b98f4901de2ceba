"""The way back: from every printed figure to the cells it came from, and from every work item to its place.

Tab-separated and not .csv: these stay with the edition in the archive, the recipients' mail carries the .csv files.
"""

from __future__ import annotations

import re

from flows.publish.document import ReportDocument, Run
from flows.publish.narrative import item_key
from flows.publish.report_data import ReportData
from infra.csv_text import write_csv

FIGURE_COLUMNS = (
    "POSITION", "INDICATOR", "PRINTED", "VALUE",
    "BASIS", "OBSERVATION_ID", "TIME_PERIOD", "REPORTING_UNIT", "REF_AREA", "SOURCE_INDICATOR", "SOURCE_VALUE",
    "REPORTED_VALUE", "DECISION_ID", "MESSAGE", "FILE", "SHEET", "CELL", "RAW_TEXT",
)
ITEM_COLUMNS = ("PART", "SECTION", "REPORTING_UNIT", "TEXT", "MESSAGE", "FILE", "PLACE", "USE_STATUS", "PRINTED_AT")


def trace_tsv(data: ReportData, document: ReportDocument) -> bytes:
    """Return one row for each printed figure and each observation behind it, in the order of the report.

    BASIS is "observation", "reference" (a dated catalogue figure, its source in RAW_TEXT) or "none".
    """
    rows: list[tuple[object, ...]] = []
    for position, run in enumerate(document.figure_runs(), start=1):
        head = (position, run.indicator_id, run.text, run.value)
        behind = list(_behind(data, run))
        rows += [(*head, *row) for row in behind or [("none", *[""] * (len(FIGURE_COLUMNS) - 5))]]
    return write_csv(FIGURE_COLUMNS, rows, delimiter="\t")


def items_tsv(data: ReportData, document: ReportDocument) -> bytes:
    """Return every work item that was sent and where the report prints it, or why it does not.

    PRINTED_AT is the section ("I.8"), "zero:<indicator>" when the sentence for zero says the same, or empty
    for an item that is not in force (USE_STATUS says why).
    """
    rows = [
        (item.part, item.section, item.submitter_id, item.text, item.message, item.file, item.place, item.use_status,
         document.placed_items.get(item_key(item), ""))
        for item in data.narrative
    ]
    return write_csv(ITEM_COLUMNS, rows, delimiter="\t")


def _behind(data: ReportData, run: Run) -> list[tuple[object, ...]]:
    """Return the cells behind a figure, then the dated figures of the catalogue that its formula uses."""
    cells = data.sources_of.get(run.indicator_id, ())
    observed: list[tuple[object, ...]] = [
        ("observation", row.observation_id, row.period, row.submitter_id, row.area_code, row.source_indicator_id,
         row.value, row.reported_value, row.decision_id, row.message, row.file, row.sheet, row.cell, row.raw_text)
        for row in cells
    ]
    wanted = _inputs(data, run.indicator_id) - {row.source_indicator_id for row in cells}
    province = data.catalogue.province.area_code
    return observed + [
        ("reference", "", data.period, "", province, row.reference_id, row.value, row.value, "", "",
         "reference_figures.csv", "", "", row.source)
        for row in data.catalogue.reference_figures if row.reference_id in wanted
    ]


def _inputs(data: ReportData, indicator_id: str) -> set[str]:
    """Return an indicator and all that its formula rests on, through the formulas of its parts."""
    formulas = {row.indicator_id: row.expression for row in data.catalogue.definitions if row.is_current}
    found, waiting = set[str](), {indicator_id}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(re.findall(r"[a-z_]\w*", formulas.get(name, ""))) - found
    return found
