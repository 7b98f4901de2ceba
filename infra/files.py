"""Files that are whole or absent, whatever is killed or unplugged meanwhile.

The only place that knows the order: write a neighbour, fsync it, give it the final name, fsync the folder.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

UNFINISHED = ".unfinished"  # suffix of a neighbour that never got its name: a killed writer's leftover


def create_file(path: Path, data: bytes) -> bool:
    """Write `data` under a name that must be new; return False, touching nothing, when it is taken.

    A hard link gives the name: unlike a rename it never replaces what another process wrote first.
    """
    if path.exists():
        return False
    neighbour = _write_neighbour(path, data, mode=0o444)
    try:
        os.link(neighbour, path)
    except FileExistsError:
        return False
    finally:
        neighbour.unlink()
    _sync_folder(path.parent)
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` under a name that may be taken: readers see the old bytes or the new, nothing between."""
    neighbour = _write_neighbour(path, data, mode=0o644)
    neighbour.rename(path)
    _sync_folder(path.parent)


def _write_neighbour(path: Path, data: bytes, mode: int) -> Path:
    _make_folder(path.parent)
    neighbour = path.parent / f".{secrets.token_hex(8)}{UNFINISHED}"
    descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        neighbour.unlink(missing_ok=True)
        raise
    return neighbour


def _make_folder(folder: Path) -> None:
    """Make `folder` and, so that it survives a power cut, note each new one in its parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
