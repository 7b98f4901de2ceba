"""The sample month, whole, against the 63 printed figures of the report of April 2019.

Two printed figures of that report were carried over from an earlier month: 5 958 persons a point and 4,48 km.
The golden table holds what the rules compute from its own parts: 5 902 and 4,46.
"""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from flows.sample import PlantedError, load_planted_errors
from tests.people import STEWARD_ID
from tests.whole_month import run_tonghop

GOLDEN = Path(__file__).with_name("april_2019_figures.csv")
PERIOD = "2019-04"
Figure = tuple[Decimal, str, str]


def golden_figures() -> dict[str, Figure]:
    with GOLDEN.open(encoding="utf-8") as file:
        return {r["indicator_id"]: (Decimal(r["value"]), r["unit"], r["qualifier"]) for r in csv.DictReader(file)}


def published_figures(home: Path) -> dict[str, Figure]:
    listed = run_tonghop("figures", "--period", PERIOD, "--format", "csv", home=home)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    rows = csv.DictReader(listed.stdout.splitlines())
    return {r["indicator_id"]: (Decimal(r["value"]), r["unit"], r["qualifier"]) for r in rows if r["value"]}


def blocking_findings(home: Path) -> list[dict[str, object]]:
    listed = run_tonghop("findings", "--period", PERIOD, "--format", "json", home=home)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    findings = [json.loads(line) for line in listed.stdout.splitlines()]
    return [f for f in findings if f["severity"] == "blocking" and f["outcome"] == "fail"]


def test_golden_table_holds_the_63_printed_figures() -> None:
    figures = golden_figures()
    assert len(figures) == 63
    assert figures["post_persons_per_point"][0] == 5902
    assert figures["post_service_radius_km"][0] == Decimal("4.46")
    assert figures["sec_spam_attacks"] == (576, "cuộc", "gt")


def test_month_publishes_every_figure_of_the_april_report(published_home: Path) -> None:
    published = published_figures(published_home)
    assert {i: published.get(i) for i in golden_figures()} == golden_figures()


@pytest.fixture(scope="module")
def stopped_home(tmp_path_factory: pytest.TempPathFactory, faulty_inbox: Path) -> Path:
    """A home in which the month with the planted errors has stopped."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    done = run_tonghop("month", PERIOD, "--inbox", faulty_inbox, home=home)
    assert done.returncode == 3, done.stdout + done.stderr
    return home


@pytest.mark.parametrize("error", load_planted_errors(), ids=lambda error: f"{error.error_id}-{error.kind}")
def test_each_planted_error_is_found_at_its_cell_and_blocks(stopped_home: Path, error: PlantedError) -> None:
    caught = [f for f in blocking_findings(stopped_home) if f["rule_id"] == error.rule_id and _names(f, error)]
    assert caught, f"{error.rule_id} does not name {error.message} {error.file} {error.sheet}!{error.cell}"


@pytest.mark.parametrize("error", load_planted_errors(), ids=lambda error: f"{error.error_id}-{error.kind}")
def test_the_stewards_page_offers_the_right_value_for_each_planted_error(
    stopped_home: Path, error: PlantedError
) -> None:
    page = (stopped_home / "steward" / f"{PERIOD}.html").read_text(encoding="utf-8")
    findings = [f for f in blocking_findings(stopped_home) if _names(f, error)]
    target = next(c["observation_id"] for f in findings for c in _cells(f) if _is_at(c, error))
    assert f"tonghop correct {target} {error.right} " in page


def test_corrected_month_publishes_the_right_figures(stopped_home: Path, faulty_inbox: Path) -> None:
    findings = blocking_findings(stopped_home)
    for error in load_planted_errors():
        target = next(c["observation_id"] for f in findings for c in _cells(f) if _is_at(c, error))
        done = run_tonghop(
            "correct", target, str(error.right), "--by", STEWARD_ID,
            "--reason", "Đơn vị xác nhận qua điện thoại", "--period", PERIOD, home=stopped_home,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    done = run_tonghop("month", PERIOD, "--inbox", faulty_inbox, home=stopped_home)
    assert done.returncode == 0, done.stdout + done.stderr
    published = published_figures(stopped_home)
    assert {i: published.get(i) for i in golden_figures()} == golden_figures()


def _cells(finding: dict[str, object]) -> list[dict[str, str]]:
    cells = finding["cells"]
    assert isinstance(cells, list)
    return cells


def _names(finding: dict[str, object], error: PlantedError) -> bool:
    return any(_is_at(cell, error) for cell in _cells(finding))


def _is_at(cell: dict[str, str], error: PlantedError) -> bool:
    place = (cell["message"], cell["file"], cell["sheet"], cell["cell"])
    return place == (error.message, error.file, error.sheet, error.cell)
