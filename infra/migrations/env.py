"""Alembic's entry: runs on the connection that opens the ledger, inside its transaction."""

from alembic import context

from infra.ledger_tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
