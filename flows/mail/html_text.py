"""The text of an HTML mail: one line a block, the tags gone. One pass over the letters: no nesting is too deep.

A mail's HTML is read for its words only; a tree of it, as libraries build, loses what lies deeper than their limit.
A row of a table is one line with tabs between its cells, a quoted block has ">" before its lines: what the letters of a
mail mean by their place is meant here too. What its style hides from who opens the mail is no part of the text: it
comes by itself (`hidden_text`), to be said.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.clean_text import clean_text

MAX_HTML = 2_000_000  # letters; a mail's text is far below
MAX_TABLES_DEEP = 20  # tables within tables lay out a page; deeper ones only break lines
MAX_SPAN = 100
MAX_TAG = 2_000  # letters of a tag that are looked at
MAX_LINES_OF_CELL = 2  # a cell with more is a piece of a page, not of a table
BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "td", "th", "blockquote"})
SILENT = frozenset({"script", "style", "head", "title"})
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]*)")
_WIDTH = re.compile(r"\bcolspan\s*=\s*[\"']?\s*(\d{1,4})", re.IGNORECASE)
_HEIGHT = re.compile(r"\browspan\s*=\s*[\"']?\s*(\d{1,4})", re.IGNORECASE)
_INDENT = re.compile(r"border(?:-[a-z]+)?\s*:\s*(?:none|0)", re.IGNORECASE)  # how mail programs write "move right"
_STYLE = re.compile(r"\bstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_HIDES = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_HIDDEN = re.compile(r"\shidden(?=[\s/>=])", re.IGNORECASE)
# Of these what stands within may be shown again by its own style.
_FADES = re.compile(
    r"(?:^|;)\s*(?:visibility\s*:\s*(?:hidden|collapse)\b|font-size\s*:\s*0+(?:\.0+)?\s*(?:[a-z%]+\s*)?(?:!|;|$))",
    re.IGNORECASE,
)
_SHOWN_AGAIN = re.compile(
    r"visibility\s*:\s*visible|font-size\s*:\s*(?!0+(?:\.0+)?\s*(?:[a-z%]+\s*)?[!;\"'])", re.IGNORECASE
)
_MAY_HIDE = re.compile(r"none|hidden|collapse|font-size", re.IGNORECASE)
WITHOUT_CONTENT = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source"})
_CITED = re.compile(r"\b(?:class|type|cite)\s*=", re.IGNORECASE)


def html_text(source: str) -> str:
    """Return the words of an HTML text, lines trimmed, blank lines dropped, of the first `MAX_HTML` letters."""
    return _written(_Scanner(clean_text(source[:MAX_HTML])))


def hidden_text(source: str) -> str:
    """Return the words that an HTML text holds and its style hides from who opens the mail."""
    scanner = _Scanner(clean_text(source[:MAX_HTML]))
    _written(scanner)
    pieces = (_written(_Scanner(piece, hides=False)) for piece in scanner.hidden)
    return "\n".join(piece for piece in pieces if piece)


def _written(scanner: _Scanner) -> str:
    writer = _Writer()
    for piece in scanner.pieces():
        if isinstance(piece, _Tag):
            writer.tag(piece)
        else:
            writer.text(piece)
    return "\n".join(writer.finish())


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag that breaks lines: its name, whether it closes, and all of its letters."""

    name: str
    closes: bool
    letters: str = ""

    def span(self, pattern: re.Pattern[str]) -> int:
        found = pattern.search(self.letters)
        return min(max(1, int(found[1])), MAX_SPAN) if found else 1


@dataclass
class _Block:
    """The lines of a page or of a cell. `depth` is how deep in quotations it began."""

    depth: int = 0
    width: int = 1
    height: int = 1
    holds_table: bool = False
    lines: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def end_line(self, quoted: int) -> None:
        line = "".join(self.pieces).strip(" \n")
        self.pieces.clear()
        if line.strip():
            self.lines.append("> " * (quoted - self.depth) + line)


