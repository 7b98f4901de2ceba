"""Word documents (.docx, .doc) as numbered paragraphs and tables.

Paragraphs of the body count from 1, empty ones included, paragraphs inside tables not. Tables count from 1:
the head of a letter (agency, motto, number) usually is table 1. Columns count on the table's grid, so a
merged cell does not shift its neighbours.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from flows.read.beside import (
    CHUNK_VI,
    COMMENTS_VI,
    ENDNOTES_VI,
    FOOTER_VI,
    FOOTNOTES_VI,
    HEADER_VI,
    INVISIBLE_VI,
    beside_body,
)
from flows.read.document import Content, Grid, GridCell, Paragraph
from flows.read.legacy_text import decode_blocks
from flows.read.packages import main_parts, transitional
from flows.read.text import normalise
from flows.records import IntakeFinding
from infra.errors import SubmissionError
from infra.zip_files import READ_ERRORS

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_INVISIBLE = ("vanish", "strike", "dstrike")
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad"}
_LEGACY = (".Vn", "VNI")
_NOTE_CALL = re.compile(r"[\s\[\]()\d*]*")
_BESIDE = re.compile(r"(header|footer|footnotes|endnotes|comments)\d*\.xml")
_BESIDE_VI = {
    "header": HEADER_VI, "footer": FOOTER_VI, "footnotes": FOOTNOTES_VI, "endnotes": ENDNOTES_VI,
    "comments": COMMENTS_VI,
}  # fmt: skip
_ALTERNATIVE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS = {f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")}
_SKIPPED = {f"{_W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "txbxContent")}
_SKIPPED.add(_ALTERNATIVE)


def open_docx(data: bytes) -> Content:
    """Return the body of a .docx in reading order, legacy fonts decoded run by run.

    Text that a tracked change deleted is left out, inserted text is in. Text boxes stand as paragraphs at the
    place of their anchor.

    Raises:
        SubmissionError: The bytes are not a readable .docx.
    """
    body, fonts, beside = _document_parts(data)
    blocks: list[Grid | Paragraph] = []
    paragraphs = tables = 0
    for element in _body_elements(body):
        if element.tag == f"{_W}p":
            paragraphs += 1
            blocks.extend(_paragraphs(element, f"paragraph {paragraphs}", fonts))
        else:
            tables += 1
            blocks.append(_table(element, tables, fonts))
    return Content(blocks=decode_blocks(blocks), findings=(*beside, *_set_aside(body)))


def open_doc(data: bytes) -> Content:
    """Return the body of a Word 97-2003 .doc, read without any office program.

    Raises:
        SubmissionError: Not a Word 97-2003 document, protected by a password, or damaged.
    """
    from flows.read.word_binary import read_word_binary

    return read_word_binary(data)


def _document_parts(data: bytes) -> tuple[Any, _Fonts, list[IntakeFinding]]:
    """Return the body, the fonts, and what is to be said about the parts that stand beside the body."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            main = next(iter(main_parts(archive, set(names))), "word/document.xml")
            document = etree.fromstring(transitional(archive.read(main)), parser)
            styles = transitional(archive.read("word/styles.xml")) if "word/styles.xml" in names else b""
            legacy = b".Vn" in styles or b"VNI-" in styles
            fonts = _Fonts(etree.fromstring(styles, parser) if legacy else None)
            beside = list(_beside_body(archive, main, names))
    except (*READ_ERRORS, KeyError, etree.XMLSyntaxError) as error:
        raise unreadable("tệp Word (.docx)", str(error)) from error
    body = document.find(f"{_W}body")
    if body is None:
        raise unreadable("tệp Word (.docx)", "no body")
    return body, fonts, beside


def _beside_body(archive: zipfile.ZipFile, main: str, names: list[str]) -> Iterator[IntakeFinding]:
    """Yield a note for each part beside the body that holds a number, page numbers aside: it is not read."""
    folder = main.rpartition("/")[0]
    for name in sorted(names):
        part = _BESIDE.fullmatch(name.removeprefix(f"{folder}/"))
        if part:
            yield from beside_body(_BESIDE_VI[part[1]], _words_of(archive.read(name)))


def _words_of(xml: bytes) -> str:
    """Return the letters of a part without opening its tree: only whether it says something counts."""
    texts = re.findall(r"<(?:\w+:)?t(?:\s[^<>]*)?>([^<]*)</|</(?:\w+:)?(p)>", xml.decode("utf-8", "replace"))
    return " ".join("".join(html.unescape(text) or " " for text, _ in texts).split())


