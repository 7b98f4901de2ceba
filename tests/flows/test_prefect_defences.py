"""Whoever reaches Prefect's API can start flows: it asks for a password and a run cannot point anywhere."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows import steps
from flows.prefect_server import api_password
from infra.errors import OperationError
from infra.settings import PROJECT
from tests.patience import FAR_SECONDS, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.slow
SERVE = "import sys; from flows.serving import serve_schedules; from infra.settings import load_settings as s; " \
        "serve_schedules(s(sys.argv[1]), int(sys.argv[2]))"
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass
class Standing:
    """The standing server of a home, with its schedules."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    def ask(self, path: str, body: Any = None, password: str = "", **headers: str) -> http.client.HTTPResponse:
        if password:
            headers["Authorization"] = "Basic " + base64.b64encode(password.encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=FAR_SECONDS)
        data = None if body is None else json.dumps(body)
        headers["Content-Type"] = "application/json"
        connection.request("GET" if body is None else "POST", path, data, headers)
        return connection.getresponse()

    def told(self, path: str, body: Any = None) -> Any:
        response = self.ask(path, body, api_password(self.home))
        assert response.status < 300, response.read()
        return json.loads(response.read())

    def run_inbox(self, **parameters: str) -> dict[str, Any]:
        """Start the inbox flow through the API and return the state it ended in."""
        deployment = self.told("/api/deployments/name/inbox/inbox")["id"]
        run = self.told(f"/api/deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"]
        wait_until(lambda: self.told(f"/api/flow_runs/{run}")["state"]["type"] in ENDED, "the end of the run")
        return dict(self.told(f"/api/flow_runs/{run}")["state"])


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    home, port = tmp_path_factory.mktemp("standing") / "nhà ?#%", free_port()
    home.mkdir()
    environment = os.environ | {"TONGHOP_HOME": str(home)}
    command = [sys.executable, "-c", SERVE, str(home), str(port)]
    with (home.parent / "printed").open("w") as printed, subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=printed, stderr=printed, text=True, umask=0o022
    ) as process:
        server = Standing(home, port, process)
        try:
            _wait_for_deployments(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(FAR_SECONDS)


def _wait_for_deployments(server: Standing) -> None:
    def are_there() -> bool:
        assert server.process.poll() is None, (server.home.parent / "printed").read_text()
        try:
            return len(server.told("/api/deployments/filter", {})) == 2
        except OSError:
            return False

    wait_until(are_there, "the deployments of the standing server")


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
    state = standing.run_inbox(period="2019-04", **{parameter: str(elsewhere if parameter == "home" else tmp_path)})
    assert state["type"] == "FAILED"
    assert f"The {parameter}" in state["message"] and "is outside the settings" in state["message"]
    assert not elsewhere.exists()
    assert not (standing.home / "archive").exists() or not any((standing.home / "archive").rglob("sha256/*/*"))


def test_a_run_of_the_api_below_the_homes_inbox_is_done(standing: Standing, sample_inbox: Path) -> None:
    folder = standing.home / "inbox" / "phòng"
    folder.mkdir(parents=True)
    for path in sorted(sample_inbox.glob("*.eml"))[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    state = standing.run_inbox(period="2019-04", inbox=str(folder), home=str(standing.home))
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
