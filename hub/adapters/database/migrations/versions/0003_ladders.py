"""Stored ladders, mutual-aid groups, what loudspeakers say of an alert, where people set out from, and who goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables and columns; whoever had accepted an alert is the one who goes."""
    op.create_table(
        "ladder",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=True),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.Column("rungs", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_ladder_community_id")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_ladder")),
    )
    op.create_table(
        "mutual_aid",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person_ids", sa.JSON(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_mutual_aid_community_id")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_mutual_aid")),
    )
    op.create_table(
        "callout",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=True),
        sa.Column("announcement_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_callout_community_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_callout_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callout")),
    )
    op.create_index(op.f("ix_callout_alert_id"), "callout", ["alert_id"])
    op.create_index(
        op.f("ix_callout_community_id_place_created_ms"), "callout", ["community_id", "place", "created_ms"]
    )
    op.create_index("ix_callout_due", "callout", ["community_id", "due_ms"], sqlite_where=sa.text("due_ms IS NOT NULL"))
    op.add_column("person", sa.Column("place", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("alert", sa.Column("going", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("alert", sa.Column("needed", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("alert", sa.Column("family_ms", sa.BigInteger(), nullable=True))
    op.add_column("alert", sa.Column("is_aloud", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE alert SET going = json_array(acceptor_id) WHERE acceptor_id IS NOT NULL")
