"""The text of a mail as lines of prose: no quotation of an earlier mail, no signature, wrapped lines joined."""

from __future__ import annotations

import re

from flows.read.document import Content, Paragraph
from flows.read.text import detect_legacy, fold, normalise

_QUOTE_HEAD = re.compile(
    r"^(?:-{2,} ?(original message|thư gốc|forwarded message|thư chuyển tiếp)|_{10,}|"
    r"(on|vào|ngày|le) .{5,120}(wrote|đã viết|viết) ?:$|from: .+@|từ: .+@)"
)
_SIGNATURE = re.compile(r"^(--+|__+|==+)\s*$")
_ITEM = re.compile(r"^\s*(?:[-+*•▪●–]\s|\d{1,2}[.)]\s|[IVX]{1,4}[.)]\s|[a-zđ][.)]\s)")
_WRAPPED = 55  # a line shorter than this was ended by its writer, not by the mail program


def open_body(text: str) -> Content:
    """Return the writer's own lines, each with the place "body".

    Everything from the head of a quoted mail on, and lines that begin with ">", belong to an earlier message.
    Everything after a line of dashes is the signature.
    """
    lines = _own_lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    encoding = detect_legacy(lines)
    joined = _joined([normalise(line, encoding=encoding) for line in lines])
    return Content(blocks=tuple(Paragraph(text=line.strip(), place="body") for line in joined))


def _own_lines(lines: list[str]) -> list[str]:
    own: list[str] = []
    for line in lines:
        bare = line.strip()
        if _SIGNATURE.match(bare) or _QUOTE_HEAD.match(fold(bare)):
            break
        if not bare.startswith((">", "|>")):
            own.append(line)
    return own


def _joined(lines: list[str]) -> list[str]:
    """Join lines that the mail program broke: a long one, without an end, before one that opens no item."""
    joined: list[str] = []
    width = 0  # of the last line as it stood
    for line in lines:
        bare = line.strip()
        before = joined[-1].rstrip() if joined else ""
        was_broken = width >= _WRAPPED and not before.endswith((".", ";", ":", "!"))
        if bare and before and was_broken and not _ITEM.match(line):
            joined[-1] = f"{before} {bare}"
        else:
            joined.append(line)
        width = len(bare)
    return joined
