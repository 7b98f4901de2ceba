"""Is everything there, and is it what it was? From the ledger to the archive and back, and over what was made of it.

A fault is something that cannot be made again, or that somebody might believe: a link of the chain, an archived byte,
a copy for people. What is made anew by the next run, or is merely unknown to the ledger (a killed run leaves such), is
only told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flows.deliver.message import outputs_for
from flows.deliver.packages import package_files, package_folder
from infra.anchors import HEADS, read_heads
from infra.archive import CONTENT, PROBE, content_key, open_archive
from infra.audit import DONE_WITHOUT
from infra.derived import changed_since, is_whole, load_derived
from infra.errors import OperationError
from infra.files import file_sha256
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings

if TYPE_CHECKING:
    from flows.records import Edition
    from infra.archive import Archive

SENDINGS = "sendings/"                                      # what a witness noted of the deliveries (flows/deliver)
DOCTOR = hashlib.sha256(b"tonghop doctor\n").hexdigest()    # what `tonghop doctor` writes and reads back
SHOWN = 20
LEFT_BEHIND = re.compile(r"(?:^|/)(?:~\$|\.|Thumbs\.db$|desktop\.ini$)")   # by programs that show or open files


@dataclass
class Verification:
    """What was found: how much was looked at, what is wrong, and what is only to be told."""

    entries: int = 0
    archived: int = 0
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def verify_stores(settings: Settings, printed: Iterable[tuple[int, str]] = ()) -> Verification:
    """Look at the audit chain, at every archived byte, and at every derived file.

    Args:
        settings: Say where they are.
        printed: Heads of the chain that a letter printed, number and hash; the chain must know them too.

    Raises:
        OperationError: A store cannot be reached.
    """
    archive, ledger = open_archive(settings), open_ledger(settings)
    found = Verification()
    try:
        found.entries = ledger.verify_audit([*read_heads(settings, archive), *printed])
    except OperationError as error:
        found.faults.append(str(error))
    if not found.entries and not found.faults:
        found.faults.append(f"{settings.home}: sổ cái trống; nhầm thư mục dữ liệu, hoặc sổ cái đã mất (the ledger is "
                            "empty: another home, or the ledger is lost)")
    found.faults += _lost_guards(ledger)
    _verify_archive(archive, ledger, found)
    found.faults += _unwitnessed(archive, ledger)
    unknown = [*_unknown_sendings(archive, ledger), *_unknown_folders(settings, ledger)]
    # A ledger that a person accepted although it forgot goes on without the lines that it does not know.
    is_accepted = any(entry.action == DONE_WITHOUT for entry in ledger.audit_entries())
    (found.notices if is_accepted else found.faults).extend(unknown)
    _verify_copies(settings, ledger, found)
    periods = sorted({receipt.period for receipt in ledger.receipts()})
    found.faults += _edited_pages(settings, periods)
    found.notices += _torn_files(settings, periods)
    return found


def _lost_guards(ledger: Ledger) -> list[str]:
    """Return which tables could have been changed by hand, and protect them again: told once, and kept no longer so."""
    lost = ledger.lost_guards()
    if not lost:
        return []
    try:
        ledger.put_guards_back()
        done = "đã đặt lại (put back now)"
    except OperationError as error:
        done = f"chưa đặt lại được (not put back): {error.message_en}"
    return [f"sổ cái, bảng {table}: có người đã gỡ khóa chống sửa, xóa (its write-once guard was taken away); {done}"
            for table in lost]


def _verify_archive(archive: Archive, ledger: Ledger, found: Verification) -> None:
    stored = {key: archive.sha256_of(key) for key in archive.list(CONTENT)}
    held = {sha256: actual for key, actual in stored.items() if key == _place_of(sha256 := key.rpartition("/")[2])}
    found.archived = len(held)
    known: set[str] = {DOCTOR}
    for what, sha256 in _expected(ledger):
        known.add(sha256)
        if sha256 not in held:
            found.faults.append(f"{what}: không còn trong kho lưu trữ (gone from the archive), {sha256}")
    damaged = (sha256 for sha256, actual in held.items() if sha256 != actual)
    found.faults += [f"{sha256}: đã bị thay đổi hoặc hư hỏng (is no longer what it was)" for sha256 in damaged]
    found.notices += [f"{sha256}: có trong kho lưu trữ, sổ cái không biết (unknown to the ledger)"
                      for sha256 in sorted(held.keys() - known)]
    found.notices += [f"{key}: không đúng chỗ trong kho lưu trữ (not where the archive keeps it)"
                      for key in stored if key != _place_of(key.rpartition("/")[2])]
    _verify_names(archive, ledger, found)


def _place_of(sha256: str) -> str:
    """Return the key under which bytes of this SHA-256 are looked for; "" for what is no SHA-256."""
    return content_key(sha256) if re.fullmatch("[0-9a-f]{64}", sha256) else ""


def _expected(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Yield everything that the ledger says the archive holds: what it is, and its SHA-256."""
    for receipt in ledger.receipts():
        yield f"thư · message {receipt.message} ({receipt.period})", receipt.sha256
    for document in ledger.documents():
        if document.sha256:
            yield f"tài liệu · document {document.message} {document.file}", document.sha256
    for edition in ledger.editions():
        for output in edition.outputs:
            yield f"ấn bản · edition {edition.edition_id} {output.name}", output.sha256
        yield f"ấn bản · edition {edition.edition_id} manifest", edition.manifest_sha256
    for delivery in ledger.deliveries():
        if delivery.message_sha256:
            yield f"thư gửi · sent message {delivery.delivery_id}", delivery.message_sha256


