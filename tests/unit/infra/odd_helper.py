"""A helper that can do everything a helper should not; run by test_helper_process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from infra.errors import CatalogueError, OperationError
from infra.helper_child import serve


def answer(request: dict[str, Any]) -> dict[str, Any]:
    return dict(globals()[request["do"]](**{k: v for k, v in request.items() if k != "do"}) or {})


def echo(text: str) -> dict[str, Any]:
    return {"text": text}


def chatter(size: int) -> dict[str, Any]:
    """Print so many bytes of warnings, through Python, below it, and from a process of its own."""
    print("<first line>", flush=True)
    for number in range(size // 300):
        warnings.warn(f"{number} {'w' * 90}", stacklevel=1)
        os.write(1, b"o" * 99 + b"\n")
    subprocess.run([sys.executable, "-c", f"print('g' * {size // 3})"], check=True)
    print("<last line>", flush=True)
    return {"printed": size}


def fault(words: str) -> None:
    raise ZeroDivisionError(words)


def refuse(kind: str) -> None:
    if kind == "catalogue":
        raise CatalogueError("Dòng sai.", "A wrong row.", "labels.csv:7", "Sửa dòng đó.")
    error = OperationError("Kho bận.", "The store is busy.")
    error.is_temporary = True
    raise error


def die(code: int) -> None:
    print("last words", file=sys.stderr, flush=True)
    os._exit(code)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep() -> None:
    this_place_hangs()


def this_place_hangs() -> None:
    time.sleep(10_000)


def spin() -> None:
    while True:
        pass


def open_files() -> dict[int, str]:
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[int(path.name)] = str(path.readlink())
    return found


def say(line: str) -> None:
    """Write on the private channel something that is no answer."""
    channel = next(number for number, what in open_files().items() if what.startswith("socket:"))
    os.write(channel, line.encode())
    time.sleep(10_000)


def look() -> dict[str, Any]:
    """Tell what this process knows and may do."""
    return {"environment": dict(os.environ), "umask": os.umask(0o077), "stdin": sys.stdin.read(),
            "files": list(open_files().values())}


def leave_grandchild() -> dict[str, Any]:
    return {"pid": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10000)"]).pid}


def begin() -> Any:
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "fails":
        raise ImportError("a part is missing")
    if what == "dies":
        os._exit(3)
    return answer


if __name__ == "__main__":
    serve(begin)
