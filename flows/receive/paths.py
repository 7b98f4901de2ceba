"""The paths of an inbox folder: each is a file to receive or comes with the reason why not; none is passed over."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from flows.mail.headers import decode_bytes
from infra.clean_text import clean_line
from infra.errors import OperationError, SubmissionError

PIECE = 1 << 20


class EmptyInboxError(SubmissionError):
    """There is no message and no file to receive."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that was not received: its name as shown, the kind of finding and the sentence."""

    name: str
    kind: str
    sentence_vi: str


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the inbox: `name` is its path within the folder, NFC, as records show it."""

    path: Path
    name: str

    @property
    def is_message(self) -> bool:
        return self.name.lower().endswith(".eml")

    @property
    def account(self) -> str:
        """The sub-folder a file lies in: the upload folder of a submitter."""
        return self.name.split("/")[0] if "/" in self.name else ""


def list_inbox(folder: Path) -> tuple[list[Found], list[Skipped]]:
    """Return the files below a folder, by name, and what else lies there with the reason why it is not received.

    Raises:
        EmptyInboxError: The folder is not there.
        OperationError: The folder itself cannot be read.
    """
    if not folder.is_dir():
        raise EmptyInboxError(
            f"Không có thư mục hộp thư đến {folder}.",
            f"The inbox folder {folder} does not exist.",
            place=str(folder),
            remedy_vi="Tạo thư mục đó hoặc chỉ thư mục khác bằng --inbox.",
        )
    found: list[Found] = []
    skipped: list[Skipped] = []
    _walk(folder, folder, found, skipped)
    return sorted(found, key=lambda f: f.name), sorted(skipped, key=lambda s: s.name)


def _walk(folder: Path, root: Path, found: list[Found], skipped: list[Skipped]) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if folder == root:
            raise _unreadable(folder, error) from error
        sentence = f"Không mở được thư mục con này ({error.strerror}); các tệp trong đó chưa được nhận."
        skipped.append(Skipped(_shown(folder, root), "unreadable_path", sentence))
        return
    for entry in entries:
        path = Path(entry.path)
        reason = _why_not(entry)
        if reason:
            skipped.append(Skipped(_shown(path, root), *reason))
        elif entry.is_dir(follow_symlinks=False):
            _walk(path, root, found, skipped)
        else:
            found.append(Found(path, _shown(path, root)))


def _why_not(entry: os.DirEntry[str]) -> tuple[str, str] | None:
    if entry.is_symlink():
        return "unreadable_path", "Đây là liên kết tới nơi khác (symbolic link) nên không đi theo; chép chính tệp vào."
    if entry.name.startswith("~$"):
        return "skipped_part", "Tệp khóa tạm của Word/Excel, không phải báo cáo; không nhận."
    if entry.name.startswith("."):
        return "skipped_part", "Tệp hoặc thư mục ẩn (tên bắt đầu bằng dấu chấm); không nhận."
    if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
        return "unreadable_path", "Không phải tệp thường (ống dẫn, ổ cắm hoặc thiết bị); không mở."
    return None


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading; one that has become a link or something else meanwhile is not opened.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "no regular file")
    return os.fdopen(descriptor, "rb")


def sha256_of(stream: BufferedReader) -> str:
    """Return the SHA-256 of what follows in a stream, read in pieces."""
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _shown(path: Path, root: Path) -> str:
    raw = os.fsencode(path.relative_to(root))
    return clean_line(unicodedata.normalize("NFC", decode_bytes(raw, None))) or "(không tên)"


def _unreadable(path: Path, error: OSError) -> OperationError:
    return OperationError(
        f"Không đọc được {path}.",
        f"{path} cannot be read: {error.strerror}.",
        place=str(path),
        remedy_vi="Kiểm tra quyền đọc của thư mục hộp thư đến.",
    )
