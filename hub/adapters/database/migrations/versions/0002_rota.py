"""Shifts get a name and say what they are for; single days, absences, hand-over notes and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MINUTES = "start_minute BETWEEN 0 AND 1439 AND end_minute BETWEEN 0 AND 1440"


def upgrade() -> None:
    """A shift of somebody who answers for the duty desk there is for that; all others are volunteers'."""
    _shift_table("shift_new", "shift", sa.Column("weekday", sa.Integer(), nullable=False))
    op.execute(
        "INSERT INTO shift_new (community_id, id, person_id, place, duty, weekday, start_minute, end_minute)"
        " SELECT community_id, 'shift-' || id, person_id, place,"
        " CASE WHEN EXISTS (SELECT 1 FROM assignment a WHERE a.community_id = shift.community_id"
        " AND a.person_id = shift.person_id AND a.place = shift.place AND a.duty = 'desk')"
        " THEN 'desk' ELSE 'volunteer' END, weekday, start_minute, end_minute FROM shift"
    )
    op.drop_table("shift")
    op.rename_table("shift_new", "shift")
    _shift_table("extra_shift", "extra_shift", sa.Column("day", sa.Date(), nullable=False))
    op.create_table(
        "swap",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("shift_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("agreed_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 2880", name=op.f("ck_swap_part")
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_swap_community_id")),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_swap")),
    )
    op.create_table(
        "absence",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_ms < until_ms", name=op.f("ck_absence_stretch")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_absence_community_id")),
        _person("absence"),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f("pk_absence")),
    )
    op.create_table(
        "hand_over",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_hand_over_community_id")),
        _place("hand_over"),
        sa.PrimaryKeyConstraint("community_id", "place", "duty", "ends_ms", name=op.f("pk_hand_over")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_audit_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_community_id_at_ms"), "audit", ["community_id", "at_ms"])


def _shift_table(name: str, called: str, day: sa.Column) -> None:
    checks = [sa.CheckConstraint(MINUTES, name=op.f(f"ck_{called}_minutes"))]
    if called == "shift":
        checks.append(sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_shift_weekday")))
    op.create_table(
        name,
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        day,
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        *checks,
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f(f"fk_{called}_community_id")),
        _person(called),
        _place(called),
        sa.PrimaryKeyConstraint("community_id", "id", name=op.f(f"pk_{called}")),
    )


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", "person_id"],
        ["person.community_id", "person.id"],
        name=op.f(f"fk_{table}_community_id_person_id"),
        ondelete="CASCADE",
    )


def _place(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["community_id", "place"], ["place.community_id", "place.slug"], name=op.f(f"fk_{table}_community_id_place")
    )
