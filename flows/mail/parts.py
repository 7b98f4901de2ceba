"""A message cut into its leaves: every piece of content once, in order, with its place in the tree. Runs in the child.

Works on the bytes by their boundaries, so that time and memory stay in proportion to the message, whatever is nested in
it. What is set aside, is empty or lies beyond a limit comes as a leaf too: the leaves together are the whole message.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.mail.headers import Described, Headers, describe, split_headers

MAX_DEPTH = 30
MAX_LEAVES = 2_000
_PREAMBLE = re.compile(rb"this is a (?:multi-?part|cryptographically)|mime[- ]format|mime-encapsulated", re.IGNORECASE)
_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n){0,20}(?=[!-9;-~]+:)|")  # some programs put these first
_PADDED_END = re.compile(rb"={1,2}[ \t]*(?:\r?\n|\Z)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_HALF_A_BYTE = re.compile(rb"=[0-9A-Fa-f]\Z")
_CUT_OFF = (
    "truncated_file", "Phần này bị cắt cụt: mã hóa dừng giữa chừng, nên có thể không đủ và không được đọc.",
)  # fmt: skip
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
    data: bytes, headers: Headers, start: int, end: int, place: str, depth: int, level: int
) -> Iterator[Leaf]:
    described = describe(headers)
    leaf = Leaf(place, headers, described, b"", level)
    is_multipart = described.media_type.startswith("multipart/") and bool(described.boundary)
    if headers.is_cut and not is_multipart:     # how it is coded may stand beyond what is looked at
        yield _beyond(leaf, "message_unreadable", "Phần đầu thư dài quá mức nên nội dung bên dưới không mở được.")
    elif is_multipart:
        yield from _of_multipart(data, leaf, start, end, depth)
    elif described.media_type in ("message/rfc822", "message/global"):
        yield from _of_message(data, leaf, start, end, depth)
    else:
        yield _decoded(leaf, data[start:end])


def _of_message(data: bytes, leaf: Leaf, start: int, end: int, depth: int) -> Iterator[Leaf]:
    """An attached message is a leaf of its own, whole; what it holds follows, one level further in.

    Messages within it are part of that leaf's bytes and not repeated.
    """
    whole = _decoded(leaf, data[start:end])
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


def _of_multipart(data: bytes, leaf: Leaf, start: int, end: int, depth: int) -> Iterator[Leaf]:
    if depth >= MAX_DEPTH:
        yield _beyond(leaf, "parts_beyond_limit", f"Thư lồng hơn {MAX_DEPTH} lớp; phần nằm sâu hơn không mở.")
        return
    pieces = _pieces(data, leaf.described.boundary, start, end)
    if not pieces.parts:  # no boundary line at all: the content stands for itself
        yield _decoded(leaf, data[start:end])
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
    for number, (begin, stop) in enumerate(parts, start=1):
        headers, content = split_headers(data, begin, stop)
        place = f"{leaf.place}.{number}"
        for inner in _of_entity(data, headers, min(content, stop), stop, place, depth + 1, leaf.level):
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
        yield last if last.problem else replace(last, problem="truncated_file", problem_vi=sentence)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Begin and end of what stands before the parts, of each part, and of what stands after them."""

    before: tuple[int, int]
    parts: list[tuple[int, int]]
    after: tuple[int, int]
    is_closed: bool


def _pieces(data: bytes, boundary: str, start: int, end: int) -> _Pieces:
    """Return the parts between the boundary lines; none when no such line is found.

    The boundary of a header with bytes above 127 is looked for in each encoding it may have come from.
    """
    for encoding in ("utf-8", "cp1258", "latin-1"):
        try:
            mark = b"--" + boundary.rstrip().encode(encoding)
        except UnicodeEncodeError:
            continue
        if pieces := _cut(data, mark, start, end):
            return pieces
    return _Pieces((start, end), [], (end, end), is_closed=True)


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


def decode(raw: bytes, encoding: str) -> tuple[bytes, str, str]:
    """Return the content, and kind and sentence when not all of it is coded as it says."""
    try:
        if encoding == "base64":
            return _from_base64(raw)
        if encoding == "quoted-printable":
            return quopri.decodestring(raw), *(_CUT_OFF if _HALF_A_BYTE.search(raw, max(0, len(raw) - 8)) else ("", ""))
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return _uudecoded(raw), "", ""
    except (ValueError, binascii.Error) as error:
        return raw, "damaged_file", f"Phần này ghi mã hóa {encoding} nhưng không giải mã được ({error})."
    return raw, "", ""


def _from_base64(raw: bytes) -> tuple[bytes, str, str]:
    coded, after = _coded(raw)
    data = _base64(coded)
    if len(re.split(rb"=+", _letters(coded))[-1]) % 4:       # it ends within a group of four letters
        return data, *_CUT_OFF
    sentence = f"Sau phần mã hóa base64 còn {len(after)} byte chữ khác (chân thư), không đọc."
    return data, *(("set_aside_text", sentence) if after else ("", ""))


def _coded(raw: bytes) -> tuple[bytes, bytes]:
    """Return the base64 lines, and what a list or a gateway wrote below their padding."""
    padded = _PADDED_END.search(raw)
    if padded is None or not _NO_BASE64.search(raw, padded.end()):
        return raw, b""
    return raw[: padded.end()], raw[padded.end() :].strip()


def _base64(raw: bytes) -> bytes:
    """Return base64 decoded, several pieces after each other too; line ends and a few stray letters are passed over.

    Raises:
        ValueError: The text is no base64.
    """
    letters = _letters(raw)
    if len(letters) < 0.9 * len(raw.translate(None, b" \t\r\n")):
        raise ValueError("most letters are none of base64")
    return b"".join(_base64_piece(piece) for piece in re.split(rb"=+", letters))


def _letters(raw: bytes) -> bytes:
    return _NO_BASE64.sub(b"", raw).translate(None, b" \t\r\n")


def _base64_piece(letters: bytes) -> bytes:
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uudecoded(raw: bytes) -> bytes:
    lines = raw.splitlines()
    begin = next((n for n, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if begin is None:
        raise ValueError("no begin line")
    decoded = []
    for line in lines[begin + 1 :]:
        if line.strip() in (b"end", b"`", b""):
            break
        decoded.append(binascii.a2b_uu(line))
    return b"".join(decoded)
