"""A message cut into its leaves: every piece of content once, in order, with its place in the tree. Runs in the child.

Works on the bytes by their boundaries, so that time and memory stay in proportion to the message, whatever is nested in
it. What is set aside, is empty or lies beyond a limit comes as a leaf too: the leaves together are the whole message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.mail.codings import decode, is_file
from flows.mail.headers import Described, Headers, describe, split_headers

MAX_DEPTH = 30
MAX_LEAVES = 2_000
# A content with one of these problems is not read; with any other it is read, and the problem said beside it.
UNREAD = frozenset(
    {"skipped_part", "parts_beyond_limit", "damaged_file", "truncated_file", "empty_file", "file_too_large",
     "unsafe_name", "nested_archive", "message_unreadable", "second_message", "attached_message", "exact_duplicate"}
)
_PREAMBLE = re.compile(rb"this is a (?:multi-?part|cryptographically)|mime[- ]format|mime-encapsulated", re.IGNORECASE)
_BOUNDARY_LINE = rb"--([^\r\n]{1,200}?)[ \t]*\r?\n(?=content-[a-z-]{2,40}[ \t]*:)"  # it is seen by what follows it
_FIRST_BOUNDARY = re.compile(rb"(?:\A|\n)" + _BOUNDARY_LINE, re.IGNORECASE)
_ANY_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,200}?|-{1,60}[^\s-][^\r\n]{0,200}?)[ \t]*\r?\n")
_BEGINS_WITH_BOUNDARY = re.compile(rb"\s{0,200}" + _BOUNDARY_LINE, re.IGNORECASE)
SEEN_OF_CONTENT = 4_000  # bytes in which the first boundary is looked for when the header names none
_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n){0,20}(?=[!-9;-~]+:)|")  # some programs put these first
_START_OF_MESSAGE = re.compile(
    rb"(?:From |Return-Path:|Received:|From:|To:|Subject:|Date:|Message-ID:|MIME-Version:|Delivered-To:|X-[\w-]+:)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One piece of a message: `place` is its path in the tree ("1.2"), `level` how many messages it lies within.

    `problem` is the kind of finding when it was not taken apart or holds nothing, with its sentence.
    """

    place: str
    headers: Headers
    described: Described
    data: bytes
    level: int = 0
    problem: str = ""
    problem_vi: str = ""
    is_alternative: bool = False

    @property
    def media_type(self) -> str:
        return self.described.media_type


def leaves(data: bytes) -> tuple[Headers, list[Leaf]]:
    """Return the headers of a message and everything it holds."""
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")       # of a program that ends its lines as old machines did
    begin = _START.match(data).end()  # type: ignore[union-attr]  # it matches nothing too
    headers, start = split_headers(data, begin, len(data))
    found: list[Leaf] = []
    for leaf in _of_entity(data, headers, start, len(data), "1", 0, 0):
        if len(found) >= MAX_LEAVES:
            sentence = f"Thư có hơn {MAX_LEAVES} phần; từ phần này trở đi không mở."
            found.append(_beyond(leaf, "parts_beyond_limit", sentence))
            break
        found.append(leaf)
    return headers, found


def looks_like_message(data: bytes, name: str) -> bool:
    """Return whether a file is a message that was attached as a file of another type."""
    if not _START_OF_MESSAGE.match(data.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]):
        return False
    headers, _ = split_headers(data, 0, len(data))
    return name.lower().endswith((".eml", ".mht")) or sum(
        bool(headers.first(key)) for key in ("from", "subject", "date", "message-id", "mime-version")
    ) >= 3


def _of_entity(
    data: bytes, headers: Headers, start: int, end: int, place: str, depth: int, level: int, default: str = "text/plain"
) -> Iterator[Leaf]:
    described = describe(headers, default)
    leaf = Leaf(place, headers, described, b"", level)
    if pieces := _pieces(data, described, start, end):
        yield from _of_multipart(data, leaf, pieces, end, depth)
    elif headers.is_cut:     # how it is coded may stand beyond what is looked at
        yield _beyond(leaf, "message_unreadable", "Phần đầu thư dài quá mức nên nội dung bên dưới không mở được.")
    elif described.media_type in ("message/rfc822", "message/global"):
        yield from _of_message(data, leaf, start, end, depth)
    else:
        yield from _of_content(_decoded(leaf, data[start:end]), depth)


