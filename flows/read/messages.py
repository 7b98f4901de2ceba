"""What is to be said about whole messages and about the month: late, unknown, twins, nothing in it, nobody wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from flows.read.problems import KINDS, Problem
from flows.receipts import OF_SENDER, how_to_decide, is_held_on_arrival
from flows.records import Document, DocumentReading, IntakeFinding, Reading, Receipt
from flows.reference_figures import lacking_references
from infra import periods
from infra.catalogue import Catalogue

USUAL_PROBLEM = {
    "quarantined": "unknown_sender", "unopened": "message_unreadable", "no_data": "newsletter_no_data",
    "duplicate": "exact_duplicate",
}  # fmt: skip


def message_findings(receipt: Receipt, catalogue: Catalogue) -> list[IntakeFinding]:
    """Return what the receipt itself calls for, whatever its documents say."""
    problems = []
    if is_held_replacement(receipt):
        problems.append(Problem("unproved_replacement", receipt.reason_vi))
    elif receipt.status in USUAL_PROBLEM:
        usual = "empty_message" if receipt.status == "no_data" and receipt.submitter_id else ""
        told = receipt.reason_vi
        if receipt.status == "quarantined" and is_held_on_arrival(receipt):
            told = f"{told} {how_to_decide(receipt, catalogue)}"
        problems.append(Problem(receipt.problem or usual or USUAL_PROBLEM[receipt.status], told))
    if receipt.sender_address and receipt.submitter_id and receipt.status not in ("no_data", "unopened", "quarantined"):
        problems += _about_date(receipt, catalogue)
    return [p.finding(receipt.period, receipt.receipt_id, receipt.message, "", receipt.submitter_id) for p in problems]


def is_held_replacement(receipt: Receipt) -> bool:
    """Return whether a message was held only because of what it would replace, when versions were settled."""
    return receipt.status == "quarantined" and not receipt.problem and bool(receipt.submitter_id)


def waiting_replacement(receipt: Receipt, catalogue: Catalogue, in_force: set[str]) -> list[IntakeFinding]:
    """Return the question about a held message that may be a new version of what counts now, in whoever's name it came.

    It has not been read, so nobody knows what it would replace: a person must look before the month is published.
    """
    if receipt.status != "quarantined" or receipt.problem not in ("unproved_sender", "date_in_future"):
        return []
    submitter = catalogue.submitter_by_address.get(receipt.sender_address)
    if submitter is None or submitter.submitter_id not in in_force:
        return []
    sentence = (f"Thư giữ lại này mang địa chỉ của {submitter.submitter_name}, đơn vị đã có bản được dùng; bản đó vẫn "
                f"đứng cho đến khi có người quyết định. {how_to_decide(receipt, catalogue)}")
    whose = "" if receipt.problem in OF_SENDER else receipt.submitter_id
    problem = Problem("unproved_replacement", sentence)
    return [problem.finding(receipt.period, receipt.receipt_id, receipt.message, "", whose)]


def document_findings(receipt: Receipt, document: Document) -> list[IntakeFinding]:
    """Return what taking the message apart found about one of its parts."""
    if not document.problem:
        return []
    problem = Problem(document.problem, document.problem_vi)
    return [problem.finding(receipt.period, receipt.receipt_id, receipt.message, document.file, receipt.submitter_id)]


def _about_date(receipt: Receipt, catalogue: Catalogue) -> list[Problem]:
    if not receipt.sent_at:
        return [Problem("no_date", "Thư không có ngày gửi đọc được nên không xét được hạn nộp.")]
    if int(receipt.period[:4]) - int(receipt.sent_at[:4]) > 1:
        sentence = f"Thư ghi ngày gửi {receipt.sent_at[:10]}, trước tháng báo cáo hơn một năm: không xét được hạn nộp."
        return [Problem("no_date", sentence)]
    if not periods.is_late(receipt.sent_at, catalogue, receipt.period):
        return []
    return [Problem("late", periods.late_sentence(receipt.sent_at, catalogue, receipt.period))]


def silent_documents(readings: Sequence[DocumentReading], period: str) -> list[IntakeFinding]:
    """Return a finding for every file, or message without files, of which nothing was read, unless one says why.

    What was read decides; a note beside it (a macro, a link to another file) explains nothing.
    A courteous line beside an attachment is nothing to report; a message of which nothing at all was read is.
    """
    findings = []
    by_receipt: dict[str, list[DocumentReading]] = {}
    for reading in readings:
        by_receipt.setdefault(reading.document.receipt_id, []).append(reading)
    for group in by_receipt.values():
        files = [r for r in group if r.document.file != "(body)" and not _is_wrapping(r.document)]
        for reading in files or group:
            if not (_says_anything(reading) or _is_explained(reading) or (not files and _any(group))):
                findings.append(_nothing_in(reading, period, is_alone=not _any(group)))
    return findings


def _any(group: Iterable[DocumentReading]) -> bool:
    return any(_says_anything(r) for r in group)


def _says_anything(reading: DocumentReading) -> bool:
    return bool(reading.reading.observations or reading.reading.narrative_items)


def _is_explained(reading: DocumentReading) -> bool:
    return any(f.kind in KINDS and KINDS[f.kind].explains_silence for f in reading.reading.findings)


def _is_wrapping(document: Document) -> bool:
    """A zip or a message is only the wrapping of its files; a picture inside the text is no submission."""
    if document.problem == "attached_message":
        return True
    is_picture = document.media_type.startswith("image/") and "inline" in document.media_type
    return document.file.lower().endswith((".zip", ".eml")) or is_picture


def _nothing_in(reading: DocumentReading, period: str, is_alone: bool) -> IntakeFinding:
    document = reading.document
    what = "phần chữ của thư" if document.file == "(body)" else "tệp này"
    where = document.receipt_id, document.message, document.file, reading.submitter_id
    sentence = f"Không nhận ra số liệu hay nội dung báo cáo nào trong {what}."
    finding = Problem("nothing_recognised", sentence).finding(period, *where)
    return finding if is_alone else dataclasses.replace(finding, severity="note", remedy_vi="")


def missing_submissions(
    receipts: Iterable[Receipt], catalogue: Catalogue, period: str, in_force: set[str]
) -> list[IntakeFinding]:
    """Return a finding for every submitter of the catalogue of whom nothing counts this month.

    Args:
        receipts: The month's receipts.
        catalogue: The catalogue of the month.
        period: The month.
        in_force: Submitters of whom at least one message counts.
    """
    wrote = {r.submitter_id for r in receipts if r.submitter_id}
    findings = []
    for submitter in catalogue.submitters:
        if submitter.submitter_id not in in_force:
            month = f"tháng {period[5:7]}/{period[:4]}"
            problem = Problem("missing_submission", f"{submitter.submitter_name} chưa gửi báo cáo {month}.")
            if submitter.submitter_id in wrote:
                sentence = f"{submitter.submitter_name} đã gửi nhưng chưa có bản nào dùng được cho {month}."
                problem = Problem("no_usable_submission", sentence)
            findings.append(problem.finding(period, "", "", "", submitter.submitter_id))
    return findings


def missing_references(catalogue: Catalogue, period: str) -> list[IntakeFinding]:
    """Return a finding for every reference figure (a population, an area) that a formula of the month lacks."""
    findings = []
    for name, indicators in lacking_references(catalogue).items():
        labels = ", ".join(f"“{catalogue.indicator_by_id[i].label_vi}”" for i in indicators)
        sentence = f"Số tham chiếu {name} không có giá trị cho tháng {period[5:7]}/{period[:4]} nên để trống: {labels}."
        findings.append(Problem("reference_missing", sentence).finding(period, "", "", "", ""))
    return findings


def as_reading(finding: IntakeFinding) -> DocumentReading:
    """Return a finding about a message or the month as a reading without a file."""
    document = Document(finding.receipt_id, finding.message, "", "", 0, "")
    return DocumentReading(document, finding.submitter_id, Reading(findings=(finding,)))
