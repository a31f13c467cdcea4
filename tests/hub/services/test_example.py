"""The example community: as large as it says, the same every time, and nobody in it is ever left alone."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import Invalid
from hub.domain.ladder import DEFAULT
from hub.domain.people import ChannelName, Duty
from hub.domain.places import PlaceKind, lineage
from hub.domain.roll import Roll
from hub.domain.roster import Rota, on_duty
from hub.services.example import Example, example, fill_with_city, fill_with_example
from hub.services.ladders import DEFAULT_ID, Ladders
from hub.services.ports import Community, Tx
from hub.services.recording import Policy
from tests.fakes.clock import FakeClock
from tests.hub.services.small_community import NOON_MS
from wire import topics

HOURS_A_WEEK = 7 * 24


@pytest.fixture(scope="module")
def values() -> Example:
    """The community, made once for all tests that only look."""
    return example()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A real one, empty."""
    database = SqliteDatabase(tmp_path / "example.db")
    await database.start()
    yield database
    await database.close()


def test_it_has_69_buildings_in_8_grids_and_3635_homes(values: Example) -> None:
    kinds = Counter(place.kind for place in values.places)
    assert kinds == {PlaceKind.COMMUNITY: 1, PlaceKind.GRID: 8, PlaceKind.BUILDING: 69}
    assert len({home.id for home in values.homes}) == len({home.name for home in values.homes}) == 3_635


def test_every_name_in_a_topic_is_a_slug(values: Example) -> None:
    names = [place.slug for place in values.places] + [device.id for device in values.devices]
    assert [name for name in names if not topics.is_slug(name)] == []


def test_every_place_lies_in_the_community_and_every_home_in_a_building(values: Example) -> None:
    places = {place.slug: place for place in values.places}
    assert all(len(lineage(places, home.place)) == 3 for home in values.homes)
    assert {home.place for home in values.homes} == {
        place.slug for place in values.places if place.kind is PlaceKind.BUILDING
    }


def test_no_two_buildings_stand_on_each_other(values: Example) -> None:
    buildings = [place for place in values.places if place.kind is PlaceKind.BUILDING]
    assert all(
        abs(one.x - other.x) >= 50 or abs(one.y - other.y) >= 30 for one, other in itertools.combinations(buildings, 2)
    )


def test_each_building_has_one_device(values: Example) -> None:
    assert {device.place: device.id for device in values.devices} == {
        f"building-{number}": f"dev-building-{number}" for number in range(1, 70)
    }


def test_each_elder_has_a_button_on_the_device_of_the_building(values: Example) -> None:
    homes = {home.id: home for home in values.homes}
    assert len(values.residents) == len(values.buttons) == 60
    assert Counter(one.home_id for one in values.residents) == Counter(one.home_id for one in values.buttons)
    assert all(one.home_id and f"dev-{homes[one.home_id].place}" == one.device for one in values.buttons)
    assert all(one.home_id and one.name.startswith(one.home_id.removeprefix("home-")) for one in values.buttons)
    assert {one.output for one in values.buttons} == {"home", "shared"}


def test_the_home_that_the_documents_speak_of_is_there(values: Example) -> None:
    assert "17栋2单元502室" in {home.name for home in values.homes if home.id == "home-17-2-502"}
    assert "17-2-502" in {button.name for button in values.buttons if button.device == "dev-building-17"}


def test_nobody_has_a_telephone_that_could_ring(values: Example) -> None:
    assert all(person.phone.startswith("000-0000-") for person in values.people)
    assert {contact.channel for person in values.people for contact in person.contacts} == {ChannelName.PAGE}
    names = [person.name for person in values.people] + [elder.name for elder in values.residents]
    assert len(set(names)) == len(names)


def test_every_building_has_a_head_every_grid_a_leader_and_every_elder_a_pair(values: Example) -> None:
    places = Counter((one.duty, one.place) for one in values.assignments)
    assert all(places[Duty.BUILDING_HEAD, f"building-{number}"] == 1 for number in range(1, 70))
    assert all(places[Duty.GRID_LEADER, f"grid-{number}"] == 1 for number in range(1, 9))
    assert all(places[Duty.HELPER, one.home_id] == 2 for one in values.residents)
    assert len({one.person_id for one in values.assignments if one.duty is Duty.VOLUNTEER}) == 60


def _hours(community: Community) -> list[int]:
    monday = datetime(2027, 1, 4, tzinfo=ZoneInfo(community.timezone))
    return [int((monday + timedelta(hours=hour)).timestamp() * 1_000) for hour in range(HOURS_A_WEEK)]


def test_every_rung_of_every_home_reaches_somebody_at_every_hour_of_the_week(values: Example) -> None:
    places = {place.slug: place for place in values.places}
    with_helpers = {one.place for one in values.assignments if one.duty is Duty.HELPER}
    surroundings = {(*({home.id} & with_helpers), *lineage(places, home.place)) for home in values.homes}
    assert len(surroundings) > len(with_helpers)
    rota = Rota(values.community.timezone, values.shifts)
    on_shift = {on_duty(rota, at).people for at in _hours(values.community)}
    for around in surroundings:
        near = tuple(one for one in values.assignments if one.place in around)
        for rung in DEFAULT:
            assert all(Roll(near, now).named(rung.who, around, lambda _: inf) for now in on_shift)


