"""Packages for lines without an address: a folder with the letter, the files and their hashes, to hand over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flows.records import Delivery, Edition, Output
from infra.errors import OperationError
from infra.files import WRITTEN_ONCE, replace_files

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.settings import Settings

LETTER = "Thư gửi"
HASHES = "SHA256SUMS"


def write_package(
    settings: Settings, archive: Archive, edition: Edition, delivery: Delivery, outputs: Iterable[Output]
) -> Path:
    """Write a delivery's package as the ledger has it and return its folder.

    The letter's bytes stand in the archive under `delivery.message_sha256`. What stands there and differs is replaced:
    a package of an edition that a restored ledger forgot, whose bytes the archive still has, or one that was edited.

    Raises:
        OperationError: The folder cannot be written.
    """
    folder = package_folder(settings, edition, delivery)
    outputs = tuple(outputs)
    try:
        names = package_files(delivery, outputs).items()
        files = {folder / name: archive.get(sha256) for name, sha256 in names if name != HASHES}
        replace_files(files | {folder / HASHES: _hash_list(outputs)}, WRITTEN_ONCE)
    except OSError as error:
        raise OperationError(
            "Không ghi được gói tài liệu bàn giao.", f"The hand-over package cannot be written: {error.strerror}.",
            place=str(folder), remedy_vi="Kiểm tra quyền ghi và dung lượng trống.",
        ) from error
    return folder


def package_folder(settings: Settings, edition: Edition, delivery: Delivery) -> Path:
    """Return the folder of a delivery's package; it need not be there."""
    return settings.handover_folder / edition.period / f"edition-{edition.number}" / delivery.recipient_id


def package_files(delivery: Delivery, outputs: Iterable[Output]) -> dict[str, str]:
    """Return everything that a package holds, name → SHA-256: the files, the letter, the list of hashes."""
    outputs = tuple(outputs)
    letter = f"{LETTER}.eml" if delivery.message_id else f"{LETTER}.txt"
    files = {Path(output.name).name: output.sha256 for output in outputs}
    return files | {letter: delivery.message_sha256, HASHES: hashlib.sha256(_hash_list(outputs)).hexdigest()}


def _hash_list(outputs: Iterable[Output]) -> bytes:
    return "".join(f"{output.sha256}  {Path(output.name).name}\n" for output in outputs).encode()
