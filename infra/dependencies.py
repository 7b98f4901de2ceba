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
    for path in step_files(step, root):
        digest.update(f"{path.relative_to(root).as_posix()} {_looked_at(path).sha256}\n".encode())
    return digest.hexdigest()


def step_files(step: str, root: Path = PROJECT) -> list[Path]:
    """Return the files a step depends on, sorted: code, data beside the code, rules or models, the lock file.

    Raises:
        LookupError: As `step_digest`.
    """
    code = _modules_from(STEPS[step].entry, root, _modules_in(root))
    found = {*code, root / LOCK}
    for folder in {path.parent for path in code}:
        found.update(path for path in folder.iterdir() if path.is_file() and _is_data(path))
    for pattern in STEPS[step].data:
        matching = [path for path in root.glob(pattern) if path.is_file()]
        if not matching:
            raise LookupError(f"the step {step!r} names {pattern}, but {root} has no such file")
        found.update(matching)
    return sorted(path for path in found if path.is_file())


def imports_of(text: str) -> set[str]:
    """Return every module name that a source text may import from the project; names of other things are among them."""
    names: set[str] = set(_NAMED.findall(text))
    for module, imported in _FROM.findall(text):
        names.add(module)
        names.update(f"{module}.{name}" for name in re.findall(r"\w+", imported))
    for imported in _IMPORT.findall(text):
        names.update(re.findall(r"[\w.]+", imported))
    return {name for name in names if name.partition(".")[0] in PACKAGES}


def _modules_in(root: Path) -> dict[str, Path]:
    """Return the file of every module of the project, by its name; of a module and a package of one name the first."""
    found: dict[str, Path] = {}
    for package in PACKAGES:
        for folder, inner, files in os.walk(root / package):
            inner[:] = [name for name in inner if name.isidentifier() and name != "__pycache__"]
            own = Path(folder).relative_to(root).parts
            for name in files:
                if name.endswith(".py"):
                    parts = own if name == "__init__.py" else (*own, name.removesuffix(".py"))
                    found[".".join(parts)] = Path(folder) / name
    return found


def _modules_from(entry: str, root: Path, modules: Mapping[str, Path]) -> set[Path]:
    if entry not in modules:
        raise LookupError(f"{entry} is named in infra/dependencies.py, but it is not in {root}")
    seen: set[str] = set()
    names = {entry}
    while names:
        seen |= names
        imported = {name for module in names for name in _looked_at(modules[module]).imported}
        names = imported & modules.keys() - seen
    return {modules[name] for name in seen}


@dataclass(frozen=True, slots=True)
class _File:
    """What a file says: the SHA-256 of its bytes and, of a module, what it imports with the packages around that."""

    sha256: str
    imported: frozenset[str]


def _looked_at(path: Path) -> _File:
    """Return what a file says, read again whenever the system says that it was touched."""
    seen = path.stat()
    return _read_file(path, (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))


@lru_cache(maxsize=2000)
def _read_file(path: Path, _touched: tuple[int, ...]) -> _File:
    data = path.read_bytes()
    names = imports_of(data.decode("utf-8")) if path.suffix == ".py" else ()
    return _File(hashlib.sha256(data).hexdigest(), frozenset(part for name in names for part in _with_packages(name)))


def _with_packages(name: str) -> list[str]:
    """Return a module's name and those of the packages around it, which importing it runs too."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _is_data(path: Path) -> bool:
    return path.suffix not in (".py", ".pyc") and not path.name.startswith(".")
