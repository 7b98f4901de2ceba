"""The warehouse: one new DuckDB file a build, published by moving a pointer. The only module that opens DuckDB.

DuckDB allows one writer or many readers a file, and a file replaced in place can replay the write-ahead log
of its predecessor. So a build is written in a folder of its own, verified, and only then takes its final,
unique name; readers open that name read-only and follow a small pointer file, one per period:

    <home>/warehouse/<build id>.duckdb      a finished build, never written again
    <home>/warehouse/current-<period>       the build and its check that readers of that period follow
    <home>/warehouse/.building-*/           a build under way; swept away when its process is gone

Nothing here is precious: every file can be rebuilt from the archive and the ledger.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import tempfile
import typing
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from infra.derived import load_derived, save_derived
from infra.errors import OperationError
from infra.figure_limits import LARGEST
from infra.files import file_sha256, give_name, make_folder, remove_file
from infra.journal import note
from infra.settings import Settings

# The name is the same in every build folder: dbt re-reads the whole project when its connection changes.
BUILDING_NAME = "warehouse.duckdb"
KEEP_BUILDS = 5
MEMORY_LIMIT = "512MB"
THREADS = 2

_SQL_TYPES = {str: "varchar", int: "bigint", bool: "boolean", Decimal: "decimal(28, 6)"}
_BUILD_ID = re.compile(r"[0-9a-z]{8,64}")
_PERIOD = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class BuildSeal:
    """What a finished build is: the SHA-256 of its bytes, and of what it was built from, as the builder noted it.

    `inputs_sha256`: of the receipts and decisions of the ledger; `readings_sha256`: of everything that was read.
    """

    sha256: str
    inputs_sha256: str = ""
    readings_sha256: str = ""


# ---------------------------------------------------------------------------------------------- writing


@contextmanager
def new_build_folder(settings: Settings) -> Iterator[Path]:
    """Give a fresh folder beside the finished builds to write one build in; gone when the block ends.

    Raises:
        OperationError: The folder cannot be made.
    """
    # DuckDB takes what follows a "?" for options and puts its log beside half a path: such a home is built elsewhere.
    place = Path(tempfile.gettempdir()) if "?" in str(settings.warehouse_folder) else settings.warehouse_folder
    folder = place / f".building-{os.getpid()}-{uuid4().hex[:8]}"
    try:
        settings.warehouse_folder.mkdir(exist_ok=True)
        _sweep_abandoned(settings.warehouse_folder)
        make_folder(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writable(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse file of a build folder for writing; checkpointed and closed when the block ends."""
    connection = duckdb.connect(str(folder / BUILDING_NAME), config=_config(folder))
    try:
        yield connection
        connection.execute("checkpoint")
    finally:
        connection.close()


def load_records(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, record_type: type, records: Iterable[Any]
) -> int:
    """Create `schema.table` with the fields of a record class as columns, fill it, return the number of rows.

    Text is varchar, `Decimal` is decimal(28, 6), a tuple of texts is varchar[]; None is null. The rows pass
    through a file that we write ourselves: thousands of rows in some milliseconds, no data frame needed.

    Raises:
        OperationError: A value does not fit decimal(28, 6); the place is the record's file and cell.
    """
    columns = {name: _sql_type(hint) for name, hint in _field_hints(record_type).items()}
    listed = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns.items())
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"create table {schema}.{table} ({listed})")
    passage = _database_folder(connection) / f"{schema}.{table}.json"
    count = _write_json_lines(passage, list(columns), records)
    if count:
        # Written out and not bound: the first bound parameter makes DuckDB import pandas, 1.4 s of CPU.
        types = ", ".join(f"{_literal(name)}: {_literal(sql_type)}" for name, sql_type in columns.items())
        connection.execute(
            f"insert into {schema}.{table} select * from read_json("
            f"{_literal(str(passage))}, format = 'newline_delimited', columns = {{{types}}})"
        )
    passage.unlink()
    return count


