"""Every path of the inbox is received or said; nothing outside it is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.receive.paths import list_inbox

NOBODY = 65534


@pytest.fixture
def as_nobody(tmp_path: Path) -> Iterator[None]:
    """Run as a user whom permissions bind, as the system's administrator is not bound by them."""
    if os.geteuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            if str(folder).startswith("/tmp/"):
                folder.chmod(folder.stat().st_mode | 0o055)
        os.seteuid(NOBODY)
    yield
    if os.getuid() == 0:
        os.seteuid(0)


def test_every_path_is_found_or_said(tmp_path: Path) -> None:
    (tmp_path / "001.eml").write_bytes(b"x")
    (tmp_path / ".an.eml").write_bytes(b"x")
    (tmp_path / "~$BC.xlsx").write_bytes(b"x")
    (tmp_path / "vnpt").mkdir()
    (tmp_path / "vnpt" / "BC.xlsx").write_bytes(b"x")
    (tmp_path / "lien-ket.eml").symlink_to("/etc/passwd")
    (tmp_path / "thu-muc").symlink_to("/etc", target_is_directory=True)
    os.mkfifo(tmp_path / "ong.eml")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe1o.eml")).write_bytes(b"x")
    found, skipped = list_inbox(tmp_path)
    assert [f.name for f in found] == ["001.eml", "báo.eml", "vnpt/BC.xlsx"]
    assert {s.name: s.kind for s in skipped} == {
        ".an.eml": "skipped_part", "~$BC.xlsx": "skipped_part", "lien-ket.eml": "unreadable_path",
        "thu-muc": "unreadable_path", "ong.eml": "unreadable_path",
    }  # fmt: skip


@pytest.mark.usefixtures("as_nobody")
def test_an_unreadable_sub_folder_is_said() -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"tonghop-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "001.eml").write_bytes(b"x")
        (folder / "khoa").mkdir(mode=0)
        found, skipped = list_inbox(folder)
        assert [f.name for f in found] == ["001.eml"]
        assert [(s.name, s.kind) for s in skipped] == [("khoa", "unreadable_path")]
    finally:
        (folder / "khoa").rmdir()
        (folder / "001.eml").unlink()
        folder.rmdir()
