"""Running the command line as a user does: a process of its own, a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import PROJECT
from tests.patience import FAR_SECONDS


def run_tonghop(
    *arguments: str | Path, home: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command and return its exit code and what it printed."""
    environment = os.environ | {"TONGHOP_HOME": str(home), "COLUMNS": "200"} | (env or {})
    command = [sys.executable, "-m", "flows.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, timeout=FAR_SECONDS)


def frozen_files(home: Path) -> dict[str, list[dict[str, object]]]:
    """Return the files of every edition in a home, with their digests: the same in every home for the same month.

    The rest of a manifest tells when and on what grounds they were frozen there.
    """
    manifests = sorted((home / "outputs").rglob("manifest.json"))
    return {str(path.relative_to(home)): json.loads(path.read_bytes())["files"] for path in manifests}


@pytest.fixture(scope="session")
def sample_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample submissions of April 2019."""
    from flows.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample("2019-04", folder)
    return folder


@pytest.fixture(scope="session")
def faulty_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample submissions with the five planted errors."""
    from flows.sample import write_sample

    folder = tmp_path_factory.mktemp("faulty")
    write_sample("2019-04", folder, with_errors=True)
    return folder


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory, sample_inbox: Path) -> Path:
    """A home in which April 2019 has been published once, through Prefect. Tests must not change it."""
    home = tmp_path_factory.mktemp("published") / "home"
    done = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return home
