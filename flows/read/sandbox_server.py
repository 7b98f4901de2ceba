"""The process that forks a child for every document: it has imported the readers, so a child costs milliseconds.

Started by `sandbox.py` with one socket and an environment without secrets. It never opens a document itself.
Each request hands over a socket of its own; the child reads the document from it and writes its JSON to it, and
the server adds the child's exit status and peak memory when the child has ended in whatever way.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.read.document import ReadContext
from flows.read.problems import Problem
from flows.records import Reading
from infra.catalogue import Catalogue

SIZE = struct.Struct("<i")
ENDED = struct.Struct("<iq")  # exit status, peak memory in kilobytes
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
NOT_FOR_CHILDREN = ("__init__", "preview", "sandbox", "sandbox_server", "step")
WARMING = (
    (
        "(body)",
        "Kính gửi Sở.\nI. Kết quả\n- Trạm BTS: 75 trạm.\n1. Đại lý Internet: 10 đại lý, tăng 2.\nII. Kế hoạch\n- Họp.",
    ),
    ("a.csv", "TT;Chỉ tiêu;ĐVT;Số liệu\n1;Trạm BTS;trạm;75\n2;Đại lý Internet;đại lý;-\n"),
    ("b.csv", "TT;Huyện;Thuê bao trả trước;Trạm BTS\n1;TP. Pleiku;1.095;7\n2;Chư Sê;12;\n;Tổng cộng;1.107;7\n"),
)
BY_EXTENSION = {
    ".docx": ("lxml.etree",), ".doc": ("olefile",), ".xls": ("xlrd", "olefile"), ".pdf": ("pypdfium2.raw",),
}  # fmt: skip


class Server:
    """One fork server: a control socket, the catalogue of the month, and the children that run."""

    def __init__(self, control: socket.socket, limits: dict[str, int]) -> None:
        self.control = control
        self.limits = limits
        self.catalogue: Catalogue | None = None
        self.period = ""
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
        self.control.sendall(b"R")
        while True:
            for key, _ in selector.select():
                if key.fileobj is self.control and not self.answer():
                    self.stop()
                    return
            self.reap()

    def answer(self) -> bool:
        """Take one command: "C" the catalogue, "D" a document's socket. Return False at the end."""
        command, fds, _, _ = socket.recv_fds(self.control, 1, 1)
        if command == b"C":
            size = SIZE.unpack(self._exactly(SIZE.size))[0]
            # our own process sent it; what a child answers is never unpickled
            self.period, self.catalogue = pickle.loads(self._exactly(size))
            warm_readers(self.period, self.catalogue)
        elif command == b"D":
            extension = self._exactly(8).decode("latin-1").strip()
            import_all(BY_EXTENSION.get(extension, ()))
            self.start_child(socket.socket(fileno=fds[0]))
        return bool(command)

    def start_child(self, connection: socket.socket) -> None:
        """Fork the child of one document."""
        pid = os.fork()
        if pid:
            self.running[pid] = connection
            return
        code = 1
        try:
            self._become_child()
            answer_document(connection, self.catalogue, self.period)
            code = 0
        finally:
            os._exit(code)

    def _become_child(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for other in self.running.values():
            other.close()
        self.control.close()
        silence()
        limit_self(self.limits)

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
                with contextlib.suppress(OSError):
                    connection.sendall(ENDED.pack(status, usage.ru_maxrss))
                connection.close()

    def stop(self) -> None:
        """End the children that still run."""
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (piece := self.control.recv(size - len(data))):
            data += piece
        return data


def limit_self(limits: dict[str, int]) -> None:
    """Bound this process: memory, processor seconds, open files, file size, seconds of wall time.

    The alarm keeps its default action, so the kernel ends a child that hangs without anybody watching.
    """
    for name, value in limits.items():
        if name != "wall":
            # the soft limit of the processor names the reason, the hard one kills
            hard = value + 2 if name == "CPU" else value
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits["wall"])


