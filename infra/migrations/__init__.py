"""The ledger's schema over time. Opening the ledger brings it up to date; nobody runs a migration by hand.

To change it: change the record in `infra/ledger_records.py`, write `versions/<next>_<what>.py` that does the
same to a ledger in use, and set `HEAD`. The tests compare what both ways give.

Alembic takes most of a second to import, so it is imported only when there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.errors import OperationError

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0004"  # the newest file in versions/; a test compares them


def bring_up_to_date(connection: Connection) -> None:
    """Create the schema, or migrate it; `connection` is in a transaction that no other writer shares.

    Raises:
        OperationError: The ledger was written by a newer release.
    """
    from sqlalchemy import inspect

    version = schema_version(connection)
    if version == HEAD:
        return
    if version == "" and not inspect(connection).get_table_names():
        _create(connection)
    else:
        migrate(connection)


def schema_version(connection: Connection) -> str:
    """Return the revision the ledger stands at; "" when it has none yet."""
    from sqlalchemy import inspect

    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


def migrate(connection: Connection, to: str = "head") -> None:
    """Run the migrations up to `to` with Alembic."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise OperationError(
            "Sổ cái do một phiên bản khác của chương trình tạo ra.",
            f"The ledger's schema is not one of this release: {error}",
            remedy_vi="Dùng đúng phiên bản chương trình đã ghi sổ cái, hoặc phiên bản mới hơn.",
        ) from error


def _create(connection: Connection) -> None:
    """Create the newest schema at once, as all migrations together would."""
    from infra.ledger_tables import metadata

    metadata.create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')")
