"""The reading step over whole months: cached, repeatable, and every defect of a file said at its place."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from flows.read import step
from flows.read.preview import preview_files
from flows.read.problems import Problem
from flows.read.step import read_receipts
from flows.readings import load_month, month_digest
from flows.receive import receive_folder
from flows.records import DocumentReading, Reading
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.errors import OperationError, SubmissionError
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings

PERIOD = "2019-04"
TEXT = "Báo cáo tháng 4/2019\n1. Đại lý Internet: 26 đại lý\n2. Trạm BTS: {} trạm\n"
BTS = "telecom_bts_total"
Month = Callable[..., list[DocumentReading]]


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return open_ledger(settings)


@pytest.fixture
def read_month(settings: Settings, ledger: Ledger, tmp_path: Path) -> Month:
    archive = open_archive(settings)

    def run(folder: Path | None = None, period: str = PERIOD) -> list[DocumentReading]:
        catalogue = load_catalogue().at(period)
        reception = receive_folder(settings, archive, ledger, catalogue, period, folder or tmp_path / "inbox")
        return read_receipts(settings, archive, ledger, catalogue, period, notices=reception.notices)

    (tmp_path / "inbox").mkdir()
    return run


def write(path: Path, text: str, subject: str = "BC tháng 4", reply_to: str = "", day: int = 16) -> None:
    mail = EmailMessage()
    mail["From"] = "pvhtt.kbang@kbang-gialai.example"
    mail["Date"] = f"{day} Apr 2019 09:00:00 +0700"
    mail["Subject"] = subject
    if reply_to:
        mail["In-Reply-To"] = reply_to
    mail.set_content(text)
    path.write_bytes(mail.as_bytes())


def values(readings: list[DocumentReading]) -> dict[str, str]:
    return {
        o.indicator_id: f"{o.value} {o.message}"
        for r in readings
        for o in r.reading.observations
        if o.use_status == "in_force"
    }


def test_a_month_is_read_saved_and_loaded_back(read_month: Month, settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "inbox" / "1.eml", TEXT.format(57))
    readings = read_month()
    assert values(readings) == {"internet_agents": "26 1.eml", "telecom_bts_total": "57 1.eml"}
    assert load_month(settings, PERIOD) == readings


def test_nothing_is_read_twice(
    read_month: Month, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "inbox" / "1.eml", TEXT.format(57))
    first = read_month()
    digest = month_digest(settings, PERIOD)
    monkeypatch.setattr(step, "children_of", None)
    assert read_month() == first
    assert month_digest(settings, PERIOD) == digest


def test_a_broken_cache_is_read_anew(read_month: Month, settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "inbox" / "1.eml", TEXT.format(57))
    first = read_month()
    for path in (settings.readings_folder / "documents").rglob("*.json"):
        path.write_text('{"observations": {"fields": ["value"], "rows": [["x", "y"]]}}')
    assert read_month() == first


def test_a_child_that_ran_out_of_time_is_asked_again() -> None:
    def reading(raw_text: str) -> Reading:
        where = (PERIOD, "R", "1.eml", "a.xlsx", "vnpt")
        return Reading(findings=(Problem("unreadable_file", "…", raw_text=raw_text).finding(*where),))

    assert not step.is_lasting(reading("child ended: time 14"))
    assert step.is_lasting(reading("BadZipFile: broken"))
    assert step.is_lasting(Reading())


def test_a_taught_sentence_is_read_in_what_was_read_before(
    settings: Settings, ledger: Ledger, read_month: Month, tmp_path: Path
) -> None:
    taught = load_catalogue().at(PERIOD)
    untaught = dataclasses.replace(taught, phrases=tuple(p for p in taught.phrases if p.indicator_id != BTS))
    write(tmp_path / "inbox" / "1.eml", "Báo cáo tháng 4/2019\nToàn huyện hiện có 57 trạm BTS đang phát sóng.\n")
    receive_folder(settings, open_archive(settings), ledger, taught, PERIOD, tmp_path / "inbox")
    archive = open_archive(settings)
    assert values(read_receipts(settings, archive, ledger, untaught, PERIOD)) == {}
    assert values(read_receipts(settings, archive, ledger, taught, PERIOD)) == {BTS: "57 1.eml"}


def test_a_correction_that_comes_later_changes_what_counts(read_month: Month, ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "inbox" / "1.eml", TEXT.format(57))
    read_month()
    write(tmp_path / "inbox" / "2.eml", "Đề nghị sửa số trạm BTS thành 58 trạm.", "Re: BC tháng 4", "<1@a>", 17)
    assert values(read_month()) == {"internet_agents": "26 1.eml", "telecom_bts_total": "58 2.eml"}
    write(tmp_path / "inbox" / "3.eml", TEXT.format(60), "BC tháng 4 gửi lại", day=18)
    assert set(values(read_month()).values()) == {"26 3.eml", "60 3.eml"}
    assert {r.message: r.status for r in ledger.receipts(PERIOD)} == {
        "1.eml": "superseded", "2.eml": "superseded", "3.eml": "received",
    }  # fmt: skip


def test_a_stranger_is_not_read(read_month: Month, tmp_path: Path) -> None:
    write(tmp_path / "inbox" / "1.eml", TEXT.format(57))
    data = (tmp_path / "inbox" / "1.eml").read_bytes().replace(b"pvhtt.kbang@kbang-gialai.example", b"a@la.example")
    (tmp_path / "inbox" / "1.eml").write_bytes(data)
    assert values(read_month()) == {}


def test_a_month_never_read_is_a_sentence(settings: Settings) -> None:
    with pytest.raises(OperationError, match="not been read"):
        load_month(settings, "2019-05")


def test_a_preview_stores_nothing(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path / "thu.eml", TEXT.format(57))
    before = sorted(settings.home.rglob("*"))
    readings = preview_files([tmp_path / "thu.eml"], "", PERIOD, load_catalogue().at(PERIOD))
    assert {o.indicator_id for r in readings for o in r.observations} == {"internet_agents", "telecom_bts_total"}
    assert {o.submitter_id for r in readings for o in r.observations} == {"dist_625"}
    assert sorted(settings.home.rglob("*")) == before


def test_a_preview_of_a_file_takes_the_sender_as_told(tmp_path: Path) -> None:
    (tmp_path / "BC.csv").write_text("TT;Chỉ tiêu;ĐVT;Số liệu\n1;Trạm BTS;trạm;75\n", encoding="utf-8")
    catalogue = load_catalogue().at(PERIOD)
    for sender in ("dist_625", "pvhtt.kbang@kbang-gialai.example"):
        readings = preview_files([tmp_path / "BC.csv"], sender, PERIOD, catalogue)
        assert [(o.submitter_id, o.value) for r in readings for o in r.observations] == [("dist_625", 75)]
    with pytest.raises(SubmissionError, match="no submitter"):
        preview_files([tmp_path / "BC.csv"], "ai@do.example", PERIOD, catalogue)
    with pytest.raises(SubmissionError, match="cannot be read"):
        preview_files([tmp_path / "khong-co.xlsx"], "", PERIOD, catalogue)


@pytest.mark.shared
@pytest.mark.parametrize("period", ["2019-03", "2019-04"])
def test_every_planted_defect_of_a_file_is_said_at_its_message(
    period: str, read_month: Month, shared_folder: Path
) -> None:
    folder = shared_folder / "field" / period
    readings = read_month(folder, period)
    with (folder / "planted.csv").open(encoding="utf-8") as stream:
        planted = [row for row in csv.DictReader(stream) if row["defect_id"].startswith("I")]
    found = [f for r in readings for f in r.reading.findings]
    for row in planted:
        same = [f for f in found if (f.kind, f.message) == (row["kind"], row["message"])]
        if row["kind"] == "missing_submission":
            same = [f for f in same if f.submitter_id == row["submitter_id"]]
        assert same, f"{row['kind']} of {row['message'] or row['submitter_id']} was not said"
        assert any(f.file in ("", row["file"]) for f in same)
    messages = sorted(path.name for path in folder.glob("*.eml"))
    spoken = {row["message"] for row in planted}
    noisy = {f.message for f in found if f.severity != "note" and f.message in messages} - spoken
    with (folder / "planted.csv").open(encoding="utf-8") as stream:
        noisy -= {row["message"] for row in csv.DictReader(stream)}
    assert len(noisy) <= len(messages) / 20, f"findings on messages without a defect: {noisy}"


@pytest.mark.shared
@pytest.mark.parametrize("period", ["2019-03", "2019-04"])
def test_what_counts_is_what_the_truth_says_counts(period: str, read_month: Month, shared_folder: Path) -> None:
    folder = shared_folder / "field" / period
    readings = read_month(folder, period)
    with (folder / "truth.csv").open(encoding="utf-8") as stream:
        truth = {
            (row["message"], row["file"], row["area_code"], row["indicator_id"], row["period"]): row["use"]
            for row in csv.DictReader(stream)
        }
    status = {"yes": "in_force", "superseded": "superseded", "duplicate": "duplicate", "rejected": "rejected"}
    wrong = [
        (o.message, o.file, o.indicator_id, o.use_status)
        for r in readings
        for o in r.reading.observations
        if (use := truth.get((o.message, o.file, o.area_code, o.indicator_id, o.period)))
        and status[use] != o.use_status
    ]
    assert not wrong
