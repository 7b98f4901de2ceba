"""What the child says of a message, as JSON, and back: the fields of the mail and a line for every content.

What comes back is foreign text: every field is cut and cleaned here before it becomes a record, whatever a child sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flows.mail.author import sender_address
from flows.mail.contents import Content
from flows.mail.headers import MAX_NAME, MAX_VALUE
from flows.mail.message import MAX_TRACE, TRACE, Mail, free_name
from infra.clean_text import clean_line, clean_text

# The headers that say what kind of message it is; no other leaves the child.
KEPT_HEADERS = (
    "auto-submitted", "content-type", "list-unsubscribe", "list-id", "x-campaign-id", "feedback-id", "precedence",
)
SEEN_OF_BODY = 20_000  # letters of the text that tell a newsletter from a report
MAX_FILE = 600
MONTH = re.compile(r"=?(?:\d{4})?-\d{2}")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A message or a file taken apart. `mail` is None for a file by itself.

    `months` are the months that the message declares ("2019-04"; "-04" without a year), those of its subject with
    a "=" before: "=2019-04".
    """

    mail: Mail | None
    contents: tuple[Content, ...]
    months: tuple[str, ...] = ()


def mail_fields(mail: Mail) -> dict[str, Any]:
    """Return what the parent must know of a message; its contents travel beside it."""
    return {
        "sender_address": mail.sender_address,
        "sender_fault": mail.sender_fault,
        "subject": mail.subject,
        "sent_at": mail.sent_at,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "body": mail.body[:SEEN_OF_BODY],
        "headers": {name: mail.headers[name] for name in KEPT_HEADERS if name in mail.headers},
        "trace": [list(line) for line in mail.trace],
    }


def content_rows(contents: Sequence[Content]) -> list[list[str]]:
    """Return a line a content, in order: file, media type, problem, its sentence."""
    return [[c.file, c.media_type, c.problem, c.problem_vi] for c in contents]


def unpacked_of(answer: dict[str, Any], blobs: Sequence[bytes]) -> Unpacked:
    """Return what a child's answer says.

    Raises:
        ValueError: The answer has not that shape, or not one blob a content.
    """
    try:
        contents = [_content(row, blob) for row, blob in zip(answer["contents"], blobs, strict=True)]
        months = tuple(m for m in answer.get("months", ()) if MONTH.fullmatch(m))
        return Unpacked(_mail(answer) if "sender_address" in answer else None, _with_own_names(contents), months)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not the contents of a message: {error!r}") from error


def _mail(answer: dict[str, Any]) -> Mail:
    headers = {str(name): clean_line(str(value))[:MAX_VALUE] for name, value in answer["headers"].items()}
    return Mail(
        sender_address=sender_address(clean_line(answer["sender_address"])),
        sender_fault=clean_line(answer["sender_fault"]),
        subject=clean_line(answer["subject"])[:MAX_VALUE],
        sent_at=answer["sent_at"] if _is_moment(answer["sent_at"]) else "",
        message_id=clean_line(answer["message_id"]),
        in_reply_to=clean_line(answer["in_reply_to"]),
        body=clean_text(answer["body"]),
        attachments=(),
        headers=headers,
        trace=tuple(_trace_line(*line) for line in answer["trace"][:MAX_TRACE]),
    )


def _trace_line(name: str, value: str) -> tuple[str, str]:
    if name not in TRACE:
        raise ValueError("no line of a mail server")
    # A letter that nobody sees would vanish in the cleaning, and a foreign name be ours: it stays to be seen.
    shown = "".join(letter if letter.isprintable() or letter == "\t" else "\ufffd" for letter in str(value))
    return name, clean_line(shown)[:MAX_VALUE]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _content(row: Sequence[str], data: bytes) -> Content:
    file, media_type, problem, sentence = (clean_line(str(text)) for text in row)
    return Content(file[:MAX_FILE] or "tep", data, media_type[:MAX_NAME], problem, sentence)


def _with_own_names(contents: Sequence[Content]) -> tuple[Content, ...]:
    """A document is known by its name within the receipt: no two may share one."""
    taken: set[str] = set()
    return tuple(replace(content, file=free_name(content.file, taken)) for content in contents)
