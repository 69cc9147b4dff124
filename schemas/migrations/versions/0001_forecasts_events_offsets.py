"""Forecasts, events, and how far each app has written them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first three tables."""
    op.create_table(
        "events",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position_ms", sa.BigInteger(), nullable=False),
        sa.Column("position_seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("time", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "body",
            sa.LargeBinary(),
            nullable=False,
            comment="the bytes as received, readable or not",
        ),
        sa.PrimaryKeyConstraint("run", "partition", "position_ms", "position_seq"),
    )
    op.create_index("events_by_subject", "events", ["run", "subject"], unique=False)
    op.create_table(
        "forecasts",
        sa.Column("run", sa.Text(), nullable=False, comment="live, or the name of a replay"),
        sa.Column("match_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause_type", sa.Text(), nullable=False),
        sa.Column("home", sa.Double(), nullable=False),
        sa.Column("draw", sa.Double(), nullable=False),
        sa.Column("away", sa.Double(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False, comment="entry id in the changes stream"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the JSON bytes as cached"),
        sa.PrimaryKeyConstraint("run", "match_id", "epoch", "revision", "model"),
    )
    op.create_table(
        "sink_offsets",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False, comment="record or archive"),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False, comment="last stream entry id written"),
        sa.PrimaryKeyConstraint("run", "app", "partition"),
        comment="written in one transaction with the rows, so that none is lost or doubled",
    )


def downgrade() -> None:
    """Drop them, and all that was recorded."""
    op.drop_table("sink_offsets")
    op.drop_table("forecasts")
    op.drop_index("events_by_subject", table_name="events")
    op.drop_table("events")
