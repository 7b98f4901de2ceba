"""Rich text (.rtf), which old offices and many programs still write: paragraphs and tables, in one linear pass.

Source: Rich Text Format specification 1.9.1. Only what text and tables need is read; pictures, styles, headers,
footnotes and deleted or hidden text are passed over, as in the other text documents; a number in a header, a
footer or a note is said to be there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace

from flows.read.beside import COMMENTS_VI, FOOTER_VI, FOOTNOTES_VI, HEADER_VI, beside_body
from flows.read.document import Content, Grid, Paragraph
from flows.read.legacy_text import decode_blocks
from flows.read.text import normalise
from flows.read.word_binary import TableRow, table_of_rows
from infra.errors import SubmissionError

_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<code>[0-9A-Fa-f]{2})|\\(?P<symbol>[^A-Za-z'])|"
    rb"(?P<brace>[{}])|(?P<text>[^\\{}\r\n\x00]+)|(?s:.)"
)
_MAX_DEPTH = 5_000
_MAX_TOKENS = 3_000_000  # a report of 50 pages has 100 000
_BESIDE_VI = {
    "header": HEADER_VI, "headerl": HEADER_VI, "headerr": HEADER_VI, "headerf": HEADER_VI, "footer": FOOTER_VI,
    "footerl": FOOTER_VI, "footerr": FOOTER_VI, "footerf": FOOTER_VI, "footnote": FOOTNOTES_VI,
    "annotation": COMMENTS_VI,
}  # fmt: skip
_PASSED_OVER = frozenset((
    *_BESIDE_VI, "colortbl", "stylesheet", "info", "pict", "object", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc",
    "fldinst", "listtable", "listoverridetable", "rsidtbl", "generator", "themedata", "datastore", "xmlnstbl",
    "nonshppict", "atnid", "atnauthor", "tc", "xe", "bkmkstart", "bkmkend", "filetbl", "revtbl", "private", "docvar",
))  # fmt: skip
_LISTED = frozenset(("listtext", "pntext"))
_LETTERS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "nestcell": "\t", "nestrow": "\n", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_SYMBOLS = {b"\\": "\\", b"{": "{", b"}": "}", b"~": " ", b"_": "-", b"-": "\u00ad", b"\t": "\t"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_MERGES = {"clmgf": 0x01, "clmrg": 0x02, "clvmgf": 0x60, "clvmrg": 0x20}  # as [MS-DOC] flags them
_LEGACY = (".Vn", "VNI")


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group; a copy goes on its stack."""

    is_silent: bool = False  # in a destination that is no text
    beside_vi: str = ""  # in one that stands beside the body: which
    is_hidden: bool = False
    is_raised: bool = False
    in_fonts: bool = False
    fallback: int = 1  # letters after "\uN" that stand for it in programs without Unicode
    font: int = 0


@dataclass(slots=True)
class _Table:
    rows: list[TableRow] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    left: int = 0
    flag: int = 0


def open_rtf(data: bytes) -> Content:
    """Return paragraphs and tables of an .rtf in reading order, places as in `word_files`.

    Raises:
        SubmissionError: The groups are nested beyond reason, or there are too many words.
    """
    reader = _Reader()
    at = taken = 0
    while match := _TOKEN.match(data, at):
        at = match.end() + reader.take(match)
        taken += 1
        if taken > _MAX_TOKENS:
            raise _refused("tệp quá dài", "too long")
    return reader.content()


