"""What a child can no longer do once it has entered its walls, tried for real."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox import Sandbox
from infra.settings import PROJECT

SECRET = "tests.unit.infra.odd_jobs"


def attempt(job: str, **header: Any) -> dict[str, Any]:
    with Sandbox(SECRET) as sandbox:
        sandbox.configure(None)
        answer = sandbox.run(job, header, b"")
        assert answer.failure == "", answer
        return answer.content


@pytest.fixture(scope="module")
def walls() -> tuple[str, ...]:
    with Sandbox(SECRET) as sandbox:
        return sandbox.wait_until_ready()


def test_the_child_says_which_walls_it_lacks(walls: tuple[str, ...]) -> None:
    assert set(walls) <= {"no_new_privs", "landlock", "seccomp"}


@pytest.mark.parametrize("path", ["", "/tmp/tonghop-child", str(PROJECT / "flows" / "written")])
def test_a_child_writes_nowhere(path: str, tmp_path: Path, walls: tuple[str, ...]) -> None:
    if "landlock" in walls:
        pytest.skip("no Landlock here; doctor says so")
    target = path or str(tmp_path / "x")
    assert attempt("write", path=target)["error"] == "PermissionError"
    assert not Path(target).exists()


def test_a_child_reads_neither_the_home_nor_another_process(tmp_path: Path, walls: tuple[str, ...]) -> None:
    if "landlock" in walls:
        pytest.skip("no Landlock here; doctor says so")
    (tmp_path / "ledger.sqlite").write_bytes(b"secret")
    assert attempt("read", path=str(tmp_path / "ledger.sqlite"))["error"] == "PermissionError"
    assert attempt("read", path=f"/proc/{os.getpid()}/environ")["error"] == "PermissionError"
    assert attempt("read", path=str(PROJECT / "flows" / "__init__.py"))["error"] == ""


@pytest.mark.parametrize("job", ["run", "fork", "connect", "kill"])
def test_a_child_starts_and_reaches_nothing(job: str, walls: tuple[str, ...]) -> None:
    if "seccomp" in walls:
        pytest.skip("no seccomp here; doctor says so")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert attempt(job, port=server.getsockname()[1], pid=os.getpid())["error"] in ("PermissionError", "OSError")


def test_a_fault_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    with Sandbox(SECRET, log_folder=tmp_path / "logs") as sandbox:
        sandbox.configure(None)
        answer = sandbox.run("fail", {"message": "001.eml"}, b"")
        assert answer.failure == "fault"
        text = (tmp_path / "logs" / "children.log").read_text(encoding="utf-8")
        assert "ZeroDivisionError" in text
        assert "001.eml" in text
        assert sandbox.log_name.endswith("children.log")


def test_the_server_ends_with_the_process_that_began_it() -> None:
    program = (
        f"from infra.sandbox import Sandbox; import os, signal; s = Sandbox({SECRET!r}); s.wait_until_ready();"
        "print(s.server_pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    pid = int(ended.stdout)
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail("the server lives on")
