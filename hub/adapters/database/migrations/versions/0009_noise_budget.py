"""Noise budgets of single places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """That of the setting holds everywhere."""
    op.add_column("place", sa.Column("noise_budget_min", sa.Integer(), nullable=True))
