"""The month done the plain way, to measure `tonghop month` against: the same work without its shortcuts.

Same messages, stores, catalogue, models, rules, report and mails, and the same results. What is plain: everything
is imported at the top, one thing after the other; Prefect starts its own server when the flow begins; workbooks
are read by openpyxl and letters by python-docx, in this process; dbt is a command; Great Expectations opens a
context and validates once for every file, and once for the rules that join several files.

    python -m benchmarks.plain_month 2019-04 INBOX HOME
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import docx
import great_expectations as gx
import openpyxl
import pandas as pd
from prefect import flow, task

from expectations.rules import rules_in_force
from expectations.suites import build_suite
from flows.build.builder import PUBLISHED_TABLES
from flows.build.inputs import gather_inputs
from flows.check import load_findings
from flows.check.cells import draw_book
from flows.check.findings import check_folder, check_name, make_findings, validation_report, write_results
from flows.check.frames import draw_frames
from flows.check.places import Instance, apply_rules
from flows.check.repair.records import make_cases
from flows.check.run import _docs
from flows.deliver import deliver_edition
from flows.gate import Gate
from flows.publish import publish_edition
from flows.publish.press import Press
from flows.read import step
from flows.read.document import Content, Grid, GridCell, Paragraph, ReadContext
from flows.read.reader import _read_text, _read_workbook, read_document
from flows.readings import save_month
from flows.receive import receive_folder
from flows.records import DocumentReading, Reading
from flows.sandbox_jobs import JOBS
from infra import warehouse
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.dependencies import step_digest
from infra.errors import OperationError
from infra.ledger import open_ledger
from infra.sandbox import Answer, Sandbox
from infra.settings import PROJECT, load_settings


class InThisProcess(Sandbox):
    """Messages taken apart where the run runs, without a child, a wall or a limit."""

    def __init__(self) -> None:
        """Start nothing."""

    @property
    def log_name(self) -> str:
        return ""

    def run(self, job: str, header: dict[str, Any], data: bytes, budget: str = "", preload: str = "") -> Answer:
        content, blobs = JOBS[job](header, data)
        return Answer(content, tuple(blobs))

    def forget_budget(self, budget: str) -> None:
        """Nothing is counted."""


@flow(name="plain-month")
def plain_month(period: str, inbox: str, home: str) -> int:
    """Turn one month's submissions into the published and delivered report; return the exit code."""
    settings = load_settings(home)
    archive, ledger, catalogue = open_archive(settings), open_ledger(settings), load_catalogue().at(period)
    stores = settings, archive, ledger
    receive(stores, catalogue, period, Path(inbox))
    readings = read(stores, catalogue, period)
    build_id = build(stores, readings, period)
    findings = check(stores, catalogue, period, build_id)
    if any(f.severity == "blocking" and f.outcome != "pass" and not f.decision for f in findings):
        return 3
    edition = publish(stores, catalogue, period, build_id)
    deliver(stores, catalogue, edition)
    return 0


@task
def receive(stores: Any, catalogue: Any, period: str, inbox: Path) -> None:
    settings, archive, ledger = stores
    receive_folder(settings, archive, ledger, catalogue, period, inbox, sandbox=InThisProcess())


@task
def read(stores: Any, catalogue: Any, period: str) -> list[DocumentReading]:
    settings, archive, ledger = stores
    receipts = step.arrived(ledger, catalogue, period)
    said = []
    for request in step._requests(receipts, ledger):
        reading = Reading()
        if step._is_read(request):
            data = archive.get(request.document.sha256)
            reading = read_plainly(data, context_of(request, catalogue, period))
        said.append(DocumentReading(request.document, request.receipt.submitter_id, reading))
    resolved = step.resolve_versions(receipts, said, catalogue)
    current = step._set_statuses(ledger, receipts, resolved)
    about = step._about_messages(current, resolved, catalogue, period)
    readings = [*resolved.readings, *map(step.as_reading, about)]
    save_month(settings, period, readings, "plain")
    return readings


@task
def build(stores: Any, readings: list[DocumentReading], period: str) -> str:
    settings, _, ledger = stores
    inputs = gather_inputs(period, load_catalogue(), ledger.receipts(), readings, ledger.decisions())
    build_id = inputs.build_id()
    with warehouse.new_build_folder(settings) as folder:
        with warehouse.writable(folder) as connection:
            for schema, table, record_type, records in inputs.tables():
                warehouse.load_records(connection, schema, table, record_type, records)
        project, target = str(PROJECT / "dbt_project"), str(settings.home / "dbt")
        command = [str(Path(sys.executable).with_name("dbt")), "build", "--project-dir", project, "--profiles-dir",
                   project, "--target-path", target, "--log-path", target, "--exclude-resource-type", "unit_test"]
        subprocess.run(command, cwd=folder, check=True)
        noted = inputs.request()
        warehouse.finish_build(
            settings, folder, build_id, PUBLISHED_TABLES, noted.inputs_sha256, noted.readings_sha256
        )
    return build_id


