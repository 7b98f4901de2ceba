"""What would be read from files, with nothing stored: for whoever wants to know before sending."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from flows.mail import Attachment, parse_mail, safe_name
from flows.mail.contents import Content, contents_of_file, contents_of_mail
from flows.read.messages import message_findings, silent_documents
from flows.read.sandbox import Request, Sandbox
from flows.read.versions import in_order, resolve_versions
from flows.records import DocumentReading, Reading, Receipt
from infra.catalogue import Catalogue, Submitter
from infra.errors import SubmissionError


def preview_files(paths: Sequence[Path], sender: str, period: str, catalogue: Catalogue) -> list[Reading]:
    """Return what would be read from these files if they came in together.

    Args:
        paths: Messages (.eml) and files.
        sender: Address or id of the submitter; empty to take a message's own sender. A file by itself has none:
            its figures are read without knowing whose they are.
        period: Report month, "2019-04".
        catalogue: The catalogue of that month.

    Returns:
        One reading a document, then one with what is to be said about whole messages.

    Raises:
        SubmissionError: A file is not there, or the sender is not in the catalogue.
    """
    submitter = _submitter_of(sender, catalogue)
    opened = [_open(path, submitter, sender, period, catalogue) for path in paths]
    receipts = in_order(receipt for receipt, _ in opened)
    readings = _read(opened, period, catalogue)
    resolved = resolve_versions(receipts, readings, catalogue)
    # A file on disk has no date of sending, and nothing is late in a preview.
    about = [f for r in receipts for f in message_findings(r, catalogue) if f.kind != "no_date"]
    about += silent_documents(resolved.readings, period)
    return [*(r.reading for r in resolved.readings), Reading(findings=tuple(about))]


def _submitter_of(sender: str, catalogue: Catalogue) -> Submitter | None:
    found = catalogue.submitter_by_id.get(sender) or catalogue.submitter_by_address.get(sender.lower())
    if sender and not found:
        raise SubmissionError(
            f"“{sender}” không phải địa chỉ hay mã của đơn vị báo cáo nào.",
            f"{sender!r} is no submitter's address or id.",
            remedy_vi="Xem danh mục đơn vị báo cáo: submitters.csv.",
        )
    return found


def _open(
    path: Path, submitter: Submitter | None, sender: str, period: str, catalogue: Catalogue
) -> tuple[Receipt, list[Content]]:
    """Return the receipt that a file would give, and its documents."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionError(
            f"Không đọc được tệp {path}.", f"{path} cannot be read: {error.strerror}.", place=str(path),
            remedy_vi="Kiểm tra lại đường dẫn.",
        ) from error  # fmt: skip
    subject = sent_at = reply = ""
    if path.suffix.lower() == ".eml":
        mail = parse_mail(data)
        submitter = submitter or catalogue.submitter_by_address.get(mail.sender_address)
        sender, subject, sent_at, reply = sender or mail.sender_address, mail.subject, mail.sent_at, mail.in_reply_to
        contents = contents_of_mail(mail)
    else:
        contents = contents_of_file(Attachment(safe_name(path.name) or "tep", data, "application/octet-stream"))
    sha256 = hashlib.sha256(data).hexdigest()
    receipt = Receipt(
        receipt_id=f"preview-{sha256[:16]}", period=period, message=path.name, sha256=sha256,
        sender_address=sender if "@" in sender else "", submitter_id=submitter.submitter_id if submitter else "",
        subject=subject, sent_at=sent_at, received_at="", status="received", in_reply_to=reply,
    )  # fmt: skip
    return receipt, contents


def _read(opened: Sequence[tuple[Receipt, list[Content]]], period: str, catalogue: Catalogue) -> list[DocumentReading]:
    readings = []
    with Sandbox() as sandbox:
        sandbox.use_catalogue(period, catalogue)
        for receipt, contents in opened:
            for content in contents:
                document = content.document(receipt.receipt_id, receipt.message)
                others = tuple(c.file for c in contents if c.file != content.file)
                reading = sandbox.read(content.data, Request(receipt, document, others), period)
                readings.append(DocumentReading(document, receipt.submitter_id, reading))
    return readings
