"""The models' own unit tests, which dbt runs beside them, and what every model must say about itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from flows.build import start_builder
from flows.build.inputs import BuildInputs
from infra.catalogue import load_catalogue
from infra.derived import load_derived
from infra.settings import PROJECT, load_settings
from tests.warehouse_fixture import PERIOD, whole_month

MODELS = PROJECT / "dbt_project" / "models"
UNIT_TESTS = {
    test["name"] for path in MODELS.rglob("_unit_tests.yml") for test in yaml.safe_load(path.read_text())["unit_tests"]
}


def test_unit_tests_of_the_models_pass(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A failing one stops the build with its name and the rows that differ."""
    builder = start_builder(load_settings(tmp_path_factory.mktemp("unit_tests")))
    builder.with_unit_tests = True
    try:
        build_id = builder.build_inputs(
            BuildInputs(period=PERIOD, catalogue=load_catalogue(), observations=tuple(whole_month()))
        )
    finally:
        builder.stop()
    record = load_derived(builder.settings.warehouse_folder / f"{build_id}.json")
    passed = {node["node"] for node in record["nodes"] if node["status"] == "pass"}
    assert passed >= UNIT_TESTS and len(UNIT_TESTS) >= 7


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.sql")), ids=lambda path: path.stem)
def test_model_describes_itself_with_its_grain(path: Path) -> None:
    files = path.parent.glob("_*.yml")
    described = {m["name"]: m["description"] for f in files for m in yaml.safe_load(f.read_text()).get("models", [])}
    assert re.search(r"One row( per .*)?\.$", described[path.stem].strip()), "end the description with the grain"
    assert re.search(r"Grain: ", path.read_text()), "say the grain at the top of the file"


def test_only_staging_reads_sources() -> None:
    readers = {path.parent.name for path in MODELS.rglob("*.sql") if "source(" in path.read_text()}
    assert readers == {"staging"}