@task
def check(stores: Any, catalogue: Any, period: str, build_id: str) -> list[Any]:
    settings, _, ledger = stores
    with warehouse.open_build(settings, build_id) as connection:
        book = draw_book(connection, catalogue, period)
    rules = rules_in_force(period)
    instances = apply_rules(book, rules)
    validate_each_file(book, instances)
    findings, cases = make_cases(book, instances, make_findings(book, instances))
    stamp = step_digest("check", catalogue)
    name = check_name(build_id, stamp)
    docs = _docs(book, rules, instances, findings)
    report = validation_report(book, build_id, instances)
    write_results(check_folder(settings, name), stamp, findings, report, cases, docs)
    warehouse.set_current_build(settings, period, build_id, name)
    return load_findings(settings, ledger, period)


@task
def publish(stores: Any, catalogue: Any, period: str, build_id: str) -> Any:
    settings, archive, ledger = stores
    passage = Gate(settings, archive, ledger, catalogue, period).pass_through(build_id)
    return publish_edition(settings, archive, ledger, passage, Press(settings, passage))


@task
def deliver(stores: Any, catalogue: Any, edition: Any) -> None:
    settings, archive, ledger = stores
    deliver_edition(settings, archive, ledger, catalogue, edition)


def validate_each_file(book: Any, instances: list[Instance]) -> None:
    """Validate the comparisons of each file on their own, and those that join several files together."""
    files = {key: (cell.message, cell.file) for key, cell in book.cells.items()}
    groups: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for instance in instances:
        touched = {files[c] for c in instance.verdict.cells if c in files}
        groups[touched.pop() if len(touched) == 1 else ("", "")].append(instance)
    failed = sum(_validate(name, group) for name, group in groups.items())
    expected = sum(j.outcome == "fail" for i in instances if i.verdict.outcome == "fail" for j in i.verdict.comparisons)
    if failed != expected:
        raise OperationError("Hai cách đánh giá khác nhau.", f"{failed} rows failed, {expected} should.")
    print(f"{len(groups)} validations of {len(instances)} places, {failed} comparisons failed")


def _validate(name: tuple[str, str], group: list[Instance]) -> int:
    frames = draw_frames(group)
    if not frames:
        return 0
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("submissions").add_dataframe_asset("/".join(name) or "month")
    frame = pd.concat(frames.values(), ignore_index=True)
    batch = asset.add_batch_definition_whole_dataframe("file").get_batch({"dataframe": frame})
    result = batch.validate(build_suite("file", ()), result_format="COMPLETE")
    rows = {row for single in result.results for row in single.result.get("unexpected_index_list") or []}
    return len(rows)


def context_of(request: Any, catalogue: Any, period: str) -> ReadContext:
    return ReadContext(
        catalogue=catalogue, report_period=period, receipt_id=request.receipt.receipt_id,
        submitter=catalogue.submitter_by_id.get(request.receipt.submitter_id), message=request.receipt.message,
        file=request.document.file, subject=request.receipt.subject, sibling_files=request.sibling_files,
        document_sha256=request.document.sha256,
    )


def read_plainly(data: bytes, context: ReadContext) -> Reading:
    """Read a workbook with openpyxl, a letter with python-docx; mail text as it is."""
    if context.file.endswith(".xlsx"):
        return _read_workbook(open_with_openpyxl(data), context)
    if context.file.endswith(".docx"):
        return _read_text(open_with_docx(data), context)
    return read_document(data, context)


def open_with_openpyxl(data: bytes) -> Content:
    """Return every sheet as a grid: values of one load, formulas of another, as openpyxl must."""
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data))
    return Content(tuple(_grid(sheet, formulas[sheet.title]) for sheet in values.worksheets))


def _grid(sheet: Any, formulas: Any) -> Grid:
    cells = {}
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                formula = formulas.cell(cell.row, cell.column).value
                cells[cell.row, cell.column] = GridCell(
                    cell.row, cell.column, str(cell.value), cell.value, cell.number_format, cell.font.name or "",
                    formula if isinstance(formula, str) and formula.startswith("=") else "", bool(cell.font.b),
                )
    return Grid(
        sheet.title, cells,
        tuple((m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges),
        frozenset(n for n, d in sheet.row_dimensions.items() if d.hidden), frozenset(),
        sheet.sheet_state != "visible",
    )


def open_with_docx(data: bytes) -> Content:
    """Return paragraphs and tables in reading order."""
    blocks: list[Grid | Paragraph] = []
    paragraphs = tables = 0
    for item in docx.Document(io.BytesIO(data)).iter_inner_content():
        if hasattr(item, "rows"):
            tables += 1
            texts = [[cell.text for cell in row.cells] for row in item.rows]
            cells = {(r, c): GridCell(r, c, text, text) for r, row in enumerate(texts, 1)
                     for c, text in enumerate(row, 1) if text}
            blocks.append(Grid("", cells, table_number=tables))
        else:
            paragraphs += 1
            is_bold = bool(item.runs) and all(run.bold for run in item.runs)
            blocks.append(Paragraph(item.text, f"paragraph {paragraphs}", item.style.name, is_bold=is_bold))  # type: ignore[union-attr]
    return Content(tuple(blocks))


if __name__ == "__main__":
    sys.exit(plain_month(*sys.argv[1:4]))
