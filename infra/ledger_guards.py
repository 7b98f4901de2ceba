"""The database's own refusal to change what is written once: whether it still stands, and how it is put back.

The audit chain shows that a row was changed; the guards keep anybody from it who holds only the database. Who takes one
away leaves no link in the chain, so it is looked for by itself. Imports SQLAlchemy; import it late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.ledger_tables import WRITTEN_ONCE, refuse_changes

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Every trigger of a name that is one of ours, with what it does: 58 is "before update, delete and truncate".
_POSTGRESQL = """
    SELECT c.relname, p.prosrc FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgname = c.relname || '_refuse' AND t.tgenabled IN ('O', 'A') AND t.tgtype = 58 AND t.tgqual IS NULL
    AND cardinality(t.tgattr::int[]) = 0 AND pg_table_is_visible(c.oid)
"""


def lost_guards(connection: Connection) -> list[str]:
    """Return the tables whose rows the database would let somebody change or delete."""
    if connection.dialect.name == "sqlite":
        found = {row[0] for row in connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")}
        return [table for table in WRITTEN_ONCE if not found.issuperset(refuse_changes(table, "sqlite"))]
    bodies = {(row[0], row[1]) for row in connection.exec_driver_sql(_POSTGRESQL)}
    return [table for table in WRITTEN_ONCE if (table, _body(table)) not in bodies]


def put_guard_back(connection: Connection, table: str) -> None:
    """Make the database refuse again to change rows of a table, whatever stands in a trigger's place."""
    dialect = connection.dialect.name
    names = [f"{table}_update", f"{table}_delete"] if dialect == "sqlite" else [f"{table}_refuse"]
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{'' if dialect == 'sqlite' else f' ON {table}'}")
    for statement in refuse_changes(table, dialect):
        connection.exec_driver_sql(statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))


def _body(table: str) -> str:
    """Return what the function of a table's trigger does, as PostgreSQL keeps it."""
    return refuse_changes(table, "postgresql")[0].split("$$")[1]
