"""Files are written in one place, which knows in which order bytes reach a disk; every other writer has a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from infra.settings import PROJECT

CODE = [path for folder in ("flows", "expectations", "infra") for path in sorted((PROJECT / folder).rglob("*.py"))]
HOME = "infra/files.py"
# Nothing here is read by a later step: each is a log, a lock, a probe, or thrown away before the step ends.
REASONS = {
    "flows/cli.py": "the traceback of a fault, for a person",
    "flows/prefect_server.py": "set-up writes the template of Prefect's database, once an installation",
    "flows/sample/messages.py": "the sample plays the senders: an inbox, not a result",
    "flows/terminal.py": "the null device, for closed streams",
    "infra/child_log.py": "the log of a child",
    "infra/ledger_store.py": "the lock of a ledger",
    "infra/locks.py": "the lock of a home",
    "infra/sandbox.py": "the log of the children",
    "infra/sandbox_server.py": "a child's /dev/null",
    "infra/settings.py": "a probe whether the home can be written",
    "infra/warehouse.py": "rows on their way into DuckDB, in a folder that goes with the build",
}
PATH_METHODS = {"write_text", "write_bytes", "rename", "hardlink_to", "symlink_to", "touch"}
MODULE_CALLS = {
    "os": {"rename", "renames", "replace", "link", "symlink", "truncate", "mkstemp"},
    "shutil": {"move", "copy", "copy2", "copyfile", "copytree", "copyfileobj"},
    "tempfile": {"mkstemp", "NamedTemporaryFile"},
}


def writes(text: str) -> Iterator[int]:
    """Yield the lines on which a source text writes, names or moves a file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and (_moves(node) or _opens_to_write(node)):
            yield node.lineno


def _moves(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    module = function.value.id if isinstance(function.value, ast.Name) else ""
    if module in MODULE_CALLS:
        return function.attr in MODULE_CALLS[module]
    # A text's replace takes two arguments, a date's and a record's take names: a path's takes one.
    is_path_replace = function.attr == "replace" and len(call.args) == 1 and not call.keywords
    return function.attr in PATH_METHODS or is_path_replace


def _opens_to_write(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name != "open":
        return False
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    modes = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    flags = {n.attr for value in values for n in ast.walk(value) if isinstance(n, ast.Attribute)}
    is_write = any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    return is_write or bool(flags & {"O_WRONLY", "O_RDWR", "O_CREAT"})


def test_every_file_a_later_step_reads_is_written_by_the_one_module() -> None:
    found = {path.relative_to(PROJECT).as_posix(): sorted(set(writes(path.read_text(encoding="utf-8"))))
             for path in CODE}
    strangers = {name: lines for name, lines in found.items() if lines and name != HOME and name not in REASONS}
    assert not strangers, f"write with infra.files or infra.derived, or give the reason here: {strangers}"


def test_the_module_that_writes_is_seen_to_write() -> None:
    assert list(writes((PROJECT / HOME).read_text(encoding="utf-8")))


@pytest.mark.parametrize("line", [
    "path.write_text('x')", "path.write_bytes(b'x')", "open(path, 'w')", "path.open('ab')", "path.open(mode='x')",
    "path.rename(other)", "path.replace(other)", "os.replace(a, b)", "os.rename(a, b)", "shutil.move(a, b)",
    "shutil.copyfile(a, b)", "os.open(path, os.O_WRONLY | os.O_CREAT)", "tempfile.NamedTemporaryFile()",
])
def test_every_way_to_write_is_recognised(line: str) -> None:
    assert list(writes(line)) == [1]


@pytest.mark.parametrize("line", [
    "text.replace('a', 'b')", "dataclasses.replace(record, name='x')", "date.replace(tzinfo=None)", "open(path)",
    "path.open('rb')", "zip.open(name)", "os.open(path, os.O_RDONLY)", "path.open(encoding='utf-8', newline='')",
])
def test_reading_and_texts_are_left_alone(line: str) -> None:
    assert not list(writes(line))


def test_every_reason_names_a_module() -> None:
    gone = [name for name in REASONS if not (PROJECT / name).is_file()]
    assert not gone, f"these have moved: {gone}"
