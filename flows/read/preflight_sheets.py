"""How large the sheets of a workbook really are, found by streaming, before a reader allocates for them.

A reader's grid is as large as the farthest cell, so one stray cell at XFD1048576 costs gigabytes. The pass over
OOXML is a search in the bytes, ten times faster than a parser; what it cannot see, the child's limits catch.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import struct
import xml.parsers.expat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flows.read.document import column_letters
from flows.read.problems import Problem
from infra.zip_files import READ_ERRORS, read_entry

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384
MAX_BOX = 8_000_000  # cells of the rectangle from A1 to the farthest cell
MAX_CELLS = 5_000_000  # cells written in the workbook
CHUNK = 1 << 20
CELL = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,7})(\d{1,12})[\"']")
ROW = re.compile(rb"row\s[^>]*?\br\s*=\s*[\"'](\d{1,18})")
VALUE = re.compile(rb"<(?:\w+:)?(?:v|is|f)[\s>]")
BARE_FORMULA = re.compile(rb"\sr=\"([A-Z]{1,3}\d+)\"[^>]*><f[^<>]*(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>")
MERGE = re.compile(rb"mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Za-z]{1,3})(\d+):([A-Za-z]{1,3})(\d+)")
DIMENSION = re.compile(rb"dimension\s[^>]*?ref\s*=\s*[\"'](?:[A-Za-z]+\d+:)?([A-Za-z]+)(\d+)")
BIFF_CELLS = {0x0203, 0x027E, 0x00BD, 0x00FD, 0x0204, 0x0006, 0x0205, 0x00D6}
SHEET_ROOT = re.compile(rb"<(?:\w+:)?(?:work|chart|dialog|macro)sheet[\s>/]")
NOT_SHEETS = re.compile(r"xl/(sharedStrings|styles|workbook|theme/.*|calcChain|drawings/.*|charts/.*)\.xml$")


@dataclass
class Extent:
    """What a pass found: the farthest row and column, cells, cells with content, the largest merge."""

    name: str
    rows: int = 0
    columns: int = 0
    cells: int = 0
    values: int = 0
    merges: int = 0
    largest_merge: int = 0
    declared: tuple[int, int] = (0, 0)  # row, column of the sheet's own claim
    bare_formulas: int = 0
    first_bare_formula: str = ""

    def problem(self) -> Problem | None:
        """Return why a reader must not open this sheet, if so."""
        if self.rows > MAX_ROW or self.columns > MAX_COLUMN or self.rows * self.columns > MAX_BOX:
            place = f"{column_letters(min(self.columns, 10**6))}{self.rows}"
            sentence = f"Bảng “{self.name}” trải tới ô {place}, quá lớn để là một biểu số liệu."
            return Problem("sheet_too_large", sentence, sheet=self.name, cell=place)
        if self.cells > MAX_CELLS:
            return Problem("sheet_too_large", f"Bảng “{self.name}” có {self.cells} ô, quá lớn.", sheet=self.name)
        if self.merges > 50_000 or self.largest_merge > MAX_BOX:
            return Problem("sheet_too_large", f"Bảng “{self.name}” có vùng gộp ô quá lớn.", sheet=self.name)
        return None

    def remarks(self) -> Iterator[Problem]:
        """Say what is odd but readable."""
        row, column = self.declared
        if self.cells and (row or column) and (row < self.rows or column < self.columns or row > MAX_ROW):
            sentence = (
                f"Bảng “{self.name}” tự khai tới ô {column_letters(min(column, 10**6))}{row} nhưng thực tế tới ô "
                f"{column_letters(self.columns)}{self.rows}; phạm vi đọc theo các ô thực có."
            )
            yield Problem("wrong_dimension", sentence, refuses=False, sheet=self.name)
        if self.bare_formulas:
            sentence = f"Bảng “{self.name}” có {self.bare_formulas} ô công thức chưa có giá trị được tính."
            yield Problem("formula_without_value", sentence, False, self.name, self.first_bare_formula)


def ooxml_extents(archive: zipfile.ZipFile) -> list[Extent]:
    """Return the extent of every sheet of an .xlsx or .xlsm.

    Raises:
        zipfile.BadZipFile: A part is broken.
    """
    names = [n for n in archive.namelist() if n.startswith("xl/") and n.endswith(".xml") and not NOT_SHEETS.search(n)]
    parts = [name for name in names if "/worksheets/" in name or name.count("/") <= 2]
    titles = _titles(archive)
    return [_ooxml_extent(archive, name, titles.get(posixpath.basename(name), "")) for name in parts]


def lost_sheets(archive: zipfile.ZipFile) -> list[str]:
    """Return the parts that the workbook lists as sheets and that are not there, or are no sheet.

    Raises:
        zipfile.BadZipFile: A part is broken.
    """
    there = {posixpath.basename(name): name for name in archive.namelist() if name.startswith("xl/")}
    listed = [name for name in _titles(archive) if name]
    return [name for name in listed if name not in there or not _is_sheet(archive, there[name])]


def _is_sheet(archive: zipfile.ZipFile, name: str) -> bool:
    return any(SHEET_ROOT.search(chunk) for chunk in islice(tag_chunks(archive, name), 2))


def _titles(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the titles of the sheets by the base name of their parts, which carry none themselves."""
    try:
        relations = read_entry(archive, "xl/_rels/workbook.xml.rels", 5_000_000).decode("utf-8", "replace")
        workbook = read_entry(archive, "xl/workbook.xml", 5_000_000).decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile):
        return {}
    parts = {
        _attribute(relation, "Id"): posixpath.basename(_attribute(relation, "Target"))
        for relation in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", relations)
    }
    listed = re.findall(r"<(?:\w+:)?sheet\s[^>]*>", workbook)
    return {parts.get(_attribute(sheet, r"\w+:id"), ""): html.unescape(_attribute(sheet, "name")) for sheet in listed}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{name}\s*=\s*[\"']([^\"']*)", tag)
    return found.group(1) if found else ""


