"""The helpers of a month begin when they are asked for, and all that began end with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.steps import Helpers
from infra.settings import Settings


@pytest.mark.parametrize("begun", [(), ("builder",), ("builder", "judge")])
def test_those_that_began_end(settings: Settings, begun: tuple[str, ...]) -> None:
    helpers = Helpers(settings)
    processes = [getattr(helpers, name).process.pid for name in begun] + [helpers.sandbox.server_pid]
    assert all(Path(f"/proc/{pid}").exists() for pid in processes)
    helpers.stop()
    helpers.stop()
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert {"builder", "judge"} & set(vars(helpers)) == set(begun), "stopping begins nothing"


def test_begin_begins_the_rest(settings: Settings) -> None:
    helpers = Helpers(settings)
    builder = helpers.builder
    try:
        helpers.begin()
        assert helpers.builder is builder and builder.process.is_running and helpers.judge.process.is_running
    finally:
        helpers.stop()
