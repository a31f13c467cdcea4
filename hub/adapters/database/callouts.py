"""What loudspeakers are to say of alerts, in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, AnySelect, columns, insert_values
from hub.services.ports import Callout

_CALLOUT = tables.callout.c
_ALL = select(*columns(tables.callout, Callout)).where(_CALLOUT.community_id == COMMUNITY)
_DUE = _ALL.where(_CALLOUT.due_ms <= bindparam("now")).order_by(_CALLOUT.due_ms, _CALLOUT.id).limit(bindparam("most"))
_NEXT_DUE = select(func.min(_CALLOUT.due_ms)).where(_CALLOUT.community_id == COMMUNITY, _CALLOUT.due_ms.is_not(None))
_SINCE = _ALL.where(_CALLOUT.place == bindparam("place"), _CALLOUT.created_ms >= bindparam("since")).order_by(
    _CALLOUT.id
)
_OF_ALERT = _ALL.where(_CALLOUT.alert_id == bindparam("alert")).order_by(_CALLOUT.id)
_SAVE = (
    tables.callout.update()
    .where(_CALLOUT.community_id == COMMUNITY, _CALLOUT.id == bindparam("callout"))
    .values(due_ms=bindparam("new_due_ms"), announcement_id=bindparam("new_announcement_id"))
)


@dataclass(frozen=True, slots=True)
class StoredCallouts:
    """Fills ports.CalloutStore."""

    connection: Connection
    community_id: int

    def add(self, callouts: Sequence[Callout]) -> None:
        """Stores new ones; the alerts that they name must be stored before."""
        insert_values(self.connection, tables.callout, self.community_id, callouts)

    def due(self, now_ms: int, limit: int) -> list[Callout]:
        """Those that are to be said now, the longest overdue first."""
        return self._read(_DUE, now=now_ms, most=limit)

    def next_due_ms(self) -> int | None:
        """When the next one is to be said, None when nothing waits."""
        next_ms: int | None = self.connection.scalar(_NEXT_DUE, {"community": self.community_id})
        return next_ms

    def since(self, place: str, since_ms: int) -> list[Callout]:
        """All for a place since then, the oldest first."""
        return self._read(_SINCE, place=place, since=since_ms)

    def of_alert(self, alert_id: str) -> list[Callout]:
        """All of an alert, the oldest first."""
        return self._read(_OF_ALERT, alert=alert_id)

    def save(self, callouts: Sequence[Callout]) -> None:
        """Stores when they are due, None when they are done, and as which announcement they were said."""
        rows = [
            {
                "community": self.community_id,
                "callout": one.id,
                "new_due_ms": one.due_ms,
                "new_announcement_id": one.announcement_id,
            }
            for one in callouts
        ]
        if rows:
            self.connection.execute(_SAVE, rows)

    def _read(self, statement: AnySelect, **parameters: object) -> list[Callout]:
        rows = self.connection.execute(statement, {"community": self.community_id, **parameters})
        return [Callout(*row) for row in rows]