def unreadable(what_vi: str, detail: str) -> SubmissionError:
    """Return the error for bytes that are not what they claim to be."""
    return SubmissionError(
        f"Không đọc được {what_vi}: tệp bị hỏng hoặc không đúng định dạng.",
        f"The file is damaged or is not of the kind it claims: {detail}.",
        remedy_vi="Mở lại tệp trên máy, lưu thành tệp mới rồi gửi lại.",
    )


class _Fonts:
    """Font of a run: its own, its style's, the paragraph style's, the document's; only legacy fonts matter."""

    def __init__(self, styles: Any) -> None:
        self._by_style: dict[str, tuple[str, str]] = {}
        self._default = ""
        if styles is None:
            return
        self._default = _font_of(styles.find(f"{_W}docDefaults/{_W}rPrDefault/{_W}rPr"))
        for style in styles.iterfind(f"{_W}style"):
            based = style.find(f"{_W}basedOn")
            parent = based.get(f"{_W}val", "") if based is not None else ""
            name = style.get(f"{_W}styleId", "")
            self._by_style[name] = (_font_of(style.find(f"{_W}rPr")), parent)
            if style.get(f"{_W}default") == "1" and style.get(f"{_W}type") == "paragraph":
                self._default = self._by_style[name][0] or self._default

    def of_run(self, run: Any, style_name: str) -> str:
        """Return the font of one run of a paragraph."""
        return _font_of(run.find(f"{_W}rPr")) or self.of_style(style_name)

    def of_style(self, name: str) -> str:
        """Return the font a style or one of its parents declares, else the document's."""
        for _ in range(20):
            font, name = self._by_style.get(name, ("", ""))
            if font or not name:
                return font or self._default
        return self._default


def _font_of(properties: Any) -> str:
    fonts = properties.find(f"{_W}rFonts") if properties is not None else None
    if fonts is None:
        return ""
    return fonts.get(f"{_W}ascii") or fonts.get(f"{_W}hAnsi") or ""


