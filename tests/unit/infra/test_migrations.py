"""The migrations lead to the schema that a fresh ledger gets at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from infra import migrations
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
