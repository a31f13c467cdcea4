"""People, how they are reached and what they answer for, in tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from hub.adapters.database import tables
from hub.adapters.database.directory import Known
from hub.adapters.database.rows import COMMUNITY, as_row, insert_all, insert_values
from hub.domain.errors import NotFound
from hub.domain.people import Assignment, Contact, Group, Person

_PERSON = tables.person.c
_BY_LINK = select(_PERSON.id).where(_PERSON.community_id == COMMUNITY, _PERSON.link_hash == bindparam("hash"))
_SET_LINK = (
    tables.person.update()
    .where(_PERSON.community_id == COMMUNITY, _PERSON.id == bindparam("person"))
    .values(link_hash=bindparam("hash"))
)
_CONTACT = tables.contact.c
_OF_PERSON = (_CONTACT.community_id == COMMUNITY, _CONTACT.person_id == bindparam("person"))
_LAST_POSITION = select(func.max(_CONTACT.position)).where(*_OF_PERSON)
_DROP_CONTACTS = tables.contact.delete().where(*_OF_PERSON)
_DROP_CONTACT = tables.contact.delete().where(
    *_OF_PERSON, _CONTACT.channel == bindparam("channel"), _CONTACT.address == bindparam("address")
)


@dataclass(frozen=True, slots=True)
class StoredPeople:
    """Fills ports.PeopleStore."""

    connection: Connection
    community_id: int
    known: Known

    def people(self, ids: Collection[str] | None = None) -> dict[str, Person]:
        """These people (those of them that exist) with their contacts, or all of them, by id and in its order."""
        people = self.known.directory.people
        return dict(people) if ids is None else {one: people[one] for one in sorted(set(ids)) if one in people}

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
        self.known.changed()

    def add_contact(self, person_id: str, contact: Contact) -> None:
        """A further way to reach the person, after those that are there; the person must exist."""
        last = self.connection.scalar(_LAST_POSITION, {"community": self.community_id, "person": person_id})
        row = {"person_id": person_id, "position": 0 if last is None else last + 1, **as_row(contact)}
        insert_all(self.connection, tables.contact, self.community_id, [row])
        self.known.changed()

    def set_contacts(self, person_id: str, contacts: Sequence[Contact]) -> None:
        """Replaces all ways to reach the person, in this order; the person must exist."""
        self.connection.execute(_DROP_CONTACTS, {"community": self.community_id, "person": person_id})
        rows = [{"person_id": person_id, "position": index, **as_row(one)} for index, one in enumerate(contacts)]
        insert_all(self.connection, tables.contact, self.community_id, rows)
        self.known.changed()

    def drop_contact(self, person_id: str, contact: Contact) -> None:
        """Forgets this way; nothing happens when it is not there."""
        of_contact = {"community": self.community_id, "person": person_id, **as_row(contact)}
        if self.connection.execute(_DROP_CONTACT, of_contact).rowcount:
            self.known.changed()

    def add_assignments(self, assignments: Sequence[Assignment]) -> None:
        """Adds what people answer for; the order is that in which a rung names them."""
        insert_values(self.connection, tables.assignment, self.community_id, assignments)
        self.known.changed()

    def assignments(self, places: Collection[str] | None = None) -> list[Assignment]:
        """What people answer for, at these places or everywhere, in the order in which it was added."""
        directory = self.known.directory
        if places is None:
            return list(directory.assignments)
        found = {index for place in set(places) for index in directory.assignments_at.get(place, ())}
        return [directory.assignments[index] for index in sorted(found)]

    def add_groups(self, groups: Sequence[Group]) -> None:
        """Adds mutual-aid groups."""
        insert_values(self.connection, tables.mutual_aid, self.community_id, groups)
        self.known.changed()

    def groups(self) -> list[Group]:
        """All of them, by id."""
        return list(self.known.directory.groups)

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
