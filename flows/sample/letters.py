"""Letters of the sample as .docx: masthead, headings, items, tables; the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CREATED = datetime(2019, 4, 15, 8)
ZIP_TIME = (2019, 4, 15, 8, 0, 0)
Table = Sequence[Sequence[str]]


@dataclass
class Letter:
    """A letter under construction; a block is a table or a line with its kind (title, heading, text)."""

    issuer: str
    unit: str
    number: str
    place_and_date: str
    blocks: list[tuple[str, str | Table]] = field(default_factory=list)

    def title(self, *lines: str) -> None:
        """Append centred bold lines."""
        self.blocks += [("title", line) for line in lines]

    def heading(self, text: str) -> None:
        """Append a bold line."""
        self.blocks.append(("heading", text))

    def text(self, text: str) -> None:
        """Append a plain paragraph."""
        self.blocks.append(("text", text))

    def items(self, texts: Sequence[str], mark: str = "- ") -> None:
        """Append one paragraph an item."""
        self.blocks += [("text", mark + text) for text in texts]

    def table(self, rows: Table) -> None:
        """Append a table; its first row is the header."""
        self.blocks.append(("table", rows))


def write_letter(letter: Letter) -> bytes:
    """Return the bytes of the .docx file; properties and times are fixed."""
    import docx

    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.last_modified_by = "", ""
    properties.created = properties.modified = CREATED
    document.styles["Normal"].font.name = "Times New Roman"
    _add_masthead(document, letter)
    for kind, content in letter.blocks:
        if kind == "table":
            _add_table(document, content, grid=True)
        else:
            _add_line(document, kind, str(content))
    _add_table(document, [["Nơi nhận:\n- Sở Thông tin và Truyền thông;\n- Lưu: VT.", "THỦ TRƯỞNG ĐƠN VỊ\n(đã ký)"]])
    return _with_fixed_times(document)


def _add_masthead(document: Any, letter: Letter) -> None:
    motto = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
    rows = [[letter.issuer, motto[0]], [letter.unit, motto[1]], [letter.number, letter.place_and_date]]
    _add_table(document, rows)


def _add_line(document: Any, kind: str, text: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold = kind in ("title", "heading") or None
    if kind == "title":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _add_table(document: Any, rows: Any, grid: bool = False) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    if grid:
        table.style = "Table Grid"
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value


def _with_fixed_times(document: Any) -> bytes:
    """Return the saved document with every part dated alike: the library writes the time of day."""
    written, fixed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            target.writestr(zipfile.ZipInfo(name, ZIP_TIME), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
