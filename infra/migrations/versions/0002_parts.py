"""A receipt keeps its message id and its problem, a document the problem of its part; files seen again are noted."""

import sqlalchemy as sa
from alembic import op

from infra.ledger_tables import refuse_changes

revision = "0002"
down_revision = "0001"

ADDED = {"receipts": ("message_id", "problem"), "documents": ("problem", "problem_vi")}
SIGHTING = "sighting_id period name receipt_id submitter_id kind sentence_vi seen_at"


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.create_table(
        "sightings",
        *(sa.Column(name, sa.Text, nullable=False) for name in SIGHTING.split()),
        sa.Column("ledger_seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("sighting_id", name="pk_sightings"),
    )
    op.create_index("ix_sightings_period", "sightings", ["period"])
    for statement in refuse_changes("sightings", op.get_bind().dialect.name):
        op.execute(statement)
