"""An answer as the bytes of a message. Whatever a sender wrote, a header stays one line and the text stays text."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from flows.records import Receipt
from infra.mail_policy import MAIL

MAX_SUBJECT = 200
MAX_NAME = 120
XLSX_TYPE = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
XLSM_TYPE = ("application", "vnd.ms-excel.sheet.macroEnabled.12")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")   # categories Cc, but for the tab, and Cs
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}")


@dataclass(frozen=True, slots=True)
class ReplyFile:
    """A file that goes with an answer, and the line of the letter that says what it is."""

    name: str
    data: bytes
    line: str


def compose(receipt: Receipt, sender: str, recipient: str, text: str, files: Sequence[ReplyFile]) -> bytes:
    """Return the answer as bytes; the same answer gives the same bytes, so it carries no date of its own.

    Args:
        receipt: What is answered.
        sender: The From address, ours.
        recipient: An address that `can_be_written_to`.
        text: The letter.
        files: What goes with it.
    """
    message = EmailMessage(policy=MAIL)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = reply_subject(receipt)
    if _MESSAGE_ID.fullmatch(receipt.message_id):
        message["In-Reply-To"] = receipt.message_id
        message["References"] = receipt.message_id
    message["Auto-Submitted"] = "auto-replied"
    message.set_content(as_text(text))
    for file in files:
        maintype, subtype = XLSX_TYPE if file.name.lower().endswith(".xlsx") else XLSM_TYPE
        message.add_attachment(file.data, maintype=maintype, subtype=subtype, filename=one_line(file.name, MAX_NAME))
    digest = hashlib.sha256(repr(message.items()).encode() + b"".join(f.data for f in files)).hexdigest()[:24]
    message["Message-ID"] = f"<{receipt.receipt_id}.{digest}@{sender.rpartition('@')[2]}>"
    if message.is_multipart():
        message.set_boundary(f"=={digest}==")
    return message.as_bytes()


def can_be_written_to(address: str) -> bool:
    """Return whether an address can stand in a To header as it is."""
    return _ADDRESS.fullmatch(address) is not None


def reply_subject(receipt: Receipt) -> str:
    """Return the subject of an answer, one line of printable letters."""
    subject = one_line(receipt.subject, MAX_SUBJECT) or f"Kết quả đọc báo cáo {receipt.period}"
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def one_line(text: str, limit: int) -> str:
    """Return text without anything that ends a line, is unprintable, turns the direction or is half a letter.

    "=?" is parted: what a header is given is text, never an encoded word of somebody else's, whole or cut off.
    """
    kept = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text.replace("=?", "= ?"))
    return " ".join(kept.split())[:limit].strip()


def as_text(text: str) -> str:
    """Return text whose lines end as ours do, without control characters and halves of letters."""
    return "\n".join(_NO_TEXT.sub("", line) for line in _LINE_END.split(text))
