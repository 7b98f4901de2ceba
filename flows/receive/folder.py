"""A folder of messages and loose files, received: bytes archived, one receipt each with its documents.

Receiving keeps bytes and writes receipts; it opens nothing. A message is known by its bytes, wherever and under
whatever name it is found again; a loose file by its bytes, its upload folder and the month.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from flows.children import children_of
from flows.mail.answer import Unpacked
from flows.mail.unpack import unpack
from flows.progress import Advance
from flows.receipts import arrival_order, in_order
from flows.receive.month import month_of_message
from flows.receive.paths import EmptyInboxError, Found, list_inbox, open_file, sha256_of
from flows.receive.proof import Belief, judge_sender, judge_upload, traced_at
from flows.receive.senders import find_submitter, is_in_future, judge_mail
from flows.records import Document, InboxNotice, Receipt, Sighting
from infra.catalogue import Catalogue, load_catalogue
from infra.clock import stamp
from infra.errors import CatalogueError
from infra.killpoints import reached
from infra.sandbox import Sandbox
from infra.settings import Settings
from infra.side_by_side import side_by_side
from infra.vietnamese import HANOI, moment

MAX_MESSAGE = 80_000_000  # bytes; a larger one is archived like any other and not opened


class ArchiveStore(Protocol):
    """What receiving needs of the archive."""

    def put(self, data: bytes) -> str: ...

    def put_stream(self, sha256: str, stream: BufferedReader) -> None: ...

    def get(self, sha256: str) -> bytes: ...


class LedgerStore(Protocol):
    """What receiving needs of the ledger."""

    def add_receipt(self, receipt: Receipt, documents: list[Document]) -> bool: ...

    def open_receipt(self, receipt: Receipt, documents: list[Document]) -> None: ...

    def add_sighting(self, sighting: Sighting) -> bool: ...

    def receipts(self, period: str | None = None) -> list[Receipt]: ...

    def documents(self, receipt_id: str | None = None) -> list[Document]: ...


@dataclass(frozen=True, slots=True)
class Reception:
    """The month's receipts, oldest first, and the notices about paths that were not received.

    With the sightings in the ledger they are the whole inbox.
    """

    receipts: list[Receipt]
    notices: tuple[InboxNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt with its documents, whose bytes are in the archive already."""

    receipt: Receipt
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """What taking in one message needs: children, archive, the catalogue of any month, the moment of receipt.

    `threads` gives the month of each earlier message by its Message-ID, and by the receipt that our answers bear.
    """

    settings: Settings
    sandbox: Sandbox
    archive: ArchiveStore
    catalogue: Catalogue
    period: str
    received_at: str
    threads: Mapping[str, str]

    def month_of_thread(self, in_reply_to: str) -> str:
        """Return the month of the message that is answered, or whose answer of ours is answered; "" when unknown."""
        ours = in_reply_to.removeprefix("<").partition(".")[0]
        return self.threads.get(in_reply_to) or self.threads.get(ours, "")


def receive_folder(
    settings: Settings,
    archive: ArchiveStore,
    ledger: LedgerStore,
    catalogue: Catalogue,
    period: str,
    folder: Path,
    progress: Advance | None = None,
    received_at: str = "",
    sandbox: Sandbox | None = None,
) -> Reception:
    """Archive every message and loose file of `folder`, a receipt each, and return what the month has.

    Args:
        settings: Where the home is.
        archive: Where the bytes go, named by their SHA-256.
        ledger: Where receipts and documents go, a receipt and its documents in one transaction.
        catalogue: The catalogue of the month.
        period: Report month, "2019-04"; a message that speaks of another is filed under that one.
        folder: Messages (*.eml) and files; a sub-folder named by a submitter is its upload folder.
        progress: Called with (done, total).
        received_at: When, ISO 8601; now when empty.
        sandbox: The children that open messages; some of one's own when None.

    Raises:
        EmptyInboxError: The folder is not there, or holds nothing and nothing of this month came before.
        OperationError: The folder or a store cannot be read or written.
    """
    files, skipped = list_inbox(folder)
    known = {r.receipt_id: r for r in ledger.receipts()}
    if not files and not any(r.period == period for r in known.values()):
        raise _empty(folder, period)
    received_at = received_at or _moment_of_receipt(settings, known.values())
    notices = [InboxNotice(s.name, s.kind, s.sentence_vi) for s in skipped]
    with children_of(settings, sandbox) as children:
        reader = Reader(settings, children, archive, catalogue, period, received_at, _threads(known.values()))
        new, seen = _divided(files, known, period, notices)
        arrivals = _take_in(reader, new, known, progress, len(files), notices)
    stored = _record(ledger, arrivals, known, period)
    for found, receipt_id in seen:
        for sighting in _about_known(found, stored.get(receipt_id), period, received_at):
            ledger.add_sighting(sighting)
    return Reception(in_order(r for r in stored.values() if r.period == period), tuple(notices))


