"""What points to whether people can be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What they said, when they answered, what became of the last notification, and who is known not to be reached."""
    op.create_table(
        "said",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("is_here", sa.Boolean(), nullable=False),
        sa.Column("said_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        _community("said"),
        _person("said"),
        sa.PrimaryKeyConstraint("community_id", "person_id", name=op.f("pk_said")),
    )
    op.create_table(
        "answered",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        _community("answered"),
        _person("answered"),
        sa.PrimaryKeyConstraint("community_id", "person_id", name=op.f("pk_answered")),
    )
    op.create_table(
        "last_outcome",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        _community("last_outcome"),
        sa.PrimaryKeyConstraint("community_id", "person_id", "channel", name=op.f("pk_last_outcome")),
    )
    op.create_table(
        "unreachable",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        _community("unreachable"),
        sa.PrimaryKeyConstraint("community_id", "person_id", name=op.f("pk_unreachable")),
    )


def _community(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{table}_community_id"))


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", "person_id"],
        ["person.community_id", "person.id"],
        name=op.f(f"fk_{table}_community_id_person_id"),
        ondelete="CASCADE",
    )