def _verify_names(archive: Archive, ledger: Ledger, found: Verification) -> None:
    """Look at what has a name: each edition's manifest, and what has no business there."""
    manifests = {e.manifest_key: e.manifest_sha256 for e in ledger.editions()}
    for key, sha256 in manifests.items():
        if archive.sha256_of(key) != sha256:
            found.faults.append(f"{key}: thiếu hoặc khác sổ cái (missing, or not what the ledger says)")
    ours = (CONTENT, HEADS, SENDINGS)
    odd = [key for key in archive.list() if not key.startswith(ours) and key not in manifests and key != PROBE]
    found.notices += [f"{key}: có trong kho lưu trữ, sổ cái không biết (unknown to the ledger)" for key in odd]


def _unwitnessed(archive: Archive, ledger: Ledger) -> Iterator[str]:
    """Yield what the ledger says went out and the archive did not see."""
    seen = _witnessed(archive)
    for delivery in ledger.deliveries():
        if delivery.state == "accepted" and delivery.claim and delivery.delivery_id not in seen:
            yield f"{delivery.delivery_id}: chứng tích gửi không còn trong kho lưu trữ (its witness is gone)"


def _unknown_sendings(archive: Archive, ledger: Ledger) -> list[str]:
    unknown = _witnessed(archive) - {delivery.delivery_id for delivery in ledger.deliveries()}
    return [f"{delivery_id}: đã gửi đi mà sổ cái không biết (went out, and the ledger does not know of it)"
            for delivery_id in sorted(unknown)]


def _witnessed(archive: Archive) -> set[str]:
    """Return the deliveries of which the archive saw a try that may have arrived."""
    return {key.removeprefix(SENDINGS).partition("/")[0] for key in archive.list(SENDINGS)}


def _verify_copies(settings: Settings, ledger: Ledger, found: Verification) -> None:
    """Look at the copies for people and the packages to hand over: each is what was published, and nothing else."""
    published = {edition.edition_id: edition for edition in ledger.editions()}
    for edition in published.values():
        files = {output.name: output.sha256 for output in edition.outputs}
        _compare(_copies_folder(settings, edition), files, found, is_made_anew=True)
    for delivery in ledger.deliveries():
        edition_of = published.get(delivery.edition_id)
        if edition_of and delivery.state in ("packaged", "filed"):
            outputs = outputs_for(edition_of, delivery.channel)
            folder = package_folder(settings, edition_of, delivery)
            is_elsewhere = bool(delivery.place) and Path(delivery.place) != folder
            _compare(folder, package_files(delivery, outputs), found, is_made_anew=is_elsewhere)


