"""What a child process prints, in one file of bounded size; nothing it prints can ever block it."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from infra.clock import machine_clock

LARGEST = 1_000_000          # bytes of one file; the file before it is kept, so a child may fill twice that
LINE = 2_000                 # bytes of the last line that are remembered


class ChildLog:
    """Empties a pipe into the end of `<home>/logs/<name>.log`; a full file becomes `<name>.previous.log`.

    A thread of ours reads whatever comes and throws away what cannot be kept (a full disk, a folder that is
    gone): a child that waits for somebody to read its warnings would wait for ever.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.path = home / "logs" / f"{name}.log"
        self.last_line = ""
        self._file = -1
        with contextlib.suppress(OSError):
            self._open()
        self._reader, self.writer = os.pipe()
        self._thread = threading.Thread(target=self._empty, name=f"log of {name}", daemon=True)

    def follow(self, title: str) -> None:
        """Begin to read, once the child holds the pipe's other end; our copy of that end is closed."""
        os.write(self.writer, f"-- {machine_clock():%Y-%m-%d %H:%M:%S} UTC {title}\n".encode())
        os.close(self.writer)
        self._thread.start()

    def is_ended(self, seconds: float) -> bool:
        """Return whether everybody who could print has closed the pipe, waiting at most so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _empty(self) -> None:
        while data := os.read(self._reader, 1 << 16):
            self._remember(data)
            with contextlib.suppress(OSError):
                self._keep(data)
        os.close(self._reader)
        if self._file >= 0:
            os.close(self._file)

    def _keep(self, data: bytes) -> None:
        if os.fstat(self._file).st_size + len(data) > LARGEST:
            self.path.replace(self.path.with_suffix(".previous.log"))
            os.close(self._file)
            self._open()
        os.write(self._file, data)

    def _open(self) -> None:
        self._file = -1
        self.path.parent.mkdir(exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _remember(self, data: bytes) -> None:
        lines = data[-LINE:].decode("utf-8", "replace").strip().splitlines()
        if lines:
            self.last_line = lines[-1].strip()
