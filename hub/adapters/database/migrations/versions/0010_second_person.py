"""The second person of an emergency announcement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was announced before was never held."""
    op.add_column("announcement", sa.Column("hold", sa.String(32), nullable=True))
    op.add_column("announcement", sa.Column("hold_until_ms", sa.BigInteger(), nullable=True))
    op.add_column("announcement", sa.Column("hold_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("announcement", sa.Column("hold_by", sa.String(), nullable=True))
    op.create_index(op.f("ix_announcement_community_id_hold"), "announcement", ["community_id", "hold"])
