"""The child process that runs dbt: begun early, so that importing and parsing cost no waiting.

It imports dbt and parses the project while files are still being read, says so, and waits for the go. dbt
runs apart from everything else: its global state, its file lock and its crashes stay in here.

Talk, one JSON object a line: the child says {"state": "parsed"}; the parent orders {"folder": …}; the child
builds there and says {"state": "built", …} or {"state": "failed", …}, and waits for another order. When the
parent's end of the pipe closes, at whatever moment, the child ends at once: nothing is left running.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

FLAGS = [
    "--quiet", "--no-use-colors", "--no-write-json", "--log-level-file", "none", "--log-level", "none",
    "--no-send-anonymous-usage-stats", "--no-version-check", "--no-populate-cache",
]


def main(project: str, target: str) -> None:
    """Import and parse, then build whatever is ordered."""
    talk = _private_stdout()
    orders = _listen()
    gc.disable()                  # a short life with many small objects: collecting costs a tenth of it
    started = _clock()
    try:
        manifest = _parse(project, target)
    except Exception as error:
        _say(talk, {"state": "failed", "failures": [{"node": "dbt parse", "message": _text(error)}]})
        return
    _say(talk, {"state": "parsed", **_since(started)})
    while True:
        order = orders.get()
        started = _clock()
        os.chdir(order["folder"])     # profiles.yml names the file without a folder
        failures, nodes = _build(project, target, manifest, order["arguments"])
        state = "failed" if failures else "built"
        _say(talk, {"state": state, "failures": failures, "nodes": nodes, **_since(started)})


def _parse(project: str, target: str) -> Any:
    from dbt.cli.main import dbtRunner

    Path(target).mkdir(parents=True, exist_ok=True)
    result = dbtRunner().invoke(["parse", *_arguments(project, target)])
    if not result.success:
        raise result.exception or RuntimeError("dbt parse failed")
    return result.result


def _build(
    project: str, target: str, manifest: Any, arguments: list[str]
) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    from dbt.cli.main import dbtRunner

    result = dbtRunner(manifest=manifest).invoke(["build", *_arguments(project, target), *arguments])
    _close_warehouse()
    outcomes = list(getattr(result.result, "results", None) or [])
    nodes = [_node(outcome) for outcome in outcomes]
    failures = [
        {"node": node["node"], "message": node["message"]}
        for node in nodes if node["status"] not in ("success", "pass", "no-op", "skipped")
    ]
    if result.exception or (not result.success and not failures) or not nodes:
        failures.append({"node": "dbt build", "message": _text(result.exception or "nothing was built")})
    return failures, nodes


def _close_warehouse() -> None:
    """dbt-duckdb keeps the file open after a run, with the last rows still in the write-ahead log."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _node(outcome: Any) -> dict[str, Any]:
    return {
        "node": str(outcome.node.name),
        "status": str(outcome.status),
        "message": str(outcome.message or ""),
        "seconds": round(float(outcome.execution_time), 4),
    }


def _arguments(project: str, target: str) -> list[str]:
    return ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target, *FLAGS]


def _private_stdout() -> TextIO:
    """Keep the pipe for ourselves and send what dbt prints to the log."""
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return private


def _listen() -> SimpleQueue[dict[str, Any]]:
    """Read orders in a thread, which also notices the end of the parent while dbt is at work."""
    orders: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            orders.put(json.loads(line))
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return orders


def _say(talk: TextIO, message: dict[str, Any]) -> None:
    try:
        talk.write(json.dumps(message, ensure_ascii=False) + "\n")
        talk.flush()
    except BrokenPipeError:
        os._exit(1)


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> dict[str, float]:
    wall, cpu = _clock()
    return {"seconds": round(wall - start[0], 3), "cpu_seconds": round(cpu - start[1], 3)}


def _text(error: object) -> str:
    return str(error).strip() or type(error).__name__


if __name__ == "__main__":
    main(*sys.argv[1:])
