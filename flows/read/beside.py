"""Text of a document that stands beside its body: page headers and footers, notes, comments, text boxes.

It is not read; where it holds a number, page numbers aside, a note says so, so that nothing passes in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.read.problems import KINDS
from flows.read.text import normalise
from flows.records import IntakeFinding

HEADER_VI, FOOTER_VI = "Phần đầu trang", "Phần chân trang"
FOOTNOTES_VI, ENDNOTES_VI = "Chú thích cuối trang", "Chú thích cuối văn bản"
COMMENTS_VI = "Ghi chú bên lề"
TEXT_BOX_VI = "Hộp chữ"
INVISIBLE_VI = "Chữ bị gạch ngang hoặc bị ẩn"
CHUNK_VI = "Phần chèn nguyên từ tệp khác"
_PAGE_NUMBER = re.compile(r"\W*(?:trang|page)?\W*\d+(?:\W+(?:of |trên |tổng số )?\d+)?\W*", re.IGNORECASE)


def beside_body(where_vi: str, text: str, has_pages: bool = True) -> Iterator[IntakeFinding]:
    """Yield a note when a text beside the body holds a number; the reader completes it with its place.

    Args:
        where_vi: What the text is, as a sentence begins with it.
        text: As it stands there.
        has_pages: A number alone may be that of a page, and is nothing to say.
    """
    lines = (" ".join(normalise(line).split()) for line in text.splitlines())
    words = " ".join(line for line in lines if line and not (has_pages and _PAGE_NUMBER.fullmatch(line)))
    if any(letter.isdigit() for letter in words):
        yield _outside_body(where_vi, words)


def _outside_body(where_vi: str, text: str) -> IntakeFinding:
    severity, remedy, _ = KINDS["outside_body"]
    return IntakeFinding(
        period="", receipt_id="", message="", file="", sheet="", cell="", kind="outside_body", severity=severity,
        submitter_id="", message_vi=f"{where_vi} của văn bản không được đọc: “{text[:120]}”.", remedy_vi=remedy,
        raw_text=text[:200],
    )  # fmt: skip
