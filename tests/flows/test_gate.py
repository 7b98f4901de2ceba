"""What is checked is what is published: every way in which it was not, through the real steps of a month."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import decide, steps
from flows.check import load_findings
from flows.check.findings import FINDINGS, check_folder
from flows.check.judge import Judge, start_judge
from flows.monthly import compile_month
from flows.progress import Progress
from flows.publish import edition as edition_module
from flows.records import Finding
from flows.steps import MonthResult
from infra.archive import open_archive
from infra.clock import machine_clock
from infra.derived import DONE, load_derived, save_set
from infra.errors import MovedError, OperationError
from infra.ledger import Ledger, open_ledger
from infra.process_state import as_found
from infra.settings import PROJECT, Settings, load_settings
from infra.warehouse import build_path, current_build, current_check, fetch, open_build
from tests.people import STEWARD_ID
from tests.whole_month import run_tonghop

PERIOD = "2019-04"
REASON, PERSON = "Đã hỏi lại đơn vị", STEWARD_ID
Hook = Callable[[], None]
# Runs a month in another checkout; before the edition is made a rule of that checkout becomes a note.
SOFTEN = """
import sys
from pathlib import Path
from flows import steps
from flows.monthly import compile_month
from flows.progress import Progress
from infra.errors import OperationError
from infra.settings import load_settings

period, inbox, home = sys.argv[1:]
rules = Path("expectations/rules/completeness.yml")

def run(step, *arguments):
    if step.__name__ == "publish_edition":
        text = rules.read_text(encoding="utf-8")
        at = text.index("- id: submission_unreadable")
        rules.write_text(text[:at] + text[at:].replace("severity: blocking", "severity: note", 1), encoding="utf-8")
    return step(*arguments)

with steps.begun(load_settings(home), inbox, Progress()), steps.open_month(period, inbox) as month:
    try:
        compile_month(month, run)
    except OperationError as error:
        sys.exit(str(error))
