"""A helper may print, fail, die, hang or talk nonsense: the parent says which, names the log, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import child_log
from infra.child_log import ChildLog
from infra.errors import CatalogueError, OperationError
from infra.helper_process import Helper, HelperProcess, end_all_marked
from infra.settings import PROJECT
from tests.patience import FAR_SECONDS, wait_until

ODD = Helper("odd", "tests.unit.infra.odd_helper", "thử nghiệm", "odd helper")


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[HelperProcess]:
    with HelperProcess(ODD, tmp_path) as helper:
        yield helper


def log_of(helper: HelperProcess) -> str:
    helper.stop()
    return helper.log_file.read_text(encoding="utf-8")


def open_files() -> list[Path]:
    return list(Path("/proc/self/fd").iterdir())


def assert_gone(pid: int) -> None:
    wait_until(lambda: _is_gone(pid), f"the end of process {pid}")


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@given(text=st.text(max_size=200))
def test_what_is_asked_comes_back(echoing: HelperProcess, text: str) -> None:
    assert echoing.ask({"do": "echo", "text": text}, 30).content == {"text": text}


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelperProcess]:
    with HelperProcess(ODD, tmp_path_factory.mktemp("home")) as helper:
        yield helper


def test_a_megabyte_of_warnings_blocks_nobody_and_stays_out_of_the_answer(odd: HelperProcess) -> None:
    assert odd.ask({"do": "chatter", "size": 1_000_000}, 30).content == {"printed": 1_000_000}
    odd.stop()
    text = "".join(path.read_text(encoding="utf-8") for path in odd.log_file.parent.iterdir())
    assert "UserWarning: 7 wwww" in text and "oooo" in text and "gggg" in text


def test_the_log_keeps_its_bound_and_its_end(odd: HelperProcess) -> None:
    odd.ask({"do": "chatter", "size": 3 * child_log.LARGEST}, 60)
    assert "<last line>" in log_of(odd)
    sizes = {path.name: path.stat().st_size for path in odd.log_file.parent.iterdir()}
    assert set(sizes) == {"odd.log", "odd.previous.log"}
    assert max(sizes.values()) <= child_log.LARGEST


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for words in ("first", "second"):
        with HelperProcess(ODD, tmp_path) as helper, pytest.raises(OperationError):
            helper.ask({"do": "fault", "words": words}, 30)
    text = (tmp_path / "logs" / "odd.log").read_text(encoding="utf-8")
    assert text.index("first") < text.index("second")


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with HelperProcess(ODD, tmp_path) as helper:
        assert helper.ask({"do": "chatter", "size": 200_000}, 30).content == {"printed": 200_000}


def test_a_fault_of_ours_is_named_and_its_traceback_stands_in_the_log(odd: HelperProcess) -> None:
    with pytest.raises(OperationError, match=r"met a fault of ours.*ZeroDivisionError: seven by nought") as caught:
        odd.ask({"do": "fault", "words": "seven by nought"}, 30)
    assert str(odd.log_file) in caught.value.message_vi and "gặp lỗi của phần mềm" in caught.value.message_vi
    assert odd.ask({"do": "echo", "text": "still here"}, 30).content == {"text": "still here"}
    text = log_of(odd)
    assert "Traceback" in text and "in fault" in text


def test_what_the_helper_refuses_arrives_as_it_was_raised(odd: HelperProcess) -> None:
    with pytest.raises(CatalogueError) as caught:
        odd.ask({"do": "refuse", "kind": "catalogue"}, 30)
    assert str(caught.value) == "Dòng sai. [labels.csv:7] → Sửa dòng đó. (A wrong row.)"
    with pytest.raises(OperationError) as busy:
        odd.ask({"do": "refuse", "kind": "operation"}, 30)
    assert busy.value.is_temporary


@pytest.mark.parametrize(("order", "how"), [
    ({"do": "die", "code": 7}, r"exit code 7\).*last words"), ({"do": "crash"}, "signal 11"),
])  # fmt: skip
def test_a_helper_that_dies_is_named_and_the_next_request_begins_another(
    odd: HelperProcess, order: dict[str, object], how: str
) -> None:
    before = odd.pid
    with pytest.raises(OperationError, match=f"(?s)stopped half-way.*{how}") as caught:
        odd.ask(order, 30)
    assert "đã dừng giữa chừng" in caught.value.message_vi and str(odd.log_file) in caught.value.message_vi
    assert odd.ask({"do": "echo", "text": "again"}, 30).content == {"text": "again"}
    assert odd.pid != before


def test_a_crash_leaves_its_place_in_the_log(odd: HelperProcess) -> None:
    with pytest.raises(OperationError):
        odd.ask({"do": "crash"}, 30)
    assert "Segmentation fault" in log_of(odd)


def test_processor_time_is_the_limit(odd: HelperProcess) -> None:
    with pytest.raises(OperationError, match=r"did not answer within its limit of 0\.5 processor seconds") as caught:
        odd.ask({"do": "spin"}, 0.5, wall=10_000)
    assert "không trả lời" in caught.value.message_vi
    assert_gone(odd.pid)
    assert "in spin" in log_of(odd)


def test_a_helper_that_does_nothing_is_met_by_the_clock_and_shows_where(odd: HelperProcess) -> None:
    odd.wait_until_ready()
    with pytest.raises(OperationError, match="did not answer"):
        odd.ask({"do": "sleep"}, 1000, wall=0.5)
    assert_gone(odd.pid)
    assert "in this_place_hangs" in log_of(odd)


@pytest.mark.parametrize("line", ["nonsense\n", "[1]\n", "{}\n", '{"state": 7}\n', "\x00\udcff\n".encode(
    "utf-8", "surrogateescape").decode("latin-1"), '{"state": "done", "answer": 3, "seconds": 1, "cpu_seconds": 1}\n'])
def test_an_answer_that_is_none_is_named(odd: HelperProcess, line: str) -> None:
    with pytest.raises(OperationError, match="answered what is no answer") as caught:
        odd.ask({"do": "say", "line": line}, 30)
    assert "trả lời sai dạng" in caught.value.message_vi
    assert_gone(odd.pid)


@pytest.mark.parametrize(("how", "words"), [("fails", "ImportError: a part is missing"), ("dies", "exit code 3")])
def test_a_helper_that_cannot_begin_is_named(tmp_path: Path, how: str, words: str) -> None:
    with HelperProcess(ODD, tmp_path, how) as helper:
        for _ in range(2):
            with pytest.raises(OperationError, match=words):
                helper.ask({"do": "echo", "text": "x"}, 30)


def test_a_helper_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("TONGHOP_SMTP_PASSWORD", "AWS_SECRET_ACCESS_KEY", "TONGHOP_LEDGER", "PREFECT_API_AUTH_STRING", "ANY")
    for name in secrets:
        monkeypatch.setenv(name, "hidden")
    with (tmp_path / "open").open("w") as ours, HelperProcess(ODD, tmp_path) as helper:
        os.set_inheritable(ours.fileno(), True)
        told = helper.ask({"do": "look"}, 30).content
    assert "hidden" not in told["environment"].values()
    assert not set(secrets) & set(told["environment"])
    assert (told["umask"], told["stdin"]) == (0o077, "")
    assert str(tmp_path / "open") not in told["files"]


def test_stop_ends_what_the_helper_began_and_leaves_nothing(tmp_path: Path) -> None:
    threads, files = threading.active_count(), len(open_files())
    with HelperProcess(ODD, tmp_path) as helper:
        grandchild = helper.ask({"do": "leave_grandchild"}, 30).content["pid"]
    assert_gone(helper.pid)
    assert_gone(grandchild)
    helper.stop()
    assert (threading.active_count(), len(open_files())) == (threads, files)


def test_what_bears_a_mark_is_ended_wherever_it_stands(tmp_path: Path) -> None:
    def begin(mark: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "import signal; signal.pause()"]
        return subprocess.Popen(command, env=os.environ | {"TONGHOP_RUNNER": mark}, start_new_session=True)

    with begin("123") as marked, begin("1234") as other:
        end_all_marked("TONGHOP_RUNNER", "123")
        assert (marked.wait(FAR_SECONDS), other.poll()) == (-signal.SIGKILL, None)
        other.kill()


@pytest.mark.parametrize("order", ["spin", "sleep"])
@pytest.mark.parametrize("thread", ["main", "other"])
def test_a_helper_ends_when_its_parent_is_killed(tmp_path: Path, order: str, thread: str) -> None:
    code = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from tests.unit.infra.test_helper_process import ODD, HelperProcess\n"
        "def run():\n"
        f"    helper = HelperProcess(ODD, Path({str(tmp_path)!r}))\n"
        "    helper.wait_until_ready()\n"
        "    print(helper.pid, flush=True)\n"
        f"    helper.ask({{'do': {order!r}}}, 1000)\n"
        f"run() if {thread!r} == 'main' else threading.Thread(target=run).start()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    assert_gone(pid)


def test_a_helper_outlives_the_thread_that_began_it(tmp_path: Path) -> None:
    began: list[HelperProcess] = []
    thread = threading.Thread(target=lambda: began.append(HelperProcess(ODD, tmp_path)))
    thread.start()
    thread.join()
    with began[0] as helper:
        first = helper.pid
        assert helper.ask({"do": "echo", "text": "here"}, 30).content == {"text": "here"}
        assert helper.pid == first


def test_a_log_is_emptied_even_when_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "x.log").mkdir()
    (tmp_path / "logs" / "x.previous.log").write_text("taken")
    log = ChildLog(tmp_path, "x")
    other = os.dup(log.writer)
    log.follow("a test")
    os.write(other, b"a\n" * 200_000 + b"the end\n")
    os.close(other)
    assert log.is_ended(30)
    assert log.last_line == "the end"