def _of_content(leaf: Leaf, depth: int) -> Iterator[Leaf]:
    """Yield a leaf, or its parts when they were coded all together, which no standard allows and some programs do."""
    pieces = _pieces(leaf.data, leaf.described, 0, len(leaf.data)) if leaf.described.is_multipart else None
    if pieces is None:
        yield leaf
    else:
        yield from _of_multipart(leaf.data, leaf, pieces, len(leaf.data), depth)


def _of_message(data: bytes, leaf: Leaf, start: int, end: int, depth: int) -> Iterator[Leaf]:
    """An attached message is a leaf of its own, whole; what it holds follows, one level further in.

    Messages within it are part of that leaf's bytes and not repeated.
    """
    whole = _decoded(leaf, data[start:end])
    if is_file(whole.data):      # it is only called a message
        yield whole
        return
    if leaf.level == 0:
        yield whole
    if depth >= MAX_DEPTH:
        yield _beyond(leaf, "parts_beyond_limit", f"Thư lồng hơn {MAX_DEPTH} lớp; phần nằm sâu hơn không mở.")
        return
    yield from within_message(whole, depth)


def within_message(leaf: Leaf, depth: int = 1) -> Iterator[Leaf]:
    """Yield what an attached message holds."""
    headers, start = split_headers(leaf.data, 0, len(leaf.data))
    yield from _of_entity(leaf.data, headers, start, len(leaf.data), f"{leaf.place}.1", depth + 1, leaf.level + 1)


def _of_multipart(data: bytes, leaf: Leaf, pieces: _Pieces, end: int, depth: int) -> Iterator[Leaf]:
    if depth >= MAX_DEPTH:
        yield _beyond(leaf, "parts_beyond_limit", f"Thư lồng hơn {MAX_DEPTH} lớp; phần nằm sâu hơn không mở.")
        return
    if _says_something(data[slice(*pieces.before)]):
        yield _outside(leaf, data[slice(*pieces.before)], "0")
    inside = _of_parts(data, leaf, pieces.parts, depth)
    # within a part that a boundary around it ends, the boundary's own end may be missing: nothing is cut off there
    yield from inside if pieces.is_closed or end < len(data) else _last_cut_off(inside)
    if _says_something(data[slice(*pieces.after)]):
        yield _outside(leaf, data[slice(*pieces.after)], str(len(pieces.parts) + 1))


def _of_parts(data: bytes, leaf: Leaf, parts: Sequence[tuple[int, int]], depth: int) -> Iterator[Leaf]:
    is_alternative = leaf.described.media_type == "multipart/alternative"
    default = "message/rfc822" if leaf.described.media_type == "multipart/digest" else "text/plain"
    for number, (begin, stop) in enumerate(parts, start=1):
        headers, content = split_headers(data, begin, stop)
        place = f"{leaf.place}.{number}"
        for inner in _of_entity(data, headers, min(content, stop), stop, place, depth + 1, leaf.level, default):
            yield replace(inner, is_alternative=True) if is_alternative else inner


