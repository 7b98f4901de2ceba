"""The files of the warehouse: whole or absent, one pointer a period, readers that cannot write."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from infra import warehouse
from infra.errors import OperationError
from infra.settings import Settings
from tests.warehouse_fixture import observation

BUILD, OTHER = "0123456789abcdef", "fedcba9876543210"


@dataclass(frozen=True)
class Thing:
    name: str
    count: int
    value: Decimal | None
    tags: tuple[str, ...]
    is_good: bool = True


THINGS = [
    Thing("Đắk Đoa", 1, Decimal("4.651"), ("a", "b")),
    Thing('"\n\\', 2, None, ()),
    Thing("", 3, Decimal("1E+3"), (), is_good=False),
]


def _publish(settings: Settings, build_id: str, period: str = "2019-04", things: list[Thing] = THINGS) -> Path:
    with warehouse.new_build_folder(settings) as folder:
        with warehouse.writable(folder) as connection:
            warehouse.load_records(connection, "raw", "things", Thing, things)
        path = warehouse.finish_build(settings, folder, build_id, ["raw.things"])
    warehouse.set_current_build(settings, period, build_id)
    return path


def test_records_come_back_as_they_were(settings: Settings) -> None:
    _publish(settings, BUILD)
    with warehouse.open_current(settings, "2019-04") as connection:
        rows = connection.execute("select name, count, value, tags, is_good from raw.things order by count").fetchall()
        types = [str(t) for t in connection.execute("select * from raw.things").description]
    assert rows == [(t.name, t.count, t.value, list(t.tags), t.is_good) for t in THINGS]
    assert "DECIMAL(28,6)" in types[2]


def test_no_records_make_an_empty_table(settings: Settings) -> None:
    _publish(settings, BUILD, things=[])
    with warehouse.open_current(settings, "2019-04") as connection:
        assert connection.execute("select count(*) from raw.things").fetchone() == (0,)


@pytest.mark.parametrize("value", ["1E+18", "-1E+30", "NaN", "Infinity"])
def test_number_beyond_the_warehouse_names_its_cell(settings: Settings, value: str) -> None:
    row = replace(observation("vnpt", "622", "phone_subs_fixed", 1, cell="E23"), value=Decimal(value))
    with (
        warehouse.new_build_folder(settings) as folder,
        warehouse.writable(folder) as connection,
        pytest.raises(OperationError) as caught,
    ):
        warehouse.load_records(connection, "raw", "observations", type(row), [row])
    assert caught.value.place.endswith("E23")


def test_reader_of_a_month_never_built_gets_a_sentence(settings: Settings) -> None:
    with pytest.raises(OperationError) as caught, warehouse.open_current(settings, "2019-04"):
        pass
    assert "2019-04" in caught.value.message_vi and caught.value.remedy_vi
    assert warehouse.find_current_build(settings, "2019-04") == ""


@pytest.mark.parametrize("build_id", ["../../etc/passwd", "", "ABCDEF0123456789", "x.duckdb"])
def test_build_id_is_not_a_path(settings: Settings, build_id: str) -> None:
    with pytest.raises(OperationError), warehouse.open_build(settings, build_id):
        pass


def test_pointer_of_another_period_stays(settings: Settings) -> None:
    _publish(settings, BUILD, "2019-03")
    _publish(settings, OTHER, "2019-04")
    assert warehouse.current_build(settings, "2019-03") == BUILD
    assert warehouse.current_build(settings, "2019-04") == OTHER


def test_pointer_to_a_deleted_build_counts_as_none(settings: Settings) -> None:
    _publish(settings, BUILD).unlink()
    assert warehouse.find_current_build(settings, "2019-04") == ""


def test_edited_pointer_counts_as_none(settings: Settings) -> None:
    _publish(settings, BUILD)
    _publish(settings, OTHER, "2019-03")
    pointer = settings.warehouse_folder / "current-2019-04"
    pointer.write_bytes(pointer.read_bytes().replace(BUILD.encode(), OTHER.encode()))
    assert warehouse.find_current_build(settings, "2019-04") == ""
    pointer.write_bytes((settings.warehouse_folder / "current-2019-03").read_bytes())
    assert warehouse.find_current_build(settings, "2019-04") == ""


def test_edited_build_is_not_intact(settings: Settings) -> None:
    path = _publish(settings, BUILD)
    assert warehouse.is_intact(settings, BUILD)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update raw.things set count = 9")
    assert not warehouse.is_intact(settings, BUILD)


def test_readers_cannot_write(settings: Settings) -> None:
    _publish(settings, BUILD)
    with (
        warehouse.open_build(settings, BUILD) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("create table raw.more as select 1")


def test_build_without_a_promised_table_is_not_published(settings: Settings) -> None:
    with warehouse.new_build_folder(settings) as folder:
        with warehouse.writable(folder) as connection:
            warehouse.load_records(connection, "raw", "things", Thing, THINGS)
        with pytest.raises(OperationError, match="lacks tables"):
            warehouse.finish_build(settings, folder, BUILD, ["marts.fct_figures"])
    assert not warehouse.has_build(settings, BUILD)
    assert warehouse.find_current_build(settings, "2019-04") == ""


def test_rows_left_in_the_write_ahead_log_are_published(settings: Settings) -> None:
    """A writer that dies without a checkpoint leaves its rows beside the file, not in it."""
    with warehouse.new_build_folder(settings) as folder:
        path = folder / warehouse.BUILDING_NAME
        pid = os.fork()
        if pid == 0:
            connection = duckdb.connect(str(path))
            connection.execute("create schema raw; create table raw.things as select 42 as count")
            os._exit(0)
        os.waitpid(pid, 0)
        assert path.with_name(path.name + ".wal").exists()
        warehouse.finish_build(settings, folder, BUILD, ["raw.things"])
    with warehouse.open_build(settings, BUILD) as connection:
        assert connection.execute("select count from raw.things").fetchall() == [(42,)]


def test_build_folder_is_gone_afterwards_and_leftovers_of_dead_processes_too(settings: Settings) -> None:
    leftover = settings.warehouse_folder / ".building-999999999-dead"
    leftover.mkdir(parents=True)
    _publish(settings, BUILD)
    assert [p.name for p in settings.warehouse_folder.glob(".building-*")] == []


def test_finished_file_has_no_log_beside_it(settings: Settings) -> None:
    path = _publish(settings, BUILD)
    assert sorted(p.name for p in settings.warehouse_folder.iterdir()) == [
        path.name, f"{path.stem}.sha256.json", "current-2019-04",
    ]


def test_old_builds_go_but_never_one_that_is_needed(settings: Settings) -> None:
    builds = [f"{n:016x}" for n in range(6)]
    for age, build_id in enumerate(reversed(builds)):
        path = _publish(settings, build_id, "2019-01" if build_id == builds[0] else "2019-04")
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    warehouse.set_current_build(settings, "2019-04", builds[5])           # the oldest
    os.utime(warehouse.build_path(settings, builds[0]), (1, 1))           # older still, but a pointer names it
    removed = warehouse.remove_old_builds(settings, protected=[builds[4]], keep=2)
    assert sorted(removed) == [builds[3]]
    left = {p.stem for p in settings.warehouse_folder.glob("*.duckdb")}
    assert left == set(builds) - {builds[3]}


def test_folder_that_cannot_be_written_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.warehouse_folder.write_text("a file where the folder should be")
    with pytest.raises(OperationError, match="cannot be written"), warehouse.new_build_folder(settings):
        pass


def test_damaged_file_is_said(settings: Settings) -> None:
    _publish(settings, BUILD).write_bytes(b"not a database" * 1000)
    with pytest.raises(OperationError, match="cannot be opened"), warehouse.open_build(settings, BUILD):
        pass


@pytest.fixture
def two_builds(settings: Settings) -> Callable[[str], list[tuple]]:
    _publish(settings, BUILD)
    _publish(settings, OTHER, things=THINGS[:1])

    def count(build_id: str) -> list[tuple]:
        with warehouse.open_build(settings, build_id) as connection:
            return connection.execute("select count(*) from raw.things").fetchall()

    return count


def test_old_build_stays_readable_after_the_pointer_moved(two_builds: Callable[[str], list[tuple]]) -> None:
    assert (two_builds(BUILD), two_builds(OTHER)) == ([(3,)], [(1,)])
