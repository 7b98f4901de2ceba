"""One suite for both databases: an SQLite file and a real PostgreSQL server."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from infra.errors import ClaimLostError, MovedError, OperationError
from infra.ledger import NEXT_STATES, open_ledger
from infra.ledger_records import Decision, Delivery, Document, Edition, Output, Receipt, Run
from infra.settings import load_settings
from tests.patience import FAR_SECONDS, wait_until
from tests.people import STEWARD

RECEIPT = Receipt(
    "r1", "2019-04", "024.eml", "ab" * 32, "vhtt.iapa@gialai.gov.vn", "vhtt_iapa", "Báo cáo tháng 4",
    "2019-04-15T08:00:00+07:00", "2019-04-15T08:05:00+07:00", "received",
)
DOCUMENTS = [
    Document("r1", "024.eml", "Số liệu.xlsx", "cd" * 32, 2048, "application/octet-stream"),
    Document("r1", "024.eml", "(body)", "ef" * 32, 0, "text/plain"),
]
DECISION = Decision(
    "D1", "correct", "2019-04", "obs1", "16656", "16566", "Đơn vị xác nhận qua điện thoại", STEWARD,
    "2019-04-20T09:00:00+07:00",
)
EDITION = Edition(
    "2019-04-1", "2019-04", 1, "build1", "12" * 32, "2019-04-22T10:00:00+07:00",
    (Output("báo cáo.pdf", "34" * 32, 100, "application/pdf"), Output("a.csv", "56" * 32, 10, "text/csv")),
)
DELIVERY = Delivery(
    "2019-04-1.mic", "2019-04-1", "2019-04", "mic", "Bộ TT&TT", "email", ("a@x.example", "b@x.example"), "pending",
    "Báo cáo", "2019-04-22T10:01:00+07:00",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path):
    base = load_settings(tmp_path / "home")
    if request.param == "sqlite":
        return base
    return dataclasses.replace(base, ledger_url=request.getfixturevalue("postgresql_url"))


@pytest.fixture
def ledger(settings):
    ledger = open_ledger(settings)
    yield ledger
    ledger.close()


def test_a_receipt_comes_back_with_its_documents_in_order(ledger):
    assert ledger.add_receipt(RECEIPT, DOCUMENTS)
    assert ledger.receipts("2019-04") == [RECEIPT]
    assert ledger.receipts("2019-05") == []
    assert ledger.documents("r1") == DOCUMENTS
    assert ledger.documents() == DOCUMENTS


def test_everything_added_twice_is_there_once(ledger):
    run = Run("run1", "2019-04", "month", "2019-04-22T10:00:00+07:00")
    for expected in (True, False):
        assert ledger.add_receipt(RECEIPT, DOCUMENTS) is expected
        assert ledger.add_decision(DECISION) is expected
        assert ledger.add_edition(EDITION) is expected
        assert ledger.add_delivery(DELIVERY) is expected
        assert ledger.start_run(run) is expected
    assert ledger.verify_audit() == 5


def test_receipts_come_in_the_order_they_were_recorded(ledger):
    for name in ("r3", "r1", "r2"):
        ledger.add_receipt(dataclasses.replace(RECEIPT, receipt_id=name))
    assert [r.receipt_id for r in ledger.receipts()] == ["r3", "r1", "r2"]


def test_a_status_changes_once_and_keeps_what_it_replaces(ledger):
    ledger.add_receipt(dataclasses.replace(RECEIPT, supersedes="r0"), DOCUMENTS)
    for _ in range(2):
        ledger.set_receipt_status("r1", "superseded", "Có bản gửi lại.")
    (receipt,) = ledger.receipts()
    assert (receipt.status, receipt.reason_vi, receipt.supersedes) == ("superseded", "Có bản gửi lại.", "r0")
    assert [e.action for e in ledger.audit_entries("receipts/r1")] == ["receipt_added", "receipt_superseded"]
    with pytest.raises(OperationError, match="receipts/r9"):
        ledger.set_receipt_status("r9", "late")


def test_withdrawn_and_replaced_decisions_are_not_in_force(ledger):
    later = dataclasses.replace(DECISION, decision_id="D2", value="16665")
    other = dataclasses.replace(DECISION, decision_id="D3", target="obs2")
    withdrawal = dataclasses.replace(DECISION, decision_id="D4", kind="withdraw", target="D3", value="", basis="")
    for decision in (DECISION, later, other, withdrawal):
        ledger.add_decision(decision)
    assert ledger.decisions("2019-04") == [DECISION, later, other, withdrawal]
    assert ledger.decisions_in_force("2019-04") == [later]


def test_withdrawing_the_later_decision_brings_back_the_earlier(ledger):
    later = dataclasses.replace(DECISION, decision_id="D2", value="16665")
    withdrawal = dataclasses.replace(DECISION, decision_id="D3", kind="withdraw", target="D2", value="", basis="")
    for decision in (DECISION, later, withdrawal):
        ledger.add_decision(decision)
    assert ledger.decisions_in_force() == [DECISION]


def test_an_edition_comes_back_with_its_outputs_in_order(ledger):
    ledger.add_edition(EDITION)
    assert ledger.editions("2019-04") == [EDITION]
    assert ledger.editions("2019-03") == []


def test_an_edition_is_frozen_while_the_ledger_holds_what_it_was_built_from(ledger):
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    noted = ledger.view("2019-04").inputs_sha256
    later = dataclasses.replace(DECISION, period="2019-05")
    ledger.add_decision(later)                           # of a month that the build does not hold
    with ledger.freezing("2019-04", noted) as record:
        record(EDITION)
    assert ledger.editions() == [EDITION]
    ledger.add_decision(dataclasses.replace(DECISION, decision_id="D9", period="2019-03"))
    with pytest.raises(MovedError), ledger.freezing("2019-04", noted) as record:
        record(dataclasses.replace(EDITION, edition_id="2019-04-2", number=2))
    assert ledger.editions() == [EDITION]
    ledger.verify_audit()


@pytest.mark.parametrize("change", ["a decision", "a receipt", "a receipt's status"])
def test_whatever_a_build_takes_from_the_ledger_moves_what_it_noted(ledger, change):
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    noted = ledger.view("2019-04").inputs_sha256
    if change == "a decision":
        ledger.add_decision(DECISION)
    elif change == "a receipt":
        ledger.add_receipt(dataclasses.replace(RECEIPT, receipt_id="r2"))
    else:
        ledger.set_receipt_status("r1", "superseded", "Có bản gửi lại.")
    assert ledger.view("2019-04").inputs_sha256 != noted


def test_who_decides_while_an_edition_is_frozen_waits_for_it(ledger):
    noted, waiting = ledger.view("2019-04").inputs_sha256, threading.Event()

    def decide() -> None:
        waiting.set()
        ledger.add_decision(DECISION)

    with ThreadPoolExecutor(1) as pool:
        with ledger.freezing("2019-04", noted) as record:
            decided = pool.submit(decide)
            waiting.wait()
            record(EDITION)
            assert not decided.done()
        decided.result()
    assert [entry.action for entry in ledger.audit_entries()] == ["edition_published", "decision_correct"]


def test_an_edition_cannot_be_published_again_with_other_contents(ledger):
    ledger.add_edition(EDITION)
    with pytest.raises(OperationError, match="nội dung khác"):
        ledger.add_edition(dataclasses.replace(EDITION, manifest_sha256="99" * 32))
    with pytest.raises(OperationError):  # another key, the same period and number
        ledger.add_edition(dataclasses.replace(EDITION, edition_id="2019-04-one"))
    assert ledger.verify_audit() == 1


def test_a_delivery_moves_only_along_its_states(ledger):
    ledger.add_delivery(DELIVERY)
    claimed = ledger.claim_delivery(DELIVERY)
    ended = ledger.end_data(claimed)
    assert (ended.attempts, ended.claim) == (1, 2) and ended.data_ended_at
    with pytest.raises(OperationError, match="claimed"):
        ledger.claim_delivery(ended)
    sent = ledger.move_delivery(ended, "accepted", response="250 OK")
    assert ledger.deliveries("2019-04") == ledger.deliveries(edition_id="2019-04-1") == [sent]
    for state in NEXT_STATES:
        with pytest.raises(OperationError):
            ledger.move_delivery(sent, state)


def test_a_claim_that_was_taken_over_is_worth_nothing(ledger):
    ledger.add_delivery(DELIVERY)
    first = ledger.claim_delivery(DELIVERY)
    second = ledger.claim_delivery(ledger.move_delivery(first, "pending"))
    assert second.claim > first.claim
    for act in (lambda: ledger.end_data(first), lambda: ledger.move_delivery(first, "accepted"),
                lambda: ledger.claim_delivery(first)):
        with pytest.raises(ClaimLostError, match="tiến trình khác"):
            act()
    assert ledger.move_delivery(ledger.end_data(second), "accepted").state == "accepted"


def test_nobody_calls_a_message_unsent_whose_end_went_out_meanwhile(ledger):
    ledger.add_delivery(DELIVERY)
    claimed = ledger.claim_delivery(DELIVERY)
    ended = ledger.end_data(claimed)
    with pytest.raises(ClaimLostError):
        ledger.move_delivery(claimed, "pending")
    left = ledger.move_delivery(ended, "uncertain")
    assert ledger.move_delivery(ended, "accepted").claim == left.claim     # the answer that came after all


def test_a_run_tells_how_it_ended(ledger):
    ledger.start_run(Run("run1", "2019-04", "month", "2019-04-22T10:00:00+07:00"))
    ledger.finish_run("run1", "published", build_id="b", edition_id="2019-04-1")
    (run,) = ledger.runs("2019-04")
    assert (run.outcome, run.edition_id) == ("published", "2019-04-1")
    assert run.finished_at


def test_many_writers_leave_one_whole_chain(settings):
    ledgers = [open_ledger(settings) for _ in range(4)]

    def write(number: int) -> None:
        for count in range(10):
            ledgers[number].add_receipt(dataclasses.replace(RECEIPT, receipt_id=f"r{number}-{count}"), DOCUMENTS[:0])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledgers[0].verify_audit() == 40
    for ledger in ledgers:
        ledger.close()


TAMPERINGS = {
    "a figure is changed": "UPDATE decisions SET value = '1'",
    "a decision is deleted": "DELETE FROM decisions",
    "a link is changed": "UPDATE audit SET actor = 'x' WHERE seq = 1",
    "a link is removed": "DELETE FROM audit WHERE seq = 1",
    "a document is removed": "DELETE FROM documents WHERE position = 1",
    "a status is changed": "UPDATE receipts SET status = 'rejected'",
    "a delivery is deleted": "DELETE FROM deliveries",
    "a decision is moved behind later ones": "UPDATE decisions SET ledger_seq = 99",
    "a receipt is moved before others": "UPDATE receipts SET ledger_seq = 0",
    "a document is moved before others": "UPDATE documents SET position = 9 WHERE position = 0",
    "an output is exchanged": "UPDATE outputs SET sha256 = 'x' WHERE position = 0",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_with_the_tables_shows(ledger, statement):
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    ledger.add_decision(DECISION)
    ledger.add_edition(EDITION)
    ledger.add_delivery(DELIVERY)
    assert ledger.verify_audit() == 4
    _tamper(ledger, statement)
    with pytest.raises(OperationError, match="không còn nguyên vẹn"):
        ledger.verify_audit()


def test_a_cut_chain_shows_against_the_head_noted_in_the_archive(ledger, tmp_path):
    from infra.anchors import note_head, read_heads
    from infra.archive import FolderArchive

    archive, settings = FolderArchive(tmp_path / "archive"), load_settings(tmp_path / "home")
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    ledger.add_decision(DECISION)
    note_head(settings, archive, ledger)
    assert ledger.verify_audit(read_heads(settings, archive)) == 2
    _tamper(ledger, "DELETE FROM audit WHERE seq = 2")
    _tamper(ledger, "DELETE FROM decisions")
    assert ledger.verify_audit() == 1
    with pytest.raises(OperationError, match="lưu ngoài sổ cái"):
        ledger.verify_audit(read_heads(settings, archive))


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "audit.key"
    file.write_text("ab" * 32)
    file.chmod(0o600)
    return file


def test_a_keyed_chain_cannot_be_written_anew_without_the_key(settings, key_file):
    from infra import audit

    ledger = open_ledger(dataclasses.replace(settings, audit_key_file=str(key_file)))
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    ledger.add_decision(DECISION)
    assert ledger.verify_audit() == 2
    forged, entries = [], ledger.audit_entries()
    for entry in entries:            # as one would who can write the database: whole, and by another hand
        seq, digest = (forged[-1].seq, forged[-1].hash) if forged else (0, "")
        detail = json.loads(entry.detail)
        forged.append(audit.next_entry(seq, digest, entry.at, "x", entry.action, entry.subject, detail))
    assert audit.find_broken_link(forged) is None
    assert "không mang khóa" in str(audit.find_broken_link(forged, ledger.key))
    assert "mục 2" in str(audit.find_broken_link([entries[0], forged[1]], ledger.key))
    last = forged[0]
    laundered = audit.next_entry(last.seq, last.hash, "t", "x", "y", "z", {}, ledger.key)     # by a run of ours
    assert "mục 2" in str(audit.find_broken_link([last, laundered], ledger.key))
    ledger.close()


def test_a_keyed_chain_is_neither_continued_nor_checked_without_its_key(settings, key_file):
    keyed = open_ledger(dataclasses.replace(settings, audit_key_file=str(key_file)))
    keyed.add_receipt(RECEIPT, DOCUMENTS)
    keyed.close()
    without = open_ledger(settings)
    for act in (lambda: without.add_decision(DECISION), without.verify_audit):
        with pytest.raises(OperationError, match="không có khóa"):
            act()
    key_file.write_text("cd" * 32)
    other = open_ledger(dataclasses.replace(settings, audit_key_file=str(key_file)))
    with pytest.raises(OperationError, match="không còn nguyên vẹn"):
        other.verify_audit()
    without.close()
    other.close()


def test_a_chain_without_key_gets_one_by_a_persons_word(settings, key_file, ledger):
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    keyed = open_ledger(dataclasses.replace(settings, audit_key_file=str(key_file)))
    for act in (keyed.verify_audit, lambda: keyed.add_decision(DECISION)):
        with pytest.raises(OperationError, match="accept-ledger"):
            act()
    assert keyed.go_on_without([], STEWARD, "đặt khóa lần đầu") == 0
    assert keyed.verify_audit() == 2
    keyed.close()


@pytest.mark.parametrize("fault", ["absent", "short", "no hexadecimal", "open to others"])
def test_a_key_file_that_is_none_is_refused_with_a_sentence(settings, key_file, fault):
    key_file.write_text({"short": "ab" * 8, "no hexadecimal": "x" * 64}.get(fault, "ab" * 32))
    if fault == "open to others":
        key_file.chmod(0o640)
    if fault == "absent":
        key_file.unlink()
    with pytest.raises(OperationError, match="Tệp khóa nhật ký"):
        open_ledger(dataclasses.replace(settings, audit_key_file=str(key_file)))


@pytest.mark.parametrize("table", ["documents", "decisions", "editions", "outputs", "audit"])
def test_the_database_itself_refuses_to_change_what_is_written_once(ledger, table):
    ledger.add_receipt(RECEIPT, DOCUMENTS)
    ledger.add_decision(DECISION)
    ledger.add_edition(EDITION)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_any_column(ledger, table)} = 'x'"):
        with pytest.raises(OperationError, match="written once"), ledger.writing() as connection:
            connection.execute(text(statement))


TAKEN_AWAY = {
    "sqlite": [
        ["DROP TRIGGER decisions_update"], ["DROP TRIGGER decisions_delete"],
        ["DROP TRIGGER decisions_update",
         "CREATE TRIGGER decisions_update BEFORE update ON decisions BEGIN SELECT 1; END"],
    ],
    "postgresql": [
        ["DROP TRIGGER decisions_refuse ON decisions"], ["ALTER TABLE decisions DISABLE TRIGGER decisions_refuse"],
        ["CREATE OR REPLACE FUNCTION decisions_refuse() RETURNS trigger LANGUAGE plpgsql AS"
         " $$ BEGIN RETURN NULL; END $$"],
        ["DROP TRIGGER decisions_refuse ON decisions", "CREATE TRIGGER decisions_refuse BEFORE DELETE ON decisions"
         " FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse()"],
    ],
}


@pytest.mark.parametrize("way", range(4))
def test_a_guard_that_was_taken_away_or_emptied_is_seen_and_put_back(ledger, way):
    ledger.add_decision(DECISION)
    assert ledger.lost_guards() == []
    ways = TAKEN_AWAY[ledger.engine.dialect.name]
    with ledger.writing() as connection:
        for statement in ways[way % len(ways)]:
            connection.exec_driver_sql(statement)
    assert ledger.lost_guards() == ["decisions"]
    ledger.put_guards_back()
    assert ledger.lost_guards() == []
    for statement in ("DELETE FROM decisions", "UPDATE decisions SET reason = 'x'"):
        with pytest.raises(OperationError, match="written once"), ledger.writing() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize(("said", "free", "is_full"), [
    ("database or disk is full", 10**9, True), ("disk I/O error", 2_000_000, True), ("disk I/O error", 10**9, False),
    ("unable to open database file", 1_000_000, True), ("unable to open database file", 10**9, False),
    ("database disk image is malformed", 1_000, False), ("database is locked", 1_000, False),
])  # fmt: skip
def test_a_full_disk_below_the_ledger_is_called_that(tmp_path, monkeypatch, said, free, is_full):
    ledger = open_ledger(load_settings(tmp_path / "home"))
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=free))
    with pytest.raises(OperationError) as told, ledger.writing():
        raise OperationalError("INSERT", {}, sqlite3.OperationalError(said))
    assert ("Hết chỗ trên ổ đĩa" in str(told.value)) == is_full
    assert ("Dọn bớt chỗ" in told.value.remedy_vi) == is_full
    ledger.close()


def test_a_ledger_that_finds_no_room_says_so(tmp_path):
    ledger = open_ledger(load_settings(tmp_path / "home"))
    with pytest.raises(OperationError, match="no room left"), ledger.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE much AS SELECT randomblob(1000000) AS x")
    ledger.close()


def test_only_one_process_at_a_time_and_a_killed_one_frees_the_right(settings, ledger):
    script = (
        "import dataclasses, sys, time\n"
        "from infra.ledger import open_ledger; from infra.settings import load_settings\n"
        "settings = dataclasses.replace(load_settings(sys.argv[1]), ledger_url=sys.argv[2])\n"
        "with open_ledger(settings).only_one('deliver'):\n"
        "    print('mine', flush=True); time.sleep(10_000)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(settings.home), settings.ledger_url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "mine\n"
        with pytest.raises(OperationError, match="Một tiến trình khác"), ledger.only_one("deliver"):
            pass
        with ledger.only_one("something_else"):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    wait_until(lambda: _try_right(ledger))
    with ledger.only_one("deliver"):
        pass


def test_many_processes_may_create_the_ledger_at_once(settings):
    script = (
        "import dataclasses, sys\n"
        "from infra.ledger import open_ledger; from infra.settings import load_settings\n"
        "settings = dataclasses.replace(load_settings(sys.argv[1]), ledger_url=sys.argv[2])\n"
        "print(open_ledger(settings).verify_audit())"
    )
    command = [sys.executable, "-c", script, str(settings.home), settings.ledger_url]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [racer.communicate(timeout=FAR_SECONDS) for racer in racers] == [("0\n", "")] * 4


def test_an_unreachable_database_is_a_clear_error(tmp_path):
    settings = load_settings(tmp_path)
    for url in (f"sqlite:///{tmp_path}/no/such/folder/ledger.sqlite", "postgresql://127.0.0.1:1/x"):
        with pytest.raises(OperationError, match="Không đọc hoặc ghi được sổ cái"):
            open_ledger(dataclasses.replace(settings, ledger_url=url))
    with pytest.raises(OperationError, match="không hợp lệ"):
        open_ledger(dataclasses.replace(settings, ledger_url="nonsense"))


def test_opening_a_current_ledger_does_not_import_alembic(tmp_path):
    script = (
        "import sys; from infra.settings import load_settings; from infra.ledger import open_ledger\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "open_ledger(load_settings(sys.argv[1])); open_ledger(load_settings(sys.argv[1]))\n"
        "assert 'sqlalchemy' in sys.modules and 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


def _tamper(ledger, statement: str) -> None:
    """Do what somebody with the database's password could do."""
    table = statement.replace("DELETE FROM", "UPDATE").split()[1]
    with ledger.writing() as connection:
        if ledger.engine.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{verb}"))
        else:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_refuse ON {table}"))
        assert connection.execute(text(statement)).rowcount == 1


def _any_column(ledger, table: str) -> str:
    return next(c.name for c in ledger.tables.metadata.tables[table].columns if not c.primary_key)


def _try_right(ledger) -> bool:
    try:
        with ledger.only_one("deliver"):
            return True
    except OperationError:
        return False
