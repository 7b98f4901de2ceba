"""A file that somebody names on the command line: whole in memory, or a sentence."""

from __future__ import annotations

from pathlib import Path

from infra.errors import SubmissionError
from infra.files import read_file


def given_file(path: Path) -> bytes:
    """Return the bytes of a file; a device, a pipe or a folder is none, and is not opened to its end.

    Raises:
        SubmissionError: There is no such file, or it cannot be read.
    """
    try:
        data = read_file(path)
    except OSError as error:
        raise _cannot_read(path, error.strerror or "") from error
    if data is None:
        raise _cannot_read(path, "there is no regular file")
    return data


def _cannot_read(path: Path, reason: str) -> SubmissionError:
    return SubmissionError(
        f"Không đọc được tệp {path}.", f"The file {path} cannot be read: {reason}.", place=str(path),
        remedy_vi="Kiểm tra tên tệp và quyền đọc; thư mục, ống dẫn và thiết bị thì không đọc.",
    )
