"""Whole runs of a month: what is published, what a second run does, what a killed run leaves."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.people import STEWARD_ID
from tests.whole_month import frozen_files, run_tonghop

KILL_POINTS = [
    "receive.after_archive:20", "receive.before_receipt:10", "read.before_save", "build.before_publish",
    "publish.after_files", "publish.after_ledger", "deliver.after_claim:2", "deliver.after_end_of_data:3",
    "deliver.after_answer",
]
WITHOUT_PREFECT = {"TONGHOP_PREFECT": "off"}


def mails(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((home / "mailbox").glob("*.eml"))}


def recipients(home: Path) -> list[str]:
    """Return edition and recipient of every mail; the rest of its name is the manifest's."""
    return sorted(name.rpartition(".")[0].rpartition(".")[0] for name in mails(home))


def manifests(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in sorted((home / "outputs").rglob("manifest.json"))}


def test_a_published_month_leaves_its_files_and_one_mail_a_line(published_home: Path) -> None:
    folder = published_home / "outputs" / "2019-04" / "edition-1"
    suffixes = {path.suffix for path in folder.iterdir()}
    assert {".docx", ".pdf", ".xlsx", ".csv", ".parquet", ".json"} <= suffixes
    assert len(mails(published_home)) == 4


def test_what_the_mailbox_on_this_machine_took_is_never_called_sent(published_home: Path) -> None:
    for command, said in (("deliveries", "gửi thử"), ("editions", "rehearsed")):
        shown = run_tonghop(command, "--period", "2019-04", home=published_home)
        assert shown.returncode == 0 and said in shown.stdout and "đã gửi" not in shown.stdout, shown.stdout


def test_the_mail_carries_the_report_the_extract_and_its_dictionary(published_home: Path) -> None:
    """And nothing else: the workbook, the trace and the work items stay in the house."""
    for data in mails(published_home).values():
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert {part.get_filename() for part in message.iter_attachments()} == {
            "bao-cao-2019-04.docx", "bao-cao-2019-04.pdf", "trich-xuat-2019-04.csv", "tu-dien-du-lieu-2019-04.csv",
        }


def test_the_run_stands_in_prefect_under_its_month_with_its_artifacts(published_home: Path) -> None:
    with sqlite3.connect(published_home / "prefect" / "prefect.db") as database:
        runs = database.execute("select name, state_name from flow_run").fetchall()
        keys = {key for (key,) in database.execute("select key from artifact")}
        tasks = {name for (name,) in database.execute("select distinct substr(name, 1, 4) from task_run")}
    assert ("monthly-2019-04", "Published") in runs
    assert {"received-2019-04", "findings-2019-04", "outputs-2019-04"} <= keys
    assert len(tasks) >= 6


