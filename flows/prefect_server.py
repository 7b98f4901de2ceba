"""The Prefect API server as a child process that starts at once and ends with its parent, reachable by us alone.

A flow without a server starts one of its own and waits for it. That of a one-off run is begun first, while the
files are being read and the other heavy imports go on, without the pages and the scheduling services that it has
no use for. The database stands in the home, so `tonghop serve` shows the run later.

Whoever reaches the API can start flows. So it listens on loopback, asks for the home's password, and answers
neither a foreign page (origins) nor a name that was bent to loopback (hosts).
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import re
import secrets
import shutil
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from infra.errors import OperationError
from infra.files import create_file, replace_file
from infra.helper_child import end_with_parent, take_channel
from infra.helper_process import ChildProcess, Helper
from infra.settings import SET_UP

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
STANDING = {                  # old events, runs and logs go by age: Prefect's database is no record of ours
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 86400),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
}
ONE_OFF = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED_SERVICES} | {
    "PREFECT_SERVER_UI_ENABLED": "false", "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
}
# The server works in that folder: no address has to spell a path with "?", "#" or "%" in it.
DATABASE_FILE = "prefect.db"
ASIDE = ".aside"
DATABASE = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{DATABASE_FILE}"}
PASSWORD = "api-password"
LOOPBACK = ("127.0.0.1", "localhost")
ANSWER_SECONDS = 5.0
START_CPU_SECONDS = 120.0
START_WALL_SECONDS = 1200.0
TEMPLATE = SET_UP / f"prefect-{version('prefect')}.db"


def prefect_environment(home: Path) -> dict[str, str]:
    """Return the variables under which Prefect keeps its state in the home, reports to nobody, and knows us."""
    ours = QUIET | {"PREFECT_HOME": str(home / "prefect")}
    host = urlsplit(os.environ.get("PREFECT_API_URL", "")).hostname
    if "PREFECT_API_AUTH_STRING" in os.environ or host not in (None, *LOOPBACK):
        return ours               # a server elsewhere has a password of its own
    return ours | {"PREFECT_API_AUTH_STRING": api_password(home)}


def named_server() -> str:
    """Return the address in PREFECT_API_URL when Prefect's API answers there, "" when none is named.

    Raises:
        OperationError: Nothing answers there within some seconds, or something else than Prefect.
    """
    url = os.environ.get("PREFECT_API_URL", "")
    if url and (fault := _fault_at(re.sub("//.*@", "//", url))):
        raise OperationError(
            "Không có máy chủ Prefect nào trả lời tại địa chỉ đã đặt.", f"No Prefect server answers there: {fault}.",
            place="PREFECT_API_URL=" + re.sub("//.*@", "//…@", url),
            remedy_vi="Sửa PREFECT_API_URL (như http://127.0.0.1:4200/api) hoặc chạy máy chủ đó; "
            "bỏ biến này thì mỗi lần chạy tự khởi động một máy chủ.",
        )
    return url


def _fault_at(url: str) -> str:
    """Return why the API does not answer at an address, "" when it does; whoever asks for a key is there."""
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            return "not an http address"
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=ANSWER_SECONDS) as answer:
            return "" if answer.read(100).strip() == b"true" else "something else answers"
    except urllib.error.HTTPError as error:
        return "" if error.code in (401, 403) else f"HTTP {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))


def api_password(home: Path) -> str:
    """Return "name:password" of the home's API: PREFECT_SERVER_API_AUTH_STRING, or one drawn once and kept there.

    Raises:
        OperationError: The file that keeps it cannot be written or read.
    """
    if given := os.environ.get("PREFECT_SERVER_API_AUTH_STRING"):
        return given
    path = home / "prefect" / PASSWORD
    try:
        _private_folder(path.parent)
        create_file(path, f"tonghop:{secrets.token_urlsafe(32)}".encode())  # the first of two runs is right for both
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise OperationError(
            "Không lưu được mật khẩu của Prefect.", f"Prefect's password cannot be kept: {error.strerror}.",
            place=str(path), remedy_vi="Cấp quyền ghi vào thư mục đó, hoặc dọn bớt chỗ trên ổ đĩa.",
        ) from error


class PrefectServer(ChildProcess):
    """A server that is starting or running on loopback; `stop` or the parent's end ends it.

    Args:
        home: Where its database, its pages and its log are.
        listener: Where it listens, for `tonghop serve`, with pages and schedules: whoever holds it open lets the next
            server take over its place, and nobody else. A one-off run has any free port.

    Raises:
        OperationError: The home cannot be written.
    """

    def __init__(self, home: Path, listener: socket.socket | None = None) -> None:
        with contextlib.ExitStack() as stack:
            place = listener or stack.enter_context(listening(0))
            self.port = int(place.getsockname()[1])
            self.url = f"http://127.0.0.1:{self.port}/api"
            _lay_database(home / "prefect")
            variables = STANDING | self._variables(home) if listener else self._variables(home) | ONE_OFF
            super().__init__(Helper("prefect", __name__, "máy chủ Prefect", "Prefect server", variables), home)
            socket.send_fds(self.channel, [b"S"], [place.fileno()])

    @property
    def client_environment(self) -> dict[str, str]:
        """Variables under which a flow finds this server."""
        return {"PREFECT_API_URL": self.url}

    def wait_until_ready(self) -> bool:
        """Return True when the server answers, False when it ended or took too long."""
        deadline = time.monotonic() + START_WALL_SECONDS
        while time.monotonic() < deadline and self.cpu_seconds() < START_CPU_SECONDS and self.is_running:
            if self.answers(2.0):
                return True
            time.sleep(0.05)
        return False

    def answers(self, seconds: float = ANSWER_SECONDS) -> bool:
        """Return whether the server says within so many seconds that it is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=seconds) as answer:
                return bool(answer.read(100).strip() == b"true")
        except (OSError, http.client.HTTPException):
            return False

    def stop(self, patience: float = 10.0) -> None:
        """End the server; it may first close its database."""
        super().stop(patience)

    def _variables(self, home: Path) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
        given.pop("PREFECT_API_URL", None)
        return DATABASE | given | prefect_environment(home) | {
            "PREFECT_SERVER_API_AUTH_STRING": api_password(home),
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{name}:{self.port}" for name in LOOPBACK),
            "PREFECT_UI_API_URL": self.url,
            "PREFECT_UI_STATIC_DIRECTORY": str(home / "prefect" / "pages"),
        }


