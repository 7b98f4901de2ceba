"""Reply: for every submission a message to its sender, prepared in a folder and not mailed unless somebody does.

A message that nobody of the catalogue sent is answered with how to register; a newsletter is not answered.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

from flows.mail import parse_mail
from flows.readings import load_month
from flows.records import DocumentReading, Finding, Receipt
from flows.reply.letter import Answer, letter_text, summary_rows
from flows.reply.listing import listing_workbook
from flows.reply.marked_workbook import UnmarkableWorkbookError, mark_workbook
from flows.reply.marks import marks_of
from flows.reply.xls_copy import copy_xls
from infra.catalogue import Catalogue
from infra.settings import Settings

MARKABLE = (".xlsx", ".xlsm")
XLSX_TYPE = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


class ArchiveStore(Protocol):
    """What replying needs of the archive."""

    def get(self, sha256: str) -> bytes: ...


class LedgerStore(Protocol):
    """What replying needs of the ledger."""

    def receipts(self, period: str | None = None) -> list[Receipt]: ...


@dataclass(frozen=True, slots=True)
class ReplyFile:
    """A file that goes with an answer, and the line of the letter that says what it is."""

    name: str
    data: bytes
    line: str


def prepare_replies(
    settings: Settings,
    archive: ArchiveStore,
    ledger: LedgerStore,
    catalogue: Catalogue,
    period: str,
    findings: Sequence[Finding] = (),
) -> list[Path]:
    """Write one answer a submission into `home/replies/<period>/` and return the files, in the order of receipt.

    Args:
        settings: Where the home is and from which address answers are sent.
        archive: Holds the workbooks as they came.
        ledger: Names the receipts.
        catalogue: The catalogue of the month.
        period: Report month; its submissions have been read.
        findings: Verdicts of the month's rules, when they are known; each goes to whoever sent its cells.

    Raises:
        OperationError: The month has not been read yet.
    """
    readings = load_month(settings, period)
    folder = settings.home / "replies" / period
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for receipt in ledger.receipts(period):
        recipient = _recipient(receipt, catalogue)
        if recipient:
            answer = _answer(receipt, readings, findings, catalogue)
            path = folder / _file_name(receipt.message)
            path.write_bytes(_message(answer, recipient, list(_files(answer, archive)), settings, archive))
            paths.append(path)
    return paths


def _recipient(receipt: Receipt, catalogue: Catalogue) -> str:
    """Whoever wrote gets the answer; an upload is answered to the submitter's first address."""
    if receipt.status == "no_data" and not receipt.submitter_id:
        return ""
    submitter = catalogue.submitter_by_id.get(receipt.submitter_id)
    return receipt.sender_address or (submitter.addresses[0] if submitter else "")


def _answer(
    receipt: Receipt, readings: Iterable[DocumentReading], findings: Sequence[Finding], catalogue: Catalogue
) -> Answer:
    mine = [r for r in readings if r.document.receipt_id == receipt.receipt_id]
    submitter = catalogue.submitter_by_id.get(receipt.submitter_id)
    verdicts = (f for f in findings if f.outcome == "fail" and any(c.message == receipt.message for c in f.cells))
    return Answer(
        receipt=receipt,
        submitter_name=submitter.submitter_name if submitter else "",
        readings=tuple(r for r in mine if r.document.file),
        about_message=tuple(f for r in mine if not r.document.file for f in r.reading.findings),
        verdicts=tuple(verdicts),
        catalogue=catalogue,
    )


def _files(answer: Answer, archive: ArchiveStore) -> Iterator[ReplyFile]:
    """Yield the sender's workbooks with their cells marked; what cannot be marked comes as a list."""
    listed = []
    for reading in answer.readings:
        content = reading.reading
        if not content.observations and not any(f.cell for f in content.findings):
            continue
        marked = _marked(reading, answer, archive)
        if marked:
            yield marked
        elif reading.document.file != "(body)":
            listed.append(reading.document.file)
    for file in listed:
        name = f"Kết quả đọc - {_flat(file)}.xlsx"
        line = f"{name}: bảng kê những gì đọc được từ “{file}” (dạng tệp này không ghi chú thẳng vào được)."
        yield ReplyFile(name, listing_workbook(summary_rows(answer, file)), line)


def _marked(reading: DocumentReading, answer: Answer, archive: ArchiveStore) -> ReplyFile | None:
    file = reading.document.file
    is_old = file.lower().endswith(".xls")
    if not is_old and not file.lower().endswith(MARKABLE):
        return None
    marks = marks_of(reading, answer.verdicts, answer.catalogue)
    try:
        data = archive.get(reading.document.sha256)
        data = mark_workbook(copy_xls(data) if is_old else data, marks, summary_rows(answer, file))
    except UnmarkableWorkbookError:
        return None
    what = "bản sao dạng .xlsx của tệp đơn vị, giữ nguyên vị trí từng ô" if is_old else "chính tệp của đơn vị"
    name = f"{_flat(file)}x" if is_old else _flat(file)
    return ReplyFile(name, data, f"{name}: {what}, mỗi ô có ghi chú và màu, thêm trang “Kết quả đọc”.")


def _message(
    answer: Answer, recipient: str, files: list[ReplyFile], settings: Settings, archive: ArchiveStore
) -> bytes:
    """Return the answer as bytes; the same answer gives the same bytes, so it carries no date of its own."""
    receipt = answer.receipt
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_sender
    message["To"] = recipient
    subject = receipt.subject or f"Kết quả đọc báo cáo {receipt.period}"
    message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    original = parse_mail(archive.get(receipt.sha256)).message_id if receipt.message.lower().endswith(".eml") else ""
    if original:
        message["In-Reply-To"] = original
        message["References"] = original
    message["Auto-Submitted"] = "auto-replied"
    message.set_content(letter_text(answer, [f.line for f in files]))
    for file in files:
        subtype = XLSX_TYPE if file.name.endswith(".xlsx") else ("application", "vnd.ms-excel.sheet.macroEnabled.12")
        message.add_attachment(file.data, maintype=subtype[0], subtype=subtype[1], filename=file.name)
    digest = hashlib.sha256(repr(message.items()).encode() + b"".join(f.data for f in files)).hexdigest()[:24]
    message["Message-ID"] = f"<{receipt.receipt_id}.{digest}@{settings.mail_sender.rpartition('@')[2]}>"
    if message.is_multipart():
        message.set_boundary(f"=={digest}==")
    return message.as_bytes()


def _file_name(message: str) -> str:
    name = _flat(message)
    return name if name.lower().endswith(".eml") else f"{name}.eml"


def _flat(name: str) -> str:
    return re.sub(r"[/\\:]+", " - ", name)
