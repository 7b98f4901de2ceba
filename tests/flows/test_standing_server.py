"""The standing server stands: whatever is killed, whoever else is there, the next run happens or says why."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.ledger import open_ledger
from infra.locks import held_lock
from infra.settings import load_settings
from infra.vietnamese import HANOI
from tests.patience import FAR_SECONDS, wait_until
from tests.servers import free_port
from tests.standing import GOING_ON, Standing, command_of, family_of

pytestmark = pytest.mark.slow
# The month's appointment was on the first: whatever runs of it, the catching up began it.
QUICK = {"TONGHOP_INBOX_SCHEDULE": "@every 20s", "TONGHOP_MONTH_SCHEDULE": "0 0 1 * *"}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    server = Standing(tmp_path_factory.mktemp("standing") / "home", QUICK)
    try:
        yield server.begin()
    finally:
        server.end()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Standing]:
    server = Standing(tmp_path / "home", QUICK)
    yield server
    if server.process and server.process.poll() is None:
        server.end()


def test_an_empty_inbox_is_a_run_that_is_done(standing: Standing) -> None:
    state = standing.run("inbox", period="2019-04")
    assert (state["type"], state["name"]) == ("COMPLETED", "NoMail"), state
    state = standing.run("monthly", period="2019-04")
    assert (state["type"], state["name"]) == ("COMPLETED", "NoMail"), state


@pytest.mark.parametrize(("who", "how"), [
    ("engine", signal.SIGKILL), ("server", signal.SIGKILL), ("scheduler", signal.SIGKILL),
    ("server", signal.SIGSTOP), ("scheduler", signal.SIGSTOP), ("engine", signal.SIGSTOP),
])
def test_whatever_dies_or_hangs_is_begun_again_and_the_next_run_happens(
    standing: Standing, who: str, how: signal.Signals
) -> None:
    standing.begin()
    standing.wait_for_next_run()
    victim = standing.wait_for_child(who)
    killed = datetime.now(UTC)
    os.kill(victim, how)
    standing.wait_for_next_run(killed)
    if who == "engine":
        wait_until(lambda: not command_of(victim), "the end of the run that was stopped or killed")
    else:
        standing.wait_for_child(who, other_than=victim)
    _assert_nothing_lingers(standing, killed)


def _assert_nothing_lingers(standing: Standing, killed: datetime) -> None:
    """Every run that was due before the kill ended, by itself or with a word why not."""

    def unsaid() -> list[str]:
        going = [run for run in standing.runs(*GOING_ON) if datetime.fromisoformat(run["expected_start_time"]) < killed]
        ended = standing.runs("CRASHED", "FAILED", "CANCELLED")
        return [run["id"] for run in going] + [run["id"] for run in ended if not run["state"]["message"]]

    wait_until(lambda: not unsaid(), "the end of every run")


def test_a_killed_server_takes_its_children_along_and_the_next_one_goes_on(standing: Standing) -> None:
    standing.begin()
    standing.wait_for_child("engine")
    assert standing.process
    family = family_of(standing.process.pid)
    killed = datetime.now(UTC)
    standing.process.kill()
    standing.process.wait(FAR_SECONDS)
    wait_until(lambda: not [pid for pid in family if "python" in command_of(pid)], "the end of every child")
    standing.begin()
    standing.wait_for_next_run(killed)
    _assert_nothing_lingers(standing, killed)


def test_it_has_stopped_only_when_everything_it_began_has(standing: Standing) -> None:
    standing.begin()
    standing.wait_for_child("engine")              # young: it has not tied itself to anybody yet
    assert standing.process
    family = family_of(standing.process.pid)
    standing.process.terminate()
    standing.process.wait(FAR_SECONDS)
    assert not [command_of(pid) for pid in family if "python" in command_of(pid)]


def test_all_killed_at_once_go_on_when_begun_again(standing: Standing) -> None:
    standing.begin()
    standing.wait_for_child("engine")
    assert standing.process
    killed = datetime.now(UTC)
    for pid in family_of(standing.process.pid):
        os.kill(pid, signal.SIGKILL)
    standing.process.wait(FAR_SECONDS)
    standing.begin()
    standing.wait_for_next_run(killed)
    _assert_nothing_lingers(standing, killed)


def test_a_crash_is_told_to_the_operator_once(standing: Standing) -> None:
    """The kills before this one have crashed runs; on its own it crashes one."""
    standing.begin()
    os.kill(standing.wait_for_child("engine"), signal.SIGKILL)
    wait_until(lambda: list((standing.home / "mailbox").glob("notice.inbox.crashed.*")), "the notice")
    standing.wait_for_next_run()
    assert len(list((standing.home / "mailbox").glob("notice.inbox.crashed.*"))) <= 2, "one a kind of death, one a day"


def test_a_due_month_that_gets_mail_is_run_again_also_when_that_run_is_killed_and_its_end_is_told(
    standing: Standing,
) -> None:
    """It was due on the first and had no mail; a mail comes, the run that takes it is killed, the next one ends."""
    standing.begin()
    ledger = open_ledger(load_settings(standing.home))
    month = datetime.now(HANOI).strftime("%Y-%m")
    wait_until(lambda: [run for run in ledger.runs(month) if run.outcome], "the month of today")
    (standing.home / "inbox" / month).mkdir(parents=True, exist_ok=True)
    (standing.home / "inbox" / month / "thư.eml").write_bytes(
        b"From: a@somewhere.example\nSubject: Bao cao\nMessage-ID: <1@somewhere.example>\n\nBao cao.\n"
    )
    wait_until(lambda: [run for run in ledger.runs(month) if not run.outcome], "a run of the month that goes on")
    before = len(ledger.runs(month))
    for pid in standing.engines():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(ledger.runs(month)) > before and ledger.runs(month)[-1].outcome, "the run after it")
    last = ledger.runs(month)[-1]
    assert (last.command, last.outcome) == ("scheduled month", "awaiting_decision")
    wait_until(lambda: list((standing.home / "mailbox").glob("notice.monthly.awaiting*")), "the notice")


def test_a_run_waits_for_the_home_that_a_person_holds(standing: Standing) -> None:
    standing.begin()
    with held_lock(standing.home / "month.lock", FAR_SECONDS) as is_ours:
        assert is_ours
        held = datetime.now(UTC)
        wait_until(lambda: [run for run in standing.runs("RUNNING")
                            if datetime.fromisoformat(run["expected_start_time"]) > held], "a run that waits")
        waiting = standing.runs("RUNNING")[0]["id"]
    wait_until(lambda: standing.told(f"/api/flow_runs/{waiting}")["state"]["type"] not in GOING_ON, "its end")
    state = standing.told(f"/api/flow_runs/{waiting}")["state"]
    assert "Another run holds" not in (state["message"] or "")


def test_a_home_has_one_standing_server(standing: Standing) -> None:
    standing.begin()


    printed = standing.printed
    other = Standing(standing.home.parent / "other", {**QUICK, "TONGHOP_HOME": str(standing.home)})
    other.begin(wait=False)
    assert other.process and other.process.wait(FAR_SECONDS) == 5
    assert "Another standing server has this home" in other.printed
    assert standing.printed == printed


def test_a_port_that_is_taken_is_named_and_a_free_one_is_found(home: Standing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        home.environment |= {"TONGHOP_PREFECT_PORT": str(port)}
        home.begin(wait=False)
        assert home.process and home.process.wait(FAR_SECONDS) == 5
        assert f"Port {port} is taken" in home.printed and "TONGHOP_PREFECT_PORT" in home.printed
    home.environment |= {"TONGHOP_PREFECT_PORT": str(free_port())}
    assert home.begin().port == int(home.environment["TONGHOP_PREFECT_PORT"])


def test_two_homes_side_by_side_take_each_its_own_runs(standing: Standing, home: Standing) -> None:
    standing.begin()
    home.begin()
    assert standing.port != home.port
    home.wait_for_next_run()
    for server in (standing, home):
        runs = server.runs("COMPLETED", "FAILED", "CRASHED", "RUNNING")
        assert {run["parameters"]["home"] for run in runs} == {str(server.home.resolve())}
        assert server.deployment("inbox")["name"] != "inbox"
    assert standing.deployment("inbox")["name"] != home.deployment("inbox")["name"]
    assert home.end() == 0
    assert "Stopped" in home.printed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_in_few_lines_and_the_runs_go_on_when_there_is_room(small_disk: Path) -> None:
    server = Standing(small_disk / "home", QUICK).begin()
    try:
        server.wait_for_next_run()
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(1 << 20))
        wait_until(lambda: "The disk is nearly full" in (server.home / "logs" / "tonghop.log").read_text()
                   or "The disk is nearly full" in _printed(server), "the word of the full disk")
        wait_until(lambda: not server.children(), "the children's rest")
        filler.unlink()
        server.wait_for_next_run()
        assert sum(path.stat().st_size for path in (server.home / "logs").iterdir()) < 3_000_000
        assert _printed(server).count("\n") < 50
    finally:
        server.end()


def _printed(server: Standing) -> str:
    try:
        return server.printed
    except OSError:
        return ""


def test_a_broken_database_of_prefects_blocks_nothing(home: Standing) -> None:
    (home.home / "prefect").mkdir(parents=True)
    (home.home / "prefect" / "prefect.db").write_bytes(b"no database" * 1000)
    home.begin()
    home.wait_for_next_run()
    assert "set aside" in home.printed and (home.home / "prefect" / "prefect.db.aside").exists()


def test_old_runs_and_what_an_earlier_release_scheduled_are_cleared_from_prefects_database(home: Standing) -> None:
    home.begin()
    home.wait_for_next_run()
    flow = home.deployment("inbox")["flow_id"]
    home.told("/api/deployments/", {"name": "inbox", "flow_id": flow, "concurrency_limit": 1})
    home.end()                        # and with the former deployment its limit goes: `begin` waits for two
    with sqlite3.connect(home.home / "prefect" / "prefect.db") as database:
        old = database.execute("select id from flow_run where state_type in ('COMPLETED', 'FAILED')").fetchall()
        database.execute("update flow_run set end_time = '2020-01-01 00:00:00.000000' where id = ?", old[0])
    home.begin()
    wait_until(lambda: old[0][0] not in _run_ids(home), "the clearing of old runs")


def _run_ids(server: Standing) -> list[str]:
    with sqlite3.connect(server.home / "prefect" / "prefect.db") as database:
        return [row[0] for row in database.execute("select id from flow_run")]