def silence() -> None:
    """Readers write about broken files to the standard streams; nobody reads that here."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def answer_document(connection: socket.socket, catalogue: Catalogue | None, period: str) -> None:
    """Read the request, do the work, write the answer as JSON."""
    request = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    header, _, data = request.partition(b"\n")
    del request
    answer = read_safely(data, json.loads(header), catalogue, period)
    connection.sendall(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def read_safely(data: bytes, header: dict[str, Any], catalogue: Catalogue | None, period: str) -> dict[str, Any]:
    """Return {"reading": …} or {"failure": why}; MemoryError and the readers' panics included."""
    from flows.readings import reading_to_json

    try:
        return {"reading": reading_to_json(read_checked(data, header, catalogue, period))}
    except MemoryError:
        return {"failure": "memory", "detail": ""}
    except BaseException as error:  # a panic of a native reader is no Exception
        return {"failure": "error", "detail": f"{type(error).__name__}: {error}"[:500]}


def read_checked(data: bytes, header: dict[str, Any], catalogue: Catalogue | None, period: str) -> Reading:
    """Return what the document says, after everything that is asked of a file before it is opened."""
    from flows.read.preflight import inspect_file, is_readable
    from infra.errors import SubmissionError

    file = header["file"]
    problems = inspect_file(data, file, header.get("media_type", ""))
    reading = Reading()
    if not any(p.refuses for p in problems) and is_readable(data, file):
        try:
            reading = _read(data, header, catalogue, period)
        except SubmissionError as error:
            kind = "password_protected" if "mật khẩu" in error.message_vi else "unreadable_file"
            problems.append(Problem(kind, error.message_vi, raw_text=error.message_en))
    where = (period, header["receipt_id"], header["message"], file, header["submitter_id"])
    findings = tuple(problem.finding(*where) for problem in problems)
    return replace(reading, findings=findings + reading.findings)


def _read(data: bytes, header: dict[str, Any], catalogue: Catalogue | None, period: str) -> Reading:
    from flows.read.reader import read_document

    if catalogue is None:
        raise RuntimeError("no catalogue was sent")
    context = ReadContext(
        catalogue=catalogue,
        report_period=period,
        submitter=catalogue.submitter_by_id.get(header["submitter_id"]),
        receipt_id=header["receipt_id"],
        message=header["message"],
        file=header["file"],
        subject=header.get("subject", ""),
        sibling_files=tuple(header.get("sibling_files", ())),
    )
    return read_document(data, context)


def warm_readers(period: str, catalogue: Catalogue) -> None:
    """Read a few harmless lines for a submitter of each kind, so that children inherit what is computed once."""
    from flows.read.reader import read_document

    one_a_kind = {submitter.submitter_kind: submitter for submitter in catalogue.submitters}
    for submitter in one_a_kind.values():
        for file, text in WARMING:
            context = ReadContext(catalogue, period, submitter, "", "", file)
            with contextlib.suppress(Exception):  # a reader at fault says so when it reads a document
                read_document(text.encode(), context)


def readers() -> list[str]:
    """Return the modules that a child may want: all that read, and the library most files need."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    own = [f"flows.read.{stem}" for stem in stems if stem not in NOT_FOR_CHILDREN]
    return ["flows.readings", *own, "python_calamine"]


def import_all(names: Iterable[str]) -> None:
    """Import what a child would import, once, before the fork."""
    for name in names:
        importlib.import_module(name)


def leave_network() -> None:
    """Where the system allows it, move to a network of one's own that reaches nothing."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        unshare = ctypes.CDLL(None, use_errno=True).unshare
        if unshare(CLONE_NEWNET) != 0:
            unshare(CLONE_NEWUSER | CLONE_NEWNET)


def main() -> None:
    """Serve the socket whose number and limits stand on the command line."""
    control = socket.socket(fileno=int(sys.argv[1]))
    server = Server(control, json.loads(sys.argv[2]))
    leave_network()
    import_all(readers())
    gc.collect()
    gc.freeze()
    server.serve()


if __name__ == "__main__":
    main()
