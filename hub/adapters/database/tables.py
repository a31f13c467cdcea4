"""Every table: what is stored, what must be unique, and what is looked up.

Rows that record what happened (presses, alerts, journal, notifications) name people, places and devices without a
foreign key: a press from a device that nobody entered is stored all the same, and a person can be erased later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from hub.domain.alerts import Aloud, Kind, Purpose, Stage, State
from hub.domain.announcements import Reached, Status
from hub.domain.findings import Finding
from hub.domain.ladder import Ladder, Rung, Who
from hub.domain.people import ChannelName, Duty, Role
from hub.domain.places import PlaceKind, Spans
from hub.domain.second_person import Hold

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _values(members: Sequence[StrEnum]) -> list[str]:
    return [member.value for member in members]


def _named(kind: type[StrEnum]) -> Enum:
    """A member's value as text. No CHECK lists the members: a new one would rebuild the table on SQLite."""
    return Enum(kind, native_enum=False, create_constraint=False, length=32, values_callable=_values)


class AsTuple(TypeDecorator[tuple[Any, ...]]):
    """A JSON list that is read as a tuple."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[Any, ...] | None:
        """What the frozen dataclasses hold."""
        return None if value is None else tuple(value)


class AsLadder(TypeDecorator[Ladder]):
    """A ladder as a JSON list of its rungs."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Ladder | None, dialect: Dialect) -> list[dict[str, Any]] | None:
        """Names and numbers of each rung."""
        return None if value is None else [asdict(rung) for rung in value]

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Ladder | None:
        """The rungs as the rules know them."""
        return None if value is None else tuple(_rung(**rung) for rung in value)


class AsSpans(TypeDecorator[Spans]):
    """Spans of a day as a JSON list of pairs."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Spans | None:
        """What the frozen dataclasses hold."""
        return None if value is None else tuple((begins, ends) for begins, ends in value)


def _rung(who: list[str], wait_ms: int, channels: list[str] | None, needed: int) -> Rung:
    ways = None if channels is None else tuple(ChannelName(one) for one in channels)
    return Rung(tuple(Who(one) for one in who), wait_ms, ways, needed)


def _serial() -> Column[int]:
    """A number that rises with every row; SQLite counts only in a column declared INTEGER."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _community() -> Column[int]:
    return Column("community_id", Integer, ForeignKey("community.id"), nullable=False)


