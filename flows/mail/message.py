"""One message as it came: sender, date, text and attachments. Runs in the child; any bytes give a message.

Nothing here decides anything: an unreadable date is an empty date, an unknown charset is tried as UTF-8 and
windows-1258 and said. Names are RFC 2231, RFC 2047 inside quotes (not allowed, common) or bare bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flows.mail.author import author_of
from flows.mail.codings import decode, is_file
from flows.mail.headers import Headers, decode_bytes, decode_words, first_id, parse_date, safe_name
from flows.mail.html_text import MAX_HTML, hidden_text, html_text
from flows.mail.parts import Leaf, leaves
from infra.clean_text import clean_text

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
TRACE = ("received", "authentication-results")  # the lines that mail servers write on the way
MAX_TRACE = 60
DIGITS = re.compile(r"\d+")
_NEXT_OF_MAILBOX = re.compile(
    rb"(?P<gap>\n\r?\n)From [^\r\n]{1,200}\d{4}[^\r\n]{0,20}\r?\n"
    rb"(?=(?:From|To|Cc|Date|Subject|Received|Return-Path|Message-ID|MIME-Version|Delivered-To|Content-\w+|X-[\w-]+):)",
    re.IGNORECASE,
)
ENCLOSED = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,200})\n(?:[!-`][ -`]{0,84}\n){0,400000}?`?\n?end$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: its name in NFC without folders, its bytes; inline when the text shows it.

    `problem` is the kind of finding that its part of the message calls for, `problem_vi` its sentence.
    """

    name: str
    data: bytes
    media_type: str
    is_inline: bool = False
    problem: str = ""
    problem_vi: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed message. `sent_at` is ISO 8601 with offset, empty when the Date header cannot be read.

    `sender_fault` says why there is no sender. `body_problem` and `body_problem_vi` are what is to be said about the
    text; `attachments` holds everything else, in order. `trace` are the lines of mail servers, the last one's first.
    """

    sender_address: str
    subject: str
    sent_at: str
    message_id: str
    in_reply_to: str
    body: str
    attachments: tuple[Attachment, ...]
    headers: dict[str, str] = field(default_factory=dict)
    has_html: bool = False
    sender_fault: str = ""
    body_problem: str = ""
    body_problem_vi: str = ""
    trace: tuple[tuple[str, str], ...] = ()


def parse_mail(data: bytes) -> Mail:
    """Return the message in `data`. Every leaf of it is in the body or among the attachments, or says why not."""
    data, following = _first_of_mailbox(data)
    headers, parts = leaves(data)
    address, fault = author_of(headers)
    texts, files = _divided(parts)
    body, about_body = _body(texts)
    body, enclosed = _without_enclosed(body)
    kind, sentence = about_body or (_about_headers(headers) if texts else None) or ("", "")
    return Mail(
        sender_address=address,
        sender_fault=fault,
        subject=decode_words(headers.first("subject")),
        sent_at=parse_date(headers.first("date")),
        message_id=first_id(headers.first("message-id")),
        in_reply_to=first_id(headers.first("in-reply-to") or headers.first("references")),
        body=body,
        attachments=_attachments(files, [*enclosed, *following]),
        headers=headers.mapping(),
        has_html=any(leaf.media_type == "text/html" for leaf in texts),
        body_problem=kind,
        body_problem_vi=sentence,
        trace=tuple(line for line in headers.lines if line[0] in TRACE)[:MAX_TRACE],
    )


def _first_of_mailbox(data: bytes) -> tuple[bytes, list[Attachment]]:
    """Return the first message of a mailbox file (mbox), and all that follows it as one part that is not opened."""
    is_mailbox = data.startswith(b"From ")
    second = _NEXT_OF_MAILBOX.search(data) if is_mailbox else None
    if second is None:
        return data, []
    count = 2 + sum(1 for _ in _NEXT_OF_MAILBOX.finditer(data, second.end()))
    sentence = f"Tệp thư này chứa {count} thư (hộp thư mbox); chỉ thư đầu được đọc, từ thư thứ hai trở đi không mở."
    first, rest = data[: second.end("gap")], data[second.end("gap") :]
    return first, [Attachment("cac-thu-sau.mbox", rest, "application/mbox", False, "second_message", sentence)]


def _divided(parts: Sequence[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
    """Return the leaves that are the message's own text, and all others: no leaf is in neither."""
    texts = [leaf for leaf in parts if _is_text(leaf)]
    return texts, [leaf for leaf in parts if not _is_text(leaf)]


def _is_text(leaf: Leaf) -> bool:
    said = leaf.described
    is_prose = said.media_type in ("text/plain", "text/html", "text/enriched") and not is_file(leaf.data)
    is_whole = leaf.problem in ("", "unknown_coding")
    return is_prose and is_whole and leaf.level == 0 and not (said.name or said.is_attached)


def _body(texts: Sequence[Leaf]) -> tuple[str, tuple[str, str] | None]:
    """Return the text to be read, part after part, and what is to be said about it.

    HTML that is offered instead of a plain text is left aside; by itself, or beside other parts, it is read.
    """
    has_plain = any(leaf.is_alternative and leaf.media_type != "text/html" and leaf.data.strip() for leaf in texts)
    instead = [leaf for leaf in texts if leaf.media_type == "text/html" and leaf.is_alternative and has_plain]
    read = [leaf for leaf in texts if leaf not in instead]
    html = [_text(leaf) for leaf in texts if leaf.media_type == "text/html"]
    body = "\n".join(html_text(_text(leaf)) if leaf.media_type == "text/html" else _text(leaf) for leaf in read)
    left_aside = "\n".join(html_text(_text(leaf)) for leaf in instead)
    about_length = None
    if any(len(text) > MAX_HTML for text in html):
        about_length = ("set_aside_text", f"Phần HTML dài quá {MAX_HTML} chữ; phần sau không đọc.")
    said = (about_length, _about_other_text(body, left_aside), _about_hidden(html), _about_charset(read),
            _about_coding(read))
    return body, next(filter(None, said), None)


