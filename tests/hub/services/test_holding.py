"""Red and orange wait for a second person: what devices are sent when, who decided, and what a restart finds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import RED_WHISTLE, lead_ms
from hub.domain.devices import Device
from hub.domain.errors import NotFound, NotHeld, OwnConfirmation
from hub.domain.second_person import HOLD_MS, MOST_LATE_MS, Hold
from hub.services.announce import Announcements
from hub.services.holding import HUB, Windows
from hub.services.news import NewsFeed
from hub.services.ports import Announcement
from hub.services.views import announcement_view, announcements_view, heard_view
from tests.fakes.database import FailingDatabase
from tests.hub.services.small_community import (
    NOON_MS,
    SOUND_MS,
    FakeClock,
    FakePublisher,
    FakeSounds,
    small_community,
)
from wire.messages import Manifest, Stop, Timeline

LEAD_MS = lead_ms(SOUND_MS)


@dataclass
class SteadyClock(FakeClock):
    """A wall clock that can be set without time passing."""

    set_by_ms: int = 0

    def now_ms(self) -> int:
        return self.ms + self.set_by_ms

    def timeline(self) -> Timeline:
        return Timeline(boot="boot", base_ns=self.set_by_ms * 1_000_000)


@dataclass
class Rig:
    real: SqliteDatabase
    database: FailingDatabase
    clock: SteadyClock
    publisher: FakePublisher
    news: NewsFeed
    announcements: Announcements
    windows: Windows

    @classmethod
    def new(cls, database: SqliteDatabase, clock: SteadyClock) -> Rig:
        """A hub that has just been started."""
        publisher, news, failing = FakePublisher(), NewsFeed(), FailingDatabase(database)
        announcements = Announcements(failing, publisher, FakeSounds(clock), clock, news)
        return cls(
            database, failing, clock, publisher, news, announcements, Windows(failing, announcements.let_go, clock)
        )

    async def announce(self, kind: str = "red", play_at_ms: int | None = None, by: str = "wang") -> Announcement:
        """Looked at once, as the running hub does before any time has passed."""
        made = await self.announcements.announce(
            text="有大风", places=["all"], kind=kind, repeat=1, play_at_ms=play_at_ms, by=by
        )
        await self.windows.turn()
        return made

    async def after(self, ms: int) -> list[type[Manifest | Stop]]:
        """What has gone out since the last look, this much later."""
        self.publisher.sent.clear()
        self.clock.ms += ms
        await self.windows.turn()
        return [type(message) for _, message in self.publisher.announced()]

    async def stored(self, one: Announcement) -> Announcement:
        found = await self.database.read(lambda tx: tx.announcements.get(one.id))
        assert found is not None
        return found

    async def journal(self) -> list[tuple[str, str]]:
        rows = await self.database.read(lambda tx: tx.audit.latest(20))
        return [(row.what, row.actor) for row in reversed(rows)]


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        yield Rig.new(database, SteadyClock())


def manifests(rig: Rig) -> list[Manifest]:
    return [message for _, message in rig.publisher.announced() if isinstance(message, Manifest)]


@pytest.mark.parametrize("kind", ["orange", "red"])
async def test_while_it_is_held_the_broker_has_the_sound_and_nobody_the_manifest(rig: Rig, kind: str) -> None:
    made = await rig.announce(kind)
    assert (made.hold, made.hold_until_ms) == (Hold.HELD, NOON_MS + HOLD_MS)
    assert rig.publisher.topics() == ["audio"]
    assert await rig.after(HOLD_MS - 1) == []
    counts = (await rig.database.read(lambda tx: announcement_view(tx, made.id, NOON_MS))).counts
    assert (counts["held"], counts["waiting"], counts["sent"]) == (2, 0, 0)


async def test_left_alone_it_goes_out_by_itself_and_only_the_manifest_is_left_to_send(rig: Rig) -> None:
    made = await rig.announce()
    assert await rig.after(HOLD_MS) == [Manifest]
    assert rig.publisher.topics() == ["place/sunny/all"]
    [manifest] = manifests(rig)
    assert manifest.play_at_ms == NOON_MS + HOLD_MS + LEAD_MS
    now = await rig.stored(made)
    assert (now.hold, now.hold_by, now.hold_at_ms) == (Hold.RAN_OUT, None, NOON_MS + HOLD_MS)
    assert manifest.valid_until_ms == now.valid_until_ms
    assert await rig.after(1_000) == []
    assert await rig.journal() == [("announcement_held", "wang"), ("announcement_ran_out", HUB)]


async def test_a_second_person_sends_it_at_once(rig: Rig) -> None:
    made = await rig.announce()
    assert await rig.after(2_000) == []
    sent = await rig.announcements.confirm(made.id, "li")
    assert rig.publisher.topics() == ["place/sunny/all"]
    assert manifests(rig)[0].play_at_ms == sent.play_at_ms == NOON_MS + 2_000 + LEAD_MS
    assert await rig.after(HOLD_MS) == []
    assert await rig.journal() == [("announcement_held", "wang"), ("announcement_confirmed", "li")]


@pytest.mark.parametrize("ahead_ms", [None, 5 * 60_000, 60 * 60_000])
async def test_what_is_confirmed_is_agreed_by_the_clock_that_its_instant_was_computed_with(
    rig: Rig, ahead_ms: int | None
) -> None:
    made = await rig.announce(play_at_ms=None if ahead_ms is None else NOON_MS + ahead_ms)
    before = rig.clock.timeline()
    rig.clock.set_by_ms = 1_900
    await rig.announcements.confirm(made.id, "li")
    [manifest] = manifests(rig)
    if ahead_ms is None:  # at once, which is another instant than that at the end of its window
        assert (manifest.play_at_ms, manifest.timeline) == (NOON_MS + 1_900 + LEAD_MS, rig.clock.timeline())
    else:
        assert (manifest.play_at_ms, manifest.timeline) == (made.play_at_ms, before if ahead_ms < 600_000 else None)


async def test_two_who_confirm_at_once_send_it_once(rig: Rig) -> None:
    made = await rig.announce()
    rig.publisher.sent.clear()
    both = await asyncio.gather(*(rig.announcements.confirm(made.id, by) for by in ("li", "zhao")))
    assert both[0].hold_by == both[1].hold_by
    assert len(manifests(rig)) == 1
    assert len(await rig.journal()) == 2


async def test_whoever_made_it_cannot_confirm_it_and_it_still_goes_out(rig: Rig) -> None:
    made = await rig.announce()
    with pytest.raises(OwnConfirmation):
        await rig.announcements.confirm(made.id, "wang")
    assert await rig.after(HOLD_MS) == [Manifest]


@pytest.mark.parametrize("by", ["wang", "zhao"])
async def test_whoever_calls_it_off_in_time_has_it_never_played(rig: Rig, by: str) -> None:
    made = await rig.announce()
    rig.publisher.sent.clear()
    rig.clock.ms += HOLD_MS - 1
    ended = await rig.announcements.stop(made.id, by)
    assert (ended.hold, ended.hold_by, ended.stopped_ms) == (Hold.CALLED_OFF, by, NOON_MS + HOLD_MS - 1)
    with pytest.raises(NotHeld):
        await rig.announcements.confirm(made.id, "li")
    assert await rig.after(60_000) == []
    await rig.announcements.republish()
    await rig.announcements.came_online(["dev-1", "dev-2"])
    assert rig.publisher.sent == []
    assert await rig.journal() == [("announcement_held", "wang"), ("announcement_called_off", by)]


@pytest.mark.parametrize("round_", range(5))
async def test_a_confirmation_a_call_off_and_the_end_of_the_time_at_once_leave_one_truth(rig: Rig, round_: int) -> None:
    made = await rig.announce()
    rig.publisher.sent.clear()
    rig.clock.ms += HOLD_MS
    steps: list[Callable[[], object]] = [
        lambda: rig.announcements.stop(made.id, "zhao"),
        lambda: rig.announcements.confirm(made.id, "li"),
        rig.windows.turn,
    ]
    turned = steps[round_ % 3 :] + steps[: round_ % 3]
    await asyncio.gather(*(step() for step in turned), return_exceptions=True)  # type: ignore[call-overload]
    now = await rig.stored(made)
    sent = [type(message) for _, message in rig.publisher.announced()]
    if now.hold is Hold.CALLED_OFF:
        assert sent == []
    else:  # and who wanted it called off has stopped what was on the air
        assert sent.count(Manifest) <= 1
        assert now.stopped_ms is None or sent[-1] is Stop
    decided = [what for what, _ in (await rig.journal())[1:] if what != "announcement_stopped"]
    assert decided == [f"announcement_{now.hold}"]


async def test_after_it_has_gone_out_a_stop_stops_it_everywhere(rig: Rig) -> None:
    made = await rig.announce()
    await rig.announcements.confirm(made.id, "li")
    rig.publisher.sent.clear()
    stopped = await rig.announcements.stop(made.id, "wang")
    assert (stopped.hold, stopped.stopped_ms) == (Hold.CONFIRMED, NOON_MS)
    assert [type(message) for _, message in rig.publisher.announced()] == [Stop]


async def test_stopping_everything_calls_off_what_is_held(rig: Rig) -> None:
    made = await rig.announce()
    rig.publisher.sent.clear()
    assert [one.id for one in await rig.announcements.stop_all("li")] == [made.id]
    assert (await rig.stored(made)).hold is Hold.CALLED_OFF
    assert rig.publisher.sent == []


async def test_a_hub_that_was_killed_in_the_window_waits_for_the_rest_and_sends_it(rig: Rig) -> None:
    made = await rig.announce()
    rig.clock.ms += 4_000
    other = Rig.new(rig.real, rig.clock)
    await other.windows.turn()
    assert await other.after(HOLD_MS - 4_001) == []
    assert await other.after(1) == [Manifest]
    assert (await other.stored(made)).hold is Hold.RAN_OUT


async def test_a_hub_that_comes_back_after_the_window_sends_it_at_once_with_its_sound(rig: Rig) -> None:
    await rig.announce()
    rig.clock.ms += 20 * 60_000
    other = Rig.new(rig.real, rig.clock)
    await other.windows.turn()
    assert other.publisher.topics() == ["audio", "place/sunny/all"]
    [manifest] = manifests(other)
    assert manifest.play_at_ms == rig.clock.ms + LEAD_MS
    assert manifest.valid_until_ms > manifest.play_at_ms + SOUND_MS


async def test_a_call_off_before_the_restart_holds_after_it(rig: Rig) -> None:
    made = await rig.announce()
    await rig.announcements.stop(made.id, "li")
    other = Rig.new(rig.real, rig.clock)
    await other.announcements.republish()
    assert await other.after(60_000) == []


async def test_a_warning_of_yesterday_is_not_played_and_the_journal_says_so(rig: Rig) -> None:
    made = await rig.announce()
    rig.clock.ms += MOST_LATE_MS + 60_000
    other = Rig.new(rig.real, rig.clock)
    assert await other.after(0) == []
    now = await other.stored(made)
    assert (now.hold, now.stopped_ms) == (Hold.LAPSED, rig.clock.ms)
    assert (await rig.journal())[-1] == ("announcement_lapsed", HUB)


@pytest.mark.parametrize("set_by_ms", [-3_600_000, 1_800_000])
async def test_setting_the_clock_neither_hastens_nor_delays_it(rig: Rig, set_by_ms: int) -> None:
    await rig.announce()
    rig.clock.set_by_ms = set_by_ms
    assert await rig.after(HOLD_MS - 1) == []
    assert await rig.after(1) == [Manifest]


async def test_what_is_meant_for_later_is_held_no_longer_than_the_window(rig: Rig) -> None:
    made = await rig.announce(play_at_ms=NOON_MS + 3_600_000)
    assert rig.publisher.topics() == ["audio"]
    assert await rig.after(HOLD_MS) == [Manifest]
    assert (await rig.stored(made)).play_at_ms == NOON_MS + 3_600_000


async def test_a_confirmed_one_for_later_still_begins_then(rig: Rig) -> None:
    made = await rig.announce(play_at_ms=NOON_MS + 3_600_000)
    await rig.announcements.confirm(made.id, "li")
    assert manifests(rig)[0].play_at_ms == NOON_MS + 3_600_000


async def test_the_call_of_an_alert_waits_for_nobody(rig: Rig) -> None:
    made = await rig.announce("orange", by=RED_WHISTLE)
    assert made.hold is None
    assert manifests(rig)[0].play_at_ms == NOON_MS + LEAD_MS


@pytest.mark.parametrize("kind", ["routine", "notice", "blue", "yellow"])
async def test_what_is_no_emergency_needs_no_second_person(rig: Rig, kind: str) -> None:
    made = await rig.announce(kind)
    assert made.hold is None
    assert len(manifests(rig)) == 1
    with pytest.raises(NotHeld):
        await rig.announcements.confirm(made.id, "li")


async def test_one_that_nobody_knows_cannot_be_confirmed(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.announcements.confirm("none", "li")


async def test_a_device_that_comes_online_or_a_new_connection_gets_nothing_of_what_is_held(rig: Rig) -> None:
    await rig.announce()
    rig.publisher.sent.clear()
    await rig.announcements.came_online(["dev-1"])
    await rig.announcements.republish()
    assert rig.publisher.topics() == ["audio"]  # which a broker that lost it has again


async def test_what_is_held_keeps_nothing_else_from_a_device_that_comes_online(rig: Rig) -> None:
    await rig.announce()
    rig.clock.ms += 1
    planned = await rig.announce("routine", play_at_ms=NOON_MS + 3_600_000)
    rig.publisher.sent.clear()
    await rig.announcements.came_online(["dev-1"])
    assert [one.announcement_id for one in manifests(rig)] == [planned.id]


async def test_a_device_that_is_new_in_the_window_counts_among_those_it_goes_to(rig: Rig) -> None:
    made = await rig.announce()
    await rig.database.write(lambda tx: tx.devices.add_devices([Device("dev-3", "building-3")]))
    await rig.announcements.came_online(["dev-3"])
    await rig.after(HOLD_MS)
    counts = (await rig.database.read(lambda tx: announcement_view(tx, made.id, rig.clock.ms))).counts
    assert counts["sent"] == 3


async def test_without_a_link_it_counts_as_out_and_is_sent_with_the_next_connection(rig: Rig) -> None:
    rig.publisher.is_linked = False
    made = await rig.announce()
    assert await rig.after(HOLD_MS) == []
    assert (await rig.stored(made)).hold is Hold.RAN_OUT
    rig.publisher.is_linked = True
    await rig.announcements.republish()
    assert rig.publisher.topics() == ["audio", "place/sunny/all"]


async def test_one_that_cannot_be_stored_as_out_is_tried_again_and_keeps_no_other_back(rig: Rig) -> None:
    await rig.announce()
    rig.clock.ms += HOLD_MS
    rig.database.failures = 1
    assert await rig.after(0) == []
    assert await rig.after(250) == [Manifest]


async def test_what_was_called_off_counts_at_no_building(rig: Rig) -> None:
    made = await rig.announce()
    await rig.announcements.stop(made.id, "wang")
    rig.clock.ms += 600_000
    [listed] = await rig.database.read(lambda tx: announcements_view(tx, rig.clock.ms))
    assert (listed.counts["called_off"], listed.counts["waiting"], listed.hold_by_name) == (2, 0, "王芳")
    assert (await rig.database.read(lambda tx: heard_view(tx, rig.clock.ms, 1))).buildings == ()
    detail = await rig.database.read(lambda tx: announcement_view(tx, made.id, rig.clock.ms))
    assert {part.state for part in detail.buildings if part.device} == {"called_off"}
