"""The figures of two months as the department receives them, when every planted error has been corrected."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flows.records import Decision, Observation
from tests.warehouse_fixture import BuiltWarehouse, correction, observation, supply

pytestmark = pytest.mark.shared


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _observations(folder: Path) -> list[Observation]:
    """Take the truth about what was sent as if it had been read."""
    return [_observation(row, folder.name) for row in _rows(folder / "truth.csv")]


def _observation(row: dict[str, str], month: str) -> Observation:
    status = {} if row["value"] else {"obs_status": "L" if "…" in row["as_written"] else "O"}
    return observation(
        row["submitter_id"], row["area_code"], row["indicator_id"], row["value"] or None, row["period"],
        report_period=month, message=f"{month}/{row['message']}", file=row["file"], sheet=row["sheet"],
        cell=row["cell_or_place"], raw_text=row["as_written"], qualifier=row["qualifier"],
        use_status="in_force" if row["use"] == "yes" else row["use"], **status,
    )


def _decisions(folder: Path, observations: list[Observation]) -> list[Decision]:
    """Correct every planted figure and supply those of the submitter who sent nothing."""
    decisions = []
    for number, row in enumerate(r for r in _rows(folder / "planted.csv") if r["right_value"]):
        decision_id = f"{folder.name}-{number}"
        if row["kind"] == "missing_submission":
            place = f"{folder.name}/{row['submitter_id']}/{row['area_code']}/{row['indicator_id']}"
            decisions.append(supply(place, row["right_value"], decision_id))
        elif row["defect_id"].startswith("F"):
            decisions.append(correction(_planted(row, folder.name, observations), row["right_value"], decision_id))
    return decisions


def _planted(row: dict[str, str], month: str, observations: list[Observation]) -> Observation:
    found = [
        o for o in observations
        if o.message == f"{month}/{row['message']}" and o.submitter_id == row["submitter_id"]
        and (o.area_code, o.indicator_id, o.sheet, o.cell) == (
            row["area_code"], row["indicator_id"], row["sheet"], row["cell"])
    ]
    assert len(found) == 1, row
    return found[0]


@pytest.fixture(scope="module")
def folders(shared_folder: Path) -> list[Path]:
    found = sorted(p.parent for p in (shared_folder / "field").glob("*/truth.csv"))
    if not found:
        pytest.skip("no field months")
    return found


@pytest.fixture(scope="module")
def corrected(folders: list[Path], build_warehouse: Callable[..., BuiltWarehouse]) -> BuiltWarehouse:
    observations = {folder: _observations(folder) for folder in folders}
    decisions = [d for folder in folders for d in _decisions(folder, observations[folder])]
    return build_warehouse(
        [o for rows in observations.values() for o in rows], period=folders[-1].name, decisions=decisions
    )


def test_corrected_figures_are_those_expected(folders: list[Path], corrected: BuiltWarehouse) -> None:
    for folder in folders:
        ours = {
            indicator_id: (value, qualifier) for indicator_id, value, qualifier in corrected.rows(
                "select indicator_id, value, qualifier from marts.fct_figures"
                " where period = ? and value is not null", [folder.name])
        }
        expected = {r["indicator_id"]: (Decimal(r["value"]), r["qualifier"]) for r in _rows(folder / "figures.csv")}
        assert ours == expected, folder.name


def test_every_correction_took_effect(corrected: BuiltWarehouse) -> None:
    states = corrected.rows("select decision_status, count(*) from marts.fct_decisions group by all")
    assert [state for state, _ in states] == ["in_force"]


def test_stocks_of_two_months_are_joined_by_net_additions(folders: list[Path], corrected: BuiltWarehouse) -> None:
    rows = dict(corrected.rows("select indicator_id, change from reports.rpt_figures where period = ?",
                               [folders[-1].name]))
    flows = dict(corrected.rows("select indicator_id, value from marts.fct_figures where period = ?",
                                [folders[-1].name]))
    assert rows["phone_subs_total"] == flows["phone_subs_net_add"]
    assert rows["internet_subs_total"] == flows["internet_subs_net_add"]
