"""Reading hostile files without being hurt: every document in a child of its own, with limits, over a pipe.

A child that dies in whatever way is one finding, "this file could not be read", with the reason; the month goes on.
Answers are JSON and are parsed as data; nothing that a child says is ever unpickled.
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
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from flows.read.preflight import MAX_FILE
from flows.read.problems import Problem
from flows.readings import reading_from_json
from flows.records import Document, Reading, Receipt
from infra.catalogue import Catalogue
from infra.errors import OperationError
from infra.settings import PROJECT

SERVER = "flows.read.sandbox_server"
DIED = "child ended:"  # begins the raw text of a finding about a child that ended before it answered
# One child: bytes of address space, processor seconds, open files, bytes of a file it writes, seconds of wall time.
LIMITS = {"AS": 900_000_000, "CPU": 18, "NOFILE": 128, "FSIZE": 64_000_000, "wall": 19}
PATIENCE = 25.0  # seconds without any answer after which the server itself is taken for dead
MAX_ANSWER = 400_000_000
SIZE = struct.Struct("<i")
ENDED = struct.Struct("<iq")  # as the server writes it: exit status, peak memory in kilobytes


@dataclass(frozen=True, slots=True)
class Request:
    """One document to be read, with what its message says about it."""

    receipt: Receipt
    document: Document
    sibling_files: tuple[str, ...] = ()

    def header(self) -> bytes:
        """Return the request's first line: JSON, without the document's bytes."""
        fields = {
            "receipt_id": self.receipt.receipt_id,
            "message": self.receipt.message,
            "submitter_id": self.receipt.submitter_id,
            "subject": self.receipt.subject,
            "file": self.document.file,
            "media_type": self.document.media_type,
            "sibling_files": self.sibling_files,
        }
        return json.dumps(fields).encode() + b"\n"


class Sandbox:
    """A fork server and its children. Start it early: it imports while messages are still being received.

    Safe to use from several threads; each request runs in a child of its own.
    """

    def __init__(self, limits: dict[str, int] | None = None) -> None:
        self.limits = LIMITS | (limits or {})
        self._lock = threading.Lock()
        self._month: bytes = b""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by stop)
        self._folder = tempfile.TemporaryDirectory(prefix="read-")
        self._is_ready = False
        self._generation = 0
        self.peak_memory = 0  # bytes, of the largest child so far
        self._start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def use_catalogue(self, period: str, catalogue: Catalogue) -> None:
        """Say by which catalogue and for which month documents are read from now on."""
        data = pickle.dumps((period, catalogue), protocol=pickle.HIGHEST_PROTOCOL)
        self._month = b"C" + SIZE.pack(len(data)) + data
        with self._lock, contextlib.suppress(OSError):  # a server that has died is met when a document is read
            self._control.sendall(self._month)

    def read(self, data: bytes, request: Request, period: str) -> Reading:
        """Return what a document says; a child that died gives a reading with one finding.

        Raises:
            OperationError: The server cannot be started.
        """
        if len(data) > MAX_FILE * 2:
            problem = Problem("file_too_large", f"Tệp {len(data) / 1e6:.0f} MB, quá lớn để đọc.")
            return _reading_of(problem, request, period)
        for _ in range(2):
            generation = self._generation
            try:
                return _interpret(*self._exchange(data, request), request, period)
            except TimeoutError:
                self._restart(generation)
                return _interpret(b"", -signal.SIGALRM, request, period)
            except OSError:
                self._restart(generation)
        return _interpret(b"", -signal.SIGSEGV, request, period)

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

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        command = [
            sys.executable,
            "-m",
            SERVER,
            str(theirs.fileno()),
            json.dumps(self.limits),
        ]
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
            if self._month:
                self._control.sendall(self._month)

    def _exchange(self, data: bytes, request: Request) -> tuple[bytes, int]:
        ours, theirs = socket.socketpair()
        extension = PurePosixPath(request.document.file).suffix.lower()[:8].encode("latin-1", "replace")
        with ours, theirs:
            with self._lock:
                self._await_ready()
                socket.send_fds(self._control, [b"D"], [theirs.fileno()])
                self._control.sendall(extension.ljust(8)[:8])
            theirs.close()
            ours.settimeout(self.limits["wall"] + PATIENCE)
            with contextlib.suppress(BrokenPipeError):
                ours.sendall(request.header())
                ours.sendall(data)
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_WR)
            answer = _receive_all(ours)
        if len(answer) < ENDED.size:
            raise ConnectionError("the server has ended")
        status, kilobytes = ENDED.unpack(answer[-ENDED.size :])
        self.peak_memory = max(self.peak_memory, kilobytes * 1024)
        return answer[: -ENDED.size], status

    def _await_ready(self) -> None:
        """Wait for the server's imports, once."""
        if self._is_ready:
            return
        self._control.settimeout(60)
        if self._control.recv(1) != b"R":
            raise self._not_started()
        self._control.settimeout(None)
        self._is_ready = True

    def _not_started(self) -> OperationError:
        self._server.wait(timeout=5)
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return OperationError(
            "Không khởi động được tiến trình đọc tệp.",
            f"The reading process did not start: {lines[-1] if lines else 'no message'}",
            remedy_vi="Chạy tonghop doctor để kiểm tra cài đặt.",
        )


def _receive_all(connection: socket.socket) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := connection.recv(1 << 20):
        size += len(piece)
        if size > MAX_ANSWER:
            raise ConnectionError("the answer is too long")
        pieces.append(piece)
    return b"".join(pieces)


def _interpret(answer: bytes, status: int, request: Request, period: str) -> Reading:
    """Return the child's reading, or one finding that says how it ended."""
    try:
        content: dict[str, Any] = json.loads(answer) if status == 0 else {}
        if "reading" in content:
            return reading_from_json(content["reading"])
    except (ValueError, TypeError, RecursionError):
        content = {"failure": "error", "detail": "the answer is not a reading"}
    return _reading_of(_problem_of(content, status), request, period)


def _problem_of(content: dict[str, Any], status: int) -> Problem:
    detail = str(content.get("detail", ""))
    if "password" in detail.lower() or "encrypt" in detail.lower():
        return Problem("password_protected", "Tệp đặt mật khẩu nên không mở được.", raw_text=detail)
    if content.get("failure") == "error":
        return Problem("unreadable_file", "Tệp này không đọc được: nội dung bên trong bị hỏng.", raw_text=detail)
    reason = "memory" if content.get("failure") == "memory" else _reason_of_death(status)
    sentences = {
        "memory": "Tệp này không đọc được: cần nhiều bộ nhớ hơn mức cho phép.",
        "time": "Tệp này không đọc được: đọc quá lâu so với mức cho phép.",
        "crash": "Tệp này không đọc được: chương trình đọc dừng đột ngột vì nội dung tệp.",
    }
    return Problem("unreadable_file", sentences[reason], raw_text=f"{DIED} {reason} {status}")


def _reason_of_death(status: int) -> str:
    ended_by = -status if status < 0 else (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
    if ended_by in (signal.SIGALRM, signal.SIGXCPU):
        return "time"
    return "memory" if ended_by in (signal.SIGKILL, signal.SIGABRT) else "crash"


def _reading_of(problem: Problem, request: Request, period: str) -> Reading:
    where = (period, request.receipt.receipt_id, request.receipt.message, request.document.file)
    return Reading(findings=(problem.finding(*where, request.receipt.submitter_id),))
