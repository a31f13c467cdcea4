"""What devices say of themselves, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.devices import LOST_AFTER_MS, Device, Link, Part, link, unproved
from hub.domain.errors import DeviceSilent, Invalid, NoLink, NotFound
from hub.domain.findings import Finding
from hub.services.device_settings import DeviceSettings
from hub.services.news import NewsFeed
from hub.services.track_devices import REPLY_TIMEOUT_S, Devices
from tests.hub.services.small_community import NOON_MS, FakeClock, FakePublisher, small_community
from wire import messages
from wire.messages import (
    Config,
    Evidence,
    Health,
    LinkState,
    Reply,
    SelfTest,
    Status,
    Volume,
    read,
    read_command,
)


@dataclass
class Rig:
    database: SqliteDatabase
    clock: FakeClock
    publisher: FakePublisher
    news: NewsFeed
    devices: Devices

    def devices_by(self, publisher: FakePublisher, *, reply_timeout_s: float = REPLY_TIMEOUT_S) -> Devices:
        """Others than `devices`, with another way to the devices."""
        settings = DeviceSettings(self.database, publisher, self.clock)
        return Devices(self.database, publisher, self.clock, self.news, settings, reply_timeout_s=reply_timeout_s)

    async def device(self, name: str = "dev-1") -> Device:
        return (await self.database.read(lambda tx: tx.devices.devices([name])))[name]

    async def link(self, name: str = "dev-1") -> Link:
        return link(await self.device(name), self.clock.ms)

    async def online(self, session: str = "s1", *, is_retained: bool = False) -> bool:
        status = Status(state=LinkState.ONLINE, session=session, agent="1.0", at_ms=self.clock.ms)
        return await self.devices.statuses([("dev-1", status, is_retained)]) == ["dev-1"]

    async def will(self, session: str = "s1") -> bool:
        status = Status(state=LinkState.OFFLINE, session=session, at_ms=self.clock.ms)
        return await self.devices.statuses([("dev-1", status, False)]) == ["dev-1"]


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock, publisher, news = FakeClock(), FakePublisher(), NewsFeed()
        yield Rig(
            database,
            clock,
            publisher,
            news,
            Devices(database, publisher, clock, news, DeviceSettings(database, publisher, clock)),
        )


HEALTHY = Health(uptime_s=60, clock_offset_ms=1.5, outbox=2)


async def test_a_device_that_was_never_heard_of_is_no_more_than_that(rig: Rig) -> None:
    assert await rig.link() is Link.NEVER


async def test_a_live_birth_is_online_and_asks_for_what_was_missed(rig: Rig) -> None:
    assert await rig.online()
    assert await rig.link() is Link.ONLINE
    assert (await rig.device()).agent == "1.0"


async def test_a_retained_birth_proves_nothing_until_the_device_is_heard(rig: Rig) -> None:
    assert not await rig.online(is_retained=True)
    assert await rig.link() is Link.NEVER
    await rig.devices.health([("dev-1", HEALTHY)])
    assert await rig.link() is Link.ONLINE


async def test_a_retained_birth_after_a_will_is_unknown_even_if_the_device_was_heard_just_before(rig: Rig) -> None:
    await rig.online("s1")
    await rig.will("s1")
    assert await rig.link() is Link.OFFLINE
    await rig.online("s2", is_retained=True)
    assert await rig.link() is Link.LOST
    await rig.devices.health([("dev-1", HEALTHY)])
    assert await rig.link() is Link.ONLINE


async def test_a_late_will_of_an_older_session_changes_nothing(rig: Rig) -> None:
    await rig.online("s1")
    await rig.online("s2")
    assert not await rig.will("s1")
    assert await rig.link() is Link.ONLINE
    await rig.will("s2")
    assert await rig.link() is Link.OFFLINE


async def test_health_that_is_read_after_the_will_does_not_bring_a_device_back(rig: Rig) -> None:
    await rig.online()
    await rig.will()
    await rig.devices.health([("dev-1", HEALTHY)])
    assert await rig.link() is Link.OFFLINE


async def test_a_device_that_falls_silent_is_lost_whatever_it_said(rig: Rig) -> None:
    await rig.online()
    rig.clock.ms += LOST_AFTER_MS
    assert await rig.link() is Link.LOST


async def test_health_is_stored_with_what_it_says_of_clock_outbox_and_proofs(rig: Rig) -> None:
    proved = HEALTHY.model_copy(update={"speaker_proved_ms": NOON_MS - 5, "microphone_proved_ms": NOON_MS + 99})
    await rig.devices.health([("dev-1", HEALTHY), ("dev-1", proved), ("stranger", HEALTHY)])
    device = await rig.device()
    assert (device.heard_ms, device.clock_offset_ms, device.outbox) == (NOON_MS, 1.5, 2)
    assert device.proved_ms == {Part.SPEAKER: NOON_MS - 5, Part.MICROPHONE: NOON_MS}


async def test_an_older_proof_does_not_replace_a_newer_one(rig: Rig) -> None:
    await rig.devices.health([("dev-1", HEALTHY.model_copy(update={"speaker_proved_ms": NOON_MS - 5}))])
    await rig.devices.health([("dev-1", HEALTHY.model_copy(update={"speaker_proved_ms": NOON_MS - 500}))])
    assert (await rig.device()).proved_ms[Part.SPEAKER] == NOON_MS - 5


async def test_a_status_of_an_unknown_device_is_ignored(rig: Rig) -> None:
    status = Status(state=LinkState.ONLINE, session="s", at_ms=1)
    assert await rig.devices.statuses([("stranger", status, False)]) == []


async def test_pages_hear_of_health_only_when_it_changes_what_they_show(rig: Rig) -> None:
    with rig.news.subscribe() as topics:
        await rig.devices.health([("dev-1", HEALTHY)])
        assert await anext(topics) == "devices"
        rig.clock.ms += 15_000
        await rig.devices.health([("dev-1", HEALTHY)])
        rig.news.tell("end")
        assert await anext(topics) == "end"


class AnsweringPublisher(FakePublisher):
    """The device answers each command as soon as it is published."""

    devices: Devices
    evidence: Evidence | None = None
    is_ok = True

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)
        if kind == "command":
            command_id = read_command(payload).id
            self.devices.replied(device, Reply(command_id="another", is_ok=False))
            reply = Reply(command_id=command_id, is_ok=self.is_ok, evidence=self.evidence)
            self.devices.replied(device, reply)
            self.devices.replied(device, reply)


@pytest.fixture
def answering(rig: Rig) -> AnsweringPublisher:
    publisher = AnsweringPublisher()
    publisher.devices = rig.devices_by(publisher)
    return publisher


async def test_a_self_test_that_was_heard_proves_speaker_and_microphone(
    rig: Rig, answering: AnsweringPublisher
) -> None:
    answering.evidence = Evidence(heard=True, correlation=0.8, lag_ms=3, level_dbfs=-20)
    reply = await answering.devices.command("dev-1", "self_test")
    assert reply.is_ok
    assert isinstance(read_command(answering.sent[0][1]), SelfTest)
    assert (await rig.device()).proved_ms == {Part.SPEAKER: NOON_MS, Part.MICROPHONE: NOON_MS}


async def test_a_self_test_that_was_not_heard_proves_nothing(rig: Rig, answering: AnsweringPublisher) -> None:
    answering.evidence = Evidence(heard=False, correlation=0, lag_ms=0, level_dbfs=-80)
    await answering.devices.command("dev-1", "self_test")
    assert (await rig.device()).proved_ms == {}


async def test_a_volume_that_was_set_is_stored_and_in_the_settings(rig: Rig, answering: AnsweringPublisher) -> None:
    await answering.devices.command("dev-1", "volume", volume=0.4)
    assert answering.topics() == ["dev/dev-1/command", "dev/dev-1/config retained"]
    command = read_command(answering.sent[0][1])
    assert isinstance(command, Volume)
    assert command.volume == 0.4
    assert (await rig.device()).volume == 0.4
    assert read(Config, answering.sent[1][1]).volume == 0.4


async def test_a_volume_that_was_refused_is_not_stored(rig: Rig, answering: AnsweringPublisher) -> None:
    answering.is_ok = False
    assert not (await answering.devices.command("dev-1", "volume", volume=0.4)).is_ok
    assert (await rig.device()).volume == 1.0


async def test_a_device_that_does_not_answer_in_time_is_silent(rig: Rig) -> None:
    devices = rig.devices_by(rig.publisher, reply_timeout_s=0)
    with pytest.raises(DeviceSilent):
        await devices.command("dev-1", "restart")


async def test_an_answer_that_comes_too_late_harms_nobody(rig: Rig) -> None:
    rig.devices.replied("dev-1", Reply(command_id="old", is_ok=True))


async def test_without_a_link_nothing_is_sent_and_that_is_said(rig: Rig) -> None:
    rig.publisher.is_linked = False
    with pytest.raises(NoLink):
        await rig.devices.command("dev-1", "restart")


@pytest.mark.parametrize(
    ("kind", "volume", "key"),
    [
        ("dance", None, "unknown_command"),
        ("volume", None, "volume_out_of_range"),
        ("volume", 1.1, "volume_out_of_range"),
    ],
)
async def test_commands_that_make_no_sense_are_refused(rig: Rig, kind: str, volume: float | None, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.devices.command("dev-1", kind, volume=volume)
    assert caught.value.key == key


async def test_an_unknown_device_cannot_be_commanded(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.devices.command("stranger", "restart")


class BackwardsPublisher(FakePublisher):
    """The device answers two commands, the later one first."""

    devices: Devices

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        await super().to_device(device, kind, payload, expiry_s=expiry_s)
        if len(self.sent) == 2:
            for _, sent in reversed(self.sent):
                command = read_command(sent)
                self.devices.replied(device, Reply(command_id=command.id, is_ok=True, detail=command.kind))


async def test_two_commands_at_once_each_get_their_own_answer(rig: Rig) -> None:
    publisher = BackwardsPublisher()
    publisher.devices = rig.devices_by(publisher)
    replies = await asyncio.gather(*(publisher.devices.command("dev-1", kind) for kind in ("self_test", "restart")))
    assert [reply.detail for reply in replies] == ["self_test", "restart"]


async def test_what_a_device_found_in_the_night_is_known_from_its_next_health_and_speaks_against_its_proof(
    rig: Rig,
) -> None:
    proved_ms = rig.clock.ms - 1_000
    good = HEALTHY.model_copy(update={"speaker_proved_ms": proved_ms, "microphone_proved_ms": proved_ms})
    await rig.devices.health([("dev-1", good)])
    assert "speaker" not in unproved(await rig.device(), rig.clock.ms)
    silent = {"finding": messages.Finding.SILENT, "finding_at_ms": rig.clock.ms}
    await rig.devices.health([("dev-1", good.model_copy(update=silent))])
    device = await rig.device()
    assert (device.finding, device.finding_ms) == (Finding.SILENT, rig.clock.ms)
    assert "speaker" in unproved(device, rig.clock.ms)
    assert "microphone" not in unproved(device, rig.clock.ms)


async def test_a_finding_from_the_future_counts_as_of_now(rig: Rig) -> None:
    ahead = HEALTHY.model_copy(update={"finding": messages.Finding.SILENT, "finding_at_ms": rig.clock.ms + 10**11})
    await rig.devices.health([("dev-1", ahead)])
    assert (await rig.device()).finding_ms == rig.clock.ms


@pytest.mark.parametrize("delay_ms", [-500, -35.5, 0, 500])
async def test_a_delay_is_stored_and_reaches_the_device(rig: Rig, delay_ms: float) -> None:
    await rig.devices.delay("dev-1", delay_ms, "zhang")
    assert (await rig.device()).delay_ms == delay_ms
    assert read(Config, rig.publisher.sent[-1][1]).delay_ms == delay_ms
    await rig.devices.health([("dev-1", HEALTHY)])
    assert (await rig.device()).delay_ms == delay_ms


@pytest.mark.parametrize("delay_ms", [-500.5, 501, 60_000, float("nan"), float("inf")])
async def test_a_delay_that_no_building_needs_is_refused(rig: Rig, delay_ms: float) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.devices.delay("dev-1", delay_ms, "zhang")
    assert caught.value.key == "delay_out_of_range"
    assert (await rig.device()).delay_ms == 0


async def test_a_delay_that_was_set_without_a_link_goes_out_with_the_next_settings(rig: Rig) -> None:
    rig.publisher.is_linked = False
    await rig.devices.delay("dev-1", 40, "zhang")
    rig.publisher.is_linked = True
    await DeviceSettings(rig.database, rig.publisher, rig.clock).update()
    told = {topic: read(Config, payload).delay_ms for topic, payload in rig.publisher.sent}
    assert told["dev/dev-1/config retained"] == 40


async def test_a_device_that_is_not_there_gets_no_delay(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.devices.delay("nowhere", 40, "zhang")
