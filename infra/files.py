"""Files that are whole or absent, whatever is killed or unplugged meanwhile. The only module that writes files.

The order is known here alone: write a neighbour, fsync it, give it the final name, fsync the folder. A convention
test forbids any other way of writing what a later step reads. Files are their owner's alone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from infra.journal import note
from infra.killpoints import reached
from infra.side_by_side import side_by_side

ASIDE = ".aside"            # suffix of what was no file and stood in a file's place: nobody reads it, a person may
UNFINISHED = ".unfinished"  # suffix of a neighbour that never got its name: a killed writer's leftover
PRIVATE = 0o600
WRITTEN_ONCE = 0o400
FOLDER = 0o700
SYNCING = 4                 # files on their way to the disk at once: a hundred take 50 ms, one by one 800
PIECE = 1 << 20


def create_file(path: Path, data: bytes | BinaryIO, mode: int = WRITTEN_ONCE) -> bool:
    """Write `data` under a name that must be new; return False, touching nothing, when it is taken.

    A hard link gives the name: unlike a rename it never replaces what another process wrote first.
    """
    if path.exists():
        return False
    neighbour = _write_neighbour(path, data, mode)
    try:
        _sync(neighbour)
        reached("files.before_name")
        os.link(neighbour, path)
    except FileExistsError:
        return False
    finally:
        neighbour.unlink()
    _sync(path.parent)
    return True


def replace_file(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write `data` under a name that may be taken: readers see the old bytes or the new, nothing between."""
    replace_files({path: data}, mode)


def replace_files(files: Mapping[Path, bytes], mode: int = PRIVATE) -> None:
    """Write several files, each as `replace_file` would, and sync them together, which is much faster.

    A file that already holds its bytes is left alone; what is no file is moved aside. A machine that stops half-way
    has some of them new and some old, each whole.
    """
    changed = {path: data for path, data in files.items() if not _holds(path, data)}
    neighbours: dict[Path, Path] = {}
    try:
        for path, data in changed.items():
            neighbours[path] = _write_neighbour(path, data, mode)
        _sync_all(neighbours.values())
        for path, neighbour in neighbours.items():
            make_way(path)
            reached("files.before_name")
            neighbour.rename(path)
    except BaseException:
        for neighbour in neighbours.values():
            neighbour.unlink(missing_ok=True)
        raise
    _sync_all({path.parent for path in changed})


def give_name(source: Path, target: Path) -> None:
    """Give a file that another program wrote and closed its final name: its bytes are on the disk before.

    It may lie on another disk: then it is copied beside the name first.
    """
    make_folder(target.parent)
    neighbour = target.parent / f".{secrets.token_hex(8)}{UNFINISHED}"
    try:
        shutil.move(source, neighbour)
        neighbour.chmod(PRIVATE)
        _sync(neighbour)
        make_way(target)
        reached("files.before_name")
        neighbour.rename(target)
    finally:
        neighbour.unlink(missing_ok=True)
    _sync(target.parent)


def make_way(path: Path) -> None:
    """Move whatever stands in a file's place and is none, a folder or a pipe, aside; it is never deleted."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        aside = path.with_name(f".{secrets.token_hex(4)}-{path.name}{ASIDE}")
        path.rename(aside)
        note(f"{path} was no file: it was moved to {aside.name}")


def remove_file(path: Path) -> None:
    """Remove a file that can be made anew, if it is there; what is no file is moved aside."""
    make_way(path)
    reached("files.before_removal")
    path.unlink(missing_ok=True)


def read_file(path: Path) -> bytes | None:
    """Return the bytes of a file; None when there is no such file, or something else in its place."""
    with _opened(path) as stream:
        return stream.read() if stream else None


def make_folder(folder: Path) -> None:
    """Make `folder`, its owner's alone, and, so that it survives a power cut, note each new one in its parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=FOLDER, exist_ok=True)
    _sync(folder.parent)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes, read in pieces; "" when there is no such file."""
    digest = hashlib.sha256()
    with _opened(path) as stream:
        while piece := stream.read(PIECE) if stream else b"":
            digest.update(piece)
        return digest.hexdigest() if stream else ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    """Open a file; None for one that is absent or no file. A pipe is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENXIO):
            raise
        yield None
        return
    with os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else _closed(descriptor) as stream:
        yield stream


@contextlib.contextmanager
def _closed(descriptor: int) -> Iterator[None]:
    os.close(descriptor)
    yield None


def _holds(path: Path, data: bytes) -> bool:
    with _opened(path) as stream:
        return stream is not None and os.fstat(stream.fileno()).st_size == len(data) and stream.read() == data


def _write_neighbour(path: Path, data: bytes | BinaryIO, mode: int) -> Path:
    reached("files.before_write")
    make_folder(path.parent)
    neighbour = path.parent / f".{secrets.token_hex(8)}{UNFINISHED}"
    descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _pour(data, file)
    except BaseException:
        neighbour.unlink(missing_ok=True)
        raise
    return neighbour


def _pour(data: bytes | BinaryIO, file: BinaryIO) -> None:
    """Write bytes, or what is left in a stream, piece by piece."""
    if isinstance(data, bytes):
        file.write(data)
    else:
        shutil.copyfileobj(data, file, PIECE)


def _sync_all(paths: Iterable[Path]) -> None:
    paths = list(paths)
    with side_by_side(min(SYNCING, len(paths))) as map_all:
        list(map_all(_sync, paths))


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
