"""What the machine refuses, told in words: no room on the disk, no right to write, no more files or processes.

Anything that writes may meet it: Python, DuckDB, SQLite, a library in a child. So it is recognised once, where a
run or a command ends, by the number of the error or, from libraries that pass only its text, by that text.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.errors import OperationError, TonghopError

LEAST_ROOM = 1_000_000            # bytes
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
NO_MORE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
BROKEN = (errno.EIO, errno.ESTALE, errno.ENODEV)
SENTENCES = {
    NO_ROOM: ("Hết chỗ trên ổ đĩa", "There is no room left on the disk",
              "Dọn bớt chỗ rồi chạy lại; những gì đã ghi xong vẫn còn."),
    NO_RIGHT: ("Không có quyền ghi", "There is no right to write",
               "Cấp quyền ghi cho tài khoản chạy tonghop rồi chạy lại."),
    NO_MORE: ("Máy hết bộ nhớ, tệp mở hoặc tiến trình", "The machine has no more memory, files or processes",
              "Dừng bớt chương trình khác hoặc tăng giới hạn (ulimit) rồi chạy lại."),
    BROKEN: ("Ổ đĩa không trả lời", "The disk does not answer", "Kiểm tra ổ đĩa rồi chạy lại."),
}
TEXTS = {"database or disk is full": errno.ENOSPC} | {
    os.strerror(number): number for number in (*NO_ROOM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
}


def machine_fault(error: BaseException | None, place: Path | str) -> OperationError | None:
    """Return what the machine refused, looking also at what caused an error; None when it was something else.

    Args:
        error: What was raised.
        place: Where it was about to write, for an error that does not say.
    """
    first = error
    while error is not None:
        if number := _number(error):
            return _told(number, str(getattr(error, "filename", None) or place), str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    # Prefect's server answers only "internal error"; a full disk is then the likeliest reason, and true in any case.
    return _told(errno.ENOSPC, str(place), str(first)) if is_full(place) else None


def is_full(place: Path | str) -> bool:
    """Return whether the disk of a folder has no room for even a small file."""
    return not has_room(place, LEAST_ROOM)


def has_room(place: Path | str, size: int) -> bool:
    """Return whether the disk of a folder has room for `size` bytes; one that cannot be asked is not called full."""
    try:
        return shutil.disk_usage(place).free >= size
    except OSError:
        return True


def full_disk(place: Path | str, text: str) -> OperationError:
    """Return that the disk is full, with the words of whoever met it."""
    return _told(errno.ENOSPC, str(place), text)


@contextlib.contextmanager
def told_in_words(place: Path | str) -> Iterator[None]:
    """Raise what the machine refused as an `OperationError`; let everything else pass as it is."""
    try:
        yield
    except TonghopError:
        raise
    except Exception as error:
        if fault := machine_fault(error, place):
            raise fault from error
        raise


def text_fault(text: str, place: Path | str) -> OperationError | None:
    """Return what the machine refused according to a library's message; None when it was something else."""
    number = next((number for words, number in TEXTS.items() if words in text), 0)
    return _told(number, str(place), text) if number else None


def _number(error: BaseException) -> int:
    if isinstance(error, OSError) and error.errno:
        return error.errno if any(error.errno in kind for kind in SENTENCES) else 0
    if isinstance(error, TonghopError):
        return 0                  # it is told already
    return next((number for words, number in TEXTS.items() if words in str(error)), 0)


def _told(number: int, place: str, text: str) -> OperationError:
    what_vi, what_en, remedy = next(words for kind, words in SENTENCES.items() if number in kind)
    return OperationError(f"{what_vi}: {place}.", f"{what_en}: {text[:300]}", place=place, remedy_vi=remedy)
