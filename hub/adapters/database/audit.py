"""Who changed what, in a table that is only added to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, columns, insert_values
from hub.services.ports import AuditRow

_AUDIT = tables.audit.c
_LATEST = (
    select(*columns(tables.audit, AuditRow))
    .where(_AUDIT.community_id == COMMUNITY)
    .order_by(_AUDIT.at_ms.desc(), _AUDIT.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class StoredAudit:
    """Fills ports.AuditStore."""

    connection: Connection
    community_id: int

    def add(self, row: AuditRow) -> None:
        """Writes it down."""
        insert_values(self.connection, tables.audit, self.community_id, [row])

    def latest(self, limit: int) -> list[AuditRow]:
        """The last so many, the newest first."""
        rows = self.connection.execute(_LATEST, {"community": self.community_id, "most": limit})
        return [AuditRow(*row) for row in rows]
