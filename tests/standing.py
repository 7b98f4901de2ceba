"""A standing server as a process of its own, asked through its API and killed part by part."""

from __future__ import annotations

import base64
import contextlib
import http
import http.client
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.prefect_server import api_password
from infra.locks import holder
from infra.settings import PROJECT
from tests.patience import FAR_SECONDS, wait_until

SERVE = """
import sys
from flows.cli import _run, unfailing_output
from flows import serving
from flows.rhythm import Rhythm
quick = Rhythm(look=1, query=1, again=(5, 30), restart=(1, 1, 1, 1), answer=1, silence=45, stopped=5)
serving.Rhythm = lambda: quick
sys.argv = ["tonghop", "serve"]
with unfailing_output():
    code = _run()
sys.exit(code)
"""
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
GOING_ON = ("PENDING", "RUNNING", "CANCELLING")


@dataclass
class Standing:
    """The standing server of one home: `environment` has its settings; ours looks more often than the usual one."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "-c", SERVE)
    process: subprocess.Popen[str] | None = None

    @property
    def printed(self) -> str:
        return (self.home.parent / f"{self.home.name}.printed").read_text(encoding="utf-8")

    @property
    def port(self) -> int:
        return urlsplit(holder(self.home / "serve.lock").partition(" ")[2]).port or 0

    def begin(self, wait: bool = True) -> Standing:
        """Start it, if it does not run, and wait until its deployments are there."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.process is None or self.process.poll() is not None:
            environment = os.environ | {"TONGHOP_HOME": str(self.home)} | self.environment
            with (self.home.parent / f"{self.home.name}.printed").open("w") as printed:
                self.process = subprocess.Popen(
                    self.command, cwd=PROJECT, env=environment, stdout=printed, stderr=printed, text=True, umask=0o022
                )
        if wait:
            wait_until(self._is_there, "the deployments of the standing server")
        return self

    def end(self) -> int:
        """Ask it to stop and return its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(FAR_SECONDS)

    def ask(self, path: str, body: Any = None, password: str = "", **headers: str) -> http.client.HTTPResponse:
        if password:
            headers["Authorization"] = "Basic " + base64.b64encode(password.encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=FAR_SECONDS)
        headers["Content-Type"] = "application/json"
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), headers)
        return connection.getresponse()

    def told(self, path: str, body: Any = None) -> Any:
        """Return what the API answers; a server whose database is busy is asked again, as Prefect's own client does."""
        answers: list[http.client.HTTPResponse] = []

        def has_answered() -> bool:
            answers.append(self.ask(path, body, api_password(self.home)))
            return answers[-1].status != http.HTTPStatus.SERVICE_UNAVAILABLE

        wait_until(has_answered, f"an answer to {path}")
        assert answers[-1].status < 300, answers[-1].read()
        return json.loads(answers[-1].read())

    def deployment(self, kind: str) -> dict[str, Any]:
        return next(d for d in self.told("/api/deployments/filter", {}) if d["name"].startswith(f"{kind}-"))

    def runs(self, *types: str) -> list[dict[str, Any]]:
        """Return the runs whose state is of these types, the newest first; an empty list while nobody answers."""
        asked = {"flow_runs": {"state": {"type": {"any_": list(types)}}}, "sort": "EXPECTED_START_TIME_DESC"}
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            return list(self.told("/api/flow_runs/filter", asked))
        return []

    def run(self, kind: str, **parameters: str) -> dict[str, Any]:
        """Start a flow through the API and return the state it ended in."""
        path = f"/api/deployments/{self.deployment(kind)['id']}/create_flow_run"
        run = self.told(path, {"parameters": parameters})["id"]
        wait_until(lambda: self.told(f"/api/flow_runs/{run}")["state"]["type"] in ENDED, "the end of the run")
        return dict(self.told(f"/api/flow_runs/{run}")["state"])

    def wait_for_next_run(self, since: datetime | None = None) -> dict[str, Any]:
        """Wait for a run that was due after a moment and ended by itself; return it."""
        moment = since or datetime.now(UTC)

        def later() -> list[dict[str, Any]]:
            self._assert_alive()
            ended = self.runs("COMPLETED", "FAILED")
            return [run for run in ended if datetime.fromisoformat(run["expected_start_time"]) > moment]

        wait_until(later, "the next run")
        return later()[0]

    def children(self) -> dict[str, int]:
        """Return the process ids of "server", "scheduler" and the newest run, "engine", as far as they are there."""
        assert self.process
        found: dict[str, int] = {}
        for pid in children_of(self.process.pid):
            for name, word in (("server", "flows.prefect_server"), ("scheduler", "flows.scheduler")):
                if word in command_of(pid):
                    found[name] = pid
        for pid in self._engines_of(found.get("scheduler", -1)):
            found["engine"] = pid
        return found

    def engines(self) -> list[int]:
        """Return the process ids of the runs that go on."""
        return self._engines_of(self.children().get("scheduler", -1))

    def _engines_of(self, scheduler: int) -> list[int]:
        """Return the processes of runs that go on; one whose run has ended is still there for a while."""
        engines = [pid for pid in children_of(scheduler) if "prefect.engine" in command_of(pid)]
        return [pid for pid in engines if not self._has_ended(run_of(pid))]

    def _has_ended(self, run: str) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            return bool(run) and self.told(f"/api/flow_runs/{run}")["state"]["type"] in ENDED
        return False

    def wait_for_child(self, name: str, other_than: int = 0) -> int:
        """Return the process id of a child that is there, or that is there again."""

        def is_there() -> bool:
            self._assert_alive()
            return self.children().get(name, other_than) != other_than

        wait_until(is_there, f"the {name}")
        return self.children().get(name, 0) or self.wait_for_child(name, other_than)

    def _is_there(self) -> bool:
        self._assert_alive()
        try:
            return self.port > 0 and len(self.told("/api/deployments/filter", {})) == 2
        except (OSError, http.client.HTTPException):
            return False

    def _assert_alive(self) -> None:
        assert self.process
        assert self.process.poll() is None, self.printed


def children_of(pid: int) -> list[int]:
    """Return the children of a process, of all its threads; none when it is gone."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return sorted(found)


def family_of(pid: int) -> list[int]:
    """Return a process and all that come from it."""
    return [pid, *(member for child in children_of(pid) for member in family_of(child))]


def run_of(pid: int) -> str:
    """Return the id of the run that a process carries out; "" when it is gone or has not begun one."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\0"):
            name, _, value = line.partition("=")
            if name == "PREFECT__FLOW_RUN_ID":
                return value
    return ""


def command_of(pid: int) -> str:
    """Return the command line of a process; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""
