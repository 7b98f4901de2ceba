"""One message as it came: sender, date, text and attachments, whatever its mail program did to the headers.

Nothing here decides anything: an unreadable date is an empty date, an unknown charset is tried as UTF-8 and
windows-1258. Names are RFC 2231, RFC 2047 inside quotes (not allowed, common) or bare bytes.
"""

from __future__ import annotations

import binascii
import email
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from itertools import islice

from infra.vietnamese import HANOI

MAX_PARTS = 200
MAX_NAME = 180
MAX_HEADER = 4_000  # letters of one header that are looked at
MAX_HEADERS = 200_000
MAX_HTML = 1_000_000
EXTENSIONS = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/msword": ".doc",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/rfc822": ".eml",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: its name in NFC without folders, its bytes; inline when the text shows it."""

    name: str
    data: bytes
    media_type: str
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed message. `sent_at` is ISO 8601 with offset, empty when the Date header cannot be read."""

    sender_address: str
    subject: str
    sent_at: str
    message_id: str
    in_reply_to: str
    body: str
    attachments: tuple[Attachment, ...]
    headers: dict[str, str] = field(default_factory=dict)
    has_html: bool = False
    is_broken: bool = False


def parse_mail(data: bytes) -> Mail:
    """Return the message in `data`; any bytes give a message, if only one with an empty sender.

    A message nested so deep that it cannot be taken apart keeps its headers and loses its parts: `is_broken`.
    """
    try:
        return _mail_of(email.message_from_bytes(data))
    except RecursionError:
        headers_only = BytesHeaderParser().parsebytes(data[:MAX_HEADERS], headersonly=True)
        headers_only.set_payload("")
        del headers_only["Content-Type"]
        return replace(_mail_of(headers_only), is_broken=True)


def _mail_of(message: Message) -> Mail:
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name.lower(), _one_line(str(value)[:MAX_HEADER]))
    parts = list(islice(_leaves(message), MAX_PARTS))
    return Mail(
        sender_address=sender_address(headers.get("from", "")),
        subject=decode_words(headers.get("subject", "")),
        sent_at=parse_date(headers.get("date", "")),
        message_id=_first_id(headers.get("message-id", "")),
        in_reply_to=_first_id(headers.get("in-reply-to", "") or headers.get("references", "")),
        body=_body(parts),
        attachments=_attachments(parts),
        headers=headers,
        has_html=any(p.get_content_type() == "text/html" for p in parts),
    )