def _body_elements(parent: Any) -> Iterator[Any]:
    """Yield paragraphs and tables in order, looking through content controls and tracked insertions."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in _WRAPPERS:
            yield from _body_elements(child)


def _paragraphs(element: Any, place: str, fonts: _Fonts) -> Iterator[Paragraph]:
    properties = element.find(f"{_W}pPr")
    style = properties.find(f"{_W}pStyle") if properties is not None else None
    style_name = style.get(f"{_W}val", "") if style is not None else ""
    numbered = properties is not None and properties.find(f"{_W}numPr") is not None
    runs = list(_runs(element))
    yield Paragraph(
        text="".join(_run_text(run, style_name, fonts) for run in runs).strip(),
        place=place,
        style_name=style_name,
        font_name=_modern_font(runs, style_name, fonts),
        is_bold=bool(runs) and all(_is_bold(run) for run in runs if _run_text(run, style_name, fonts).strip()),
        is_list_item=numbered,
    )
    for box in element.iter(f"{_W}txbxContent"):
        if not any(parent.tag == _ALTERNATIVE for parent in box.iterancestors()):
            for inner in box.iter(f"{_W}p"):
                yield from _paragraphs(inner, place, fonts)


def _modern_font(runs: list[Any], style_name: str, fonts: _Fonts) -> str:
    """Return the font of a paragraph; a legacy one is kept silent, its text is decoded already."""
    names = [fonts.of_run(run, style_name) for run in runs]
    return "" if any(name.startswith(_LEGACY) for name in names) else next(iter(names), "")


def _runs(element: Any) -> Iterator[Any]:
    for child in element:
        if child.tag in (f"{_W}r", f"{_MATH}r"):
            if not _is_invisible(child):
                yield child
        elif child.tag not in _SKIPPED:
            yield from _runs(child)


def _is_invisible(run: Any) -> bool:
    """Tell whether a run is hidden or struck through: whoever reads the page does not count it."""
    properties = run.find(f"{_W}rPr")
    marks = [properties.find(f"{_W}{name}") for name in _INVISIBLE] if properties is not None else []
    return any(mark is not None and mark.get(f"{_W}val", "1") not in ("0", "false", "off") for mark in marks)


def _is_row_gone(row: Any) -> bool:
    """Tell whether a row of a table was deleted by a tracked change, or is hidden."""
    properties = row.find(f"{_W}trPr")
    return properties is not None and any(properties.find(f"{_W}{name}") is not None for name in ("del", "hidden"))


def _set_aside(body: Any) -> Iterator[IntakeFinding]:
    """Yield a note for each kind of text of the body that holds a number and is not read."""
    hidden = [run for run in body.iter(f"{_W}r") if _is_invisible(run)]
    hidden += [row for row in body.iter(f"{_W}tr") if _is_row_gone(row)]
    texts = ("".join(t.text or "" for t in element.iter(f"{_W}t")) for element in hidden)
    yield from beside_body(INVISIBLE_VI, " ".join(texts), has_pages=False)
    if chunks := len(body.findall(f".//{_W}altChunk")):
        yield from beside_body(CHUNK_VI, str(chunks), has_pages=False)


def _run_text(run: Any, style_name: str, fonts: _Fonts) -> str:
    pieces = []
    for child in run:
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if name == "t":
            pieces.append(child.text or "")
        elif name == "ruby":        # the small letters above are a help to read, not text
            pieces += [t.text or "" for t in child.iterfind(f"{_W}rubyBase//{_W}t")]
        elif name == "sym":         # a letter of a font of signs: nobody can tell which
            pieces.append("□")
        elif name in _CHARACTERS:
            pieces.append(_CHARACTERS[name])
    text = "".join(pieces)
    if _NOTE_CALL.fullmatch(text) and _is_superscript(run):
        return ""
    font = fonts.of_run(run, style_name)
    return normalise(text, font) if font.startswith(_LEGACY) else text


def _is_superscript(run: Any) -> bool:
    """A raised "1" behind a figure calls a footnote; read as text it would be a digit more."""
    position = run.find(f"{_W}rPr/{_W}vertAlign")
    return position is not None and position.get(f"{_W}val") == "superscript"


def _is_bold(run: Any) -> bool:
    bold = run.find(f"{_W}rPr/{_W}b")
    return bold is not None and bold.get(f"{_W}val", "1") not in ("0", "false")


def _table(element: Any, number: int, fonts: _Fonts) -> Grid:
    cells: dict[tuple[int, int], GridCell] = {}
    merged: list[tuple[int, int, int, int]] = []
    open_merges: dict[int, tuple[int, int, int]] = {}  # first column → first row, last column, last row
    for row, columns in enumerate(_rows(element), start=1):
        column = 1 + _grid_before(columns)
        for cell in columns.iterchildren(f"{_W}tc", f"{_W}sdt"):
            for inner in [cell] if cell.tag == f"{_W}tc" else cell.iter(f"{_W}tc"):
                width, continues, restarts = _cell_span(inner)
                if continues and column in open_merges:
                    first, last_column, _ = open_merges[column]
                    open_merges[column] = (first, last_column, row)
                else:
                    _close_merge(open_merges, column, merged)
                    cells[row, column] = _cell(inner, row, column, fonts)
                    if restarts or width > 1:
                        open_merges[column] = (row, column + width - 1, row)
                column += width
    for column in list(open_merges):
        _close_merge(open_merges, column, merged)
    return Grid(sheet="", cells=cells, merged=tuple(merged), table_number=number)


def _close_merge(open_merges: dict[int, tuple[int, int, int]], column: int, merged: list[Any]) -> None:
    if column in open_merges:
        first, last_column, last = open_merges.pop(column)
        if (first, column) != (last, last_column):
            merged.append((first, column, last, last_column))


def _rows(element: Any) -> Iterator[Any]:
    for child in element:
        if child.tag == f"{_W}tr":
            if not _is_row_gone(child):
                yield child
        elif child.tag in _WRAPPERS:
            yield from _rows(child)


def _grid_before(row: Any) -> int:
    before = row.find(f"{_W}trPr/{_W}gridBefore")
    return _number(before.get(f"{_W}val")) if before is not None else 0


def _cell_span(cell: Any) -> tuple[int, bool, bool]:
    """Return the width on the grid, whether the cell continues the one above, whether it starts a merge."""
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    merge = cell.find(f"{_W}tcPr/{_W}vMerge")
    width = max(1, _number(span.get(f"{_W}val"))) if span is not None else 1
    if merge is None:
        return width, False, False
    restarts = merge.get(f"{_W}val") == "restart"
    return width, not restarts, restarts


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _cell(cell: Any, row: int, column: int, fonts: _Fonts) -> GridCell:
    paragraphs = [p for element in cell.iter(f"{_W}p") for p in _paragraphs(element, "", fonts)]
    text = "\n".join(paragraph.text for paragraph in paragraphs).strip()
    return GridCell(
        row=row,
        column=column,
        text=text,
        value=text or None,
        font_name=next((p.font_name for p in paragraphs if p.font_name), ""),
        is_bold=bool(text) and all(p.is_bold for p in paragraphs if p.text),
    )
