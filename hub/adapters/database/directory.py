"""What changes rarely and every press needs: places, homes, people, rota, ladders, buttons; read once a version.

The community's `version` rises with every change of any of it, in the same transaction. A transaction reads that one
number; only when it is new, all the rest. So whatever process or hub changed something, nobody works with what was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, CursorResult, select

from hub.adapters.database import tables
from hub.adapters.database.prepared import rows_of
from hub.adapters.database.rows import COMMUNITY, AnySelect, columns
from hub.domain.ladders import LadderRule
from hub.domain.people import Assignment, Contact, Group, Person
from hub.domain.places import Home, Place
from hub.domain.roster import Absence, Extra, Rota, Shift, Swap
from hub.services.ports import Button, Community

_COMMUNITY = select(*columns(tables.community, Community), tables.community.c.version).where(
    tables.community.c.id == COMMUNITY
)
_TIMEZONE = select(tables.community.c.timezone).where(tables.community.c.id == COMMUNITY)
_RISE = (
    tables.community.update().where(tables.community.c.id == COMMUNITY).values(version=tables.community.c.version + 1)
)
_PLACES = (
    select(*columns(tables.place, Place)).where(tables.place.c.community_id == COMMUNITY).order_by(tables.place.c.id)
)
_HOMES = select(*columns(tables.home, Home)).where(tables.home.c.community_id == COMMUNITY)
_PEOPLE = (
    select(*(tables.person.c[name] for name in ("id", "name", "phone", "language", "place")))
    .where(tables.person.c.community_id == COMMUNITY)
    .order_by(tables.person.c.id)
)
_CONTACTS = (
    select(tables.contact.c.person_id, tables.contact.c.channel, tables.contact.c.address)
    .where(tables.contact.c.community_id == COMMUNITY)
    .order_by(tables.contact.c.person_id, tables.contact.c.position)
)
_ASSIGNMENTS = (
    select(*columns(tables.assignment, Assignment))
    .where(tables.assignment.c.community_id == COMMUNITY)
    .order_by(tables.assignment.c.id)
)
_GROUPS = (
    select(*columns(tables.mutual_aid, Group))
    .where(tables.mutual_aid.c.community_id == COMMUNITY)
    .order_by(tables.mutual_aid.c.id)
)
_LADDERS = (
    select(*columns(tables.ladder, LadderRule))
    .where(tables.ladder.c.community_id == COMMUNITY)
    .order_by(tables.ladder.c.id)
)
_SHIFTS = (
    select(*columns(tables.shift, Shift))
    .where(tables.shift.c.community_id == COMMUNITY)
    .order_by(tables.shift.c.place, tables.shift.c.weekday, tables.shift.c.start_minute, tables.shift.c.id)
)
_EXTRAS = (
    select(*columns(tables.extra_shift, Extra))
    .where(tables.extra_shift.c.community_id == COMMUNITY)
    .order_by(tables.extra_shift.c.day, tables.extra_shift.c.start_minute, tables.extra_shift.c.id)
)
_SWAPS = (
    select(*columns(tables.swap, Swap))
    .where(tables.swap.c.community_id == COMMUNITY, tables.swap.c.agreed_ms.is_not(None))
    .order_by(tables.swap.c.agreed_ms, tables.swap.c.id)
)
_ABSENCES = (
    select(*columns(tables.absence, Absence))
    .where(tables.absence.c.community_id == COMMUNITY)
    .order_by(tables.absence.c.from_ms, tables.absence.c.id)
)
_UNREACHABLE = select(tables.unreachable.c.person_id).where(tables.unreachable.c.community_id == COMMUNITY)
_BUTTONS = (
    select(*columns(tables.button, Button))
    .where(tables.button.c.community_id == COMMUNITY)
    .order_by(tables.button.c.name)
)
_DEVICE_PLACES = select(tables.device.c.id, tables.device.c.place).where(tables.device.c.community_id == COMMUNITY)


@dataclass(frozen=True, slots=True)
class Directory:
    """One version of it. Nobody changes what is in here: all transactions share it.

    `assignments` are those that people have of their own, then those of their groups.
    """

    places: Mapping[str, Place]
    homes: Mapping[str, Home]
    people: Mapping[str, Person]
    assignments: Sequence[Assignment]
    assignments_at: Mapping[str, Sequence[int]]
    groups: Sequence[Group]
    ladders: Sequence[LadderRule]
    rota: Rota
    unreachable: frozenset[str]
    buttons: Mapping[tuple[str, str], Button]
    buttons_of: Mapping[str, Sequence[Button]]
    device_places: Mapping[str, str]


class Directories:
    """The newest version that was read of each community, for all transactions of this process."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, Directory]] = {}

    def at(self, connection: Connection, community_id: int, version: int) -> Directory:
        """This version, read at the first call for it; `version` must be what the connection's transaction sees."""
        known = self._known.get(community_id)
        if known is None or known[0] != version:
            known = (version, _read(connection, community_id))
            self._known[community_id] = known
        return known[1]

    def forget(self) -> None:
        """What was read in a transaction that is lost may never have been."""
        self._known = {}