def listening(port: int) -> socket.socket:
    """Return a listener on loopback, 0 for any free port, bound here and handed over to the server.

    Nobody can take the port between choosing it and using it, nor, while it is held here, when a server has died.

    Raises:
        OperationError: The port is taken.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise OperationError(
            f"Cổng {port} trên máy này đang bị dùng.", f"Port {port} is taken: {error.strerror}.",
            place=f"127.0.0.1:{port}",
            remedy_vi="Dừng chương trình đang dùng cổng đó, hoặc đặt TONGHOP_PREFECT_PORT là một cổng khác.",
        ) from error


def _private_folder(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)           # the password, and the pages of whoever holds it, are ours alone


def _lay_database(folder: Path) -> None:
    # Creating the schema runs some hundred migrations, most of the server's first start; set-up did it once.
    _private_folder(folder)
    database = folder / DATABASE_FILE
    if TEMPLATE.is_file() and not database.exists():
        replace_file(database, TEMPLATE.read_bytes())


def set_database_aside(home: Path) -> None:
    """Let the next server begin with an empty database; the present one stays beside it, for whoever asks why.

    It holds no fact of ours: what ran is in the ledger, what is scheduled is declared anew at every start.
    """
    for path in (home / "prefect").glob(f"{DATABASE_FILE}*"):
        if ASIDE not in path.name:
            path.rename(path.with_name(path.name.replace(DATABASE_FILE, f"{DATABASE_FILE}{ASIDE}")))


def prepare_template() -> None:
    """Write the empty, migrated database that new homes start from. Part of set-up."""
    import asyncio
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(QUIET | DATABASE | {"PREFECT_HOME": folder})
        os.chdir(folder)
        from prefect.server.database import provide_database_interface

        asyncio.run(provide_database_interface().create_db())
        with sqlite3.connect("prefect.db") as database:
            database.execute("pragma journal_mode = delete")
        TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
        shutil.move("prefect.db", TEMPLATE)
        os.chdir("/")


def _serve() -> None:
    channel = take_channel()
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    threading.Thread(target=end_with_parent, args=(channel,), daemon=True).start()
    gc.disable()                  # collecting while importing costs a fifth of the start
    os.chdir(os.environ["PREFECT_HOME"])
    import uvicorn
    from prefect.server.api.server import create_app
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = TrustedHostMiddleware(create_app(ephemeral=False), allowed_hosts=[*LOOPBACK])
    gc.freeze()                   # what was imported stays; looking through it takes as long as ten requests
    gc.enable()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[socket.socket(fileno=descriptors[0])])


if __name__ == "__main__":
    _serve()
