"""A delivery keeps the token of its last claim and the environment it was tried in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("claim", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("environment", sa.Text, nullable=False, server_default=""))