def _moment_of_receipt(settings: Settings, known: Iterable[Receipt]) -> str:
    """Return this moment, or one just after the newest receipt where the clock was put back meanwhile.

    Versions order by it: what comes later must never stand before what was received already.
    """
    newest = max((moment(r.received_at) for r in known if r.received_at), default=None)
    now = settings.clock()
    return stamp(lambda: now if newest is None or now > newest else newest + timedelta(microseconds=1))


def _threads(receipts: Iterable[Receipt]) -> dict[str, str]:
    known = list(receipts)
    return {r.receipt_id: r.period for r in known} | {r.message_id: r.period for r in known if r.message_id}


def _divided(
    files: Sequence[Found], known: dict[str, Receipt], period: str, notices: list[InboxNotice]
) -> tuple[list[tuple[Found, Receipt]], list[tuple[Found, str]]]:
    """Return the files that are new, with the bare receipt of each, and every file with the receipt of its bytes."""
    new: dict[str, tuple[Found, Receipt]] = {}
    seen: list[tuple[Found, str]] = []
    for found in files:
        try:
            with open_file(found.path) as stream:
                sha256 = sha256_of(stream)
        except OSError as error:
            sentence = f"Không đọc được tệp này ({error.strerror}); chưa nhận."
            notices.append(InboxNotice(found.name, "unreadable_path", sentence))
            continue
        receipt = _bare_receipt(found, sha256, period)
        seen.append((found, receipt.receipt_id))
        if receipt.receipt_id not in known:
            new.setdefault(receipt.receipt_id, (found, receipt))
    return list(new.values()), seen


def _bare_receipt(found: Found, sha256: str, period: str) -> Receipt:
    own = sha256 if found.is_message else f"{period}|{found.account}|{sha256}"
    receipt_id = "R" + hashlib.sha256(own.encode()).hexdigest()[:16]
    return Receipt(receipt_id, period, found.name, sha256, "", "", "", "", "", "received")


def _take_in(
    reader: Reader, new: Sequence[tuple[Found, Receipt]], known: dict[str, Receipt], progress: Advance | None,
    total: int, notices: list[InboxNotice],
) -> list[Arrival]:
    """Archive and open what is new, and open again what could not be opened before; two at a time."""
    again = [r for r in known.values() if r.status == "unopened" and r.period == reader.period]
    arrivals: list[Arrival] = []
    with side_by_side(reader.sandbox.workers) as map_all:
        for done, result in enumerate(map_all(lambda one: _arrive(reader, *one), new), start=total - len(new) + 1):
            if isinstance(result, InboxNotice):
                notices.append(result)
            else:
                arrivals.append(result)
            if progress:
                progress(done, total)
        arrivals += map_all(lambda receipt: _open(reader, receipt, reader.archive.get(receipt.sha256)), again)
    return arrivals


def _arrive(reader: Reader, found: Found, receipt: Receipt) -> Arrival | InboxNotice:
    """Archive one file and take it apart. The bytes that were hashed are the bytes that are kept."""
    receipt = replace(receipt, received_at=reader.received_at)
    try:
        with open_file(found.path) as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            if size > MAX_MESSAGE:
                reader.archive.put_stream(receipt.sha256, stream)
                return Arrival(_oversized(receipt, size), ())
            data = stream.read(MAX_MESSAGE + 1)
            saved_at = datetime.fromtimestamp(found.path.stat().st_mtime, HANOI).isoformat(timespec="seconds")
    except OSError as error:
        return InboxNotice(found.name, "unreadable_path", f"Không đọc được tệp này ({error.strerror}); chưa nhận.")
    if hashlib.sha256(data).hexdigest() != receipt.sha256:
        sentence = "Tệp này đang được ghi trong lúc nhận; lần chạy sau sẽ nhận."
        return InboxNotice(found.name, "unreadable_path", sentence)
    reader.archive.put(data)
    return _open(reader, receipt if found.is_message else replace(receipt, sent_at=saved_at), data)


