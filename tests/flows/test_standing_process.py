"""One process runs one month after another: each leaves it as it was found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.settings import PROJECT
from tests.patience import FAR_SECONDS
from tests.whole_month import frozen_files

TWO_MONTHS = """
import contextlib, gc, io, json, os, sys, threading
from pathlib import Path
from flows import one_run
from infra.settings import load_settings

def found():
    mask = os.umask(0o022)
    os.umask(mask)
    files = {}
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            files[path.name] = str(path.readlink())
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return {"environment": dict(os.environ), "gc": gc.isenabled(), "umask": mask, "folder": os.getcwd(),
            "threads": sorted(t.name for t in threading.enumerate()), "children": task.read_text().split(),
            "files": sorted(v for v in files.values() if not v.endswith("/fd"))}

inbox, *homes = sys.argv[1:]
told = [found()]
for home in homes:
    with contextlib.redirect_stderr(io.StringIO()):
        outcome = one_run.run_month("2019-04", inbox, load_settings(home), plain=True)
    assert outcome.result.is_published
    told.append(found())
print(json.dumps(told))
"""


def test_two_months_in_one_process_leave_it_as_it_was(sample_inbox: Path, tmp_path: Path) -> None:
    homes = [tmp_path / "first", tmp_path / "second"]
    command = [sys.executable, "-c", TWO_MONTHS, str(sample_inbox), *map(str, homes)]
    environment = os.environ | {"GREETING": "xin chào"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=FAR_SECONDS, env=environment)
    assert done.returncode == 0, done.stderr
    before, after_one, after_two = json.loads(done.stdout)
    for part in ("environment", "gc", "umask", "folder", "threads", "children"):
        assert after_one[part] == before[part], part
    assert after_two == after_one
    assert not [file for file in after_two["files"] if str(tmp_path) in file]
    assert frozen_files(homes[0]) == frozen_files(homes[1]) != {}
