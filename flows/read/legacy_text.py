"""Documents whose letters are in a legacy code although no font says so: decoded as a whole.

One cell ("Sè") may be good Vietnamese both ways; all of a document's text together is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flows.read.document import Grid, Paragraph
from flows.read.text import detect_legacy, normalise

_SOFT_HYPHEN = "\u00ad"  # TCVN3's "ư"; in Unicode text a place where a word may be broken


def decode_blocks(blocks: Sequence[Grid | Paragraph]) -> tuple[Grid | Paragraph, ...]:
    """Return the blocks in Unicode; soft hyphens, which must wait until now, are dropped from other text."""
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    texts += [cell.text for block in blocks if isinstance(block, Grid) for cell in block.cells.values()]
    encoding = detect_legacy(texts)
    if not encoding and not any(_SOFT_HYPHEN in text for text in texts):
        return tuple(blocks)
    return tuple(_decoded(block, encoding) for block in blocks)


def _decoded(block: Grid | Paragraph, encoding: str) -> Grid | Paragraph:
    if isinstance(block, Paragraph):
        return replace(block, text=_text(block.text, encoding))
    cells = {}
    for place, cell in block.cells.items():
        text = _text(cell.text, encoding)
        cells[place] = replace(cell, text=text, value=text or None)
    return replace(block, cells=cells)


def _text(text: str, encoding: str) -> str:
    return normalise(text, encoding=encoding) if encoding else text.replace(_SOFT_HYPHEN, "")
