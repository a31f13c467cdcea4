"""What devices are told to be like, and that all of them come to know it, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.devices import Device
from hub.services.device_settings import AT_ONCE, DAY_MS, RENEW_MS, DeviceSettings
from hub.services.pacing import PACE
from hub.services.payloads import AT_HOME_MINUTE, CONFIG_VALID_MS
from hub.services.ports import CommitFailed, PublishFailed, Tx
from tests.hub.services.small_community import FakeClock, FakePublisher, small_community
from wire.messages import Config, Output, read

NOON, NIGHT = (720, 840), (1200, 450)


@dataclass
class Rig:
    database: SqliteDatabase
    clock: FakeClock
    publisher: FakePublisher

    def hub(
        self, *quiet_hours: tuple[int, int], self_test_minute: int | None = None, is_crowded: bool = False
    ) -> DeviceSettings:
        """A hub that was started with these settings."""
        return DeviceSettings(
            self.database,
            self.publisher,
            self.clock,
            lambda: is_crowded,
            self_test_minute=self_test_minute,
            quiet_hours=quiet_hours,
        )

    def told(self) -> list[str]:
        """The devices that were sent settings since this was asked last."""
        devices = [topic.split("/")[1] for topic in self.publisher.topics()]
        self.publisher.sent.clear()
        return devices


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        yield Rig(database, FakeClock(), FakePublisher())


async def test_the_settings_say_where_a_device_is_and_which_output_answers_its_buttons(rig: Rig) -> None:
    await rig.hub().send(["dev-1"])
    [(topic, payload)] = rig.publisher.sent
    config = read(Config, payload)
    assert topic == "dev/dev-1/config retained"
    assert (config.to, config.community, config.timezone) == ("dev-1", "sunny", "Asia/Shanghai")
    assert set(config.places) == {"building-1-unit-1", "building-1", "grid-1", "all"}
    assert config.outputs == {"101": Output.HOME}
    assert config.self_test_minute is None


async def test_the_settings_hold_the_quiet_hours(rig: Rig) -> None:
    await rig.hub(NOON, NIGHT).send(["dev-1"])
    [(_, payload)] = rig.publisher.sent
    told = [(one.begins_minute, one.ends_minute) for one in read(Config, payload).quiet_hours]
    assert told == [NOON, NIGHT]


@pytest.mark.parametrize(("device", "minute"), [("dev-1", AT_HOME_MINUTE), ("dev-2", 180)])
async def test_a_loudspeaker_in_a_home_proves_itself_by_day_and_one_in_the_stairwell_at_night(
    rig: Rig, device: str, minute: int
) -> None:
    await rig.hub(self_test_minute=180).send([device])
    [(_, payload)] = rig.publisher.sent
    assert read(Config, payload).self_test_minute == minute


async def test_what_was_sent_is_not_sent_again_also_not_by_the_next_hub(rig: Rig) -> None:
    assert await rig.hub(NOON).update() == 2
    assert rig.told() == ["dev-1", "dev-2"]
    assert await rig.hub(NOON).update() == 0
    assert rig.told() == []


@pytest.mark.parametrize(("hours", "minute"), [([NIGHT], None), ([], None), ([NOON, NIGHT], None), ([NOON], 180)])
async def test_a_hub_that_was_started_with_other_settings_tells_all_devices(
    rig: Rig, hours: Sequence[tuple[int, int]], minute: int | None
) -> None:
    await rig.hub(NOON).update()
    rig.told()
    await rig.hub(*hours, self_test_minute=minute).update()
    assert rig.told() == ["dev-1", "dev-2"]


async def test_only_a_device_whose_own_settings_changed_is_told(rig: Rig) -> None:
    await rig.hub().update()
    rig.told()

    def change(tx: Tx) -> None:
        tx.devices.save([Device("dev-2", "building-2", delay_ms=35.0)])
        tx.devices.add_devices([Device("dev-3", "building-3")])

    await rig.database.write(change)
    await rig.hub().update()
    assert rig.told() == ["dev-2", "dev-3"]


async def test_settings_are_renewed_before_they_expire(rig: Rig) -> None:
    await rig.hub().update()
    rig.told()
    rig.clock.ms += RENEW_MS - 1
    assert await rig.hub().update() == 0
    rig.clock.ms += 1
    await rig.hub().update()
    [first, _] = [read(Config, payload) for _, payload in rig.publisher.sent]
    assert first.valid_until_ms == rig.clock.ms + CONFIG_VALID_MS
    assert await rig.hub().update() == 0


async def test_a_clock_that_was_set_back_does_not_keep_settings_from_being_renewed(rig: Rig) -> None:
    await rig.hub().update()
    rig.clock.ms -= DAY_MS
    assert await rig.hub().update() == 2
    assert await rig.hub().update() == 0


class Faulty(FakePublisher):
    """A broker that does not take what is for these devices."""

    refuses: frozenset[str] = frozenset({"dev-1"})

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        if device in self.refuses:
            raise PublishFailed
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)


async def test_what_the_broker_did_not_take_is_sent_with_the_next_connection_and_the_rest_is_not(rig: Rig) -> None:
    rig.publisher = faulty = Faulty()
    with pytest.raises(PublishFailed):
        await rig.hub().update()
    assert rig.told() == ["dev-2"]
    faulty.refuses = frozenset()
    await rig.hub().update()
    assert rig.told() == ["dev-1"]


class Changing(FakePublisher):
    """A delay is set in the instant in which the settings from before are on their way."""

    change: Callable[[], asyncio.Task[None]]
    changing: asyncio.Task[None] | None = None

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        if self.changing is None:
            self.changing = self.change()
        await asyncio.sleep(0)
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)


async def test_what_changes_while_settings_are_being_sent_is_what_a_device_hears_last(rig: Rig) -> None:
    rig.publisher = publisher = Changing()
    hub = rig.hub()

    async def change() -> None:
        await rig.database.write(lambda tx: tx.devices.save([Device("dev-1", "building-1", delay_ms=35.0)]))
        await hub.send(["dev-1"])

    publisher.change = lambda: asyncio.create_task(change())
    await hub.send(["dev-1"])
    assert publisher.changing is not None
    await publisher.changing
    assert [read(Config, payload).delay_ms for _, payload in publisher.sent] == [0.0, 35.0]
    assert "dev-1" not in await _outdated(rig, hub)


async def _outdated(rig: Rig, hub: DeviceSettings) -> list[str]:
    rig.told()
    await hub.update()
    return rig.told()


async def test_what_could_not_be_noted_was_sent_and_is_only_sent_once_more(rig: Rig) -> None:
    hub = DeviceSettings(NotNoting(rig.database), rig.publisher, rig.clock)  # type: ignore[arg-type]  # only these are used
    await hub.update()
    assert rig.told() == ["dev-1", "dev-2"]
    await rig.hub().update()
    assert rig.told() == ["dev-1", "dev-2"]
    assert await rig.hub().update() == 0


class NotNoting:
    """A database whose disk is full."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.read = database.read

    async def write(self, job: object) -> None:
        raise CommitFailed("disk full")