def _last_cut_off(inside: Iterator[Leaf]) -> Iterator[Leaf]:
    """Mark the last of the leaves: nobody knows whether all of it came, "41" may be the beginning of 416."""
    last = next(inside, None)
    for leaf in inside:
        if last:
            yield last
        last = leaf
    if last:
        sentence = "Thư bị cắt cụt: thiếu dấu kết thúc các phần, nên phần cuối này có thể không đủ và không được đọc."
        yield last if last.problem in UNREAD else replace(last, problem="truncated_file", problem_vi=sentence)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Begin and end of what stands before the parts, of each part, and of what stands after them."""

    before: tuple[int, int]
    parts: list[tuple[int, int]]
    after: tuple[int, int]
    is_closed: bool


def _pieces(data: bytes, described: Described, start: int, end: int) -> _Pieces | None:
    """Return the parts of a content, None when it is one thing.

    The boundary that the header names decides. Where it names none that is there, or says nothing of parts (a lost or a
    second header), a first boundary line with a part's header below it does: parts taken for text would vanish.
    """
    if described.is_multipart and (pieces := _named_pieces(data, described.boundary, start, end)):
        return pieces
    if not described.is_multipart and (described.media_type != "text/plain" or described.name):
        return None
    line = _FIRST_BOUNDARY.search if described.is_multipart else _BEGINS_WITH_BOUNDARY.match
    shown = line(data, start, min(end, start + SEEN_OF_CONTENT))
    pieces = _cut(data, b"--" + shown[1], start, end) if shown else None
    if not pieces and described.is_multipart:
        return _closed_pieces(data, start, end)
    return pieces if pieces and (pieces.is_closed or described.is_multipart) else None


def _closed_pieces(data: bytes, start: int, end: int) -> _Pieces | None:
    """Return the parts between lines that have their own end line: what stands below them need name nothing."""
    for shown in _ANY_BOUNDARY.finditer(data, start, min(end, start + SEEN_OF_CONTENT)):
        if (pieces := _cut(data, b"--" + shown[1], start, end)) and pieces.is_closed:
            return pieces
    return None


def _named_pieces(data: bytes, boundary: str, start: int, end: int) -> _Pieces | None:
    """Return the parts between the lines with a boundary; one with bytes above 127 in each encoding it may have had."""
    for encoding in ("utf-8", "cp1258", "latin-1") if boundary else ():
        try:
            mark = b"--" + boundary.rstrip().encode(encoding)
        except UnicodeEncodeError:
            continue
        if pieces := _cut(data, mark, start, end):
            return pieces
    return None


def _cut(data: bytes, mark: bytes, start: int, end: int) -> _Pieces | None:
    pieces, begin, position = [], start, start
    while (found := data.find(mark, position, end)) >= 0:
        position = found + len(mark)
        line_end = data.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end + 1
        tail = data[position:min(line_end, position + 200)].strip()
        if (found == start or data[found - 1 : found] in (b"\n", b"\r")) and tail in (b"", b"--"):
            pieces.append((begin, max(begin, _before_line_end(data, found, begin))))
            begin = position = line_end
            if tail == b"--":
                return _Pieces(pieces[0], pieces[1:], (begin, end), is_closed=True)
    return _Pieces(pieces[0], [*pieces[1:], (begin, end)], (end, end), is_closed=False) if pieces else None


def _before_line_end(data: bytes, position: int, floor: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    if position > floor and data[position - 1 : position] == b"\n":
        position -= 1
    if position > floor and data[position - 1 : position] == b"\r":
        position -= 1
    return position


def _says_something(outside: bytes) -> bool:
    text = outside.strip()
    return bool(text) and not (len(text) < 600 and _PREAMBLE.search(text))


def _outside(leaf: Leaf, data: bytes, number: str) -> Leaf:
    sentence = "Phần chữ nằm ngoài các phần của thư (trước phần đầu hoặc sau phần cuối) không được đọc."
    described = Described("text/plain", is_attached=True, name="ngoai-cac-phan.txt")
    return Leaf(f"{leaf.place}.{number}", Headers(), described, data, leaf.level, "skipped_part", sentence)


def _beyond(leaf: Leaf, kind: str, sentence: str) -> Leaf:
    return Leaf(leaf.place, leaf.headers, leaf.described, b"", leaf.level, kind, sentence)


def _decoded(leaf: Leaf, raw: bytes) -> Leaf:
    data, kind, sentence = decode(raw, leaf.described.encoding)
    return Leaf(leaf.place, leaf.headers, leaf.described, data, leaf.level, kind, sentence)
