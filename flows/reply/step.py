"""Reply: for every submission a message to its sender, prepared in a folder and not mailed unless somebody does.

A message that nobody of the catalogue sent is answered with how to register; a newsletter is not answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from flows.children import children_of
from flows.readings import load_month
from flows.records import DocumentReading, Finding, Receipt
from flows.reply.letter import Answer, letter_text, summary_rows
from flows.reply.listing import listing_workbook
from flows.reply.mark_job import mark_request
from flows.reply.marks import marks_of
from flows.reply.message import ReplyFile, can_be_written_to, compose, one_line
from flows.reply.submitters_words import told_of_reading, told_of_receipt, told_of_verdict
from flows.reply.verdicts import verdicts_for
from infra.catalogue import Catalogue
from infra.derived import save_listed
from infra.errors import OperationError
from infra.journal import note_fault
from infra.sandbox import Sandbox
from infra.settings import Settings
from infra.side_by_side import side_by_side

MARKABLE = (".xlsx", ".xlsm", ".xls")
MAX_MARKED_BYTES = 20_000_000
MAX_NAME = 80
WITHOUT_FILES = (
    "\nThư này không kèm tệp đánh dấu vì hệ thống gặp lỗi khi chuẩn bị tệp. Thư và tệp đơn vị gửi vẫn được lưu đủ.\n"
)


class ArchiveStore(Protocol):
    """What replying needs of the archive."""

    def get(self, sha256: str) -> bytes: ...


class LedgerStore(Protocol):
    """What replying needs of the ledger."""

    def receipts(self, period: str | None = None) -> list[Receipt]: ...


def prepare_replies(
    settings: Settings,
    archive: ArchiveStore,
    ledger: LedgerStore,
    catalogue: Catalogue,
    period: str,
    findings: Sequence[Finding] = (),
    sandbox: Sandbox | None = None,
) -> list[Path]:
    """Write one answer a submission into `home/replies/<period>/` and return the files, in the order of receipt.

    A file is named by its receipt. Answers of an earlier run that no receipt stands for any more are removed.
    Whatever goes wrong with one answer is its own trouble: it goes as a letter without files that says so.

    Args:
        settings: Where the home is and from which address answers are sent.
        archive: Holds the workbooks as they came.
        ledger: Names the receipts.
        catalogue: The catalogue of the month.
        period: Report month; its submissions have been read.
        findings: Verdicts of the month's rules, when they are known; each goes to whoever sent its cells.
        sandbox: The children that mark workbooks; some of one's own when None.

    Raises:
        OperationError: The month has not been read yet, or the folder cannot be written.
    """
    readings = load_month(settings, period)
    folder = settings.home / "replies" / period
    answered = [(r, to) for r in ledger.receipts(period) if (to := _recipient(r, catalogue))]
    with children_of(settings, sandbox) as children, side_by_side(children.workers) as map_all:

        def reply(receipt: Receipt, recipient: str) -> bytes:
            answer = _answer(receipt, readings, findings, catalogue)
            return _message(answer, recipient, settings, archive, children)

        made = map_all(lambda one: reply(*one), answered)
        answers = {reply_name(receipt): data for (receipt, _), data in zip(answered, made, strict=True)}
    save_listed(replies_listing(settings, period), {f"{period}/{name}": data for name, data in answers.items()})
    for stale in {path.name for path in folder.glob("*.eml")} - set(answers):
        (folder / stale).unlink()
    return [folder / name for name in answers]


def replies_listing(settings: Settings, period: str) -> Path:
    """Return the path of the list of a month's answers, by which an edited one is known."""
    return settings.home / "replies" / f".{period}.json"


def reply_name(receipt: Receipt) -> str:
    """Return the file name of the answer to a receipt: two messages of one name have two receipts."""
    return f"{_flat(receipt.message.removesuffix('.eml'), MAX_NAME)} {receipt.receipt_id}.eml"


def _recipient(receipt: Receipt, catalogue: Catalogue) -> str:
    """Whoever wrote gets the answer; an upload is answered to the submitter's first address."""
    if receipt.status == "no_data" and not receipt.submitter_id:
        return ""
    submitter = catalogue.submitter_by_id.get(receipt.submitter_id)
    addresses = (receipt.sender_address, *(submitter.addresses[:1] if submitter else ()))
    return next((address for address in addresses if can_be_written_to(address)), "")


