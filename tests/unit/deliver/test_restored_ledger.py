"""A ledger from an older backup does not know what was sent since: it sends nothing by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.deliver import settle_delivery
from flows.verification import verify_stores
from infra.anchors import accept_ledger
from infra.errors import OperationError
from tests.people import STEWARD, STEWARD_ID
from tests.unit.deliver.test_delivery import MAILED

PERSON, REASON = STEWARD_ID, "máy chủ hỏng đĩa, dùng bản sao lưu hôm trước"


@pytest.fixture
def backup(office, tmp_path):
    """Give what takes a backup of the ledger, and puts it back."""

    class Backup:
        def __init__(self) -> None:
            self.file = Path(office.ledger.engine.url.database)

        def take(self) -> None:
            with office.ledger.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.file, tmp_path / "backup")

        def restore(self) -> None:
            office.ledger.close()
            for name in ("-wal", "-shm"):
                Path(f"{self.file}{name}").unlink(missing_ok=True)
            shutil.copy(tmp_path / "backup", self.file)

    return Backup()


def _sent(office) -> int:
    return len(list(office.settings.mailbox_folder.glob("*.eml")))


@pytest.mark.parametrize("when", ["before the edition", "before the delivery"])
def test_a_restored_ledger_sends_nothing_again(office, backup, when):
    if when == "before the edition":
        backup.take()
    edition = office.publish()
    if when == "before the delivery":
        backup.take()
    office.deliver(edition)
    backup.restore()
    office.ledger.add_edition(edition)
    with pytest.raises(OperationError, match="Không gửi gì") as raised:
        office.deliver(edition)
    assert "accept-ledger" in raised.value.remedy_vi
    assert _sent(office) == 4


def test_a_person_may_go_on_with_it_and_what_was_witnessed_waits(office, backup):
    edition = office.publish()
    backup.take()
    office.deliver(edition)
    backup.restore()
    assert accept_ledger(office.settings, PERSON, REASON) == 2
    assert accept_ledger(office.settings, PERSON, REASON) == 0
    shutil.rmtree(office.settings.mailbox_folder)        # or it would tell that all arrived
    office.settings.mailbox_folder.mkdir()
    for _ in range(2):
        deliveries = office.deliver(edition)
        assert {deliveries[key].state for key in MAILED} == {"pending", "uncertain"} - {"pending"}
    assert _sent(office) == 0
    settle_delivery(office.ledger, "2019-04-1.mic", False, PERSON, "Bộ chưa nhận được")
    assert office.deliver(edition)["mic"].state == "accepted"
    assert _sent(office) == 1
    (link, *_) = [e for e in office.ledger.audit_entries() if e.action == "anchor_done_without"]
    assert link.actor == STEWARD and REASON in link.detail
    office.ledger.verify_audit()


def test_a_restored_archive_shows_against_the_folder_of_heads(make_office, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    office = make_office(anchor_folder=str(tmp_path / "elsewhere"))
    office.deliver(office.publish())
    office.ledger.close()
    shutil.rmtree(office.settings.home)                  # ledger and archive are lost together
    again = make_office(anchor_folder=str(tmp_path / "elsewhere"))
    with pytest.raises(OperationError, match="Không gửi gì"):
        again.deliver(again.publish())
    assert not again.settings.mailbox_folder.exists()


@pytest.mark.parametrize("is_there", [False, True])
def test_without_the_folder_of_heads_nothing_is_sent(make_office, tmp_path, is_there):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    office = make_office(anchor_folder=str(elsewhere))
    office.deliver(office.publish())
    shutil.rmtree(elsewhere)                             # the other machine's disk is not mounted
    if is_there:
        elsewhere.mkdir()
    sent = _sent(office)
    with pytest.raises(OperationError, match="TONGHOP_ANCHOR"):
        office.deliver(office.publish(2, **{"x.csv": b"new"}))
    assert _sent(office) == sent
    assert "TONGHOP_ANCHOR" in "\n".join(verify_stores(office.settings).faults)
    elsewhere.mkdir(exist_ok=True)                       # a new folder is begun with a person's word
    accept_ledger(office.settings, PERSON, REASON)
    office.deliver(office.publish(2, **{"x.csv": b"new"}))
    assert _sent(office) > sent and len(list(elsewhere.iterdir())) >= 2


def test_a_forged_ledger_is_refused_before_anything_is_sent(office):
    from sqlalchemy import text

    edition = office.publish()
    with office.ledger.writing() as connection:
        connection.execute(text("DROP TRIGGER audit_update"))
        connection.execute(text("UPDATE audit SET actor = 'x'"))
    with pytest.raises(OperationError, match="không còn nguyên vẹn"):
        office.deliver(edition)
    assert not office.settings.mailbox_folder.exists()
