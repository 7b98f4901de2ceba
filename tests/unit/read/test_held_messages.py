"""Held messages: a person lets them count or refuses them; that outlives every run and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows import decisions
from flows.read.step import read_receipts
from flows.receive import receive_folder
from flows.records import IntakeFinding, Receipt
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.errors import SubmissionError
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings
from tests.people import STEWARD_ID
from tests.unit.receive.forgeries import EVIL, FROM, OURS, PASS, entered, message

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
Month = Callable[[], dict[str, str]]


@pytest.fixture
def gateway(settings: Settings) -> Settings:
    return replace(settings, authserv_id=OURS, inbox_trusted="no")


@pytest.fixture
def ledger(gateway: Settings) -> Ledger:
    return open_ledger(gateway)


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., None]:
    def write(name: str, agents: int, *lines: str) -> None:
        (tmp_path / "inbox").mkdir(exist_ok=True)
        text = f"Báo cáo tháng 4/2019\n1. Đại lý Internet: {agents} đại lý\n"
        (tmp_path / "inbox" / name).write_bytes(message(*entered(*lines), f"Message-ID: <{name}@a.example>", text=text))

    return write


@pytest.fixture
def run(gateway: Settings, ledger: Ledger, tmp_path: Path) -> Month:
    """Receive and read the inbox; return what counts ({message: figure}) and leave the findings in `run.said`."""
    archive = open_archive(gateway)

    def month() -> dict[str, str]:
        reception = receive_folder(gateway, archive, ledger, CATALOGUE, PERIOD, tmp_path / "inbox")
        readings = read_receipts(gateway, archive, ledger, CATALOGUE, PERIOD, notices=reception.notices)
        month.said = [f for r in readings for f in r.reading.findings]  # type: ignore[attr-defined]
        return {o.message: str(o.value) for r in readings for o in r.reading.observations if o.use_status == "in_force"}

    return month


def said(run: Month, message: str) -> set[tuple[str, str]]:
    findings: list[IntakeFinding] = run.said  # type: ignore[attr-defined]
    return {(f.kind, f.severity) for f in findings if f.message == message}


def receipt_of(ledger: Ledger, message: str) -> Receipt:
    return next(r for r in ledger.receipts(PERIOD) if r.message == message)


def test_a_message_without_a_verdict_asks_before_it_replaces(run: Month, ledger: Ledger, put) -> None:
    put("1.eml", 20, PASS, FROM)
    put("2.eml", 21, FROM)
    assert run() == {"1.eml": "20"}
    assert said(run, "2.eml") == {("unproved_sender", "warning"), ("unproved_replacement", "blocking")}
    held = receipt_of(ledger, "2.eml")
    assert (held.status, held.proof, held.submitter_id) == ("quarantined", "", "")
    assert all(held.receipt_id in f.message_vi for f in run.said if f.message == "2.eml")  # type: ignore[attr-defined]


def test_a_first_message_without_a_verdict_is_kept_and_blocks_nothing_by_itself(run: Month, put) -> None:
    put("1.eml", 20, FROM)
    assert run() == {}
    assert said(run, "1.eml") == {("unproved_sender", "warning")}


def test_a_release_lets_it_count_in_every_run_until_it_is_withdrawn(
    run: Month, gateway: Settings, ledger: Ledger, put
) -> None:
    put("1.eml", 20, PASS, FROM)
    put("2.eml", 21, FROM)
    run()
    held = receipt_of(ledger, "2.eml")
    released = decisions.release(gateway, held.receipt_id, "", "đã gọi lại", STEWARD_ID)
    assert (released.kind, released.value, released.basis) == ("release", "dist_630", held.sha256)
    for _ in range(2):
        assert run() == {"2.eml": "21"}
        counted = receipt_of(ledger, "2.eml")
        assert (counted.status, counted.submitter_id, counted.decision_id) == (
            "received", "dist_630", released.decision_id)
        assert (counted.proof, counted.held_vi) == ("", held.held_vi)
    assert said(run, "2.eml") == set()
    decisions.withdraw(gateway, PERIOD, released.decision_id, "nhầm", STEWARD_ID)
    for _ in range(2):
        assert run() == {"1.eml": "20"}
        assert receipt_of(ledger, "2.eml") == held
    assert ledger.verify_audit() > 0


def test_a_line_that_names_tomorrows_gateway_proves_nothing_of_todays_mail(
    gateway: Settings, ledger: Ledger, tmp_path: Path, put
) -> None:
    """Before a gateway stands in front anybody can write a line in its name; a person releases what is genuine."""
    put("1.eml", 20, PASS, FROM)
    before = replace(gateway, authserv_id="mx.before.example")
    assert counted(before, ledger, tmp_path / "inbox") == {}
    for _ in range(2):
        assert counted(gateway, ledger, tmp_path / "inbox") == {}
    held = receipt_of(ledger, "1.eml")
    assert (held.status, held.proof) == ("quarantined", "")
    decisions.release(gateway, held.receipt_id, "", "đã gọi lại", STEWARD_ID)
    assert counted(gateway, ledger, tmp_path / "inbox") == {"1.eml": "20"}


def counted(settings: Settings, ledger: Ledger, inbox: Path) -> dict[str, str]:
    archive = open_archive(settings)
    reception = receive_folder(settings, archive, ledger, CATALOGUE, PERIOD, inbox)
    readings = read_receipts(settings, archive, ledger, CATALOGUE, PERIOD, notices=reception.notices)
    return {o.message: str(o.value) for r in readings for o in r.reading.observations if o.use_status == "in_force"}


def test_a_refusal_ends_the_question_and_keeps_the_message(run: Month, gateway: Settings, ledger: Ledger, put) -> None:
    put("1.eml", 20, PASS, FROM)
    put("2.eml", 21, FROM)
    run()
    held = receipt_of(ledger, "2.eml")
    refused = decisions.refuse(gateway, held.receipt_id, "đơn vị nói không gửi", STEWARD_ID)
    for _ in range(2):
        assert run() == {"1.eml": "20"}
        found = receipt_of(ledger, "2.eml")
        assert (found.status, found.decision_id) == ("rejected", refused.decision_id)
        assert "đơn vị nói không gửi" in found.reason_vi
    assert said(run, "2.eml") == set()
    decisions.release(gateway, held.receipt_id, "", "đơn vị xác nhận", STEWARD_ID)
    assert run() == {"2.eml": "21"}
    decisions.refuse(gateway, held.receipt_id, "lại thôi", STEWARD_ID)
    assert run() == {"1.eml": "20"}


def test_a_date_in_the_future_is_said_and_replaces_nothing_without_a_persons_yes(
    run: Month, gateway: Settings, ledger: Ledger, put
) -> None:
    put("1.eml", 20, PASS, FROM)
    put("2.eml", 98, PASS, FROM, "Date: Fri, 18 Dec 2099 08:00:00 +0700")
    assert run() == {"1.eml": "20"}
    assert said(run, "2.eml") == {("date_in_future", "warning"), ("unproved_replacement", "blocking")}
    decisions.release(gateway, receipt_of(ledger, "2.eml").receipt_id, "", "đồng hồ máy sai", STEWARD_ID)
    assert run() == {"2.eml": "98"}


def test_a_date_in_the_future_never_wins_over_mail_that_came_later(
    run: Month, gateway: Settings, ledger: Ledger, put
) -> None:
    put("1.eml", 98, PASS, FROM, "Date: Fri, 18 Dec 2099 08:00:00 +0700")
    run()
    decisions.release(gateway, receipt_of(ledger, "1.eml").receipt_id, "", "đồng hồ máy sai", STEWARD_ID)
    assert run() == {"1.eml": "98"}
    put("2.eml", 21, PASS, FROM)
    assert run() == {"2.eml": "21"}


def test_a_message_held_for_its_month_can_be_released(run: Month, gateway: Settings, ledger: Ledger, put) -> None:
    put("1.eml", 20, PASS, FROM, "Subject: Bao cao thang 4 nam 2018")
    run()
    held = receipt_of(ledger, "1.eml")
    assert held.problem == "last_year_file"
    decisions.release(gateway, held.receipt_id, "", "gõ nhầm năm", STEWARD_ID)
    assert run() == {"1.eml": "20"}


def test_a_strangers_message_is_released_only_for_a_unit_that_is_named(
    run: Month, gateway: Settings, ledger: Ledger, put
) -> None:
    put("1.eml", 20, PASS, f"From: {EVIL}")
    run()
    held = receipt_of(ledger, "1.eml")
    for whose in ("", "nobody"):
        with pytest.raises(SubmissionError):
            decisions.release(gateway, held.receipt_id, whose, "đã gọi", STEWARD_ID)
    decisions.release(gateway, held.receipt_id, "dist_630", "địa chỉ mới của huyện", STEWARD_ID)
    assert run() == {"1.eml": "20"}
    assert receipt_of(ledger, "1.eml").submitter_id == "dist_630"


def test_only_what_waits_can_be_decided(run: Month, gateway: Settings, ledger: Ledger, put) -> None:
    put("1.eml", 20, PASS, FROM)
    run()
    for receipt_id in (receipt_of(ledger, "1.eml").receipt_id, "R0000000000000000"):
        with pytest.raises(SubmissionError):
            decisions.refuse(gateway, receipt_id, "thử", STEWARD_ID)


def test_without_a_gateway_a_first_message_counts_and_a_second_one_asks(
    settings: Settings, tmp_path: Path, put
) -> None:
    nobody = replace(settings, inbox_trusted="no")
    ledger, archive = open_ledger(nobody), open_archive(nobody)
    put("1.eml", 20, FROM)
    put("2.eml", 21, FROM)
    receive_folder(nobody, archive, ledger, CATALOGUE, PERIOD, tmp_path / "inbox")
    readings = read_receipts(nobody, archive, ledger, CATALOGUE, PERIOD)
    assert {o.message: o.use_status for r in readings for o in r.reading.observations} == {
        "1.eml": "in_force", "2.eml": "held"}
    assert [f.message for r in readings for f in r.reading.findings if f.severity == "blocking"] == ["2.eml"]
    held = receipt_of(ledger, "2.eml")
    decisions.release(nobody, held.receipt_id, "", "đã gọi lại", STEWARD_ID)
    readings = read_receipts(nobody, archive, ledger, CATALOGUE, PERIOD)
    assert {o.message: o.use_status for r in readings for o in r.reading.observations} == {
        "1.eml": "superseded", "2.eml": "in_force"}
