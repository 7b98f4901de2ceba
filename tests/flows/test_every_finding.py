"""Every id that `findings` lists is one that `explain` and `waive` know."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.people import STEWARD_ID
from tests.whole_month import run_tonghop

MONTH = ("--period", "2019-04")


def test_what_is_listed_is_explained_and_a_reading_finding_is_not_waived(published_home: Path) -> None:
    listed = run_tonghop("findings", *MONTH, "--format", "csv", home=published_home)
    rows = list(csv.DictReader(io.StringIO(listed.stdout)))
    reading = [row for row in rows if row["rule_id"].startswith("intake_")]
    assert reading
    finding = reading[0]["finding_id"]
    told = run_tonghop("explain", finding.lower(), *MONTH, home=published_home)
    assert told.returncode == 0 and finding in told.stdout and "Tại: " in told.stdout, told.stderr
    refused = run_tonghop("waive", finding, *MONTH, "--by", STEWARD_ID, "--reason", "b", home=published_home)
    assert refused.returncode == 4 and "thấy khi đọc" in refused.stderr and "explain" in refused.stderr, refused.stderr
    unknown = run_tonghop("explain", "I00000000", *MONTH, home=published_home)
    assert unknown.returncode == 4 and "Không có phát hiện" in unknown.stderr


def test_who_was_believed_and_why_is_shown_beside_a_finding_and_on_the_stewards_page(published_home: Path) -> None:
    listed = run_tonghop("findings", *MONTH, "--format", "csv", home=published_home)
    finding = next(r["finding_id"] for r in csv.DictReader(io.StringIO(listed.stdout)) if r["submitter_id"])
    told = run_tonghop("explain", finding, *MONTH, home=published_home)
    assert "Người gửi · senders:" in told.stdout and "Tin vì" in told.stdout, told.stdout
    page = (published_home / "steward" / "2019-04.html").read_text(encoding="utf-8")
    assert "Người gửi từng thư" in page and page.count("Tin vì") > 30
