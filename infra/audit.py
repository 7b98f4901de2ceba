"""The audit chain: each link holds the hash of the one before, so a change anywhere shows everywhere after.

Cutting off the newest links leaves a sound chain; therefore its head is also noted outside the ledger
(`anchor_head`), where bytes are written once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from infra.errors import OperationError
from infra.ledger_records import AuditEntry

if TYPE_CHECKING:
    from infra.archive import Archive

ANCHORS = "audit/"


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value of texts and whole numbers: keys sorted, no spaces (RFC 8785)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def next_entry(
    seq: int, prev_hash: str, at: str, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> AuditEntry:
    """Return the link after number `seq`, whose hash is `prev_hash` (0 and "" before the first)."""
    text = canonical_json(detail)
    digest = _digest(seq + 1, prev_hash, at, actor, action, subject, text)
    return AuditEntry(seq + 1, at, actor, action, subject, text, prev_hash, digest)


def find_broken_link(entries: Iterable[AuditEntry]) -> OperationError | None:
    """Return what is wrong with the first link that is missing, moved or changed; None for a whole chain."""
    seq, prev_hash = 0, ""
    for entry in entries:
        digest = _digest(entry.seq, entry.prev_hash, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        if (entry.seq, entry.prev_hash, entry.hash) != (seq + 1, prev_hash, digest):
            return _fault(f"mục {entry.seq} bị sửa, chèn hoặc có mục trước đó bị xóa",
                          f"link {entry.seq} was changed or put in, or a link before it was removed")
        seq, prev_hash = entry.seq, entry.hash
    return None


def find_changed_record(entries: Iterable[AuditEntry], records: Mapping[str, str]) -> OperationError | None:
    """Return the first record that is not as its last link says; `records` gives each subject's JSON now."""
    said = {entry.subject: entry.detail for entry in entries}
    for subject in sorted(said.keys() | records.keys()):
        if said.get(subject) != records.get(subject):
            return _fault(f"bản ghi {subject} không khớp nhật ký", f"{subject} is not what the chain says")
    return None


def find_cut(entries: list[AuditEntry], anchors: Mapping[int, str]) -> OperationError | None:
    """Return the first head noted outside that the chain does not contain."""
    hashes = {entry.seq: entry.hash for entry in entries}
    for seq in sorted(anchors):
        if hashes.get(seq) != anchors[seq]:
            return _fault(f"mục {seq} đã được lưu ngoài sổ cái nhưng nay không còn hoặc đã khác",
                          f"link {seq} is noted outside the ledger but is gone or another now")
    return None


def anchor_head(archive: Archive, head: tuple[int, str]) -> None:
    """Note a chain's head (number and hash of its last link) in the archive, where it cannot be changed."""
    seq, digest = head
    if seq:
        archive.put_named(f"{ANCHORS}{seq:09d}", digest.encode())


def read_anchors(archive: Archive) -> dict[int, str]:
    """Return every head noted in the archive."""
    return {int(key.removeprefix(ANCHORS)): archive.get_named(key).decode() for key in archive.list(ANCHORS)}


def _digest(*parts: Any) -> str:
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _fault(vi: str, en: str) -> OperationError:
    return OperationError(
        f"Nhật ký của sổ cái không còn nguyên vẹn: {vi}.", f"The audit chain is not whole: {en}.",
        remedy_vi="Ngừng phát hành; giữ nguyên sổ cái để đối chiếu, rồi khôi phục từ bản sao lưu.",
    )
