"""What a month's submissions said, as JSON: how the reading step hands its result to the steps after it.

A record becomes an array in the order of its fields, behind one line of field names: compact, and read back
without trusting anything in it. Figures are text, never floats.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.records import Document, DocumentReading, IntakeFinding, NarrativeItem, Observation, Reading
from infra.clean_text import clean_text
from infra.derived import load_derived, save_derived
from infra.errors import OperationError
from infra.files import file_sha256
from infra.settings import Settings

SUMMARY_SHEET = "Kết quả đọc"    # the sheet that an answer adds to a sender's workbook; never read as figures
PARTS: dict[str, type] = {
    "observations": Observation,
    "narrative_items": NarrativeItem,
    "findings": IntakeFinding,
}


def save_month(settings: Settings, period: str, readings: Iterable[DocumentReading], inputs: str = "") -> Path:
    """Write the readings of a month, whole and with their digest.

    Args:
        settings: Where the home is.
        period: "2019-04".
        readings: What the month's documents said.
        inputs: The digest of everything they were read from, so that they are found again only while it holds.
    """
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
    save_derived(path, content, inputs)
    return path


def load_month(settings: Settings, period: str) -> list[DocumentReading]:
    """Return the readings of a month as `save_month` wrote them.

    Raises:
        OperationError: The month has not been read yet, or its file is no longer what was written.
    """
    readings = find_month(settings, period)
    if readings is None:
        raise OperationError(
            f"Tháng {period} chưa được đọc.",
            f"The submissions of {period} have not been read yet.",
            place=str(month_file(settings, period)),
            remedy_vi="Chạy bước nhận và đọc của tháng đó trước.",
        )
    return readings


def find_month(settings: Settings, period: str, inputs: str | None = None) -> list[DocumentReading] | None:
    """Return the readings of a month; None when they are absent, damaged or read from other inputs than these."""
    content = load_derived(month_file(settings, period), inputs)
    if content is None:
        return None
    try:
        return [
            DocumentReading(Document(*row["document"]), row["submitter_id"], reading_from_json(row["reading"]))
            for row in content["documents"]
        ]
    except (TypeError, KeyError, ValueError):       # whole, but of another version of the records
        return None


def month_digest(settings: Settings, period: str) -> str:
    """Return the SHA-256 of a month's readings: equal when nothing that was read has changed."""
    return file_sha256(month_file(settings, period))


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


def _records(part: str, table: dict[str, Any]) -> tuple[Any, ...]:
    record_type = PARTS[part]
    names = table["fields"]
    records = []
    for row in table["rows"]:
        values = {n: clean_text(v) if isinstance(v, str) else v for n, v in zip(names, row, strict=True)}
        if part == "observations" and values["value"] is not None:
            values["value"] = Decimal(values["value"])
        records.append(record_type(**values))
    return tuple(records)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value