def finish_build(
    settings: Settings, folder: Path, build_id: str, tables: Iterable[str],
    inputs_sha256: str = "", readings_sha256: str = "",
) -> Path:
    """Verify the file of a build folder and give it its final name. Readers follow it once `set_current_build` says so.

    The order matters when the machine stops half-way: bytes on disk, then the name.

    Args:
        settings: Where the warehouse is.
        folder: The build folder, its file closed.
        build_id: The name to give.
        tables: Tables ("marts.fct_figures") that must be there and open.
        inputs_sha256: Of what was taken from the ledger.
        readings_sha256: Of what was read.

    Raises:
        OperationError: A table is missing or the file cannot be written.
    """
    source = folder / BUILDING_NAME
    with writable(folder):
        pass                  # whoever wrote last may have left rows in the write-ahead log: fold them in
    _verify(source, folder, tables)
    return seal_build(settings, source, build_id, inputs_sha256, readings_sha256)


def seal_build(settings: Settings, source: Path, build_id: str, inputs_sha256: str, readings_sha256: str) -> Path:
    """Give a closed warehouse file the name of its build, with a seal that says which bytes it has and whence.

    Raises:
        OperationError: It cannot be written.
    """
    target = build_path(settings, build_id)
    try:
        seal = BuildSeal(file_sha256(source), inputs_sha256, readings_sha256)
        save_derived(_seal(target), dataclasses.asdict(seal))
        give_name(source, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


def set_current_build(settings: Settings, period: str, build_id: str, check: str = "") -> None:
    """Let readers of a period follow a finished build and its check, in one step that no reader can see half done."""
    save_derived(pointer_file(settings, period), {"build_id": build_id, "check": check})


def remove_old_builds(settings: Settings, protected: Iterable[str] = (), keep: int = KEEP_BUILDS) -> list[str]:
    """Delete all but the `keep` newest builds and return the ids deleted.

    Builds that a pointer or `protected` (the builds that editions name) refers to are never deleted.
    """
    kept = {*protected, *_pointed_builds(settings)}
    builds = sorted(settings.warehouse_folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    removed = []
    for path in builds[keep:]:
        if path.stem not in kept:
            remove_file(path)
            remove_file(_seal(path))
            removed.append(path.stem)
    return removed


# ---------------------------------------------------------------------------------------------- reading


def build_path(settings: Settings, build_id: str) -> Path:
    """Return the path of a finished build; the file need not be there."""
    if not _BUILD_ID.fullmatch(build_id):
        raise OperationError(
            f"“{build_id}” không phải là mã bản dựng.", f"{build_id!r} is not a build id.",
            remedy_vi="Mã bản dựng gồm chữ thường và chữ số.",
        )
    return settings.warehouse_folder / f"{build_id}.duckdb"


def has_build(settings: Settings, build_id: str) -> bool:
    """Say whether a finished, verified build of that id is there (only verified files carry the final name)."""
    return build_path(settings, build_id).is_file()


def is_intact(settings: Settings, build_id: str) -> bool:
    """Say whether a build is there and still holds the bytes that were verified, by their SHA-256."""
    return intact_sha256(settings, build_id) != ""


def intact_sha256(settings: Settings, build_id: str) -> str:
    """Return the SHA-256 of the bytes of a build; "" when it is not there or they are not those that were verified."""
    seal = intact_build(settings, build_id)
    return seal.sha256 if seal else ""


def intact_build(settings: Settings, build_id: str) -> BuildSeal | None:
    """Return the seal of a build; None when it is not there or its bytes are not those that were verified."""
    path, seal = build_path(settings, build_id), sealed_build(settings, build_id)
    sha256 = file_sha256(path) if seal else ""
    if seal and sha256 and sha256 != seal.sha256:
        note(f"{path} is torn or was edited: it is made anew")
    return seal if seal and sha256 == seal.sha256 else None


def sealed_build(settings: Settings, build_id: str) -> BuildSeal | None:
    """Return what the seal of a build says, without a look at its bytes; None when it has none of this release."""
    written = load_derived(_seal(build_path(settings, build_id)))
    names = {field.name for field in dataclasses.fields(BuildSeal)}
    return BuildSeal(**written) if written is not None and set(written) == names else None


def find_current_build(settings: Settings, period: str) -> str:
    """Return the id of the build that readers of a period follow, "" when there is none yet."""
    build_id = _pointed_to(pointer_file(settings, period))
    return build_id if _BUILD_ID.fullmatch(build_id) and has_build(settings, build_id) else ""


def current_check(settings: Settings, period: str) -> str:
    """Return the name of the check of the build that readers of a period follow; "" when it has none."""
    current_build(settings, period)
    pointed = load_derived(pointer_file(settings, period))
    return str(pointed["check"]) if pointed else ""


def current_build(settings: Settings, period: str) -> str:
    """Return the id of the build that readers of a period follow.

    Raises:
        OperationError: The period was never built here.
    """
    build_id = find_current_build(settings, period)
    if not build_id:
        raise OperationError(
            f"Chưa có kho số liệu của tháng {period}.",
            f"There is no warehouse build for {period} yet.",
            place=str(settings.warehouse_folder),
            remedy_vi=f"Chạy “tonghop month {period}” để dựng kho số liệu trước.",
        )
    return build_id


@contextmanager
def open_current(settings: Settings, period: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the current build of a period read-only; closed when the block ends.

    Raises:
        OperationError: The period was never built here, or the file cannot be opened.
    """
    with open_build(settings, current_build(settings, period)) as connection:
        yield connection


@contextmanager
def open_build(settings: Settings, build_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open one finished build read-only; closed when the block ends.

    Raises:
        OperationError: There is no such build, or the file cannot be opened.
    """
    path = build_path(settings, build_id)
    if not path.is_file():
        raise OperationError(
            f"Không có bản dựng {build_id} trong kho số liệu.", f"There is no build {build_id} in the warehouse.",
            place=str(path), remedy_vi="Chạy lại tháng đó để dựng lại kho số liệu.",
        )
    with _read_only(path, settings.warehouse_folder) as connection:
        yield connection


@contextmanager
def _read_only(path: Path, temporary: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(path), read_only=True, config=_config(temporary))
    except duckdb.Error as error:
        raise OperationError(
            f"Không mở được tệp kho số liệu {path.name}.", f"The warehouse file cannot be opened: {error}",
            place=str(path), remedy_vi="Xóa tệp đó rồi chạy lại: kho số liệu luôn dựng lại được.",
        ) from error
    try:
        yield connection
    finally:
        connection.close()


def to_parquet(record_type: type, records: Iterable[Any]) -> bytes:
    """Return records as the bytes of a Parquet file, one column a field; the same records give the same bytes.

    Types are those of `load_records`. Nothing of the warehouse is touched.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "records.parquet"
        config = _config(Path(folder)) | {"threads": 1}
        connection = duckdb.connect(str(Path(folder) / "records.duckdb"), config=config)
        try:
            load_records(connection, "main", "records", record_type, records)
            connection.execute(f"copy main.records to {_literal(str(target))} (format parquet, compression zstd)")
        finally:
            connection.close()
        return target.read_bytes()


# --------------------------------------------------------------------------------------------- internals


def _config(temporary: Path) -> dict[str, Any]:
    """Limits said out loud: the defaults take most of the machine and may fetch extensions from the net."""
    return {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "temp_directory": str(temporary / ".duckdb-temp"),
        "max_temp_directory_size": "2GB",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def _database_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    row = connection.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    assert row is not None
    return Path(row[0]).parent


def _field_hints(record_type: type) -> dict[str, Any]:
    hints = typing.get_type_hints(record_type)
    return {f.name: hints[f.name] for f in dataclasses.fields(record_type)}


def fetch(connection: duckdb.DuckDBPyConnection, query: str, *values: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, each "?" standing for one of the texts.

    The first parameter that is bound makes DuckDB import pandas, a second of start-up in every command; so
    the texts are written into the query as literals, in which nothing but the quote has a meaning.
    """
    return list(connection.execute(_filled(query, values)).fetchall())


def fetch_dicts(connection: duckdb.DuckDBPyConnection, query: str, *values: str) -> list[dict[str, Any]]:
    """Return the rows of a query as `fetch` does, each by the names of its columns."""
    cursor = connection.execute(_filled(query, values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _filled(query: str, values: tuple[str, ...]) -> str:
    parts = query.split("?")
    assert len(parts) == len(values) + 1, "one value for each ?"
    return "".join(part + _literal(value) for part, value in zip(parts, values, strict=False)) + parts[-1]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sql_type(hint: Any) -> str:
    if hint in _SQL_TYPES:
        return _SQL_TYPES[hint]
    if typing.get_origin(hint) is tuple:
        return "varchar[]"
    if typing.get_origin(hint) is typing.Literal:
        return "varchar"
    members = [member for member in typing.get_args(hint) if member is not type(None)]
    if len(members) == 1:
        return _sql_type(members[0])
    raise TypeError(f"no SQL type for {hint}")


def _write_json_lines(path: Path, names: list[str], records: Iterable[Any]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for record in records:
            row = {name: _json_value(record, getattr(record, name)) for name in names}
            stream.write(json.dumps(row, ensure_ascii=False))
            stream.write("\n")
            count += 1
    return count


def _json_value(record: Any, value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")      # a lone surrogate is not text
    if not isinstance(value, Decimal):
        return list(value) if isinstance(value, tuple) else value
    if not value.is_finite() or abs(value) >= LARGEST:
        raise OperationError(
            f"Số “{value}” quá lớn, không lưu được vào kho số liệu.", f"The number {value} does not fit the warehouse.",
            place=" ".join(str(getattr(record, name, "")) for name in ("message", "file", "sheet", "cell")).strip(),
            remedy_vi="Sửa số đó trong tệp gửi hoặc loại tệp này ra.",
        )
    return format(value, "f")


def _verify(path: Path, folder: Path, tables: Iterable[str]) -> None:
    if path.with_name(path.name + ".wal").exists():
        raise OperationError(
            "Tệp kho số liệu chưa được ghi trọn.", "The warehouse file still has a write-ahead log.",
            place=str(path), remedy_vi="Chạy lại.",
        )
    with _read_only(path, folder) as connection:
        there = {f"{schema}.{name}" for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables").fetchall()}
        missing = sorted(set(tables) - there)
        if missing:
            raise OperationError(
                f"Bản dựng thiếu bảng: {', '.join(missing)}.", f"The build lacks tables: {', '.join(missing)}.",
                place=str(path), remedy_vi="Chạy lại; nếu vẫn thiếu, xem nhật ký của dbt.",
            )
        for table in sorted(there):
            connection.execute(f"select count(*) from {table}").fetchone()


def pointer_file(settings: Settings, period: str) -> Path:
    """Return the path of the small file that names the build that readers of a period follow."""
    if not _PERIOD.fullmatch(period):
        raise OperationError(
            f"“{period}” không phải là kỳ báo cáo.", f"{period!r} is not a period.",
            remedy_vi="Viết kỳ báo cáo theo dạng 2019-04.",
        )
    return settings.warehouse_folder / f"current-{period}"


def _pointed_builds(settings: Settings) -> set[str]:
    pointers = settings.warehouse_folder.glob("current-????-??")
    return {_pointed_to(pointer) for pointer in pointers}


def _pointed_to(pointer: Path) -> str:
    pointed = load_derived(pointer)
    return str(pointed["build_id"]) if pointed else ""


def _seal(build: Path) -> Path:
    """Return the path of the small file that says which bytes a build has."""
    return build.with_suffix(".sha256.json")


def _sweep_abandoned(warehouse: Path) -> None:
    """Remove build folders whose process is gone: a killed run leaves its half-written file behind."""
    for folder in warehouse.glob(".building-*"):
        if not _is_running(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _cannot_write(path: Path, error: OSError) -> OperationError:
    return OperationError(
        f"Không ghi được kho số liệu vào {path.parent}.", f"The warehouse cannot be written: {error.strerror}.",
        place=str(path), remedy_vi="Kiểm tra quyền ghi và chỗ trống trên đĩa.",
    )
