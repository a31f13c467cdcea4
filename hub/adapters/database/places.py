"""The community, its places and homes, in tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, func, literal_column, select

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.rows import COMMUNITY, as_row, insert_values
from hub.domain.errors import NotFound
from hub.domain.places import Home, Place, Spans
from hub.services.ports import Community

_NAME_COMMUNITY = tables.community.update().where(tables.community.c.id == COMMUNITY).values(name=bindparam("new_name"))
_SET_QUIET_HOURS = (
    tables.place.update()
    .where(tables.place.c.community_id == COMMUNITY, tables.place.c.slug == bindparam("place"))
    .values(quiet_hours=bindparam("hours", type_=tables.place.c.quiet_hours.type), version=tables.place.c.version + 1)
)
_SET_NOISE_BUDGET = (
    tables.place.update()
    .where(tables.place.c.community_id == COMMUNITY, tables.place.c.slug == bindparam("place"))
    .values(noise_budget_min=bindparam("minutes"), version=tables.place.c.version + 1)
)
_BUILDING = case((tables.place.c.kind == literal_column("'unit'"), tables.place.c.parent), else_=tables.place.c.slug)
_COUNTS = (
    select(_BUILDING, func.count())
    .join_from(
        tables.home,
        tables.place,
        (tables.place.c.community_id == tables.home.c.community_id) & (tables.place.c.slug == tables.home.c.place),
    )
    .where(tables.home.c.community_id == COMMUNITY)
    .group_by(_BUILDING)
)


@dataclass(frozen=True, slots=True)
class StoredPlaces:
    """Fills ports.PlaceStore."""

    connection: Connection
    community_id: int
    known: Known

    def create(self, community: Community) -> None:
        """Stores the community itself; its id must be the transaction's."""
        if community.id != self.community_id:
            raise ValueError(f"community {community.id} in a transaction of {self.community_id}")
        self.connection.execute(tables.community.insert(), as_row(community))

    def community(self) -> Community:
        """The community; raises NotFound before it was created."""
        found = self.known.community()
        if found is None:
            raise NotFound(what="community", id=self.community_id)
        return found[0]

    def name_community(self, name: str) -> None:
        """What the community is called; its slug stays, since topics hold it."""
        self.connection.execute(_NAME_COMMUNITY, {"community": self.community_id, "new_name": name})
        self.known.changed()

    def places(self) -> dict[str, Place]:
        """All places by slug, in the order in which they were added."""
        return dict(self.known.directory.places)

    def add_places(self, places: Sequence[Place]) -> None:
        """Adds places; those that others lie in need not come first."""
        insert_values(self.connection, tables.place, self.community_id, places)
        self.known.changed()

    def set_quiet_hours(self, slug: str, spans: Spans | None) -> None:
        """Its own quiet hours from now on, or None; an unknown place changes nothing."""
        self.connection.execute(_SET_QUIET_HOURS, {"community": self.community_id, "place": slug, "hours": spans})
        self.known.changed()

    def set_noise_budget(self, slug: str, minutes: int | None) -> None:
        """Its own noise budget from now on, or None; an unknown place changes nothing."""
        self.connection.execute(_SET_NOISE_BUDGET, {"community": self.community_id, "place": slug, "minutes": minutes})
        self.known.changed()

    def homes(self, ids: Collection[str]) -> dict[str, Home]:
        """Those of these homes that exist."""
        homes = self.known.directory.homes
        return {one: homes[one] for one in ids if one in homes}

    def homes_named(self, text: str, most: int) -> list[Home]:
        """The homes whose name holds this text, at most so many; one that is called exactly so comes first."""
        found = [home for home in self.known.directory.homes.values() if text in home.name]
        return sorted(found, key=lambda home: home.name != text)[:most]

    def add_homes(self, homes: Sequence[Home]) -> None:
        """Adds homes; their places must exist."""
        insert_values(self.connection, tables.home, self.community_id, homes)
        self.known.changed()

    def count_homes(self) -> dict[str, int]:
        """How many homes lie in each building; a home in a unit (单元) counts for the unit's building."""
        rows = self.connection.execute(_COUNTS, {"community": self.community_id})
        return {building: count for building, count in rows}  # noqa: C416  # dict(rows) would not know the types
