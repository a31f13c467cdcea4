"""People, how they are reached, what they answer for and when, in tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from hub.adapters.database import tables
from hub.adapters.database.rows import COMMUNITY, WANTED, AnyRow, AnySelect, as_row, columns, insert_all, rows_in
from hub.domain.errors import NotFound
from hub.domain.people import Assignment, Contact, Person
from hub.domain.roster import Shift

_PERSON, _CONTACT = tables.person.c, tables.contact.c
_PEOPLE = (
    select(_PERSON.id, _PERSON.name, _PERSON.phone, _PERSON.language)
    .where(_PERSON.community_id == COMMUNITY)
    .order_by(_PERSON.id)
)
_PEOPLE_OF = _PEOPLE.where(_PERSON.id.in_(WANTED))
_CONTACTS = (
    select(_CONTACT.person_id, _CONTACT.channel, _CONTACT.address)
    .where(_CONTACT.community_id == COMMUNITY)
    .order_by(_CONTACT.person_id, _CONTACT.position)
)
_CONTACTS_OF = _CONTACTS.where(_CONTACT.person_id.in_(WANTED))
_BY_LINK = select(_PERSON.id).where(_PERSON.community_id == COMMUNITY, _PERSON.link_hash == bindparam("hash"))
_SET_LINK = (
    tables.person.update()
    .where(_PERSON.community_id == COMMUNITY, _PERSON.id == bindparam("person"))
    .values(link_hash=bindparam("hash"))
)
_ASSIGNMENTS = (
    select(*columns(tables.assignment, Assignment))
    .where(tables.assignment.c.community_id == COMMUNITY)
    .order_by(tables.assignment.c.id)
)
_ASSIGNMENTS_AT = _ASSIGNMENTS.where(tables.assignment.c.place.in_(WANTED))
_SHIFTS = (
    select(*columns(tables.shift, Shift)).where(tables.shift.c.community_id == COMMUNITY).order_by(tables.shift.c.id)
)

_SHIFTS_OF = _SHIFTS.where(tables.shift.c.person_id.in_(WANTED))


@dataclass(frozen=True, slots=True)
class StoredPeople:
    """Fills ports.PeopleStore."""

    connection: Connection
    community_id: int

    def people(self, ids: Collection[str] | None = None) -> dict[str, Person]:
        """These people (those of them that exist) with their contacts, or all of them, by id and in its order."""
        return _people(self._rows(_PEOPLE, _PEOPLE_OF, ids), self._rows(_CONTACTS, _CONTACTS_OF, ids))

    def add_people(self, people: Sequence[Person]) -> None:
        """Adds people with their contacts, whose order is kept."""
        rows = [as_row(person) for person in people]
        contacts = [
            {"person_id": row["id"], "position": position, **as_row(contact)}
            for row in rows
            for position, contact in enumerate(row.pop("contacts"))
        ]
        insert_all(self.connection, tables.person, self.community_id, rows)
        insert_all(self.connection, tables.contact, self.community_id, contacts)

    def add_assignments(self, assignments: Sequence[Assignment]) -> None:
        """Adds what people answer for; the order is that in which a rung names them."""
        insert_all(self.connection, tables.assignment, self.community_id, [as_row(one) for one in assignments])

    def assignments(self, places: Collection[str] | None = None) -> list[Assignment]:
        """What people answer for, at these places or everywhere, in the order in which it was added."""
        return [Assignment(*row) for row in self._rows(_ASSIGNMENTS, _ASSIGNMENTS_AT, places)]

    def add_shifts(self, shifts: Sequence[Shift]) -> None:
        """Adds weekly shifts; their places must exist."""
        insert_all(self.connection, tables.shift, self.community_id, [as_row(shift) for shift in shifts])

    def shifts(self, person_ids: Collection[str] | None = None) -> list[Shift]:
        """The weekly shifts of these people, or of all, in the order in which they were added."""
        return [Shift(*row) for row in self._rows(_SHIFTS, _SHIFTS_OF, person_ids)]

    def set_link(self, person_id: str, secret_hash: str) -> None:
        """Replaces the secret of a person's own page; raises NotFound for an unknown person."""
        result = self.connection.execute(
            _SET_LINK, {"community": self.community_id, "person": person_id, "hash": secret_hash}
        )
        if result.rowcount == 0:
            raise NotFound(what="person", id=person_id)

    def by_link(self, secret_hash: str) -> Person | None:
        """The person whose own page has this secret."""
        person_id = self.connection.scalar(_BY_LINK, {"community": self.community_id, "hash": secret_hash})
        return None if person_id is None else self.people([person_id])[person_id]

    def _rows(self, every: AnySelect, some: AnySelect, wanted: Collection[str] | None) -> Iterable[AnyRow]:
        if wanted is None:
            return self.connection.execute(every, {"community": self.community_id})
        return rows_in(self.connection, some, wanted, self.community_id)


def _people(people: Iterable[AnyRow], contacts: Iterable[AnyRow]) -> dict[str, Person]:
    reached_by: defaultdict[str, list[Contact]] = defaultdict(list)
    for person_id, channel, address in contacts:
        reached_by[person_id].append(Contact(channel, address))
    return {row.id: Person(row.id, row.name, row.phone, row.language, tuple(reached_by[row.id])) for row in people}
