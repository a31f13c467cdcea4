"""Which settings each device was last sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those that exist nobody noted it: they are sent theirs once more."""
    op.add_column("device", sa.Column("config_digest", sa.String(), nullable=True))
    op.add_column("device", sa.Column("config_sent_ms", sa.BigInteger(), nullable=True))
