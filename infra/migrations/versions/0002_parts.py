"""A receipt keeps its message id and the kind of its problem; a document the problem of its part of the message."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ADDED = {"receipts": ("message_id", "problem"), "documents": ("problem", "problem_vi")}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
