"""The judge: a process of its own, begun early, because Great Expectations takes seconds to import.

    start_judge()                          → python -m flows.check.judge, importing while others read and build
    judge.check(settings, period, build)   → one line of JSON in, one line out, results under <home>/checks/<build>/

It ends by itself when the process that started it closes its pipe or dies; it never outlives it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from queue import Queue
from typing import Any

from flows.check.findings import read_findings
from flows.records import Finding
from infra.errors import OperationError, TonghopError
from infra.settings import PROJECT, Settings


class Judge:
    """A running judge. One `check` after another; `stop` when done."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.timings: dict[str, float] = {}

    def check(self, settings: Settings, period: str, build_id: str) -> list[Finding]:
        """Judge every rule at every place of a build, keep the results, return the findings without decisions.

        Raises:
            OperationError: The judge stopped or could not evaluate a rule: our fault, never the submitter's.
        """
        request = {"home": str(settings.home), "period": period, "build_id": build_id}
        answer = self._ask(json.dumps(request))
        if not answer.get("ok"):
            error = OperationError(answer["message_vi"], answer["message_en"], answer["place"], answer["remedy_vi"])
            error.exit_code = answer["exit_code"]
            raise error
        self.timings = answer["timings"]
        return read_findings(checks_folder(settings, build_id))

    def stop(self) -> None:
        """End the process; it holds nothing that could be lost."""
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _ask(self, line: str) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(line + "\n")
            stdin.flush()
            answer = stdout.readline()
        except (BrokenPipeError, ValueError) as error:
            raise self._stopped() from error
        if not answer:
            raise self._stopped()
        return dict(json.loads(answer))

    def _stopped(self) -> OperationError:
        try:
            self._process.wait(timeout=2)
            last = (self._process.stderr.read() if self._process.stderr else "").strip().splitlines()[-1:]
        except (subprocess.TimeoutExpired, ValueError):
            last = []
        return OperationError(
            "Tiến trình kiểm tra đã dừng giữa chừng.",
            f"The judge stopped: {' '.join(last) or 'no reason given'}",
            remedy_vi="Chạy lại tháng đó; kết quả kiểm tra được làm lại từ kho số liệu.",
        )


def start_judge() -> Judge:
    """Begin the judge's process and return at once; it imports while the caller goes on."""
    environment = os.environ | {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.check.judge"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=PROJECT,
    )
    return Judge(process)


def checks_folder(settings: Settings, build_id: str) -> Any:
    """Return the folder of a build's check."""
    return settings.home / "checks" / build_id


def serve() -> None:
    """Answer requests from standard input until it ends. The process's own entry."""
    parent = os.getppid()
    # Nothing that an import or a solver prints, in Python or below it, may reach the other side.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests: Queue[str] = Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # The judge is needed last: while others start, it waits its turn; a short life needs no collection.
    os.nice(10)
    gc.disable()
    from flows.check.run import Engine

    engine = Engine()
    while True:
        answers.write(json.dumps(_answer(engine, json.loads(requests.get())), ensure_ascii=False) + "\n")
        answers.flush()


def _answer(engine: Any, request: dict[str, str]) -> dict[str, Any]:
    try:
        return {"ok": True, "timings": engine.check(request["home"], request["period"], request["build_id"])}
    except TonghopError as error:
        return {
            "ok": False,
            "message_vi": error.message_vi,
            "message_en": str(error.args[0]),
            "place": error.place,
            "remedy_vi": error.remedy_vi,
            "exit_code": error.exit_code,
        }
    except Exception as error:  # the other side must hear of any fault, in words
        traceback.print_exc(file=sys.stderr)
        return {
            "ok": False,
            "message_vi": "Bộ kiểm tra gặp lỗi.",
            "message_en": f"{type(error).__name__}: {error}",
            "place": "",
            "remedy_vi": "Chạy lại; nếu vẫn lỗi, báo người vận hành.",
            "exit_code": 5,
        }


def _listen(requests: Queue[str]) -> None:
    """Pass lines on; when the other side is gone, so are we, even in the middle of an import."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    serve()
