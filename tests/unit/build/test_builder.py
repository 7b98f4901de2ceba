"""The dbt process: begun early, reused when nothing changed, never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.build import Builder, dbt_process, inputs, start_builder
from flows.build.dbt_process import PARSED, SEAL, _forget_a_changed, _seal, _take_prepared
from flows.build.inputs import BuildInputs, gather_inputs
from flows.records import Document, DocumentReading, Reading
from infra import warehouse
from infra.catalogue import load_catalogue
from infra.derived import save_derived
from infra.errors import OperationError
from infra.files import file_sha256
from infra.settings import PROJECT, Settings, load_settings
from tests.patience import wait_until
from tests.warehouse_fixture import PERIOD, BuiltWarehouse, correction, observation, receipts_of, whole_month

FIGURE = observation("vnpt", "622", "phone_subs_fixed", 5)


def _inputs(observations: list[Any], **records: Any) -> BuildInputs:
    return BuildInputs(period=PERIOD, catalogue=load_catalogue(), observations=tuple(observations), **records)


def test_same_inputs_are_one_build(warehouse_builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = warehouse_builder.build_inputs(_inputs([FIGURE]))
    monkeypatch.setattr(Builder, "_run_dbt", lambda *_: pytest.fail("dbt ran although nothing changed"))
    assert warehouse_builder.build_inputs(_inputs([FIGURE])) == first
    assert warehouse.find_current_build(warehouse_builder.settings, PERIOD) == "", "readers follow what is checked"


def test_order_of_records_does_not_make_another_build() -> None:
    rows = whole_month()
    assert _inputs(rows).build_id() == _inputs(rows[::-1]).build_id()


@pytest.mark.parametrize("change", [
    {"decisions": (correction(FIGURE, "6"),)},
    {"receipts": receipts_of([FIGURE])},
    {"documents": (Document("r", "m", "f", "00", 1, ""),)},
])
def test_other_inputs_are_another_build(change: dict[str, Any]) -> None:
    assert _inputs([FIGURE], **change).build_id() != _inputs([FIGURE]).build_id()


def test_other_code_is_another_build(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _inputs([FIGURE]).build_id()
    monkeypatch.setattr(inputs, "step_digest", lambda step: "another")
    assert _inputs([FIGURE]).build_id() != before


def test_readings_become_inputs() -> None:
    reading = DocumentReading(Document("r1", "a.eml", "a.xlsx", "00", 1, ""), "vnpt", Reading((FIGURE,)))
    of_message = DocumentReading(Document("r1", "a.eml", "", "00", 0, ""), "vnpt", Reading())
    gathered = gather_inputs(PERIOD, load_catalogue(), receipts_of([FIGURE]), [reading, of_message], [])
    assert gathered.observations == (FIGURE,)
    assert gathered.documents == (reading.document,)


@pytest.mark.parametrize("value", ["12,5", "abc", "NaN"])
def test_decision_that_is_no_number_stops_with_its_id(value: str) -> None:
    with pytest.raises(OperationError, match="d1"):
        gather_inputs(PERIOD, load_catalogue(), [], [], [correction(FIGURE, value)])


def test_duplicate_key_fails_with_the_model_and_publishes_nothing(
    build_warehouse: Callable[..., BuiltWarehouse], warehouse_builder: Builder
) -> None:
    twice = correction(FIGURE, "6")
    with pytest.raises(OperationError) as caught:
        build_warehouse([FIGURE], decisions=[twice, twice])
    assert caught.value.place == "fct_decisions"
    failed = _inputs([FIGURE], receipts=receipts_of([FIGURE]), decisions=(twice, twice))
    assert not warehouse.has_build(warehouse_builder.settings, failed.build_id())
    assert build_warehouse([FIGURE]).rows("select 1"), "the builder works on after a failure"


def test_dead_process_is_replaced(settings: Settings) -> None:
    builder = start_builder(settings)
    os.kill(builder.process.pid, signal.SIGKILL)
    wait_until(lambda: not builder.process.is_running)
    try:
        build_id = builder.build_inputs(_inputs([FIGURE]))
    finally:
        builder.stop()
    assert warehouse.is_intact(settings, build_id)
    assert {"import_and_parse", "dbt_build"} <= set(builder.timings)
    assert (settings.home / "dbt").is_dir() and not (PROJECT / "dbt_project" / "target").exists()


def test_new_home_begins_with_the_project_as_set_up_parsed_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, parsed = tmp_path / "prepared", tmp_path / "home" / PARSED
    prepared.mkdir()
    monkeypatch.setattr(dbt_process, "PREPARED", prepared)
    (prepared / PARSED).write_bytes(b"what dbt understood")
    save_derived(prepared / SEAL, {"sha256": file_sha256(prepared / PARSED), "inputs": "of this project"})
    _take_prepared(parsed, parsed.with_name(SEAL), "of this project")
    assert parsed.read_bytes() == b"what dbt understood"
    _take_prepared(parsed, parsed.with_name(SEAL), "of the project after an upgrade")
    assert not parsed.exists(), "it may hold models that are gone"
    (prepared / PARSED).write_bytes(b"what somebody else put there")
    _take_prepared(parsed, parsed.with_name(SEAL), "of this project")
    assert not parsed.exists(), "dbt would run the SQL it finds in it"


def test_parsed_project_of_another_version_is_forgotten(tmp_path: Path, settings: Settings) -> None:
    load_settings(settings.home)
    parsed, seal = tmp_path / PARSED, tmp_path / SEAL
    parsed.write_bytes(b"what dbt understood")
    _seal(parsed, seal, "before the upgrade")
    _forget_a_changed(parsed, seal, "before the upgrade")
    assert parsed.exists()
    _forget_a_changed(parsed, seal, "after it")
    assert not parsed.exists()


PREPARE_AND_PARSE = """
import sys
from pathlib import Path
from flows.build import dbt_process

dbt_process.PREPARED = Path(sys.argv[1]) / "prepared"
dbt_process.prepare()
dbt_process._parse(str(dbt_process.PROJECT / "dbt_project"), str(Path(sys.argv[1]) / "home"))
"""


def test_dbt_believes_what_set_up_parsed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PREPARE_AND_PARSE, str(tmp_path)], check=True, cwd=PROJECT)
    told = json.loads((tmp_path / "home" / "perf_info.json").read_text(encoding="utf-8"))
    assert told["is_partial_parse_enabled"] and told["path_count"] > 100
    assert sum(project["parsed_path_count"] for project in told["projects"]) == 0


def test_stopped_builder_leaves_no_process(settings: Settings) -> None:
    builder = start_builder(settings)
    builder.stop()
    builder.stop()
    assert not builder.process.is_running


def test_failing_model_stands_in_the_log(
    build_warehouse: Callable[..., BuiltWarehouse], warehouse_builder: Builder
) -> None:
    twice = correction(FIGURE, "8")
    with pytest.raises(OperationError):
        build_warehouse([FIGURE], decisions=[twice, twice])
    log = warehouse_builder.settings.home / "logs" / "build.log"
    assert "fct_decisions: " in log.read_text(encoding="utf-8")


def test_child_ends_when_its_parent_is_killed(settings: Settings, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", (
        "import pathlib, sys, time\n"
        "from flows.build import start_builder\n"
        "from infra.settings import load_settings\n"
        f"builder = start_builder(load_settings({str(settings.home)!r}))\n"
        f"pathlib.Path({str(note)!r}).write_text(str(builder.process.pid))\n"
        "time.sleep(10_000)\n"
    )], cwd=PROJECT)
    wait_until(lambda: note.exists() and note.read_text() != "")
    child = int(note.read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not _is_running(child))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
