"""What a month's submissions said, as JSON: how the reading step hands its result to the steps after it.

A record becomes an array in the order of its fields, behind one line of field names: compact, and read back
without trusting anything in it. Figures are text, never floats.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.records import Document, DocumentReading, IntakeFinding, NarrativeItem, Observation, Reading
from infra.errors import OperationError
from infra.settings import Settings

SUMMARY_SHEET = "Kết quả đọc"    # the sheet that an answer adds to a sender's workbook; never read as figures
PARTS: dict[str, type] = {
    "observations": Observation,
    "narrative_items": NarrativeItem,
    "findings": IntakeFinding,
}


def save_month(settings: Settings, period: str, readings: Iterable[DocumentReading]) -> Path:
    """Write the readings of a month; the file is replaced whole, so a reader never sees half of it."""
    path = month_file(settings, period)
    document_fields = [f.name for f in dataclasses.fields(Document)]
    content = {
        "period": period,
        "documents": [
            {
                "document": [getattr(r.document, name) for name in document_fields],
                "submitter_id": r.submitter_id,
                "reading": reading_to_json(r.reading),
            }
            for r in readings
        ],
    }
    write_json(path, content)
    return path


def load_month(settings: Settings, period: str) -> list[DocumentReading]:
    """Return the readings of a month as `save_month` wrote them.

    Raises:
        OperationError: The month has not been read yet.
    """
    content = _load(settings, period)
    return [
        DocumentReading(Document(*row["document"]), row["submitter_id"], reading_from_json(row["reading"]))
        for row in content["documents"]
    ]


def month_digest(settings: Settings, period: str) -> str:
    """Return the SHA-256 of a month's readings: equal when nothing that was read has changed."""
    path = month_file(settings, period)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def month_file(settings: Settings, period: str) -> Path:
    """Return the path of a month's readings."""
    return settings.readings_folder / f"{period}.json"


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as plain lists; empty parts are left out."""
    result: dict[str, Any] = {}
    for part, record_type in PARTS.items():
        records = getattr(reading, part)
        if records:
            names = [f.name for f in dataclasses.fields(record_type)]
            rows = [[_plain(getattr(record, name)) for name in names] for record in records]
            result[part] = {"fields": names, "rows": rows}
    return result


def reading_from_json(data: dict[str, Any]) -> Reading:
    """Return the reading that `reading_to_json` wrote.

    Raises:
        ValueError: The data does not have that shape (a child process sent something else).
    """
    try:
        return Reading(**{part: _records(part, data[part]) for part in PARTS if part in data})
    except (TypeError, KeyError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"not a reading: {error!r}") from error


def write_json(path: Path, content: Any) -> None:
    """Write `content` beside the path and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    part.replace(path)


def _records(part: str, table: dict[str, Any]) -> tuple[Any, ...]:
    record_type = PARTS[part]
    names = table["fields"]
    records = []
    for row in table["rows"]:
        values = dict(zip(names, row, strict=True))
        if part == "observations" and values["value"] is not None:
            values["value"] = Decimal(values["value"])
        records.append(record_type(**values))
    return tuple(records)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _load(settings: Settings, period: str) -> dict[str, Any]:
    path = month_file(settings, period)
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OperationError(
            f"Tháng {period} chưa được đọc.",
            f"The submissions of {period} have not been read yet.",
            place=str(path),
            remedy_vi="Chạy bước nhận và đọc của tháng đó trước.",
        ) from error
    return content
