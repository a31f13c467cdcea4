"""The community, its places, homes and residents, stored and read again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import NotFound
from hub.domain.people import Resident
from hub.domain.places import Home, Spans
from tests.hub.adapters.database.sample import COMMUNITY, HOMES, PLACES


async def test_an_empty_database_says_that_there_is_no_community(empty: SqliteDatabase) -> None:
    with pytest.raises(NotFound):
        await empty.read(lambda tx: tx.places.community())


async def test_the_community_is_read_as_it_was_created(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.places.community()) == COMMUNITY


async def test_a_community_of_another_transaction_is_refused(empty: SqliteDatabase) -> None:
    with pytest.raises(ValueError, match="community 2"):
        await empty.write(lambda tx: tx.places.create(replace(COMMUNITY, id=2)))


async def test_a_new_name_leaves_the_slug_that_topics_hold(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.places.name_community("清溪花园"))
    assert await database.read(lambda tx: tx.places.community()) == replace(COMMUNITY, name="清溪花园")


async def test_places_keep_the_order_in_which_they_were_added(database: SqliteDatabase) -> None:
    places = await database.read(lambda tx: tx.places.places())
    assert list(places.values()) == PLACES
    assert list(places) == [place.slug for place in PLACES]


@pytest.mark.parametrize("spans", [((720, 840), (1200, 450)), (), None])
async def test_a_places_own_quiet_hours_are_read_as_they_were_set(
    database: SqliteDatabase, spans: Spans | None
) -> None:
    slug = PLACES[-1].slug
    await database.write(lambda tx: tx.places.set_quiet_hours(slug, ((1, 2),)))
    await database.write(lambda tx: tx.places.set_quiet_hours(slug, spans))
    await database.write(lambda tx: tx.places.set_quiet_hours("nowhere", ((1, 2),)))
    places = await database.read(lambda tx: tx.places.places())
    assert list(places.values()) == [*PLACES[:-1], replace(PLACES[-1], quiet_hours=spans)]


@pytest.mark.parametrize("minutes", [30, 0, None])
async def test_a_places_own_noise_budget_is_read_as_it_was_set(database: SqliteDatabase, minutes: int | None) -> None:
    slug = PLACES[-1].slug
    await database.write(lambda tx: tx.places.set_noise_budget(slug, 5))
    await database.write(lambda tx: tx.places.set_noise_budget(slug, minutes))
    await database.write(lambda tx: tx.places.set_noise_budget("nowhere", 5))
    places = await database.read(lambda tx: tx.places.places())
    assert list(places.values()) == [*PLACES[:-1], replace(PLACES[-1], noise_budget_min=minutes)]


async def test_a_place_is_added_with_its_quiet_hours_and_noise_budget(database: SqliteDatabase) -> None:
    quiet = replace(PLACES[-1], slug="building-77", quiet_hours=((0, 60),), noise_budget_min=5)
    await database.write(lambda tx: tx.places.add_places([quiet]))
    assert (await database.read(lambda tx: tx.places.places()))["building-77"] == quiet


async def test_only_homes_that_exist_are_found(database: SqliteDatabase) -> None:
    homes = await database.read(lambda tx: tx.places.homes([HOMES[0].id, HOMES[2].id, "home-1-1-999"]))
    assert homes == {HOMES[0].id: HOMES[0], HOMES[2].id: HOMES[2]}


async def test_looking_for_nothing_finds_nothing(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.places.homes([])) == {}


async def test_a_home_in_a_place_that_does_not_exist_is_refused(database: SqliteDatabase) -> None:
    with pytest.raises(IntegrityError):
        await database.write(lambda tx: tx.places.add_homes([Home("home-3-1-101", "building-3", "3栋1单元101室")]))


async def test_homes_in_a_unit_are_counted_for_its_building(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.places.count_homes()) == {"building-9": 2, "building-10": 1}


async def test_residents_are_found_by_their_home(database: SqliteDatabase) -> None:
    couple = [
        Resident("r1", HOMES[0].id, "石德胜", 1940, "听力不好"),
        Resident("r2", HOMES[0].id, "姚桂兰", None, "", "en"),
    ]
    other = Resident("r3", HOMES[2].id, "高长江")
    await database.write(lambda tx: tx.residents.add_residents([*couple, other]))
    found = await database.read(lambda tx: tx.residents.residents_of([HOMES[0].id, HOMES[1].id]))
    assert found == {HOMES[0].id: couple}
