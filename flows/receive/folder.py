"""A folder of messages and loose files, received: bytes archived, one receipt each with its documents.

Receiving the same folder again adds nothing: a receipt is named by its bytes, its file name and the month.
"""

from __future__ import annotations

import dataclasses
import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Protocol

from flows.mail import MAX_HEADERS, VIETNAM, Attachment, parse_date, parse_mail, safe_name
from flows.mail.contents import Content, contents_of_file, contents_of_mail
from flows.receive.senders import find_submitter, judge_mail
from flows.records import Document, Receipt
from infra.catalogue import Catalogue
from infra.errors import OperationError, SubmissionError
from infra.killpoints import reached
from infra.settings import Settings

MAX_MESSAGE = 80_000_000  # bytes; mail servers stop far below
Advance = Callable[[int, int], None]


class ArchiveStore(Protocol):
    """What receiving needs of the archive."""

    def put(self, data: bytes) -> str: ...


class LedgerStore(Protocol):
    """What receiving needs of the ledger."""

    def add_receipt(self, receipt: Receipt, documents: list[Document]) -> bool: ...

    def receipts(self, period: str | None = None) -> list[Receipt]: ...

    def documents(self, receipt_id: str | None = None) -> list[Document]: ...


class EmptyInboxError(SubmissionError):
    """There is no message and no file to receive."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt with its documents' bytes, before anything is stored."""

    receipt: Receipt
    data: bytes
    contents: tuple[Content, ...]

    @property
    def documents(self) -> list[Document]:
        return [c.document(self.receipt.receipt_id, self.receipt.message) for c in self.contents]


def receive_folder(
    settings: Settings,
    archive: ArchiveStore,
    ledger: LedgerStore,
    catalogue: Catalogue,
    period: str,
    folder: Path,
    progress: Advance | None = None,
    received_at: str = "",
) -> list[Receipt]:
    """Archive every message and loose file of `folder` and return the month's receipts, oldest first.

    Args:
        settings: Unused paths aside, where this installation lives.
        archive: Where the bytes go, named by their SHA-256.
        ledger: Where receipts and documents go, a receipt and its documents in one transaction.
        catalogue: The catalogue of the month.
        period: Report month, "2019-04".
        folder: Messages (*.eml) and files; a sub-folder named by a submitter is its upload folder.
        progress: Called with (done, total).
        received_at: When, ISO 8601; now when empty.

    Raises:
        EmptyInboxError: The folder is not there, or holds nothing and nothing of this month came before.
        OperationError: The folder or a store cannot be read or written.
    """
    files = _files(folder)
    known = ledger.receipts(period)
    if not files and not known:
        raise EmptyInboxError(
            f"Hộp thư đến {folder} của tháng {period} không có thư hay tệp nào.",
            f"The inbox {folder} of {period} is empty.",
            place=str(folder),
            remedy_vi="Chép thư (.eml) hoặc tệp báo cáo vào thư mục đó rồi chạy lại.",
        )
    received_at = received_at or datetime.now(UTC).isoformat(timespec="seconds")
    known_ids = {r.receipt_id for r in known}
    seen = _signatures(ledger, known)
    for done, path in enumerate(sorted(files, key=_sent_first), start=1):
        receipt, data = _begin_receipt(path, folder, period, received_at)
        if receipt.receipt_id not in known_ids:
            _store(archive, ledger, _recognise_twin(_arrive(receipt, data, path, catalogue), seen))
        if progress:
            progress(done, len(files))
    return sorted(ledger.receipts(period), key=lambda r: (_instant(r.sent_at), r.message))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise EmptyInboxError(
            f"Không có thư mục hộp thư đến {folder}.",
            f"The inbox folder {folder} does not exist.",
            place=str(folder),
            remedy_vi="Tạo thư mục đó hoặc chỉ thư mục khác bằng --inbox.",
        )
    try:
        return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "~$")))
    except OSError as error:
        raise _unreadable(folder, error) from error


def _sent_first(path: Path) -> tuple[float, str]:
    """Order by the Date header: of two twins the later one is the duplicate, whatever the files are called."""
    sent_at = ""
    if path.suffix.lower() == ".eml":
        with path.open("rb") as stream:
            sent_at = parse_date(str(BytesHeaderParser().parsebytes(stream.read(MAX_HEADERS)).get("Date", "")))
    return _instant(sent_at), path.name


