"""Builds the warehouse of a month: load the records, let dbt make the figures, verify, move the pointer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from flows.records import Decision, DocumentReading, Receipt
from infra.errors import OperationError
from infra.killpoints import reached
from infra.settings import PROJECT, Settings

IMPORT_SECONDS = 600          # a cold machine under load; an idle one needs three
BUILD_SECONDS = 600
PUBLISHED_TABLES = (
    "marts.fct_observations", "marts.fct_figures", "marts.fct_figure_sources", "marts.fct_submissions",
    "reports.rpt_figures", "reports.rpt_extract",
)


@dataclass
class Builder:
    """A dbt process that is importing or waiting, and the means to build with it.

    Call `start_builder` early, `build` when the files are read, `stop` in any case. After its process died
    a builder begins another by itself. `timings` are those of the last build, in seconds.
    """

    settings: Settings
    process: subprocess.Popen[str] | None = None
    is_parsed: bool = False
    with_unit_tests: bool = False     # of the models: they are right or wrong whatever the month
    timings: dict[str, float] = field(default_factory=dict)

    def build(
        self, settings: Settings, ledger: Any, archive: Any, catalogue: Any,
        readings: Iterable[DocumentReading], period: str,
    ) -> str:
        """Return the id of the build of `period`, made or, with the same inputs, found; its pointer is moved.

        A build holds every month the ledger has up to `period`. The readings of the months before come from
        where the reading step keeps them; `readings` are those of `period` itself.

        Args:
            settings: The installation.
            ledger: Gives receipts and decisions of all months, and the editions whose builds are kept.
            archive: Not read: the readings already hold what the bytes say.
            catalogue: Not used: that of `period` alone, where a build needs the rows of earlier months too.
            readings: One `DocumentReading` per document of `period`, with `use_status` resolved.
            period: "2019-04".

        Raises:
            OperationError: dbt fails (the message names the model), or the warehouse cannot be written.
            CatalogueError: A formula of the catalogue is wrong.
        """
        from infra.catalogue import load_catalogue

        inputs = _gather(settings, ledger, load_catalogue(), readings, period)
        build_id = self.build_inputs(inputs)
        _remove_old_builds(settings, ledger, period)
        return build_id

    def build_inputs(self, inputs: Any) -> str:
        """Return the id of the build of these inputs (`BuildInputs`), made or found; its pointer is moved."""
        from infra import warehouse

        build_id: str = inputs.build_id()
        if warehouse.has_build(self.settings, build_id):
            warehouse.set_current_build(self.settings, inputs.period, build_id)
            return build_id
        with warehouse.new_build_folder(self.settings) as folder:
            with warehouse.writable(folder) as connection:
                for schema, table, record_type, records in inputs.tables():
                    warehouse.load_records(connection, schema, table, record_type, records)
            nodes = self._run_dbt(folder)
            reached("build.before_publish")
            warehouse.publish_build(self.settings, folder, build_id, inputs.period, PUBLISHED_TABLES)
        _save_record(self.settings, build_id, {"period": inputs.period, "timings": self.timings, "nodes": nodes})
        return build_id

    def stop(self) -> None:
        """End the process if it still runs; harmless when it does not."""
        process, self.process, self.is_parsed = self.process, None, False
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()

    def _run_dbt(self, folder: Path) -> list[dict[str, Any]]:
        process = self._running_process()
        if not self.is_parsed:
            self._note("import_and_parse", _hear(process, IMPORT_SECONDS))
            self.is_parsed = True
        arguments = [] if self.with_unit_tests else ["--exclude-resource-type", "unit_test"]
        _tell(process, {"folder": str(folder), "arguments": arguments})
        built = _hear(process, BUILD_SECONDS)
        self._note("dbt_build", built)
        return list(built["nodes"])

    def _note(self, what: str, message: dict[str, Any]) -> None:
        self.timings |= {what: message["seconds"], f"{what}_cpu": message["cpu_seconds"]}

    def _running_process(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.stop()
            self.process = _start_process(self.settings)
        return self.process


def start_builder(settings: Settings) -> Builder:
    """Begin a process that imports dbt and parses the project, and return at once."""
    return Builder(settings, _start_process(settings))


def dbt_folder(settings: Settings) -> Path:
    """Return where dbt keeps its parsed project and its log: never in the repository."""
    return settings.home / "dbt"


def _start_process(settings: Settings) -> subprocess.Popen[str]:
    folder = dbt_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ["-W", "ignore:resource_tracker"]       # semaphores of a process that is ended, not torn down
    command = [sys.executable, *quiet, "-m", "flows.build.dbt_process", str(PROJECT / "dbt_project"), str(folder)]
    with (folder / "dbt.log").open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            command, cwd=PROJECT, env=_environment(), text=True, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )


def _environment() -> dict[str, str]:
    """Return the environment without DBT_* variables: dbt reads them as flags, and only ours may reach it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    return kept | {"DO_NOT_TRACK": "1", "PYTHONUTF8": "1"}


