"""Whoever reaches Prefect's API can start flows: it asks for a password and a run cannot point anywhere."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import steps
from flows.prefect_server import api_password
from infra.errors import OperationError
from infra.ledger import open_ledger
from infra.settings import load_settings
from tests.standing import Standing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A standing server whose schedules stay quiet meanwhile."""
    home = tmp_path_factory.mktemp("standing") / "nhà ?#%"
    server = Standing(home, {"TONGHOP_MONTH_SCHEDULE": "0 0 1 1 *", "TONGHOP_INBOX_SCHEDULE": "0 0 1 1 *"})
    try:
        yield server.begin()
    finally:
        server.end()


def test_the_api_asks_for_the_homes_password(standing: Standing) -> None:
    assert standing.ask("/api/health").status == 200
    for password in ("", "tonghop:", "tonghop:wrong"):
        assert standing.ask("/api/flows/filter", {}, password).status == 401
    assert standing.ask("/api/flows/filter", {}, api_password(standing.home)).status == 200
    assert standing.ask("/").status == 200, "the pages are there"
    assert any((standing.home / "prefect" / "pages").iterdir()), "and stand in the home"


def test_a_foreign_page_and_a_bent_name_get_no_answer(standing: Standing) -> None:
    password = api_password(standing.home)
    for origin, allowed in (("http://evil.example", False), (f"http://127.0.0.1:{standing.port}", True)):
        answer = standing.ask("/api/flows/filter", {}, password, Origin=origin)
        assert (answer.getheader("Access-Control-Allow-Origin") == origin) is allowed
        assert answer.getheader("Access-Control-Allow-Origin") != "*"
    assert standing.ask("/api/flows/filter", {}, password, Host="evil.example").status == 400


def test_it_listens_on_loopback_and_keeps_its_files_to_itself(standing: Standing) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    ours = [line.split()[1] for line in listening if line.split()[1].endswith(f":{standing.port:04X}")
            and line.split()[3] == "0A"]
    assert ours == [f"0100007F:{standing.port:04X}"]
    open_to_others = [
        path for path in standing.home.rglob("*") if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert not [path for path in open_to_others if "prefect" not in path.parts]
    assert stat.S_IMODE((standing.home / "prefect").stat().st_mode) == 0o700


@pytest.mark.parametrize("parameter", ["home", "inbox"])
def test_a_run_of_the_api_points_nowhere_else(standing: Standing, tmp_path: Path, parameter: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "secret.eml").write_text("From: a@b.example\n\nx")
    state = standing.run("inbox", period="2019-04", **{parameter: str(elsewhere if parameter == "home" else tmp_path)})
    assert state["type"] == "FAILED"
    assert f"The {parameter}" in state["message"] and "is outside the settings" in state["message"]
    assert not elsewhere.exists()
    assert open_ledger(load_settings(standing.home)).receipts() == []


def test_a_run_of_the_api_below_the_homes_inbox_is_done(standing: Standing, sample_inbox: Path) -> None:
    folder = standing.home / "inbox" / "phòng"
    folder.mkdir(parents=True)
    for path in sorted(sample_inbox.glob("*.eml"))[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    state = standing.run("inbox", period="2019-04", inbox=str(folder), home=str(standing.home))
    assert state["type"] == "COMPLETED", state
    assert "2 receipts" in state["message"]


def test_a_link_out_of_the_inbox_is_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    (home / "inbox" / "link").symlink_to(tmp_path)
    monkeypatch.setenv("TONGHOP_HOME", str(home))
    for inbox in (home / "inbox" / "link", home / "inbox" / ".." / "..", Path("/")):
        with pytest.raises(OperationError, match="outside the settings"), steps.open_inbox("2019-04", str(inbox)):
            pytest.fail("opened")
    with steps.open_inbox("2019-04", str(home / "inbox" / "x"), str(home)) as month:
        assert month.inbox == home / "inbox" / "x"
