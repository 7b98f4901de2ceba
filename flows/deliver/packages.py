"""Packages for lines without an address: a folder with the letter, the files and their hashes, to hand over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flows.records import Delivery, Edition, Output
from infra.errors import OperationError
from infra.files import create_file

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.settings import Settings

LETTER = "Thư gửi"
HASHES = "SHA256SUMS"


def write_package(
    settings: Settings, archive: Archive, edition: Edition, delivery: Delivery, outputs: Iterable[Output]
) -> Path:
    """Write what is missing of a delivery's package and return its folder.

    The letter's bytes stand in the archive under `delivery.message_sha256`.

    Raises:
        OperationError: The folder cannot be written.
    """
    folder = settings.handover_folder / edition.period / f"edition-{edition.number}" / delivery.recipient_id
    files = {Path(output.name).name: output.sha256 for output in outputs}
    hashes = "".join(f"{sha256}  {name}\n" for name, sha256 in files.items())
    letter = f"{LETTER}.eml" if delivery.message_id else f"{LETTER}.txt"
    try:
        for name, sha256 in files.items():
            create_file(folder / name, archive.get(sha256))
        create_file(folder / letter, archive.get(delivery.message_sha256))
        create_file(folder / HASHES, hashes.encode())
    except OSError as error:
        raise OperationError(
            "Không ghi được gói tài liệu bàn giao.", f"The hand-over package cannot be written: {error.strerror}.",
            place=str(folder), remedy_vi="Kiểm tra quyền ghi và dung lượng trống.",
        ) from error
    return folder
