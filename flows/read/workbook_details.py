"""What the fast reader of a workbook does not tell: formats, legacy fonts, formulas, errors, hidden parts.

Each container has its own light pass; none builds a tree of the sheet. A format or a font is kept only where
it changes how a cell is read: percent formats and the fonts of TCVN3 and VNI.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from flows.read.formulas import Place, place_of
from flows.read.number_formats import is_date_format, is_percent_format, shown_by
from flows.read.old_workbooks import format_code
from infra.errors import SubmissionError

_MAIN = "{*}"  # transitional and strict workbooks differ in their namespaces only
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_ROW_HIDDEN = re.compile(rb"""<(?:\w+:)?row\b[^>]*(?:\bhidden=["'](?:1|true)["']|\bht=["']0(?:\.0+)?["'])[^>]*>""")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_ERROR = re.compile(rb"""<(?:\w+:)?c\b([^>]*\bt=["']e["'][^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<""", re.S)
_FORMULA = re.compile(rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</)")
_COMMENTS = re.compile(r"xl/(?:[^/]+/)*(?:comment|threadedComment)[^/]*\.xml")
_SHARED = re.compile(rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?v>(\d+)<")
_BUILT_IN_PERCENT = {9: "0%", 10: "0.00%"}
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_XLS_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


@dataclass
class SheetDetails:
    """Details of one sheet; places are (row, column) from 1. `merged`: None where the fast reader knows it."""

    formats: dict[Place, str] = field(default_factory=dict)
    fonts: dict[Place, str] = field(default_factory=dict)
    formulas: dict[Place, str] = field(default_factory=dict)
    errors: dict[Place, str] = field(default_factory=dict)
    numbers: dict[Place, float] = field(default_factory=dict)  # those whose format only looks like a date's
    struck: dict[Place, str] = field(default_factory=dict)     # what is left of a cell struck through
    removed: dict[Place, Any] = field(default_factory=dict)    # what stood in these, when it was taken away
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] | None = None


def details_of(data: bytes, container: str) -> dict[str, SheetDetails]:
    """Return the details of every sheet by its name; nothing for a container that has no such pass (.xlsb)."""
    if container in ("xlsx", "xlsm"):
        return dict(_xlsx_details(data))
    if container in ("xls", "old_xls"):
        return dict(_xls_details(data))
    if container == "ods":
        return dict(_ods_details(data))
    return {}


def comments_of(data: bytes, container: str) -> Iterator[str]:
    """Yield the text of the comments of each sheet: they stand beside the cells and are not read."""
    if container in ("xlsx", "xlsm"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in sorted(archive.namelist()):
                if _COMMENTS.fullmatch(name):
                    texts = _tree(archive.read(name)).iterfind(f".//{_MAIN}text")
                    yield " ".join("".join(text.itertext()) for text in texts)


def is_legacy_font(name: str) -> bool:
    """Tell whether a font is one of the TCVN3 or VNI families."""
    return name.lower().startswith((".vn", "vni-", "vni "))


def _xlsx_details(data: bytes) -> Iterator[tuple[str, SheetDetails]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        styles = _xlsx_styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else []
        texts = _partly_struck(archive.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else {}
        for name, part in _xlsx_sheets(archive):
            if part in names:
                yield name, _xlsx_sheet(archive.read(part), styles, texts)


def _xlsx_sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    relations = _tree(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {item.get("Id"): str(item.get("Target")) for item in relations}
    for sheet in _tree(archive.read("xl/workbook.xml")).iter():
        relation = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        target = targets.get(relation) if sheet.tag.endswith("}sheet") else None
        if target:
            yield str(sheet.get("name")), target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _xlsx_styles(data: bytes) -> list[tuple[str, str, bool]]:
    """Return (format that changes what is shown or "", legacy font or "", is struck through) of each cell style."""
    root = _tree(data)
    codes = {int(n.get("numFmtId", 0)): n.get("formatCode", "") for n in root.iterfind(f"{_MAIN}numFmts/{_MAIN}numFmt")}
    fonts, struck = [], []
    for font in root.iterfind(f"{_MAIN}fonts/{_MAIN}font"):
        name = font.find(f"{_MAIN}name")
        fonts.append(name.get("val", "") if name is not None else "")
        struck.append(_is_on(font.find(f"{_MAIN}strike")))
    styles = []
    for xf in root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf"):
        number = int(xf.get("numFmtId", 0))
        code = codes.get(number) or _BUILT_IN_PERCENT.get(number, "")
        index = int(xf.get("fontId", 0))
        is_known = index < len(fonts)
        font_name = fonts[index] if is_known else ""
        is_struck = is_known and struck[index]
        styles.append((code if _changes(code) else "", font_name if is_legacy_font(font_name) else "", is_struck))
    return styles


def _changes(code: str) -> bool:
    return is_percent_format(code) or shown_by(code) is not None


def _is_on(element: ElementTree.Element | None) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")


def _partly_struck(data: bytes) -> dict[int, str]:
    """Return what is left of each shared text of which some run is struck through, by its number."""
    if b"strike" not in data:
        return {}
    texts = enumerate(map(_left_of, _tree(data).iterfind(f"{_MAIN}si")))
    return {number: text for number, text in texts if text is not None}


def _left_of(text: ElementTree.Element) -> str | None:
    """Return a rich text without the runs that are struck through; None when there are none."""
    runs = list(text.iterfind(f"{_MAIN}r"))
    kept = [r for r in runs if not _is_on(r.find(f"{_MAIN}rPr/{_MAIN}strike"))]
    return "".join(t.text or "" for r in kept for t in r.iterfind(f"{_MAIN}t")) if len(kept) < len(runs) else None


def _note_struck_texts(details: SheetDetails, xml: bytes, left: dict[int, str]) -> None:
    cells = _tree(xml).iterfind(f".//{_MAIN}c") if b"strike" in xml else ()
    for cell in cells:      # with a text of its own
        inline = cell.find(f"{_MAIN}is")
        if inline is not None and (text := _left_of(inline)) is not None and cell.get("r"):
            details.struck[place_of(cell.get("r", ""))] = text
    for tag, number in _SHARED.findall(xml) if left else ():
        if (values := _attributes(tag)).get("t") == "s" and int(number) in left and "r" in values:
            details.struck[place_of(values["r"])] = left[int(number)]


def _xlsx_sheet(xml: bytes, styles: list[tuple[str, str, bool]], struck_texts: dict[int, str]) -> SheetDetails:
    details = SheetDetails()
    _note_struck_texts(details, xml, struck_texts)
    for tag in _ROW_HIDDEN.findall(xml):
        details.hidden_rows.add(int(_attributes(tag).get("r", "0")))
    _note_hidden_columns(details, xml[: xml.find(b"sheetData")])
    special = [str(i) for i, style in enumerate(styles) if any(style)]
    if special:
        pattern = rb"""<(?:\w+:)?c\b[^>]*\bs=["'](?:%s)["'][^>]*>""" % "|".join(special).encode()
        for tag in re.findall(pattern, xml):
            _note_style(details, _attributes(tag), styles)
    if b"#" in xml:
        for tag, text in _ERROR.findall(xml):
            details.errors[place_of(_attributes(tag)["r"])] = html.unescape(text.decode())
    if re.search(rb"<(?:\w+:)?f[\s>/]", xml):
        for tag, _, text in _FORMULA.findall(xml):
            reference = _attributes(tag).get("r")
            if reference:
                details.formulas[place_of(reference)] = "=" + html.unescape(text.decode("utf-8", "replace"))
    return details


def _note_hidden_columns(details: SheetDetails, head: bytes) -> None:
    for tag in _COLUMN.findall(head):
        values = _attributes(tag)
        if values.get("hidden") in ("1", "true") or float(values.get("width", 1)) == 0:
            details.hidden_columns.update(range(int(values["min"]), min(int(values["max"]), 16384) + 1))


def _note_style(details: SheetDetails, values: dict[str, str], styles: list[tuple[str, str, bool]]) -> None:
    if "r" not in values:
        return
    place = place_of(values["r"])
    number_format, font, is_struck = styles[int(values["s"])]
    if is_struck:
        details.struck[place] = ""
    if number_format:
        details.formats[place] = number_format
    if font:
        details.fonts[place] = font


def _attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(tag)}


def _xls_details(data: bytes) -> Iterator[tuple[str, SheetDetails]]:
    import xlrd

    book = xlrd.open_workbook(file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO())
    styles = []
    for index, xf in enumerate(book.xf_list):
        code = format_code(book, index)
        known = xf.font_index < len(book.font_list)
        font = book.font_list[xf.font_index].name if known else ""
        is_struck = bool(known and book.font_list[xf.font_index].struck_out)
        # the fast reader takes the numbers of the built-in dates for dates, also where the file has given them anew
        is_number = xf.format_key in _BUILT_IN_DATES and not is_date_format(code)
        styles.append((code if _changes(code) else "", font if is_legacy_font(font) else "", is_number, is_struck))
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        yield sheet.name, _xls_sheet(sheet, styles)
        book.unload_sheet(index)


def _xls_sheet(sheet: Any, styles: list[tuple[str, str, bool, bool]]) -> SheetDetails:
    details = SheetDetails()
    details.hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden or info.height == 0}
    details.hidden_columns = {c + 1 for c, info in sheet.colinfo_map.items() if info.hidden or info.width == 0}
    for row in range(sheet.nrows):
        types = sheet.row_types(row)
        for column, kind in enumerate(types):
            if kind in (0, 6):
                continue
            place = (row + 1, column + 1)
            number_format, font, is_number, is_struck = styles[sheet.cell_xf_index(row, column)]
            if is_struck:
                details.struck[place] = ""
            if number_format:
                details.formats[place] = number_format
            if font:
                details.fonts[place] = font
            if is_number and kind in (2, 3):
                details.numbers[place] = sheet.cell_value(row, column)
            if kind == 5:
                details.errors[place] = _XLS_ERRORS.get(sheet.cell_value(row, column), "#N/A")
    return details


_ODS_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_ODS_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_ODS_EXTRA = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


class _OdsPass:
    """Walks content.xml once, counting rows and columns with their repetitions."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetDetails] = {}
        self._details = SheetDetails()
        self._row = self._column = self._columns = self._row_repeat = 0

    def start(self, tag: str, values: dict[str, str]) -> None:
        name = tag.rpartition("}")[2] if tag.startswith(_ODS_TABLE) or _ODS_TABLE in tag else ""
        if name == "table":
            self._details = self.sheets[values.get(f"{_ODS_TABLE}}}name", "")] = SheetDetails(merged=[])
            self._row = self._columns = 0
        elif name == "table-column":
            self._start_column(values)
        elif name == "table-row":
            self._row += max(self._row_repeat, 1) if self._row else 1
            self._row_repeat = int(values.get(f"{_ODS_TABLE}}}number-rows-repeated", "1"))
            self._column = 0
            if values.get(f"{_ODS_TABLE}}}visibility", "visible") != "visible":
                self._details.hidden_rows.update(range(self._row, self._row + min(self._row_repeat, 10_000)))
        elif name in ("table-cell", "covered-table-cell"):
            self._start_cell(values)

    def _start_column(self, values: dict[str, str]) -> None:
        repeat = min(int(values.get(f"{_ODS_TABLE}}}number-columns-repeated", "1")), 16384)
        if values.get(f"{_ODS_TABLE}}}visibility", "visible") != "visible":
            self._details.hidden_columns.update(range(self._columns + 1, self._columns + repeat + 1))
        self._columns += repeat

    def _start_cell(self, values: dict[str, str]) -> None:
        place = (self._row, self._column + 1)
        self._column += int(values.get(f"{_ODS_TABLE}}}number-columns-repeated", "1"))
        kind = values.get(f"{_ODS_OFFICE}}}value-type", "")
        if kind == "percentage":
            self._details.formats[place] = "0.00%"
        formula = values.get(f"{_ODS_TABLE}}}formula", "")
        if formula:
            self._details.formulas[place] = formula
        if values.get(f"{_ODS_EXTRA}}}value-type") == "error":
            self._details.errors[place] = "#N/A"
        wide = int(values.get(f"{_ODS_TABLE}}}number-columns-spanned", "1"))
        high = int(values.get(f"{_ODS_TABLE}}}number-rows-spanned", "1"))
        if self._details.merged is not None and wide * high > 1:
            self._details.merged.append((*place, place[0] + high - 1, place[1] + wide - 1))


def _ods_details(data: bytes) -> Iterator[tuple[str, SheetDetails]]:
    from xml.parsers import expat

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    _refuse_entities(content)
    walk = _OdsPass()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = walk.start
    parser.Parse(content, True)
    yield from walk.sheets.items()


def _tree(data: bytes) -> ElementTree.Element:
    _refuse_entities(data)
    return ElementTree.fromstring(data)


def _refuse_entities(data: bytes) -> None:
    """No office program writes a DTD; a part that has one is an attack."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise SubmissionError(
            "Tệp bảng tính chứa khai báo XML không an toàn nên không đọc.",
            "A part of the workbook declares XML entities.",
            remedy_vi="Mở tệp bằng Excel, lưu lại rồi gửi lại.",
        )
