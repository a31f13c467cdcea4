"""The clock by which deadlines are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The first hub that starts notes it."""
    op.create_table(
        "alert_clock",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.String(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_alert_clock_community_id")),
        sa.PrimaryKeyConstraint("community_id", "boot_id", name=op.f("pk_alert_clock")),
    )