def _open(reader: Reader, receipt: Receipt, data: bytes) -> Arrival:
    is_message = receipt.message.lower().endswith(".eml")
    reader.sandbox.forget_budget(receipt.receipt_id)
    opened, why = unpack(reader.sandbox, data, receipt.message, is_message, receipt.receipt_id)
    if opened is None:
        reason = f"Thư này không tiếp nhận được vì {why}."
        return Arrival(replace(receipt, status="unopened", problem="message_unreadable", reason_vi=reason), ())
    receipt = _of_mail(reader, receipt, opened) if is_message else _of_upload(reader, receipt)
    for content in opened.contents:
        if content.data:
            reader.archive.put(content.data)
    reached("receive.after_archive")
    return Arrival(receipt, tuple(c.document(receipt.receipt_id, receipt.message) for c in opened.contents))


def _of_mail(reader: Reader, receipt: Receipt, opened: Unpacked) -> Receipt:
    mail = opened.mail
    if mail is None:
        raise ValueError("a message without its fields")
    dates = traced_at(mail.trace, receipt.received_at), receipt.received_at
    sent_at = "" if is_in_future(mail.sent_at, *dates) else mail.sent_at
    period, catalogue = _filed_under(reader, opened, sent_at)
    submitter = find_submitter(mail, catalogue)
    belief = judge_sender(mail, submitter, reader.settings) if submitter else Belief("", "")
    status, problem, reason = judge_mail(opened, submitter, belief, catalogue, period, dates)
    return replace(
        receipt,
        period=period,
        sender_address=mail.sender_address,
        submitter_id=submitter.submitter_id if submitter and belief.proof else "",
        subject=mail.subject,
        sent_at=mail.sent_at,
        status=status,
        problem=problem,
        reason_vi=reason,
        in_reply_to=mail.in_reply_to,
        message_id=mail.message_id,
        traced_at=dates[0],
        proof=belief.proof,
        proof_vi=belief.sentence_vi if belief.proof else "",
        held_vi=reason if status == "quarantined" else "",
    )


def _filed_under(reader: Reader, opened: Unpacked, sent_at: str) -> tuple[str, Catalogue]:
    """Return the month of a message with its catalogue; a month that the catalogue does not cover is none."""
    thread = reader.month_of_thread(opened.mail.in_reply_to if opened.mail else "")
    period = month_of_message(reader.period, opened.months, sent_at, thread)
    if period == reader.period:
        return period, reader.catalogue
    try:
        return period, load_catalogue().at(period)
    except CatalogueError:
        return reader.period, reader.catalogue


def _of_upload(reader: Reader, receipt: Receipt) -> Receipt:
    """A file without a message has no sender: only the account's upload folder says whose it is.

    Its date is the file's own; it orders uploads but never makes one late.
    """
    account = receipt.message.split("/")[0] if "/" in receipt.message else ""
    if submitter := reader.catalogue.submitter_by_id.get(account):
        belief = judge_upload(account, submitter, reader.settings)
        return replace(receipt, submitter_id=account, status="received", problem="", reason_vi="",
                       proof=belief.proof, proof_vi=belief.sentence_vi)
    reason = "Tệp rời không có người gửi nên không biết của đơn vị nào."
    return replace(receipt, status="quarantined", problem="loose_file", reason_vi=reason, held_vi=reason)


def _oversized(receipt: Receipt, size: int) -> Receipt:
    reason = f"Tệp {size / 1e6:.0f} MB, quá mức {MAX_MESSAGE / 1e6:.0f} MB một thư; đã lưu trữ nhưng không mở."
    return replace(receipt, status="quarantined", problem="file_too_large", reason_vi=reason)


