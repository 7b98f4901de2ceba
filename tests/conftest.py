"""Fixtures that every test category shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from infra.settings import PROJECT, Settings, load_settings
from tests.servers import postgresql_server, postgresql_url, s3_bucket, s3_server
from tests.whole_month import faulty_inbox, published_home, sample_inbox

__all__ = [
    "faulty_inbox", "postgresql_server", "postgresql_url", "published_home", "s3_bucket", "s3_server", "sample_inbox",
]

hypothesis_settings.register_profile("project", deadline=None, derandomize=True)
hypothesis_settings.load_profile("project")

# Nothing that a test starts may phone home, and no variable of the machine may steer it.
os.environ.update(GX_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false")
for name in [name for name in os.environ if name.startswith("TONGHOP_")]:
    del os.environ[name]
os.environ["TONGHOP_INBOX_TRUSTED"] = "by_hand"  # the tests fill their inboxes by hand; those about senders say else


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of field data beside the project; the test is skipped where it is absent."""
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the field data is not beside the project")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home."""
    return load_settings(tmp_path / "home")


COLLECTED = pytest.StashKey[str]()
# What the fast lane leaves out, below tests/: whole months and builds, files made to exhaust, processes begun and
# killed again and again, and long searches for a counterexample. They take most of a full run's time.
SLOW = (
    "flows", "golden", "hostile", "unit/build", "unit/check/test_judge.py", "unit/check/test_repair_contract.py",
    "unit/deliver", "unit/expectations/test_intervals.py", "unit/infra/test_dependencies.py",
    "unit/publish/test_edition.py", "unit/read/test_any_bytes.py", "unit/read/test_long_lines.py",
    "unit/read/test_reading_step.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in the slow places, so that no new test of theirs enters the fast lane."""
    slow = [PROJECT / "tests" / place for place in SLOW]
    for item in items:
        if any(item.path.is_relative_to(place) for place in slow):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember how many tests this run has."""
    files = {item.path for item in session.items}
    session.config.stash[COLLECTED] = f"{len(session.items)} in {len(files)} files"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many tests there were, above pytest's own closing line."""
    left_out = len(terminalreporter.stats.get("deselected", []))
    terminalreporter.ensure_newline()
    terminalreporter.write_line(
        f"Số phép thử · Number of tests: {config.stash.get(COLLECTED, 'none')}; left out of this lane: {left_out}"
    )
