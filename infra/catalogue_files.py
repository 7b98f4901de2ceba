"""A CSV file of the catalogue, however a spreadsheet program saved it, as rows with their lines.

UTF-8 and, where a byte-order mark proves it, UTF-16; separated by whatever the header proves: a comma, a semicolon
or a tab. Everything else is a `CatalogueError` with file, line and what to do.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import CatalogueError

_REMEDY = "Sửa dòng đó rồi chạy lại."
_SAVE_AGAIN = "Trong Excel chọn Lưu thành (Save As) → “CSV UTF-8 (Comma delimited)”, rồi chạy lại."
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LOST_LETTER = re.compile(r"\w\?\w")  # "S? Thông tin": saved in an encoding without the letter
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file: its cells, trimmed and in NFC, and the line it begins on."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The typed rows of one file, each with the line it begins on."""

    path: Path
    rows: tuple[Any, ...]
    lines: tuple[int, ...]

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Return each row with its line."""
        return zip(self.lines, self.rows, strict=True)

    def error(self, line: int, vi: str, en: str) -> CatalogueError:
        """Return the error of one of the lines."""
        return row_error(self.path, line, vi, en)


def row_error(path: Path, line: int, vi: str, en: str, remedy_vi: str = _REMEDY) -> CatalogueError:
    """Return the error of one line of a catalogue file; `vi` and `en` are clauses without a full stop."""
    return CatalogueError(f"Danh mục {path.name}, dòng {line}: {vi}.", f"{path.name} line {line}: {en}.",
                          place=f"{path}:{line}", remedy_vi=remedy_vi)


def lines_of(path: Path, data: bytes, columns: Sequence[str]) -> list[Line]:
    """Return the records below the header of a file with these bytes; lines without any text are left out.

    Raises:
        CatalogueError: They cannot be decoded, the header is not `columns`, a line is too long or short.
    """
    text = _decoded(path, data)
    if not text.strip():
        raise row_error(path, 1, "tệp trống", "the file is empty", f"Khôi phục tệp; dòng đầu là: {','.join(columns)}.")
    records = list(_records(path, text, _separator(text, columns)))
    _check_header(path, records[0].cells, columns)
    lines = [line for line in records[1:] if any(line.cells)]
    for line in lines:
        _check_line(path, line, columns)
    return lines


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        CatalogueError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise row_error(path, 1, "không đọc được tệp danh mục", f"the file cannot be read: {error.strerror}",
                        "Khôi phục tệp đó (git checkout) hoặc cấp quyền đọc.") from error


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise row_error(path, 1, "tệp ghi bằng bảng mã UTF-32", "the file is UTF-32", _SAVE_AGAIN)
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not is_wide and b"\0" in data:
        raise row_error(path, data[: data.index(b"\0")].count(b"\n") + 1, "tệp không phải văn bản UTF-8 (có byte 0)",
                        "the file is no UTF-8 text (it has zero bytes)", _SAVE_AGAIN)
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise row_error(
            path, line, "tệp không ghi bằng UTF-8 (có thể là windows-1258 của Excel)",
            "the file is not UTF-8 (perhaps windows-1258, as Excel saves)", _SAVE_AGAIN,
        ) from error
    found = _CONTROL.search(text)
    if found:
        line = text[: found.start()].count("\n") + 1
        raise row_error(path, line, f"có ký tự điều khiển hoặc ký tự hỏng (U+{ord(found[0]):04X})",
                        f"a control or broken character (U+{ord(found[0]):04X})", _SAVE_AGAIN)
    return text


def _separator(text: str, columns: Sequence[str]) -> str:
    """Return the separator that makes the first line the header; a comma when none does."""
    first = text.lstrip("\r\n").splitlines()[0]
    for separator in _SEPARATORS:
        if tuple(cell.strip().strip('"') for cell in first.split(separator)) == tuple(columns):
            return separator
    return ","


def _records(path: Path, text: str, separator: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield Line(begins, tuple(unicodedata.normalize("NFC", cell).strip() for cell in cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise row_error(path, begins, "dấu ngoặc kép mở mà không đóng, hoặc đóng sai chỗ",
                        f"quotes do not match: {error}") from error


def _check_header(path: Path, header: tuple[str, ...], expected: Sequence[str]) -> None:
    unknown = [name for name in header if name not in expected]
    missing = [name for name in expected if name not in header]
    if header != tuple(expected):
        raise row_error(
            path, 1,
            f"dòng tiêu đề không đúng; cột lạ: {unknown}; cột thiếu: {missing}; thứ tự đúng: {','.join(expected)}",
            f"wrong header; unknown columns {unknown}, missing columns {missing}, expected {','.join(expected)}",
        )


def _check_line(path: Path, line: Line, columns: Sequence[str]) -> None:
    if len(line.cells) != len(columns):
        raise row_error(path, line.number, f"có {len(line.cells)} ô, cần {len(columns)} ({','.join(columns)})",
                        f"{len(line.cells)} cells where {len(columns)} are needed",
                        "Thêm hoặc bớt dấu phẩy; ô có dấu phẩy bên trong phải đặt trong ngoặc kép.")
    for cell in line.cells:
        if _LOST_LETTER.search(cell):
            raise row_error(path, line.number, f"chữ tiếng Việt đã bị thay bằng “?” trong “{cell}”",
                            f"Vietnamese letters were lost in {cell!r}", _SAVE_AGAIN)