def _about_other_text(body: str, from_html: str) -> tuple[str, str] | None:
    """The HTML beside a plain text says the same; when it has figures that the plain text lacks, that is said."""
    only_in_html = sorted((Counter(DIGITS.findall(from_html)) - Counter(DIGITS.findall(body))).keys())
    if not only_in_html:
        return None
    shown = ", ".join(only_in_html[:8])
    return "set_aside_text", f"Phần HTML của thư có số mà phần chữ thuần không có ({shown}); chỉ đọc phần chữ thuần."


def _about_hidden(html: Sequence[str]) -> tuple[str, str] | None:
    """What the style of a mail hides nobody saw who wrote or opened it; figures among it are said."""
    numbers = list(dict.fromkeys(DIGITS.findall("\n".join(map(hidden_text, html)))))
    if not numbers:
        return None
    shown = ", ".join(numbers[:8])
    return "set_aside_text", f"Thư có chữ ẩn (không hiện khi mở thư), trong đó có số ({shown}); phần ẩn không được đọc."


def _about_charset(texts: Sequence[Leaf]) -> tuple[str, str] | None:
    faults = [leaf.described.charset_fault for leaf in texts if leaf.described.charset_fault and leaf.data.strip()]
    if not faults:
        return None
    return "unknown_charset", f"Thư khai bảng mã “{faults[0]}” không dùng được; phần chữ được đọc theo UTF-8 hoặc 1258."


def _about_coding(texts: Sequence[Leaf]) -> tuple[str, str] | None:
    return next(((leaf.problem, leaf.problem_vi) for leaf in texts if leaf.problem and leaf.data.strip()), None)


def _about_headers(headers: Headers) -> tuple[str, str] | None:
    return ("set_aside_text", "Phần đầu thư dài quá mức; chỉ xem phần đầu tiên.") if headers.is_cut else None


def _text(leaf: Leaf) -> str:
    text = clean_text(decode_bytes(leaf.data, leaf.described.charset or None))
    return _unflow(text, leaf.described.deletes_space) if leaf.described.is_flowed else text


def _unflow(text: str, delete_space: bool) -> str:
    """Join the soft line breaks of RFC 3676; "-- " stays the signature mark."""
    lines: list[list[str]] = []
    joins = False
    for line in text.split("\n"):
        if joins and not line.startswith(">"):
            lines[-1].append(line)
        else:
            lines.append([line])
        joins = line.endswith(" ") and line != "-- " and not line.startswith(">")
        if joins and delete_space:
            lines[-1][-1] = line[:-1]
    return "\n".join("".join(pieces) for pieces in lines)


def _without_enclosed(body: str) -> tuple[str, list[Attachment]]:
    """Take files that stand uuencoded within the text out of it, as old mail programs send them."""
    enclosed: list[Attachment] = []

    def take(match: re.Match[str]) -> str:
        data, kind, sentence = decode(match[0].encode("ascii", "replace"), "uuencode")
        name = safe_name(match[1]) or "tep"
        enclosed.append(Attachment(name, data, "application/octet-stream", False, kind, sentence))
        return ""

    return ENCLOSED.sub(take, body) if "begin " in body else body, enclosed


def _attachments(files: Sequence[Leaf], enclosed: Sequence[Attachment]) -> tuple[Attachment, ...]:
    taken: set[str] = {"(body)"}
    own = [_attachment(leaf, number, taken) for number, leaf in enumerate(files, start=1)]
    return (*own, *(replace(file, name=free_name(file.name, taken)) for file in enclosed))


def _attachment(leaf: Leaf, number: int, taken: set[str]) -> Attachment:
    said = leaf.described
    name = safe_name(said.name) or f"tep-{number}{_extension(leaf)}"
    problem, sentence = leaf.problem, leaf.problem_vi
    if not problem and leaf.level and said.media_type in ("text/plain", "text/html") and not said.name:
        name = f"phan-chu-thu-kem{EXTENSIONS[said.media_type]}"
        problem, sentence = "skipped_part", "Phần chữ của thư đính kèm không được đọc; chỉ đọc tệp trong thư đó."
    if not problem and not leaf.data:
        problem, sentence = "empty_file", f"Tệp đính kèm “{name}” không có nội dung (0 byte)."
    is_inline = said.has_content_id and not said.is_attached
    return Attachment(free_name(name, taken), leaf.data, said.media_type, is_inline, problem, sentence)


def _extension(leaf: Leaf) -> str:
    """Return the extension for a part without a name; a file that is called text is none."""
    media_type = leaf.media_type
    return ".bin" if media_type.startswith("text/") and is_file(leaf.data) else EXTENSIONS.get(media_type, ".bin")


def free_name(name: str, taken: set[str]) -> str:
    """Return the name, or with a number when it is taken, and take it; letters' case makes no difference."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        stem, dot, extension = name.rpartition(".")
        candidate = f"{stem} ({number}){dot}{extension}" if dot else f"{name} ({number})"
    taken.add(candidate.casefold())
    return candidate
