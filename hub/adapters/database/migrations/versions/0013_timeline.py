"""By which clock the instant of an announcement is agreed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was announced before is meant by the clock on the wall, as it was sent."""
    op.add_column("announcement", sa.Column("boot", sa.String()))
    op.add_column("announcement", sa.Column("base_ns", sa.BigInteger()))
