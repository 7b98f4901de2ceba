"""Builds the warehouse of a month: load the records, let dbt make the figures, verify; a check lets readers follow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flows.records import DocumentReading, Receipt
from infra.derived import save_derived
from infra.errors import OperationError
from infra.helper_process import Answer, Helper, HelperProcess
from infra.killpoints import reached
from infra.machine_faults import text_fault
from infra.settings import PROJECT, Settings

Earlier = Callable[[str], list[DocumentReading]]
BUILD_CPU_SECONDS = 600       # a month needs two
DBT = Helper(
    "build", "flows.build.dbt_process", "dựng kho số liệu", "process that builds the warehouse",
    # A semaphore's keeper warns about a process that is ended, not torn down.
    python_options=("-W", "ignore:resource_tracker"),
)
PUBLISHED_TABLES = (
    "marts.fct_observations", "marts.fct_figures", "marts.fct_figure_sources", "marts.fct_submissions",
    "reports.rpt_figures", "reports.rpt_extract",
)


@dataclass
class Builder:
    """A dbt process that is importing or waiting, and the means to build with it.

    Call `start_builder` early, `build` when the files are read, `stop` in any case. `timings` are those of
    the last build, in seconds.
    """

    settings: Settings
    process: HelperProcess
    with_unit_tests: bool = False     # of the models: they are right or wrong whatever the month
    timings: dict[str, float] = field(default_factory=dict)

    def build(
        self, settings: Settings, ledger: Any, archive: Any, catalogue: Any,
        readings: Iterable[DocumentReading], period: str, earlier: Earlier | None = None,
    ) -> str:
        """Return the id of the build of `period`, made or, with the same inputs, found.

        A build holds every month the ledger has up to `period`; `readings` are those of `period` itself.

        Args:
            settings: The installation.
            ledger: Gives receipts and decisions of all months, and the editions whose builds are kept.
            archive: Not read: the readings already hold what the bytes say.
            catalogue: Not used: that of `period` alone, where a build needs the rows of earlier months too.
            readings: One `DocumentReading` per document of `period`, with `use_status` resolved.
            period: "2019-04".
            earlier: Gives the readings of a month before; by default those that were kept, or an error.

        Raises:
            OperationError: dbt fails (the message names the model), or the warehouse cannot be written.
            CatalogueError: A formula of the catalogue is wrong.
        """
        from flows.readings import load_month
        from infra.catalogue import load_catalogue

        before = _read_before(ledger, period, earlier or partial(load_month, settings))
        inputs = _gather(ledger, load_catalogue(), [*before, *readings], period)
        build_id = self.build_inputs(inputs)
        _remove_old_builds(settings, ledger, period)
        return build_id

    def build_inputs(self, inputs: Any) -> str:
        """Return the id of the build of these inputs (`BuildInputs`), made or found."""
        from infra import warehouse

        build_id: str = inputs.build_id()
        if warehouse.is_intact(self.settings, build_id):
            return build_id
        with warehouse.new_build_folder(self.settings) as folder:
            with warehouse.writable(folder) as connection:
                for schema, table, record_type, records in inputs.tables():
                    warehouse.load_records(connection, schema, table, record_type, records)
            nodes = self._run_dbt(folder)
            reached("build.before_publish")
            self._finish(folder, inputs)
        _save_record(self.settings, build_id, {"period": inputs.period, "timings": self.timings, "nodes": nodes})
        return build_id

    def stop(self) -> None:
        """End the process; harmless when it has ended."""
        self.process.stop()

    def _finish(self, folder: Path, inputs: Any) -> None:
        from infra import warehouse

        noted = inputs.request()
        warehouse.finish_build(
            self.settings, folder, noted.build_id, PUBLISHED_TABLES, noted.inputs_sha256, noted.readings_sha256
        )

    def _run_dbt(self, folder: Path) -> list[dict[str, Any]]:
        arguments = [] if self.with_unit_tests else ["--exclude-resource-type", "unit_test"]
        built = self.process.ask({"folder": str(folder), "arguments": arguments}, BUILD_CPU_SECONDS)
        self._note("import_and_parse", self.process.wait_until_ready())
        self._note("dbt_build", built)
        if built.content["failures"]:
            raise _dbt_failed(built.content["failures"], folder)
        return list(built.content["nodes"])

    def _note(self, what: str, answer: Answer) -> None:
        self.timings |= {what: answer.seconds, f"{what}_cpu": answer.cpu_seconds}


def start_builder(settings: Settings) -> Builder:
    """Begin a process that imports dbt and parses the project, and return at once."""
    folder = dbt_folder(settings)
    return Builder(settings, HelperProcess(DBT, settings.home, str(PROJECT / "dbt_project"), str(folder)))


def dbt_folder(settings: Settings) -> Path:
    """Return where dbt keeps its parsed project: never in the repository."""
    return settings.home / "dbt"


def _dbt_failed(failures: list[dict[str, str]], folder: Path) -> OperationError:
    for failure in failures:
        if fault := text_fault(failure["message"], folder):
            return fault
    first = failures[0]
    others = f" (+{len(failures) - 1})" if len(failures) > 1 else ""
    return OperationError(
        f"Không dựng được kho số liệu: bước “{first['node']}” của dbt báo lỗi{others}.",
        f"dbt failed at {', '.join(f['node'] for f in failures)}: {first['message']}",
        place=first["node"],
        remedy_vi="Tháng này chưa công bố gì. Xem lỗi trên, sửa rồi chạy lại.",
    )


def _read_before(ledger: Any, period: str, earlier: Earlier) -> list[DocumentReading]:
    """Return the readings of every month before that has a submission; reading one again may settle its versions."""
    receipts: list[Receipt] = ledger.receipts()
    months = sorted({r.period for r in receipts if r.period < period and r.status in ("received", "late")})
    return [reading for month in months for reading in earlier(month)]


def _gather(ledger: Any, catalogue: Any, readings: Iterable[DocumentReading], period: str) -> Any:
    from flows.build.inputs import gather_inputs

    view = ledger.view(period)
    return gather_inputs(period, catalogue, view.receipts, readings, view.decisions)


def _remove_old_builds(settings: Settings, ledger: Any, period: str) -> None:
    from infra.warehouse import remove_old_builds

    periods = {r.period for r in ledger.receipts()} | {period}
    removed = remove_old_builds(settings, (e.build_id for month in periods for e in ledger.editions(month)))
    for build_id in removed:
        _record_path(settings, build_id).unlink(missing_ok=True)
        for checked in (settings.home / "checks").glob(f"{build_id}-*"):
            shutil.rmtree(checked, ignore_errors=True)


def _save_record(settings: Settings, build_id: str, record: dict[str, Any]) -> None:
    save_derived(_record_path(settings, build_id), record)


def _record_path(settings: Settings, build_id: str) -> Path:
    return settings.warehouse_folder / f"{build_id}.json"
