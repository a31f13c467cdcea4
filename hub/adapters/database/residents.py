"""Who lives in the homes, in a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, WANTED, columns, insert_values, rows_in
from hub.domain.people import Resident

# Not ordered here: for the order of ids SQLite would read the whole community.
_RESIDENTS = select(*columns(tables.resident, Resident)).where(
    tables.resident.c.community_id == COMMUNITY, tables.resident.c.home_id.in_(WANTED)
)


@dataclass(frozen=True, slots=True)
class StoredResidents:
    """Fills ports.ResidentStore."""

    connection: Connection
    community_id: int

    def add_residents(self, residents: Sequence[Resident]) -> None:
        """Adds residents; their homes must exist."""
        insert_values(self.connection, tables.resident, self.community_id, residents)

    def residents_of(self, home_ids: Collection[str]) -> dict[str, list[Resident]]:
        """Who lives in these homes, by home; a home that nobody is entered for is left out."""
        found: defaultdict[str, list[Resident]] = defaultdict(list)
        rows = rows_in(self.connection, _RESIDENTS, home_ids, self.community_id)
        for resident in sorted((Resident(*row) for row in rows), key=lambda one: one.id):
            found[resident.home_id].append(resident)
        return dict(found)
