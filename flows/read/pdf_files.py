"""PDF files with text, as lines of prose and ruled tables.

Letters are taken with their positions and put together again: PDF writers split a word over fonts and
objects, so the order of the file is not the order of reading. A PDF that is only a picture is said to be so.

Places: a printed Word document gives "pdf" for prose and "pdf table t row r col c" for its ruled tables. A
printed spreadsheet gives "pdf" throughout: the addresses of its cells are lost.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from flows.read.document import Content, Grid, GridCell, Paragraph
from flows.read.legacy_text import decode_blocks
from flows.read.pdf_tables import RuledTable, Rules, find_tables
from flows.read.text import normalise
from flows.read.word_files import unreadable
from flows.records import IntakeFinding
from infra.errors import SubmissionError

_MAX_PAGES = 300
_SHEET_PROGRAMS = ("calc", "excel", "spreadsheet", "numbers")
_NOTE_CALL = re.compile(r"(?=[^\d*]*[\d*])[\s\[\]()\d*]+")
_NOTE = re.compile(r"[\[(]?(?:\d{1,2}|\*+)[\])]?\s*[^\W\d_]")
_BULLETS = ("-", "+", "*", "•", "–", "▪", "○", "●")
_SPACE_GAP = 0.12  # of the letter height: a wider gap is a blank; horned letters (ư, ơ) overlap half of one
_COLUMN_GAP = 2.2  # a gap this wide separates columns, shown as a tab


@dataclass(frozen=True, slots=True)
class _Letter:
    text: str
    left: float
    right: float
    base: float
    size: float
    is_raised: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    left: float
    right: float
    base: float
    size: float
    first_word_width: float


def open_pdf(data: bytes) -> Content:
    """Return lines and ruled tables of a PDF in reading order.

    A PDF without any letter gives no block and the finding `image_only_pdf`.

    Raises:
        SubmissionError: Damaged, protected by a password, or of more than 300 pages.
    """
    document = _open(data)
    try:
        if len(document) > _MAX_PAGES:
            raise SubmissionError(
                f"Tệp PDF có {len(document)} trang, quá giới hạn {_MAX_PAGES} trang.",
                f"The PDF has {len(document)} pages, more than {_MAX_PAGES}.",
                remedy_vi="Chỉ gửi các trang báo cáo.",
            )
        is_sheet = any(word in _creator(document) for word in _SHEET_PROGRAMS)
        blocks: list[Grid | Paragraph] = []
        furniture: list[Paragraph] = []
        last: _Line | None = None
        for page in document:
            letters, rules = _read_page(page)
            last = _add_page(blocks, furniture, letters, rules, is_sheet, last)
        blocks += furniture
        if not blocks and len(document):
            return Content(findings=(_image_only(),))
        return Content(blocks=decode_blocks(blocks))
    except _pdf_error() as error:
        raise unreadable("tệp PDF", str(error)) from error
    finally:
        document.close()


def _pdf_error() -> type[Exception]:
    import pypdfium2

    return pypdfium2.PdfiumError


def _open(data: bytes) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SubmissionError(
                "Tệp PDF được bảo vệ bằng mật khẩu nên không đọc được.",
                "The PDF is protected by a password.",
                remedy_vi="Bỏ mật khẩu rồi gửi lại.",
            ) from error
        raise unreadable("tệp PDF", str(error)) from error


def _creator(document: Any) -> str:
    return str(document.get_metadata_value("Creator") or "").lower()


def _image_only() -> IntakeFinding:
    return IntakeFinding(
        period="", receipt_id="", message="", file="", sheet="", cell="",
        kind="image_only_pdf",
        severity="note",
        submitter_id="",
        message_vi="Tệp PDF không có chữ nào để đọc số liệu (thường là ảnh chụp, bản quét).",
        remedy_vi="Gửi kèm tệp Excel, Word hoặc PDF xuất từ phần mềm.",
        is_loss=True,
    )  # fmt: skip


def _read_page(page: Any) -> tuple[list[_Letter], Rules]:
    letters = _letters(page)
    return letters, _rules(page) if letters else Rules((), ())


def _letters(page: Any) -> list[_Letter]:
    """Return every printed letter and blank.

    The blanks that the library invents are left out; ours come from the gaps between letters.
    """
    from pypdfium2 import raw

    text = page.get_textpage()
    box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    letters: list[_Letter] = []
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text.raw, index)
        if code < 32 or code == 0xFFFE or raw.FPDFText_IsGenerated(text.raw, index) == 1:
            continue
        raw.FPDFText_GetLooseCharBox(text.raw, index, ctypes.byref(box))
        raw.FPDFText_GetCharOrigin(text.raw, index, ctypes.byref(x), ctypes.byref(y))
        size = raw.FPDFText_GetFontSize(text.raw, index)
        height = max(box.top - box.bottom, 1.0) if size <= 1.5 else size
        is_raised = 48 <= code <= 57 and _is_raised(text, index, y.value, height)
        letters.append(_Letter(chr(code), box.left, box.right, y.value, height, is_raised))
    text.close()
    return letters


def _is_raised(text: Any, index: int, base: float, size: float) -> bool:
    from pypdfium2 import raw

    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(text.raw, index, *map(ctypes.byref, (left, right, bottom, top)))
    return bottom.value - base > 0.2 * size


def _rules(page: Any) -> Rules:
    """Return the horizontal and vertical rules of a page: thin boxes and the edges of drawn rectangles."""
    from pypdfium2 import raw

    across, down = [], []
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if right - left <= 3 < top - bottom:
            down.append(((left + right) / 2, bottom, top))
        elif top - bottom <= 3 < right - left:
            across.append(((top + bottom) / 2, left, right))
        elif right - left > 3 and raw.FPDFPath_CountSegments(item.raw) <= 6:
            across += [(bottom, left, right), (top, left, right)]
            down += [(left, bottom, top), (right, bottom, top)]
    return Rules(tuple(across), tuple(down))


def _add_page(
    blocks: list[Grid | Paragraph],
    furniture: list[Paragraph],
    letters: list[_Letter],
    rules: Rules,
    is_sheet: bool,
    previous: _Line | None,
) -> _Line | None:
    """Append the page's paragraphs and tables from top to bottom; both may go on from the page before.

    Page numbers and footnotes stand between a paragraph and its rest; they are set aside in `furniture`.
    Returns the last line when the page ends with one.
    """
    tables = find_tables(rules)
    lines = _lines([x for x in letters if not any(t.contains(x.left, x.base) for t in tables)])
    aside = _furniture(lines)
    furniture += [Paragraph(text=line.text, place="pdf") for line in aside]
    lines = [line for line in lines if line not in aside]
    upper_edge = max((t.top for t in tables), default=0.0)
    goes_on = bool(tables) and not any(line.base > upper_edge for line in lines)
    margin = max((line.right for line in lines), default=0.0)
    pieces: list[tuple[float, Any]] = [(table.top, table) for table in tables]
    pieces += [(line.base, line) for line in lines]
    for _, piece in sorted(pieces, key=lambda item: -item[0]):
        if isinstance(piece, _Line):
            _add_line(blocks, piece, previous, margin)
            previous = piece
        else:
            _add_table(blocks, piece, letters, is_sheet, goes_on and piece is tables[0])
            previous = None
    return previous


def _furniture(lines: list[_Line]) -> list[_Line]:
    """Return the page number, first or last line, and the footnotes at the foot of a page."""
    if len(lines) < 2:
        return []
    usual = sorted(line.size for line in lines)[len(lines) // 2]
    foot = len(lines)
    while foot > 1 and (lines[foot - 1].size < 0.9 * usual or lines[foot - 1].text.isdigit()):
        foot -= 1
    small = lines[foot:]
    first_note = next((i for i, line in enumerate(small) if _NOTE.match(line.text)), len(small))
    numbers = [line for line in (lines[0], *small[:first_note]) if line.text.isdigit()]
    return [*numbers, *small[first_note:]]


def _add_line(blocks: list[Grid | Paragraph], line: _Line, previous: _Line | None, margin: float) -> None:
    last = blocks[-1] if blocks else None
    if isinstance(last, Paragraph) and previous is not None and _wraps(previous, line, margin):
        blocks[-1] = replace(last, text=f"{last.text} {line.text}")
    else:
        blocks.append(Paragraph(text=line.text, place="pdf"))


def _wraps(previous: _Line, line: _Line, margin: float) -> bool:
    """A line goes on from the one above when its first word did not fit there and it does not open an item."""
    if line.text.startswith(_BULLETS) or _is_numbered(line.text) or "\t" in previous.text + line.text:
        return False
    hangs = previous.text.startswith(_BULLETS) or _is_numbered(previous.text)
    is_aligned = line.left < previous.left + (60 if hangs else 3)
    is_even = abs(line.left - previous.left) < 3
    is_new_sentence = previous.text.endswith((".", ";", ":")) and line.text[:1].isupper()
    return previous.right + line.first_word_width > margin - 1 and is_aligned and not (is_even and is_new_sentence)


def _is_numbered(text: str) -> bool:
    head = text.split(" ", 1)[0]
    return head.endswith((".", ")")) and (head[:-1].isdigit() or set(head[:-1]) <= set("IVXabcdđ")) and len(head) > 1


def _lines(letters: list[_Letter]) -> list[_Line]:
    return [_line(row) for row in _rows(letters) if any(letter.text != " " for letter in row)]


def _rows(letters: list[_Letter]) -> list[list[_Letter]]:
    """Group letters that stand on one base line, each group from left to right."""
    rows: list[list[_Letter]] = []
    for letter in sorted(letters, key=lambda x: -x.base):
        if rows and abs(rows[-1][0].base - letter.base) < 0.3 * max(letter.size, 1):
            rows[-1].append(letter)
        else:
            rows.append([letter])
    return _without_note_calls([sorted(row, key=lambda x: x.left) for row in rows])


def _without_note_calls(rows: list[list[_Letter]]) -> list[list[_Letter]]:
    """Drop the calls of footnotes: raised digits, and small raised rows like "[1]" just above a line.

    Where a call opens its line, the line is the footnote itself and keeps it.
    """
    kept = []
    for row in rows:
        below = _called_line(row, rows)
        if below is None:
            kept.append([x for i, x in enumerate(row) if not x.is_raised or i == 0 or row[i - 1].text == "m"])
        elif row[0].left <= below[0].left:
            below[:0] = row
    return kept


def _called_line(row: list[_Letter], rows: list[list[_Letter]]) -> list[_Letter] | None:
    """Return the line that a row of small raised digits belongs to."""
    first = row[0]
    if not _NOTE_CALL.fullmatch("".join(letter.text for letter in row)):
        return None
    for other in rows:
        is_above = 0 < first.base - other[0].base < 0.7 * other[0].size and first.size < 0.85 * other[0].size
        reach = other[0].size
        if other is not row and is_above and other[0].left - 2 * reach <= first.left <= other[-1].right + reach:
            return other
    return None


def _line(row: list[_Letter]) -> _Line:
    while row[0].text == " ":
        row = row[1:]
    while row[-1].text == " ":
        row = row[:-1]
    text = _joined(row)
    first = len(text.split(None, 1)[0]) - 1
    width = row[min(first, len(row) - 1)].right - row[0].left
    return _Line(text, row[0].left, row[-1].right, row[0].base, row[0].size, width)


def _joined(row: list[_Letter], column_gap: float = _COLUMN_GAP) -> str:
    """Return the letters of a line as text; a gap without a printed blank is one too."""
    pieces = [row[0].text] if row else []
    for before, letter in pairwise(row):
        gap = (letter.left - before.right) / max(letter.size, 1)
        pieces.append("\t" if gap > column_gap else " " if gap > _SPACE_GAP else "")
        pieces.append(letter.text)
    text = normalise("".join(pieces))
    return "\t".join(" ".join(part.split()) for part in text.split("\t")).strip()


def _add_table(
    blocks: list[Grid | Paragraph], table: RuledTable, letters: list[_Letter], is_sheet: bool, goes_on: bool
) -> None:
    texts = {
        slot: "\n".join(_joined(row, 99) for row in _rows(_inside(letters, box))).strip()
        for slot, box in table.cells.items()
    }
    last = blocks[-1] if blocks else None
    if goes_on and isinstance(last, Grid) and _width(last) == table.columns:
        blocks[-1] = _continued(last, texts)
        return
    number = 0 if is_sheet else 1 + sum(isinstance(block, Grid) for block in blocks)
    cells = {(r, c): GridCell(r, c, text, text or None) for (r, c), text in texts.items()}
    blocks.append(Grid("", cells, merged=table.merged, table_number=number, place_prefix="pdf"))


def _inside(letters: list[_Letter], box: tuple[float, float, float, float]) -> list[_Letter]:
    left, bottom, right, top = box
    return [x for x in letters if left <= (x.left + x.right) / 2 <= right and bottom <= x.base <= top]


def _width(grid: Grid) -> int:
    return max((column for _, column in grid.cells), default=0)


def _continued(grid: Grid, texts: dict[tuple[int, int], str]) -> Grid:
    """Return the table with the rows of the next page: a repeated header is dropped, a split row is joined."""
    cells = dict(grid.cells)
    last_row = max(row for row, _ in cells)
    rows: dict[int, dict[int, str]] = {}
    for (row, column), text in texts.items():
        rows.setdefault(row, {})[column] = text
    header = {column: cell.text for (row, column), cell in cells.items() if row == 1}
    ordered = [rows[row] for row in sorted(rows)]
    if ordered and ordered[0] == header:
        ordered.pop(0)
    if ordered and not ordered[0].get(1, "") and any(ordered[0].values()):
        for column, text in ordered.pop(0).items():
            before = cells.get((last_row, column))
            whole = "\n".join(part for part in (before.text if before else "", text) if part)
            cells[last_row, column] = GridCell(last_row, column, whole, whole or None)
    for offset, row_texts in enumerate(ordered, start=1):
        for column, text in row_texts.items():
            cells[last_row + offset, column] = GridCell(last_row + offset, column, text, text or None)
    return replace(grid, cells=cells)
