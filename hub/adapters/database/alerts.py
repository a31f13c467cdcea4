"""Alerts and their journal, in tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection, bindparam, case, exists, func, literal_column, or_, select

from hub.adapters.database import tables
from hub.adapters.database.prepared import rows_of, write_rows
from hub.adapters.database.rows import (
    COMMUNITY,
    WANTED,
    AnyRow,
    AnySelect,
    as_row,
    columns,
    in_community,
    insert_all,
    insert_values,
    rows_in,
    upserts,
)
from hub.domain.alerts import TAKEN_BACK, Alert, Entry, Kind, State
from hub.domain.errors import Changed
from hub.domain.score import Call
from hub.services.ports import JournalRow

_ALERT, _JOURNAL = tables.alert.c, tables.journal.c
# Written into the statement: a partial index serves where the planner sees its very condition, not a parameter.
_NOT_CLOSED = _ALERT.state != literal_column("'closed'")
_FIRST_DUE = case((_ALERT.remind_ms < _ALERT.due_ms, _ALERT.remind_ms), else_=_ALERT.due_ms)

_ANY = select(*columns(tables.alert, Alert))
_ALERTS = _ANY.where(_ALERT.community_id == COMMUNITY)
_GET = _ALERTS.where(_ALERT.id == bindparam("alert"))
_SOME = _ANY.where(in_community(_ALERT.community_id), _ALERT.id.in_(WANTED))
_OPEN_FOR = _ALERTS.where(_ALERT.joins.in_(WANTED), _NOT_CLOSED)
_ALL_NOT_CLOSED = _ALERTS.where(_NOT_CLOSED).order_by(_ALERT.opened_ms, _ALERT.id)
_LATEST = _ALERTS.order_by(_ALERT.opened_ms.desc(), _ALERT.id.desc()).limit(bindparam("most"))
_LATEST_BEFORE = _LATEST.where(_ALERT.opened_ms < bindparam("before"))
_DUE = (
    _ALERTS.where(or_(_ALERT.due_ms <= bindparam("now"), _ALERT.remind_ms <= bindparam("now")))
    .order_by(_FIRST_DUE, _ALERT.id)
    .limit(bindparam("most"))
)
_NEXT_DUE = select(
    *(
        select(func.min(column)).where(_ALERT.community_id == COMMUNITY, column.is_not(None)).scalar_subquery()
        for column in (_ALERT.due_ms, _ALERT.remind_ms)
    )
)
_CLOCK = tables.alert_clock.c
_CLOCK_OFFSET = select(_CLOCK.offset_ms).where(_CLOCK.community_id == COMMUNITY, _CLOCK.boot_id == bindparam("boot"))
_KEEP_CLOCK_OFFSET = upserts(tables.alert_clock)
_WHEN = ("opened", "accepted", "arrived")
_LATER = tables.journal.alias("later")
_TAKES_BACK = case(
    (_JOURNAL.what == "accepted", TAKEN_BACK[State.ACCEPTED]), (_JOURNAL.what == "arrived", TAKEN_BACK[State.ARRIVED])
)
# What was taken back never was: it counts in no report.
_IS_TAKEN_BACK = exists().where(
    _LATER.c.alert_id == _JOURNAL.alert_id,
    _LATER.c.id > _JOURNAL.id,
    _LATER.c.what == _TAKES_BACK,
    _LATER.c.detail["person_id"].as_string() == _JOURNAL.actor,
)
_FIRST = [func.min(case((_JOURNAL.what == what, _JOURNAL.at_ms))) for what in _WHEN]
_CALLS = (
    select(_ALERT.place, _ALERT.is_exercise, *_FIRST)
    .join(tables.journal, _JOURNAL.alert_id == _ALERT.id)
    .where(_ALERT.community_id == COMMUNITY, _ALERT.opened_ms >= bindparam("since"), _ALERT.kind != Kind.SERVICE)
    .where(_JOURNAL.what.in_(_WHEN), ~_IS_TAKEN_BACK)
    .group_by(_ALERT.id)
)
_CHANGED = [column.name for column in columns(tables.alert, Alert) if column.name != "id"]
_UPDATE = (
    tables.alert.update()
    .where(
        _ALERT.community_id == COMMUNITY, _ALERT.id == bindparam("alert"), _ALERT.version == bindparam("old_version")
    )
    .values({name: bindparam(f"new_{name}", type_=_ALERT[name].type) for name in _CHANGED})
)
_UPDATED = (COMMUNITY.key, "alert", "old_version", *(f"new_{name}" for name in _CHANGED))
_to_change = attrgetter(*_CHANGED)
_JOURNAL_OF = (
    select(_JOURNAL.id, _JOURNAL.alert_id, _JOURNAL.at_ms, _JOURNAL.what, _JOURNAL.actor, _JOURNAL.detail)
    .where(_JOURNAL.community_id == COMMUNITY, _JOURNAL.alert_id == bindparam("alert"))
    .order_by(_JOURNAL.id)
)


@dataclass(frozen=True, slots=True)
class StoredAlerts:
    """Fills ports.AlertStore."""

    connection: Connection
    community_id: int

    def get(self, alert_id: str) -> Alert | None:
        """The alert, or None."""
        return next(iter(self._read(_GET, alert=alert_id)), None)

    def some(self, ids: Collection[str]) -> dict[str, Alert]:
        """Those of these alerts that exist, by id."""
        return {alert.id: alert for alert in _alerts(rows_in(self.connection, _SOME, ids, self.community_id))}

    def open_for(self, joins: Collection[str]) -> dict[str, Alert]:
        """The alerts not closed that gather these buttons' presses, by `joins`; at most one for each."""
        alerts = _alerts(rows_in(self.connection, _OPEN_FOR, joins, self.community_id))
        return {alert.joins: alert for alert in alerts}

    def not_closed(self) -> list[Alert]:
        """All that are not closed, the oldest first."""
        return self._read(_ALL_NOT_CLOSED)

    def latest(self, limit: int, before_ms: int | None = None) -> list[Alert]:
        """The last so many, or the last opened before `before_ms`, the newest first."""
        if before_ms is None:
            return self._read(_LATEST, most=limit)
        return self._read(_LATEST_BEFORE, most=limit, before=before_ms)

    def calls(self, since_ms: int) -> list[Call]:
        """What the journal says of every call for help opened since then, requests for service left out."""
        rows = self.connection.execute(_CALLS, {"community": self.community_id, "since": since_ms})
        return [Call(*row) for row in rows]

    def due(self, now_ms: int, limit: int) -> list[Alert]:
        """Alerts whose `due_ms` or `remind_ms` has come, the longest overdue first."""
        return self._read(_DUE, now=now_ms, most=limit)

    def add(self, alerts: Sequence[Alert]) -> None:
        """Stores new alerts."""
        insert_values(self.connection, tables.alert, self.community_id, alerts)

    def update(self, alerts: Sequence[Alert]) -> None:
        """Stores alerts whose `version` is one above the stored one; raises Changed when it is not."""
        if not alerts:
            return
        changes = ((self.community_id, one.id, one.version - 1, *_to_change(one)) for one in alerts)
        if write_rows(self.connection, _UPDATE, _UPDATED, changes) != len(alerts):
            raise Changed

    def next_due_ms(self) -> int | None:
        """When the next alert is due, None when nothing waits."""
        row = self.connection.execute(_NEXT_DUE, {"community": self.community_id}).one()
        return min((at for at in row if at is not None), default=None)

    def add_journal(self, rows: Sequence[tuple[str, int, Entry]]) -> None:
        """Rows of alert id, time, entry; the alerts must be stored before."""
        entries = [{"alert_id": alert_id, "at_ms": at_ms, **as_row(entry)} for alert_id, at_ms, entry in rows]
        insert_all(self.connection, tables.journal, self.community_id, entries)

    def journal(self, alert_id: str) -> list[JournalRow]:
        """Everything that happened to an alert, in order."""
        rows = rows_of(self.connection, _JOURNAL_OF, {"community": self.community_id, "alert": alert_id})
        return [JournalRow(id_, alert, at_ms, Entry(*entry)) for id_, alert, at_ms, *entry in rows]

    def clock_offset_ms(self, boot_id: str) -> int | None:
        """The one that was kept for this boot, or None."""
        given = {"community": self.community_id, "boot": boot_id}
        offset_ms: int | None = self.connection.scalar(_CLOCK_OFFSET, given)
        return offset_ms

    def keep_clock_offset(self, boot_id: str, offset_ms: int) -> None:
        """Keeps it in place of the one before."""
        given = {"community_id": self.community_id, "boot_id": boot_id, "offset_ms": offset_ms}
        self.connection.execute(_KEEP_CLOCK_OFFSET[self.connection.dialect.name], given)

    def _read(self, statement: AnySelect, **parameters: object) -> list[Alert]:
        return _alerts(rows_of(self.connection, statement, {"community": self.community_id, **parameters}))


def _alerts(rows: Iterable[AnyRow]) -> list[Alert]:
    return [Alert(*row) for row in rows]
