"""Header lines of a message as text, whatever its mail program did to them. Nothing here decides anything.

Values are cut at `MAX_VALUE` letters before anybody looks for parameters or encoded words in them, because the
standard library needs time quadratic in their length.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from flows.mail.codings import coding_of
from flows.mail.quoting import without_comments
from infra.clean_text import clean_line, clean_text
from infra.vietnamese import HANOI

MAX_SECTION = 200_000  # bytes of one header section that are looked at
MAX_VALUE = 4_000  # letters of one header that are looked at
MAX_NAME = 180
VERDICT = "authentication-results"
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\n\r\n")
_OLD_BLANK_LINE = re.compile(rb"\r\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\n")
_OLD_LINE_END = re.compile(rb"\r")
_HOLDS_MORE = re.compile(r"\s*(?:multipart|message)\s*/", re.IGNORECASE)
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,40}")


@dataclass(frozen=True, slots=True)
class Headers:
    """The header lines of a message or of a part: (name in lower case, text unfolded), in order."""

    lines: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False

    def first(self, name: str) -> str:
        """Return the first value of a header, "" when there is none."""
        return next((value for key, value in self.lines if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.lines if key == name]

    def mapping(self) -> dict[str, str]:
        """Return the first value of every header by its name."""
        found: dict[str, str] = {}
        for name, value in self.lines:
            found.setdefault(name, value)
        return found


@dataclass(frozen=True, slots=True)
class Described:
    """What the headers of a part say about its content. `charset_fault` is a charset that is none."""

    media_type: str = "text/plain"
    boundary: str = ""
    charset: str = ""
    charset_fault: str = ""
    name: str = ""
    is_attached: bool = False
    has_content_id: bool = False
    encoding: str = ""
    is_flowed: bool = False
    deletes_space: bool = False

    @property
    def is_multipart(self) -> bool:
        """Whether the content is said to be of several parts."""
        return self.media_type.startswith("multipart/")


def split_headers(data: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Return the header lines that begin at `start` and where the content begins."""
    if first := re.compile(rb"\r?\n").match(data, start, end):
        return Headers(), first.end()
    blank = _blank_line(data, start, min(end, start + MAX_SECTION))
    stop = blank.end() if blank else _end_of_section(data, start, end)
    section = data[start : min(blank.start() if blank else stop, start + MAX_SECTION)]
    lines, length = _fields(section)
    if length is not None:  # a line that is no header: the content begins there, as mail programs take it
        return Headers(tuple(lines)), start + length
    return Headers(tuple(lines), is_cut=blank is None and stop - start > MAX_SECTION), stop


def _blank_line(data: bytes, start: int, end: int) -> re.Match[bytes] | None:
    """Return the blank line below the headers; two lone CR are one only where no line ended otherwise before."""
    blank = _BLANK_LINE.search(data, start, end)
    old = _OLD_BLANK_LINE.search(data, start, blank.start() if blank else end)
    return old if old and data.find(b"\n", start, old.end()) < 0 else blank


def _end_of_section(data: bytes, start: int, end: int) -> int:
    found = _BLANK_LINE.search(data, start, end)
    return found.end() if found else end


def _fields(section: bytes) -> tuple[list[tuple[str, str]], int | None]:
    """Return the fields, and where the first line that is none begins."""
    fields: list[tuple[str, list[bytes]]] = []
    position = 0
    for line in _lines(section):
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1][1].append(line)
        elif match := _FIELD.match(line):
            fields.append((_field_name(line, match[1]), [match[2]]))
        elif line.strip() and not (position == 0 and line.startswith((b"From ", b">From "))):
            return [(name, _value(pieces)) for name, pieces in fields], position
        position += len(line)
    return [(name, _value(pieces)) for name, pieces in fields], None


def _field_name(line: bytes, written: bytes) -> str:
    """Return the name of a field; a verdict with a blank before its colon is none: no mail server writes it so."""
    name = written.decode("ascii").lower()
    is_odd = name == VERDICT and line[len(written) : len(written) + 1] != b":"
    return f"{name} " if is_odd else name


def _lines(section: bytes) -> list[bytes]:
    """Split at line ends; a lone CR is one only where there is no other, elsewhere it is a letter of the value."""
    lines, start = [], 0
    for match in (_LINE_END if b"\n" in section else _OLD_LINE_END).finditer(section):
        lines.append(section[start : match.end()])
        start = match.end()
    return [*lines, section[start:]] if start < len(section) else lines


