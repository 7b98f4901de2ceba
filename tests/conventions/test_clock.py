"""Whoever needs the present is given a clock: a simulation plays years, and no module knows the time by itself."""

from __future__ import annotations

import ast
from pathlib import Path

from infra.settings import PROJECT

OWN = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime"}
OF = {"datetime", "date", "time"}


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    sources = [path for folder in ("flows", "expectations", "infra") for path in (PROJECT / folder).rglob("*.py")]
    found = [line for path in sources if path != PROJECT / "infra" / "clock.py" for line in asked_in(path)]
    assert not found, f"the time is asked outside infra/clock.py: {found}"


def test_asking_the_machine_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "odd.py"
    path.write_text("import time, datetime\ntime.time()\ndatetime.datetime.now()\ntime.monotonic()\n")
    assert [line.partition(":")[2] for line in asked_in(path)] == ["2", "3"]


def asked_in(path: Path) -> list[str]:
    """Return the places at which a module asks for the time of day by itself."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [f"{path.name}:{call.lineno}" for call in calls if _asks_for_the_time(call.func)]


def _asks_for_the_time(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in OWN:
        return False
    owner = function.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")) in OF