"""


class StandingJudge(Judge):
    """One judge for all runs of this module: importing Great Expectations takes longer than they do."""

    def stop(self) -> None:
        """It is ended by its fixture."""


@dataclass(frozen=True)
class Home:
    """A home, its inbox, and the means to run its month with something happening in between."""

    settings: Settings
    inbox: Path
    judge: Judge

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.settings)

    def run(self, **before: Hook) -> MonthResult:
        """Run the month; `publish_edition=…` is called before that step, each time."""

        def run_step(step: Callable[..., Any], *arguments: Any) -> Any:
            before.get(step.__name__, lambda: None)()
            return step(*arguments)

        progress = Progress()
        with as_found(), steps.begun(self.settings, str(self.inbox), progress) as helpers:
            vars(helpers)["judge"] = self.judge
            with steps.open_month(PERIOD, str(self.inbox)) as month:
                return compile_month(month, run_step)

    def journal(self) -> str:
        path = self.settings.home / "logs" / "tonghop.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def once(action: Hook) -> Hook:
    """Return what does `action` the first time only."""
    left = [action]
    return lambda: left.pop()() if left else None


def by_hand(home: Path) -> Settings:
    """Return the settings of a home whose inbox a person fills and vouches for."""
    return replace(load_settings(home), inbox_trusted="by_hand")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    running = start_judge(load_settings(tmp_path_factory.mktemp("judge")))
    yield StandingJudge(running.process)
    running.stop()


@pytest.fixture(scope="module")
def questioned(tmp_path_factory: pytest.TempPathFactory, sample_inbox: Path, judge: Judge) -> Home:
    """The sample month, and after it a message of VNPT whose workbook is cut off: one question is open."""
    folder = tmp_path_factory.mktemp("questioned")
    shutil.copytree(sample_inbox, folder / "inbox")
    write_cut_message(folder / "inbox" / "099.eml")
    home = Home(by_hand(folder / "home"), folder / "inbox", judge)
    result = home.run()
    assert [f.rule_id for f in result.blocking] == ["submission_unreadable"] and not result.edition
    return home


@pytest.fixture
def home(tmp_path: Path, questioned: Home) -> Home:
    """A copy of that home."""
    shutil.copytree(questioned.settings.home, tmp_path / "home")
    return Home(by_hand(tmp_path / "home"), questioned.inbox, questioned.judge)


@pytest.fixture
def waived(home: Home) -> Home:
    """A copy of that home in which the question is decided, so that the month can be published."""
    (finding,) = open_findings(home)
    decide.waive(home.ledger, PERIOD, finding, REASON, PERSON)
    return home


def write_cut_message(path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "thongke@vnpt-gl.example", "VNPT: biểu tháng 4/2019 sửa lần 2"
    mail["Date"], mail["Message-ID"] = "Wed, 17 Apr 2019 15:00:00 +0700", "<again@vnpt-gl.example>"
    mail.set_content("Gửi lại biểu đã sửa.")
    mail.add_attachment(b"PK\x03\x04" + b"\x14\x00" * 400, maintype="application", subtype="octet-stream",
                        filename="VNPT Gia Lai T4-2019 (sua).xlsx")
    path.write_bytes(mail.as_bytes())


def open_findings(home: Home) -> list[Finding]:
    return steps.open_blocking(load_findings(home.settings, home.ledger, PERIOD))


def a_cell(home: Home) -> tuple[str, str]:
    """Return an observation that no sum holds, and its figure."""
    query = "select observation_id, value from marts.fct_observations where indicator_id = ? and is_in_force"
    with open_build(home.settings, current_build(home.settings, PERIOD)) as connection:
        ((observation_id, value),) = fetch(connection, query, "town_plans_commented")
    return observation_id, str(value)


def correct(home: Home, value: int) -> None:
    from decimal import Decimal

    observation_id, basis = a_cell(home)
    decide.correct(home.ledger, PERIOD, observation_id, Decimal(value), basis, f"{REASON} {value}", PERSON)


def published(home: Home, result: MonthResult, indicator_id: str = "town_plans_commented") -> str:
    """Return a figure as the extract of the edition has it."""
    assert result.edition
    name = f"trich-xuat-{PERIOD}.csv"
    sha256 = next(output.sha256 for output in result.edition.outputs if output.name == name)
    lines = open_archive(home.settings).get(sha256).decode("utf-8-sig").splitlines()
    header = lines[0].split(",")
    rows = (dict(zip(header, line.split(","), strict=False)) for line in lines[1:])
    return next(row["OBS_VALUE"] for row in rows if row["INDICATOR"] == indicator_id and row["REF_AREA"] == "64")


def manifest_of(home: Home, result: MonthResult) -> dict[str, Any]:
    assert result.edition
    return dict(json.loads(open_archive(home.settings).get(result.edition.manifest_sha256)))


# ------------------------------------------------------------------------------------ the attempts


def test_a_part_that_cannot_be_used_stops_the_month_until_somebody_decides(waived: Home) -> None:
    result = waived.run()
    assert result.edition and result.edition.number == 1
    grounds = manifest_of(waived, result)["grounds"]
    assert grounds["waived"] == [f.finding_id for f in result.findings if f.decision]
    assert len(grounds["waived"]) == 1
    assert grounds["decisions"] == [d.decision_id for d in waived.ledger.decisions_in_force(PERIOD)]
    assert grounds["inputs_sha256"] == waived.ledger.view(PERIOD).inputs_sha256
    assert {"readings_sha256", "check_sha256", "verdicts_sha256", "ledger_seq", "ledger_hash"} <= set(grounds)
    assert manifest_of(waived, result)["build_id"] == result.build_id == result.edition.build_id


def test_a_waiver_withdrawn_between_check_and_publishing_publishes_nothing(waived: Home) -> None:
    (decision,) = waived.ledger.decisions_in_force(PERIOD)

    def withdraw() -> None:
        decide.withdraw(waived.ledger, PERIOD, decision.decision_id, REASON, PERSON)

    result = waived.run(publish_edition=once(withdraw))
    assert result.edition is None and [f.rule_id for f in result.blocking] == ["submission_unreadable"]
    assert waived.ledger.editions() == []


def test_a_waiver_that_ends_between_check_and_publishing_publishes_nothing(waived: Home) -> None:
    (held,) = waived.ledger.decisions_in_force(PERIOD)
    decide.withdraw(waived.ledger, PERIOD, held.decision_id, REASON, PERSON)
    (finding,) = open_findings(waived)
    decide.waive(waived.ledger, PERIOD, finding, REASON, PERSON, until="2100-01-01")
    later: list[datetime] = []
    settings = replace(waived.settings, clock=lambda: later[0] if later else machine_clock())

    def end() -> None:
        later.append(datetime.fromisoformat("2100-01-02T00:00:00+07:00"))

    assert replace(waived, settings=settings).run(publish_edition=once(end)).edition is None
    assert waived.ledger.editions() == []


def test_findings_replaced_by_none_are_made_again(home: Home) -> None:
    folder = check_folder(home.settings, current_check(home.settings, PERIOD))
    replace_findings(folder, b"[]", with_key=False)
    result = home.run()
    assert result.edition is None and len(result.blocking) == 1
    assert f"{folder / DONE} is torn or was edited" in home.journal()
    assert open_findings(home) == result.blocking


def test_findings_replaced_by_somebody_with_the_key_do_not_pass_the_gate(home: Home) -> None:
    folder = check_folder(home.settings, current_check(home.settings, PERIOD))
    replace_findings(folder, b"[]", with_key=True)
    with pytest.raises(OperationError, match="not what the warehouse gives") as caught:
        home.run()
    assert "Chạy lại" in caught.value.remedy_vi
    assert home.ledger.editions() == []
    assert len(home.run().blocking) == 1, "what was found false is not kept"


def test_findings_edited_between_check_and_publishing_are_refused(waived: Home) -> None:
    def edit() -> None:
        folder = check_folder(waived.settings, current_check(waived.settings, PERIOD))
        (folder / FINDINGS).write_bytes(b"[]")

    with pytest.raises(OperationError, match="edited"):
        waived.run(publish_edition=edit)
    assert waived.ledger.editions() == []
    assert waived.run().edition


def replace_findings(folder: Path, findings: bytes, with_key: bool) -> None:
    """Put other findings in the place of a check's, with digests that fit them."""
    names = load_derived(folder / DONE)
    assert names
    files = {name: (folder / name).read_bytes() for name in names} | {FINDINGS: findings}
    inputs = json.loads((folder / DONE).read_bytes())["inputs"]
    if with_key:
        save_set(folder, files, inputs)
        return
    elsewhere = folder.parent.parent.parent / "forged" / folder.name
    save_set(elsewhere, files, inputs)
    shutil.copytree(elsewhere, folder, dirs_exist_ok=True)


