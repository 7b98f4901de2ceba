"""The ledger's schema: one table a record, columns named after its fields. Imports SQLAlchemy; import it late.

`ledger_seq` is the link of the audit chain that wrote the row, so it gives the order of events; `position`
is the place in a list written by one link. A change here needs a migration in `infra/migrations/versions`;
a test compares the two.
"""

from __future__ import annotations

import dataclasses

from sqlalchemy import DDL, BigInteger, Column, ForeignKey, Index, MetaData, Table, Text, UniqueConstraint, event

from infra.ledger_records import AuditEntry, Decision, Delivery, Document, Edition, Output, Receipt, Run, Sighting

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _column(name: str, kind: type, key: tuple[str, ...] = (), parent: str = "") -> Column:
    links = [ForeignKey(f"{parent}.{name}")] if parent else []
    return Column(name, kind, *links, primary_key=name in key, autoincrement=False, nullable=False)


def _fields(record: type, key: tuple[str, ...], parent: str = "") -> list[Column]:
    """Return a column a field; a list of records ("outputs") has a table of its own."""
    return [
        _column(field.name, BigInteger if field.type == "int" else Text, key,
                parent if field.name == key[0] else "")
        for field in dataclasses.fields(record) if field.name != "outputs"
    ]


def _order() -> Column:
    return _column("ledger_seq", BigInteger)


receipts = Table("receipts", metadata, *_fields(Receipt, ("receipt_id",)), _order())
documents = Table(
    "documents", metadata, *_fields(Document, ("receipt_id", "file"), parent="receipts"),
    _order(), _column("position", BigInteger),
)
sightings = Table("sightings", metadata, *_fields(Sighting, ("sighting_id",)), _order())
decisions = Table("decisions", metadata, *_fields(Decision, ("decision_id",)), _order())
editions = Table(
    "editions", metadata, *_fields(Edition, ("edition_id",)), _order(), UniqueConstraint("period", "number")
)
outputs = Table(
    "outputs", metadata, _column("edition_id", Text, ("edition_id",), parent="editions"),
    *_fields(Output, ("name",)), _order(), _column("position", BigInteger),
)
deliveries = Table(
    "deliveries", metadata, *_fields(Delivery, ("delivery_id",)), _order(),
    UniqueConstraint("edition_id", "recipient_id"),
)
runs = Table("runs", metadata, *_fields(Run, ("run_id",)), _order())
audit = Table("audit", metadata, *_fields(AuditEntry, ("seq",)), UniqueConstraint("prev_hash"))

for _indexed in (receipts, sightings, decisions, deliveries, runs):
    Index(None, _indexed.c.period)
Index(None, audit.c.subject)

WRITTEN_ONCE = ("documents", "sightings", "decisions", "editions", "outputs", "audit")


def refuse_changes(table: str, dialect: str) -> list[str]:
    """Return the statements after which the database itself refuses to change or delete rows of `table`."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
            for verb in ("update", "delete")
        ]
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table} is written once'; END $$",
        f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]


for _name in WRITTEN_ONCE:
    for _dialect in ("sqlite", "postgresql"):
        for _statement in refuse_changes(_name, _dialect):
            event.listen(metadata.tables[_name], "after_create", DDL(_statement).execute_if(dialect=_dialect))
