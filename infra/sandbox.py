"""Children with limits: every foreign message and file is opened in a process of its own, which may die of it.

`Sandbox.run` hands bytes and a request to a fresh child and returns what it answered, or how it ended. Answers are
JSON and bytes, parsed as data; nothing that a child says is ever unpickled. Processor time is the limit; wall time is
only a far backstop, so that a busy machine condemns nobody's file.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from infra.errors import OperationError
from infra.settings import PROJECT

SERVER = "infra.sandbox_server"
# One child: bytes of memory beyond what it inherits, processor seconds, open files, bytes of a file it writes.
LIMITS = {"memory": 420_000_000, "cpu": 7, "NOFILE": 128, "FSIZE": 64_000_000, "wall": 240}
PATIENCE = 30.0  # seconds beyond the child's wall time after which the server itself is taken for dead
MAX_ANSWER = 400_000_000
LOG_BYTES = 2_000_000
SIZE = struct.Struct("<i")
ENDED = struct.Struct("<iqq")  # as the server writes it: exit status, peak memory in kilobytes, processor microseconds
Failure = Literal["", "fault", "memory", "time", "wall", "crash", "budget"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child answered, or how it failed: `detail` then names the error of a fault of ours."""

    content: dict[str, Any]
    blobs: tuple[bytes, ...] = ()
    failure: Failure = ""
    detail: str = ""


