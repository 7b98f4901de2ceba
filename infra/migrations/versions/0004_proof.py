"""A receipt keeps why its sender was believed, when the last mail server took it over, and what was decided of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ADDED = {"traced_at": "", "proof": "earlier", "proof_vi": "", "held_vi": "", "decision_id": ""}


def upgrade() -> None:
    for column, as_received_before in ADDED.items():
        op.add_column("receipts", sa.Column(column, sa.Text, nullable=False, server_default=as_received_before))
