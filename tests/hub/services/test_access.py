"""Who comes in, and who does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import DongdongError, Invalid, NotFound, NotSignedIn, TooManyTries, WrongPassword
from hub.domain.people import Role
from hub.services.access import DAY_MS, SESSION_MS, Access, Issued, hashed
from tests.hub.services.small_community import NOON_MS, FakeClock, small_community

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "春天的桂花很香，夏天也是"


@dataclass
class Rig:
    database: SqliteDatabase
    clock: FakeClock
    access: Access

    async def begin(self, password: str = PASSWORD) -> Issued:
        return await self.access.first_start(community="桂花社区", name="王芳", username="Wang", password=password)


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock = FakeClock()
        yield Rig(database, clock, Access(database, clock, hasher=QUICK))


async def test_the_first_start_names_the_community_and_signs_its_administrator_in(rig: Rig) -> None:
    assert await rig.access.is_first_start()
    issued = await rig.begin()
    grant = await rig.access.authenticate(issued.secret)
    assert (grant.role, grant.name, grant.kind) == (Role.ADMIN, "王芳", "session")
    assert (await rig.database.read(lambda tx: tx.places.community())).name == "桂花社区"
    assert not await rig.access.is_first_start()


async def test_of_two_first_starts_at_once_one_wins(rig: Rig) -> None:
    results = await asyncio.gather(rig.begin(), rig.begin(), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Invalid)]
    assert [error.key for error in refused] == ["already_set_up"]
    assert len(await rig.database.read(lambda tx: tx.access.accounts())) == 1


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    ("password", "key"), [("九个字的密码不够长", "password_too_short"), ("x" * 201, "password_too_long")]
)
async def test_a_password_must_be_long_and_not_endless(rig: Rig, password: str, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.begin(password)
    assert caught.value.key == key
    assert await rig.access.is_first_start()


async def test_signing_in_gives_a_session_that_ends(rig: Rig) -> None:
    await rig.begin()
    issued = await rig.access.sign_in(" wANG ", PASSWORD, "10.0.0.1")
    assert (await rig.access.authenticate(issued.secret)).name == "王芳"
    rig.clock.ms += SESSION_MS
    with pytest.raises(NotSignedIn):
        await rig.access.authenticate(issued.secret)


async def test_signing_out_ends_the_session_at_once(rig: Rig) -> None:
    issued = await rig.begin()
    await rig.access.sign_out(issued.secret)
    with pytest.raises(NotSignedIn):
        await rig.access.authenticate(issued.secret)


@pytest.mark.parametrize(
    ("username", "password"), [("wang", "wrong password"), ("nobody", PASSWORD), ("wang", "\ud800")]
)
async def test_a_wrong_name_and_a_wrong_password_look_the_same(rig: Rig, username: str, password: str) -> None:
    await rig.begin()
    with pytest.raises(WrongPassword) as caught:
        await rig.access.sign_in(username, password, "10.0.0.1")
    assert caught.value.params == {}


async def test_too_many_tries_from_one_address_are_refused_and_lock_nobody_else_out(rig: Rig) -> None:
    await rig.begin()
    errors: list[type[DongdongError]] = []
    for _ in range(6):
        with pytest.raises(DongdongError) as caught:
            await rig.access.sign_in("wang", "guess", "10.0.0.1")
        errors.append(type(caught.value))
    assert errors == [WrongPassword] * 5 + [TooManyTries]
    with pytest.raises(TooManyTries):
        await rig.access.sign_in("wang", PASSWORD, "10.0.0.1")
    assert await rig.access.sign_in("wang", PASSWORD, "10.0.0.2")


async def test_no_secret_is_stored_in_clear(rig: Rig, tmp_path: Path) -> None:
    issued = await rig.begin()
    token = await rig.access.new_token(role=Role.STAFF, name="物业")
    link = await rig.access.new_link("wang")
    stored = _all_bytes(tmp_path)
    for secret in (issued.secret, token.secret, link, PASSWORD):
        assert secret.encode() not in stored
    assert hashed(issued.secret).encode() in stored


async def test_a_token_has_a_role_and_an_end(rig: Rig) -> None:
    token = await rig.access.new_token(role=Role.STAFF, name="物业", days=1)
    grant = await rig.access.authenticate(token.secret)
    assert (grant.role, grant.person_id, grant.kind) == (Role.STAFF, None, "token")
    assert grant.expires_ms == NOON_MS + DAY_MS
    rig.clock.ms += DAY_MS
    with pytest.raises(NotSignedIn):
        await rig.access.authenticate(token.secret)


@pytest.mark.parametrize(("days", "name", "key"), [(0, "物业", "days_out_of_range"), (9, " ", "name_missing")])
async def test_a_token_without_end_or_name_is_refused(rig: Rig, days: int, name: str, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.access.new_token(role=Role.STAFF, name=name, days=days)
    assert caught.value.key == key


async def test_a_revoked_token_is_refused_and_revoking_twice_says_so(rig: Rig) -> None:
    token = await rig.access.new_token(role=Role.STAFF, name="物业")
    await rig.access.revoke(token.grant.hash)
    with pytest.raises(NotSignedIn):
        await rig.access.authenticate(token.secret)
    with pytest.raises(NotFound):
        await rig.access.revoke(token.grant.hash)


async def test_a_personal_link_opens_a_volunteers_part_and_a_new_one_ends_the_old(rig: Rig) -> None:
    old = await rig.access.new_link("wang")
    grant = await rig.access.by_link(old)
    assert (grant.role, grant.person_id) == (Role.VOLUNTEER, "wang")
    new = await rig.access.new_link("wang")
    assert (await rig.access.by_link(new)).person_id == "wang"
    with pytest.raises(NotSignedIn):
        await rig.access.by_link(old)
    with pytest.raises(NotSignedIn):
        await rig.access.authenticate(new)


async def test_there_is_no_link_for_nobody(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.access.new_link("nobody")


async def test_a_user_name_is_taken_once(rig: Rig) -> None:
    await rig.begin()
    with pytest.raises(Invalid) as caught:
        await rig.access.add_account(name="李强", username="WANG", password=PASSWORD, role=Role.STAFF)
    assert caught.value.key == "username_taken"


async def test_a_person_who_was_composed_differently_by_a_keyboard_is_the_same(rig: Rig) -> None:
    await rig.access.add_account(name="José", username="Jose\u0301", password="cafe\u0301 au lait", role=Role.STAFF)
    issued = await rig.access.sign_in("jos\u00e9", "caf\u00e9 au lait", "10.0.0.1")
    assert issued.grant.role is Role.STAFF
