"""What a step's result depends on besides its data: found by following imports, never listed by hand.

A step that keeps its result (a reading, a build, a check) may use it again only while nothing that made it has
changed. Starting from the step's own module, this follows every import within the project, also one inside a
function and a module named in a string (`python -m flows.build.dbt_process`), and digests each file it meets with
the data files beside it, the step's rules or models, the lock file of the libraries, the version of Python, and
the catalogue: all of its tables, so that a table used tomorrow cannot be forgotten today.

A module that moves is followed by the import that moves with it; only the entries below are names, and an entry
that is not there is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from infra.settings import PROJECT

if TYPE_CHECKING:
    from infra.catalogue import Catalogue

PACKAGES = ("flows", "expectations", "infra")
LOCK = "requirements.lock"
# Imports are found by pattern: parsing every module costs a month 0.2 s. A test compares with the syntax tree.
_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|(?:[^\n\\]|\\\n)+)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+((?:[^\n\\]|\\\n)+)", re.MULTILINE)
_NAMED = re.compile(rf"[\"']((?:{'|'.join(PACKAGES)})(?:\.\w+)+)[\"']")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that keeps results: the module its work begins in, and the data files that steer it (as globs)."""

    entry: str
    data: tuple[str, ...] = ()


MODELS = ("dbt_project/**/*.sql", "dbt_project/**/*.yml")
STEPS = {
    "read": Step("flows.read.step"),
    "parse": Step("flows.build.dbt_process", MODELS),
    "build": Step("flows.build.builder", MODELS),
    "check": Step("flows.check.run", ("expectations/rules/*.yml",)),
}


def step_digest(
    step: str, catalogue: Catalogue | None = None, root: Path = PROJECT, is_fresh: bool = False
) -> str:
    """Return the SHA-256 (hex) of everything besides its data that decides what a step gives.

    Args:
        step: One of `STEPS`.
        catalogue: The catalogue the step works with; None when it hashes the rows itself.
        root: The checkout.
        is_fresh: Read the files again, although this process has read them before.

    Raises:
        LookupError: The entry of the step or its data files are not in the checkout: this list is out of date.
    """
    digest = hashlib.sha256(f"{step} {sys.version_info[:2]}".encode())
    digest.update((read_files_digest if is_fresh else files_digest)(step, root).encode())
    if catalogue is not None:
        digest.update(catalogue.sha256.encode())
    return digest.hexdigest()


@cache
def files_digest(step: str, root: Path = PROJECT) -> str:
    """Return what `read_files_digest` gives; read once a process."""
    return read_files_digest(step, root)


def read_files_digest(step: str, root: Path = PROJECT) -> str:
    """Return the SHA-256 (hex) of the names and bytes of `step_files`."""
    digest = hashlib.sha256()
    for name in _names_of(step, root):
        digest.update(f"{name} {_looked_at(os.path.join(root, name)).sha256}\n".encode())
    return digest.hexdigest()


def step_files(step: str, root: Path = PROJECT) -> list[Path]:
    """Return the files a step depends on, sorted: code, data beside the code, rules or models, the lock file.

    Raises:
        LookupError: As `step_digest`.
    """
    return [root / name for name in _names_of(step, root)]


def _names_of(step: str, root: Path) -> list[str]:
    # Names below the root, as text: a run asks for these three times, and a hundred path objects cost it 20 ms.
    top = str(root)
    code = _modules_from(STEPS[step].entry, top, _modules_in(top))
    found = {name for name in (*code, LOCK) if os.path.isfile(os.path.join(top, name))}
    for folder in {os.path.dirname(name) for name in code}:
        beside = os.scandir(os.path.join(top, folder))
        found.update(os.path.join(folder, entry.name) for entry in beside if _is_data(entry.name) and entry.is_file())
    for pattern in STEPS[step].data:
        matching = glob(pattern, root_dir=top, recursive=True)
        if not matching:
            raise LookupError(f"the step {step!r} names {pattern}, but {root} has no such file")
        found.update(matching)
    return sorted(found)


def imports_of(text: str) -> set[str]:
    """Return every module name that a source text may import from the project; names of other things are among them."""
    names: set[str] = set(_NAMED.findall(text))
    for module, imported in _FROM.findall(text):
        names.add(module)
        names.update(f"{module}.{name}" for name in re.findall(r"\w+", imported))
    for imported in _IMPORT.findall(text):
        names.update(re.findall(r"[\w.]+", imported))
    return {name for name in names if name.partition(".")[0] in PACKAGES}


def _modules_in(top: str) -> dict[str, str]:
    """Return the file of every module of the project, by its name; of a module and a package of one name the first."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for folder, inner, files in os.walk(os.path.join(top, package)):
            inner[:] = [name for name in inner if name.isidentifier() and name != "__pycache__"]
            own = os.path.relpath(folder, top)
            for name in files:
                if name.endswith(".py"):
                    path = os.path.join(own, name)
                    found[(own if name == "__init__.py" else path.removesuffix(".py")).replace(os.sep, ".")] = path
    return found


def _modules_from(entry: str, top: str, modules: Mapping[str, str]) -> set[str]:
    if entry not in modules:
        raise LookupError(f"{entry} is named in infra/dependencies.py, but it is not in {top}")
    seen: set[str] = set()
    names = {entry}
    while names:
        seen |= names
        imported = {name for module in names for name in _looked_at(os.path.join(top, modules[module])).imported}
        names = imported & modules.keys() - seen
    return {modules[name] for name in seen}


@dataclass(frozen=True, slots=True)
class _File:
    """What a file says: the SHA-256 of its bytes and, of a module, what it imports with the packages around that."""

    sha256: str
    imported: frozenset[str]


def _looked_at(path: str) -> _File:
    """Return what a file says, read again whenever the system says that it was touched."""
    seen = os.stat(path)
    return _read_file(path, (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))


@lru_cache(maxsize=2000)
def _read_file(path: str, _touched: tuple[int, ...]) -> _File:
    data = Path(path).read_bytes()
    names = imports_of(data.decode("utf-8")) if path.endswith(".py") else ()
    return _File(hashlib.sha256(data).hexdigest(), frozenset(part for name in names for part in _with_packages(name)))


def _with_packages(name: str) -> list[str]:
    """Return a module's name and those of the packages around it, which importing it runs too."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _is_data(name: str) -> bool:
    return not name.endswith((".py", ".pyc")) and not name.startswith(".")