@dataclass
class _Table:
    rows: list[list[_Block]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        below: dict[int, int] = {}  # column → rows that a cell above still covers
        for row in self.rows:
            if len(row) < 2 or any(cell.holds_table or len(cell.lines) > MAX_LINES_OF_CELL for cell in row):
                yield from (line for cell in row for line in cell.lines)
            else:
                yield "\t".join(_cells(row, below))


def _cells(row: list[_Block], below: dict[int, int]) -> Iterator[str]:
    """Yield the text of each column: a wide heading stands over all of its columns, a figure in its first only."""
    column = 0
    for cell in row:
        while below.get(column, 0):
            below[column] -= 1
            column += 1
            yield ""
        text = " ".join(" ".join(cell.lines).split())
        is_words = not any(letter.isdigit() for letter in text)
        for number in range(cell.width):
            below[column + number] = cell.height - 1
            yield text if not number or is_words else ""
        column += cell.width


class _Writer:
    """Puts words and tags together to lines, as a reader of the mail sees them."""

    def __init__(self) -> None:
        self.page = _Block()
        self.tables: list[tuple[_Table, _Block]] = []  # each with the block that it stands in
        self.block = self.page
        self.moved: list[bool] = []  # blocks moved to the right that are open: whether each is a quotation
        self.quoted = 0

    def text(self, words: str) -> None:
        self.block.pieces.append(words)

    def tag(self, tag: _Tag) -> None:
        self.block.end_line(self.quoted)
        if tag.name == "blockquote":
            self._quote(tag)
        elif tag.name == "table" and tag.closes:
            self._close_table()
        elif tag.name == "table" and len(self.tables) < MAX_TABLES_DEEP:
            self.block.holds_table = True
            self.tables.append((_Table(), self.block))
        elif tag.name in ("tr", "td", "th") and self.tables and not tag.closes:
            self._open_cell(tag)

    def _quote(self, tag: _Tag) -> None:
        """Open or close a block that is moved to the right; mail programs also write so what nobody else said."""
        if not tag.closes:
            self.moved.append(bool(_CITED.search(tag.letters)) or not _INDENT.search(tag.letters))
            self.quoted += self.moved[-1]
        elif self.moved:
            self.quoted = max(self.block.depth, self.quoted - self.moved.pop())

    def finish(self) -> list[str]:
        self.block.end_line(self.quoted)
        while self.tables:
            self._close_table()
        return self.page.lines

    def _open_cell(self, tag: _Tag) -> None:
        table, _ = self.tables[-1]
        if tag.name == "tr" or not table.rows:
            table.rows.append([])
        if tag.name != "tr":
            self.block = _Block(self.quoted, tag.span(_WIDTH), tag.span(_HEIGHT))
            table.rows[-1].append(self.block)

    def _close_table(self) -> None:
        if self.tables:
            table, self.block = self.tables.pop()
            prefix = "> " * (self.quoted - self.block.depth)
            self.block.lines += [prefix + line for line in table.lines()]


class _Scanner:
    """One pass over an HTML text. What never ends (a comment, a tag, a script) hides nothing of what follows."""

    def __init__(self, source: str, hides: bool = True) -> None:
        self.source = source
        self.absent: set[str] = set()  # ends that do not come any more: looked for once
        self.hidden: list[str] = []    # what style hides, as it was come by
        self.shown_again = [found.start() for found in _SHOWN_AGAIN.finditer(source)]
        self.ends = self._ends_of_hidden() if hides and _MAY_HIDE.search(source) else {}
        self.absent.clear()
        self.last_quotation = source.lower().rfind("</blockquote")

    def pieces(self) -> Iterator[str | _Tag]:
        position = 0
        while (found := self.source.find("<", position)) >= 0:
            yield _words(self.source[position:found])
            position, piece = self._after(found)
            yield piece
        yield _words(self.source[position:])

    def _after(self, start: int) -> tuple[int, str | _Tag]:
        """Return where the text goes on after "<", and what stands there: a tag that breaks lines, "<", or nothing."""
        if self.source.startswith("<!--", start):
            return (self._past("-->", start) or start + 4), ""
        tag = _TAG.match(self.source, start)
        end = self._past(">", start) if tag or self.source.startswith(("<!", "<?"), start) else 0
        if not end:
            return start + 1, "<"
        name = tag[1].lower() if tag else ""
        if hidden_end := self.ends.get(start, 0):
            self.hidden.append(self.source[end:hidden_end])
            return hidden_end, self._breaking("div", start, end) if name in BREAKS else ""
        if name in SILENT and self.source[start + 1] != "/":
            return self._past_closing(name, end), ""
        return end, self._breaking(name, start, end) if name in BREAKS else ""

    def _ends_of_hidden(self) -> dict[int, int]:
        """Return where what begins hidden ends, by where it begins; what is never closed hides nothing."""
        open_: dict[str, list[tuple[int, bool]]] = {}     # of each name where it began, and whether hidden
        ends: dict[int, int] = {}
        for start, end, name in self._tags():
            began = open_.setdefault(name, [])
            closes = self.source[start + 1] == "/"
            if began and (closes or name == "p"):         # a paragraph ends where the next begins
                begin, is_hidden = began.pop()
                if is_hidden and self._stays_hidden(begin, end if closes else start):
                    ends[begin] = end if closes else start
            if not closes and name not in WITHOUT_CONTENT:
                began.append((start, _is_hidden(self.source[start : min(end, start + MAX_TAG)])))
        return ends

    def _tags(self) -> Iterator[tuple[int, int, str]]:
        """Yield begin, end and name of every tag, those in comments aside."""
        position = 0
        while (start := self.source.find("<", position)) >= 0:
            tag = _TAG.match(self.source, start)
            is_comment = self.source.startswith("<!--", start)
            end = self._past("-->" if is_comment else ">", start) if tag or is_comment else 0
            if tag and end:
                yield start, end, tag[1].lower()
            position = end or start + 1

    def _stays_hidden(self, begin: int, end: int) -> bool:
        """Return whether nothing within what fades is shown again by its own style."""
        content = self.source.find(">", begin) + 1
        following = bisect_left(self.shown_again, content)
        is_shown = following < len(self.shown_again) and self.shown_again[following] < end
        return not is_shown or _hides_all(self.source[begin : min(content, begin + MAX_TAG)])

    def _breaking(self, name: str, start: int, end: int) -> _Tag:
        """Return a tag; a quotation that never ends only breaks the line."""
        closes = self.source[start + 1] == "/"
        is_endless = name == "blockquote" and not closes and start > self.last_quotation
        return _Tag("div" if is_endless else name, closes, self.source[start : min(end, start + MAX_TAG)])

    def _past(self, mark: str, start: int) -> int:
        """Return the place after the next mark, 0 when there is none."""
        found = -1 if mark in self.absent else self.source.find(mark, start)
        if found < 0:
            self.absent.add(mark)
            return 0
        return found + len(mark)

    def _past_closing(self, name: str, start: int) -> int:
        pattern = re.compile(rf"</{name}\b[^<>]{{0,200}}>", re.IGNORECASE)
        closing = None if name in self.absent else pattern.search(self.source, start)
        if closing is None:
            self.absent.add(name)
            return start
        return closing.end()


def _is_hidden(tag: str) -> bool:
    return _hides_all(tag) or bool(_FADES.search(_style(tag)))


def _hides_all(tag: str) -> bool:
    return bool(_HIDES.search(_style(tag))) or bool(_HIDDEN.search(_STYLE.sub("", tag)))


def _style(tag: str) -> str:
    found = _STYLE.search(tag)
    return html.unescape(found[1] or found[2] or found[3] or "") if found else ""


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(text)) if text else ""
