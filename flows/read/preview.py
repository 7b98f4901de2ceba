"""What would be read from files, with nothing stored: for whoever wants to know before sending."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flows.children import start_children, use_month
from flows.mail.contents import Content
from flows.mail.parts import UNREAD
from flows.mail.unpack import unpack
from flows.read.messages import document_findings, message_findings, silent_documents
from flows.read.sandbox import Request, read_in_child
from flows.read.versions import in_order, resolve_versions
from flows.records import DocumentReading, Reading, Receipt
from infra.catalogue import Catalogue, Submitter
from infra.clean_text import clean_line
from infra.errors import SubmissionError
from infra.given_files import given_file
from infra.sandbox import Sandbox


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
    with start_children() as sandbox:
        use_month(sandbox, period, catalogue)
        opened = [_open(sandbox, path, submitter, sender, period, catalogue) for path in paths]
        readings = [reading for receipt, contents in opened for reading in _read(sandbox, receipt, contents, period)]
    receipts = in_order(receipt for receipt, _ in opened)
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
    sandbox: Sandbox, path: Path, submitter: Submitter | None, sender: str, period: str, catalogue: Catalogue
) -> tuple[Receipt, tuple[Content, ...]]:
    """Return the receipt that a file would give, and its documents."""
    data = given_file(path)
    sha256 = hashlib.sha256(data).hexdigest()
    receipt = Receipt(f"preview-{sha256[:16]}", period, clean_line(path.name), sha256, sender if "@" in sender else "",
                      submitter.submitter_id if submitter else "", "", "", "", "received")  # fmt: skip
    opened, why = unpack(sandbox, data, path.name, path.suffix.lower() == ".eml", receipt.receipt_id)
    if opened is None:
        reason = f"Thư này không tiếp nhận được vì {why}."
        return replace(receipt, status="unopened", problem="message_unreadable", reason_vi=reason), ()
    if mail := opened.mail:
        author = submitter or catalogue.submitter_by_address.get(mail.sender_address)
        receipt = replace(receipt, sender_address=receipt.sender_address or mail.sender_address, subject=mail.subject,
                          submitter_id=author.submitter_id if author else "", sent_at=mail.sent_at,
                          in_reply_to=mail.in_reply_to)  # fmt: skip
    return receipt, opened.contents


def _read(
    sandbox: Sandbox, receipt: Receipt, contents: Sequence[Content], period: str
) -> Iterator[DocumentReading]:
    for content in contents:
        document = content.document(receipt.receipt_id, receipt.message)
        others = tuple(c.file for c in contents if c.file != content.file)
        reading = Reading()
        if content.data and content.problem not in UNREAD:
            reading = read_in_child(sandbox, content.data, Request(receipt, document, others), period)
        findings = (*document_findings(receipt, document), *reading.findings)
        yield DocumentReading(document, receipt.submitter_id, replace(reading, findings=findings))
