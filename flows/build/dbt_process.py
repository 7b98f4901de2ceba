"""The child process that runs dbt: begun early, so that importing and parsing cost no waiting.

It imports dbt and parses the project while files are still being read, says so, and waits for the go. dbt
runs apart from everything else: its global state, its file lock and its crashes stay in here.

An order names the folder of a build and more arguments for dbt; the answer says what became of every node.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.dependencies import step_digest
from infra.derived import load_derived, save_derived
from infra.files import file_sha256, make_way, remove_file, replace_file
from infra.helper_child import serve
from infra.settings import PROJECT, SET_UP, load_settings

FLAGS = [
    "--quiet", "--no-use-colors", "--no-write-json", "--log-level-file", "none", "--log-level", "none",
    "--no-send-anonymous-usage-stats", "--no-version-check", "--no-populate-cache",
]


PARSED = "partial_parse.msgpack"
DBT_SUFFIXES = (".json", ".msgpack", ".sql")
SEAL = "parsed.json"                # SHA-256 of it as dbt left it, and the digest of what it was parsed from
PREPARED = SET_UP / "dbt"           # what set-up parsed
Order = dict[str, Any]


def begin(project: str, target: str) -> Callable[[Order], dict[str, Any]]:
    """Import and parse; return what builds whatever is ordered."""
    gc.disable()                  # a short life with many small objects: collecting costs a tenth of it
    load_settings(Path(target).parent)     # what we parsed is sealed by the home's key
    manifest = _parse(project, target)

    def build(order: Order) -> dict[str, Any]:
        os.chdir(order["folder"])     # profiles.yml names the file without a folder
        failures, nodes = _build(project, target, manifest, order["arguments"])
        for failure in failures:
            print(f"{failure['node']}: {failure['message']}", file=sys.stderr)
        return {"failures": failures, "nodes": nodes}

    return build


def _parse(project: str, target: str) -> Any:
    from dbt.cli.main import dbtRunner

    parsed, seal, inputs = Path(target) / PARSED, Path(target) / SEAL, step_digest("parse", is_fresh=True)
    _make_way_for_files(Path(target))
    _forget_a_changed(parsed, seal, inputs)
    if not parsed.exists() and Path(target) != PREPARED:
        _take_prepared(parsed, seal, inputs)
    result = dbtRunner().invoke(["parse", *_arguments(project, target)])
    if not result.success:
        raise result.exception or RuntimeError("dbt parse failed")
    _seal(parsed, seal, inputs)
    return result.result


def _make_way_for_files(target: Path) -> None:
    """Move folders that stand where dbt writes files aside: its files have a suffix, its folders none."""
    for path in [path for path in target.rglob("*.*") if path.suffix in DBT_SUFFIXES]:
        if not path.is_file():
            make_way(path)


def _forget_a_changed(parsed: Path, seal: Path, inputs: str) -> None:
    """Remove a parsed project that is not as dbt left it, or is another's: dbt would run the SQL it finds in it.

    dbt looks for changed files itself, but what an upgrade took away lives on in what it parsed before.
    """
    if not _is_as_left(parsed, seal, inputs):
        remove_file(parsed)


def _is_as_left(parsed: Path, seal: Path, inputs: str) -> bool:
    written = load_derived(seal)
    return written is not None and written == {"sha256": file_sha256(parsed), "inputs": inputs}


def _seal(parsed: Path, seal: Path, inputs: str) -> None:
    save_derived(seal, {"sha256": file_sha256(parsed), "inputs": inputs})


def _take_prepared(parsed: Path, seal: Path, inputs: str) -> None:
    """Begin a new home with the project as set-up parsed it, if it is still the same project."""
    prepared = PREPARED / PARSED
    _make_way_for_files(parsed.parent)
    if not _is_as_left(prepared, PREPARED / SEAL, inputs):
        remove_file(parsed)
        return
    replace_file(parsed, prepared.read_bytes())
    _seal(parsed, seal, inputs)


def prepare() -> None:
    """Parse the project for the homes to come. Part of set-up."""
    PREPARED.mkdir(parents=True, exist_ok=True)
    _parse(str(PROJECT / "dbt_project"), str(PREPARED))


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
    if result.exception:
        traceback.print_exception(result.exception)
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


def _text(error: object) -> str:
    return str(error).strip() or type(error).__name__


if __name__ == "__main__":
    serve(lambda: begin(*sys.argv[1:]))
