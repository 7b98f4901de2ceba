"""A lock that is a file: held by one process at a time, given back by the system when that process ends in any way."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from infra.errors import OperationError

LOOK_AGAIN = 0.1            # seconds


@contextlib.contextmanager
def held_lock(path: Path, wait_seconds: float, note: str = "") -> Iterator[bool]:
    """Give True while the lock is ours, False when another process had it for so long.

    `note` stands in the file meanwhile, after the number of our process, for whoever looks.

    Raises:
        OperationError: The file cannot be opened.
    """
    with _open(path) as lock:
        is_ours = _is_taken(lock, time.monotonic() + wait_seconds)
        if is_ours:
            with contextlib.suppress(OSError):       # a full disk: the lock holds, only its note is missing
                lock.seek(0)
                lock.truncate()
                lock.write(f"{os.getpid()} {note}".strip().encode())
        yield is_ours


def holder(path: Path) -> str:
    """Return what the holder of a lock noted in it, "" when nobody holds it."""
    if not path.exists():
        return ""
    with _open(path) as lock:
        if _is_taken(lock, 0):
            return ""
        lock.seek(0)
        return lock.read(1000).decode("utf-8", "replace") or "?"


def _is_taken(lock: IO[bytes], deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_AGAIN)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("a+b", buffering=0)
    except OSError as error:
        raise OperationError(
            "Không mở được tệp khóa của thư mục dữ liệu.",
            f"The home's lock file cannot be opened: {error.strerror}.",
            place=str(path),
            remedy_vi="Cấp quyền ghi vào tệp đó, hoặc dọn bớt chỗ trên ổ đĩa.",
        ) from error
