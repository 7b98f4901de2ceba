"""The Prefect API server of a one-off run: a child process that starts at once and ends with its parent.

A flow without a server starts one of its own and waits for it. This one is begun first, while the files
are being read and the other heavy imports go on, without the pages and the scheduling services that a
one-off run has no use for. Its database stands in the home, so `tonghop serve` shows the run later.
"""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",     # a mistake is told once, by the command line, without a traceback
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "DO_NOT_TRACK": "1",
}
UNUSED_SERVICES = (
    "CANCELLATION_CLEANUP", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "REPOSSESSOR", "SCHEDULER", "TRIGGERS",
)
START_TIMEOUT_SECONDS = 90
TEMPLATE = Path(sys.prefix) / "share" / "tonghop" / f"prefect-{version('prefect')}.db"


def prefect_environment(home: Path) -> dict[str, str]:
    """Return the variables under which Prefect keeps its state in the home and reports to nobody."""
    return QUIET | {"PREFECT_HOME": str(home / "prefect")}


class PrefectServer:
    """A server that is starting or running on loopback; `stop` or the parent's end ends it."""

    def __init__(self, home: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        _lay_database(home / "prefect")
        self._log = (home / "prefect" / "server.log").open("ab")
        environment = os.environ | prefect_environment(home) | {
            f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED_SERVICES
        } | {"PREFECT_SERVER_UI_ENABLED": "false", "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false"}
        environment.pop("PREFECT_API_URL", None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.prefect_server", str(self.port)],
            stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, env=environment,
        )

    def wait_until_ready(self) -> bool:
        """Return True when the server answers, False when it ended or took too long."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        return False

    def stop(self) -> None:
        """End the server and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._log.close()


def _lay_database(folder: Path) -> None:
    # Creating the schema runs some hundred migrations, most of the server's first start; set-up did it once.
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "prefect.db"
    if TEMPLATE.is_file() and not database.exists():
        partial = folder / f"prefect.db.{os.getpid()}"
        shutil.copyfile(TEMPLATE, partial)
        partial.rename(database)


def prepare_template() -> None:
    """Write the empty, migrated database that new homes start from. Part of set-up."""
    import asyncio
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(prefect_environment(Path(folder)))
        os.environ["PREFECT_API_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{folder}/prefect.db"
        from prefect.server.database import provide_database_interface

        asyncio.run(provide_database_interface().create_db())
        with sqlite3.connect(f"{folder}/prefect.db") as database:
            database.execute("pragma journal_mode = delete")
        TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(f"{folder}/prefect.db", TEMPLATE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    # The pipe on standard input closes when the parent ends in whatever way; nothing is left running.
    sys.stdin.buffer.read()
    os._exit(0)


def _serve(port: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()                  # a short life: collecting while importing costs a fifth of the start
    import uvicorn
    from prefect.server.api.server import create_app

    uvicorn.run(create_app(ephemeral=False), host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare_template()
    else:
        _serve(int(sys.argv[1]))
