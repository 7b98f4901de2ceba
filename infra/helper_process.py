"""Child processes of ours: one way to start, ask, limit, log and end them.

A `ChildProcess` is started at once, holds no secret, prints into `<home>/logs/<name>.log`, and ends with us.
A `HelperProcess` also answers requests; it dies, is silent or fails in three different sentences, each with
the place of that log. The other side is `infra.helper_child`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import errors
from infra.child_log import ChildLog
from infra.errors import OperationError, TonghopError
from infra.helper_child import CHANNEL, SHOW_YOURSELF
from infra.settings import PROJECT

# What a child may know of our environment; everything else (passwords, keys, addresses) stays here.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "TZ", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
             "TONGHOP_KEYS")
LARGEST_ANSWER = 64_000_000       # bytes
LOOK_AGAIN = 0.25                 # seconds between two looks at the processor time of a child that is at work
WALL_FOR_CPU = 20                 # a busy or swapping machine may take so many seconds for one of its processor


@dataclass(frozen=True)
class Helper:
    """What a child is: the name of its log, the module it runs, what people call it, what it must know."""

    name: str
    module: str
    title_vi: str                 # as it stands in "Tiến trình … đã dừng"
    title_en: str
    variables: Mapping[str, str] = field(default_factory=dict)
    python_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a helper said, and the seconds it took, by the clock and of the processor."""

    content: dict[str, Any]
    seconds: float
    cpu_seconds: float


