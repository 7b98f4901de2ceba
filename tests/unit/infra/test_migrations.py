"""The migrations lead to the schema that a fresh ledger gets at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from infra import audit, migrations
from infra.errors import OperationError
from infra.ledger import Ledger, open_ledger
from infra.ledger_store import open_engine
from infra.ledger_tables import metadata
from infra.settings import load_settings

SCHEMA = {
    "sqlite": "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2",
    "postgresql": "SELECT 'column', table_name, column_name || ' ' || data_type || ' ' || is_nullable"
    " FROM information_schema.columns WHERE table_schema = 'public'"
    " UNION SELECT 'trigger', event_object_table, trigger_name || ' ' || event_manipulation"
    " FROM information_schema.triggers"
    " UNION SELECT 'index', tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " UNION SELECT 'constraint', table_name, constraint_name || ' ' || constraint_type"
    " FROM information_schema.table_constraints WHERE table_schema = 'public' AND constraint_type <> 'CHECK'"
    " ORDER BY 1, 2, 3",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return request.getfixturevalue("postgresql_url")


def _schema(ledger):
    with ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(text(SCHEMA[connection.dialect.name]))]


def test_head_is_the_newest_migration():
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_migrations_lead_to_the_tables_that_are_declared(url):
    ledger = Ledger(open_engine(url), lambda: "")
    with ledger.writing() as connection:
        migrations.migrate(connection)
        assert migrations.schema_version(connection) == migrations.HEAD
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    ledger.close()


def test_a_fresh_ledger_equals_a_migrated_one(url, tmp_path):
    migrated = Ledger(open_engine(url), lambda: "")
    with migrated.writing() as connection:
        migrations.migrate(connection)
    as_migrated = _schema(migrated)
    with migrated.writing() as connection:
        _drop_everything(connection)
    fresh = open_ledger(dataclasses.replace(load_settings(tmp_path / "home"), ledger_url=url))
    assert _schema(fresh) == as_migrated
    assert len(as_migrated) > 20
    migrated.close()
    fresh.close()


DELIVERY_BEFORE_CLAIMS = {
    "delivery_id": "2019-04-1.mic", "edition_id": "2019-04-1", "period": "2019-04", "recipient_id": "mic",
    "recipient_name": "Bộ TT&TT", "channel": "email", "addresses": ["a@x.example"], "state": "accepted",
    "subject": "Báo cáo", "created_at": "t", "message_id": "", "message_sha256": "", "place": "", "attempts": 1,
    "claimed_at": "t", "data_ended_at": "t", "finished_at": "t", "server": "sink", "response": "250 OK",
}


def test_what_an_older_release_wrote_stays_sound(url, tmp_path):
    """The links of a chain say what a record was then; fields that came later are not in them."""
    old = Ledger(open_engine(url), lambda: "")
    link = audit.next_entry(0, "", "t", "tonghop", "delivery_added", "deliveries/2019-04-1.mic", DELIVERY_BEFORE_CLAIMS)
    row = DELIVERY_BEFORE_CLAIMS | {"addresses": "a@x.example", "ledger_seq": 1}
    with old.writing() as connection:
        migrations.migrate(connection, "0002")
        for table, values in (("deliveries", row), ("audit", dataclasses.asdict(link))):
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
    old.close()
    ledger = open_ledger(dataclasses.replace(load_settings(tmp_path / "home"), ledger_url=url))
    assert ledger.verify_audit() == 1
    assert (ledger.deliveries()[0].claim, ledger.deliveries()[0].environment) == (0, "")
    ledger.close()


def test_a_ledger_of_a_newer_release_is_refused(url, tmp_path):
    settings = dataclasses.replace(load_settings(tmp_path / "home"), ledger_url=url)
    ledger = open_ledger(settings)
    with ledger.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    ledger.close()
    with pytest.raises(OperationError, match="phiên bản khác"):
        open_ledger(settings)


def _drop_everything(connection):
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        return
    metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))
