"""People, what they answer for and when, stored and read again."""

from __future__ import annotations

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import NotFound
from hub.domain.people import Assignment, Duty, Person
from tests.hub.adapters.database.sample import PEOPLE

ASSIGNMENTS = [
    Assignment("p2", "home-9-1-101", Duty.HELPER),
    Assignment("p1", "building-9", Duty.BUILDING_HEAD),
    Assignment("p1", "all", Duty.DESK),
]


async def test_people_come_with_their_contacts_in_order(database: SqliteDatabase) -> None:
    assert list((await database.read(lambda tx: tx.people.people())).values()) == PEOPLE


async def test_only_the_people_asked_for_are_read(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.people.people(["p2", "nobody"])) == {"p2": PEOPLE[1]}


async def test_a_person_without_contacts_is_a_person(database: SqliteDatabase) -> None:
    lonely = Person("p3", "赵平")
    await database.write(lambda tx: tx.people.add_people([lonely]))
    assert await database.read(lambda tx: tx.people.people(["p3"])) == {"p3": lonely}


async def test_assignments_keep_their_order_everywhere_and_at_some_places(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.people.add_assignments(ASSIGNMENTS))
    assert await database.read(lambda tx: tx.people.assignments()) == ASSIGNMENTS
    at = await database.read(lambda tx: tx.people.assignments({"all", "home-9-1-101", "grid-7"}))
    assert at == [ASSIGNMENTS[0], ASSIGNMENTS[2]]
    assert await database.read(lambda tx: tx.people.assignments([])) == []


async def test_a_new_link_replaces_the_old_one(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.people.set_link("p1", "first"))
    await database.write(lambda tx: tx.people.set_link("p1", "second"))
    assert await database.read(lambda tx: tx.people.by_link("first")) is None
    assert await database.read(lambda tx: tx.people.by_link("second")) == PEOPLE[0]


async def test_a_link_for_nobody_is_refused(database: SqliteDatabase) -> None:
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.people.set_link("nobody", "hash"))
