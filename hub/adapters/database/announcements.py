"""Announcements, their sounds, and what became of them at each device, in tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter

from sqlalchemy import Connection, and_, bindparam, case, func, not_, or_, select, true

from hub.adapters.database import tables
from hub.adapters.database.prepared import rows_of, write_rows
from hub.adapters.database.rows import (
    COMMUNITY,
    WANTED,
    AnyRow,
    AnySelect,
    as_row,
    chunks,
    columns,
    insert_values,
    rows_in,
    upserts,
)
from hub.domain.announcements import Evidence, Progress, Reached
from hub.domain.findings import Finding
from hub.domain.quiet_hours import LOUD_PRIORITY
from hub.domain.second_person import Hold
from hub.services.ports import Announcement, Meant, Sound, Unheard

_ONE, _PART = tables.announcement.c, tables.progress.c
_ANNOUNCEMENTS = select(*columns(tables.announcement, Announcement)).where(_ONE.community_id == COMMUNITY)
_GET = _ANNOUNCEMENTS.where(_ONE.id == bindparam("announcement"))
_LATEST = _ANNOUNCEMENTS.order_by(_ONE.created_ms.desc(), _ONE.id.desc()).limit(bindparam("most"))
_NEWEST_FIRST = (_ONE.play_at_ms.desc(), _ONE.created_ms.desc(), _ONE.id.desc())
_BEGUN = (
    _ANNOUNCEMENTS.where(_ONE.play_at_ms.between(bindparam("since"), bindparam("until")))
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("most"))
)
_STILL_VALID = _ANNOUNCEMENTS.where(_ONE.valid_until_ms > bindparam("now")).order_by(_ONE.created_ms, _ONE.id)
_VALID = _STILL_VALID.where(_ONE.stopped_ms.is_(None))
_STOPPED = _STILL_VALID.where(_ONE.stopped_ms.is_not(None))
_STOP = (
    tables.announcement.update()
    .where(_ONE.community_id == COMMUNITY, _ONE.id == bindparam("announcement"), _ONE.stopped_ms.is_(None))
    .values(stopped_ms=bindparam("now"))
)
_HELD = _ANNOUNCEMENTS.where(_ONE.hold == Hold.HELD).order_by(_ONE.created_ms, _ONE.id)
_HOLD = ("hold", "hold_by", "hold_at_ms", "play_at_ms", "valid_until_ms", "stopped_ms", "boot", "base_ns")
_SAVE_HOLD = (
    tables.announcement.update()
    .where(_ONE.community_id == COMMUNITY, _ONE.id == bindparam("announcement"))
    .values({name: bindparam(f"new_{name}") for name in _HOLD})
)
_CLOSE_LIVE = (
    tables.announcement.update()
    .where(_ONE.community_id == COMMUNITY, _ONE.id == bindparam("announcement"))
    .values(audio_sha256=bindparam("sha256"), duration_ms=bindparam("length"), valid_until_ms=bindparam("now"))
)
_ONES_PART = (
    *("device", "place", "reached", "at_ms", "started_ms", "reason"),
    *("is_heard", "correlation", "lag_ms", "level_dbfs", "finding"),
)
_PROGRESS = (
    select(*(_PART[name] for name in _ONES_PART))
    .where(_PART.community_id == COMMUNITY)
    .order_by(_PART.announcement_id, _PART.device)
)
_PROGRESS_OF_ONE = _PROGRESS.where(_PART.announcement_id == bindparam("announcement"))
_PROGRESS_OF_SOME = _PROGRESS_OF_ONE.where(_PART.device.in_(WANTED))
_IS_SENT = _PART.at_ms[Reached.SENT.value].as_integer().is_not(None)
_WAS_SENT = or_(_PART.reached != Reached.SENT, _IS_SENT)
_LIKE = (_PART.reached, _WAS_SENT.label("is_sent"), _PART.is_heard, _PART.finding)
_ALIKE = (
    select(*_LIKE, func.count())
    .where(_PART.community_id == COMMUNITY, _PART.announcement_id == bindparam("announcement"))
    .group_by(*_LIKE)
)
# What domain.Progress says of one part, for all of them together.
_OF_SOME = (_PART.community_id == COMMUNITY) & _PART.announcement_id.in_(WANTED)
_IS_PLAYED = _PART.reached == Reached.PLAYED
_IS_HEARD = and_(_IS_PLAYED, func.coalesce(_PART.is_heard, False))
# In one value: each row is a moment in which Python's lock is let go and fought for, and open pages ask all the time.
_PLACES = select(func.aggregate_strings(_PART.place, ",")).where(
    _PART.community_id == COMMUNITY, _PART.announcement_id == bindparam("announcement")
)
_HERE = (_PART.device, _PART.place)
_MEANT = (
    select(*_HERE, case((func.count() < bindparam("all"), func.group_concat(_PART.announcement_id))))
    .where(_OF_SOME)
    .group_by(*_HERE)
)
_NUMBERED = (
    select(
        *(_PART.announcement_id, *_HERE),
        *(func.sum(case((fact, 1), else_=0)).over(partition_by=_HERE) for fact in (true(), _WAS_SENT, _IS_PLAYED)),
        *(*_LIKE, _PART.reason),
        func.row_number().over(partition_by=_HERE, order_by=_NEWEST_FIRST).label("number"),
    )
    .join(tables.announcement, _ONE.id == _PART.announcement_id)
    .where(_OF_SOME, not_(_IS_HEARD))
    .subquery()
)
_UNHEARD = (
    select(*_NUMBERED.c).where(_NUMBERED.c.number <= bindparam("most")).order_by(_NUMBERED.c.device, _NUMBERED.c.number)
)
_PLAYING, _INTERRUPTED, _PLAYED, _STOPPED_AT = (
    _PART.at_ms[state.value].as_integer()
    for state in (Reached.PLAYING, Reached.INTERRUPTED, Reached.PLAYED, Reached.STOPPED)
)
_END = func.coalesce(_PLAYED, _STOPPED_AT)
# One that was interrupted and played again was started last after that; `playing` keeps its first time.
_FIRST_MS = case((or_(_END.is_(None), _PART.started_ms > _INTERRUPTED), _INTERRUPTED - _PLAYING), else_=0)
_LEVEL = case((_ONE.priority >= LOUD_PRIORITY, 1.0), else_=tables.device.c.volume)
_SOUNDED = (
    select(
        _PART.device,
        func.sum((func.coalesce(_FIRST_MS, 0) + func.coalesce(_END - _PART.started_ms, 0)) * _LEVEL),
    )
    .join(tables.announcement, _ONE.id == _PART.announcement_id)
    .join(tables.device, tables.device.c.id == _PART.device)
    .where(
        _PART.community_id == COMMUNITY,
        _ONE.community_id == COMMUNITY,
        _ONE.valid_until_ms >= bindparam("since"),
        _PART.started_ms.is_not(None),
        func.coalesce(_END, _INTERRUPTED) >= bindparam("since"),
    )
    .group_by(_PART.device)
)
_NOT_SENT = tables.progress.update().where(
    _PART.community_id == COMMUNITY, _PART.announcement_id == bindparam("announcement"), ~_IS_SENT
)
_COUNT_AS_SENT = _NOT_SENT.values(at_ms=func.json_set(_PART.at_ms, f"$.{Reached.SENT.value}", bindparam("now")))
_COUNT_SOME_AS_SENT = _COUNT_AS_SENT.where(_PART.device.in_(WANTED))
_ADD_PROGRESS = tables.progress.insert().inline()
_SAVE_PROGRESS = upserts(tables.progress)
_SAVED = ("community_id", "announcement_id", *_ONES_PART)
_ADD_SOUND = upserts(tables.sound)
_SOUND = select(*columns(tables.sound, Sound)).where(
    tables.sound.c.community_id == COMMUNITY, tables.sound.c.sha256 == bindparam("sha256")
)


@dataclass(frozen=True, slots=True)
class StoredAnnouncements:
    """Fills ports.AnnouncementStore."""

    connection: Connection
    community_id: int

    def add(self, announcement: Announcement, devices: Sequence[tuple[str, str]]) -> None:
        """Stores it with one `sent` progress row for each (device, place)."""
        insert_values(self.connection, tables.announcement, self.community_id, [announcement])
        rows = [(announcement.id, Progress(device, place, Reached.SENT, {})) for device, place in devices]
        if rows:
            write_rows(self.connection, _ADD_PROGRESS, _SAVED, self._rows(rows))

    def get(self, announcement_id: str) -> Announcement | None:
        """The announcement, or None."""
        return next(iter(self._read(_GET, announcement=announcement_id)), None)

    def latest(self, limit: int) -> list[Announcement]:
        """The last so many, the newest first."""
        return self._read(_LATEST, most=limit)

    def begun(self, since_ms: int, until_ms: int, limit: int) -> list[Announcement]:
        """The last so many whose agreed instant lies between these two, both included; the latest first."""
        return self._read(_BEGUN, since=since_ms, until=until_ms, most=limit)

    def valid(self, now_ms: int) -> list[Announcement]:
        """Those not stopped and still valid, the oldest first."""
        return self._read(_VALID, now=now_ms)

    def stopped(self, now_ms: int) -> list[Announcement]:
        """Those stopped that a device may still have in hand, being valid; the oldest first."""
        return self._read(_STOPPED, now=now_ms)

    def held(self) -> list[Announcement]:
        """Those that wait for a second person, the oldest first."""
        return self._read(_HELD)

    def save_hold(self, announcement: Announcement) -> None:
        """Replaces how its window stands, when it begins, until when it is valid and whether it is stopped."""
        new = {f"new_{name}": getattr(announcement, name) for name in _HOLD}
        self.connection.execute(_SAVE_HOLD, {"community": self.community_id, "announcement": announcement.id, **new})

    def stop(self, announcement_id: str, now_ms: int) -> None:
        """Records that it was stopped; one stopped before keeps its first time."""
        self.connection.execute(_STOP, {"community": self.community_id, "announcement": announcement_id, "now": now_ms})

    def progress(self, announcement_id: str) -> list[Progress]:
        """What became of it at each device, by device."""
        given = {"community": self.community_id, "announcement": announcement_id}
        return [_progress(row) for row in rows_of(self.connection, _PROGRESS_OF_ONE, given)]

    def count_as_sent(self, announcement_id: str, devices: Collection[str] | None, now_ms: int) -> None:
        """These devices' parts, or all, have been sent at `now_ms`; what was sent before keeps its time.

        Done by the database: for ten thousand devices that is 0.05 s, where reading and writing them takes 1 s.
        """
        given = {"community": self.community_id, "announcement": announcement_id, "now": now_ms}
        if devices is None:
            self.connection.execute(_COUNT_AS_SENT, given)
            return
        for chunk in chunks(devices):
            self.connection.execute(_COUNT_SOME_AS_SENT, {**given, "wanted": chunk})

    def alike(self, announcement_id: str) -> list[tuple[Progress, int]]:
        """Counted by the database: to make ten thousand parts only to count them takes a second of computing.

        Evidence holds nothing but whether it was heard and what was found.
        """
        rows = self.connection.execute(_ALIKE, {"community": self.community_id, "announcement": announcement_id})
        return [(_like(*row), count) for *row, count in rows]

    def places_of(self, announcement_id: str) -> set[str]:
        """The places of the devices that it was meant for."""
        given = {"community": self.community_id, "announcement": announcement_id}
        ((places,),) = rows_of(self.connection, _PLACES, given)
        return set(places.split(",")) if places else set()

    def meant(self, announcement_ids: Collection[str]) -> Meant:
        """Nearly every device was meant to play all of them, and gets them as given: 600,000 ids take seconds."""
        given = {"community": self.community_id, "wanted": list(announcement_ids), "all": len(announcement_ids)}
        rows = self.connection.execute(_MEANT, given).all()
        return {(device, place): set(some.split(",")) if some else announcement_ids for device, place, some in rows}

    def unheard(self, announcement_ids: Collection[str], most: int) -> list[Unheard]:
        """Of these the newest `most` not heard at each device, the newest first."""
        given = {"community": self.community_id, "wanted": list(announcement_ids), "most": most}
        rows = self.connection.execute(_UNHEARD, given).all()
        return [Unheard(_like(*row[6:11]), *row[:6]) for row in rows]

    def sounded(self, since_ms: int) -> dict[str, int]:
        """How much each device has reported as played of what ended since then, in ms at full level."""
        rows = self.connection.execute(_SOUNDED, {"community": self.community_id, "since": since_ms})
        return {device: round(used_ms) for device, used_ms in rows}

    def save_progress(self, rows: Sequence[tuple[str, Progress]]) -> None:
        """Rows of announcement id and a device's part in it; replaces what was stored of that part."""
        if rows:
            write_rows(self.connection, _SAVE_PROGRESS[self.connection.dialect.name], _SAVED, self._rows(rows))

    def progress_of(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Progress]:
        """Those of these parts that are stored, by (announcement id, device)."""
        devices: defaultdict[str, list[str]] = defaultdict(list)
        for announcement_id, device in keys:
            devices[announcement_id].append(device)
        return {
            (announcement, row[0]): _progress(row)
            for announcement, wanted in devices.items()
            for row in rows_in(self.connection, _PROGRESS_OF_SOME, wanted, self.community_id, announcement=announcement)
        }

    def add_sound(self, sound: Sound, now_ms: int) -> None:
        """Keeps a sound by its hash; the same again only renews its time."""
        self.connection.execute(
            _ADD_SOUND[self.connection.dialect.name],
            {"community_id": self.community_id, "created_ms": now_ms, **as_row(sound)},
        )

    def sound(self, sha256: str) -> Sound | None:
        """The sound with this hash, or None."""
        row = self.connection.execute(_SOUND, {"community": self.community_id, "sha256": sha256}).one_or_none()
        return None if row is None else Sound(*row)

    def close_live(self, announcement_id: str, audio_sha256: str, duration_ms: int, now_ms: int) -> None:
        """What was spoken live is over, and no device needs to hear of it from now on."""
        row = {"announcement": announcement_id, "sha256": audio_sha256, "length": duration_ms, "now": now_ms}
        self.connection.execute(_CLOSE_LIVE, {"community": self.community_id, **row})

    def _read(self, statement: AnySelect, **parameters: object) -> list[Announcement]:
        rows = self.connection.execute(statement, {"community": self.community_id, **parameters})
        return [Announcement(*row) for row in rows]

    def _rows(self, parts: Iterable[tuple[str, Progress]]) -> Iterable[AnyRow]:
        return ((self.community_id, announcement_id, *_row(part)) for announcement_id, part in parts)


_REACHED = {reached.value: reached for reached in Reached}
_NO_EVIDENCE = (None,) * 5
_evidence = attrgetter(*(field.name for field in fields(Evidence)))


def _row(part: Progress) -> AnyRow:
    """As _ONES_PART."""
    evidence = _NO_EVIDENCE if part.evidence is None else _evidence(part.evidence)
    return (part.device, part.place, part.reached, part.at_ms, part.started_ms, part.reason, *evidence)


@lru_cache(maxsize=1_024)
def _like(reached: Reached, is_sent: bool, is_heard: bool | None, found: Finding | None, why: str = "") -> Progress:
    """_LIKE; of ten thousand parts few differ."""
    evidence = None if is_heard is None else Evidence(is_heard, 0.0, 0.0, 0.0, found)
    return Progress("", "", reached, {Reached.SENT: 0} if is_sent else {}, None, why, evidence)


def _progress(row: AnyRow) -> Progress:
    device, place, reached, at_ms, started_ms, reason, *evidence = row
    reached_ms = {_REACHED[one]: at for one, at in at_ms.items()}
    heard = None if evidence[0] is None else Evidence(*evidence)
    return Progress(device, place, reached, reached_ms, started_ms, reason, heard)