def _answer(
    receipt: Receipt, readings: Iterable[DocumentReading], findings: Sequence[Finding], catalogue: Catalogue
) -> Answer:
    mine = [told_of_reading(r) for r in readings if r.document.receipt_id == receipt.receipt_id]
    submitter = catalogue.submitter_by_id.get(receipt.submitter_id)
    return Answer(
        receipt=told_of_receipt(receipt),
        submitter_name=submitter.submitter_name if submitter else "",
        readings=tuple(r for r in mine if r.document.file),
        about_message=tuple(f for r in mine if not r.document.file for f in r.reading.findings),
        verdicts=tuple(map(told_of_verdict, verdicts_for(receipt, findings, catalogue))),
        catalogue=catalogue,
    )


def _message(
    answer: Answer, recipient: str, settings: Settings, archive: ArchiveStore, sandbox: Sandbox
) -> bytes:
    """Return the answer as bytes; when the whole of it cannot be made, a letter alone that says so."""
    receipt = answer.receipt

    def whole() -> bytes:
        files = list(_files(answer, archive, sandbox))
        text = letter_text(answer, [file.line for file in files])
        return compose(receipt, settings.mail_sender, recipient, text, files)

    def letter_alone() -> bytes:
        text = f"{letter_text(answer, [])}{WITHOUT_FILES}"
        return compose(receipt, settings.mail_sender, recipient, text, [])

    for attempt in (whole, letter_alone):
        try:
            return attempt()
        except OperationError:
            raise               # a store does not answer: that is no trouble of this message
        except Exception:       # a fault of ours, or bytes nobody foresaw: the other answers are not held up by it
            note_fault(f"reply to {receipt.receipt_id}: {attempt.__name__} could not be made")
    nameless = replace(receipt, subject="", message_id="")      # nothing of theirs is in it, so nothing can go wrong
    return compose(nameless, settings.mail_sender, recipient, f"{receipt.receipt_id}.{WITHOUT_FILES}", [])


def _files(answer: Answer, archive: ArchiveStore, sandbox: Sandbox) -> Iterator[ReplyFile]:
    """Yield the sender's workbooks with their cells marked; what cannot be marked comes as a list."""
    listed = []
    for reading in answer.readings:
        content = reading.reading
        if not content.observations and not any(f.cell for f in content.findings):
            continue
        marked = _marked(reading, answer, archive, sandbox)
        if marked:
            yield marked
        elif reading.document.file != "(body)":
            listed.append(reading.document.file)
    for file in listed:
        name = f"Kết quả đọc - {_flat(file, MAX_NAME)}.xlsx"
        line = f"{name}: bảng kê những gì đọc được từ “{file}” (tệp này không ghi chú thẳng vào được)."
        yield ReplyFile(name, listing_workbook(summary_rows(answer, file)), line)


def _marked(
    reading: DocumentReading, answer: Answer, archive: ArchiveStore, sandbox: Sandbox
) -> ReplyFile | None:
    """Return a workbook with its cells marked, or None: another kind of file, or one that cannot be taken apart."""
    file, size = reading.document.file, reading.document.size
    if not file.lower().endswith(MARKABLE) or size > MAX_MARKED_BYTES:
        return None
    marks = marks_of(reading, answer.verdicts, answer.catalogue)
    request = mark_request(file, marks, summary_rows(answer, file)) | {"receipt_id": answer.receipt.receipt_id}
    marked = sandbox.run("mark", request, archive.get(reading.document.sha256), answer.receipt.receipt_id)
    if not marked.blobs:        # a workbook made by strangers may fail in any way; its list goes instead
        return None
    is_old = file.lower().endswith(".xls")
    what = "bản sao dạng .xlsx của tệp đơn vị, giữ nguyên vị trí từng ô" if is_old else "chính tệp của đơn vị"
    name = f"{_flat(file, MAX_NAME)}x" if is_old else _flat(file, MAX_NAME)
    return ReplyFile(name, marked.blobs[0], f"{name}: {what}, mỗi ô có ghi chú và màu, thêm trang “Kết quả đọc”.")


def _flat(name: str, limit: int) -> str:
    """Return a name without folders, one line; a long one loses its middle and keeps its end."""
    flat = re.sub(r"[/\\:]+", " - ", one_line(name, len(name)))
    return flat if len(flat) <= limit else f"{flat[:limit - 20]}…{flat[-19:]}"
