"""A lock of a file is held by one process, and given back however that process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.locks import held_lock, holder
from infra.settings import PROJECT

HOLD = """
import sys, time
from pathlib import Path
from infra.locks import held_lock
with held_lock(Path(sys.argv[1]), 0, "http://here") as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert holder(path) == ""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "True\n"
        with held_lock(path, 0) as is_ours:
            assert not is_ours
        assert holder(path) == f"{process.pid} http://here"
        process.kill()
    assert holder(path) == ""
    with held_lock(path, 0) as is_ours:
        assert is_ours
