"""The text of an HTML mail: one line a block, the tags gone. libxml2 parses it; time stays in proportion."""

from __future__ import annotations

import re

from flows.clean_text import clean_text

MAX_HTML = 2_000_000  # letters; a mail's text is far below
BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table"})
SILENT = frozenset({"script", "style", "head", "title"})


def html_text(html: str) -> str:
    """Return the words of an HTML text, lines trimmed, blank lines dropped, of the first `MAX_HTML` letters."""
    pieces = _pieces(clean_text(html[:MAX_HTML]))
    lines = (line.strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _pieces(html: str) -> list[str]:
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, recover=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    return [re.sub(r"<[^<>]{0,1000}>", "\n", html)] if root is None else _walk(root)


def _walk(root: object) -> list[str]:
    from lxml import etree

    pieces: list[str] = []
    silence = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            silence += tag in SILENT
            pieces.append(("\n" if tag in BREAKS else "") + ("" if silence else _words(element.text)))
        else:
            silence -= tag in SILENT
            pieces.append("" if silence else _words(element.tail))
    return pieces


def _words(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
