"""The shipped catalogue from 2019 to the end of next year: every month is sound, and no code is an identity."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from decimal import Decimal

import pytest

from flows import soundness
from infra.catalogue import load_catalogue
from infra.errors import CatalogueError
from infra.settings import PROJECT

MONTHS = [f"{year}-{month:02d}" for year in range(2019, 2028) for month in range(1, 13)]
TYPES = {"unit_communes_rural": "rural_commune", "unit_wards": "ward", "unit_townships": "township"}
SAMPLE = "flows/sample/"  # the tables of April 2019 name the province of 2019


@pytest.mark.parametrize("period", MONTHS)
def test_every_month_is_sound(period: str) -> None:
    assert soundness.sound_catalogue(period).local_areas


@pytest.mark.parametrize("period", MONTHS)
def test_the_numbers_of_units_are_those_of_the_register(period: str) -> None:
    catalogue = load_catalogue().at(period)
    counted = Counter(row.area_type for row in catalogue.areas)
    stated = {row.reference_id: row.value for row in catalogue.reference_figures}
    assert {name: stated[name] for name in TYPES} == {name: Decimal(counted[kind]) for name, kind in TYPES.items()}
    assert stated["unit_communes_all"] == sum(row.area_level == "commune" for row in catalogue.areas)
    assert stated.get("unit_districts", 0) == len(catalogue.districts)


def test_two_tiers_stand_from_july_2025_on() -> None:
    before, after = (load_catalogue().at(period) for period in ("2025-06", "2025-07"))
    assert (before.province.area_code, before.local_level, len(before.local_areas)) == ("64", "district", 17)
    assert (after.province.area_code, after.local_level, len(after.local_areas)) == ("52", "commune", 135)
    assert {row.area_code for row in after.submitters if row.is_local} == {row.area_code for row in after.local_areas}
    assert after.department.symbol == "SKHCN" and not after.districts


def test_a_code_that_was_given_again_is_another_area() -> None:
    before, after = (load_catalogue().at(period).area_by_code for period in ("2025-06", "2025-07"))
    assert (before["23737"].short_name, after["23737"].short_name) == ("Ia Mơ Nông", "Ia Mơ")
    again = {code for code in before.keys() & after.keys() if before[code].short_name != after[code].short_name}
    assert len(again) >= 34


@pytest.mark.parametrize(("period", "changed"), [
    ("2019-04", set()), ("2020-02", {"23586", "23746"}), ("2024-11", {"23590", "23662", "23674"}), ("2025-08", set()),
])
def test_only_an_area_whose_limits_changed_begins_a_series(period: str, changed: set[str]) -> None:
    assert load_catalogue().at(period).new_series(period) == changed


def test_everything_begins_anew_with_the_new_province() -> None:
    catalogue = load_catalogue().at("2025-07")
    assert catalogue.new_series("2025-07") == set(catalogue.area_by_code)


def test_a_label_of_a_figure_that_nobody_is_asked_for_any_more_means_nothing() -> None:
    labels = {row.indicator_id.split("#")[0] for row in load_catalogue().at("2026-11").labels}
    assert "newspaper_copies" not in labels and "phone_subs_fixed" in labels


def test_what_is_invented_says_so() -> None:
    whole = load_catalogue()
    for row in (*whole.submitters, *whole.recipients):
        if any(address.endswith(".example") for address in row.addresses):
            assert re.search("invented|assum", row.source), row


def test_a_submitter_of_an_area_that_is_no_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_catalogue()
    endless = tuple(dataclasses.replace(row, valid_to="") if row.submitter_id == "dist_622" else row
                    for row in whole.submitters)
    monkeypatch.setattr(soundness, "load_catalogue", lambda: dataclasses.replace(whole, submitters=endless))
    soundness.sound_catalogue("2025-06")
    with pytest.raises(CatalogueError, match="'622' is not in force in 2025-07"):
        soundness.sound_catalogue("2025-07")


def test_the_program_names_no_province_by_its_code() -> None:
    code = re.compile(r"""(?:area|province)\w* *(?:=|==|!=|<>|in) *\(?(['"])(?:64|52)\1""")
    files = [path for folder in ("flows", "infra", "expectations", "dbt_project/models", "dbt_project/macros")
             for path in sorted((PROJECT / folder).rglob("*")) if path.suffix in (".py", ".sql")]
    named = [path.relative_to(PROJECT).as_posix() for path in files if code.search(path.read_text(encoding="utf-8"))]
    assert [name for name in named if not name.startswith(SAMPLE)] == []
