"""Messages that once stopped a month, or of which a part vanished: each does what its case says and hurts nobody else.

Strangers' addresses stand in them; here each comes from an enterprise of the catalogue, so that it is read as well.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.children import start_children, use_month
from flows.read.step import read_receipts
from flows.receive import receive_folder
from flows.records import IntakeFinding, Observation, Receipt
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.ledger import open_ledger
from infra.sandbox import Sandbox
from infra.settings import Settings
from tests.whole_month import run_tonghop

pytestmark = [pytest.mark.shared, pytest.mark.slow]
PERIOD = "2019-04"
OURS = b"baocao@viettel-gl.example"
CONTROL = (b"From: thongke@vnpt-gl.example\r\nSubject: BC thang 4/2019\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\n"
           b"\r\n- Tram BTS: 75 tram\r\n")
CARRIER = (b"From: " + OURS + b"\r\nSubject: BC thang 4/2019\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\n"
           b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
           b"Content-Disposition: attachment; filename=%s\r\n\r\n")


@dataclass(frozen=True)
class Outcome:
    """What became of one case, received beside a sound message."""

    receipt: Receipt
    observations: list[Observation]
    findings: list[IntakeFinding]

    @property
    def said(self) -> str:
        return "\n".join(f"{f.kind} {f.file} {f.message_vi}" for f in self.findings)

    def values(self, indicator: str = "") -> list[str]:
        return [str(o.value) for o in self.observations if indicator in ("", o.indicator_id)]


def is_received(outcome: Outcome) -> bool:
    return outcome.receipt.submitter_id == "viettel" and outcome.receipt.status not in ("quarantined", "unopened")


EXPECTED: dict[str, Callable[[Outcome], object]] = {
    "empty-member-name.eml": lambda o: "không có tên" in o.said,
    "charset-nul.eml": lambda o: is_received(o) and "unknown_charset" in o.said,
    "sender-8bit.eml": lambda o: o.receipt.status == "quarantined" and "From" in o.receipt.reason_vi,
    "attached-8bit-boundary.eml": lambda o: is_received(o) and o.findings,
    "poison-subject-2028.eml": lambda o: is_received(o) and "\u2028" not in o.receipt.subject,
    "empty-attachment-with-figure.eml": lambda o: o.values() and "0 byte" in o.said,
    "eml-as-octets.eml": lambda o: o.values() == ["75"],
    "parts-250.eml": lambda o: len({f.file for f in o.findings} | {x.file for x in o.observations}) >= 250,
    "rule-of-dashes.eml": lambda o: o.values(),
    "rule-of-dashes-control.eml": lambda o: o.values(),
    "xls-with-embedded-word.xls": lambda o: "damaged" not in o.said and "embedded" in o.said,
    "note-hides-nothing-read.xlsx": lambda o: "nothing_recognised" in o.said and "external" in o.said,
    "note-hides-control.xlsx": lambda o: "nothing_recognised" in o.said,
    "spoof-display-name.eml": lambda o: o.receipt.status == "quarantined" and not o.values(),
    "dated-2099.eml": lambda o: o.receipt.status == "quarantined" and "2099" in o.receipt.reason_vi and not o.values(),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_children() as started:
        use_month(started, PERIOD, load_catalogue().at(PERIOD))
        yield started


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_does_what_must_happen(
    name: str, shared_folder: Path, tmp_path: Path, settings: Settings, sandbox: Sandbox
) -> None:
    outcome = outcome_of(shared_folder / "cases" / "mail" / name, tmp_path / "inbox", settings, sandbox)
    assert EXPECTED[name](outcome), f"{outcome.receipt}\n{outcome.said}\n{outcome.values()}"


def outcome_of(case: Path, inbox: Path, settings: Settings, sandbox: Sandbox) -> Outcome:
    inbox.mkdir()
    (inbox / "case.eml").write_bytes(message_of(case))
    (inbox / "control.eml").write_bytes(CONTROL)
    archive, ledger, catalogue = open_archive(settings), open_ledger(settings), load_catalogue().at(PERIOD)
    reception = receive_folder(settings, archive, ledger, catalogue, PERIOD, inbox, sandbox=sandbox)
    read = read_receipts(settings, archive, ledger, catalogue, PERIOD, None, sandbox, reception.notices)
    receipts = {receipt.message: receipt for receipt in ledger.receipts()}
    observations = [o for r in read for o in r.reading.observations]
    assert [str(o.value) for o in observations if o.message == "control.eml"] == ["75"], "the sound one beside it"
    own = [f for r in read for f in r.reading.findings if f.message == "case.eml"]
    return Outcome(receipts["case.eml"], [o for o in observations if o.message == "case.eml"], own)


def message_of(case: Path) -> bytes:
    """A mail from a known sender: the case itself, or one that carries the case as its attachment."""
    data = case.read_bytes()
    if case.suffix == ".eml":
        return data.replace(b"la@example.vn", OURS).replace(b"a@b.example", OURS)
    return CARRIER % case.name.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def test_copies_that_are_not_issues_times_run_are_a_finding_with_its_explanation(
    shared_folder: Path, tmp_path: Path
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    inbox.mkdir()
    shutil.copy(shared_folder / "cases" / "mail" / "press-slip.eml", inbox)
    done = run_tonghop("month", "2019-07", "--inbox", inbox, home=home, env={"TONGHOP_PREFECT": "off"})
    assert done.returncode == 3 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    told = findings_of(home, "2019-07", "copies_equal_issues_times_run")
    assert "228.600 → 226.800" in told and "Các cách sửa" in told, told


def test_one_value_over_two_merged_rows_stops_the_month_with_findings_at_its_cells(
    shared_folder: Path, tmp_path: Path, sample_inbox: Path
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    shutil.copytree(sample_inbox, inbox)
    shutil.copy(shared_folder / "cases" / "reports" / "month_crash_011.eml", inbox / "011.eml")
    done = run_tonghop("month", "2019-04", "--inbox", inbox, home=home, env={"TONGHOP_PREFECT": "off"})
    assert done.returncode == 3 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    shown = run_tonghop("findings", "--period", "2019-04", home=home).stdout
    assert "C6" in shown and "C7" in shown and "IndexError" not in shown, shown


def findings_of(home: Path, period: str, rule: str) -> str:
    """Return what `explain` says of the first finding of a rule."""
    listed = run_tonghop("findings", "--period", period, "--format", "csv", home=home).stdout
    finding = next(line.split(",")[0] for line in listed.splitlines() if rule in line)
    return run_tonghop("explain", finding, "--period", period, home=home).stdout
