"""A disk that fills up stops the month with a sentence; with room again, the same month finishes the same."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole_month import frozen_files, run_tonghop

pytestmark = pytest.mark.slow
WITHOUT_PREFECT = {"TONGHOP_PREFECT": "off"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, at first with room for 40 MB; skipped where we may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.getuid() == 0 and _mount("-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder))
    if not mounted:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0


def resize(disk: Path, size: str) -> None:
    assert _mount("-o", f"remount,size={size}", str(disk))


@pytest.mark.parametrize(("size", "environment"), [
    ("200k", WITHOUT_PREFECT), ("2m", WITHOUT_PREFECT), ("5m", WITHOUT_PREFECT), ("12m", WITHOUT_PREFECT),
    ("31m", WITHOUT_PREFECT), ("1m", {}), ("4m", {}),
], ids=["ledger", "archive", "load", "dbt", "publish", "prefect", "prefect's run"])  # fmt: skip
def test_a_full_disk_is_told_and_the_month_finishes_when_there_is_room(
    small_disk: Path, size: str, environment: dict[str, str], sample_inbox: Path, published_home: Path
) -> None:
    resize(small_disk, size)
    home = small_disk / "home"
    stopped = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=environment)
    text = stopped.stdout + stopped.stderr
    assert stopped.returncode == 5, text
    assert "Traceback" not in text
    assert str(small_disk) in text.split("✗")[1], "the place is named"
    resize(small_disk, "200m")
    again = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=WITHOUT_PREFECT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert frozen_files(home) == frozen_files(published_home) != {}
    assert len(list((home / "mailbox").glob("*.eml"))) == len(list((published_home / "mailbox").glob("*.eml")))


def test_a_home_without_any_room_is_told(small_disk: Path, sample_inbox: Path) -> None:
    (small_disk / "filler").write_bytes(b"")
    with (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            try:
                filler.write(bytes(1 << 16))
            except OSError:
                break
    done = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=small_disk / "home", env=WITHOUT_PREFECT)
    assert done.returncode == 5 and "Traceback" not in done.stdout + done.stderr
    assert str(small_disk) in done.stderr
