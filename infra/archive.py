"""The archive: bytes as received and as published, written once, on a folder or any S3. Alone imports boto3.

Unnamed bytes stand under their SHA-256 ("sha256/ab/ab…"), so putting the same twice is the same as once.
Named bytes ("editions/2019-04/1/report.pdf") are written once too: other bytes under that name are refused.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from infra.errors import OperationError
from infra.files import PIECE, UNFINISHED, create_file, file_sha256

if TYPE_CHECKING:
    from infra.settings import Settings

CONTENT = "sha256/"
PROBE = "probe/conditional-writes"
RACE_RETRIES = 5
Result = TypeVar("Result")


def open_archive(settings: Settings) -> Archive:
    """Return the archive that `settings.archive_url` names: a folder, or s3://bucket/prefix.

    Raises:
        OperationError: The store cannot be reached, or would let written bytes be replaced.
    """
    if not settings.archive_url.startswith("s3://"):
        return FolderArchive(Path(settings.archive_url.removeprefix("file://")))
    archive = S3Archive(settings.archive_url, settings.s3_endpoint_url)
    archive.require_conditional_writes()
    return archive


def content_key(sha256: str) -> str:
    """Return the key under which bytes of this SHA-256 (64 hex digits) stand."""
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise _error(sha256, "không phải mã SHA-256", "is not a SHA-256")
    return f"{CONTENT}{sha256[:2]}/{sha256}"


class Archive(ABC):
    """Write-once bytes. Backends give four primitives; the promises are kept here, once for all of them."""

    def put(self, data: bytes) -> str:
        """Store `data` under its SHA-256, unless it is there already, and return the SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._write_once(content_key(sha256), data)
        return sha256

    def put_stream(self, sha256: str, stream: BufferedReader) -> None:
        """Store what is left in a seekable stream, too large for memory, under its SHA-256.

        Raises:
            OperationError: The stream has another SHA-256.
        """
        start = stream.tell()
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise _error(sha256, "không phải mã SHA-256 của tệp", "is not the SHA-256 of the file")
        stream.seek(start)
        self._create_from(content_key(sha256), stream)

    def get(self, sha256: str) -> bytes:
        """Return the bytes of this SHA-256, verified.

        Raises:
            OperationError: They are not there, or are no longer what was written.
        """
        key = content_key(sha256)
        data = self.get_named(key)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _error(key, "đã bị thay đổi hoặc hư hỏng", "no longer matches its SHA-256",
                         "Khôi phục tệp này từ bản sao lưu; không chạy tiếp trước khi khôi phục.")
        return data

    def put_named(self, key: str, data: bytes) -> None:
        """Store `data` under a name, once; the same bytes again are no fault.

        Raises:
            OperationError: Other bytes stand under that name.
        """
        if key.startswith(CONTENT):
            raise _error(key, "là vùng đặt tên theo SHA-256", "is reserved for content-addressed bytes")
        self._write_once(_clean_key(key), data)

    def get_named(self, key: str) -> bytes:
        """Return the bytes under a name.

        Raises:
            OperationError: Nothing stands under it.
        """
        data = self._read(_clean_key(key))
        if data is None:
            raise _error(key, "không có trong kho lưu trữ", "is not in the archive",
                         "Kiểm tra TONGHOP_ARCHIVE có trỏ đúng kho không.")
        return data

    def exists(self, key: str) -> bool:
        """Return whether something stands under a name, or under a SHA-256 (64 hex digits)."""
        if re.fullmatch("[0-9a-f]{64}", key):
            key = content_key(key)
        return self._has(_clean_key(key))

    def sha256_of(self, key: str) -> str:
        """Return the SHA-256 (hex) of what stands under a name, read in pieces; "" when nothing does."""
        return self._sha256(_clean_key(key))

    def list(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with `prefix`, sorted by code point."""
        prefix = unicodedata.normalize("NFC", prefix)
        return sorted(key for key in self._keys(prefix) if key.startswith(prefix) and key != PROBE)

    def _write_once(self, key: str, data: bytes) -> None:
        if not self._create(key, data) and self._read(key) != data:
            raise _error(key, "đã có nội dung khác trong kho lưu trữ; kho chỉ ghi một lần",
                         "already holds other bytes; the archive is write-once")

    @abstractmethod
    def _create(self, key: str, data: bytes) -> bool:
        """Write, atomically and durably; return False when the key is taken."""

    @abstractmethod
    def _create_from(self, key: str, stream: BinaryIO) -> bool:
        """Write as `_create` does, in pieces."""

    @abstractmethod
    def _read(self, key: str) -> bytes | None: ...

    @abstractmethod
    def _sha256(self, key: str) -> str: ...

    @abstractmethod
    def _has(self, key: str) -> bool: ...

    @abstractmethod
    def _keys(self, prefix: str) -> Iterable[str]: ...


class FolderArchive(Archive):
    """An archive in a folder; files are made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _create(self, key: str, data: bytes) -> bool:
        return self._ask(key, lambda path: create_file(path, data))

    def _create_from(self, key: str, stream: BinaryIO) -> bool:
        return self._ask(key, lambda path: create_file(path, stream))

    def _read(self, key: str) -> bytes | None:
        return self._ask(key, lambda path: path.read_bytes() if path.is_file() else None)

    def _sha256(self, key: str) -> str:
        return self._ask(key, file_sha256)

    def _has(self, key: str) -> bool:
        return self._ask(key, Path.is_file)

    def _keys(self, prefix: str) -> list[str]:
        parent = self.folder / prefix.rpartition("/")[0]
        files = (path for path in parent.rglob("*") if path.is_file() and path.suffix != UNFINISHED)
        return [path.relative_to(self.folder).as_posix() for path in files]

    def _ask(self, key: str, ask: Callable[[Path], Result]) -> Result:
        path = self.folder / key
        try:
            return ask(path)
        except OSError as error:
            raise OperationError(
                "Không đọc hoặc ghi được kho lưu trữ.",
                f"The archive folder cannot be read or written: {error.strerror}.",
                place=str(path),
                remedy_vi="Kiểm tra quyền ghi và dung lượng trống của thư mục kho lưu trữ.",
            ) from error


class S3Archive(Archive):
    """An archive on any S3 whose conditional writes work; a second writer of a key gets 412."""

    def __init__(self, url: str, endpoint_url: str = "") -> None:
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = _s3_client(endpoint_url)
        # Other servers than AWS know neither every checksum nor every header; there our own SHA-256 must do.
        self._checksum = {} if endpoint_url else {"ChecksumAlgorithm": "SHA256"}

    def require_conditional_writes(self) -> None:
        """Refuse a server that ignores If-None-Match, for it would let a later write replace an earlier one.

        One small object is written twice; from the second start on, its first refusal is proof enough.
        """
        if self._create(PROBE, b"write once") and self._create(PROBE, b"write once"):
            raise OperationError(
                "Máy chủ S3 không hỗ trợ ghi một lần (If-None-Match) nên không dùng làm kho lưu trữ được.",
                "The S3 server ignores If-None-Match, so it cannot keep the archive write-once.",
                place=f"s3://{self.bucket}/{self.prefix}",
                remedy_vi="Dùng máy chủ S3 có hỗ trợ ghi có điều kiện, hoặc kho lưu trữ là thư mục.",
            )

    def _create_from(self, key: str, stream: BinaryIO) -> bool:
        return self._create(key, stream)

    def _create(self, key: str, data: bytes | BinaryIO) -> bool:
        for _ in range(RACE_RETRIES):
            status = self._ask(self._client.put_object, key, Body=data, IfNoneMatch="*", **self._checksum)
            if status is not None and "refused" not in status:
                return True
            if status is not None and status["refused"] == 412:
                return False
        raise _error(key, "đang được nhiều tiến trình ghi cùng lúc", "kept conflicting with other writers",
                     "Chạy lại sau ít phút.")

    def _read(self, key: str) -> bytes | None:
        answer = self._ask(self._client.get_object, key)
        return None if answer is None else self._translate(answer["Body"].read)

    def _sha256(self, key: str) -> str:
        answer = self._ask(self._client.get_object, key)
        return "" if answer is None else self._translate(lambda: _digest(answer["Body"].iter_chunks(PIECE)))

    def _has(self, key: str) -> bool:
        return self._ask(self._client.head_object, key) is not None

    def _keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + prefix
        )
        listed = self._translate(lambda: [item["Key"] for page in pages for item in page.get("Contents", ())])
        return [key.removeprefix(self.prefix) for key in listed]

    def _ask(self, call: Callable[..., Any], key: str, **more: Any) -> Any:
        """Return the answer; None when the key is not there; {"refused": 412 or 409} for a refused write."""
        return self._translate(lambda: call(Bucket=self.bucket, Key=self.prefix + key, **more))

    def _translate(self, ask: Callable[[], Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return ask()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status in (409, 412):
                return {"refused": status}
            if status == 404 and error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise self._unavailable(error) from error
        except (BotoCoreError, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> OperationError:
        return OperationError(
            "Không truy cập được kho lưu trữ S3.",
            f"The S3 archive cannot be used: {error}",
            place=f"s3://{self.bucket}/{self.prefix}",
            remedy_vi="Kiểm tra địa chỉ máy chủ S3, tên kho (bucket), khóa truy cập và đường mạng.",
        )


def _s3_client(endpoint_url: str) -> Any:
    import boto3
    from botocore.config import Config

    options: dict[str, Any] = {
        "retries": {"mode": "standard", "max_attempts": 4},
        "connect_timeout": 5,
        "read_timeout": 30,
    }
    if endpoint_url:
        options |= {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"addressing_style": "path"},
        }
    return boto3.client("s3", endpoint_url=endpoint_url or None, config=Config(**options))


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _clean_key(key: str) -> str:
    """Return the key in NFC; refuse one that could leave the archive or that a file system cannot hold."""
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts) or re.search(r"[\\\x00-\x1f\x7f]", key):
        raise _error(key, "không dùng làm tên trong kho lưu trữ được", "is not a valid archive key")
    return unicodedata.normalize("NFC", key)


def _error(key: str, vi: str, en: str, remedy_vi: str = "") -> OperationError:
    return OperationError(f"“{key}” {vi}.", f"{key!r} {en}.", remedy_vi=remedy_vi)
