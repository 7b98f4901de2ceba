"""Text that leaves the house in tables: never a live formula, never a control character."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)  # a negative figure is a figure, no formula
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def clean_text(text: str) -> str:
    """Return the text without the characters that no XML file may hold."""
    return _CONTROL.sub("", text)


def safe_text(text: str) -> str:
    """Return the text so that a spreadsheet that opens the CSV shows it and never runs it (OWASP ASVS 1.2.10)."""
    text = clean_text(text)
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_START) or text.startswith(_FORMULA_START) else text


def plain_number(value: Decimal | int | None) -> str:
    """Return a figure for machines: a decimal point, no grouping, no exponent; empty for none."""
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:f}"


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    """Return a CSV file: UTF-8 with a byte-order mark, because Excel reads Vietnamese wrongly without it.

    Numbers are written plainly, texts made safe; lines end with CR LF (RFC 4180).
    """
    return csv_text(header, rows, delimiter).encode("utf-8-sig")


def csv_text(
    header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",", lineterminator: str = "\r\n"
) -> str:
    """Return the text of a CSV file: the one way in which rows become one, in files and on the screen."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=lineterminator)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Return the rows of a file written by `write_csv`, as they were before being made safe."""
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [{name: value.removeprefix("'") for name, value in row.items()} for row in reader]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return plain_number(value)
    return safe_text(str(value))