@pytest.mark.parametrize("is_crowded", [False, True])
async def test_all_of_many_are_told_a_few_at_a_time_while_people_wait_to_be_notified(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, *, is_crowded: bool
) -> None:
    many = [Device(f"many-{index:04}", "building-3") for index in range(AT_ONCE + 1)]
    await rig.database.write(lambda tx: tx.devices.add_devices(many))
    hub, sizes = rig.hub(is_crowded=is_crowded), list[int]()
    send = hub.send

    async def noted(devices: Sequence[str]) -> None:
        sizes.append(len(devices))
        await send(devices)

    monkeypatch.setattr(hub, "send", noted)
    monkeypatch.setattr("hub.services.device_settings.PACE_S", 0)
    assert await hub.update() == AT_ONCE + 3
    assert max(sizes) == (PACE if is_crowded else AT_ONCE)
    assert sorted(rig.told()) == sorted(["dev-1", "dev-2", *(one.id for one in many)])


class Signalling(FakePublisher):
    """Says when everybody was told."""

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)
        if len(self.sent) == 2:
            self.all_told.set()

    @cached_property
    def all_told(self) -> asyncio.Event:
        return asyncio.Event()


async def test_a_hub_that_runs_sends_nothing_before_it_is_connected_and_then_all(rig: Rig) -> None:
    rig.publisher = publisher = Signalling()
    hub = rig.hub()
    running = asyncio.create_task(hub.run())
    await asyncio.sleep(0)
    assert publisher.sent == []
    hub.look()
    async with asyncio.timeout(10):
        await publisher.all_told.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
