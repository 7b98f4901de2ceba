"""The keys of an installation: random, made once, for the account that runs us alone.

They stand in `<home>/keys` unless `TONGHOP_KEYS` names another folder. What a key is for, and against whom it helps,
is said where it is used: whoever can read a key can do what it proves.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from infra.errors import OperationError
from infra.files import create_file

KEY_BYTES = 32


def read_key(folder: Path, name: str) -> bytes:
    """Return the key of that name, made when it is first asked for.

    Raises:
        OperationError: The key cannot be read or made, or is no key.
    """
    path = folder / f"{name}.key"
    try:
        if not path.exists():
            create_file(path, secrets.token_hex(KEY_BYTES).encode("ascii"))
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error)) from error
    if len(key) != KEY_BYTES:
        raise _unusable(path, f"{len(key)} bytes where {KEY_BYTES} are expected")
    return key


def _unusable(path: Path, detail: str) -> OperationError:
    return OperationError(
        "Không dùng được tệp khóa của hệ thống.", f"The key file cannot be used: {detail}.", place=str(path),
        remedy_vi="Cấp quyền đọc tệp đó; nếu tệp hỏng thì xóa đi rồi chạy lại, mọi thứ dẫn xuất sẽ được làm lại.",
    )
