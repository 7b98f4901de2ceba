"""The child's side of `infra.helper_process`: answers one request after another and ends with its parent.

A helper's module needs one line: `serve(prepare)`. `prepare` imports what is heavy and returns the function
that answers. Whatever is printed meanwhile, by Python or by a library below it, goes to the helper's log.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from infra.errors import TonghopError
from infra.machine_faults import machine_fault

CHANNEL = "TONGHOP_HELPER_CHANNEL"       # number of the socket, process id of the parent, "tied" or "loose"
RUNNER = "TONGHOP_RUNNER"                # process id of the scheduler, for the runs that it starts
SHOW_YOURSELF = signal.SIGUSR1           # asks where every thread is; the answer goes to the log
PR_SET_PDEATHSIG = 1
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def take_channel() -> socket.socket:
    """Return the socket to the parent. From now on the kernel ends this process with its parent.

    The kernel watches the parent's thread, not its process: "loose" leaves it to whoever reads the socket,
    where the thread that started us may end before its process.
    """
    number, parent, bond = os.environ.pop(CHANNEL).split(":")
    _tie_to(int(parent), bond)
    faulthandler.enable()
    faulthandler.register(SHOW_YOURSELF, all_threads=True)
    channel = socket.socket(fileno=int(number))
    channel.set_inheritable(False)       # or a process of ours would hold it open when we are gone
    return channel


def end_with_runner() -> None:
    """End this process with the one that started it and named itself in TONGHOP_RUNNER; nothing when none did.

    For processes that a library starts for us: what they hold (a lock, a database) must not outlive who watches them.
    """
    if runner := os.environ.get(RUNNER):
        _tie_to(int(runner), "tied")


def _tie_to(parent: int, bond: str) -> None:
    if bond == "tied" and sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:           # it ended before we asked
        os._exit(1)


def end_with_parent(channel: socket.socket) -> None:
    """Read until the parent closes its end, in whatever way, then end at once. For a helper that is never asked."""
    _listen(channel, SimpleQueue())


def serve(prepare: Callable[[], Answer]) -> None:
    """Answer requests, JSON objects one a line, until the parent is gone.

    Says that it is ready after `prepare`. A `TonghopError` travels as what it is; any other fault is told
    in one line and leaves its traceback in the log.
    """
    channel = take_channel()
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(channel, requests), daemon=True).start()
    answer: Answer | None = None

    def begin(_: dict[str, Any]) -> dict[str, Any]:
        nonlocal answer
        answer = prepare()
        return {}

    _say(channel, _answered(begin, {}))
    while answer:
        _say(channel, _answered(answer, requests.get()))


def _answered(answer: Answer, request: dict[str, Any]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        said: dict[str, Any] = {"state": "done", "answer": answer(request)}
    except TonghopError as error:
        said = _refused(error)
    except BaseException as error:  # the other side must hear of any fault, in words
        traceback.print_exc(file=sys.stderr)
        refusal = machine_fault(error, Path.cwd())
        said = _refused(refusal) if refusal else {"state": "failed", "fault": f"{type(error).__name__}: {error}"[:2000]}
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    return said | {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}


def _refused(error: TonghopError) -> dict[str, Any]:
    return {"state": "refused", "kind": type(error).__name__, "message_vi": error.message_vi,
            "message_en": str(error.args[0]), "place": error.place, "remedy_vi": error.remedy_vi,
            "is_temporary": getattr(error, "is_temporary", False)}


def _say(channel: socket.socket, message: dict[str, Any]) -> None:
    sys.stdout.flush()
    try:
        channel.sendall(json.dumps(message, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        os._exit(1)


def _listen(channel: socket.socket, requests: SimpleQueue[dict[str, Any]]) -> None:
    try:
        with channel.makefile("rb") as lines:
            for line in lines:
                requests.put(json.loads(line))
    finally:
        os._exit(0)