def test_at_every_hour_the_desk_and_a_volunteer_of_each_grid_are_on_shift(values: Example) -> None:
    rota = Rota(values.community.timezone, values.shifts)
    for at in _hours(values.community):
        now = on_duty(rota, at).people
        covered = {one.place for one in values.assignments if one.person_id in now}
        assert {"all", *(f"grid-{number}" for number in range(1, 9))} <= covered


def test_groups_of_neighbours_families_and_heads_of_floors_surround_the_elders(values: Example) -> None:
    elders_at = {one.home_id for one in values.residents}
    assert {home for group in values.groups for home in group.places} == elders_at
    assert all(2 <= len(group.person_ids) <= 3 for group in values.groups if len(group.places) > 1)
    at = Counter(one.duty for one in values.assignments if one.place in elders_at)
    assert at[Duty.FAMILY] == 36
    assert at[Duty.FLOOR_HEAD] > 0
    assert all(person.place for person in values.people if Duty.VOLUNTEER in _duties(values, person.id))


def _duties(values: Example, person_id: str) -> set[Duty]:
    return {one.duty for one in values.assignments if one.person_id == person_id}


async def test_the_ladder_for_nights_can_be_stored_and_leaves_nobody_alone(database: SqliteDatabase) -> None:
    await fill_with_example(database, FakeClock())
    ladders = Ladders(database, FakeClock(), Policy(DEFAULT))
    [night, _] = await ladders.all()
    await ladders.remove(night.id, night.version, "test")
    saved, week = await ladders.save(replace(night, version=0), "test")
    assert saved == night
    assert week.nobody == ()
    _, everywhere = await ladders.get(DEFAULT_ID)
    assert (everywhere.rungs, everywhere.nobody) == (((), (), (), ()), ())


def test_the_same_seed_gives_the_same_community_and_another_one_other_people(values: Example) -> None:
    assert example() == values
    other = example(seed=18)
    assert other.places == values.places
    assert other.people != values.people


async def test_it_is_stored_whole(database: SqliteDatabase, values: Example) -> None:
    await fill_with_example(database, FakeClock())

    def check(tx: Tx) -> None:
        assert tx.places.community() == values.community
        assert tuple(tx.places.places().values()) == values.places
        assert sum(tx.places.count_homes().values()) == 3_635
        assert tuple(tx.people.people().values()) == values.people
        of_groups = [one for group in values.groups for one in group.assignments()]
        assert tx.people.assignments() == [*values.assignments, *of_groups]
        assert tuple(tx.people.groups()) == values.groups
        assert tuple(tx.ladders.rules()) == values.ladders
        assert set(tx.rota.rota().shifts) == set(values.shifts)
        assert len(tx.devices.devices()) == 69
        assert len(tx.devices.buttons([(one.device, one.name) for one in values.buttons])) == 60
        residents = tx.residents.residents_of([one.home_id for one in values.residents])
        assert sum(map(len, residents.values())) == 60

    await database.read(check)


async def test_a_community_that_is_there_already_is_left_as_it_is(database: SqliteDatabase) -> None:
    mine = Community(1, "mine", "我们的社区", "Asia/Shanghai", "zh")
    await database.write(lambda tx: tx.places.create(mine))
    with pytest.raises(Invalid, match="data_not_empty"):
        await fill_with_example(database, FakeClock())
    assert await database.read(lambda tx: (tx.places.community(), tx.places.places())) == (mine, {})


async def test_these_days_hold_one_swap_one_absence_and_a_note_and_leave_nobody_alone(
    database: SqliteDatabase, values: Example
) -> None:
    await fill_with_example(database, FakeClock(NOON_MS))
    rota = await database.read(lambda tx: tx.rota.rota())
    assert (len(rota.swaps), len(rota.absences)) == (1, 1)
    (note,) = await database.read(lambda tx: tx.rota.hand_overs(0))
    assert NOON_MS - 8 * 3_600_000 < note.ends_ms <= NOON_MS
    swap = rota.swaps[0]
    shift = next(one for one in rota.shifts if one.id == swap.shift_id)
    assert swap.person_id not in ("", shift.person_id)
    for hour in range(HOURS_A_WEEK):
        now = on_duty(rota, NOON_MS + hour * 3_600_000)
        covered = {one.place for one in now.answering(values.assignments) if one.person_id in now.people}
        assert {"all", *(f"grid-{number}" for number in range(1, 9))} <= covered


async def test_a_city_has_a_device_and_a_mapped_button_in_every_building(database: SqliteDatabase) -> None:
    await fill_with_city(database, FakeClock(), 250)
    devices, places = await database.read(lambda tx: (tx.devices.devices(), tx.places.places()))
    buttons = await database.read(lambda tx: [one for device in devices for one in tx.devices.buttons_of(device)])
    assert len(devices) == len(buttons) == 250
    assert sorted(one.place for one in devices.values()) == sorted(
        place.slug for place in places.values() if place.kind is PlaceKind.BUILDING
    )
    assert Counter(place.parent for place in places.values() if place.kind is PlaceKind.BUILDING) == {
        "grid-1": 100,
        "grid-2": 100,
        "grid-3": 50,
    }


async def test_a_city_goes_into_an_empty_database_only(database: SqliteDatabase) -> None:
    await fill_with_example(database, FakeClock())
    with pytest.raises(Invalid, match="data_not_empty"):
        await fill_with_city(database, FakeClock(), 5)


@pytest.mark.parametrize("devices", [0, -1, 20_001])
async def test_a_city_of_no_size_is_refused(database: SqliteDatabase, devices: int) -> None:
    with pytest.raises(Invalid, match="bad_city"):
        await fill_with_city(database, FakeClock(), devices)