def _record(
    ledger: LedgerStore, arrivals: Sequence[Arrival], known: dict[str, Receipt], period: str
) -> dict[str, Receipt]:
    """Write the receipts in the order in which they came; return all that are known now."""
    twins = _signatures(ledger, known)
    newest = {_whose(receipt): receipt for receipt in in_order(known.values())}
    stored = dict(known)
    for arrival in sorted(arrivals, key=lambda a: arrival_order(a.receipt)):
        settled = _recognise_twin(arrival, twins, newest)
        if settled.receipt.status != "duplicate":
            newest[_whose(settled.receipt)] = settled.receipt
        reached("receive.before_receipt")
        if settled.receipt.receipt_id not in known:
            ledger.add_receipt(settled.receipt, list(settled.documents))
        elif settled.receipt.status != "unopened":
            ledger.open_receipt(settled.receipt, list(settled.documents))
        stored[settled.receipt.receipt_id] = settled.receipt
    return stored


def _recognise_twin(arrival: Arrival, twins: dict[str, Receipt], newest: dict[tuple[str, str], Receipt]) -> Arrival:
    """Mark a message whose text and files are all those of the submitter's newest one, or one that came twice.

    Where another message came between the two, it may have replaced the first: then this one may take that back, and
    whoever settles the versions (flows/read/versions.py) decides.
    """
    receipt = arrival.receipt
    if receipt.status not in ("received", "late") or not arrival.documents:
        return arrival
    twin = twins.setdefault(_signature(receipt, arrival.documents), receipt)
    is_same_message = bool(receipt.message_id) and receipt.message_id == twin.message_id
    last = newest.get(_whose(receipt), twin)
    if twin.receipt_id == receipt.receipt_id or not (is_same_message or last.receipt_id == twin.receipt_id):
        return arrival
    reason = f"Trùng hoàn toàn với {twin.message}: cùng nội dung thư và cùng tệp đính kèm."
    return replace(arrival, receipt=replace(receipt, status="duplicate", problem="exact_duplicate", reason_vi=reason))


def _whose(receipt: Receipt) -> tuple[str, str]:
    return receipt.period, receipt.submitter_id


def _signatures(ledger: LedgerStore, known: dict[str, Receipt]) -> dict[str, Receipt]:
    """Return the receipts by what they hold; of twins the one that was there first.

    What waits for a person, or was decided by one, is nobody's twin: it would hide the same figures once proved.
    """
    held: dict[str, list[Document]] = {}
    for document in ledger.documents() if known else []:
        held.setdefault(document.receipt_id, []).append(document)
    counted = [r for r in known.values() if r.status != "quarantined" and not r.decision_id]
    return {_signature(r, held.get(r.receipt_id, [])): r for r in reversed(counted)}


def _signature(receipt: Receipt, documents: Iterable[Document]) -> str:
    """Return what a message holds. A part that was cut or not opened is not the same as one that is whole."""
    own = sorted(f"{d.problem} {d.problem_vi} {d.sha256 or f'{d.file} {d.size}'}" for d in documents)
    return "|".join([receipt.period, receipt.submitter_id, *own])


def _about_known(found: Found, receipt: Receipt | None, period: str, seen_at: str) -> list[Sighting]:
    """Say of a file what does not stand in the month's receipts: it is there under another name or in another month."""
    if receipt is None:
        return []
    said = []
    if receipt.message != found.name:
        said.append(("exact_duplicate", f"Trùng từng byte với {receipt.message} đã nhận; chỉ tính một lần."))
    if receipt.period != period:
        said.append((
            "filed_under_other_month",
            f"Thư này nói về tháng {receipt.period[5:]}/{receipt.period[:4]} nên được ghi vào kỳ {receipt.period}, "
            f"không vào kỳ {period}; chạy lại “tonghop month {receipt.period}” để dùng.",
        ))
    return [_sighting(found, receipt, period, seen_at, *one) for one in said]


def _sighting(found: Found, receipt: Receipt, period: str, seen_at: str, kind: str, sentence: str) -> Sighting:
    key = hashlib.sha256(f"{period}|{found.name}|{receipt.receipt_id}|{kind}".encode()).hexdigest()
    where = period, found.name, receipt.receipt_id, receipt.submitter_id
    return Sighting(f"S{key[:16]}", *where, kind, sentence, seen_at)


def _empty(folder: Path, period: str) -> EmptyInboxError:
    return EmptyInboxError(
        f"Hộp thư đến {folder} của tháng {period} không có thư hay tệp nào.",
        f"The inbox {folder} of {period} is empty.",
        place=str(folder),
        remedy_vi="Chép thư (.eml) hoặc tệp báo cáo vào thư mục đó rồi chạy lại.",
    )


