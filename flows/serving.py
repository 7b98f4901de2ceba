"""The standing server: Prefect's API and pages on loopback, and the schedules of `infra/prefect.yaml`.

This process only watches. Its children are Prefect's server, on a port that is bound here and held for as long as this
process lives (so that whoever answers there is our own child, also after a death), and the scheduler. A child that dies
or falls silent is begun again; one that never lives for long ends everything with a sentence. The children end with
this process, in whatever way it ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flows.events import event_of_server
from flows.prefect_server import (
    PASSWORD,
    START_CPU_SECONDS,
    PrefectServer,
    listening,
    named_server,
    prefect_environment,
    set_database_aside,
)
from flows.rhythm import Rhythm
from flows.telling import tell_operator
from flows.terminal import say
from flows.watched import Watched
from infra.errors import OperationError
from infra.helper_child import RUNNER
from infra.helper_process import ChildProcess, Helper, end_all_marked, marked_processes
from infra.journal import note, open_journal
from infra.locks import held_lock
from infra.process_state import as_found
from infra.settings import Settings
from infra.stopped import StoppedProcesses

LOCK = "serve.lock"                # in the home; notes the address of the pages
USUAL_PORT = 4200
STEP = 0.5                         # seconds between two looks at the children
LEAST_ROOM = 20_000_000            # bytes; with less the children rest, while our own records still find room
ANSWER_SECONDS = 5.0
DEATHS_OF_A_DATABASE = 2           # a server that never answered and died so often has a database it cannot use
MISSES = 6                         # answers in a row that a server may owe
RESTING = ("Ổ đĩa sắp hết chỗ: các lần chạy tạm nghỉ cho đến khi có chỗ",
           "The disk is nearly full: the runs rest until there is room")


def serve_schedules(settings: Settings, rhythm: Rhythm | None = None) -> None:
    """Watch the server (unless PREFECT_API_URL names one) and the scheduled runs until told to stop.

    Raises:
        OperationError: Another standing server has this home, the port is taken, a schedule cannot be read, the named
            server does not answer, or a child does not live.
    """
    from flows.deployments import month_schedule

    month_schedule(settings)
    named = named_server()
    with _stopped_by_signals() as stop, as_found(), _place(settings, named) as (url, listener):
        open_journal(settings.home)
        os.environ.update(prefect_environment(settings.home) | {
            "PREFECT_LOGGING_LEVEL": "INFO", "PREFECT_API_URL": url, "TONGHOP_HOME": str(settings.home)})
        _greet(settings, url)
        Standing(settings, rhythm or Rhythm(), listener, stop).watch()


class Standing:
    """The children of one standing server; `listener` is None where another server was named."""

    def __init__(
        self, settings: Settings, rhythm: Rhythm, listener: socket.socket | None, stop: threading.Event
    ) -> None:
        self.settings, self.rhythm, self.listener, self.stop = settings, rhythm, listener, stop
        life = rhythm.restart, rhythm.settled, time.monotonic, _say
        self.server = Watched("Máy chủ Prefect", "The Prefect server", self._begin_server, *life)
        self.scheduler = Watched("Tiến trình lập lịch", "The scheduler", self._begin_scheduler, *life)
        self.is_ready = self.was_ready = listener is None
        self.owed = 0                         # answers of the server, in a row
        self.asked = self.heard = self.looked = time.monotonic()
        self.stopped = StoppedProcesses(rhythm.stopped, time.monotonic)

    def watch(self) -> None:
        """Tend the children until stopped.

        Raises:
            OperationError: A child was given up; the operator is told.
        """
        try:
            while not self.stop.is_set():
                if self._has_room():
                    self._tend()
                self.stop.wait(STEP)
        except OperationError as error:
            self._tell(error.message_vi, error.message_en)
            raise
        finally:
            self._end_all()
        _say("Máy chủ thường trực đã dừng theo yêu cầu. (Stopped.)")

    def _tend(self) -> None:
        if self.listener:
            self._tend_server()
        if self.is_ready:
            if self.scheduler.tend():
                self.heard = time.monotonic()
            self._listen()
            self._end_stopped()

    def _tend_server(self) -> None:
        if self.server.tend():
            self.is_ready, self.owed = False, 0
        now = time.monotonic()
        server = self.server.child
        if server and (not self.is_ready or now - self.asked >= self.rhythm.answer):
            self.asked = now
            self._note_answer(server, server.answers(ANSWER_SECONDS))

    def _note_answer(self, server: PrefectServer, answers: bool) -> None:
        """A server that lives and does not answer is ended; one that starts may take its time, within reason."""
        if answers:
            self.is_ready, self.was_ready, self.owed = True, True, 0
            return
        self.owed += 1
        is_lost = self.owed >= MISSES if self.is_ready else server.cpu_seconds() > START_CPU_SECONDS
        if is_lost:
            note("The Prefect server does not answer and is ended")
            server.stop()

    def _listen(self) -> None:
        """Hear the scheduler's sign of life; one that is silent for long is ended, and begun again like a dead one."""
        child = self.scheduler.child
        if child is None:
            return
        with contextlib.suppress(OSError):
            if child.channel.recv(1 << 10, socket.MSG_DONTWAIT):
                self.heard = time.monotonic()
        if time.monotonic() - self.heard > self.rhythm.silence and child.is_running:
            note("The scheduler is silent and is ended")
            child.stop()

    def _end_stopped(self) -> None:
        """End the scheduler or a run of it that somebody stopped: it would hold the home, and work, for ever."""
        child, now = self.scheduler.child, time.monotonic()
        if child is None or now - self.looked < self.rhythm.answer:
            return
        self.looked = now
        for pid in self.stopped.overdue([child.pid, *marked_processes(RUNNER, str(child.pid))]):
            note(f"Process {pid} of the scheduler was stopped for {self.rhythm.stopped:g} seconds and is ended")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _has_room(self) -> bool:
        """Let the children rest while the disk is nearly full: Prefect's database would fill the logs instead."""
        if shutil.disk_usage(self.settings.home).free >= LEAST_ROOM:
            return True
        self._end_all()
        _say(f"{RESTING[0]}: {self.settings.home}. ({RESTING[1]}.)")
        self._tell(*RESTING)
        while not self.stop.wait(STEP) and shutil.disk_usage(self.settings.home).free < 2 * LEAST_ROOM:
            pass
        return not self.stop.is_set()

    def _end_all(self) -> None:
        self.scheduler.end()               # a run may be killed at any moment; the next start begins it anew
        self.server.end(patience=10.0)
        self.is_ready = self.listener is None

    def _begin_server(self) -> PrefectServer:
        if self.server.deaths == DEATHS_OF_A_DATABASE and not self.was_ready:
            _say("Cơ sở dữ liệu của Prefect được thay bằng một bản trống. (Prefect's database is set aside.)")
            set_database_aside(self.settings.home)
        return PrefectServer(self.settings.home, self.listener)

    def _begin_scheduler(self) -> Scheduler:
        return Scheduler(self.settings, self.rhythm, has_own_server=self.listener is not None)

    def _tell(self, what_vi: str, what_en: str) -> None:
        tell_operator(self.settings, event_of_server(what_vi, what_en, self.settings.now()))


