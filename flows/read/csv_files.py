"""Separated text (.csv, .txt) as a grid: encoding and separator are found, nothing is converted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace

from flows.read.document import Content, Grid, GridCell, Paragraph
from flows.read.text import decode_bytes
from infra.errors import SubmissionError

SEPARATORS = ";\t,|"
_MAX_FIELD = 100_000
_SAMPLE = 200                     # lines that decide
_TABLE_NAMES = (".csv", ".tsv", ".prn")


_TABLE_SHARE = 0.5                # of the lines of a text without a telling name that are cut into equally many fields
_FEWEST_FIELDS = {",": 3}         # commas also stand in sentences


def open_text(data: bytes, file: str = "") -> Content:
    """Return a text file as one grid when its name or its lines say that it is a table, else as lines of prose.

    Raises:
        SubmissionError: As `open_csv`.
    """
    if file.lower().endswith(_TABLE_NAMES) or is_table(data):
        return open_csv(data, file)
    from flows.read.mail_text import open_body

    text, _ = decode_bytes(data)
    content = open_body(text.lstrip("\ufeff"))
    blocks = (_numbered(block, number) for number, block in enumerate(content.blocks, start=1))
    return replace(content, blocks=tuple(blocks))


def _numbered(block: Grid | Paragraph, number: int) -> Grid | Paragraph:
    return replace(block, place=f"paragraph {number}") if isinstance(block, Paragraph) else block


def is_table(data: bytes) -> bool:
    """Return whether most lines of a text are cut by one separator into equally many fields."""
    text, _ = decode_bytes(data)
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    separator = _separator("\n".join(lines))
    count, width = _agreement("\n".join(lines[:_SAMPLE]), separator)
    return width >= _FEWEST_FIELDS.get(separator, 2) and count >= _TABLE_SHARE * len(lines[:_SAMPLE])


def open_csv(data: bytes, file: str = "") -> Content:
    """Return the rows of a separated text file as one grid; the place of a cell is line and field in A1 form.

    The separator is the one that cuts most lines into the same number of fields; a first line "sep=;"
    decides. A comma is preferred last among equals: it also stands in decimals.

    Raises:
        SubmissionError: A line cannot be cut into fields.
    """
    text, _ = decode_bytes(data)
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    declared, skipped = _declared(lines)
    separator = declared or _separator(lines)
    try:
        rows = _rows(lines, separator)
    except csv.Error as error:
        raise SubmissionError(
            "Không tách được các cột của tệp văn bản.",
            f"The text cannot be cut into fields: {error}",
            remedy_vi="Lưu lại dạng CSV (phân cách bằng dấu chấm phẩy) hoặc gửi bảng tính .xlsx.",
        ) from error
    cells = {
        (number, column): GridCell(number, column, field, field)
        for number, row in enumerate(rows, start=1)
        if number > skipped
        for column, field in enumerate(row, start=1)
        if field.strip()
    }
    return Content((Grid(sheet="", cells=cells),))


def _rows(lines: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    return list(csv.reader(io.StringIO(lines), delimiter=separator))


def _declared(lines: str) -> tuple[str, int]:
    """Return the separator of a first line "sep=;" and how many lines it takes."""
    first = lines.split("\n", 1)[0].strip().lower()
    return (first[4], 1) if first.startswith("sep=") and len(first) == 5 else ("", 0)


def _separator(lines: str) -> str:
    sample = "\n".join(lines.split("\n")[:_SAMPLE])
    return max(SEPARATORS, key=lambda mark: _agreement(sample, mark))


def _agreement(sample: str, mark: str) -> tuple[int, int]:
    """Return how many lines share the commonest number of fields above one, and that number."""
    try:
        widths = Counter(len(row) for row in _rows(sample, mark) if len(row) > 1)
    except csv.Error:
        return (0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (count, width)
