"""The report as PDF: one compile with typst, fonts embedded, no office program needed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.publish.document import Paragraph, ReportDocument
from flows.publish.docx_report import MARKERS
from infra.catalogue import month_bounds
from infra.errors import OperationError

LAYOUT = Path(__file__).with_name("report.typ")

_LONG = re.compile(r"(\S{30})(?=\S)")


def render_pdf(document: ReportDocument, fonts_folder: Path | None = None) -> bytes:
    """Return the report as the bytes of a PDF; the same report gives the same bytes on every machine.

    The fonts of the machine are left alone: one installed or updated later would change a frozen edition,
    and an old Liberation Serif lacks half of the Vietnamese letters. Typst's own serif has them all.

    Args:
        document: The report.
        fonts_folder: Font files to prefer, put there by the operator (Times New Roman, where it is licensed).

    Raises:
        OperationError: Typst refuses the layout.
    """
    import typst

    moment = datetime.fromisoformat(month_bounds(document.period)[1]).replace(tzinfo=UTC)
    try:
        data, warnings = typst.compile_with_warnings(
            LAYOUT,
            sys_inputs={"report": json.dumps(_as_data(document), ensure_ascii=False)},
            timestamp=int(moment.timestamp()),
            ignore_system_fonts=True,
            font_paths=[fonts_folder] if fonts_folder and fonts_folder.is_dir() else [],
        )
    except typst.TypstError as error:
        raise _pdf_error(error.message) from error
    serious = [warning.message for warning in warnings if "unknown font family" not in warning.message]
    if serious or not isinstance(data, bytes):
        raise _pdf_error("; ".join(serious))
    return data


def _as_data(document: ReportDocument) -> dict[str, Any]:
    called: set[int] = set()
    return {
        "head": asdict(document.head),
        "recipients": list(document.recipients),
        "paragraphs": [
            {**_paragraph(row, document.notes, called), "last": row is document.paragraphs[-1]}
            for row in document.paragraphs
        ],
    }


def _paragraph(paragraph: Paragraph, notes: tuple[str, ...], called: set[int]) -> dict[str, Any]:
    runs = (
        [
            {
                "text": MARKERS[paragraph.level],
                "bold": paragraph.level == "block",
                "italic": False,
                "note": 0,
                "note_text": None,
            }
        ]
        if paragraph.level in MARKERS
        else []
    )
    for run in paragraph.runs:
        is_first = run.note > 0 and run.note not in called
        called.add(run.note)
        runs.append(
            {
                "text": _breakable(run.text),
                "bold": run.is_bold,
                "italic": run.is_italic,
                "note": run.note,
                "note_text": notes[run.note - 1] if is_first else None,
            }
        )
    return {"level": paragraph.level, "leads": paragraph.leads, "runs": runs}


def _breakable(text: str) -> str:
    """Return text in which a "word" longer than any may be broken: a form's dots, a file's name, a line of dashes."""
    return _LONG.sub("\\1\u200b", text)


def _pdf_error(message: str) -> OperationError:
    return OperationError(
        f"Không tạo được tệp PDF: {message}.",
        f"Typst could not make the PDF: {message}.",
        remedy_vi="Kiểm tra phiên bản typst đã cài.",
    )
