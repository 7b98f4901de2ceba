"""A home may have any name, and nothing is written outside it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import PROJECT
from tests.whole_month import frozen_files, run_tonghop

ODD = "nhà ? 100% #1 'x'"
OF_THE_TESTS = {"__pycache__", ".git", ".pytest_cache", ".hypothesis", ".ruff_cache", ".mypy_cache", "var"}


def written_since(moment: float, folder: Path) -> Iterator[Path]:
    """Every file below a folder that was made or changed since then."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in OF_THE_TESTS]
        for path in (Path(root) / name for name in files):
            if not path.is_symlink() and path.stat().st_mtime >= moment:
                yield path


@pytest.mark.parametrize("environment", [{}, {"TONGHOP_PREFECT": "off"}], ids=["prefect", "plain"])
def test_a_month_in_an_odd_home_is_published_and_writes_nowhere_else(
    environment: dict[str, str], sample_inbox: Path, published_home: Path, tmp_path: Path
) -> None:
    home, user, temporary = tmp_path / ODD, tmp_path / "user", tmp_path / "temporary"
    user.mkdir()
    temporary.mkdir()
    environment = environment | {"HOME": str(user), "TMPDIR": str(temporary), "XDG_CACHE_HOME": ""}
    mark = tmp_path.parent / f"{tmp_path.name}-mark"
    mark.write_text("what is newer was written by the month")
    began = mark.stat().st_mtime
    done = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Prefect did not start" not in done.stderr
    assert frozen_files(home) == frozen_files(published_home) != {}
    outside = [path for folder in (user, temporary, PROJECT, Path(sys.prefix)) for path in written_since(began, folder)]
    assert not outside, outside
    others = [path for path in home.rglob("*") if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert not others, f"open to other accounts: {others}"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([ODD, "temporary", "user"])
    for command in (["figures", "--period", "2019-04"], ["verify"], ["doctor"], ["deliveries", "--period", "2019-04"]):
        answer = run_tonghop(*command, home=home, env=environment)
        assert answer.returncode == 0, answer.stdout + answer.stderr
