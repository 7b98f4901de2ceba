"""A process that somebody stopped is overdue after a while, and only when it was stopped all the while."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from infra.stopped import StoppedProcesses, is_stopped
from tests.patience import wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the state is read from /proc")


def test_only_what_is_stopped_for_long_is_overdue() -> None:
    now = [0.0]
    watch = StoppedProcesses(60, lambda: now[0])
    with subprocess.Popen(["sleep", "600"]) as process:
        assert watch.overdue([process.pid]) == []
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(lambda: is_stopped(process.pid), "the stop")
        assert watch.overdue([process.pid]) == []
        now[0] = 59
        assert watch.overdue([process.pid]) == []
        os.kill(process.pid, signal.SIGCONT)
        wait_until(lambda: not is_stopped(process.pid), "its going on")
        now[0] = 61
        assert watch.overdue([process.pid]) == [], "it went on meanwhile"
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(lambda: is_stopped(process.pid), "the stop")
        assert watch.overdue([process.pid]) == []
        now[0] = 121
        assert watch.overdue([process.pid]) == [process.pid]
        process.kill()
    assert not is_stopped(process.pid)