class ChildProcess:
    """A running child; `channel` is a socket to it, closed at its end when it dies, as ours is when we die."""

    def __init__(self, helper: Helper, home: Path, *arguments: str) -> None:
        self.helper = helper
        self.home = home
        self.arguments = arguments
        self._start()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id; a session of its own has the same."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def log_file(self) -> Path:
        return self._log.path

    @property
    def last_words(self) -> str:
        """The last line it printed."""
        return self._log.last_line

    def end_soon(self) -> None:
        """Tell it to end by itself, and go on; `stop` then waits for less."""
        if self.is_running:
            self._process.terminate()

    def stop(self, patience: float = 0.0) -> None:
        """End it and whatever it started; with `patience` it may first end by itself for so many seconds."""
        if patience and self.is_running:
            self.end_soon()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self._process.kill()
        self._process.wait()
        self.channel.close()
        if not self._log.is_ended(2):    # somebody it started lives on
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self._log.is_ended(2)

    def cpu_seconds(self) -> float:
        """Processor seconds used so far by the child and by what it started and saw end; 0 where unknown."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
            ticks = text.rpartition(")")[2].split()[11:15]
        except OSError:
            return 0.0
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _start(self) -> None:
        self._log = ChildLog(self.home, self.helper.name)
        self.channel, theirs = socket.socketpair()
        command = [sys.executable, *self.helper.python_options, "-m", self.helper.module, *self.arguments]
        try:
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=self._environment(theirs.fileno()), umask=0o077, start_new_session=True,
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self._log.writer, stderr=self._log.writer,
            )  # fmt: skip
        except OSError as error:
            self.channel.close()
            raise self._error("không khởi động được", "could not be started", str(error)) from error
        finally:
            theirs.close()
            self._log.follow(self.helper.module)

    def _environment(self, channel: int) -> dict[str, str]:
        bond = "tied" if threading.current_thread() is threading.main_thread() else "loose"
        ours = {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", "LANG": "C.UTF-8", "DO_NOT_TRACK": "1",
                CHANNEL: f"{channel}:{os.getpid()}:{bond}"}
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return inherited | ours | dict(self.helper.variables)

    def _error(self, what_vi: str, what_en: str, detail: str = "") -> OperationError:
        return OperationError(
            f"Tiến trình {self.helper.title_vi} {what_vi}; chi tiết ở {self.log_file}.",
            f"The {self.helper.title_en} {what_en}; details in {self.log_file}{': ' if detail else ''}{detail}",
            place=str(self.log_file),
            remedy_vi="Chạy lại; nếu vẫn vậy, gửi tệp nhật ký đó cho người bảo trì.",
        )


def end_all_marked(name: str, value: str, seconds: float = 10.0) -> None:
    """Kill every process that was begun with `name=value` in its environment, and see it gone, within so many seconds.

    For what a library begins for us, in groups of their own. Linux only: elsewhere they are left to end by themselves.
    """
    deadline = time.monotonic() + seconds
    while (found := marked_processes(name, value)) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def marked_processes(name: str, value: str) -> list[int]:
    """Return the process ids of what was begun with `name=value` in its environment, ourselves aside. Linux only."""
    found, mark = [], f"{name}={value}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):          # it ended meanwhile, or is not ours
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


class HelperProcess(ChildProcess):
    """A child that answers. `ask` waits for its imports first; one found dead begins anew.

    Limits are processor seconds: a busy machine is not the helper's fault. Only a helper that does nothing at
    all is met by the clock, `WALL_FOR_CPU` times as late unless `wall` says otherwise.
    """

    START_CPU_SECONDS = 120.0

    def __init__(self, helper: Helper, home: Path, *arguments: str) -> None:
        self.start: Answer | None = None      # what it said when it was ready
        super().__init__(helper, home, *arguments)

    def ask(self, request: Mapping[str, Any], cpu_seconds: float, wall: float | None = None) -> Answer:
        """Return the answer to one request.

        Args:
            request: A JSON object.
            cpu_seconds: Processor seconds the answer may take.
            wall: Seconds by the clock; `WALL_FOR_CPU` times as many as of the processor when not given.

        Raises:
            OperationError: The helper died, was silent, failed, or answered what is no answer; it is ended
                (after a fault of ours it goes on) and the next request begins another.
            TonghopError: What the helper's own code raised, as it was raised.
        """
        if not self.is_running:
            self.stop()
            self.start = None
            self._start()
        self.wait_until_ready()
        try:
            self.channel.settimeout(wall or cpu_seconds * WALL_FOR_CPU)
            self.channel.sendall(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        except TimeoutError:
            raise self._silent(cpu_seconds) from None
        except OSError:
            raise self._dead() from None
        return self._hear(cpu_seconds, wall)

    def wait_until_ready(self) -> Answer:
        """Wait for the helper's imports, once; raises as `ask`."""
        if self.start is None:
            try:
                self.start = self._hear(self.START_CPU_SECONDS)
            except TonghopError:
                self.stop()              # one that could not begin is not there for the next request
                raise
        return self.start

    def _hear(self, cpu_seconds: float, wall: float | None = None) -> Answer:
        line = self._line(cpu_seconds, wall or cpu_seconds * WALL_FOR_CPU)
        try:
            message = json.loads(line)
            answer = Answer(dict(message.get("answer", {})), float(message["seconds"]), float(message["cpu_seconds"]))
            state = message["state"]
        except (ValueError, TypeError, AttributeError, KeyError):
            raise self._garbled(line) from None
        if state == "refused":
            raise _refusal(message)
        if state != "done":
            raise self._failed(str(message.get("fault")))
        return answer

    def _line(self, cpu_seconds: float, wall: float) -> bytes:
        allowed, deadline = self.cpu_seconds() + cpu_seconds, time.monotonic() + wall
        heard = bytearray()
        self.channel.settimeout(LOOK_AGAIN)
        while not heard.endswith(b"\n"):
            if len(heard) > LARGEST_ANSWER:
                raise self._garbled(bytes(heard[:200]))
            try:
                piece = self.channel.recv(1 << 20)
            except TimeoutError:
                if self.cpu_seconds() > allowed or time.monotonic() > deadline:
                    raise self._silent(cpu_seconds) from None
                continue
            except OSError:
                piece = b""
            if not piece:
                raise self._dead()
            heard += piece
        return bytes(heard)

    def _dead(self) -> OperationError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.poll()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        self.stop()
        return self._error("đã dừng giữa chừng", f"stopped half-way ({how})", self._log.last_line)

    def _silent(self, cpu_seconds: float) -> OperationError:
        if self.is_running:
            os.kill(self.pid, SHOW_YOURSELF)
            time.sleep(LOOK_AGAIN)       # for the log to hold where it was
        self.stop()
        return self._error(
            f"không trả lời trong giới hạn {cpu_seconds:g} giây xử lý nên đã bị dừng",
            f"did not answer within its limit of {cpu_seconds:g} processor seconds and was ended",
        )

    def _failed(self, fault: str) -> OperationError:
        return self._error("gặp lỗi của phần mềm", "met a fault of ours", fault)

    def _garbled(self, line: bytes) -> OperationError:
        self.stop()
        return self._error("trả lời sai dạng nên đã bị dừng", "answered what is no answer and was ended",
                           line[:200].decode("utf-8", "replace"))


def _refusal(message: Mapping[str, Any]) -> TonghopError:
    """Return the error that the helper's code raised."""
    kind = getattr(errors, str(message["kind"]), OperationError)
    error: TonghopError = kind(*(message[part] for part in ("message_vi", "message_en", "place", "remedy_vi")))
    if isinstance(error, OperationError):
        error.is_temporary = bool(message["is_temporary"])
    return error
