"""A zip file is judged by its directory: each limit holds at exactly its number, and says which kind it is."""

from __future__ import annotations

import io
import zipfile

import pytest

from infra import zip_files
from infra.zip_files import inspect_zip, open_zip, read_entry

SIZES = {"MAX_TOTAL": 5000, "MAX_ENTRY": 3000, "MAX_RATIO": 10, "RATIO_FLOOR": 1000}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits in small: what is tested is where they lie, not how large they are."""
    for name, size in SIZES.items():
        monkeypatch.setattr(zip_files, name, size)


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def kinds(data: bytes, max_entries: int = 4) -> list[str]:
    return [problem.kind for problem in inspect_zip(data, max_entries)]


def declaring(data: bytes, **fields: int) -> bytes:
    """The same file with other numbers in the directory, for its last entry."""
    offsets = {"compress_size": (20, 4), "file_size": (24, 4), "flag_bits": (8, 2)}
    place = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    for name, value in fields.items():
        offset, width = offsets[name]
        changed[place + offset : place + offset + width] = value.to_bytes(width, "little")
    return bytes(changed)


@pytest.mark.parametrize(("number", "expected"), [(4, []), (5, ["zip_bomb"])])
def test_so_many_entries_and_no_more(number: int, expected: list[str]) -> None:
    assert kinds(zipped({f"{n}.txt": b"" for n in range(number)})) == expected


@pytest.mark.parametrize(("size", "expected"), [(3000, []), (3001, ["zip_bomb"])])
def test_an_entry_so_large_and_no_larger(size: int, expected: list[str]) -> None:
    assert kinds(zipped({"a": b"x" * size})) == expected


@pytest.mark.parametrize(("last", "expected"), [(2500, []), (2501, ["zip_bomb"])])
def test_all_entries_together_so_large_and_no_larger(last: int, expected: list[str]) -> None:
    assert kinds(zipped({"a": b"x" * 2500, "b": b"x" * last})) == expected


@pytest.mark.parametrize(("packed", "expected"), [(200, []), (199, ["zip_bomb"])])
def test_so_much_out_of_so_little_and_no_more(packed: int, expected: list[str]) -> None:
    data = declaring(zipped({"a": b"x" * 2000}), compress_size=packed)
    assert kinds(data) == expected


def test_a_small_entry_may_be_mostly_blank() -> None:
    assert kinds(zipped({"a": b" " * 1000}, zipfile.ZIP_DEFLATED)) == []


def test_entries_that_share_their_bytes_are_refused() -> None:
    data = zipped({"a": b"x" * 900, "b": b"x" * 900})
    assert kinds(declaring(data, compress_size=len(data))) == ["zip_bomb"]


@pytest.mark.parametrize("name", ["../a.xlsx", "b/../../a", "..\\a", "/etc/a", "\\a", "C:\\a"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    assert kinds(zipped({name: b""})) == ["unsafe_name"]


@pytest.mark.parametrize("name", ["a..b.xlsx", "thư mục/Biểu 1.xlsx", "...xlsx"])
def test_dots_in_names_are_no_way_out(name: str) -> None:
    assert kinds(zipped({name: b""})) == []


def test_a_locked_archive_is_called_locked() -> None:
    assert kinds(declaring(zipped({"a": b"x"}), flag_bits=1)) == ["password_protected"]
    assert kinds(declaring(zipped({"a": b"x"}), flag_bits=2)) == []


def test_a_file_cut_short_and_one_that_is_none_are_told_apart() -> None:
    whole = zipped({"a": b"x" * 500})
    assert kinds(whole[:300]) == ["truncated_file"]
    assert kinds(b"PK\x05\x06 and nothing more") == ["damaged_file"]


@pytest.mark.parametrize("limit", [2, 1])
def test_an_entry_longer_than_its_limit_is_an_error_and_never_cut(limit: int) -> None:
    archive = open_zip(zipped({"a": b"xx"}))
    if limit == 2:
        assert read_entry(archive, "a", limit) == b"xx"
    else:
        with pytest.raises(zipfile.BadZipFile, match="longer than 1"):
            read_entry(archive, "a", limit)
