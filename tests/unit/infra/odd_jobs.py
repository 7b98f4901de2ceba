"""Jobs that try what a child must not be able to do; each says which error it met ("" when it could)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path


def prepare() -> None:
    pass


def configure(_configuration: object) -> None:
    pass


def preload(_job: str, _extension: str) -> None:
    pass


def _tried(act):
    def job(header, _data):
        try:
            act(header)
        except Exception as error:
            return {"error": type(error).__name__}, []
        return {"error": ""}, []

    return job


def _fail(_header, _data):
    return {"never": 1 / 0}, []


JOBS = {
    "write": _tried(lambda header: Path(header["path"]).write_bytes(b"x")),
    "read": _tried(lambda header: Path(header["path"]).read_bytes()),
    "run": _tried(lambda header: subprocess.run(["/bin/true"], check=True)),
    "fork": _tried(lambda header: os._exit(0) if os.fork() == 0 else None),
    "connect": _tried(lambda header: socket.create_connection(("127.0.0.1", header["port"]), 5)),
    "kill": _tried(lambda header: os.kill(header["pid"], signal.SIGCONT)),
    "fail": _fail,
}
