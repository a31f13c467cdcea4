"""What people are to be sent, and what became of it, in a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, literal_column, select

from hub.adapters.database import tables
from hub.adapters.database.prepared import rows_of, write_rows
from hub.adapters.database.rows import COMMUNITY, WANTED, AnySelect, chunks, columns, insert_values
from hub.domain.alerts import Purpose
from hub.services.ports import Notification

_NOTE = tables.notification.c
_OUTCOME = ("attempts", "due_ms", "sent_ms", "error")
# Written into the statement: a partial index serves where the planner sees its very condition, not a parameter.
_DROPPED: ColumnElement[str] = literal_column("'dropped'")
_IS_DUE = _NOTE.state == literal_column("'due'")

_NOTIFICATIONS = select(*columns(tables.notification, Notification)).where(_NOTE.community_id == COMMUNITY)
_DUE = (
    _NOTIFICATIONS.where(_IS_DUE, _NOTE.due_ms <= bindparam("now"))
    .order_by(_NOTE.due_ms, _NOTE.id)
    .limit(bindparam("most"))
)
_OF_ALERT = _NOTIFICATIONS.where(_NOTE.alert_id == bindparam("alert")).order_by(_NOTE.created_ms, _NOTE.id)
_ASKED = (
    select(_NOTE.person_id)
    .distinct()
    .where(
        _NOTE.community_id == COMMUNITY,
        _NOTE.alert_id == bindparam("alert"),
        _NOTE.purpose == literal_column(f"'{Purpose.ASK}'"),
        _NOTE.state != _DROPPED,
        _NOTE.person_id.is_not(None),
    )
)
_NEXT_DUE = select(func.min(_NOTE.due_ms)).where(_NOTE.community_id == COMMUNITY, _IS_DUE)
# What was dropped while a channel tried it must not become due again: nobody more is asked (ALERTS.md, invariant 11).
_NEW_STATE = case(
    ((_NOTE.state == _DROPPED) & (bindparam("new_state") == literal_column("'due'")), _DROPPED),
    else_=bindparam("new_state"),
)
_SAVE = (
    tables.notification.update()
    .where(_NOTE.community_id == COMMUNITY, _NOTE.id == bindparam("notification"))
    .values(state=_NEW_STATE, **{name: bindparam(f"new_{name}") for name in _OUTCOME})
)
_SAVED = (COMMUNITY.key, "notification", "new_state", *(f"new_{name}" for name in _OUTCOME))
_to_save = attrgetter("id", "state", *_OUTCOME)
# The expression keeps the index of all that is due out of it: each closing would look through the whole of that.
_DROP_ASKS = (
    tables.notification.update()
    .where(_NOTE.community_id == COMMUNITY, _NOTE.alert_id.in_(WANTED))
    .where(_NOTE.purpose == Purpose.ASK, _NOTE.state.concat("") == "due")
    .values(state="dropped")
)


@dataclass(frozen=True, slots=True)
class StoredNotifications:
    """Fills ports.NotificationStore."""

    connection: Connection
    community_id: int

    def add(self, notifications: Sequence[Notification]) -> None:
        """Stores new ones; the alerts that they name must be stored before."""
        insert_values(self.connection, tables.notification, self.community_id, notifications)

    def due(self, now_ms: int, limit: int) -> list[Notification]:
        """Those that are to be tried now, the longest overdue first."""
        return self._read(_DUE, now=now_ms, most=limit)

    def next_due_ms(self) -> int | None:
        """When the next one is to be tried, None when nothing waits."""
        next_ms: int | None = self.connection.scalar(_NEXT_DUE, {"community": self.community_id})
        return next_ms

    def save(self, notifications: Sequence[Notification]) -> None:
        """Stores state, attempts, due_ms, sent_ms and error; one that was dropped meanwhile does not become due."""
        if notifications:
            rows = ((self.community_id, *_to_save(one)) for one in notifications)
            write_rows(self.connection, _SAVE, _SAVED, rows)

    def drop_asks(self, alert_ids: Collection[str]) -> None:
        """What still asks for an alert that needs nobody more is dropped, not sent."""
        for chunk in chunks(alert_ids):
            self.connection.execute(_DROP_ASKS, {"community": self.community_id, "wanted": chunk})

    def of_alert(self, alert_id: str) -> list[Notification]:
        """All of an alert, in the order in which they were made."""
        return self._read(_OF_ALERT, alert=alert_id)

    def asked(self, alert_id: str) -> list[str]:
        """Whoever has been asked to go, whatever became of it, but for what was dropped before it was sent."""
        rows = rows_of(self.connection, _ASKED, {"community": self.community_id, "alert": alert_id})
        return [person_id for (person_id,) in rows]

    def _read(self, statement: AnySelect, **parameters: object) -> list[Notification]:
        rows = rows_of(self.connection, statement, {"community": self.community_id, **parameters})
        return [Notification(*row) for row in rows]