def _begin_receipt(path: Path, folder: Path, period: str, received_at: str) -> tuple[Receipt, bytes]:
    name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_MESSAGE else _digest_only(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    sha256 = hashlib.sha256(data).hexdigest()
    receipt = Receipt(
        receipt_id="R" + hashlib.sha256(f"{period}|{name}|{sha256}".encode()).hexdigest()[:16],
        period=period,
        message=name,
        sha256=sha256,
        sender_address="",
        submitter_id="",
        subject="",
        sent_at="",
        received_at=received_at,
        status="received",
    )
    return receipt, data


def _arrive(receipt: Receipt, data: bytes, path: Path, catalogue: Catalogue) -> Arrival:
    size = path.stat().st_size
    if size > MAX_MESSAGE:
        return _oversized(receipt, data, size)
    if path.suffix.lower() == ".eml":
        return _arrive_mail(receipt, data, catalogue)
    return _arrive_loose(receipt, data, path, catalogue)


def _arrive_mail(receipt: Receipt, data: bytes, catalogue: Catalogue) -> Arrival:
    mail = parse_mail(data)
    submitter = find_submitter(mail, catalogue)
    status, reason = judge_mail(mail, submitter, catalogue, receipt.period)
    receipt = dataclasses.replace(
        receipt,
        sender_address=mail.sender_address,
        submitter_id=submitter.submitter_id if submitter else "",
        subject=mail.subject,
        sent_at=mail.sent_at,
        status=status,
        reason_vi=reason,
        in_reply_to=mail.in_reply_to,
    )
    return Arrival(receipt, data, tuple(contents_of_mail(mail)))


def _arrive_loose(receipt: Receipt, data: bytes, path: Path, catalogue: Catalogue) -> Arrival:
    """A file without a message has no sender: only the account's upload folder says whose it is.

    Its date is the file's own; it orders uploads but never makes one late.
    """
    account = receipt.message.split("/")[0] if "/" in receipt.message else ""
    known = account in catalogue.submitter_by_id
    saved_at = datetime.fromtimestamp(path.stat().st_mtime, VIETNAM).isoformat(timespec="seconds")
    receipt = dataclasses.replace(
        receipt,
        submitter_id=account if known else "",
        sent_at=saved_at,
        status="received" if known else "quarantined",
        reason_vi="" if known else "Tệp rời không có người gửi nên không biết của đơn vị nào.",
    )
    file = Attachment(safe_name(path.name) or "tep", data, "application/octet-stream")
    return Arrival(receipt, data, tuple(contents_of_file(file)))


def _oversized(receipt: Receipt, data: bytes, size: int) -> Arrival:
    reason = f"Tệp {size / 1e6:.0f} MB, quá mức {MAX_MESSAGE / 1e6:.0f} MB một thư; chỉ lưu mã SHA-256 của tệp."
    return Arrival(dataclasses.replace(receipt, status="quarantined", reason_vi=reason), data, ())


def _recognise_twin(arrival: Arrival, seen: dict[str, Receipt]) -> Arrival:
    """Mark a message whose text and files are all those of an earlier one of the same submitter."""
    receipt = arrival.receipt
    if receipt.status not in ("received", "late") or not arrival.contents:
        return arrival
    twin = seen.setdefault(_signature(arrival.documents, receipt.submitter_id), receipt)
    if twin.receipt_id == receipt.receipt_id:
        return arrival
    reason = f"Trùng hoàn toàn với {twin.message}: cùng nội dung thư và cùng tệp đính kèm."
    return dataclasses.replace(arrival, receipt=dataclasses.replace(receipt, status="duplicate", reason_vi=reason))


def _store(archive: ArchiveStore, ledger: LedgerStore, arrival: Arrival) -> None:
    """Bytes first, then the receipt: what the ledger names is always in the archive."""
    archive.put(arrival.data)
    for content in arrival.contents:
        archive.put(content.data)
    reached("receive.after_archive")
    ledger.add_receipt(arrival.receipt, arrival.documents)


def _signatures(ledger: LedgerStore, known: list[Receipt]) -> dict[str, Receipt]:
    """Return the receipts of the month by what they hold; of twins the one that was there first."""
    held: dict[str, list[Document]] = {}
    for document in ledger.documents() if known else []:
        held.setdefault(document.receipt_id, []).append(document)
    return {_signature(held.get(r.receipt_id, []), r.submitter_id): r for r in reversed(known)}


def _signature(documents: Iterable[Document], submitter_id: str) -> str:
    return "|".join([submitter_id, *sorted(d.sha256 for d in documents)])


def _instant(sent_at: str) -> float:
    return datetime.fromisoformat(sent_at).timestamp() if sent_at else 0.0


def _digest_only(path: Path) -> bytes:
    """Return the SHA-256 of a file too large to keep, as text, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest().encode()


def _unreadable(path: Path, error: OSError) -> OperationError:
    return OperationError(
        f"Không đọc được {path}.",
        f"{path} cannot be read: {error.strerror}.",
        place=str(path),
        remedy_vi="Kiểm tra quyền đọc của thư mục hộp thư đến.",
    )
