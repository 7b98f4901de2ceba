"""Every hostile message hurts only itself: it is received or said to be unopened, and the sound one is read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.children import start_children, use_month
from flows.mail.answer import Unpacked
from flows.mail.unpack import unpack
from flows.read.step import read_receipts
from flows.receive import receive_folder
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.ledger import open_ledger
from infra.sandbox import Sandbox
from infra.settings import Settings
from tests.hostile.mails import MAILS, SENDER

PERIOD = "2019-04"
MOST_MEMORY = 500_000_000
MOST_SECONDS = 10


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_children() as started:
        use_month(started, PERIOD, load_catalogue().at(PERIOD))
        yield started


@pytest.mark.parametrize("title", MAILS)
def test_a_hostile_message_is_taken_apart_within_its_limits(title: str, sandbox: Sandbox) -> None:
    sandbox.peak_memory = 0
    opened, why = unpack(sandbox, MAILS[title](), "x.eml", is_message=True, budget=title)
    assert sandbox.peak_memory < MOST_MEMORY
    assert sandbox.spent(title) < MOST_SECONDS
    assert isinstance(opened, Unpacked) or why
    if opened:
        assert all(c.data or c.problem for c in opened.contents), "a content without bytes says why"


@pytest.mark.slow
def test_all_of_them_in_one_inbox_stop_nothing(tmp_path: Path, settings: Settings, sandbox: Sandbox) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number, make in enumerate(MAILS.values()):
        (inbox / f"{number:03d}.eml").write_bytes(make())
    sound = SENDER.replace(b"thongke@vnpt-gl", b"baocao@viettel-gl") + b"\r\n- Tram BTS: 75 tram\r\n"
    (inbox / "sound.eml").write_bytes(sound)
    archive, ledger, catalogue = open_archive(settings), open_ledger(settings), load_catalogue().at(PERIOD)
    reception = receive_folder(settings, archive, ledger, catalogue, PERIOD, inbox, sandbox=sandbox)
    readings = read_receipts(settings, archive, ledger, catalogue, PERIOD, None, sandbox, reception.notices)
    named = {r.message for r in ledger.receipts()} | {seen.name for seen in ledger.sightings()}
    assert named == {path.name for path in inbox.iterdir()}
    assert not any(f.kind == "fault_of_ours" for r in readings for f in r.reading.findings)
    assert not any("phần mềm gặp lỗi" in r.reason_vi for r in reception.receipts)
    assert [str(o.value) for r in readings for o in r.reading.observations if o.message == "sound.eml"] == ["75"]
    shutil.rmtree(inbox)