def sender_address(header: str) -> str:
    """Return the address of a From header in lower case, never the name shown beside it."""
    found = re.findall(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>", header) or re.findall(r"[^\s<>\"',;:]+@[^\s<>\"',;:]+", header)
    return found[0].lower() if found else ""


def parse_date(header: str) -> str:
    """Return a Date header as ISO 8601 with offset, empty when it is none; no offset means Vietnam's."""
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return (date if date.tzinfo else date.replace(tzinfo=HANOI)).isoformat()


def decode_words(text: str) -> str:
    """Return a header with its encoded words decoded, NFC; a letter may be split over two of them."""
    try:
        pieces = decode_header(_decode_bytes(text))
    except (MessageError, binascii.Error, ValueError):
        return _normal(text)
    return _normal("".join(p if isinstance(p, str) else decode_bytes(p, c) for p, c in pieces))


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Return text in its declared charset, else as UTF-8, else as windows-1258, which accepts nearly all."""
    for name in (charset, "utf-8", "cp1258"):
        try:
            if name and name.lower() != "unknown-8bit":
                return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("latin-1")


def safe_name(name: str) -> str:
    """Return a file name fit to show and to key on: NFC, no folders, no control letters, not too long."""
    name = re.split(r"[/\\]", _normal(name))[-1]
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip(" .")
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: MAX_NAME - 10]}{dot}{extension[:9]}" if dot else name[:MAX_NAME]
    return name


def _leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    """Every part that holds content; an attached message is a part of its own, then its parts follow."""
    _mend_headers(message)
    if message.get_content_type() == "message/rfc822" and depth:
        yield message
    children = message.get_payload() if message.is_multipart() else None
    if not isinstance(children, list) or depth > 12:
        yield message
        return
    for child in children:
        if isinstance(child, Message):
            yield from _leaves(child, depth + 1)


def _mend_headers(message: Message) -> None:
    """Give headers that carry bare bytes their text, so that parameters can be taken from them."""
    for index, (name, value) in enumerate(list(message.raw_items())):
        if isinstance(value, str) and any("\udc80" <= c <= "\udcff" for c in value):
            message._headers[index] = (name, _decode_bytes(value))  # type: ignore[attr-defined]


def _body(parts: list[Message]) -> str:
    texts = [p for p in parts if p.get_content_maintype() == "text" and not _file_name(p) and not _is_attached(p)]
    plain = [_text(p) for p in texts if p.get_content_type() == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n".join(plain)
    return "\n".join(_html_text(_text(p)) for p in texts if p.get_content_type() == "text/html")


def _text(part: Message) -> str:
    text = decode_bytes(_payload(part), part.get_content_charset()).replace("\r\n", "\n")
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _unflow(text, str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _unflow(text: str, delete_space: bool) -> str:
    """Join the soft line breaks of RFC 3676; "-- " stays the signature mark."""
    lines: list[str] = []
    joins = False
    for line in text.split("\n"):
        if joins and not line.startswith(">"):
            lines[-1] += line
        else:
            lines.append(line)
        joins = lines[-1].endswith(" ") and lines[-1] != "-- " and not line.startswith(">")
        if joins and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _attachments(parts: list[Message]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    taken: set[str] = set()
    for part in parts:
        name = safe_name(_file_name(part))
        is_text = part.get_content_maintype() == "text" and part.get_content_type() != "text/csv"
        if is_text and not name and not _is_attached(part):
            continue
        data = _payload(part)
        if data:
            media_type = part.get_content_type()
            name = _free_name(name or f"tep-{len(found) + 1}{EXTENSIONS.get(media_type, '.bin')}", taken)
            found.append(Attachment(name, data, media_type, bool(part.get("Content-ID")) and not _is_attached(part)))
    return tuple(found)


def _payload(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        children = part.get_payload()
        return children[0].as_bytes() if isinstance(children, list) and isinstance(children[0], Message) else b""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, binascii.Error, LookupError):
        return b""
    return data if isinstance(data, bytes) else b""


def _is_attached(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _file_name(part: Message) -> str:
    try:
        return decode_words((part.get_filename("") or "")[:MAX_HEADER])
    except (ValueError, LookupError, TypeError):
        return ""


def _free_name(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        stem, dot, extension = name.rpartition(".")
        candidate = f"{stem} ({number}){dot}{extension}" if dot else f"{name} ({number})"
    taken.add(candidate.casefold())
    return candidate


def _decode_bytes(text: str) -> str:
    """Bytes above 127 in a header arrive as surrogates; they are UTF-8 or windows-1258."""
    return decode_bytes(text.encode("utf-8", "surrogateescape"), None)


def _first_id(header: str) -> str:
    found = re.search(r"<[^<>\s]+>", header)
    return found.group() if found else ""


def _one_line(text: str) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", text).strip()


def _normal(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", _one_line(text))


class _TextOfHtml(HTMLParser):
    BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table"})
    SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silence = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silence += tag in self.SILENT
        if tag in self.BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silence = max(0, self.silence - (tag in self.SILENT))

    def handle_data(self, data: str) -> None:
        if not self.silence:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _html_text(html: str) -> str:
    parser = _TextOfHtml()
    try:
        parser.feed(html[:MAX_HTML])
    except (AssertionError, RecursionError):  # how the parser of the standard library gives up
        parser.pieces.append(re.sub(r"<[^<>]{0,1000}>", "\n", html[:MAX_HTML]))
    lines = (line.strip() for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)
