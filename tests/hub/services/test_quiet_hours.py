"""Quiet hours of single places: set, told to the devices they are for and to no others, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import Progress, Reached
from hub.domain.errors import Invalid, NotFound
from hub.domain.places import Spans
from hub.services.device_settings import DeviceSettings
from hub.services.ports import Tx
from hub.services.quiet_hours import QuietTimes
from tests.hub.adapters.database.sample import ANNOUNCEMENT
from tests.hub.services.small_community import FakeClock, FakePublisher, small_community
from wire.messages import Config, read

DEFAULT: Spans = ((720, 840),)
NIGHT: Spans = ((1200, 450),)


@dataclass
class Rig:
    database: SqliteDatabase
    publisher: FakePublisher
    clock: FakeClock
    settings: DeviceSettings
    quiet: QuietTimes

    async def told(self) -> dict[str, Spans]:
        """Brings the devices up to date, and says which of them were told what."""
        self.publisher.sent.clear()
        await self.settings.update()
        configs = [read(Config, payload) for _, payload in self.publisher.sent]
        return {
            config.to: tuple((one.begins_minute, one.ends_minute) for one in config.quiet_hours) for config in configs
        }

    async def budgets(self) -> dict[str, int | None]:
        """As `told`: of noise budgets."""
        await self.told()
        return {(config := read(Config, payload)).to: config.noise_budget_s for _, payload in self.publisher.sent}


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock, publisher = FakeClock(), FakePublisher()
        settings = DeviceSettings(database, publisher, clock, quiet_hours=DEFAULT)
        rig = Rig(database, publisher, clock, settings, QuietTimes(database, settings, clock))
        assert await rig.told() == {"dev-1": DEFAULT, "dev-2": DEFAULT}
        yield rig


async def test_a_buildings_own_reach_its_device_and_no_other(rig: Rig) -> None:
    await rig.quiet.put("building-1", NIGHT, "wang")
    assert await rig.told() == {"dev-1": NIGHT}
    assert await rig.told() == {}


async def test_those_of_a_grid_hold_for_its_buildings_but_for_one_that_has_its_own(rig: Rig) -> None:
    await rig.quiet.put("building-1", (), "wang")
    await rig.quiet.put("grid-1", NIGHT, "wang")
    assert await rig.told() == {"dev-1": (), "dev-2": NIGHT}
    await rig.quiet.put("building-1", None, "wang")
    assert await rig.told() == {"dev-1": NIGHT}
    await rig.quiet.put("grid-1", None, "wang")
    assert await rig.told() == {"dev-1": DEFAULT, "dev-2": DEFAULT}


async def test_it_is_said_whose_hours_hold(rig: Rig) -> None:
    await rig.quiet.put("grid-1", NIGHT, "wang")
    found = {one.place.slug: (one.spans, one.source and one.source.slug, one.is_own) for one in await rig.quiet.all()}
    assert found == {
        "grid-1": (NIGHT, "grid-1", True),
        "grid-2": (DEFAULT, None, False),
        "building-1": (NIGHT, "grid-1", False),
        "building-2": (NIGHT, "grid-1", False),
        "building-3": (DEFAULT, None, False),
    }
    assert (await rig.quiet.get("building-1-unit-1")).spans == NIGHT


async def test_it_is_written_down_who_set_them(rig: Rig) -> None:
    await rig.quiet.put("grid-1", NIGHT, "wang")
    await rig.quiet.put("grid-1", None, "li")
    rows = await rig.database.read(lambda tx: tx.audit.latest(2))
    assert [(row.actor, row.what, row.detail) for row in rows] == [
        ("li", "quiet_hours_set", {"place": "grid-1", "hours": None}),
        ("wang", "quiet_hours_set", {"place": "grid-1", "hours": ["20:00-07:30"]}),
    ]


@pytest.mark.parametrize("slug", ["all", "building-1-unit-1"])
async def test_an_entrance_and_the_whole_community_have_none_of_their_own(rig: Rig, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.quiet.put(slug, NIGHT, "wang")
    assert caught.value.key == "no_own_quiet_hours"
    assert await rig.told() == {}


async def test_a_place_that_is_not_there_is_not_found(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.quiet.put("building-99", NIGHT, "wang")
    with pytest.raises(NotFound):
        await rig.quiet.get("building-99")


async def test_a_noise_budget_reaches_the_devices_it_is_for_and_is_written_down(rig: Rig) -> None:
    await rig.quiet.put_budget("grid-1", 30, "wang")
    await rig.quiet.put_budget("building-1", 0, "li")
    assert await rig.budgets() == {"dev-2": 1_800}  # no limit is what the other one has anyway
    assert await rig.told() == {}
    found = await rig.quiet.get("building-1-unit-1")
    assert (found.budget_min, found.has_own_budget, found.is_own) == (0, False, False)
    await rig.quiet.put_budget("grid-1", None, "wang")
    await rig.quiet.put_budget("building-1", None, "wang")
    assert await rig.budgets() == {"dev-2": None}
    rows = await rig.database.read(lambda tx: tx.audit.latest(4))
    assert [(row.actor, row.what, row.detail) for row in rows][-2:] == [
        ("li", "noise_budget_set", {"place": "building-1", "minutes": 0}),
        ("wang", "noise_budget_set", {"place": "grid-1", "minutes": 30}),
    ]


@pytest.mark.parametrize(
    ("slug", "error"), [("all", "no_own_noise_budget"), ("building-1-unit-1", "no_own_noise_budget")]
)
async def test_an_entrance_and_the_whole_community_have_no_budget_of_their_own(rig: Rig, slug: str, error: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.quiet.put_budget(slug, 5, "wang")
    assert caught.value.key == error
    with pytest.raises(NotFound):
        await rig.quiet.put_budget("building-99", 5, "wang")


async def test_a_hub_that_was_started_with_another_budget_tells_all_devices(rig: Rig) -> None:
    rig.settings = DeviceSettings(rig.database, rig.publisher, rig.clock, quiet_hours=DEFAULT, noise_budget_min=60)
    assert await rig.budgets() == {"dev-1": 3_600, "dev-2": 3_600}
    assert await rig.budgets() == {}


@pytest.mark.parametrize(("priority", "count"), [(60, 2), (223, 2), (224, 0), (250, 0)])
async def test_before_it_is_sent_it_is_known_how_many_buildings_would_not_play_it(
    rig: Rig, priority: int, count: int
) -> None:
    await rig.quiet.put("building-2", NIGHT, "wang")
    at_noon = await rig.database.read(lambda tx: rig.quiet.silenced(tx, ["all"], priority, rig.clock.ms))
    assert at_noon == count  # of three buildings one is quiet at night only
    at_three = await rig.database.read(
        lambda tx: rig.quiet.silenced(tx, ["all"], priority, rig.clock.ms + 3 * 3_600_000)
    )
    assert at_three == 0


@pytest.mark.parametrize(
    ("priority", "long_ms", "in_ms", "count"),
    [
        (60, 20_000, 0, 0),
        (60, 20_001, 0, 1),
        (223, 20_001, 0, 1),
        (224, 20_001, 0, 0),
        (60, 60_001, 0, 2),
        (60, 60_000, 86_400_000, 0),  # nothing is used of another day
        (60, 60_001, 86_400_000, 2),
    ],
)
async def test_before_it_is_sent_it_is_known_how_many_buildings_have_too_little_left(
    rig: Rig, priority: int, long_ms: int, in_ms: int, count: int
) -> None:
    await rig.quiet.put_budget("grid-1", 1, "wang")
    now_ms = rig.clock.ms
    part = Progress(
        "dev-1",
        "building-1",
        Reached.PLAYED,
        {Reached.PLAYING: now_ms - 50_000, Reached.PLAYED: now_ms - 10_000},
        started_ms=now_ms - 50_000,
    )
    sent = replace(ANNOUNCEMENT, play_at_ms=now_ms - 50_000, valid_until_ms=now_ms)

    def job(tx: Tx) -> None:
        tx.announcements.add(sent, [])
        tx.announcements.save_progress([(sent.id, part)])

    await rig.database.write(job)

    def overdrawn(tx: Tx) -> int:
        return rig.quiet.overdrawn(tx, ["all"], priority, long_ms, now_ms + in_ms)

    assert await rig.database.read(overdrawn) == count
    assert await rig.database.read(lambda tx: rig.quiet.overdrawn(tx, ["grid-2"], 60, 10**9, now_ms)) == 0
