"""What a file looks like after its container is opened and before anything is understood.

Format readers (workbooks, csv, Word, PDF, mail text) turn bytes into `Content`; `tables.py` and `prose.py`
turn `Content` into observations. Text is untouched here: a refused figure is shown as it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.records import IntakeFinding
from infra.catalogue import Catalogue, Submitter


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell. `row` and `column` count from 1. `value` is what the file stores (number, bool, date, None).

    `text` is the stored text, or the value as written in the file. `font_name` decides legacy encodings.
    """

    row: int
    column: int
    text: str
    value: object = None
    number_format: str = ""
    font_name: str = ""
    formula: str = ""
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet of a workbook, a csv file, or a table of a Word or PDF document.

    `table_number` counts tables from 1 in a text document and is 0 for a sheet. `merged` holds
    (first row, first column, last row, last column), all from 1. `is_typed`: cut out of lines of text; when it turns
    out to be no table, its rows are lines again.
    """

    sheet: str
    cells: Mapping[tuple[int, int], GridCell]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    is_hidden: bool = False
    table_number: int = 0
    is_typed: bool = False
    place_prefix: str = ""   # "pdf": precedes the place; alone it is the whole place

    def place(self, row: int, column: int) -> str:
        """Return the place of a cell as findings and the trace name it: "C10" or "table 2 row 3 col 4"."""
        if self.table_number:
            return f"{self.place_prefix} table {self.table_number} row {row} col {column}".strip()
        if self.place_prefix:
            return self.place_prefix
        return f"{column_letters(column)}{row}"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or line. `place` is "paragraph 5", "body" or "pdf"; counted from 1, empty ones included."""

    text: str
    place: str
    style_name: str = ""
    font_name: str = ""
    is_bold: bool = False
    is_list_item: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The blocks of one file in reading order, and what opening it already revealed."""

    blocks: tuple[Grid | Paragraph, ...] = ()
    findings: tuple[IntakeFinding, ...] = ()

    @property
    def grids(self) -> tuple[Grid, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Grid))

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Paragraph))


@dataclass(frozen=True)
class ReadContext:
    """Whose file this is and for which month; `catalogue` is already the one of that month.

    `document_sha256` is the hash of the document's bytes; the reader fills it in when it is empty.
    """

    catalogue: Catalogue
    report_period: str
    submitter: Submitter | None
    receipt_id: str
    message: str
    file: str
    subject: str = ""
    sibling_files: tuple[str, ...] = field(default=())
    document_sha256: str = ""


def column_letters(column: int) -> str:
    """Return "A" for 1, "AA" for 27."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
