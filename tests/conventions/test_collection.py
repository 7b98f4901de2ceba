"""Every test that is written runs: what pytest collects is compared with what stands in the files."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import PROJECT
from tests.lanes import LANES, belongs

# Names that pytest leaves out by default, and others that a list of exceptions might hold one day.
FOLDER_NAMES = ("build", "dist", "venv", "node_modules", "CVS", "data", "một thư mục")


def collected_tests(project: Path) -> set[str]:
    """Return "file::function" of every test that `make test` runs in `project`."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-o", "addopts=", "-q", "-p", "no:cacheprovider"]
    listing = subprocess.run(command, capture_output=True, text=True, cwd=project, check=False)
    assert listing.returncode == 0, listing.stdout[-2000:] + listing.stderr[-2000:]
    return {line.split("[")[0] for line in listing.stdout.splitlines() if "::" in line}


def written_tests(project: Path) -> Counter[str]:
    """Return "file::function" of every test function below `project`/tests, in whatever file or folder it stands."""
    return Counter(
        "::".join((path.relative_to(project).as_posix(), *names))
        for path in sorted((project / "tests").rglob("*.py"))
        for names in _tests_of(ast.parse(path.read_text(encoding="utf-8")).body)
    )


def _tests_of(statements: list[ast.stmt]) -> Iterator[tuple[str, ...]]:
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield (node.name,)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from ((node.name, *names) for names in _tests_of(node.body))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _tests_of(node.body)


def test_every_written_test_is_collected() -> None:
    written = written_tests(PROJECT)
    never_run = sorted(written.keys() - collected_tests(PROJECT))
    assert not never_run, f"{len(never_run)} tests never run: {never_run[:20]}"
    shadowed = [name for name, count in written.items() if count > 1]
    assert not shadowed, f"the first of two tests of one name never runs: {shadowed}"


def test_every_test_file_holds_tests() -> None:
    with_tests = {name.split("::")[0] for name in written_tests(PROJECT)}
    files = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "tests").rglob("test_*.py")}
    assert not files - with_tests, f"named like tests, but without any: {sorted(files - with_tests)}"


@pytest.mark.parametrize("name", sorted(LANES))
def test_every_test_file_runs_in_one_lane(name: str) -> None:
    files = [path.relative_to(PROJECT).as_posix() for path in (PROJECT / "tests").rglob("test_*.py")]
    lanes = {file: [lane.places for lane in LANES[name] if belongs(lane, file)] for file in files}
    assert not {file: found for file, found in lanes.items() if len(found) != 1}


def test_no_name_of_a_folder_hides_its_tests(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((PROJECT / "pyproject.toml").read_bytes())
    for number, folder in enumerate(FOLDER_NAMES):
        home = tmp_path / "tests" / folder
        home.mkdir(parents=True)
        (home / f"test_{number}.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    assert collected_tests(tmp_path) == {
        f"tests/{folder}/test_{number}.py::test_it" for number, folder in enumerate(FOLDER_NAMES)
    }
