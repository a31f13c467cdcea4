"""What is read once a version is never older than the transaction that uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.people import Assignment, Duty, Person
from hub.services.ports import Tx


def add(name: str, tx: Tx) -> None:
    tx.people.add_people([Person(name, name)])
    tx.people.add_assignments([Assignment(name, "all", Duty.VOLUNTEER)])


def names(tx: Tx) -> set[str]:
    return set(tx.people.people()) & {"first", "second"}


async def test_a_change_by_another_process_is_seen_at_once(database: SqliteDatabase, path: Path) -> None:
    assert await database.read(names) == set()
    other = SqliteDatabase(path)
    await other.start()
    await other.write(lambda tx: add("first", tx))
    await other.close()
    assert await database.read(names) == {"first"}
    assert await database.write(names) == {"first"}


async def test_a_transaction_sees_its_own_changes(database: SqliteDatabase) -> None:
    def change_and_look(tx: Tx) -> tuple[set[str], list[str]]:
        before = names(tx)
        add("first", tx)
        return names(tx) - before, [one.person_id for one in tx.people.assignments() if one.person_id == "first"]

    assert await database.write(change_and_look) == ({"first"}, ["first"])


async def test_what_was_taken_back_is_not_remembered(database: SqliteDatabase) -> None:
    def change_and_fail(tx: Tx) -> None:
        add("first", tx)
        assert names(tx) == {"first"}
        raise ValueError("changed its mind")

    with pytest.raises(ValueError, match="changed its mind"):
        await database.write(change_and_fail)
    assert await database.read(names) == set()
    await database.write(lambda tx: add("second", tx))  # takes the version that the lost change had
    assert await database.read(names) == {"second"}


async def test_a_reader_that_began_before_a_change_keeps_what_it_saw(database: SqliteDatabase) -> None:
    await database.write(lambda tx: add("first", tx))
    old = await database.read(lambda tx: tx.people.people())
    await database.write(lambda tx: add("second", tx))
    assert "second" not in old
    assert await database.read(names) == {"first", "second"}
