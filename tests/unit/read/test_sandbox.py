"""A document is read in a child; whatever becomes of the child, the answer is a reading."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.children import start_children, use_month
from flows.read.sandbox import Request, read_in_child
from flows.records import Document, Reading, Receipt
from infra.catalogue import load_catalogue
from infra.errors import OperationError
from infra.sandbox import Sandbox
from infra.settings import PROJECT
from tests.hostile import builders as b
from tests.patience import FAR_SECONDS

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
RECEIPT = Receipt("R1", PERIOD, "001.eml", "0" * 64, "a@b.example", "dist_625", "BC", "", "", "received")
BODY = "1. Đại lý Internet: 26 đại lý\n2. Trạm BTS: 57 trạm\n".encode()


def start(**limits: int) -> Sandbox:
    sandbox = start_children(limits=limits)
    use_month(sandbox, PERIOD, CATALOGUE)
    return sandbox


def read(sandbox: Sandbox, data: bytes = BODY, file: str = "(body)") -> Reading:
    document = Document("R1", "001.eml", file, "0" * 64, len(data), "")
    return read_in_child(sandbox, data, Request(RECEIPT, document), PERIOD)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start() as started:
        yield started


def test_a_document_is_read(sandbox: Sandbox) -> None:
    figures = {o.indicator_id: o.value for o in read(sandbox).observations}
    assert figures == {"internet_agents": 26, "telecom_bts_total": 57}


def test_a_reading_comes_back_whole(sandbox: Sandbox) -> None:
    observation = read(sandbox).observations[0]
    assert (observation.submitter_id, observation.message, observation.file) == ("dist_625", "001.eml", "(body)")
    assert type(observation.value).__name__ == "Decimal"


@pytest.mark.parametrize("number", ["1" + "0" * 18, "9" * 40, "1" + "0" * 300])
def test_a_number_beyond_every_report_costs_only_itself(sandbox: Sandbox, number: str) -> None:
    data = f"Chỉ tiêu;Số lượng\nTrạm BTS;{number}\nĐại lý Internet;26\n".encode()
    reading = read(sandbox, data, "BC.csv")
    assert {o.indicator_id: o.value for o in reading.observations} == {"telecom_bts_total": None, "internet_agents": 26}
    assert [f.kind for f in reading.findings if f.cell == "B2"] == ["number_too_large"]


def test_letters_that_the_report_will_leave_out_are_said(sandbox: Sandbox) -> None:
    text = "I. Kết quả tháng 4\n- Trang bị \U0001f600 máy quét cho \u6f22 xã.\nII. Kế hoạch tháng 5\n- Mở 02 lớp.\n"
    reading = read(sandbox, text.encode())
    said = [f for f in reading.findings if f.kind == "unprintable_letters"]
    assert [("\U0001f600 \u6f22" in f.message_vi, f.severity) for f in said] == [(True, "note")], reading
    assert any("\U0001f600" in item.text for item in reading.narrative_items)


def test_children_are_independent(sandbox: Sandbox) -> None:
    first = read(sandbox)
    read(sandbox, b"\0" * 1000, "a.xlsx")
    assert read(sandbox) == first


def test_a_refused_file_is_not_given_to_a_reader(sandbox: Sandbox) -> None:
    reading = read(sandbox, b.xlsx(b.sheet_xml("")), "BC.xlsx")
    assert [f.kind for f in reading.findings] == ["empty_workbook"]
    assert reading.observations == ()


def test_a_child_that_takes_too_long_is_a_finding() -> None:
    rows = "".join(f"Huyện {n};{n}\n" for n in range(400_000)).encode()
    with start(cpu=1) as sandbox:
        (finding,) = read(sandbox, rows, "BC.csv").findings
        assert finding.kind == "time_limit"
        assert "quá lâu" in finding.message_vi
        sandbox.forget_budget("R1")
        assert read(sandbox).observations


def test_a_child_that_takes_too_much_memory_is_a_finding() -> None:
    rows = "".join(f"Huyện {n};{n}\n" for n in range(400_000)).encode()
    with start(memory=60_000_000) as sandbox:
        (finding,) = read(sandbox, rows, "BC.csv").findings
        assert finding.kind == "memory_limit"
        assert "bộ nhớ" in finding.message_vi
        assert sandbox.peak_memory < 200_000_000
        sandbox.forget_budget("R1")
        assert read(sandbox).observations


def test_a_server_that_dies_is_started_again() -> None:
    with start() as sandbox:
        before = read(sandbox)
        os.kill(sandbox.server_pid, signal.SIGKILL)
        read(sandbox)
        assert read(sandbox) == before


def test_children_know_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("TONGHOP_SMTP_PASSWORD", "hidden")
    with start() as sandbox:
        read(sandbox)
        with open(f"/proc/{sandbox.server_pid}/environ", "rb") as stream:  # noqa: PTH123
            assert b"hidden" not in stream.read()


def test_a_server_that_cannot_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.sandbox.SERVER", "infra.no_such_module")
    with start_children() as sandbox, pytest.raises(OperationError, match="did not start"):
        read(sandbox)


def test_stopping_leaves_no_process() -> None:
    sandbox = start()
    read(sandbox)
    pid = sandbox.server_pid
    sandbox.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("said", [b"", b"R", b"J", b"C\x00\x00"])
def test_a_server_whose_parent_goes_away_leaves_no_traceback(tmp_path: Path, said: bytes) -> None:
    """The parent ends before it has heard the greeting, or in the middle of a command."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "infra.sandbox_server", str(theirs.fileno()), "{}", "flows.sandbox_jobs"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=PROJECT, pass_fds=[theirs.fileno()], stdout=log, stderr=log)
    theirs.close()
    ours.sendall(said)
    ours.close()
    assert server.wait(FAR_SECONDS) == 0
    assert (tmp_path / "log").read_text() == ""
