"""One document to observations, work items and findings. The container decides how it is opened, not the name.

Pure: bytes and context in, a `Reading` out. Runs in the child process that has limits; whatever is opened
here was judged harmless by `preflight` before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from flows.read.containers import WORKBOOKS, container_of
from flows.read.document import Content, Grid, Paragraph, ReadContext
from flows.read.expected import conflicts, missing_labels
from flows.read.observations import make_finding
from flows.read.periods import DeclaredMonth, months_declared, other_period
from flows.read.problems import KINDS
from flows.read.sheet_view import SheetView
from flows.read.stance import reserve_of_head
from flows.read.tables import GridReader
from flows.read.text import fold
from flows.read.whose import other_unit
from flows.readings import SUMMARY_SHEET
from flows.records import IntakeFinding, Observation, Reading
from infra.errors import SubmissionError

BODY, BODY_PLACE = "(body)", "body"
_TITLE_LINES = 12
_LONG_TEXT = 25


def read_document(data: bytes, context: ReadContext) -> Reading:
    """Return everything that one document says.

    Args:
        data: The bytes of an attachment, of a file of a zip, or of the mail text (UTF-8, file "(body)").
        context: Whose it is and for which month.

    Raises:
        SubmissionError: The document cannot be read; the sentences say why.
    """
    if not context.document_sha256:
        context = replace(context, document_sha256=hashlib.sha256(data).hexdigest())
    content = open_document(data, context)
    if context.file != BODY and container_of(data) in WORKBOOKS:
        reading = _read_workbook(content, context)
    else:
        reading = _read_text(content, context)
    return replace(reading, findings=(*_completed(content.findings, context), *reading.findings))


def open_document(data: bytes, context: ReadContext) -> Content:
    """Return the blocks of a document by its container.

    Raises:
        SubmissionError: The container is none that is read here, or its content is damaged.
    """
    if context.file == BODY:
        from flows.read.mail_text import open_body

        return open_body(data.decode("utf-8", "replace"))
    container = container_of(data)
    if container in WORKBOOKS:
        from flows.read.workbooks import open_workbook

        return open_workbook(data, context.file)
    if container == "text":
        from flows.read.csv_files import open_text

        return open_text(data, context.file)
    if container in ("docx", "doc"):
        from flows.read.word_files import open_doc, open_docx

        return open_docx(data) if container == "docx" else open_doc(data)
    if container == "rtf":
        from flows.read.rtf_files import open_rtf

        return open_rtf(data)
    if container == "pdf":
        from flows.read.pdf_files import open_pdf

        return open_pdf(data)
    raise SubmissionError(
        f"Tệp không phải bảng tính, văn bản Word, PDF hay CSV (nội dung: {container}).",
        f"The container {container!r} is not read.",
        place=context.file,
        remedy_vi="Gửi lại dạng .xlsx, .docx, .pdf có chữ hoặc .csv.",
    )


def _read_workbook(content: Content, context: ReadContext) -> Reading:
    """Read the visible sheets; a sheet of another month is left alone beside one of this month."""
    sheets = [grid for grid in content.grids if not grid.is_hidden and grid.sheet != SUMMARY_SHEET]
    readers = [GridReader(SheetView(grid), context) for grid in sheets]
    months = [other_period(_titles_of(reader), context.report_period) for reader in readers]
    is_other_file = bool(months) and all(month for month, reader in zip(months, readers, strict=True) if reader.tables)
    is_other_file = is_other_file and any(month and r.tables for month, r in zip(months, readers, strict=True))
    readings = []
    for grid, reader, month in zip(sheets, readers, months, strict=True):
        if month and reader.tables and not is_other_file:
            readings.append(Reading(findings=(_other_sheet(grid, month, context),)))
        elif reader.tables or not _is_narrative(reader.view):
            readings.append(reader.read())
        else:
            readings.append(_read_prose(_paragraphs_of(reader.view), context))
    titles = [title for reader in readers if reader.tables for title in reader.title_lines()]
    joined = _joined([*readings, _of_other_unit(titles, context)])
    other = next((m for m in months if m), None) if is_other_file else None
    return _finished(joined, joined.observations, other, context)


def _titles_of(reader: GridReader) -> list[str]:
    """Return the titles of a sheet; the name of a sheet speaks where they name no month."""
    titles = reader.title_lines()
    return titles if months_declared(titles) else [*titles, reader.view.grid.sheet]


def _read_text(content: Content, context: ReadContext) -> Reading:
    """Read a document of paragraphs and tables; a separated text file is one table."""
    tables, paragraphs, left_out = _parted(content, context)
    read = [*(table.read() for table in tables), Reading(findings=tuple(left_out))]
    prose = _read_prose(paragraphs, context) if paragraphs else Reading()
    titles = [p.text for p in paragraphs[:_TITLE_LINES]]
    if not titles and tables:
        titles = tables[0].title_lines()
    other = other_period(titles, context.report_period)
    in_tables = tuple(o for reading in read for o in reading.observations)
    if other and context.file == BODY:
        if other.month and (in_tables or prose.observations):
            read.append(Reading(findings=(_named_in_body(other, context),)))
        other = None
    return _finished(_joined([*read, prose, _of_other_unit(titles, context)]), in_tables, other, context)


def _parted(
    content: Content, context: ReadContext
) -> tuple[list[GridReader], list[Paragraph], list[IntakeFinding]]:
    """Return the tables and the paragraphs of a text, and a finding for each table that a plan's heading announces.

    Rows cut out of lines that are no table are lines again.
    """
    tables: list[GridReader] = []
    paragraphs: list[Paragraph] = []
    left_out: list[IntakeFinding] = []
    for block in content.blocks:
        if isinstance(block, Paragraph):
            paragraphs.append(block)
            continue
        reader = GridReader(SheetView(block), context)
        above = next((p.text.strip() for p in reversed(paragraphs) if p.text.strip()), "")
        if block.is_typed and not reader.tables:
            paragraphs += _lines_of(reader.view)
        elif reader.tables and above.endswith(":") and reserve_of_head(fold(above), context.report_period):
            left_out.append(_announced(block, above, context))
        else:
            tables.append(reader)
    return tables, paragraphs, left_out


def _announced(grid: Grid, above: str, context: ReadContext) -> IntakeFinding:
    text = f"Bảng dưới dòng “{above[:100]}” là kế hoạch hoặc số của kỳ khác; không lấy số nào trong bảng."
    remedy = "Nếu bảng là số của tháng báo cáo, sửa dòng phía trên bảng rồi gửi lại."
    place = grid.place(*min(grid.cells))
    return make_finding(
        context, "figure_not_reported", "warning", text, cell=place, remedy_vi=remedy, raw_text=above[:200]
    )


def _lines_of(view: SheetView) -> Iterable[Paragraph]:
    return (Paragraph("\t".join(c.text for c in row.values()), BODY_PLACE) for row in view.rows.values())


def _finished(
    reading: Reading, in_tables: tuple[Observation, ...], other: DeclaredMonth | None, context: ReadContext
) -> Reading:
    findings = list(reading.findings)
    if other and (reading.observations or reading.narrative_items):
        findings.append(_other_month(other, context))
    findings += conflicts(in_tables, context)
    findings += missing_labels(in_tables, reading.observations, context)
    return replace(reading, findings=tuple(findings))


def _read_prose(paragraphs: Iterable[Paragraph], context: ReadContext) -> Reading:
    from flows.read.prose import read_paragraphs

    return read_paragraphs(tuple(paragraphs), context)


def _is_narrative(view: SheetView) -> bool:
    """Tell whether a sheet is lines of prose: long texts, hardly a figure of its own."""
    cells = [cell for row in view.rows.values() for cell in row.values()]
    figures = sum(cell.is_value for cell in cells)
    return sum(len(cell.text) > _LONG_TEXT for cell in cells) >= 2 and figures * 4 <= len(cells)


def _paragraphs_of(view: SheetView) -> Iterable[Paragraph]:
    for row, cells in view.rows.items():
        first = next(iter(cells.values()))
        text = " ".join(cell.text for cell in cells.values())
        yield Paragraph(text, f"{view.grid.sheet}!{view.grid.place(row, first.column)}")


def _joined(readings: Iterable[Reading]) -> Reading:
    readings = list(readings)
    return Reading(
        tuple(o for r in readings for o in r.observations),
        tuple(i for r in readings for i in r.narrative_items),
        tuple(f for r in readings for f in r.findings),
    )


def _completed(findings: Iterable[IntakeFinding], context: ReadContext) -> list[IntakeFinding]:
    """Return findings of the openers with month, receipt, message, file and submitter filled in."""
    submitter = context.submitter.submitter_id if context.submitter else ""
    return [
        replace(
            finding,
            period=context.report_period,
            receipt_id=context.receipt_id,
            message=context.message,
            file=context.file,
            submitter_id=submitter,
        )
        for finding in findings
    ]


def _other_sheet(grid: Grid, month: DeclaredMonth, context: ReadContext) -> IntakeFinding:
    text = f"Trang tính “{grid.sheet}” ghi số liệu {month.shown}, không phải tháng báo cáo; không dùng."
    return make_finding(context, "other_period_sheet", "note", text, sheet=grid.sheet)


def _of_other_unit(titles: Iterable[str], context: ReadContext) -> Reading:
    """A document whose head names another unit alone: nothing of it counts for the sender without an answer."""
    name = other_unit(titles, context)
    if not name:
        return Reading()
    text = f"Đầu văn bản ghi “{name}”, không phải đơn vị gửi; không dùng số liệu nào trong đó."
    severity, remedy, _ = KINDS["other_unit_file"]
    said = make_finding(context, "other_unit_file", severity, text, remedy_vi=remedy, raw_text=name)
    return Reading(findings=(said,))


def _named_in_body(month: DeclaredMonth, context: ReadContext) -> IntakeFinding:
    """The text of a message that names another month alone: the subject decided, and somebody should know."""
    text = f"Phần chữ của thư nói {month.shown}, thư được xếp vào tháng {context.report_period}."
    remedy = KINDS["filed_under_other_month"].remedy_vi
    return make_finding(context, "filed_under_other_month", "note", text, cell=BODY_PLACE, remedy_vi=remedy)


def _other_month(month: DeclaredMonth, context: ReadContext) -> IntakeFinding:
    year = int(context.report_period[:4])
    kind = "last_year_file" if month.year and month.year != year else "other_month_file"
    text = f"Nội dung tệp ghi {month.shown}, không phải tháng {context.report_period[5:]}/{year}."
    return make_finding(context, kind, "warning", text, remedy_vi="Gửi lại tệp của tháng này.")