class Sandbox:
    """A fork server and its children. Start it early: it imports while other work is done.

    Safe to use from several threads, `workers` at a time; each request runs in a child of its own.
    """

    workers = 2

    def __init__(self, jobs: str, limits: dict[str, int] | None = None, log_folder: Path | None = None) -> None:
        self.limits = LIMITS | (limits or {})
        self.jobs = jobs
        self.log_folder = log_folder
        self.peak_memory = 0  # bytes, of the largest child so far
        self.missing_defences: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._configuration: bytes = b""
        self._log: IO[bytes] = _open_log(log_folder)
        self._folder = tempfile.TemporaryDirectory(prefix="read-")
        self._is_ready = False
        self._generation = 0
        self._spent: dict[str, float] = defaultdict(float)
        self._start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def log_name(self) -> str:
        """Where the children's tracebacks stand, for a sentence."""
        return str(self.log_folder / "children.log") if self.log_folder else "stderr"

    def configure(self, configuration: Any) -> None:
        """Give the jobs something to keep, such as a month's catalogue; ours, never anything that came in."""
        data = pickle.dumps(configuration, protocol=pickle.HIGHEST_PROTOCOL)
        self._configuration = b"C" + SIZE.pack(len(data)) + data
        with self._lock, contextlib.suppress(OSError):  # a server that has died is met at the next request
            self._control.sendall(self._configuration)

    def run(self, job: str, header: dict[str, Any], data: bytes, budget: str = "", preload: str = "") -> Answer:
        """Return what a fresh child answers to a job.

        Args:
            job: A name of the jobs' module.
            header: What the job must know besides the bytes; JSON.
            data: The foreign bytes.
            budget: Requests of one message share its processor seconds under this name.
            preload: An extension (".pdf") whose libraries the server may import before it forks.

        Raises:
            OperationError: The server cannot be started.
        """
        seconds = self.limits["cpu"] - (self._spent[budget] if budget else 0)
        if seconds <= 0.2:
            return Answer({}, failure="budget")
        order = {"job": job, "preload": preload, "cpu": seconds}
        for _ in range(2):
            generation = self._generation
            try:
                return self._interpret(*self._exchange(order, header, data, budget))
            except TimeoutError:
                self._restart(generation)
                return Answer({}, failure="wall")
            except OSError:
                self._restart(generation)
        return Answer({}, failure="crash")

    def forget_budget(self, budget: str) -> None:
        """Let a message have its processor seconds anew."""
        self._spent.pop(budget, None)

    def spent(self, budget: str) -> float:
        """Return the processor seconds that a message has used so far."""
        return self._spent[budget]

    @property
    def server_pid(self) -> int:
        """Process id of the fork server."""
        return self._server.pid

    def stop(self) -> None:
        """End the server and every child."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=2)
        if self._server.poll() is None:
            self._server.kill()
            self._server.wait()
        self._log.close()
        self._folder.cleanup()

    def wait_until_ready(self) -> tuple[str, ...]:
        """Wait for the server's imports and return the defences that this system does not give (`DEFENCES`)."""
        with self._lock:
            self._await_ready()
        return self.missing_defences

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-m", SERVER, str(theirs.fileno()), json.dumps(self.limits), self.jobs]
        with theirs:
            self._server = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], cwd=PROJECT, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log,
            )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """No secret, no proxy, no home: what the installation knows stays outside."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        folder = self._folder.name
        return kept | {
            "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder,
            "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1",
        }  # fmt: skip

    def _restart(self, generation: int) -> None:
        """Start a new server instead of the one that failed, unless another thread has done so already."""
        with self._lock, contextlib.suppress(OSError):
            if generation != self._generation:
                return
            self._generation += 1
            self._server.kill()
            self._server.wait()
            self._control.close()
            self._is_ready = False
            self._start()
            if self._configuration:
                self._control.sendall(self._configuration)

    def _exchange(
        self, order: dict[str, Any], header: dict[str, Any], data: bytes, budget: str
    ) -> tuple[bytearray, int]:
        ours, theirs = socket.socketpair()
        line = json.dumps(order).encode()
        with ours, theirs:
            with self._lock:
                self._await_ready()
                socket.send_fds(self._control, [b"J"], [theirs.fileno()])
                self._control.sendall(SIZE.pack(len(line)) + line)
            theirs.close()
            ours.settimeout(self.limits["wall"] + PATIENCE)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                ours.sendall(json.dumps(header).encode() + b"\n")
                ours.sendall(data)
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_WR)
            answer = _receive_all(ours)
        if len(answer) < ENDED.size:
            raise ConnectionError("the server has ended")
        status, kilobytes, microseconds = ENDED.unpack(answer[-ENDED.size :])
        del answer[-ENDED.size :]
        self.peak_memory = max(self.peak_memory, kilobytes * 1024)
        if budget:
            self._spent[budget] += microseconds / 1e6
        return answer, status

    def _interpret(self, answer: bytearray, status: int) -> Answer:
        if status != 0:
            return Answer({}, failure=_reason_of_death(status))
        try:
            size = SIZE.unpack(answer[: SIZE.size])[0]
            content = json.loads(answer[SIZE.size : SIZE.size + size])
            blobs = _cut(answer, SIZE.size + size, content.pop("sizes"))
        except (ValueError, TypeError, KeyError, struct.error, RecursionError):
            return Answer({}, failure="fault", detail="the answer is none")
        failure = content.pop("failure", "")
        return Answer(content, blobs, failure, str(content.pop("detail", ""))[:500])

    def _await_ready(self) -> None:
        """Wait for the server's imports, once."""
        if self._is_ready:
            return
        self._control.settimeout(240)
        ready = self._control.recv(1)
        if ready != b"R":
            raise self._not_started()
        size = SIZE.unpack(self._control.recv(SIZE.size))[0]
        self.missing_defences = tuple(json.loads(self._control.recv(size)))
        self._control.settimeout(None)
        self._is_ready = True

    def _not_started(self) -> OperationError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=5)
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return OperationError(
            "Không khởi động được tiến trình đọc tệp.",
            f"The reading process did not start: {lines[-1] if lines else 'no message'}",
            place=self.log_name,
            remedy_vi="Chạy tonghop doctor để kiểm tra cài đặt.",
        )


def _open_log(folder: Path | None) -> IO[bytes]:
    """Return the log of the server and its children; a long one begins anew, the one before is kept."""
    if folder is None:
        return tempfile.TemporaryFile()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "children.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(folder / "children.log.1")
    return path.open("ab+")


def _cut(answer: bytearray, start: int, sizes: list[int]) -> tuple[bytes, ...]:
    blobs = []
    for size in sizes:
        if size < 0 or start + size > len(answer):
            raise ValueError("a blob is longer than the answer")
        blobs.append(bytes(answer[start : start + size]))
        start += size
    return tuple(blobs)


def _receive_all(connection: socket.socket) -> bytearray:
    answer = bytearray()
    while piece := connection.recv(1 << 20):
        answer += piece
        if len(answer) > MAX_ANSWER:
            raise ConnectionError("the answer is too long")
    return answer


def _reason_of_death(status: int) -> Failure:
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if ended_by == signal.SIGXCPU:
        return "time"
    if ended_by == signal.SIGALRM:
        return "wall"
    return "memory" if ended_by in (signal.SIGKILL, signal.SIGABRT) else "crash"
