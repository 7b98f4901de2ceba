"""The process that forks a child for every request: it has imported what the jobs need, so a child costs milliseconds.

Started by `sandbox.py` with one socket and an environment without secrets. It never opens anything foreign itself.
Each request hands over a socket of its own; the child reads the request from it and writes its answer to it, and
the server adds the child's exit status, peak memory and processor time when the child has ended in whatever way.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from infra.confinement import Confinement, folders_of_python

SIZE = struct.Struct("<i")
ENDED = struct.Struct("<iqq")  # exit status, peak memory in kilobytes, processor microseconds
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PARENT_DEATH = 1  # prctl: the signal for when the parent ends
LOG_FULL = 4_000_000
MOST_OF_TRACEBACK = 8_000
PAGE = resource.getpagesize()


class Server:
    """One fork server: a control socket, what the jobs were configured with, and the children that run."""

    def __init__(self, control: socket.socket, limits: dict[str, int], jobs: ModuleType) -> None:
        self.control = control
        self.limits = limits
        self.jobs = jobs
        self.walls = Confinement(folders_of_python(Path(__file__).parent.parent, ("flows", "expectations", "infra")))
        self.running: dict[int, socket.socket] = {}
        self.wakeup = os.pipe()

    def serve(self) -> None:
        """Answer until the other side closes; then end the children that still run."""
        for fd in self.wakeup:
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(self.wakeup[1])
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(self.control, selectors.EVENT_READ)
        selector.register(self.wakeup[0], selectors.EVENT_READ)
        with contextlib.suppress(ConnectionError):        # the parent is gone, whatever it had begun to say
            self.greet()
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.control and not self.answer():
                        raise ConnectionAbortedError
                self.reap()
        self.stop()

    def greet(self) -> None:
        """Say that the imports are done, and which defences a child does not get here: one is asked."""
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(theirs, json.dumps(self.walls.enter()).encode())
            os._exit(0)
        os.close(theirs)
        missing = os.read(ours, 4096) or json.dumps(["no_new_privs", "landlock", "seccomp"]).encode()
        os.close(ours)
        os.waitpid(pid, 0)
        self.control.sendall(b"R" + SIZE.pack(len(missing)) + missing)

    def answer(self) -> bool:
        """Take one command: "C" a configuration, "J" a job's socket. Return False at the end."""
        command, fds, _, _ = socket.recv_fds(self.control, 1, 1)
        if command == b"C":
            # our own process sent it; what a child answers is never unpickled
            self.jobs.configure(pickle.loads(self._exactly(SIZE.unpack(self._exactly(SIZE.size))[0])))
        elif command == b"J":
            order = json.loads(self._exactly(SIZE.unpack(self._exactly(SIZE.size))[0]))
            self.jobs.preload(order["job"], order["preload"])
            self.start_child(socket.socket(fileno=fds[0]), order)
        return bool(command)

    def start_child(self, connection: socket.socket, order: dict[str, Any]) -> None:
        """Fork the child of one request."""
        pid = os.fork()
        if pid:
            self.running[pid] = connection
            return
        code = 1
        try:
            self._become_child(order["cpu"])
            answer_request(connection, self.jobs, order["job"])
            code = 0
        finally:
            os._exit(code)

    def _become_child(self, seconds: float) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
        for other in self.running.values():
            other.close()
        self.control.close()
        silence()
        limit_self(self.limits, seconds)
        self.walls.enter()

    def reap(self) -> None:
        """Report every child that has ended, and end whatever it started."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakeup[0], 4096)
        for pid in list(self.running):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                connection = self.running.pop(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                spent = round((usage.ru_utime + usage.ru_stime) * 1e6)
                with contextlib.suppress(OSError):
                    connection.sendall(ENDED.pack(status, usage.ru_maxrss, spent))
                connection.close()

    def stop(self) -> None:
        """End the children that still run."""
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (piece := self.control.recv(size - len(data))):
                raise ConnectionAbortedError
            data += piece
        return data


def limit_self(limits: dict[str, int], seconds: float) -> None:
    """Bound this process: memory beyond what it has, processor seconds, open files, file size, far wall time.

    The alarm keeps its default action, so the kernel ends a child that hangs without anybody watching.
    """
    inherited = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    cpu = max(1, math.ceil(seconds))
    bounds = {"AS": (inherited + limits["memory"],) * 2, "CPU": (cpu, cpu + 1), "CORE": (0, 0),
              "NOFILE": (limits["NOFILE"],) * 2, "FSIZE": (limits["FSIZE"],) * 2}  # fmt: skip
    for name, bound in bounds.items():
        # the soft limit of the processor names the reason, the hard one kills
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), bound)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits["wall"])


_log = 2


def silence() -> None:
    """Readers write about broken files to the standard streams; nobody reads that here. Tracebacks go to the log."""
    global _log
    _log = os.dup(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def answer_request(connection: socket.socket, jobs: ModuleType, job: str) -> None:
    """Read the request, do the work, write the answer: JSON with the sizes of the blobs, then the blobs."""
    request = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    end = request.index(b"\n")
    header, data = json.loads(request[:end]), request[end + 1 :]
    del request
    content, blobs = work_safely(jobs, job, header, data)
    content["sizes"] = [len(blob) for blob in blobs]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    connection.sendall(SIZE.pack(len(text)) + text)
    for blob in blobs:
        connection.sendall(blob)


def work_safely(jobs: ModuleType, job: str, header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the job answers, or {"failure": …}: out of memory, or a fault of ours with its traceback logged."""
    try:
        content, blobs = jobs.JOBS[job](header, data)
        return dict(content), list(blobs)
    except MemoryError:
        return {"failure": "memory"}, []
    except BaseException as error:  # a panic of a native reader is no Exception
        _write_log(job, header)
        return {"failure": "fault", "detail": f"{type(error).__name__}: {error}"[:500]}, []


def _write_log(job: str, header: dict[str, Any]) -> None:
    with contextlib.suppress(Exception):
        if os.fstat(_log).st_size < LOG_FULL:
            where = " ".join(str(header.get(name, "")) for name in ("receipt_id", "message", "file"))
            text = f"--- {job} {where!r}\n{traceback.format_exc()[-MOST_OF_TRACEBACK:]}"
            os.write(_log, text.encode("utf-8", "replace"))


def leave_network() -> None:
    """Where the system allows it, move to a network of one's own that reaches nothing."""
    with contextlib.suppress(OSError, AttributeError):
        unshare = ctypes.CDLL(None, use_errno=True).unshare
        if unshare(CLONE_NEWNET) != 0:
            unshare(CLONE_NEWUSER | CLONE_NEWNET)


def main() -> None:
    """Serve the socket whose number stands on the command line, with these limits and the jobs of this module."""
    control = socket.socket(fileno=int(sys.argv[1]))
    ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    leave_network()
    jobs = importlib.import_module(sys.argv[3])
    jobs.prepare()
    server = Server(control, json.loads(sys.argv[2]), jobs)
    gc.collect()
    gc.freeze()
    server.serve()


if __name__ == "__main__":
    main()
