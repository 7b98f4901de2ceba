"""The judge: a process of its own, begun early, because Great Expectations takes seconds to import.

`start_judge` returns at once; `check` of a build leaves its results under `<home>/checks/<build>-<rules>/`.
"""

from __future__ import annotations

import gc
from typing import Any

from flows.check.findings import check_folder, read_findings
from flows.records import Finding
from infra.helper_child import serve
from infra.helper_process import Helper, HelperProcess
from infra.settings import Settings

CHECK_CPU_SECONDS = 900       # a month needs two
JUDGE = Helper("check", "flows.check.judge", "kiểm tra số liệu", "judge", {"GX_ANALYTICS_ENABLED": "false"})


class Judge:
    """A running judge. One `check` after another; `stop` when done."""

    def __init__(self, process: HelperProcess) -> None:
        self.process = process
        self.timings: dict[str, float] = {}
        self.check_name = ""          # of the last check, below <home>/checks

    def check(self, settings: Settings, period: str, build_id: str) -> list[Finding]:
        """Judge every rule at every place of a build, keep the results, return the findings without decisions.

        Raises:
            OperationError: The judge stopped or could not evaluate a rule: our fault, never the submitter's.
            CatalogueError: A row or a rule in force in that month is wrong.
        """
        request = {"home": str(settings.home), "period": period, "build_id": build_id}
        answer = self.process.ask(request, CHECK_CPU_SECONDS).content
        self.timings, self.check_name = answer["seconds"], answer["check"]
        return read_findings(check_folder(settings, self.check_name))

    def stop(self) -> None:
        """End the process; it holds nothing that could be lost."""
        self.process.stop()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def start_judge(settings: Settings) -> Judge:
    """Begin the judge's process and return at once; it imports while the caller goes on."""
    return Judge(HelperProcess(JUDGE, settings.home))


def begin() -> Any:
    """Import the engine; return what checks a build. The process's own entry."""
    # A short life needs no collection.
    gc.disable()
    from flows.check.run import Engine

    engine = Engine()
    return lambda request: engine.check(request["home"], request["period"], request["build_id"])


if __name__ == "__main__":
    serve(begin)
