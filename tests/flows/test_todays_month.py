"""A month of today, with the sample written for it, is received, read, built, checked and published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.sample import write_sample
from tests.whole_month import run_tonghop

PERIOD = "2026-11"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the sample of this month has been published."""
    folder = tmp_path_factory.mktemp("today")
    write_sample(PERIOD, folder / "inbox")
    done = run_tonghop("month", PERIOD, "--inbox", folder / "inbox", "--no-prefect", home=folder / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "home"


def test_no_rule_finds_fault_with_the_sample(home: Path) -> None:
    listed = run_tonghop("findings", "--period", PERIOD, "--format", "json", home=home)
    findings = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(f["rule_id"], f["message_vi"]) for f in findings if f["severity"] != "note"] == []


def test_the_department_that_took_over_publishes_by_commune(home: Path) -> None:
    edition = home / "outputs" / PERIOD / "edition-1"
    page = (edition / f"bao-cao-{PERIOD}.html").read_text(encoding="utf-8")
    assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ" in page and "135/135 xã, phường" in page and "huyện" not in page
    extract = (edition / f"trich-xuat-{PERIOD}.csv").read_text(encoding="utf-8-sig")
    assert f"M,{PERIOD},52,_T,post_offices," in extract and f"M,{PERIOD},23563,_T,post_offices," in extract


def test_the_sample_of_a_later_month_follows_the_one_before(tmp_path: Path) -> None:
    first, again = (write_sample(PERIOD, tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_an_empty_inbox_of_this_month_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    done = run_tonghop("month", PERIOD, "--inbox", tmp_path / "inbox", "--no-prefect", home=tmp_path / "home")
    assert done.returncode == 4
    assert f"của tháng {PERIOD} không có thư hay tệp nào" in done.stderr + done.stdout
    assert "CatalogueError" not in done.stderr + done.stdout