def _version() -> Column[int]:
    """Counts the changes of what people edit, so that nobody overwrites what he has not seen."""
    return Column("version", Integer, nullable=False, server_default=text("1"))


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _ms(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


# --- the community and its people ----------------------------------------------------------------------

community = Table(
    "community",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("slug", String, nullable=False, unique=True),
    _text("name"),
    _text("timezone"),
    _text("language"),
    _version(),
)

place = Table(
    "place",
    metadata,
    _serial(),
    _community(),
    _text("slug"),
    Column("kind", _named(PlaceKind), nullable=False),
    _text("name"),
    _text("parent"),
    Column("x", Double, nullable=False),
    Column("y", Double, nullable=False),
    Column("quiet_hours", AsSpans(none_as_null=True)),
    Column("noise_budget_min", Integer),
    _version(),
    UniqueConstraint("community_id", "slug"),
)

home = Table(
    "home",
    metadata,
    _community(),
    _text("id"),
    _text("place"),
    _text("name"),
    _version(),
    PrimaryKeyConstraint("community_id", "id"),
    ForeignKeyConstraint(["community_id", "place"], ["place.community_id", "place.slug"]),
    Index(None, "community_id", "place"),
)

person = Table(
    "person",
    metadata,
    _community(),
    _text("id"),
    _text("name"),
    _text("phone"),
    _text("language"),
    Column("place", String, nullable=False, server_default=text("''")),
    Column("link_hash", String, unique=True),
    _version(),
    PrimaryKeyConstraint("community_id", "id"),
)

contact = Table(
    "contact",
    metadata,
    _community(),
    _text("person_id"),
    Column("position", Integer, nullable=False),
    Column("channel", _named(ChannelName), nullable=False),
    _text("address"),
    PrimaryKeyConstraint("community_id", "person_id", "position"),
    ForeignKeyConstraint(["community_id", "person_id"], ["person.community_id", "person.id"], ondelete="CASCADE"),
)

assignment = Table(
    "assignment",
    metadata,
    _serial(),
    _community(),
    _text("person_id"),
    _text("place"),
    Column("duty", _named(Duty), nullable=False),
    UniqueConstraint("community_id", "person_id", "place", "duty"),
    ForeignKeyConstraint(["community_id", "person_id"], ["person.community_id", "person.id"], ondelete="CASCADE"),
    Index(None, "community_id", "place"),
)

mutual_aid = Table(
    "mutual_aid",
    metadata,
    _community(),
    _text("id"),
    _text("name"),
    Column("person_ids", AsTuple, nullable=False),
    Column("places", AsTuple, nullable=False),
    _version(),
    PrimaryKeyConstraint("community_id", "id"),
)

ladder = Table(
    "ladder",
    metadata,
    _community(),
    _text("id"),
    _text("name"),
    _text("place"),
    Column("kind", _named(Kind)),
    Column("from_minute", Integer, nullable=False),
    Column("to_minute", Integer, nullable=False),
    Column("rungs", AsLadder, nullable=False),
    _version(),
    PrimaryKeyConstraint("community_id", "id"),
)

resident = Table(
    "resident",
    metadata,
    _community(),
    _text("id"),
    _text("home_id"),
    _text("name"),
    Column("born_year", Integer),
    _text("notes"),
    _text("language"),
    _version(),
    PrimaryKeyConstraint("community_id", "id"),
    ForeignKeyConstraint(["community_id", "home_id"], ["home.community_id", "home.id"]),
    Index(None, "community_id", "home_id"),
)

# --- the rota ------------------------------------------------------------------------------------------


def _of_person() -> ForeignKeyConstraint:
    columns, person = ["community_id", "person_id"], ["person.community_id", "person.id"]
    return ForeignKeyConstraint(columns, person, ondelete="CASCADE")


def _at_place() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community_id", "place"], ["place.community_id", "place.slug"])


def _minutes() -> CheckConstraint:
    return CheckConstraint("start_minute BETWEEN 0 AND 1439 AND end_minute BETWEEN 0 AND 1440", name="minutes")


shift = Table(
    "shift",
    metadata,
    _community(),
    _text("id"),
    _text("person_id"),
    _text("place"),
    Column("duty", _named(Duty), nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("start_minute", Integer, nullable=False),
    Column("end_minute", Integer, nullable=False),
    PrimaryKeyConstraint("community_id", "id"),
    _of_person(),
    _at_place(),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    _minutes(),
)

extra_shift = Table(
    "extra_shift",
    metadata,
    _community(),
    _text("id"),
    _text("person_id"),
    _text("place"),
    Column("duty", _named(Duty), nullable=False),
    Column("day", Date, nullable=False),
    Column("start_minute", Integer, nullable=False),
    Column("end_minute", Integer, nullable=False),
    PrimaryKeyConstraint("community_id", "id"),
    _of_person(),
    _at_place(),
    _minutes(),
)

swap = Table(
    "swap",
    metadata,
    _community(),
    _text("id"),
    _text("shift_id"),  # a weekly shift or an extra one
    Column("day", Date, nullable=False),
    _text("person_id"),  # empty: nobody
    Column("from_minute", Integer, nullable=False),
    Column("until_minute", Integer, nullable=False),
    _text("asked_by"),
    _ms("asked_ms"),
    _ms("agreed_ms", nullable=True),  # NULL while it is only asked for
    PrimaryKeyConstraint("community_id", "id"),
    CheckConstraint("0 <= from_minute AND from_minute < until_minute AND until_minute <= 2880", name="part"),
)

absence = Table(
    "absence",
    metadata,
    _community(),
    _text("id"),
    _text("person_id"),
    _ms("from_ms"),
    _ms("until_ms"),
    PrimaryKeyConstraint("community_id", "id"),
    _of_person(),
    CheckConstraint("from_ms < until_ms", name="stretch"),
)

hand_over = Table(
    "hand_over",
    metadata,
    _community(),
    _text("place"),
    Column("duty", _named(Duty), nullable=False),
    _ms("ends_ms"),
    _text("person_id"),
    _text("text"),
    _ms("written_ms"),
    PrimaryKeyConstraint("community_id", "place", "duty", "ends_ms"),
    _at_place(),
)

# What points to whether people can be reached; rows of people who are erased go with them.

said = Table(
    "said",
    metadata,
    _community(),
    _text("person_id"),
    Column("is_here", Boolean, nullable=False),
    _ms("said_ms"),
    _ms("until_ms"),
    PrimaryKeyConstraint("community_id", "person_id"),
    _of_person(),
)

answered = Table(
    "answered",
    metadata,
    _community(),
    _text("person_id"),
    _ms("at_ms"),
    PrimaryKeyConstraint("community_id", "person_id"),
    _of_person(),
)

last_outcome = Table(
    "last_outcome",
    metadata,
    _community(),
    _text("person_id"),
    Column("channel", _named(ChannelName), nullable=False),
    Column("is_taken", Boolean, nullable=False),
    _ms("at_ms"),
    PrimaryKeyConstraint("community_id", "person_id", "channel"),
)

unreachable = Table(
    "unreachable",
    metadata,
    _community(),
    _text("person_id"),
    PrimaryKeyConstraint("community_id", "person_id"),
)

audit = Table(
    "audit",
    metadata,
    _serial(),
    _community(),
    _ms("at_ms"),
    _text("actor"),
    _text("what"),
    Column("detail", JSON, nullable=False),
    Index(None, "community_id", "at_ms"),
)

# --- devices and presses -------------------------------------------------------------------------------

device = Table(
    "device",
    metadata,
    Column("id", String, primary_key=True),  # not by community: it names a client of the broker
    _community(),
    _text("place"),
    _text("state"),
    _text("session"),
    _text("agent"),
    _ms("heard_ms", nullable=True),
    Column("clock_offset_ms", Double),
    Column("outbox", Integer),
    Column("volume", Double, nullable=False),
    Column("delay_ms", Double, nullable=False, server_default="0"),
    Column("config_digest", String),
    _ms("config_sent_ms", nullable=True),
    Column("proved_ms", JSON, nullable=False),
    Column("finding", _named(Finding)),
    _ms("finding_ms", nullable=True),
    _version(),
    ForeignKeyConstraint(["community_id", "place"], ["place.community_id", "place.slug"]),
    Index(None, "community_id", "place"),
)

button = Table(
    "button",
    metadata,
    _community(),
    Column("device", String, ForeignKey("device.id"), nullable=False),
    _text("name"),
    Column("home_id", String),
    _text("output"),
    _version(),
    PrimaryKeyConstraint("device", "name"),
    ForeignKeyConstraint(["community_id", "home_id"], ["home.community_id", "home.id"]),
    Index(None, "community_id", "home_id"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    Column("kind", _named(Kind), nullable=False),
    _text("joins"),
    _text("device"),
    _text("button"),
    _text("place"),
    Column("home_id", String),
    _ms("opened_ms"),
    Column("state", _named(State), nullable=False),
    Column("rung", Integer, nullable=False),
    _ms("due_ms", nullable=True),
    _ms("remind_ms", nullable=True),
    Column("pressed_ms", AsTuple, nullable=False),
    Column("stage_seq", Integer, nullable=False),
    Column("acceptor_id", String),
    _ms("accepted_ms", nullable=True),
    _ms("promised_ms", nullable=True),
    _ms("arrived_ms", nullable=True),
    _ms("closed_ms", nullable=True),
    Column("going", AsTuple, nullable=False, server_default=text("'[]'")),
    Column("needed", Integer, nullable=False, server_default=text("1")),
    _ms("family_ms", nullable=True),
    Column("is_aloud", Boolean, nullable=False, server_default=text("0")),
    Column("is_exercise", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("(state = 'closed') = (due_ms IS NULL)", name="one_deadline"),
    Index(
        "uq_alert_not_closed",
        "community_id",
        "joins",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
    Index(
        "ix_alert_due",
        "community_id",
        "due_ms",
        sqlite_where=text("due_ms IS NOT NULL"),
        postgresql_where=text("due_ms IS NOT NULL"),
    ),
    Index(
        "ix_alert_remind",
        "community_id",
        "remind_ms",
        sqlite_where=text("remind_ms IS NOT NULL"),
        postgresql_where=text("remind_ms IS NOT NULL"),
    ),
    Index(None, "community_id", "opened_ms"),
)

press = Table(
    "press",
    metadata,
    _serial(),
    _community(),
    _text("device"),
    _text("press_id"),
    _ms("pressed_at_ms"),
    Column("seq", BigInteger, nullable=False),
    _text("button"),
    _text("gesture"),
    _ms("received_ms"),
    Column("alert_id", String, ForeignKey("alert.id")),
    Column("is_new_alert", Boolean, nullable=False),
    Column("episode_id", String),
    Column("raw", LargeBinary),
    # The six that make it the same press, in one: SQLite looks a list of values up in an index, a list of rows not.
    # The button's name comes last, being the only one that may hold a slash.
    Column(
        "key",
        String,
        Computed(
            "device || '/' || press_id || '/' || CAST(pressed_at_ms AS TEXT) || '/' || CAST(seq AS TEXT)"
            " || '/' || gesture || '/' || button",
            persisted=True,
        ),
        nullable=False,
        unique=True,
    ),
    Index(None, "alert_id"),
    Index(None, "community_id", "device", "button", "received_ms"),
)

# --- what follows an alert -----------------------------------------------------------------------------


def _alert() -> Column[str]:
    return Column("alert_id", String, ForeignKey("alert.id"), nullable=False, index=True)


alert_clock = Table(
    "alert_clock",
    metadata,
    _community(),
    _text("boot_id"),
    _ms("offset_ms"),
    PrimaryKeyConstraint("community_id", "boot_id"),
)

journal = Table(
    "journal",
    metadata,
    _serial(),
    _community(),
    _alert(),
    _ms("at_ms"),
    _text("what"),
    _text("actor"),
    Column("detail", JSON, nullable=False),
)

notification = Table(
    "notification",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    _alert(),
    Column("person_id", String),
    Column("channel", _named(ChannelName), nullable=False),
    _text("address"),
    Column("purpose", _named(Purpose), nullable=False),
    Column("about_person_id", String),
    Column("rung", Integer, nullable=False),
    _ms("created_ms"),
    _ms("due_ms"),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    _ms("sent_ms", nullable=True),
    _text("error"),
    CheckConstraint("state IN ('due', 'sent', 'failed', 'dropped')", name="state"),
    Index(
        "ix_notification_due",
        "community_id",
        "due_ms",
        sqlite_where=text("state = 'due'"),
        postgresql_where=text("state = 'due'"),
    ),
)

telling = Table(
    "telling",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    _alert(),
    _text("device"),
    _text("button"),
    Column("stage", _named(Stage), nullable=False),
    Column("stage_seq", Integer, nullable=False),
    Column("person_id", String),
    Column("minutes", Integer),
    _ms("created_ms"),
    _ms("sent_ms", nullable=True),
    Index(
        "ix_telling_unsent",
        "community_id",
        "created_ms",
        sqlite_where=text("sent_ms IS NULL"),
        postgresql_where=text("sent_ms IS NULL"),
    ),
)

callout = Table(
    "callout",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    _alert(),
    _text("place"),
    Column("what", _named(Aloud), nullable=False),
    _ms("created_ms"),
    _ms("due_ms", nullable=True),
    Column("announcement_id", String),
    Index(None, "community_id", "place", "created_ms"),
    Index(
        "ix_callout_due",
        "community_id",
        "due_ms",
        sqlite_where=text("due_ms IS NOT NULL"),
        postgresql_where=text("due_ms IS NOT NULL"),
    ),
)

# --- announcements -------------------------------------------------------------------------------------

announcement = Table(
    "announcement",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    _text("kind"),
    Column("priority", Integer, nullable=False),
    _text("title"),
    _text("text"),
    _text("spoken"),
    Column("places", AsTuple, nullable=False),
    _text("audio_sha256"),
    Column("duration_ms", Integer, nullable=False),
    Column("repeat", Integer, nullable=False),
    _ms("play_at_ms"),
    _ms("valid_until_ms"),
    _ms("created_ms"),
    _text("created_by"),
    _ms("stopped_ms", nullable=True),
    Column("status", _named(Status), nullable=False, server_default=text("'actual'")),
    Column("hold", _named(Hold)),  # NULL, as what follows, for one that needed no second person
    _ms("hold_until_ms", nullable=True),
    _ms("hold_at_ms", nullable=True),
    Column("hold_by", String),
    Column("boot", String),  # NULL, as the next, where the clock on the wall is meant
    Column("base_ns", BigInteger),
    Index(None, "community_id", "created_ms"),
    Index(None, "community_id", "valid_until_ms"),
    Index(None, "community_id", "hold"),
)

progress = Table(
    "progress",
    metadata,
    _community(),
    Column("announcement_id", String, ForeignKey("announcement.id"), nullable=False),
    _text("device"),
    _text("place"),
    Column("reached", _named(Reached), nullable=False),
    Column("at_ms", JSON, nullable=False),
    _ms("started_ms", nullable=True),
    _text("reason"),
    Column("is_heard", Boolean),  # NULL, as what follows, while there is no evidence
    Column("correlation", Double),
    Column("lag_ms", Double),
    Column("level_dbfs", Double),
    Column("finding", _named(Finding)),
    PrimaryKeyConstraint("announcement_id", "device"),
)

sound = Table(
    "sound",
    metadata,
    _community(),
    _text("sha256"),
    Column("opus", LargeBinary, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    _ms("created_ms"),
    PrimaryKeyConstraint("community_id", "sha256"),
)

# --- who may sign in -----------------------------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("id", String, primary_key=True),
    _community(),
    _text("person_id"),
    _text("username"),
    _text("password_hash"),
    Column("role", _named(Role), nullable=False),
    _version(),
    UniqueConstraint("community_id", "username"),
    ForeignKeyConstraint(["community_id", "person_id"], ["person.community_id", "person.id"]),
)

access_grant = Table(
    "access_grant",
    metadata,
    Column("hash", String, primary_key=True),
    _community(),
    Column("role", _named(Role), nullable=False),
    Column("person_id", String),
    _text("name"),
    _ms("created_ms"),
    _ms("expires_ms"),
    _text("kind"),
)
