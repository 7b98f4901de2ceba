"""The sender's own .xlsx or .xlsm with notes, colours and a summary sheet, everything else left as it is.

The package is changed part by part: a library that loads and saves a workbook would drop the stored results of
formulas, so that the same file sent back would read differently. Here a cell keeps its content and only gets another
style, which is a copy of its own with another fill.
"""

from __future__ import annotations

import copy
import io
import posixpath
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from flows.readings import SUMMARY_SHEET
from flows.reply.marks import Mark
from flows.reply.notes import AUTHOR, add_notes
from flows.reply.package import MAIN, OFFICE, Package

MAX_SHEET = 30_000_000
FILLS = {"read": "FFE2F0D9", "unused": "FFD9D9D9", "note": "FFFFF2CC", "fault": "FFF8CBAD"}
Row = Sequence[str]


class UnmarkableWorkbookError(Exception):
    """The workbook cannot be marked part by part; the sender gets a list instead."""


def mark_workbook(data: bytes, marks: Sequence[Mark], summary: Sequence[Row]) -> bytes:
    """Return the workbook with its cells marked and a sheet "Kết quả đọc" at the end.

    Args:
        data: An .xlsx or .xlsm that has been read.
        marks: One a cell; marks on a sheet that the workbook does not have are left to the summary.
        summary: Rows of the summary sheet.

    Raises:
        UnmarkableWorkbookError: The package is unusual (a sheet too large, a part missing).
    """
    try:
        package = Package(data)
        styles = _Styles(package)
        for name, part in package.sheets().items():
            here = [m for m in marks if m.sheet == name and re.fullmatch(r"[A-Z]{1,3}[1-9]\d*", m.cell)]
            if name != SUMMARY_SHEET:
                _mark_sheet(package, part, here, styles)
        styles.save()
        _write_summary(package, summary)
        return package.to_bytes()
    except (KeyError, ValueError, IndexError, StopIteration, zipfile.BadZipFile) as error:
        raise UnmarkableWorkbookError(repr(error)) from error


class _Styles:
    """Copies of cell formats with another fill, made once for each format and shade."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.part = package.related(package.workbook, "styles")
        self.root = package.xml(self.part)
        self.formats = self.root.find(f"{MAIN}cellXfs")
        self.fills = self.root.find(f"{MAIN}fills")
        self.made: dict[tuple[int, str], int] = {}
        self.fill_ids: dict[str, int] = {}

    def shaded(self, style: int, shade: str) -> int:
        """Return the style that looks like `style` on another ground."""
        if (style, shade) not in self.made:
            twin = copy.deepcopy(self.formats[style])
            twin.set("fillId", str(self._fill(shade)))
            twin.set("applyFill", "1")
            self.formats.append(twin)
            self.made[style, shade] = len(self.formats) - 1
        return self.made[style, shade]

    def _fill(self, shade: str) -> int:
        if shade not in self.fill_ids:
            fill = self.package.element("fill")
            pattern = self.package.element("patternFill", fill, patternType="solid")
            self.package.element("fgColor", pattern, rgb=FILLS[shade])
            self.package.element("bgColor", pattern, indexed="64")
            self.fills.append(fill)
            self.fill_ids[shade] = len(self.fills) - 1
        return self.fill_ids[shade]

    def save(self) -> None:
        for collection in (self.formats, self.fills):
            collection.set("count", str(len(collection)))
        self.package.write_xml(self.part, self.root)


def _mark_sheet(package: Package, part: str, marks: list[Mark], styles: _Styles) -> None:
    """Shade the cells and hang the notes; a sheet without marks keeps its bytes unless it carries old notes of ours."""
    if package.size(part) > MAX_SHEET:
        raise ValueError("the sheet is too large to be marked")
    if not marks and not _has_our_notes(package, part):
        return
    root = package.xml(part)
    cells = _Cells(package, root)
    for mark in marks:
        cell = cells.at(mark.cell)
        cell.set("s", str(styles.shaded(int(cell.get("s", "0")), mark.shade)))
    add_notes(package, part, root, [(m.cell, m.text) for m in marks])
    package.write_xml(part, root)


def _has_our_notes(package: Package, part: str) -> bool:
    comments = package.related(part, "comments", missing="")
    return bool(comments) and AUTHOR.encode() in package.read(comments)


class _Cells:
    """The cells of a sheet by place; one that is not there is made where it belongs."""

    def __init__(self, package: Package, root: Any) -> None:
        self.package = package
        self.data = next(root.iter(f"{MAIN}sheetData"))
        self.rows = {int(row.get("r")): row for row in self.data}
        self.cells = {cell.get("r"): cell for row in self.data for cell in row}

    def at(self, place: str) -> Any:
        if place not in self.cells:
            self.cells[place] = self._made(place)
        return self.cells[place]

    def _made(self, place: str) -> Any:
        letters, number = re.fullmatch(r"([A-Z]+)(\d+)", place).groups()  # type: ignore[union-attr]
        row = self.rows.get(int(number))
        if row is None:
            row = self.package.element("row", r=number)
            self.data.insert(sum(other < int(number) for other in self.rows), row)
            self.rows[int(number)] = row
        cell = self.package.element("c", r=place)
        before = [c for c in row if _column(c.get("r")) < _column(letters)]
        row.insert(len(before), cell)
        return cell


def _column(place: str) -> int:
    number = 0
    for letter in re.match(r"[A-Z]+", place).group():  # type: ignore[union-attr]
        number = number * 26 + ord(letter) - 64
    return number


def _write_summary(package: Package, summary: Sequence[Row]) -> None:
    """Write the summary as a sheet of text cells, over an earlier one of ours or as a new last sheet."""
    content = summary_xml(summary)
    sheets = package.sheets()
    if SUMMARY_SHEET in sheets:
        package.write(sheets[SUMMARY_SHEET], content)
        return
    part = package.free_name("xl/worksheets/ket-qua-doc{}.xml")
    package.write(part, content)
    package.declare(part, "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml")
    target = posixpath.relpath(part, posixpath.dirname(package.workbook))
    relation = package.relate(package.workbook, "worksheet", target)
    root = package.xml(package.workbook)
    listed = root.find(f"{MAIN}sheets")
    number = max((int(sheet.get("sheetId")) for sheet in listed), default=0) + 1
    sheet = package.element("sheet", listed, name=SUMMARY_SHEET, sheetId=str(number))
    sheet.set(f"{OFFICE}id", relation)
    package.write_xml(package.workbook, root)


def summary_xml(rows: Sequence[Row]) -> bytes:
    """Return a worksheet part of text cells: text is never a formula, whatever it begins with."""
    stream = io.StringIO()
    stream.write('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="')
    stream.write(MAIN[1:-1] + '"><cols>')
    for number, width in enumerate((16, 9, 60, 22, 26, 60), start=1):
        stream.write(f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>')
    stream.write("</cols><sheetData>")
    for number, row in enumerate(rows, start=1):
        stream.write(f'<row r="{number}">')
        for column, text in enumerate(row):
            if text:
                stream.write(f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t xml:space="preserve">')
                stream.write(f"{_escaped(text)}</t></is></c>")
        stream.write("</row>")
    stream.write("</sheetData></worksheet>")
    return stream.getvalue().encode()


def _escaped(text: str) -> str:
    text = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
