"""What can be made anew is made anew: no damage of a derived file stops a month, and none is believed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.derived import load_derived, save_derived, sealed
from infra.settings import load_settings
from infra.warehouse import fetch, open_current
from tests.whole_month import run_tonghop

PERIOD = "2019-04"
DERIVED = ("readings", "checks", "warehouse", "steward", "replies", "outputs", "dbt")
PLAINLY = {"TONGHOP_PREFECT": "off"}


@pytest.fixture
def home(tmp_path: Path, published_home: Path) -> Path:
    """A copy of a home in which the month has been published."""
    home = tmp_path / "home"
    shutil.copytree(published_home, home, ignore=shutil.ignore_patterns("prefect"))
    load_settings(home)       # what the tests seal and read is sealed by its key
    return home


def derived_files(home: Path) -> list[Path]:
    return sorted(path for folder in DERIVED for path in (home / folder).rglob("*") if path.is_file())


def damage(path: Path, chance: random.Random, cut: bool) -> None:
    """Cut a file somewhere, or change one of its bytes."""
    data = path.read_bytes()
    place = chance.randrange(len(data)) if data else 0
    changed = data[:place] if cut else data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1:]
    path.chmod(0o600)
    path.write_bytes(changed)


def run_again(home: Path, inbox: Path, period: str = PERIOD) -> subprocess.CompletedProcess[str]:
    return run_tonghop("month", period, "--inbox", inbox, home=home, env=PLAINLY)


def contents(home: Path, *folders: str) -> dict[str, bytes]:
    return {path.relative_to(home).as_posix(): path.read_bytes()
            for folder in folders for path in (home / folder).rglob("*") if path.is_file()}


def letters(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "mailbox").iterdir())


@pytest.mark.parametrize(("seed", "cut"), [(1, False), (2, True)])
def test_a_home_whose_every_derived_file_is_damaged_gives_the_same_edition(
    home: Path, sample_inbox: Path, seed: int, cut: bool
) -> None:
    before = contents(home, "outputs", "replies", "checks", "steward"), letters(home)
    chance = random.Random(seed)
    files = derived_files(home)
    assert {path.relative_to(home).parts[0] for path in files} == set(DERIVED)
    for path in files:
        damage(path, chance, cut)
    done = run_again(home, sample_inbox)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (contents(home, "outputs", "replies", "checks", "steward"), letters(home)) == before
    assert "is made anew" in (home / "logs" / "tonghop.log").read_text(encoding="utf-8")


def test_folders_in_the_place_of_every_derived_file_are_moved_aside(home: Path, sample_inbox: Path) -> None:
    before = contents(home, "outputs", "replies", "checks", "steward"), letters(home)
    for path in derived_files(home):
        path.unlink()
        path.mkdir()
        (path / "kept.txt").write_text(path.name, encoding="utf-8")
    n_folders = len(derived_folders(home))
    done = run_again(home, sample_inbox)
    assert done.returncode == 0, done.stdout + done.stderr
    after = contents(home, "outputs", "replies", "checks", "steward")
    assert ({name: data for name, data in after.items() if not name.endswith("/kept.txt")}, letters(home)) == before
    assert len(derived_folders(home)) == n_folders
    assert "was no file" in (home / "logs" / "tonghop.log").read_text(encoding="utf-8")


def derived_folders(home: Path) -> list[Path]:
    """The folders that a test put in the place of files, wherever they are now."""
    return [path for folder in DERIVED for path in (home / folder).rglob("kept.txt")]


@pytest.mark.parametrize("part", ["findings.json", "data_docs"])
def test_a_check_that_lost_a_part_is_made_again(home: Path, sample_inbox: Path, part: str) -> None:
    (folder,) = (home / "checks").iterdir()
    before = contents(home, "checks")
    path = folder / part
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    done = run_again(home, sample_inbox)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(home, "checks") == before


@pytest.mark.parametrize("loss", ["absent", "torn", "of other code", "edited"])
def test_a_month_before_whose_readings_are_lost_is_read_again(home: Path, tmp_path: Path, loss: str) -> None:
    path = home / "readings" / f"{PERIOD}.json"
    content = load_derived(path)
    shutil.rmtree(home / "readings" / "documents")
    if loss == "absent":
        path.unlink()
    elif loss == "torn":
        path.write_bytes(path.read_bytes()[:1000])
    elif loss == "edited":
        inputs = json.loads(path.read_bytes())["inputs"]
        path.write_bytes(sealed(tmp_path / "elsewhere.json", doubled(content), inputs))
    else:
        save_derived(path, content, "0" * 64)
    (tmp_path / "may").mkdir()
    (tmp_path / "may" / "1.eml").write_bytes(
        b"From: pvhtt.kbang@kbang-gialai.example\nDate: Thu, 16 May 2019 09:00:00 +0700\n"
        b"Subject: BC thang 5/2019\nMessage-ID: <may@x.example>\nContent-Type: text/plain; charset=utf-8\n\n"
        + "Báo cáo tháng 5/2019\n1. Đại lý Internet: 27 đại lý\n".encode()
    )
    done = run_again(home, tmp_path / "may", "2019-05")
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert read_of(load_derived(path)) == read_of(content)
    assert figures_of_april(home, "2019-05") == figures_of_april(home, PERIOD)


def doubled(month: dict[str, Any]) -> dict[str, Any]:
    """The month with every figure of it twice as large."""
    changed: dict[str, Any] = json.loads(json.dumps(month))
    for row in changed["documents"]:
        table = row["reading"].get("observations", {"fields": ["value"], "rows": []})
        at = table["fields"].index("value")
        for values in table["rows"]:
            values[at] = str(2 * Decimal(values[at])) if values[at] is not None else None
    return changed


def read_of(month: dict[str, list[dict[str, list[object]]]]) -> list[dict[str, list[object]]]:
    """What the documents said; remarks about paths of the inbox are made where there is an inbox."""
    return [row for row in month["documents"] if row["document"][2]]


def figures_of_april(home: Path, period: str) -> list[tuple[object, ...]]:
    """What the warehouse of a month holds of April."""
    query = "select observation_id, value, use_in_total from marts.fct_observations where report_period = ? order by 1"
    with open_current(load_settings(home), period) as connection:
        rows = fetch(connection, query, PERIOD)
    assert rows
    return rows