def _ooxml_extent(archive: zipfile.ZipFile, name: str, title: str) -> Extent:
    extent = Extent(title or posixpath.basename(name).removesuffix(".xml"))
    for chunk in tag_chunks(archive, name):
        _count_cells(extent, chunk)
        _count_merges(extent, chunk)
        _count_formulas(extent, chunk)
        if not extent.declared[0] and (declared := DIMENSION.search(chunk)):
            extent.declared = (int(declared[2][:12]), _column_number(declared[1]))
        if extent.problem():
            break
    return extent


def _count_cells(extent: Extent, chunk: bytes) -> None:
    cells = CELL.findall(chunk)
    if cells:
        letters, digits = map(set, zip(*cells, strict=True))
        extent.columns = max(extent.columns, max(map(_column_number, letters)))
        extent.rows = max(extent.rows, max(map(int, digits)))
    rows = ROW.findall(chunk)
    if rows:
        extent.rows = max(extent.rows, max(map(int, rows)))
    extent.cells += len(cells) + chunk.count(b"<c>")
    extent.values += chunk.count(b"<v>") or len(VALUE.findall(chunk))


def _count_merges(extent: Extent, chunk: bytes) -> None:
    for first_column, first_row, last_column, last_row in MERGE.findall(chunk) if b"mergeCell" in chunk else ():
        width = _column_number(last_column) - _column_number(first_column) + 1
        extent.merges += 1
        extent.largest_merge = max(extent.largest_merge, width * (int(last_row) - int(first_row) + 1))


def _count_formulas(extent: Extent, chunk: bytes) -> None:
    bare = BARE_FORMULA.findall(chunk) if b"<f" in chunk else []
    if bare:
        extent.bare_formulas += len(bare)
        extent.first_bare_formula = extent.first_bare_formula or bare[0].decode()