def _tell(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
    pipe = _pipe(process.stdin)
    try:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()
    except BrokenPipeError as error:
        raise _dbt_died(process) from error


def _hear(process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
    import select

    pipe = _pipe(process.stdout)
    ready, _, _ = select.select([pipe], [], [], seconds)
    line = pipe.readline() if ready else ""
    if not line:
        raise _dbt_died(process)
    message: dict[str, Any] = json.loads(line)
    if message["state"] == "failed":
        raise _dbt_failed(message["failures"])
    return message


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _dbt_failed(failures: list[dict[str, str]]) -> OperationError:
    first = failures[0]
    others = f" (+{len(failures) - 1})" if len(failures) > 1 else ""
    return OperationError(
        f"Không dựng được kho số liệu: bước “{first['node']}” của dbt báo lỗi{others}.",
        f"dbt failed at {', '.join(f['node'] for f in failures)}: {first['message']}",
        place=first["node"],
        remedy_vi="Tháng này chưa công bố gì. Xem lỗi trên, sửa rồi chạy lại.",
    )


def _dbt_died(process: subprocess.Popen[str]) -> OperationError:
    return OperationError(
        "Tiến trình dựng kho số liệu dừng giữa chừng hoặc quá lâu.",
        f"The dbt process ended or took too long (exit code {process.poll()}).",
        place="dbt/dbt.log",
        remedy_vi="Chạy lại; nếu vẫn vậy, xem tệp dbt/dbt.log trong thư mục dữ liệu.",
    )


def _gather(
    settings: Settings, ledger: Any, catalogue: Any, readings: Iterable[DocumentReading], period: str
) -> Any:
    from flows.build.inputs import gather_inputs

    receipts: list[Receipt] = [r for r in ledger.receipts() if r.period <= period]
    decisions: list[Decision] = [d for d in ledger.decisions() if d.period <= period]
    earlier = sorted({r.period for r in receipts if r.period < period and r.status in ("received", "late")})
    before = [reading for month in earlier for reading in _readings_of(settings, month)]
    return gather_inputs(period, catalogue, receipts, [*before, *readings], decisions)


def _readings_of(settings: Settings, period: str) -> list[DocumentReading]:
    from flows.readings import load_month

    return load_month(settings, period)


def _remove_old_builds(settings: Settings, ledger: Any, period: str) -> None:
    from infra.warehouse import remove_old_builds

    periods = {r.period for r in ledger.receipts()} | {period}
    removed = remove_old_builds(settings, (e.build_id for month in periods for e in ledger.editions(month)))
    for build_id in removed:
        _record_path(settings, build_id).unlink(missing_ok=True)


def _save_record(settings: Settings, build_id: str, record: dict[str, Any]) -> None:
    _record_path(settings, build_id).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


def _record_path(settings: Settings, build_id: str) -> Path:
    return settings.warehouse_folder / f"{build_id}.json"
