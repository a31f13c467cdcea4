"""Accounts, sessions and tokens, stored and read again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import Changed
from hub.domain.people import Role
from hub.services.ports import Account, Grant
from tests.hub.adapters.database.sample import NOW_MS

ACCOUNT = Account("acc-1", "p1", "wang", "$argon2id$…", Role.ADMIN)
TOKEN = Grant("hash-1", Role.STAFF, None, "接口", NOW_MS, NOW_MS + 1_000, "token")


async def test_an_account_is_found_by_its_exact_user_name(database: SqliteDatabase) -> None:
    other = replace(ACCOUNT, id="acc-2", person_id="p2", username="Wang")
    await database.write(lambda tx: tx.access.add_account(ACCOUNT))
    await database.write(lambda tx: tx.access.add_account(other))
    assert await database.read(lambda tx: tx.access.account("wang")) == ACCOUNT
    assert await database.read(lambda tx: tx.access.account("nobody")) is None
    assert await database.read(lambda tx: tx.access.accounts()) == [other, ACCOUNT]


async def test_a_user_name_is_given_once(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.access.add_account(ACCOUNT))
    with pytest.raises(Changed):
        await database.write(lambda tx: tx.access.add_account(replace(ACCOUNT, id="acc-2")))


async def test_a_grant_ends_with_its_time(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.access.add_grant(TOKEN))
    assert await database.read(lambda tx: tx.access.grant("hash-1", NOW_MS + 999)) == TOKEN
    assert await database.read(lambda tx: tx.access.grant("hash-1", NOW_MS + 1_000)) is None


async def test_a_dropped_grant_is_gone(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.access.add_grant(TOKEN))
    await database.write(lambda tx: tx.access.drop_grant("hash-1"))
    assert await database.read(lambda tx: tx.access.grant("hash-1", NOW_MS)) is None
