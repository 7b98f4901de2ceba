"""The audit chain: each link holds the hash of the one before, so a change anywhere shows everywhere after.

Cutting off the newest links leaves a sound chain; therefore its head is also noted outside the ledger
(`infra/anchors.py`), where bytes are written once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.errors import OperationError
from infra.ledger_records import AuditEntry

LINKS_ALONE = "anchors/"             # subjects that are no records: the link says all
DONE_WITHOUT = "anchor_done_without"


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
    said = {entry.subject: entry.detail for entry in entries if not entry.subject.startswith(LINKS_ALONE)}
    for subject in sorted(said.keys() | records.keys()):
        if said.get(subject) != records.get(subject):
            return _fault(f"bản ghi {subject} không khớp nhật ký", f"{subject} is not what the chain says")
    return None


def find_cut(entries: Iterable[AuditEntry], anchors: Iterable[tuple[int, str]]) -> OperationError | None:
    """Return the first head noted outside that the chain neither contains nor has been told to do without."""
    hashes = {entry.seq: entry.hash for entry in entries}
    done_without = {entry.subject for entry in entries if entry.action == DONE_WITHOUT}
    for seq, digest in sorted(anchors):
        if hashes.get(seq) != digest and anchor_subject(seq, digest) not in done_without:
            return OperationError(
                f"Sổ cái cũ hơn hoặc khác bản đã được chứng kiến: mục {seq} ({digest[:16]}…) đã lưu ngoài sổ cái nay"
                " không còn. Không gửi gì, vì thư có thể đã gửi rồi.",
                f"The ledger is older or another than what was witnessed: link {seq} ({digest[:16]}…) is noted outside"
                " the ledger but is gone. Nothing is sent, for it may have been sent before.",
                remedy_vi="Khôi phục bản sổ cái mới nhất. Nếu không còn: tonghop accept-ledger --by NGƯỜI --reason"
                " LÝ_DO; thư nào kho lưu trữ ghi nhận đã gửi sẽ chờ người xác nhận, không tự gửi lại.",
            )
    return None


def anchor_subject(seq: int, digest: str) -> str:
    """Return what a link is about that says that the chain goes on without a head noted outside."""
    return f"{LINKS_ALONE}{seq:09d}-{digest[:16]}"


def _digest(*parts: Any) -> str:
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _fault(vi: str, en: str) -> OperationError:
    return OperationError(
        f"Nhật ký của sổ cái không còn nguyên vẹn: {vi}.", f"The audit chain is not whole: {en}.",
        remedy_vi="Ngừng phát hành; giữ nguyên sổ cái để đối chiếu, rồi khôi phục từ bản sao lưu.",
    )
