"""A derived file is believed only while it is what was written; the order of writing survives a power cut."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from infra import files
from infra.derived import (
    DONE,
    forget_set,
    is_whole,
    load_derived,
    load_member,
    save_derived,
    save_set,
    seal_with,
    sealed,
)
from infra.errors import OperationError
from infra.files import create_file, give_name, replace_file, replace_files
from infra.keys import read_key

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def damaged(data: bytes, place: int, change: int, cut: bool) -> bytes:
    """Bytes cut at a place, or with the byte at that place changed."""
    place %= len(data)
    return data[:place] if cut else data[:place] + bytes([data[place] ^ change]) + data[place + 1:]


DAMAGE = {"place": st.integers(0, 10_000), "change": st.integers(1, 255), "cut": st.booleans()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("derived")


@given(content=VALUES, inputs=st.sampled_from(["", "ab12"]))
def test_what_is_saved_comes_back(folder: Path, content: Any, inputs: str) -> None:
    save_derived(folder / "a.json", [content], inputs)
    assert load_derived(folder / "a.json", inputs) == [content]
    assert load_derived(folder / "a.json", "other") is None


@settings_of_hypothesis(max_examples=400)
@given(content=VALUES, **DAMAGE)
def test_no_damage_is_believed(folder: Path, content: Any, place: int, change: int, cut: bool) -> None:
    path = folder / "b.json"
    path.write_bytes(damaged(sealed(path, [content], "ab12"), place, change, cut))
    assert load_derived(path) is None


@settings_of_hypothesis(max_examples=150)
@given(which=st.sampled_from(["x.json", "pages/index.html", DONE]), **DAMAGE)
def test_a_set_with_any_damage_is_not_whole(folder: Path, which: str, place: int, change: int, cut: bool) -> None:
    save_set(folder / "set", {"x.json": b"[1]", "pages/index.html": b"<html>"}, "ab12")
    assert is_whole(folder / "set", "ab12")
    assert not is_whole(folder / "set", "other")
    path = folder / "set" / which
    path.write_bytes(damaged(path.read_bytes(), place, change, cut))
    assert not is_whole(folder / "set", "ab12")
    assert load_member(folder / "set", which) is None


def test_a_set_that_lacks_a_file_is_not_whole(tmp_path: Path) -> None:
    save_set(tmp_path, {"a": b"1", "b": b"2"})
    (tmp_path / "b").unlink()
    assert not is_whole(tmp_path)
    assert load_member(tmp_path, "b") is None
    assert load_member(tmp_path, "a") == b"1"


@pytest.mark.parametrize("stopped_at", range(1, 8))
def test_a_set_cut_off_at_any_write_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_at: int
) -> None:
    save_set(tmp_path, {"a": b"old", "b": b"old"})
    done = []

    class PowerCutError(BaseException):
        pass

    def counting(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            done.append(arguments)
            if len(done) == stopped_at:
                raise PowerCutError
            return step(*arguments)
        return run

    monkeypatch.setattr(files, "_write_neighbour", counting(files._write_neighbour))
    monkeypatch.setattr(files, "_sync", counting(files._sync))
    with pytest.raises(PowerCutError):
        save_set(tmp_path, {"a": b"new", "b": b"new"})
    monkeypatch.undo()
    assert not is_whole(tmp_path) or (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"new"
    save_set(tmp_path, {"a": b"new", "b": b"new"})
    assert is_whole(tmp_path)


def write_one(path: Path) -> None:
    replace_file(path, b"x")


def write_two(path: Path) -> None:
    replace_files({path: b"x", path.with_name("other"): b"y"})


def create(path: Path) -> None:
    assert create_file(path, b"x")


def name_it(path: Path) -> None:
    source = path.with_name("made")
    source.write_bytes(b"x")
    give_name(source, path)


@pytest.mark.parametrize("write", [write_one, write_two, create, name_it])
def test_bytes_reach_the_disk_before_their_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    told: list[str] = []
    fsync, link, rename = os.fsync, os.link, Path.rename

    def synced(descriptor: int) -> None:
        told.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "bytes")
        fsync(descriptor)

    def renamed(source: Path, target: Path) -> Path:
        told.append("name")
        return rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", lambda a, b: (told.append("name"), link(a, b)))
    monkeypatch.setattr(Path, "rename", renamed)
    write(tmp_path / "file")
    first_name, last_name = told.index("name"), len(told) - 1 - told[::-1].index("name")
    assert "bytes" not in told[first_name:]
    assert told[:first_name].count("bytes") == told.count("name")
    assert told[last_name + 1:] == ["folder"]


def test_what_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    replace_file(tmp_path / "new" / "a", b"1")
    create_file(tmp_path / "new" / "b", b"1")
    name_it(tmp_path / "new" / "c")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert [path.name for path in sorted((tmp_path / "new").iterdir()) if path.stat().st_mode & 0o077] == []


def test_a_file_that_holds_its_bytes_is_left_alone(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"1")
    before = (tmp_path / "a").stat()
    replace_file(tmp_path / "a", b"1")
    assert (tmp_path / "a").stat().st_ino == before.st_ino


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises((TypeError, AttributeError)):
        replace_files({tmp_path / "a": b"1", tmp_path / "b": "no bytes"})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose derived files are sealed with its key."""
    home = tmp_path / "home"
    seal_with(home, tmp_path / "keys")
    return home


def test_an_edited_file_is_not_believed_although_its_digest_fits(home: Path, tmp_path: Path) -> None:
    save_derived(home / "readings" / "a.json", {"value": 1}, "ab12")
    forged = sealed(tmp_path / "elsewhere" / "a.json", {"value": 2}, "ab12")
    (home / "readings" / "a.json").write_bytes(forged)
    assert load_derived(home / "readings" / "a.json", "ab12") is None


def test_a_file_of_another_month_or_another_home_is_not_believed(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    seal_with(other, tmp_path / "other keys")
    for source in (home / "readings" / "2019-03.json", other / "readings" / "2019-04.json"):
        save_derived(source, {"value": 1}, "ab12")
        assert load_derived(source) == {"value": 1}
        (home / "readings" / "2019-04.json").write_bytes(source.read_bytes())
        assert load_derived(home / "readings" / "2019-04.json") is None


def test_a_key_is_made_once_for_its_owner_alone(home: Path, tmp_path: Path) -> None:
    save_derived(home / "a.json", 1)
    (key,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o400
    assert read_key(tmp_path / "keys", "derived") == read_key(tmp_path / "keys", "derived")


@pytest.mark.parametrize("content", [b"", b"not hexadecimal", b"ab12"])
def test_a_key_that_is_none_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "derived.key").write_bytes(content)
    with pytest.raises(OperationError, match="key file"):
        read_key(tmp_path, "derived")


def test_a_set_that_is_to_be_forgotten_counts_as_absent(home: Path) -> None:
    save_set(home / "set", {"a": b"1"})
    forget_set(home / "set", "false")
    assert not is_whole(home / "set")
