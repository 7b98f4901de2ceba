"""Opening a zip file without trusting it: its directory is judged before a byte is inflated.

Limits follow Apache POI's guard (inflate ratio 100, 1000 entries) with totals sized for a month's submission.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass

MAX_ENTRIES = 1_000
MAX_TOTAL = 400_000_000  # bytes declared after inflation, all entries
MAX_ENTRY = 300_000_000
MAX_RATIO = 100
MAX_NAMED_AGAIN = 20  # entries that lead to a member which another one names
RATIO_FLOOR = 4_000_000  # below this a high ratio is harmless (a page of blanks deflates 500 : 1)
LOCAL_HEADER = b"PK\x03\x04"
END_OF_DIRECTORY = b"PK\x05\x06"
SEEN_FOR_DIRECTORY = 70_000  # bytes at the end in which the directory's end stands, its comment with it
METHODS = (0, 8, 9, 12, 14, 93, 95)  # those that programs write (APPNOTE 4.4.5)
READ_ERRORS = (
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ZipProblem:
    """Why a zip file is refused: a kind of intake finding and the sentence for its sender."""

    kind: str
    message_vi: str


def is_zip(data: bytes) -> bool:
    """Return whether bytes are a zip file, whatever stands before its first member: a line, or what unpacks it."""
    if data.startswith((LOCAL_HEADER, END_OF_DIRECTORY)):
        return True
    if END_OF_DIRECTORY not in data[-SEEN_FOR_DIRECTORY:]:
        return False
    try:
        first = min((entry.header_offset for entry in open_zip(data).infolist()), default=-1)
    except zipfile.BadZipFile:
        return False
    return first >= 0 and data.startswith(LOCAL_HEADER, first)


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Return the zip file over `data`.

    Raises:
        zipfile.BadZipFile: There is no readable directory.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except READ_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error


def inspect_zip(data: bytes, max_entries: int = MAX_ENTRIES) -> list[ZipProblem]:
    """Return what forbids opening this zip file; empty when it may be read."""
    try:
        entries = open_zip(data).infolist()
    except zipfile.BadZipFile:
        return [_without_directory(data)]
    problems = [_too_big(data, entries, max_entries), _encrypted(entries), _unsafe_names(entries)]
    return [problem for problem in problems if problem]


def read_entry(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, limit: int = MAX_ENTRY) -> bytes:
    """Return one entry, at most `limit` bytes of it.

    Raises:
        zipfile.BadZipFile: The entry is broken or longer than the limit.
    """
    try:
        with archive.open(name) as stream:
            data = stream.read(limit + 1)
    except READ_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error
    except MemoryError as error:  # a dictionary or a block larger than any report's
        raise zipfile.BadZipFile("an entry asks for too much memory") from error
    if len(data) > limit:
        raise zipfile.BadZipFile(f"an entry is longer than {limit} bytes")
    return data


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Return the entry's name as its sender saw it, NFC; without the UTF-8 flag it often is UTF-8."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp1258"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def unlisted_members(data: bytes) -> list[str]:
    """Return the names of members that stand in a zip file and its directory does not list, in their order.

    Two zips one after the other are such a file: whoever opens it sees the last one alone.
    """
    with open_zip(data) as archive:
        listed = {entry.header_offset: _end_of(data, entry) for entry in archive.infolist()}
    names: list[str] = []
    place = data.find(LOCAL_HEADER)
    while place >= 0 and len(names) < MAX_ENTRIES:
        if place not in listed:
            names.append(_name_at(data, place))
        place = data.find(LOCAL_HEADER, listed.get(place, place + len(LOCAL_HEADER)))
    return [name for name in names if name and not name.endswith("/")]


def _end_of(data: bytes, entry: zipfile.ZipInfo) -> int:
    lengths = data[entry.header_offset + 26 : entry.header_offset + 30]
    return entry.header_offset + 30 + sum(struct.unpack("<HH", lengths.ljust(4, b"\0"))) + entry.compress_size


def _name_at(data: bytes, place: int) -> str:
    """Return the name in a member's own header; "" where these four bytes begin no such header."""
    header = data[place : place + 30]
    if len(header) < 30:
        return ""
    version, flags, method = struct.unpack("<HHH", header[4:10])
    length = int.from_bytes(header[26:28], "little")
    if version > 63 or method not in METHODS or not 0 < length < 1_000:
        return ""
    return data[place + 30 : place + 30 + length].decode("utf-8" if flags & 0x800 else "cp437", "replace")


def _without_directory(data: bytes) -> ZipProblem:
    if END_OF_DIRECTORY not in data[-SEEN_FOR_DIRECTORY:]:
        return ZipProblem(
            "truncated_file", "Tệp bị cắt cụt: thiếu phần cuối, có lẽ do tải lên hoặc gửi thư dở dang."
        )
    return ZipProblem("damaged_file", "Tệp bị hỏng: không đọc được mục lục bên trong tệp.")


def _too_big(data: bytes, entries: list[zipfile.ZipInfo], max_entries: int) -> ZipProblem | None:
    total = sum(e.file_size for e in entries)
    # Two entries for one member give nothing twice; members that lie within each other are a bomb.
    sizes = {e.header_offset: e.compress_size for e in entries}
    overlapping = sum(sizes.values()) > len(data) or len(entries) - len(sizes) > MAX_NAMED_AGAIN
    if len(entries) > max_entries:
        return ZipProblem("zip_bomb", f"Tệp nén chứa {len(entries)} mục, quá {max_entries} mục cho phép.")
    if total > MAX_TOTAL or any(e.file_size > MAX_ENTRY for e in entries):
        return ZipProblem("zip_bomb", f"Tệp nén bung ra {total / 1e6:.0f} MB, quá mức cho phép.")
    if overlapping or any(_ratio(e) > MAX_RATIO for e in entries if e.file_size > RATIO_FLOOR):
        return ZipProblem("zip_bomb", "Tệp nén bung ra lớn bất thường so với kích thước tệp, nên không mở.")
    return None


def _ratio(entry: zipfile.ZipInfo) -> float:
    return entry.file_size / max(entry.compress_size, 1)


def _encrypted(entries: list[zipfile.ZipInfo]) -> ZipProblem | None:
    if any(e.flag_bits & 0x1 for e in entries):
        return ZipProblem("password_protected", "Tệp nén đặt mật khẩu nên không mở được.")
    return None


def _unsafe_names(entries: list[zipfile.ZipInfo]) -> ZipProblem | None:
    for entry in entries:
        parts = re.split(r"[/\\]", entry.filename)
        if ".." in parts or entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", entry.filename):
            return ZipProblem("unsafe_name", "Tệp nén chứa tên tệp trỏ ra ngoài thư mục, nên không mở.")
    return None
