"""A kept result is used again only while nothing that made it has changed."""

from __future__ import annotations

import ast
import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.catalogue import TABLES, load_catalogue
from infra.dependencies import PACKAGES, STEPS, files_digest, imports_of, step_digest, step_files
from infra.settings import PROJECT

CODE = [path for folder in PACKAGES for path in sorted((PROJECT / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's code and data, to be changed."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in (*PACKAGES, "dbt_project"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "requirements.lock", root)
    return root


def fresh_digest(step: str, root: Path) -> str:
    files_digest.cache_clear()
    return step_digest(step, root=root)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_a_change_of_any_file_a_step_uses_changes_its_digest(step: str, checkout: Path) -> None:
    before = fresh_digest(step, checkout)
    for path in step_files(step, checkout):
        content = path.read_bytes()
        path.write_bytes(content + b"\n# changed\n")
        changed = fresh_digest(step, checkout)
        path.write_bytes(content)
        assert changed != before, f"{path.relative_to(checkout)} may change without a new {step}"
    assert fresh_digest(step, checkout) == before


@pytest.mark.parametrize("step", sorted(STEPS))
def test_what_a_step_loads_when_it_runs_is_among_its_files(step: str) -> None:
    program = (
        f"import sys, {STEPS[step].entry}\n"
        f"files = [m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] in {PACKAGES!r} and m.__file__]\n"
        "print(*files, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    loaded = {Path(name) for name in done.stdout.splitlines()}     # a path may hold blanks
    assert loaded
    assert loaded <= set(step_files(step))


def test_the_child_processes_of_a_step_are_among_its_files() -> None:
    names = {path.relative_to(PROJECT).as_posix() for step in STEPS for path in step_files(step)}
    assert {"flows/read/reader.py", "flows/build/dbt_process.py", "flows/check/repair/causes.py"} <= names


@pytest.mark.parametrize("path", CODE, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_the_pattern_misses_no_import_of_the_syntax_tree(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(imports_in_tree(text)) <= imports_of(text)


def imports_in_tree(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full, so that they can be followed"
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.partition(".")[0] in PACKAGES)


def test_imports_are_found_wherever_they_stand() -> None:
    text = (
        "import infra.files as files, infra.audit\nfrom flows.read import (\n    text,  # words\n    rows,\n)\n"
        "def late():\n    from flows.build import \\\n        inputs\n    run('python', '-m', \"flows.check.judge\")\n"
    )
    assert {
        "infra.files", "infra.audit", "flows.read.text", "flows.read.rows", "flows.build.inputs", "flows.check.judge",
    } <= imports_of(text)


def test_a_step_whose_entry_has_moved_away_is_an_error_and_not_an_empty_digest(checkout: Path) -> None:
    entry = checkout.joinpath(*STEPS["read"].entry.split(".")).with_suffix(".py")
    elsewhere = entry.rename(entry.with_name("moved.py"))
    try:
        with pytest.raises(LookupError, match=r"flows\.read\.step"):
            fresh_digest("read", checkout)
    finally:
        elsewhere.rename(entry)


def test_a_step_whose_rules_have_moved_away_is_an_error(checkout: Path) -> None:
    rules = checkout / "expectations" / "rules"
    elsewhere = rules.rename(rules.with_name("moved"))
    try:
        with pytest.raises(LookupError, match="rules"):
            fresh_digest("check", checkout)
    finally:
        elsewhere.rename(rules)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_of_the_catalogue_counts(table: str) -> None:
    catalogue = load_catalogue().at("2019-04")
    poorer = dataclasses.replace(catalogue, **{table: getattr(catalogue, table)[1:]})
    assert getattr(catalogue, table), "an empty table would prove nothing"
    assert step_digest("read", poorer) != step_digest("read", catalogue)


def test_the_same_checkout_gives_the_same_digest() -> None:
    catalogue = load_catalogue().at("2019-04")
    again = dataclasses.replace(catalogue)
    assert step_digest("read", catalogue) == step_digest("read", again)