def _value(pieces: list[bytes]) -> str:
    """Return the text of a field; what was cut has `MAX_VALUE` letters, by which whoever must see it whole can tell."""
    joined = b" ".join(_LINE_END.sub(b"", piece).strip(b" \t") for piece in pieces)
    if len(joined) > MAX_VALUE * 4:
        return decode_bytes(joined[: MAX_VALUE * 4], None)[:MAX_VALUE]
    return decode_bytes(joined, None).strip()[:MAX_VALUE]


def describe(headers: Headers, default: str = "text/plain") -> Described:
    """Return what the headers say about the content, by the standard library's parser over bounded values.

    Args:
        headers: Of the message or the part.
        default: Its media type when no header names one: a digest's parts are messages (RFC 2046 5.1.5).
    """
    message = Message()
    message.set_default_type(default)
    if value := _content_type(headers.all("content-type")):
        message["content-type"] = _flat(value)
    if value := headers.first("content-disposition"):
        message["content-disposition"] = _flat(value)
    charset = _parameter(message, "charset")
    known = _known_charset(charset)
    disposition = headers.first("content-disposition").strip().lower()
    return Described(
        media_type=message.get_content_type(),
        boundary=_parameter(message, "boundary"),
        charset=known,
        charset_fault="" if known or not charset else clean_line(charset)[:40] or "(NUL)",
        name=_file_name(message),
        is_attached=disposition.startswith("attachment"),
        has_content_id=bool(headers.first("content-id")),
        encoding=coding_of(headers.all("content-transfer-encoding")),
        is_flowed=_parameter(message, "format").lower() == "flowed",
        deletes_space=_parameter(message, "delsp").lower() == "yes",
    )


def _content_type(values: list[str]) -> str:
    """Return the line that counts: of several, the one that says that more is inside, lest that is taken for text."""
    value = next((value for value in values if _HOLDS_MORE.match(value)), next(iter(values), ""))
    media_type, semicolon, parameters = value.partition(";")
    if _HOLDS_MORE.match(value):     # elsewhere a bracket may be of an unquoted file name
        parameters = without_comments(parameters)
    return "".join(without_comments(media_type).split()) + semicolon + parameters


def _flat(value: str) -> str:
    return re.sub(r"[\r\n]", " ", value)


def _parameter(message: Message, name: str) -> str:
    try:
        value = message.get_param(name, "")
        return "".join(str(part or "") for part in value[2:]) if isinstance(value, tuple) else str(value or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _known_charset(charset: str) -> str:
    name = charset.strip().lower()
    if not _CHARSET.fullmatch(name) or name in ("unknown-8bit", "undefined"):
        return ""
    try:
        b"".decode(name)
        "".encode(name)
    except (LookupError, ValueError, TypeError):
        return ""
    return name


def _file_name(message: Message) -> str:
    try:
        return decode_words((message.get_filename("") or "")[:MAX_VALUE])
    except (ValueError, LookupError, TypeError):
        return ""


def parse_date(header: str) -> str:
    """Return a Date header as ISO 8601 with offset, empty when it is none; no offset means Vietnam's."""
    try:
        date = parsedate_to_datetime(header[:200])
        whole = date if date.tzinfo else date.replace(tzinfo=HANOI)
        whole.timestamp()
        return str(datetime.fromisoformat(whole.isoformat()).isoformat())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return ""


def decode_words(text: str) -> str:
    """Return a header with its encoded words decoded, NFC, one line; a letter may be split over two of them."""
    try:
        pieces = decode_header(_flat(text))
        return _normal("".join(p if isinstance(p, str) else decode_bytes(p, c) for p, c in pieces))
    except (MessageError, binascii.Error, ValueError, LookupError, AssertionError):
        return _normal(text)


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Return text in its declared charset, else as UTF-8, else as windows-1258, which accepts nearly all."""
    for name in (charset, "utf-8", "cp1258"):
        try:
            if name and name.lower() not in ("unknown-8bit", "undefined"):
                return data.decode(name)
        except (LookupError, ValueError, TypeError):
            continue
    return data.decode("latin-1")


def safe_name(name: str) -> str:
    """Return a file name fit to show and to key on: NFC, no folders, no control letters, not too long."""
    name = re.split(r"[/\\]", _normal(name))[-1].strip(" .")
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: MAX_NAME - 10]}{dot}{extension[:9]}" if dot else name[:MAX_NAME]
    return name


def first_id(header: str) -> str:
    """Return the first message id in a header, ASCII without blanks; "" when there is none."""
    found = re.search(r"<[!-;=?-~]{1,500}>", header)
    return found.group() if found else ""


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", clean_line(clean_text(text)))