class Known:
    """The directory as one transaction sees it, its own changes included."""

    def __init__(self, connection: Connection, community_id: int, directories: Directories) -> None:
        self._connection = connection
        self._community_id = community_id
        self._directories = directories
        self._community: tuple[Community, int] | None = None
        self._changed: Directory | None = None
        self._is_changed = False

    @property
    def directory(self) -> Directory:
        """All of it. What this transaction has changed is not shared with others: it may yet be taken back."""
        if not self._is_changed:
            return self._shared
        self._changed = self._changed or _read(self._connection, self._community_id)
        return self._changed

    def community(self) -> tuple[Community, int] | None:
        """The community and its version, read once a change; None before it was created."""
        if self._community is None:
            rows = rows_of(self._connection, _COMMUNITY, {"community": self._community_id})
            self._community = (Community(*rows[0][:-1]), rows[0][-1]) if rows else None
        return self._community

    def changed(self) -> None:
        """Something of it was changed: its version rises, and this transaction reads it anew."""
        self._connection.execute(_RISE, {"community": self._community_id})
        self._is_changed, self._changed, self._community = True, None, None

    @cached_property
    def _shared(self) -> Directory:
        found = self.community()
        if found is None:
            return _read(self._connection, self._community_id)
        return self._directories.at(self._connection, self._community_id, found[1])


def _read(connection: Connection, community_id: int) -> Directory:
    def rows(statement: AnySelect) -> CursorResult[*tuple[Any, ...]]:
        return connection.execute(statement, {"community": community_id})

    contacts: defaultdict[str, list[Contact]] = defaultdict(list)
    for person_id, channel, address in rows(_CONTACTS):
        contacts[person_id].append(Contact(channel, address))
    groups = [Group(*row) for row in rows(_GROUPS)]
    assignments = [Assignment(*row) for row in rows(_ASSIGNMENTS)]
    assignments += [one for group in groups for one in group.assignments()]
    buttons = [Button(*row) for row in rows(_BUTTONS)]
    buttons_of: defaultdict[str, list[Button]] = defaultdict(list)
    for button in buttons:
        buttons_of[button.device].append(button)
    assignments_at: defaultdict[str, list[int]] = defaultdict(list)
    for index, assignment in enumerate(assignments):
        assignments_at[assignment.place].append(index)
    return Directory(
        places={place.slug: place for place in (Place(*row) for row in rows(_PLACES))},
        homes={home.id: home for home in (Home(*row) for row in rows(_HOMES))},
        people={
            row.id: Person(row.id, row.name, row.phone, row.language, tuple(contacts[row.id]), row.place)
            for row in rows(_PEOPLE)
        },
        assignments=assignments,
        assignments_at=dict(assignments_at),
        groups=groups,
        ladders=[LadderRule(*row) for row in rows(_LADDERS)],
        rota=Rota(
            timezone=next((row.timezone for row in rows(_TIMEZONE)), "UTC"),
            shifts=[Shift(*row) for row in rows(_SHIFTS)],
            extras=[Extra(*row) for row in rows(_EXTRAS)],
            swaps=[Swap(*row) for row in rows(_SWAPS)],
            absences=[Absence(*row) for row in rows(_ABSENCES)],
        ),
        unreachable=frozenset(row.person_id for row in rows(_UNREACHABLE)),
        buttons={(one.device, one.name): one for one in buttons},
        buttons_of=dict(buttons_of),
        device_places={row.id: row.place for row in rows(_DEVICE_PLACES)},
    )