@pytest.mark.parametrize("change", ["the same inbox", "an inbox emptied meanwhile", "a stranger wrote", "a twin came"])
def test_a_second_run_publishes_the_same_edition_and_sends_nothing(
    published_home: Path, sample_inbox: Path, tmp_path: Path, change: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(published_home, home)
    before = mails(home), manifests(home)
    inbox = tmp_path / "inbox"
    shutil.copytree(sample_inbox, inbox)
    _change_inbox(inbox, change)
    again = run_tonghop("month", "2019-04", "--inbox", inbox, home=home, env=WITHOUT_PREFECT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (mails(home), manifests(home)) == before


def _change_inbox(inbox: Path, change: str) -> None:
    if change == "an inbox emptied meanwhile":
        for path in inbox.glob("*.eml"):
            path.unlink()
        (inbox / ".DS_Store").write_bytes(b"x")
    elif change == "a stranger wrote":
        (inbox / "x.eml").write_bytes(b"From: ai@do.example\r\nSubject: bao cao thang 4\r\n\r\nTram BTS: 9999 tram\r\n")
    elif change == "a twin came":
        data = (inbox / "003.eml").read_bytes()
        (inbox / "003b.eml").write_bytes(b"Received: from a by b; Tue, 16 Apr 2019 10:00:00 +0700\r\n" + data)


@pytest.mark.slow
@pytest.mark.parametrize("point", KILL_POINTS)
def test_a_run_killed_anywhere_finishes_with_the_same_edition_and_no_second_mail(
    point: str, published_home: Path, sample_inbox: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    env = WITHOUT_PREFECT | {"KILL_AT": point}
    killed = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=env)
    assert killed.returncode == -9, f"the run did not pass {point}: {killed.stdout}{killed.stderr}"
    again = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=WITHOUT_PREFECT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert recipients(home) == recipients(published_home)
    assert frozen_files(home) == frozen_files(published_home) != {}
    verified = run_tonghop("verify", home=home)
    assert verified.returncode == 0, verified.stderr


@pytest.mark.slow
def test_a_manifest_of_a_killed_run_keeps_its_build_and_what_changed_since_goes_to_everybody_once(
    published_home: Path, sample_inbox: Path, tmp_path: Path
) -> None:
    """It was frozen for another build than today's: it stays that build's edition, and today's is the next."""
    home = tmp_path / "home"
    env = WITHOUT_PREFECT | {"KILL_AT": "publish.after_manifest"}
    killed = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=env)
    assert killed.returncode == -9, killed.stdout + killed.stderr
    correct_one_figure(home)
    again = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env=WITHOUT_PREFECT)
    assert again.returncode == 0, again.stdout + again.stderr
    frozen = sorted((home / "archive").rglob("editions/2019-04/*/manifest.json"))
    builds = [json.loads(path.read_bytes())["build_id"] for path in frozen]
    with sqlite3.connect(home / "ledger.sqlite") as ledger:
        recorded = ledger.execute("select build_id from editions order by number").fetchall()
    assert len(set(builds)) == 2 and recorded == [(build,) for build in builds]
    assert recipients(home) == [name.replace("2019-04-1", "2019-04-2") for name in recipients(published_home)]
    assert run_tonghop("verify", home=home).returncode == 0


def correct_one_figure(home: Path) -> None:
    """Correct a figure that no total holds, so that the month can still be published."""
    listed = run_tonghop("observations", "--period", "2019-04", "--format", "csv", home=home)
    rows = csv.DictReader(io.StringIO(listed.stdout))
    found = next(row for row in rows if (row["submitter_id"], row["indicator_id"]) == ("in_pho_nui", "printing_pages")
                 and row["period"] == "2019-04")
    value = str(int(found["value"]) + 1)
    done = run_tonghop("correct", found["observation_id"], value, "--by", STEWARD_ID, "--reason", "gọi lại",
                       "--period", "2019-04", home=home)
    assert done.returncode == 0, done.stdout + done.stderr


def test_findings_and_figures_speak_the_declared_columns(published_home: Path) -> None:
    figures = run_tonghop("figures", "--period", "2019-04", "--format", "csv", home=published_home)
    rows = list(csv.DictReader(io.StringIO(figures.stdout)))
    assert list(rows[0]) == ["period", "indicator_id", "value", "unit", "qualifier"]
    observations = run_tonghop("observations", "--period", "2019-04", "--format", "csv", home=published_home)
    header = observations.stdout.splitlines()[0]
    assert header == (
        "observation_id,period,submitter_id,area_code,indicator_id,value,unit,obs_status,qualifier,"
        "message,file,sheet,cell,raw_text"
    )
    findings = run_tonghop("findings", "--period", "2019-04", "--format", "json", home=published_home)
    for line in findings.stdout.splitlines():
        assert {"finding_id", "rule_id", "severity", "outcome", "submitter_id", "area_code", "left", "right", "gap",
                "cells", "message_vi"} <= set(json.loads(line))


def test_the_field_month_runs_through_and_stops_for_its_findings(shared_folder: Path, tmp_path: Path) -> None:
    inbox = shared_folder / "field" / "2019-04"
    stopped = run_tonghop("month", "2019-04", "--inbox", inbox, home=tmp_path / "home", env=WITHOUT_PREFECT)
    assert stopped.returncode == 3, stopped.stdout + stopped.stderr
    assert "Traceback" not in stopped.stdout + stopped.stderr