def test_a_warehouse_edited_between_check_and_publishing_is_refused(waived: Home) -> None:
    def edit() -> None:
        path = build_path(waived.settings, current_build(waived.settings, PERIOD))
        path.chmod(0o600)
        with duckdb.connect(str(path)) as connection:
            connection.execute("update marts.fct_figures set value = value * 2")

    with pytest.raises(OperationError, match="warehouse file was edited"):
        waived.run(publish_edition=edit)
    assert waived.ledger.editions() == []
    result = waived.run()
    assert result.edition and published(waived, result) == "3"


def test_a_decision_recorded_while_the_month_runs_is_in_the_edition(waived: Home) -> None:
    result = waived.run(publish_edition=once(lambda: correct(waived, 5)))
    assert result.edition and published(waived, result) == "5"
    assert [e.number for e in waived.ledger.editions()] == [1]
    assert manifest_of(waived, result)["grounds"]["inputs_sha256"] == waived.ledger.view(PERIOD).inputs_sha256
    assert len(list((waived.settings.home / "mailbox").glob("*.mic.*"))) == 1


def test_a_decision_recorded_while_the_edition_is_made_is_in_the_edition(
    waived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide_once = once(lambda: correct(waived, 6))
    monkeypatch.setattr(edition_module, "reached", lambda place: decide_once() if place.endswith("files") else None)
    result = waived.run()
    assert result.edition and published(waived, result) == "6"
    assert [e.number for e in waived.ledger.editions()] == [1]


def test_a_ledger_that_keeps_moving_stops_the_month_in_words(waived: Home) -> None:
    values = iter(range(10, 20))
    with pytest.raises(MovedError, match="recorded while"):
        waived.run(publish_edition=lambda: correct(waived, next(values)))
    assert next(values) == 13, "two times more, then a person is asked"
    assert waived.ledger.editions() == []


def test_a_decision_recorded_after_the_edition_is_said_at_the_end(waived: Home) -> None:
    result = waived.run(deliver_edition=once(lambda: correct(waived, 7)))
    assert result.edition and published(waived, result) == "3"
    assert any("chạy lại" in sentence for _, sentence in result.notices)


def test_readers_never_meet_a_build_without_its_check(waived: Home) -> None:
    before, seen = current_build(waived.settings, PERIOD), []

    def read() -> None:
        seen.append(current_build(waived.settings, PERIOD))
        assert len(load_findings(waived.settings, waived.ledger, PERIOD)) >= 1

    result = waived.run(check_figures=read, prepare_replies=read)
    assert seen == [before, result.build_id] and before != result.build_id


def test_a_rule_made_a_note_between_check_and_publishing_is_refused_and_later_said(
    published_home: Path, sample_inbox: Path, tmp_path: Path
) -> None:
    shutil.copytree(published_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect"))
    tree = copied_tree(tmp_path / "tree")
    command = [sys.executable, "-c", SOFTEN, PERIOD, str(sample_inbox), str(tmp_path / "home")]
    refused = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env=in_tree(tree))
    assert refused.returncode == 1 and "changed after the check" in refused.stderr, refused.stderr
    home = Home(load_settings(tmp_path / "home"), sample_inbox, None)  # type: ignore[arg-type]
    correct(home, 5)
    again = subprocess.run(
        [sys.executable, "-m", "flows.cli", "month", PERIOD, "--inbox", str(sample_inbox)], cwd=tree,
        capture_output=True, text=True, check=False, env=in_tree(tree) | {"TONGHOP_HOME": str(tmp_path / "home")},
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "submission_unreadable" in again.stdout + again.stderr
    manifest = json.loads((tmp_path / "home" / "outputs" / PERIOD / "edition-2" / "manifest.json").read_bytes())
    (change,) = manifest["grounds"]["changed_rules"]
    assert change == {"rule_id": "submission_unreadable", "was": "blocking", "severity": "note"}
    assert "submission_unreadable: it was blocking" in home.journal()


def copied_tree(target: Path) -> Path:
    """Copy what a month needs of the checkout."""
    for name in ("flows", "expectations", "infra", "dbt_project"):
        shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy2(PROJECT / name, target / name)
    return target


def in_tree(tree: Path) -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(tree), "TONGHOP_PREFECT": "off", "COLUMNS": "200"}


# ------------------------------------------------------------------------------------ districts that went missing

DISTRICTS = {"TP. Pleiku": 60000, "Chư Sê": 3000, "KBang": 2000}


def write_month(folder: Path, month: int, districts: dict[str, int]) -> Path:
    """Write a month of one enterprise whose table has these districts and a total that fits them."""
    import io

    import openpyxl

    book = openpyxl.Workbook()
    book.active.append([f"BÁO CÁO SỐ LIỆU THÁNG {month} NĂM 2019"])
    book.active.append(["TT", "Huyện", "Thuê bao trả trước", "Trạm BTS"])
    for number, (name, value) in enumerate(districts.items(), 1):
        book.active.append([number, name, value, value // 500])
    book.active.append(["", "Tổng cộng", sum(districts.values()), sum(v // 500 for v in districts.values())])
    stream = io.BytesIO()
    book.save(stream)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "baocao@viettel-gl.example", f"BC tháng {month}/2019"
    mail["Date"] = f"16 {'Apr' if month == 4 else 'May'} 2019 09:00:00 +0700"
    mail["Message-ID"] = f"<{month}@viettel-gl.example>"
    mail.set_content(f"Gửi báo cáo tháng {month}/2019.")
    mail.add_attachment(stream.getvalue(), maintype="application", subtype="octet-stream", filename="Bieu.xlsx")
    folder.mkdir()
    (folder / "1.eml").write_bytes(mail.as_bytes())
    return folder


def test_a_source_without_its_largest_district_is_asked(tmp_path: Path) -> None:
    may = {name: value for name, value in DISTRICTS.items() if name != "TP. Pleiku"}
    for month, districts in ((4, DISTRICTS), (5, may)):
        inbox = write_month(tmp_path / str(month), month, districts)
        done = run_tonghop("month", f"2019-0{month}", "--inbox", inbox, home=tmp_path / "home",
                           env={"TONGHOP_PREFECT": "off"})
        assert done.returncode == 3, done.stdout + done.stderr
    settings = load_settings(tmp_path / "home")
    found = [f for f in load_findings(settings, open_ledger(settings), "2019-05") if f.rule_id == "districts_not_lost"]
    assert len(found) == 2 and all(f.severity == "blocking" and f.outcome == "fail" for f in found)
    for part in ("Viettel", "Pleiku", "2019-04", "60.000", "gửi lại"):
        assert any(part in f.message_vi for f in found), part
    assert not [f for f in load_findings(settings, open_ledger(settings), PERIOD) if f.rule_id == "districts_not_lost"]
