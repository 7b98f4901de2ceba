"""Word 97-2003 documents, read from their own structures: pieces of text, paragraph ends, table rows.

Source: [MS-DOC], Word (.doc) Binary File Format. Only what tables and paragraphs need is read: the piece
table (where the text lies), the paragraph properties (inside a table? end of a row?), the fonts of runs when
the document uses a legacy Vietnamese one.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from flows.read.beside import COMMENTS_VI, ENDNOTES_VI, FOOTNOTES_VI, HEADER_VI, TEXT_BOX_VI, beside_body
from flows.read.document import Content, Grid, GridCell, Paragraph
from flows.read.legacy_text import decode_blocks
from flows.read.text import normalise
from flows.records import IntakeFinding
from infra.errors import SubmissionError

# Sprms: property modifiers of [MS-DOC] 2.6. The top three bits of the code say how long the operand is.
_IN_TABLE, _ROW_END, _DEPTH, _INNER_CELL, _INNER_ROW = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
_TABLE_DEFINITION, _HUGE, _FONT, _BOLD = 0xD608, 0x6646, 0x4A4F, 0x0835
_OPERAND_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_PARAGRAPH_END = re.compile("[\r\x07\x0c]")
_FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*(?:\x14|(?=\x15))")
_CONTROLS = dict.fromkeys((0x01, 0x02, 0x05, 0x08, 0x13, 0x14, 0x15), "") | {0x0B: "\n", 0x1E: "-", 0x1F: "\u00ad"}
# The texts behind the main one, in the order of their counts in the header ([MS-DOC] 2.5.4).
_BEHIND_VI = (
    FOOTNOTES_VI, f"{HEADER_VI} hoặc chân trang", "Phần lệnh", COMMENTS_VI, ENDNOTES_VI, TEXT_BOX_VI, TEXT_BOX_VI,
)  # fmt: skip
_SAME_EDGE = 30  # twips: edges nearer than this are one column border


@dataclass(frozen=True, slots=True)
class _Properties:
    in_table: bool = False
    row_end: bool = False
    depth: int = 0
    edges: tuple[int, ...] = ()
    merge_flags: tuple[int, ...] = ()


@dataclass(slots=True)
class TableRow:
    """One row of a table: texts, borders in twips, merge flags as [MS-DOC] 2.9.327 names them."""

    texts: list[str] = field(default_factory=list)
    edges: tuple[int, ...] = ()
    merge_flags: tuple[int, ...] = ()


def read_word_binary(data: bytes) -> Content:
    """Return paragraphs and tables of a .doc in reading order, places as in `word_files`.

    Raises:
        SubmissionError: Not Word 97-2003, protected by a password, or damaged.
    """
    document, tables, more = _streams(data)
    try:
        return _Reader(document, tables, more).content()
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise _damaged(str(error)) from error


def _streams(data: bytes) -> tuple[bytes, bytes, bytes]:
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            document = ole.openstream("WordDocument").read()
            flags = struct.unpack_from("<H", document, 10)[0]
            if flags & 0x0100:
                raise SubmissionError(
                    "Tệp Word (.doc) được bảo vệ bằng mật khẩu nên không đọc được.",
                    "The .doc file is protected by a password.",
                    remedy_vi="Bỏ mật khẩu rồi gửi lại.",
                )
            tables = ole.openstream("1Table" if flags & 0x0200 else "0Table").read()
            more = ole.openstream("Data").read() if ole.exists("Data") else b""
    except (OSError, struct.error, ValueError, TypeError, IndexError) as error:
        raise _damaged(str(error)) from error
    if struct.unpack_from("<H", document)[0] != 0xA5EC:
        raise SubmissionError(
            "Tệp .doc thuộc phiên bản Word quá cũ (trước Word 97) nên không đọc được.",
            "The .doc file is older than Word 97.",
            remedy_vi="Mở tệp, lưu lại dạng .docx rồi gửi lại.",
        )
    return document, tables, more


def _damaged(detail: str) -> SubmissionError:
    return SubmissionError(
        "Không đọc được tệp Word (.doc): tệp bị hỏng hoặc không đúng định dạng.",
        f"The .doc file is damaged or is not one: {detail}.",
        remedy_vi="Mở lại tệp trên máy, lưu thành tệp mới (.docx) rồi gửi lại.",
    )


class _Reader:
    def __init__(self, document: bytes, tables: bytes, more: bytes) -> None:
        self.document, self.tables, self.more = document, tables, more
        self.text, self.positions = self._pieces(*self._counts()[:1])
        self.paragraph_ends, self.paragraphs = self._formatted_pages(0x102, self._paragraph_page)
        fonts = self._font_names()
        self.fonts = fonts if any(name.startswith((".Vn", "VNI")) for name in fonts) else []
        self.run_ends, self.run_fonts = self._formatted_pages(0xFA, self._character_page) if self.fonts else ([], [])

    def content(self) -> Content:
        """Walk the paragraphs: those in a table fill rows, the others stand alone."""
        blocks: list[Grid | Paragraph] = []
        paragraphs = tables = 0
        rows: list[TableRow] = []
        row, cell = TableRow(), ""
        for start, end in self._paragraph_spans():
            found = self._properties_at(end - 1)
            text = self._clean(start, end - 1)
            if found.in_table and found.row_end and found.depth <= 1:
                row.edges, row.merge_flags = found.edges, found.merge_flags
                rows.append(row)
                row, cell = TableRow(), ""
            elif found.in_table:
                cell += text
                if self.text[end - 1] == "\x07" and found.depth <= 1:
                    row.texts.append(cell.strip())
                    cell = ""
                else:
                    cell += "\n"
            else:
                if rows:
                    tables += 1
                    blocks.append(table_of_rows(rows, tables))
                    rows = []
                paragraphs += 1
                blocks.append(Paragraph(text=text.strip(), place=f"paragraph {paragraphs}"))
        if rows:
            blocks.append(table_of_rows(rows, tables + 1))
        return Content(blocks=decode_blocks(blocks), findings=tuple(self._beside_body()))

    def _counts(self) -> tuple[int, ...]:
        """Return the characters of the main text and of the texts behind it, in the order of `_BEHIND_VI`."""
        return struct.unpack_from("<8i", self.document, 0x4C)

    def _beside_body(self) -> Iterator[IntakeFinding]:
        """Yield a note for each text beside the body that holds a number."""
        first, *others = self._counts()
        with contextlib.suppress(ValueError):       # the counts of texts nobody reads refuse no document
            whole, _ = self._pieces(first + sum(max(count, 0) for count in others))
            for where_vi, count in zip(_BEHIND_VI, others, strict=True):
                yield from beside_body(where_vi, _plain(whole[first : first + max(count, 0)]))
                first += max(count, 0)

    def _pieces(self, main: int) -> tuple[str, list[tuple[int, int, int]]]:
        """Return the first `main` characters and, for each piece, (first character, first byte, bytes a character)."""
        offset, size = struct.unpack_from("<II", self.document, 0x1A2)
        clx = self.tables[offset : offset + size]
        at = 0
        while at < len(clx) and clx[at] == 1:
            at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if at >= len(clx) or clx[at] != 2:
            raise ValueError("no piece table")
        length = struct.unpack_from("<I", clx, at + 1)[0]
        plc = clx[at + 5 : at + 5 + length]
        count = (len(plc) - 4) // 12
        limits = struct.unpack_from(f"<{count + 1}I", plc)
        texts, positions = [], []
        for index in range(count):
            first, last = limits[index], min(limits[index + 1], main)
            if first >= last:
                break
            where = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)[0]
            width, start = (1, (where & 0x3FFFFFFF) // 2) if where & 0x40000000 else (2, where & 0x3FFFFFFF)
            raw = self.document[start : start + (last - first) * width]
            if len(raw) < (last - first) * width:
                raise ValueError("text runs past the end of the file")
            texts.append(raw.decode("cp1252" if width == 1 else "utf-16-le", "replace"))
            positions.append((first, start, width))
        return "".join(texts), positions

    def _byte_of(self, character: int) -> int:
        index = bisect_right(self.positions, (character, 1 << 40, 0)) - 1
        first, start, width = self.positions[index]
        return start + (character - first) * width

    def _formatted_pages(self, pointer: int, read_page) -> tuple[list[int], list]:  # type: ignore[no-untyped-def]
        """Return the ends (file offsets) of formatted stretches and what `read_page` says of each."""
        offset, size = struct.unpack_from("<II", self.document, pointer)
        count = (size - 4) // 8
        numbers = struct.unpack_from(f"<{count}I", self.tables, offset + 4 * (count + 1)) if count > 0 else ()
        ends: list[int] = []
        values: list = []
        for number in numbers:
            page = self.document[(number & 0x3FFFFF) * 512 :][:512]
            for end, value in read_page(page):
                ends.append(end)
                values.append(value)
        return ends, values

    def _paragraph_page(self, page: bytes) -> Iterator[tuple[int, _Properties]]:
        count = page[511]
        limits = struct.unpack_from(f"<{count + 1}I", page)
        for index in range(count):
            at = page[4 * (count + 1) + 13 * index] * 2
            size = page[at] * 2 - 1 if at and page[at] else page[at + 1] * 2 if at else 0
            start = at + (1 if at and page[at] else 2)
            yield limits[index + 1], self._properties(page[start + 2 : start + size])

    def _character_page(self, page: bytes) -> Iterator[tuple[int, str]]:
        count = page[511]
        limits = struct.unpack_from(f"<{count + 1}I", page)
        for index in range(count):
            at = page[4 * (count + 1) + index] * 2
            modifiers = dict(_sprms(page[at + 1 : at + 1 + page[at]])) if at else {}
            number = struct.unpack("<H", modifiers[_FONT])[0] if _FONT in modifiers else -1
            yield limits[index + 1], self.fonts[number] if 0 <= number < len(self.fonts) else ""

    def _properties(self, modifiers: bytes) -> _Properties:
        found = dict(_sprms(modifiers))
        if _HUGE in found:
            where = struct.unpack("<I", found[_HUGE])[0]
            size = struct.unpack_from("<H", self.more, where)[0]
            found |= dict(_sprms(self.more[where + 2 : where + 2 + size]))
        depth = struct.unpack("<I", found[_DEPTH])[0] if _DEPTH in found else 1
        edges, flags = _table_definition(found.get(_TABLE_DEFINITION, b""))
        row_end = found.get(_ROW_END) == b"\x01" and depth <= 1
        return _Properties(found.get(_IN_TABLE) == b"\x01", row_end, depth, edges, flags)

    def _properties_at(self, character: int) -> _Properties:
        index = bisect_right(self.paragraph_ends, self._byte_of(character))
        return self.paragraphs[index] if index < len(self.paragraphs) else _Properties()

    def _font_names(self) -> list[str]:
        offset, size = struct.unpack_from("<II", self.document, 0x112)
        if not size:
            return []
        count = struct.unpack_from("<H", self.tables, offset)[0]
        at, names = offset + 4, []
        for _ in range(count):
            length = self.tables[at]
            name = self.tables[at + 40 : at + 1 + length].decode("utf-16-le", "replace")
            names.append(name.split("\0")[0])
            at += length + 1
        return names

    def _paragraph_spans(self) -> Iterator[tuple[int, int]]:
        start = 0
        for mark in _PARAGRAPH_END.finditer(self.text):
            yield start, mark.end()
            start = mark.end()
        if start < len(self.text):
            yield start, len(self.text)

    def _clean(self, start: int, end: int) -> str:
        text = "".join(self._decoded_runs(start, end)) if self.fonts else self.text[start:end]
        return _plain(text)

    def _decoded_runs(self, start: int, end: int) -> Iterator[str]:
        while start < end:
            where = self._byte_of(start)
            index = bisect_right(self.run_ends, where)
            stop = end
            if index < len(self.run_ends):
                _, _, width = self.positions[bisect_right(self.positions, (start, 1 << 40, 0)) - 1]
                stop = min(end, start + max(1, (self.run_ends[index] - where) // width))
            font = self.run_fonts[index] if index < len(self.run_fonts) else ""
            text = self.text[start:stop].replace("\x1f", "\u00ad")  # the soft hyphen is a letter in TCVN3
            yield normalise(text, font) if font.startswith((".Vn", "VNI")) else text
            start = stop


def _sprms(modifiers: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(modifiers):
        code = struct.unpack_from("<H", modifiers, at)[0]
        at += 2
        if code == _TABLE_DEFINITION:
            size = struct.unpack_from("<H", modifiers, at)[0] + 1
        elif code >> 13 == 6:
            size = modifiers[at] + 1 if at < len(modifiers) else 1
        else:
            size = _OPERAND_SIZES[code >> 13]
        yield code, modifiers[at : at + size]
        at += size


def _table_definition(operand: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return cell borders in twips and the merge flags of each cell (1 first, 2 merged, 32 vertical, 64 start)."""
    if len(operand) < 5:
        return (), ()
    count = operand[2]
    edges = struct.unpack_from(f"<{count + 1}h", operand, 3)
    at = 3 + 2 * (count + 1)
    flags = [struct.unpack_from("<H", operand, at + 20 * i)[0] for i in range((len(operand) - at) // 20)]
    return edges, tuple(flags[:count])


def table_of_rows(rows: list[TableRow], number: int) -> Grid:
    """Return the grid of a table from its rows: borders that lie together are one, merged cells count once."""
    borders = _common_edges(rows)
    cells: dict[tuple[int, int], GridCell] = {}
    merged: dict[tuple[int, int], tuple[int, int, int, int]] = {}  # by first cell
    starts: dict[int, tuple[int, int]] = {}
    for row_number, row in enumerate(rows, start=1):
        for index, text in enumerate(row.texts):
            first, last = _columns(row, index, borders)
            flags = row.merge_flags[index] if index < len(row.merge_flags) else 0
            if flags & 0x20 and not flags & 0x40 and first in starts:
                merged[starts[first]] = (*starts[first], row_number, last)
                continue
            if last > first:
                merged[row_number, first] = (row_number, first, row_number, last)
            starts[first] = (row_number, first)
            if not (flags & 0x02 and not flags & 0x01):
                cells[row_number, first] = GridCell(row_number, first, text, text or None)
    return Grid(sheet="", cells=cells, merged=tuple(merged.values()), table_number=number)


def _common_edges(rows: list[TableRow]) -> list[int]:
    edges: list[int] = []
    for edge in sorted({edge for row in rows for edge in row.edges}):
        if not edges or edge - edges[-1] > _SAME_EDGE:
            edges.append(edge)
    return edges


def _columns(row: TableRow, index: int, borders: list[int]) -> tuple[int, int]:
    """Return first and last grid column of a cell; without borders, cells simply count."""
    if len(row.edges) <= index + 1 or not borders:
        return index + 1, index + 1
    first = bisect_right(borders, row.edges[index])
    last = bisect_left(borders, row.edges[index + 1] - _SAME_EDGE)
    return max(first, 1), max(last, first, 1)


def _plain(text: str) -> str:
    """Return a text without the codes of its fields and its other control characters."""
    return _FIELD_CODE.sub("", text).translate(_CONTROLS)
