"""Editions in real stores: frozen once, found again when nothing changed, whole after any kill."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.publish.report_data import load_figures
from flows.records import Edition
from infra.archive import Archive, open_archive
from infra.csv_text import read_csv
from infra.errors import OperationError
from infra.ledger import Ledger, open_ledger
from infra.settings import PROJECT, Settings
from infra.warehouse import finish_build, load_records, new_build_folder, open_build, writable
from tests.patience import FAR_SECONDS
from tests.unit.publish.conftest import ITEMS, PERIOD, PRINTED, publish_edition

KILL_POINTS = ("publish.after_files", "publish.after_manifest", "publish.after_ledger")


@dataclass
class FigureRow:
    period: str
    indicator_id: str
    print_order: int
    value: Decimal | None
    qualifier: str
    completeness: str
    missing: tuple[str, ...]
    previous_value: Decimal | None
    previous_completeness: str
    change: Decimal | None
    year_to_date: Decimal | None
    year_to_date_months: int | None
    definition_id: str
    previous_status: str = "A"
    year_to_date_status: str = "A"


@dataclass
class DistrictRow:
    period: str
    area_code: str
    indicator_id: str
    value: Decimal | None


@dataclass
class UnitRow:
    period: str
    submitter_id: str
    indicator_id: str
    value: Decimal | None
    reported_total: Decimal | None


@dataclass
class UnitDistrictRow:
    period: str
    submitter_id: str
    area_code: str
    indicator_id: str
    value: Decimal | None


@dataclass
class SubmissionRow:
    period: str
    submitter_id: str
    status: str
    message: str
    sent_at: str
    due_at: str
    n_observations: int
    n_narrative_items: int
    n_intake_findings: int


@dataclass
class ItemRow:
    period: str
    submitter_id: str
    part: str
    section: str
    text: str
    receipt_id: str
    message: str
    file: str
    place: str
    use_status: str
    item_order: int
    is_in_force: bool


@dataclass
class ObservationRow:
    observation_id: str
    period: str
    submitter_id: str
    area_code: str
    indicator_id: str
    reported_value: Decimal | None
    value: Decimal | None
    unit_code: str
    obs_status: str
    qualifier: str
    is_corrected: bool
    decision_id: str
    is_in_force: bool
    receipt_id: str
    message: str
    file: str
    sheet: str
    cell: str
    raw_text: str


@dataclass
class FigureSourceRow:
    period: str
    indicator_id: str
    observation_id: str


@dataclass
class IntakeRow:
    period: str
    submitter_id: str
    message: str
    file: str
    sheet: str
    cell: str
    kind: str
    severity: str
    message_vi: str


Build = Callable[..., str]


@pytest.fixture
def build(settings: Settings) -> Build:
    """Return a maker of warehouse builds: the month of the tests, with some figures changed."""

    def make(build_id: str, **changed: str | None) -> str:
        with new_build_folder(settings) as folder:
            with writable(folder) as connection:
                for schema, table, record_type, rows in _tables(changed):
                    load_records(connection, schema, table, record_type, rows)
            finish_build(settings, folder, build_id, ["reports.rpt_figures"])
        return build_id

    return make


@pytest.fixture
def stores(settings: Settings) -> tuple[Archive, Ledger]:
    return open_archive(settings), open_ledger(settings)


def test_the_same_build_is_the_same_edition(settings: Settings, stores: Any, build: Build) -> None:
    first = publish_edition(settings, *stores, PERIOD, build("build0001"))
    again = publish_edition(settings, *stores, PERIOD, "build0001")
    assert first == again
    assert stores[1].editions(PERIOD) == [first]
    assert first.edition_id == f"{PERIOD}-1"


def test_another_build_with_the_same_figures_is_no_new_edition(settings: Settings, stores: Any, build: Build) -> None:
    first = publish_edition(settings, *stores, PERIOD, build("build0001"))
    assert publish_edition(settings, *stores, PERIOD, build("build0002")) == first


def test_a_changed_figure_makes_the_next_edition_which_says_so(settings: Settings, stores: Any, build: Build) -> None:
    publish_edition(settings, *stores, PERIOD, build("build0001"))
    second = publish_edition(settings, *stores, PERIOD, build("build0002", post_offices="29"))
    assert second.number == 2
    assert publish_edition(settings, *stores, PERIOD, "build0002") == second
    changes = read_csv(_file(stores[0], second, "thay-doi-2019-04.csv"))
    assert [(c["INDICATOR"], c["FORMER_VALUE"], c["VALUE"]) for c in changes] == [("post_offices", "28", "29")]
    page = _file(stores[0], second, "bao-cao-2019-04.html").decode()
    assert "Phát hành lần 2, thay thế lần 1" in page


def test_going_back_to_the_former_figures_is_a_third_edition(settings: Settings, stores: Any, build: Build) -> None:
    publish_edition(settings, *stores, PERIOD, build("build0001"))
    publish_edition(settings, *stores, PERIOD, build("build0002", post_offices="29"))
    assert publish_edition(settings, *stores, PERIOD, "build0001").number == 3


def test_the_manifest_holds_the_hash_of_every_file(settings: Settings, stores: Any, build: Build) -> None:
    edition = publish_edition(settings, *stores, PERIOD, build("build0001"))
    manifest = json.loads(stores[0].get(edition.manifest_sha256))
    assert stores[0].get_named(f"editions/{PERIOD}/1/manifest.json") == stores[0].get(edition.manifest_sha256)
    listed = {(f["name"], f["sha256"]) for f in manifest["files"]}
    assert listed == {(o.name, o.sha256) for o in edition.outputs if o.name != "manifest.json"}
    folder = settings.outputs_folder / PERIOD / "edition-1"
    for output in edition.outputs:
        assert (folder / output.name).read_bytes() == stores[0].get(output.sha256)
        assert output.size == len(stores[0].get(output.sha256))


def test_a_month_before_that_is_not_whole_gives_no_change(settings: Settings, build: Build) -> None:
    with open_build(settings, build("build0001")) as connection:
        figure = load_figures(connection, PERIOD)["post_offices"]
    assert (figure.previous, figure.change) == (None, None)
    assert (figure.year_to_date, figure.year_to_date_months) == (28, 1)


def test_a_lost_copy_comes_back(settings: Settings, stores: Any, build: Build) -> None:
    publish_edition(settings, *stores, PERIOD, build("build0001"))
    copy = settings.outputs_folder / PERIOD / "edition-1" / "bao-cao-2019-04.pdf"
    copy.unlink()
    publish_edition(settings, *stores, PERIOD, "build0001")
    assert copy.is_file()


def test_a_reader_that_reads_another_figure_leaves_nothing_published(
    settings: Settings, stores: Any, build: Build
) -> None:
    @dataclass
    class Reported:
        indicator_id: str
        value: Decimal
        sentence: str = ""

    with pytest.raises(OperationError, match="telecom_bsc"):
        publish_edition(
            settings,
            *stores,
            PERIOD,
            build("build0001"),
            read_report=lambda data, name: [Reported("telecom_bsc", Decimal(70))],
        )
    assert stores[1].editions(PERIOD) == []
    assert not (settings.outputs_folder / PERIOD).exists()


@pytest.mark.parametrize("place", KILL_POINTS)
def test_a_killed_publication_finishes_as_the_same_edition(
    settings: Settings, stores: Any, build: Build, place: str
) -> None:
    build("build0001")
    killed = _publish_in_child(settings, "build0001", place)
    assert killed.returncode == -9, killed.stderr
    edition = publish_edition(settings, *stores, PERIOD, "build0001")
    assert (edition.number, stores[1].editions(PERIOD)) == (1, [edition])
    assert (settings.outputs_folder / PERIOD / "edition-1" / "manifest.json").is_file()


def test_figures_that_moved_after_a_kill_do_not_change_what_was_frozen(
    settings: Settings, stores: Any, build: Build
) -> None:
    build("build0001")
    _publish_in_child(settings, "build0001", "publish.after_manifest")
    edition = publish_edition(settings, *stores, PERIOD, build("build0002", post_offices="29"))
    assert edition.number == 2
    assert [e.number for e in stores[1].editions(PERIOD)] == [1, 2]


def test_every_edition_that_an_older_ledger_forgot_is_recorded_again(
    settings: Settings, stores: Any, build: Build
) -> None:
    archive, ledger = stores
    frozen = [
        publish_edition(settings, archive, ledger, PERIOD, build(f"build000{n}", post_offices=str(28 + n)))
        for n in range(1, 4)
    ]
    older = open_ledger(dataclasses.replace(settings, ledger_url=f"sqlite:///{settings.home}/older.sqlite"))
    edition = publish_edition(settings, archive, older, PERIOD, build("build0004", post_offices="40"))
    assert edition.number == 4
    assert [e.manifest_sha256 for e in older.editions(PERIOD)][:3] == [e.manifest_sha256 for e in frozen]


def _file(archive: Archive, edition: Edition, name: str) -> bytes:
    return archive.get(next(output.sha256 for output in edition.outputs if output.name == name))


def _publish_in_child(settings: Settings, build_id: str, kill_at: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from infra.settings import load_settings; from infra.archive import open_archive\n"
        "from infra.ledger import open_ledger; from tests.unit.publish.conftest import publish_edition\n"
        f"s = load_settings({str(settings.home)!r})\n"
        f"publish_edition(s, open_archive(s), open_ledger(s), {PERIOD!r}, {build_id!r})\n"
    )
    environment = {**os.environ, "KILL_AT": kill_at, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(PROJECT),
        capture_output=True,
        text=True,
        timeout=FAR_SECONDS,
        check=False,
    )


def _tables(changed: dict[str, str | None]) -> list[tuple[str, str, type, list[Any]]]:
    observation = ObservationRow(
        "o1",
        PERIOD,
        "vnpost",
        "622",
        "post_offices",
        Decimal(6),
        Decimal(6),
        "x",
        "A",
        "",
        False,
        "",
        True,
        "r-vnpost",
        "vnpost.eml",
        "Biểu.xlsx",
        "Tháng 4",
        "C10",
        "6",
    )
    return [
        (
            "reports",
            "rpt_figures",
            FigureRow,
            [_figure_row(name, order, changed) for order, name in enumerate(PRINTED)],
        ),
        ("marts", "fct_figures_by_district", DistrictRow, [DistrictRow(PERIOD, "622", "post_offices", Decimal(6))]),
        (
            "reports",
            "rpt_figures_by_submitter",
            UnitRow,
            [UnitRow(PERIOD, "vnpost", "post_offices", Decimal(28), None)],
        ),
        (
            "marts",
            "fct_figures_by_submitter_district",
            UnitDistrictRow,
            [UnitDistrictRow(PERIOD, "vnpost", "622", "post_offices", Decimal(6))],
        ),
        (
            "marts",
            "fct_submissions",
            SubmissionRow,
            [SubmissionRow(PERIOD, "vnpost", "received", "m", "", "", 9, 1, 0)],
        ),
        (
            "marts",
            "fct_narrative_items",
            ItemRow,
            [
                ItemRow(
                    PERIOD,
                    unit,
                    part,
                    section,
                    text,
                    f"r-{unit}",
                    f"{unit}.eml",
                    f"{unit}.docx",
                    place,
                    "in_force",
                    n,
                    True,
                )
                for n, (unit, part, section, text, place) in enumerate(ITEMS)
            ],
        ),
        ("marts", "fct_observations", ObservationRow, [observation]),
        ("marts", "fct_figure_sources", FigureSourceRow, [FigureSourceRow(PERIOD, "post_offices", "o1")]),
        (
            "marts",
            "fct_intake_findings",
            IntakeRow,
            [IntakeRow(PERIOD, "vnpost", "m", "f", "", "", "k", "note", "Lưu ý.")],
        ),
    ]


def _figure_row(name: str, order: int, changed: dict[str, str | None]) -> FigureRow:
    given = PRINTED[name]
    value, qualifier = given if isinstance(given, tuple) else (given, "")
    shown = changed.get(name, value)
    state = "not_reported" if shown is None else "complete"
    figure = None if shown is None else Decimal(shown)
    return FigureRow(
        PERIOD, name, order, figure, qualifier, state, (), Decimal(9), "incomplete", Decimal(1), figure, 1, ""
    )
