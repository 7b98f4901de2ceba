"""Heads of the audit chain noted outside the ledger: in the archive, and in a folder of its own (`TONGHOP_ANCHOR`).

A ledger that was restored from an older backup, or cut, is sound in itself; only what was noted elsewhere shows that
it forgot. So the heads are compared before anything is sent. A folder on another machine also shows it when archive
and ledger are restored together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.errors import OperationError
from infra.files import create_file

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.settings import Settings

HEADS = "audit/"                                       # key in the archive; an old one has no part of the hash
_NAME = re.compile(r"(\d+)(?:-[0-9a-z]+)?")
Head = tuple[int, str]                                  # number and hash of the last link


def note_head(settings: Settings, archive: Archive, ledger: Ledger) -> None:
    """Note the chain's head in every place, where it cannot be changed.

    Raises:
        OperationError: A place cannot be written.
    """
    seq, digest = ledger.audit_head()
    if not seq:
        return
    name = f"{seq:09d}-{re.sub('[^0-9a-z]', '', digest)[-16:]}"
    archive.put_named(f"{HEADS}{name}", digest.encode())
    if settings.anchor_folder:
        try:
            create_file(Path(settings.anchor_folder) / name, digest.encode())
        except OSError as error:
            raise _folder_error(settings, error) from error


def read_heads(settings: Settings, archive: Archive) -> list[Head]:
    """Return every head noted anywhere, oldest first.

    Raises:
        OperationError: A place cannot be read, or the folder has none of the heads that were noted: it is not the
            one, or not there, and a ledger that forgot could not be told from one that did not.
    """
    noted = _in_archive(archive)
    elsewhere = _in_folder(settings)
    if settings.anchor_folder and noted and not elsewhere:
        raise _folder_empty(settings)
    return _as_heads([*noted, *elsewhere])


def require_known_heads(settings: Settings, archive: Archive, ledger: Ledger) -> None:
    """Refuse to go on with a ledger that is not whole, or that does not know a head it once had.

    Raises:
        OperationError: With the way out.
    """
    ledger.verify_audit(read_heads(settings, archive))


def accept_ledger(settings: Settings, person: str, reason: str) -> int:
    """Go on with a ledger that forgot heads it once had, on a person's word; return how many.

    The head from which it goes on is noted everywhere, also in a folder for heads that is new.

    Raises:
        OperationError: It is not whole in itself, or the person is no steward of people.csv.
    """
    from infra.archive import open_archive
    from infra.ledger import open_ledger
    from infra.people import deciding_person

    archive, ledger = open_archive(settings), open_ledger(settings)
    ledger.verify_audit(may_be_unkeyed=True)
    person = deciding_person(person, settings.now().date().isoformat())
    heads = _as_heads([*_in_archive(archive), *_in_folder(settings)])
    forgotten = ledger.go_on_without(heads, person, reason)
    note_head(settings, archive, ledger)
    return forgotten


def _in_archive(archive: Archive) -> list[tuple[str, bytes]]:
    return [(key.removeprefix(HEADS), archive.get_named(key)) for key in archive.list(HEADS)]


def _in_folder(settings: Settings) -> list[tuple[str, bytes]]:
    if not settings.anchor_folder:
        return []
    folder = Path(settings.anchor_folder)
    try:
        return [(path.name, path.read_bytes()) for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError as error:
        raise _folder_error(settings, error) from error


def _as_heads(noted: Iterable[tuple[str, bytes]]) -> list[Head]:
    found = ((_NAME.fullmatch(name), data) for name, data in noted)
    return sorted({(int(match[1]), data.decode("utf-8", "replace")) for match, data in found if match})


def _folder_error(settings: Settings, error: OSError) -> OperationError:
    return OperationError(
        "Không đọc hoặc ghi được thư mục mốc của nhật ký (TONGHOP_ANCHOR).",
        f"The folder of the audit chain's heads (TONGHOP_ANCHOR) cannot be used: {error.strerror}.",
        place=settings.anchor_folder,
        remedy_vi="Kiểm tra ổ đã nối chưa, quyền ghi và chỗ trống; lần đầu thì tạo thư mục đó.",
    )


def _folder_empty(settings: Settings) -> OperationError:
    return OperationError(
        "Thư mục mốc của nhật ký (TONGHOP_ANCHOR) trống, dù kho lưu trữ đã ghi mốc: ổ chưa nối, hoặc thư mục mới đặt.",
        "The folder of the audit chain's heads (TONGHOP_ANCHOR) is empty, though the archive has some: not mounted, "
        "or new.",
        place=settings.anchor_folder,
        remedy_vi="Nối lại ổ đó. Nếu thư mục vừa mới đặt: tonghop accept-ledger --by NGƯỜI --reason LÝ_DO.",
    )
