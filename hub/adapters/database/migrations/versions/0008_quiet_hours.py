"""Quiet hours of single places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those of the setting hold everywhere, as before."""
    op.add_column("place", sa.Column("quiet_hours", sa.JSON(), nullable=True))