class Scheduler(ChildProcess):
    """The scheduler as a child. It runs months, so unlike other children it knows all that we know."""

    def __init__(self, settings: Settings, rhythm: Rhythm, has_own_server: bool) -> None:
        known = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        helper = Helper("scheduler", "flows.scheduler", "lập lịch", "scheduler", known)
        whose = "own" if has_own_server else "named"
        super().__init__(helper, settings.home, json.dumps(dataclasses.asdict(rhythm)), whose)

    def stop(self, patience: float = 0.0) -> None:
        """End it and the runs that it began: Prefect gives them sessions of their own, and they tie themselves late."""
        pid = str(self.pid)
        super().stop(patience)
        end_all_marked(RUNNER, pid)


@contextlib.contextmanager
def _place(settings: Settings, named: str) -> Iterator[tuple[str, socket.socket | None]]:
    """Give the address of the API and, where it is our own, the listener; both are this home's while this lasts.

    Raises:
        OperationError: Another standing server has this home, or the port of the settings is taken.
    """
    with contextlib.ExitStack() as stack:
        listener = None if named else stack.enter_context(_listener(settings.prefect_port))
        url = named or f"http://127.0.0.1:{listener.getsockname()[1]}/api" if listener else named
        path = settings.home / LOCK
        if not stack.enter_context(held_lock(path, wait_seconds=5, note=_pages(url))):
            raise OperationError(
                "Một máy chủ thường trực khác đang giữ thư mục dữ liệu này.",
                "Another standing server has this home.", place=str(path),
                remedy_vi="Dừng máy chủ kia trước, hoặc chọn thư mục khác bằng --home.",
            )
        yield url, listener


def _listener(port: int) -> socket.socket:
    """Bind the port of the settings; without one the usual port, or any that is free."""
    if port:
        return listening(port)
    try:
        return listening(USUAL_PORT)
    except OperationError:
        return listening(0)


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give what is set when somebody asks this process to stop."""
    stop = threading.Event()
    former = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _greet(settings: Settings, url: str) -> None:
    from flows.coverage import uncovered_months

    password = settings.home / "prefect" / PASSWORD
    where: Path | str = password if password.exists() else "PREFECT_SERVER_API_AUTH_STRING"
    _say(f"Trang theo dõi · runs: {_pages(url)} (mật khẩu · password: {where})")
    for period, reason in uncovered_months(settings.now()):
        _say(f"! Danh mục chưa dùng được cho tháng {period}: {reason} (The catalogue does not serve {period}.)")


def _pages(url: str) -> str:
    return url.removesuffix("/api")


def _say(text: str) -> None:
    note(text)
    say(text)
    sys.stdout.flush()
