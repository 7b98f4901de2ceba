"""Two processes on one PostgreSQL ledger, the right to deliver cut away from under the first: no message twice."""

from __future__ import annotations

import asyncio
import email
import subprocess
import sys
from collections import Counter
from email import policy
from pathlib import Path

import psycopg
import pytest

from tests.patience import FAR_SECONDS, wait_until
from tests.unit.deliver.test_smtp_rehearsal import running

DELIVER = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from conftest import Office\n"
    "office = Office(sys.argv[2], ledger_url=sys.argv[3], archive_url=sys.argv[4], smtp_host='127.0.0.1',"
    " smtp_port=int(sys.argv[5]))\n"
    "office.deliver(office.ledger.editions()[0])"
)


class Gate:
    """A server that stops each connection at points of its dialogue until the test lets it go on."""

    def __init__(self, *points: str) -> None:
        self.points, self.stopped, self.messages = points, [], []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  the library's name
        await self._stop_at("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the library's name
        self.messages.append(envelope.original_content)
        await self._stop_at("DATA")
        return "250 taken over"

    async def _stop_at(self, point: str) -> None:
        if point in self.points:
            loop, go_on = asyncio.get_running_loop(), asyncio.Event()
            self.stopped.append(lambda: loop.call_soon_threadsafe(go_on.set))
            await go_on.wait()

    def open(self) -> None:
        self.points = ()
        for let_go in self.stopped:
            let_go()


@pytest.fixture
def machines(tmp_path, make_office, postgresql_url):
    """An edition on a ledger and in an archive that both machines share; gives what starts one on a port."""
    ledger_url = postgresql_url.replace("postgresql://", "postgresql+psycopg://")
    archive_url = str(tmp_path / "archive")
    office = make_office(ledger_url=ledger_url, archive_url=archive_url)
    office.publish()
    started = []

    def start(port: int) -> subprocess.Popen[bytes]:
        home = str(tmp_path / f"home{len(started)}")
        command = [sys.executable, "-c", DELIVER, str(Path(__file__).parent), home, ledger_url, archive_url, str(port)]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE))
        return started[-1]

    yield office, start
    for process in started:
        process.kill()
        process.communicate()


def _cut_the_right(url: str) -> None:
    """End the connections that hold an advisory lock, as a network that breaks would."""
    with psycopg.connect(url, autocommit=True) as connection:
        held = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory') AS x"
        assert connection.execute(held).fetchone() != (0,)


def _times(messages: list[bytes]) -> Counter[str]:
    return Counter(email.message_from_bytes(m, policy=policy.default)["Message-ID"].split(".")[1] for m in messages)


def _let_go(gate: Gate, number: int, machine: subprocess.Popen[bytes]) -> None:
    """Let one connection go on until its machine is stopped at the next point, or has ended."""
    before = len(gate.stopped)
    gate.stopped[number]()
    wait_until(lambda: machine.poll() is not None or len(gate.stopped) > before, "a machine to end or to go on")


@pytest.mark.parametrize("points", [("RCPT",), ("DATA",), ("RCPT", "DATA")])
def test_two_machines_send_each_message_once_when_the_lock_is_cut(machines, postgresql_url, points):
    office, start = machines
    gate = Gate(*points)
    with running(gate) as port:
        first = start(port)
        wait_until(lambda: len(gate.stopped) == 1, "the first machine in the middle of a message")
        _cut_the_right(postgresql_url)
        second = start(port)
        wait_until(lambda: len(gate.stopped) == 2, "the second machine in the middle of a message")
        _let_go(gate, 0, first)
        _let_go(gate, 1, second)
        gate.open()
        for machine in (first, second):
            machine.communicate(timeout=FAR_SECONDS)
    assert max(_times(gate.messages).values()) == 1
    assert first.returncode + second.returncode > 0 or "RCPT" not in points      # one of them stopped
    states = {delivery.state for delivery in office.ledger.deliveries() if delivery.message_id}
    assert states <= {"accepted", "uncertain"} and (states == {"accepted"} or "RCPT" not in points)
    office.ledger.verify_audit()