def _unknown_folders(settings: Settings, ledger: Ledger) -> Iterator[str]:
    """Yield the folders that people take files from and that belong to no edition or delivery of the ledger."""
    published = {edition.edition_id: edition for edition in ledger.editions()}
    copies = {_copies_folder(settings, edition) for edition in published.values()}
    packages = {package_folder(settings, published[delivery.edition_id], delivery)
                for delivery in ledger.deliveries() if delivery.edition_id in published}
    for folder in sorted(settings.outputs_folder.glob("*/*")):
        if folder not in copies:
            yield f"{folder}: sổ cái không có ấn bản này (the ledger knows no such edition)"
    for folder in sorted(settings.handover_folder.glob("*/*/*")):
        if folder not in packages:
            yield f"{folder}: sổ cái không có gói này (the ledger knows no such package)"


def _copies_folder(settings: Settings, edition: Edition) -> Path:
    return settings.outputs_folder / edition.period / f"edition-{edition.number}"


def _compare(folder: Path, files: dict[str, str], found: Verification, is_made_anew: bool) -> None:
    """Compare a folder that people take files from with what it must hold; all of it gone is only told.

    Args:
        folder: Here.
        files: What it must hold, name → SHA-256.
        found: Gets what is wrong.
        is_made_anew: A file that is not there is no loss: the next run writes it, or another machine made the folder
            whole and a run that was killed left a part of it here.
    """
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if not there:
        found.notices.append(f"{folder}: không còn tệp nào (all files are gone); bản gốc nằm trong kho lưu trữ; của ấn "
                             "bản mới nhất, lần chạy sau ghi lại (the next run writes those of the last edition again)")
        return
    for name, sha256 in files.items():
        if name not in there:
            (found.notices if is_made_anew else found.faults).append(f"{folder / name}: không còn (is gone)")
        elif file_sha256(folder / name) != sha256:
            found.faults.append(f"{folder / name}: không còn như đã phát hành (is no longer as published)")
    strange = (name for name in sorted(there - files.keys()) if not LEFT_BEHIND.search(name))
    found.faults += [f"{folder / name}: không phải tệp đã phát hành (was not published)" for name in strange]


def _edited_pages(settings: Settings, periods: Iterable[str]) -> Iterator[str]:
    """Yield the pages and answers that were edited after they were written: people believe what they read there."""
    from flows.reply.step import replies_listing
    from flows.steward_page import page_listing

    for period in periods:
        for path in (*changed_since(replies_listing(settings, period)), *changed_since(page_listing(settings, period))):
            yield f"{path}: đã bị sửa sau khi ghi (was edited); lần chạy sau sẽ ghi lại"


def _torn_files(settings: Settings, periods: Iterable[str]) -> Iterator[str]:
    """Yield the derived files that a run makes anew because they are not what was written."""
    from flows.check.findings import check_folder
    from flows.readings import find_month, month_file
    from infra.warehouse import current_check, find_current_build, is_intact, pointer_file

    for path in sorted(settings.readings_folder.rglob("*.json")):
        if path.parent != settings.readings_folder and load_derived(path) is None:
            yield f"{path}: sẽ được đọc lại (will be read anew)"
    for period in periods:
        if pointer_file(settings, period).is_file() and not find_current_build(settings, period):
            yield f"{pointer_file(settings, period)}: sẽ được ghi lại (will be written anew)"
        if month_file(settings, period).is_file() and find_month(settings, period) is None:
            yield f"{month_file(settings, period)}: sẽ được đọc lại (will be read anew)"
        build_id = find_current_build(settings, period)
        if build_id and not is_intact(settings, build_id):
            yield f"kho số liệu · warehouse {build_id} ({period}): sẽ được dựng lại (will be built anew)"
        check = current_check(settings, period) if build_id else ""
        if check and not is_whole(check_folder(settings, check)):
            yield f"kết quả kiểm tra · check {check} ({period}): sẽ được kiểm tra lại (will be checked anew)"
