"""What devices conclude from the sound alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The last conclusion of each device, and that of each announcement there."""
    op.add_column("device", sa.Column("finding", sa.String(32), nullable=True))
    op.add_column("device", sa.Column("finding_ms", sa.BigInteger(), nullable=True))
    op.add_column("progress", sa.Column("finding", sa.String(32), nullable=True))
