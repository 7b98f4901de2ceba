"""The inbox between two months: received, read, answered; nothing published."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from infra.settings import PROJECT
from tests.patience import FAR_SECONDS
from tests.whole_month import run_tonghop

RUN_INBOX = """
import os, sys
from pathlib import Path
from flows.prefect_server import PrefectServer, prefect_environment
home = sys.argv[1]
server = PrefectServer(Path(home))
os.environ.update(prefect_environment(Path(home)) | server.client_environment, TONGHOP_HOME=home)
assert server.wait_until_ready()
from flows.inbox import watch_inbox
watch_inbox("2019-04", "", home)
server.stop()
"""


def test_the_inbox_flow_answers_every_sender_and_publishes_nothing(sample_inbox: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_inbox, home / "inbox" / "2019-04")
    command = [sys.executable, "-c", RUN_INBOX, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=FAR_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((home / "replies" / "2019-04").glob("*.eml"))) >= 35
    assert not (home / "outputs").exists()
    assert not (home / "mailbox").exists()
    with sqlite3.connect(home / "prefect" / "prefect.db") as database:
        assert database.execute("select name, state_type from flow_run").fetchall() == [("inbox-2019-04", "COMPLETED")]


def test_the_doctor_says_that_the_parts_answer(tmp_path: Path) -> None:
    done = run_tonghop("doctor", home=tmp_path / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