class _Reader:
    def __init__(self) -> None:
        self.state = _State()
        self.stack: list[_State] = []
        self.page = "cp1252"
        self.fonts: dict[int, tuple[str, str]] = {}  # number → code page, name
        self.blocks: list[Grid | Paragraph] = []
        self.paragraphs = self.tables = self.left_out = 0
        self.table = _Table()
        self.in_table = self.is_listed = self.is_new_group = False
        self.pieces: list[str] = []  # of the paragraph or cell being read
        self.beside: list[tuple[str, list[str]]] = []  # texts beside the body: place, pieces
        self.codes = bytearray()  # of letters in the font's code page, not yet decoded

    def take(self, token: re.Match[bytes]) -> int:
        """Take one token; return how many bytes of binary data follow it."""
        word = token["word"]
        if word is not None:
            return self._word(word.decode("ascii"), token["number"])
        if token["brace"]:
            self._brace(token["brace"])
        elif token["code"]:
            self._letters(bytes((int(token["code"], 16),)))
        elif token["text"]:
            self._letters(token["text"])
        elif token["symbol"]:
            self._symbol(token["symbol"])
        return 0

    def content(self) -> Content:
        """Return what was read."""
        self._end_paragraph(is_last=True)
        self._end_table()
        beside = dict.fromkeys((where, "".join(pieces)) for where, pieces in self.beside)
        notes = [note for where, text in beside for note in beside_body(where, text)]
        return Content(decode_blocks(self.blocks), tuple(notes))

    def _brace(self, brace: bytes) -> None:
        self._flush()
        if brace == b"{":
            if len(self.stack) > _MAX_DEPTH:
                raise _refused("các nhóm lồng nhau quá sâu", "its groups are nested too deep")
            self.stack.append(self.state)
        elif self.stack:
            self.state = self.stack.pop()
        self.is_new_group = brace == b"{"

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*" and self.is_new_group:
            self.state = replace(self.state, is_silent=True, beside_vi="")
        elif symbol in (b"\n", b"\r"):
            self._end_paragraph()
        elif symbol in _SYMBOLS:
            self._add(_SYMBOLS[symbol])

    def _word(self, word: str, digits: bytes | None) -> int:
        number = int(digits) if digits else None
        self._flush()
        if word == "bin":
            return max(number or 0, 0)
        if not (self._destination(word) or self._character(word, number) or self._structure(word, number)):
            self._formatting(word, number)
        self.is_new_group = False
        return 0

    def _destination(self, word: str) -> bool:
        if word in _BESIDE_VI:
            self.beside.append((_BESIDE_VI[word], []))
        if word in _PASSED_OVER:
            self.state = replace(self.state, is_silent=True, beside_vi=_BESIDE_VI.get(word, ""))
        elif word in _LISTED:
            self.state = replace(self.state, is_silent=True)
            self.is_listed = True
        elif word == "fonttbl":
            self.state = replace(self.state, is_silent=True, in_fonts=True)
        return word in _PASSED_OVER or word in _LISTED or word == "fonttbl"

    def _character(self, word: str, number: int | None) -> bool:
        if word in _LETTERS:
            self._add(_LETTERS[word])
        elif word == "u" and number is not None:
            self._add(chr(number & 0xFFFF))
            self.left_out = self.state.fallback
        else:
            return False
        return True

    def _formatting(self, word: str, number: int | None) -> None:
        is_on = number != 0
        if word == "f" and number is not None:
            self.state = replace(self.state, font=number)
        elif word in ("v", "deleted"):
            self.state = replace(self.state, is_hidden=is_on)
        elif word in ("super", "nosupersub"):
            self.state = replace(self.state, is_raised=is_on and word == "super")
        elif word == "plain":
            self.state = replace(self.state, is_hidden=False, is_raised=False)
        elif word == "uc" and number is not None:
            self.state = replace(self.state, fallback=min(max(number, 0), 100))
        elif word == "ansicpg" and number is not None:
            self.page = _known(f"cp{number}")
        elif word == "fcharset" and self.state.in_fonts:
            _, name = self.fonts.get(self.state.font, ("", ""))
            self.fonts[self.state.font] = (_CHARSETS.get(number or 0, ""), name)
        self.page = _PAGES.get(word, self.page)

    def _structure(self, word: str, number: int | None) -> bool:
        if self.state.beside_vi and word in ("par", "cell", "row"):
            self._add("\n")
        if self.state.is_silent:
            return False
        if word in ("par", "sect", "page"):
            self._end_paragraph()
        elif word == "pard":
            self.in_table = self.is_listed = False
        elif word == "intbl":
            self.in_table = True
        elif word == "cell":
            self.table.texts.append(self._taken())
        elif word == "row":
            self._end_row()
        else:
            return self._row_definition(word, number or 0)
        return True

    def _row_definition(self, word: str, number: int) -> bool:
        table = self.table
        if word == "trowd":
            table.edges, table.flags, table.left, table.flag = [], [], 0, 0
        elif word == "trleft":
            table.left = number
        elif word in _MERGES:
            table.flag |= _MERGES[word]
        elif word == "cellx":
            table.edges.append(number)
            table.flags.append(table.flag)
            table.flag = 0
        else:
            return False
        return True

    def _end_row(self) -> None:
        table = self.table
        table.rows.append(TableRow(table.texts, (table.left, *table.edges), tuple(table.flags)))
        table.texts = []
        self.in_table = False

    def _end_paragraph(self, is_last: bool = False) -> None:
        if self.in_table and not is_last:
            self._add("\n")
            return
        text = self._taken()
        if is_last and not text:
            return
        self._end_table()
        self.paragraphs += 1
        self.blocks.append(Paragraph(text, f"paragraph {self.paragraphs}", is_list_item=self.is_listed))

    def _end_table(self) -> None:
        if self.table.texts:  # cells of a row that never ends
            self._end_row()
        if self.table.rows:
            self.tables += 1
            self.blocks.append(table_of_rows(self.table.rows, self.tables))
            self.table = _Table()

    def _letters(self, codes: bytes) -> None:
        """Take letters in the font's code page, but not those that stand in for a Unicode letter before them."""
        skipped = min(self.left_out, len(codes))
        self.left_out -= skipped
        self.codes += codes[skipped:]
        self.is_new_group = False

    def _flush(self) -> None:
        if not self.codes:
            return
        page, name = self.fonts.get(self.state.font, ("", ""))
        text = bytes(self.codes).decode(page or self.page, "replace")
        self.codes.clear()
        if self.state.in_fonts:
            self.fonts[self.state.font] = (page, (name + text).split(";")[0].strip())
        else:
            self._add(text)

    def _add(self, text: str) -> None:
        self._flush()
        is_note_call = self.state.is_raised and text.strip(" ()[]*").isdigit()
        if self.state.is_hidden or is_note_call or (self.state.is_silent and not self.state.beside_vi):
            return
        name = self.fonts.get(self.state.font, ("", ""))[1]
        pieces = self.beside[-1][1] if self.state.beside_vi else self.pieces
        pieces.append(normalise(text, name) if name.startswith(_LEGACY) else text)

    def _taken(self) -> str:
        """Return the text of the paragraph or cell that ends here, letters beyond the first plane put together."""
        self._flush()
        text = "".join(self.pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self.pieces = []
        return unicodedata.normalize("NFC", text).strip()


def _known(page: str) -> str:
    try:
        b" ".decode(page)
    except LookupError:
        return "cp1252"
    return page


def _refused(why_vi: str, why_en: str) -> SubmissionError:
    return SubmissionError(
        f"Không đọc được tệp RTF: {why_vi}.",
        f"The .rtf cannot be read: {why_en}.",
        remedy_vi="Mở tệp bằng Word, lưu lại dạng .docx rồi gửi lại.",
    )
