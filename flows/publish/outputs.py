"""All files of an edition, and the list of their hashes. A pure function of the month's data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.publish.changes import Change, changes_csv, changes_sentence, find_changes
from flows.publish.document import ReportDocument
from flows.publish.docx_report import render_docx
from flows.publish.extracts import dictionary_csv, dictionary_html, extract_csv, extract_parquet, extract_rows
from flows.publish.html_report import render_html
from flows.publish.outline import outline_of
from flows.publish.pdf_report import render_pdf
from flows.publish.report import build_report
from flows.publish.report_data import ReportData
from flows.publish.trace import items_tsv, trace_tsv
from flows.publish.workbook import render_workbook

MEDIA_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Rendering:
    """One edition before it is frozen: its document, its files by name in order."""

    number: int
    document: ReportDocument
    files: dict[str, bytes]


def render_outputs(data: ReportData, number: int, former_extract: bytes | None, fonts_folder: Path) -> Rendering:
    """Return every file of edition `number` of a month; the same data gives the same bytes.

    Args:
        data: The month.
        number: 1 for the first edition of the month.
        former_extract: The CSV extract of the edition before, None for the first.
        fonts_folder: Fonts the operator wants in the PDF.
    """
    rows = extract_rows(data)
    extract = extract_csv(rows)
    changes = find_changes(former_extract, extract) if former_extract is not None else []
    document = build_report(data, outline_of(data.period), _sentence(data, number, changes))
    name = data.period
    files = {
        f"bao-cao-{name}.docx": render_docx(document),
        f"bao-cao-{name}.pdf": render_pdf(document, fonts_folder),
        f"bao-cao-{name}.html": render_html(document),
        f"so-lieu-{name}.xlsx": render_workbook(data, changes),
        extract_name(name): extract,
        f"trich-xuat-{name}.parquet": extract_parquet(rows),
        f"tu-dien-du-lieu-{name}.csv": dictionary_csv(data),
        f"tu-dien-du-lieu-{name}.html": dictionary_html(data),
        f"truy-vet-{name}.tsv": trace_tsv(data, document),
        f"noi-dung-{name}.tsv": items_tsv(data, document),
    }
    if number > 1:
        files[f"thay-doi-{name}.csv"] = changes_csv(name, changes)
    return Rendering(number, document, files)


def extract_name(period: str) -> str:
    """Return the name of the CSV extract, by which a later edition finds the former one's figures."""
    return f"trich-xuat-{period}.csv"


def media_type(name: str) -> str:
    """Return the media type of an output by its suffix."""
    return MEDIA_TYPES[Path(name).suffix]


def listed_files(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return name, size, SHA-256 and media type of every file, for the manifest."""
    return [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "media_type": media_type(name)}
        for name, data in files.items()
    ]


def _sentence(data: ReportData, number: int, changes: list[Change]) -> str:
    if number == 1:
        return ""
    labels = {row.indicator_id: row.label_vi for row in data.indicators}
    return changes_sentence(number, changes, labels)
