"""The repository keeps its own rules of layout: who may import whom, where a command is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import PROJECT

STEPS = ("receive", "read", "reply", "build", "check", "decide", "publish", "deliver", "sample")
HOMES = {"prefect": ("flows/*.py",), "boto3": ("infra/archive.py",), "duckdb": ("infra/warehouse.py",)}
TEXT_SUFFIXES = {".py", ".csv", ".yml", ".yaml", ".sql", ".md", ".html", ".txt"}
CODE = [path for folder in ("flows", "expectations", "infra") for path in sorted((PROJECT / folder).rglob("*.py"))]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_heavy_library_has_one_home(library: str) -> None:
    homes = {path for pattern in HOMES[library] for path in PROJECT.glob(pattern)}
    strangers = [
        str(path.relative_to(PROJECT))
        for path in CODE
        if path not in homes and any(name.split(".")[0] == library for name in imported_modules(path))
    ]
    assert not strangers, f"import {library} only in {HOMES[library]}: {strangers}"


def test_steps_do_not_import_each_other() -> None:
    wrong = []
    for path in CODE:
        parts = path.relative_to(PROJECT).parts
        if parts[0] == "flows" and len(parts) > 2:
            others = [f"flows.{step}" for step in STEPS if step != parts[1]]
            wrong += [f"{path.relative_to(PROJECT)} imports {name}" for name in imported_modules(path)
                      if ".".join(name.split(".")[:2]) in others]
    assert not wrong, f"steps meet in flows/records.py and the stores: {wrong}"


def test_infra_and_expectations_do_not_import_flows() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in CODE
        if path.relative_to(PROJECT).parts[0] != "flows"
        for name in imported_modules(path)
        if name.split(".")[0] == "flows"
    ]
    assert not wrong, f"flows imports infra and expectations, never the other way: {wrong}"


def test_the_command_line_starts_without_heavy_libraries() -> None:
    import subprocess
    import sys

    heavy = ["prefect", "pandas", "great_expectations", "dbt", "sqlalchemy", "boto3", "duckdb", "scipy", "docx"]
    program = f"import sys, flows.cli; print([name for name in {heavy!r} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    assert loaded.stdout.strip() == "[]", f"import these where they are used: {loaded.stdout}"


def test_every_command_has_one_line_of_help_and_stands_in_the_reference() -> None:
    import typer

    from flows.cli import app

    page = (PROJECT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name, command in typer.main.get_group(app).commands.items():
        assert (command.help or "").strip(), f"give `{name}` a docstring of one line"
        assert f"`tonghop {name}`" in page, "run `make docs`"


def test_the_reference_pages_say_what_the_catalogue_and_the_rules_say() -> None:
    """A severity or a definition changes in two places, so that nobody changes one by a slip."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, f"run `make docs`: {done.stdout}{done.stderr}"


def test_every_make_target_stands_in_the_readme_or_contributing() -> None:
    targets = re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    pages = "".join((PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    missing = [target for target in targets if f"make {target}" not in pages]
    assert not missing, f"say what these are for: {missing}"


def test_functions_and_modules_stay_readable() -> None:
    long = []
    for path in CODE:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 500:
            long.append(f"{path.relative_to(PROJECT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > 45:
                long.append(f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}: {_body_lines(node)} lines")
    assert not long, f"split by idea: {long}"


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_docstring = ast.get_docstring(node, clean=False) is not None
    first = node.body[1] if has_docstring and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or first.lineno) - first.lineno + 1


def test_no_real_address_stands_outside_the_recipients_list() -> None:
    real = re.compile(r"[\w.]+@(?:mic\.gov\.vn|gso\.gov\.vn|gmail\.com)")
    folders = ("flows", "expectations", "infra", "dbt_project", "tests", "docs", "benchmarks")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*") if path.suffix in TEXT_SUFFIXES]
    found = [
        f"{path.relative_to(PROJECT)}: {address}"
        for path in files
        if path.name != "recipients.csv"
        for address in real.findall(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found, f"real addresses stand only in recipients.csv: {found}"


def test_no_test_asks_how_long_something_took() -> None:
    clock = re.compile(
        r"\btime\.(?:time|monotonic|perf_counter|process_time)\(|\b(?:time|asyncio)\.sleep\((?!10_?000\))"
        r"|timeout=[0-9.]|\.(?:wait|join)\([0-9.]"
    )
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in sorted((PROJECT / "tests").rglob("*.py"))
        if path != PROJECT / "tests" / "patience.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if clock.search(line)
    ]
    assert not found, f"a busy machine fails these; see tests/patience.py: {found}"


def test_the_lock_files_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"index-url|https?://", text), f"{name} names an index"
