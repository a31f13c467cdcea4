"""What elders are to be told, in a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, WANTED, chunks, columns, insert_values
from hub.services.ports import Telling

_TELLING = tables.telling.c
_TELLINGS = select(*columns(tables.telling, Telling)).where(_TELLING.community_id == COMMUNITY)
_UNSENT = _TELLINGS.where(_TELLING.sent_ms.is_(None), _TELLING.created_ms >= bindparam("since")).order_by(
    _TELLING.created_ms, _TELLING.alert_id, _TELLING.stage_seq
)
_OF_ALERT = _TELLINGS.where(_TELLING.alert_id == bindparam("alert")).order_by(_TELLING.stage_seq, _TELLING.id)
_MARK_SENT = (
    tables.telling.update()
    .where(_TELLING.community_id == COMMUNITY, _TELLING.id.in_(WANTED), _TELLING.sent_ms.is_(None))
    .values(sent_ms=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class StoredTellings:
    """Fills ports.TellingStore."""

    connection: Connection
    community_id: int

    def add(self, tellings: Sequence[Telling]) -> None:
        """Stores new ones; the alerts that they name must be stored before."""
        insert_values(self.connection, tables.telling, self.community_id, tellings)

    def unsent(self, since_ms: int) -> list[Telling]:
        """Those made since then and not published yet, the oldest first, those of one alert by their stage."""
        rows = self.connection.execute(_UNSENT, {"community": self.community_id, "since": since_ms})
        return [Telling(*row) for row in rows]

    def mark_sent(self, ids: Collection[str], now_ms: int) -> None:
        """Records that they were published; one that was marked before keeps its first time."""
        for chunk in chunks(ids):
            self.connection.execute(_MARK_SENT, {"community": self.community_id, "wanted": chunk, "now": now_ms})

    def of_alert(self, alert_id: str) -> list[Telling]:
        """All of an alert, by stage."""
        rows = self.connection.execute(_OF_ALERT, {"community": self.community_id, "alert": alert_id})
        return [Telling(*row) for row in rows]
