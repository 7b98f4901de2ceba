"""The audit chain: each link holds the hash of the one before, so a change anywhere shows everywhere after.

Cutting off the newest links leaves a sound chain; therefore its head is also noted outside the ledger
(`infra/anchors.py`), where bytes are written once.

Whoever can write the whole database could write the whole chain anew. With a key (`TONGHOP_AUDIT_KEY`, a file that the
database's administrators cannot read) the hashes are HMACs, and they cannot. Whoever can read the key still can: the
key keeps out the database's side, not the account that runs us; against that one stand the heads noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.errors import OperationError
from infra.ledger_records import AuditEntry

ANCHORS = "anchors/"
APPROVALS = "approvals/"
LINKS_ALONE = (ANCHORS, APPROVALS)   # subjects that are no records: the link says all
DONE_WITHOUT = "anchor_done_without"
KEY_BEGUN = "key_begun"
KEYED = "hmac-"                      # begins the hash of a link made with the key
KEY_BYTES = 32


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value of texts and whole numbers: keys sorted, no spaces (RFC 8785)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_keyed(digest: str) -> bool:
    """Return whether a link's hash was made with the key."""
    return digest.startswith(KEYED)


def read_key(path: str) -> bytes | None:
    """Return the key in a file of 64 hexadecimal digits; None for no path.

    Raises:
        OperationError: It cannot be read, others can read it, or it is no key.
    """
    if not path:
        return None
    try:
        if Path(path).stat().st_mode & 0o077:
            raise _key_error(path, "tài khoản khác đọc được", "other accounts can read it")
        key = bytes.fromhex(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise _key_error(path, "không đọc được", str(error)) from error
    if len(key) < KEY_BYTES:
        raise _key_error(path, f"ngắn hơn {2 * KEY_BYTES} chữ số", f"shorter than {2 * KEY_BYTES} digits")
    return key


def next_entry(
    seq: int, prev_hash: str, at: str, actor: str, action: str, subject: str, detail: Mapping[str, Any],
    key: bytes | None = None,
) -> AuditEntry:
    """Return the link after number `seq`, whose hash is `prev_hash` (0 and "" before the first)."""
    text = canonical_json(detail)
    digest = _digest(key, seq + 1, prev_hash, at, actor, action, subject, text)
    return AuditEntry(seq + 1, at, actor, action, subject, text, prev_hash, digest)


def find_broken_link(
    entries: Iterable[AuditEntry], key: bytes | None = None, may_be_unkeyed: bool = False
) -> OperationError | None:
    """Return what is wrong with the first link that is missing, moved or changed; None for a whole chain.

    Once a link is keyed every later one must be; the first of them begins the chain or is a person's word;
    where there is a key the last one must be keyed, unless otherwise is allowed. Else a whole chain could be written
    anew without the key.
    """
    seq, prev_hash = 0, ""
    for entry in entries:
        if is_keyed(entry.hash) and key is None:
            return key_missing()
        own = key if is_keyed(entry.hash) or is_keyed(prev_hash) else None
        said = (entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        digest = _digest(own, entry.seq, entry.prev_hash, *said)
        begins = bool(own and seq and not is_keyed(prev_hash))
        if (entry.seq, entry.prev_hash, entry.hash) != (seq + 1, prev_hash, digest) or (
            begins and entry.action != KEY_BEGUN
        ):
            return _fault(f"mục {entry.seq} bị sửa, chèn hoặc có mục trước đó bị xóa",
                          f"link {entry.seq} was changed or put in, or a link before it was removed")
        seq, prev_hash = entry.seq, entry.hash
    if key and seq and not is_keyed(prev_hash) and not may_be_unkeyed:
        return key_not_begun()
    return None


def key_not_begun() -> OperationError:
    """Return the error of a chain whose last link is without the key that there is."""
    return OperationError(
        "Có khóa nhật ký (TONGHOP_AUDIT_KEY) nhưng mục cuối không mang khóa: khóa vừa đặt, hoặc nhật ký bị thay.",
        "There is a key (TONGHOP_AUDIT_KEY), and the last link is without: it is new, or the chain was replaced.",
        remedy_vi="Nếu vừa đặt khóa: tonghop accept-ledger --by NGƯỜI --reason LÝ_DO. Nếu không: ngừng phát hành.",
    )


def key_missing() -> OperationError:
    """Return the error of one who has a keyed chain and not its key."""
    return OperationError(
        "Nhật ký mang khóa mà không có khóa để ghi hay kiểm tra.",
        "The audit chain is keyed and there is no key for it.",
        remedy_vi="Đặt TONGHOP_AUDIT_KEY là tệp khóa đã dùng.",
    )


def _key_error(path: str, vi: str, en: str) -> OperationError:
    return OperationError(
        f"Tệp khóa nhật ký {vi}.", f"The key file of the audit chain cannot be used: {en}.", place=path,
        remedy_vi="Tạo khóa: umask 077; openssl rand -hex 32 > TỆP; giữ bản sao ở nơi khác.",
    )


def find_changed_record(entries: Iterable[AuditEntry], records: Mapping[str, str]) -> OperationError | None:
    """Return the first record that is not as its last link says; `records` gives each subject's JSON now."""
    said = {entry.subject: entry.detail for entry in entries if not entry.subject.startswith(LINKS_ALONE)}
    for subject in sorted(said.keys() | records.keys()):
        if said.get(subject) != records.get(subject):
            return _fault(f"bản ghi {subject} không khớp nhật ký", f"{subject} is not what the chain says")
    return None


def find_moved_record(entries: Iterable[AuditEntry], places: Mapping[str, int]) -> OperationError | None:
    """Return the first record that is not where its first link stands; `places` gives each subject's number now.

    The number is the order of events: which of two decisions is the later one.
    """
    begun: dict[str, int] = {}
    for entry in entries:
        begun.setdefault(entry.subject, entry.seq)
    moved = next((subject for subject in sorted(places) if begun.get(subject) != places[subject]), "")
    if not moved:
        return None
    return _fault(f"thứ tự của bản ghi {moved} không khớp nhật ký", f"{moved} is not where the chain has it")


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
    return f"{ANCHORS}{seq:09d}-{digest[:16]}"


def _digest(key: bytes | None, *parts: Any) -> str:
    text = canonical_json(parts).encode()
    return f"{KEYED}{hmac.new(key, text, hashlib.sha256).hexdigest()}" if key else hashlib.sha256(text).hexdigest()


def _fault(vi: str, en: str) -> OperationError:
    return OperationError(
        f"Nhật ký của sổ cái không còn nguyên vẹn: {vi}.", f"The audit chain is not whole: {en}.",
        remedy_vi="Ngừng phát hành; giữ nguyên sổ cái để đối chiếu, rồi khôi phục từ bản sao lưu.",
    )
