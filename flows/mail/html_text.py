"""The text of an HTML mail: one line a block, the tags gone. One pass over the letters: no nesting is too deep.

A mail's HTML is read for its words only; a tree of it, as libraries build, loses what lies deeper than their limit.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from flows.clean_text import clean_text

MAX_HTML = 2_000_000  # letters; a mail's text is far below
BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table"})
SILENT = frozenset({"script", "style", "head", "title"})
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]*)")


def html_text(source: str) -> str:
    """Return the words of an HTML text, lines trimmed, blank lines dropped, of the first `MAX_HTML` letters."""
    pieces = _Scanner(clean_text(source[:MAX_HTML])).pieces()
    lines = (line.strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Scanner:
    """One pass over an HTML text. What never ends (a comment, a tag, a script) hides nothing of what follows."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.absent: set[str] = set()  # ends that do not come any more: looked for once

    def pieces(self) -> Iterator[str]:
        position = 0
        while (found := self.source.find("<", position)) >= 0:
            yield _words(self.source[position:found])
            position, piece = self._after(found)
            yield piece
        yield _words(self.source[position:])

    def _after(self, start: int) -> tuple[int, str]:
        """Return where the text goes on after "<", and what stands there in the text: a line end, "<", or nothing."""
        if self.source.startswith("<!--", start):
            return (self._past("-->", start) or start + 4), ""
        tag = _TAG.match(self.source, start)
        end = self._past(">", start) if tag or self.source.startswith(("<!", "<?"), start) else 0
        if not end:
            return start + 1, "<"
        name = tag[1].lower() if tag else ""
        if name in SILENT and self.source[start + 1] != "/":
            return self._past_closing(name, end), ""
        return end, "\n" if name in BREAKS else ""

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


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(text)) if text else ""
