"""The ledger's first schema."""

import sqlalchemy as sa
from alembic import op

from infra.ledger_tables import refuse_changes

revision = "0001"
down_revision = None

WRITTEN_ONCE = ("documents", "decisions", "editions", "outputs", "audit")
TEXT_COLUMNS = {
    "receipts": "receipt_id period message sha256 sender_address submitter_id subject sent_at received_at status"
    " reason_vi supersedes in_reply_to",
    "documents": "receipt_id message file sha256 media_type",
    "decisions": "decision_id kind period target value basis reason person decided_at expires_at",
    "editions": "edition_id period build_id manifest_sha256 published_at",
    "outputs": "edition_id name sha256 media_type",
    "deliveries": "delivery_id edition_id period recipient_id recipient_name channel addresses state subject"
    " created_at message_id message_sha256 place claimed_at data_ended_at finished_at server response",
    "runs": "run_id period command started_at finished_at outcome build_id edition_id",
    "audit": "at actor action subject detail prev_hash hash",
}
NUMBER_COLUMNS = {
    "receipts": "ledger_seq",
    "documents": "size ledger_seq position",
    "decisions": "ledger_seq",
    "editions": "number ledger_seq",
    "outputs": "size ledger_seq position",
    "deliveries": "attempts ledger_seq",
    "runs": "ledger_seq",
    "audit": "seq",
}
KEYS = {
    "receipts": ["receipt_id"],
    "documents": ["receipt_id", "file"],
    "decisions": ["decision_id"],
    "editions": ["edition_id"],
    "outputs": ["edition_id", "name"],
    "deliveries": ["delivery_id"],
    "runs": ["run_id"],
    "audit": ["seq"],
}
UNIQUE = {"editions": ["period", "number"], "deliveries": ["edition_id", "recipient_id"], "audit": ["prev_hash"]}
PARENTS = {"documents": ("receipts", "receipt_id"), "outputs": ("editions", "edition_id")}
INDEXED = {"receipts": "period", "decisions": "period", "deliveries": "period", "runs": "period", "audit": "subject"}


def upgrade() -> None:
    for table, key in KEYS.items():
        texts = [sa.Column(name, sa.Text, nullable=False) for name in TEXT_COLUMNS[table].split()]
        numbers = [
            sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)
            for name in NUMBER_COLUMNS[table].split()
        ]
        constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{table}")]
        if table in PARENTS:
            parent, column = PARENTS[table]
            constraints.append(sa.ForeignKeyConstraint([column], [f"{parent}.{column}"], name=f"fk_{table}_{column}"))
        if table in UNIQUE:
            constraints.append(sa.UniqueConstraint(*UNIQUE[table], name=f"uq_{table}_{'_'.join(UNIQUE[table])}"))
        op.create_table(table, *texts, *numbers, *constraints)
    for table, column in INDEXED.items():
        op.create_index(f"ix_{table}_{column}", table, [column])
    for table in WRITTEN_ONCE:
        for statement in refuse_changes(table, op.get_bind().dialect.name):
            op.execute(statement)
