"""How much earlier or later each device plays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that exist play at the agreed instant, as before."""
    op.add_column("device", sa.Column("delay_ms", sa.Double(), nullable=False, server_default="0"))
