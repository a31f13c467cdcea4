"""Announcements that are an exercise or a test."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was announced before was meant: nothing ever set the flag that this replaces."""
    status = sa.Column("status", sa.String(32), nullable=False, server_default=sa.text("'actual'"))
    op.add_column("announcement", status)
    op.drop_column("announcement", "is_exercise")
