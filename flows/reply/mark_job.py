"""One job for a child with limits: a sender's workbook in, the same workbook marked out. It opens foreign bytes.

The request is plain JSON, so that it can cross a pipe; nothing here needs the catalogue, the home or the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.reply.marks import ORDER, Mark

OLD, NEW = "xls", "xlsx"
Row = Sequence[str]


def mark_request(name: str, marks: Sequence[Mark], summary: Sequence[Row]) -> dict[str, Any]:
    """Return the request of one workbook: its kind by its name, its marks, the rows of its summary sheet."""
    return {
        "kind": OLD if name.lower().endswith(".xls") else NEW,
        "marks": [[mark.sheet, mark.cell, mark.shade, mark.text] for mark in marks],
        "summary": [list(row) for row in summary],
    }


def mark(data: bytes, request: dict[str, Any]) -> bytes:
    """Return the workbook with its cells marked; an .xls comes back as .xlsx.

    Args:
        data: The workbook as it was sent.
        request: As `mark_request` gives it, and as JSON gives it back.

    Raises:
        UnmarkableWorkbookError: The workbook is unusual, or it cannot be opened.
        ValueError: The request is not of that shape.
    """
    from flows.reply.marked_workbook import mark_workbook
    from flows.reply.xls_copy import copy_xls

    marks = [_mark(row) for row in request["marks"]]
    summary = [tuple(str(text) for text in row) for row in request["summary"]]
    return mark_workbook(copy_xls(data) if request["kind"] == OLD else data, marks, summary)


def _mark(row: Sequence[str]) -> Mark:
    sheet, cell, shade, text = row
    return Mark(str(sheet), str(cell), ORDER[ORDER.index(shade)], str(text))
