"""What lies under the ledger: connections, transactions, and writing a record together with its audit link."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from infra import audit
from infra.errors import OperationError
from infra.killpoints import reached
from infra.ledger_records import Delivery, Document, Receipt
from infra.machine_faults import full_disk, has_room, text_fault

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Engine, Row, Select, Table, Update

Record = TypeVar("Record")
WRITER_LOCK = 0x746F6E67  # number of PostgreSQL's advisory lock: one writer at a time keeps the chain gapless
# Fields that came after the first links of a chain were written, with what old records have there.
LATER_FIELDS: dict[type, dict[str, Any]] = {
    Receipt: {
        "message_id": "", "problem": "", "traced_at": "", "proof": "earlier", "proof_vi": "", "held_vi": "",
        "decision_id": "",
    },
    Document: {"problem": "", "problem_vi": ""},
    Delivery: {"claim": 0, "environment": ""},
}
KEY = "key_of_the_row"     # the parameter that names the row to change
BUSY_SECONDS = 30         # how long a writer waits for another's transaction
# Bytes that SQLite may need beside its file. With less it says "disk I/O error" or that a file cannot be opened: true
# of what it tried, and of no use to who reads it.
ROOM_OF_SQLITE = 5_000_000


def open_engine(url: str) -> Engine:
    """Return an engine for an SQLite file (WAL, every commit on disk) or a PostgreSQL database.

    Raises:
        OperationError: The address is neither; a database in memory would forget what was sent.
    """
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        if not url.startswith("sqlite:"):
            plain = url.replace("postgresql://", "postgresql+psycopg://", 1)
            return create_engine(plain, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        # Taken apart by us: SQLAlchemy would cut a path at its first "?".
        file = url.removeprefix("sqlite:///")
        if not Path(file).is_absolute():
            raise ArgumentError("no absolute path")
        engine = create_engine(URL.create("sqlite", database=file), connect_args={"timeout": BUSY_SECONDS})
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ledger_error(
            "Địa chỉ sổ cái (TONGHOP_LEDGER) không hợp lệ.", "The ledger's address (TONGHOP_LEDGER) cannot be used.",
            "Sửa TONGHOP_LEDGER theo bảng cài đặt trong README, hoặc bỏ biến đó.",
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver's own guess of when to begin would let reads and writes mix
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get("is_writer")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


class LedgerStore:
    """Transactions over the ledger's tables. Safe to share between threads; not between processes."""

    def __init__(self, engine: Engine, clock: Callable[[], str], key: bytes | None = None) -> None:
        from infra import ledger_tables

        self.engine = engine
        self.now = clock
        self.key = key           # of the audit chain
        self.tables = ledger_tables

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of all tables."""
        level = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._clear_errors(), self.engine.connect().execution_options(**level) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction; while it lasts nobody else writes."""
        connect = self.engine.execution_options(is_writer=True).begin
        with self._clear_errors(), connect() as connection:
            if not self._is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
            yield connection
            reached("ledger.before_commit")
        reached("ledger.after_commit")

    @contextlib.contextmanager
    def only_one(self, name: str) -> Iterator[None]:
        """Let one process at a time, on all machines that share the ledger, do `name`.

        The system or the database gives the right back when the process dies in whatever way: no clock decides.

        Raises:
            OperationError: Another process is at it.
        """
        with self._sqlite_right(name) if self._is_sqlite else self._postgresql_right(name) as is_ours:
            if not is_ours:
                raise ledger_error(f"Một tiến trình khác đang làm việc này ({name}).",
                                   f"Another process is doing this ({name}).", "Chờ tiến trình kia xong rồi chạy lại.")
            yield

    @property
    def _is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def _sqlite_right(self, name: str) -> Iterator[bool]:
        with Path(f"{self.engine.url.database}.{name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_ours = True
            except BlockingIOError:
                is_ours = False
            yield is_ours

    @contextlib.contextmanager
    def _postgresql_right(self, name: str) -> Iterator[bool]:
        from sqlalchemy.exc import DBAPIError

        with self._clear_errors(), self.engine.connect() as connection:
            ask = "SELECT {}(hashtext(%s))"
            is_ours = bool(connection.exec_driver_sql(ask.format("pg_try_advisory_lock"), (name,)).scalar())
            connection.commit()  # the right belongs to the connection; no transaction stays open for it
            try:
                yield is_ours
            finally:
                # A connection that was cut gave the right back by itself; what was done meanwhile is fenced.
                with contextlib.suppress(DBAPIError):
                    connection.exec_driver_sql(ask.format("pg_advisory_unlock"), (name,)) if is_ours else None
                    connection.commit()

    @contextlib.contextmanager
    def _clear_errors(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, OperationalError

        try:
            yield
        except DBAPIError as error:
            if full := self._full_disk(str(error.orig)):
                raise full from error
            fault = OperationError(
                "Không đọc hoặc ghi được sổ cái.",
                f"The ledger cannot be read or written: {error.orig}",
                place=self.engine.url.render_as_string(hide_password=True),
                remedy_vi="Kiểm tra cơ sở dữ liệu đang chạy, quyền ghi và dung lượng trống.",
            )
            # Somebody else writes for long, or the server is away: that passes. A full disk is a person's to mend.
            fault.is_temporary = isinstance(error, OperationalError) and (
                not self._is_sqlite or "locked" in str(error.orig)
            )
            raise fault from error

    def _full_disk(self, said: str) -> OperationError | None:
        """Return that the disk below the ledger is full, where that is what the database's words come from."""
        place = self.engine.url.render_as_string(hide_password=True)
        if self._is_sqlite and ("disk I/O error" in said or "unable to open" in said):
            folder = Path(self.engine.url.database or "").parent
            return None if has_room(folder, ROOM_OF_SQLITE) else full_disk(place, said)
        return text_fault(said, place)

    # ------------------------------------------------------------ what the database itself refuses

    def lost_guards(self) -> list[str]:
        """Return the tables that are written once and that the database would let somebody change."""
        from infra.ledger_guards import lost_guards

        with self.reading() as connection:
            return lost_guards(connection)

    def put_guards_back(self) -> None:
        """Make the database refuse again to change whatever is written once."""
        from infra.ledger_guards import lost_guards, put_guard_back

        with self.writing() as connection:
            for table in lost_guards(connection):
                put_guard_back(connection, table)

    # ------------------------------------------------------------ within a transaction

    def _add(self, table: Table, record: Any, actor: str, action: str) -> bool:
        """Write a record and its link, once; return False when its key is known."""
        (column,) = table.primary_key.columns
        key = getattr(record, column.name)
        with self.writing() as connection:
            if self._has(connection, table, key):
                return False
            seq = self._note(connection, actor, action, f"{table.name}/{key}", as_written(record))
            self._insert(connection, table, values_of(record), seq)
            return True

    def _change(
        self, connection: Connection, table: Table, record: Any, detail: dict[str, Any], link: tuple[str, str]
    ) -> int:
        """Write a record anew under its key, with its link: `link` is actor and action. Return the link's number."""
        (column,) = table.primary_key.columns
        key = getattr(record, column.name)
        seq = self._note(connection, *link, f"{table.name}/{key}", detail)
        connection.execute(_changing(table, column), row_values(values_of(record)) | {KEY: key})
        return seq

    def _insert(self, connection: Connection, table: Table, values: dict[str, Any], seq: int) -> None:
        connection.execute(table.insert(), row_values(values) | {"ledger_seq": seq})

    def _note(self, connection: Connection, actor: str, action: str, subject: str, detail: dict[str, Any]) -> int:
        """Add the link about a change to the chain and return its number."""
        seq, digest = self._head(connection)
        if audit.is_keyed(digest) and self.key is None:
            raise audit.key_missing()
        if self.key and digest and not audit.is_keyed(digest) and action != audit.KEY_BEGUN:
            raise audit.key_not_begun()
        entry = audit.next_entry(seq, digest, self.now(), actor, action, subject, detail, self.key)
        connection.execute(self.tables.audit.insert(), values_of(entry))
        return entry.seq

    def _head(self, connection: Connection) -> tuple[int, str]:
        row = connection.execute(_newest(self.tables.audit)).first()
        return (row.seq, row.hash) if row else (0, "")

    def _has(self, connection: Connection, table: Table, key: str) -> bool:
        (column,) = table.primary_key.columns
        return connection.execute(_selecting(table, (column.name,)), {column.name: key}).first() is not None

    def _one(self, connection: Connection, table: Table, record: type[Record], key: str, remedy_vi: str = "") -> Record:
        (column,) = table.primary_key.columns
        row = connection.execute(_selecting(table, (column.name,)), {column.name: key}).first()
        if row is None:
            raise OperationError(
                f"Sổ cái không có {table.name}/{key}.", f"The ledger has no {table.name}/{key}.",
                place=self.engine.url.render_as_string(hide_password=True), remedy_vi=remedy_vi,
            )
        return to_record(record, row)

    def _rows(self, connection: Connection, table: Table, **where: Any) -> list[Row[Any]]:
        """Return the rows whose columns have the given values (None: any), in the order written."""
        asked = {name: value for name, value in where.items() if value is not None}
        return list(connection.execute(_selecting(table, tuple(asked)), asked))

    def _records(self, connection: Connection, table: Table, record: type[Record], **where: Any) -> list[Record]:
        return [to_record(record, row) for row in self._rows(connection, table, **where)]


# Statements are made once and executed with values: making one costs more than executing it in a small ledger.
@cache
def _selecting(table: Table, names: tuple[str, ...]) -> Select[Any]:
    from sqlalchemy import bindparam

    order = [table.c[name] for name in ("ledger_seq", "position", "seq") if name in table.c]
    return table.select().where(*(table.c[name] == bindparam(name) for name in names)).order_by(*order)


@cache
def _changing(table: Table, column: Column[Any]) -> Update:
    from sqlalchemy import bindparam

    return table.update().where(column == bindparam(KEY))


@cache
def _newest(table: Table) -> Select[Any]:
    return table.select().with_only_columns(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)


def values_of(record: Any) -> dict[str, Any]:
    """Return a flat record's values by field; `dataclasses.asdict` copies each value deep, at ten times the cost."""
    return {name: getattr(record, name) for name in _field_names(type(record))}  # type: ignore[arg-type]


def as_written(record: Any) -> dict[str, Any]:
    """Return a record as the audit chain has it: a later field that says nothing is left out, as before it came."""
    later = LATER_FIELDS.get(type(record), {})
    return {name: value for name, value in values_of(record).items() if later.get(name, ...) != value}


def row_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return a record's values as columns hold them: a list of addresses is one text."""
    return {name: ";".join(value) if isinstance(value, tuple) else value for name, value in values.items()}


def to_record(record: type[Record], row: Row[Any]) -> Record:
    """Return a row as the record it was."""
    names = _field_names(record)  # type: ignore[arg-type]
    values = {name: value for name, value in zip(row._fields, row, strict=True) if name in names}
    if "addresses" in values:
        values["addresses"] = tuple(filter(None, values["addresses"].split(";")))
    return record(**values)


@cache
def _field_names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


def ledger_error(vi: str, en: str, remedy_vi: str = "") -> OperationError:
    """Return an error about what the ledger holds or is asked."""
    return OperationError(vi, en, remedy_vi=remedy_vi)