def tag_chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a part in pieces that end at the end of a row or a tag, so that no cell is cut in two."""
    rest = b""
    try:
        with archive.open(name) as stream:
            while piece := stream.read(CHUNK):
                piece = rest + piece
                cut = piece.rfind(b"</c>") + 4 if b"</c>" in piece else piece.rfind(b">") + 1
                yield piece[:cut]
                rest = piece[cut:][-CHUNK:]
    except READ_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error
    yield rest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def ods_extents(content: bytes) -> list[Extent]:
    """Return the extent of every table of an .ods content.xml, repetitions of rows and cells expanded.

    Raises:
        xml.parsers.expat.ExpatError: The XML is broken or declares entities.
    """
    return _OdsPass().extents_of(content)


class _OdsPass:
    """A streaming pass over content.xml; only cells with content count, as repeated blanks are how a sheet ends."""

    def __init__(self) -> None:
        self.extents: list[Extent] = []
        self.row = self.column = self.cell_repeat = self.row_repeat = 0
        self.has_content = False
        self.row_cells = self.row_end = 0

    def extents_of(self, content: bytes) -> list[Extent]:
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.EntityDeclHandler = _refuse_entity
        for begin in range(0, len(content), CHUNK):
            parser.Parse(content[begin : begin + CHUNK], False)
        parser.Parse(b"", True)
        return self.extents

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self.extents.append(Extent(attributes.get("table:name", "")))
            self.row = 0
        elif not self.extents:
            return
        elif name == "table:table-row":
            self.row_repeat = _number(attributes.get("table:number-rows-repeated", "1"))
            self.column = self.row_cells = self.row_end = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self.cell_repeat = _number(attributes.get("table:number-columns-repeated", "1"))
            self.has_content = "office:value-type" in attributes or "table:formula" in attributes
        elif name == "text:p":
            self.has_content = True

    def end(self, name: str) -> None:
        if not self.extents:
            return
        if name in ("table:table-cell", "table:covered-table-cell"):
            self.column += self.cell_repeat
            if self.has_content:
                self.row_end = self.column
                self.row_cells += self.cell_repeat
            self.has_content = False
        elif name == "table:table-row":
            self._end_row(self.extents[-1])

    def _end_row(self, extent: Extent) -> None:
        self.row += self.row_repeat
        if self.row_cells:
            extent.rows = self.row
            extent.columns = max(extent.columns, self.row_end)
            extent.cells += self.row_cells * self.row_repeat
            extent.values += self.row_cells


def _refuse_entity(*_declaration: object) -> None:
    raise xml.parsers.expat.ExpatError("entities are not allowed")


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 12 else 10**9


def biff_extent(stream: bytes) -> tuple[Extent, set[int]]:
    """Return the extent over all sheets of an .xls Workbook stream, and the record types met.

    Raises:
        ValueError: The records end in the middle.
    """
    extent, met, position = Extent(""), set[int](), 0
    while position + 4 <= len(stream):
        record, length = struct.unpack_from("<HH", stream, position)
        met.add(record)
        if record in BIFF_CELLS and length >= 4 and position + 8 <= len(stream):
            row, column = struct.unpack_from("<HH", stream, position + 4)
            extent.rows, extent.columns = max(extent.rows, row + 1), max(extent.columns, column + 1)
            extent.cells += 1
            extent.values += 1
        position += 4 + length
        if record == 0 and length == 0:
            break
    if position > len(stream):
        raise ValueError("the last record is cut")
    return extent, met


def xlsb_extent(archive: zipfile.ZipFile, name: str) -> Extent:
    """Return the extent of one sheet part of an .xlsb (records of variable length; types 0 row, 1 to 11 cells)."""
    extent = Extent(name.rsplit("/", 1)[-1])
    row = 0
    with archive.open(name) as raw:
        stream = io.BytesIO(raw.read())
    while head := stream.read(1):
        record = head[0]
        if record & 0x80:
            record = (record & 0x7F) | (stream.read(1) or b"\0")[0] << 7
        length, shift = 0, 0
        while shift < 28 and (byte := stream.read(1)):
            length |= (byte[0] & 0x7F) << shift
            shift += 7
            if not byte[0] & 0x80:
                break
        body = stream.read(length)
        if record == 0 and len(body) >= 4:
            row = struct.unpack_from("<I", body)[0] + 1
        elif 1 <= record <= 11 and len(body) >= 4:
            extent.rows, extent.columns = (
                max(extent.rows, row),
                max(extent.columns, struct.unpack_from("<I", body)[0] + 1),
            )
            extent.cells += 1
            extent.values += record != 1
    return extent
