"""The report of the last days: what was sent, played and heard, and who missed what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import Ear
from hub.domain.devices import Device
from hub.domain.errors import Invalid
from hub.domain.findings import Finding
from hub.services.announce import Announcements
from hub.services.news import NewsFeed
from hub.services.ports import Announcement
from hub.services.views import HeardView, heard, heard_view
from hub.services.views.announcements import SETTLE_MS
from hub.services.views.heard import DAY_MS, BuildingHeard
from tests.hub.services.small_community import NOON_MS, FakeClock, FakePublisher, FakeSounds, small_community
from wire import messages
from wire.messages import Evidence, Receipt, ReceiptState, StateAt

HEARD = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-20.0, finding=messages.Finding.FINE)
SILENT = Evidence(heard=False, correlation=0.0, lag_ms=0.0, level_dbfs=-60.0, finding=messages.Finding.SILENT)
NOISE = SILENT.model_copy(update={"finding": messages.Finding.UNJUDGED})


@dataclass
class Rig:
    database: SqliteDatabase
    clock: FakeClock
    announcements: Announcements

    async def announce(self, places: Sequence[str] = ("all",)) -> Announcement:
        self.clock.ms += 1  # of two in the same millisecond nobody can tell which was first
        return await self.announcements.announce(
            text="停水通知", places=places, kind="notice", repeat=1, play_at_ms=None, by="wang"
        )

    async def told(self, one: Announcement, device: str, state: str, evidence: Evidence | None = None) -> None:
        states = [StateAt(state=ReceiptState(state), at_ms=self.clock.ms)]
        receipt = Receipt(announcement_id=one.id, states=states, evidence=evidence)
        await self.announcements.received([(device, receipt)])

    async def report(self, days: int = 7) -> HeardView:
        return await self.database.read(lambda tx: heard_view(tx, self.clock.ms, days))

    async def row(self, device: str | None, place: str = "") -> BuildingHeard:
        return next(one for one in (await self.report()).buildings if one.device == device and place in one.place)


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock = FakeClock()
        made = Announcements(database, FakePublisher(), FakeSounds(clock), clock, NewsFeed())
        yield Rig(database, clock, made)


async def test_a_building_is_counted_for_each_of_the_three_and_told_what_it_missed_and_why(rig: Rig) -> None:
    first, second = await rig.announce(), await rig.announce()
    await rig.told(first, "dev-1", "played", HEARD)
    await rig.told(second, "dev-1", "played", SILENT)
    await rig.told(first, "dev-2", "ready")
    rig.clock.ms += 60_000
    one = await rig.row("dev-1")
    assert (one.meant, one.sent, one.played, one.heard) == (2, 2, 2, 1)
    [missed] = one.missed
    assert (missed.announcement_id, missed.ear, missed.finding) == (second.id, Ear.UNHEARD, Finding.SILENT)
    other = await rig.row("dev-2")
    assert (other.meant, other.sent, other.played, other.heard) == (2, 2, 0, 0)
    assert [missed.state for missed in other.missed] == ["sent", "ready"]


async def test_of_many_that_were_missed_the_newest_are_named_and_all_are_counted(rig: Rig) -> None:
    made = [await rig.announce() for _ in range(5)]
    await rig.told(made[3], "dev-1", "played", HEARD)
    rig.clock.ms += 60_000
    for row in (await rig.row("dev-1"), await rig.row(None)):
        newest = [one.id for one in reversed(made) if row.device is None or one is not made[3]][:3]
        assert (row.meant, [one.announcement_id for one in row.missed]) == (5, newest)
    assert [(await rig.row(device)).heard for device in ("dev-1", None)] == [1, 0]


async def test_played_without_any_evidence_or_in_too_much_noise_is_not_claimed_as_heard(rig: Rig) -> None:
    announcement = await rig.announce()
    await rig.told(announcement, "dev-1", "played")
    await rig.told(announcement, "dev-2", "played", NOISE)
    rig.clock.ms += 60_000
    assert [(await rig.row(device)).heard for device in ("dev-1", "dev-2")] == [0, 0]
    assert (await rig.row("dev-1")).missed[0].ear is Ear.UNKNOWN
    assert (await rig.row("dev-2")).missed[0].ear is Ear.UNJUDGED


async def test_a_building_without_a_loudspeaker_was_meant_and_not_sent_to(rig: Rig) -> None:
    await rig.announce()
    rig.clock.ms += 60_000
    bare = await rig.row(None)
    assert (bare.meant, bare.sent, bare.missed[0].state) == (1, 0, "no_device")


async def test_a_building_that_got_its_loudspeaker_in_between_was_without_one_only_before(rig: Rig) -> None:
    before, elsewhere = await rig.announce(), await rig.announce(["grid-1"])
    await rig.database.write(lambda tx: tx.devices.add_devices([Device("dev-3", "building-3")]))
    after = await rig.announce()
    rig.clock.ms += 60_000
    report = await rig.report()
    missed = {
        one.device: [each.announcement_id for each in one.missed]
        for one in report.buildings
        if one.place == "building-3"
    }
    assert missed == {None: [before.id], "dev-3": [after.id]}
    without = {one.id: one.counts["no_device"] for one in report.announcements}
    assert without == {before.id: 1, elsewhere.id: 0, after.id: 0}
    assert (await rig.row("dev-1")).meant == 3


async def test_buildings_that_missed_most_come_first(rig: Rig) -> None:
    for _ in range(3):
        await rig.told(await rig.announce(), "dev-1", "played", HEARD)
    rig.clock.ms += 60_000
    missed = [one.meant - one.heard for one in (await rig.report()).buildings]
    assert missed == sorted(missed, reverse=True)
    assert missed[-1] == 0


async def test_what_is_on_the_air_planned_or_stopped_is_nobodys_miss(rig: Rig) -> None:
    on_air = await rig.announce()
    assert (await rig.report()).announcements == ()
    rig.clock.ms = on_air.play_at_ms + on_air.duration_ms + SETTLE_MS - 1
    report = await rig.report()
    assert ([one.id for one in report.announcements], report.buildings) == ([on_air.id], ())
    rig.clock.ms += 1
    assert (await rig.report()).buildings != ()
    await rig.announcements.stop(on_air.id, "wang")
    assert (await rig.report()).buildings == ()


async def test_only_the_last_days_are_reported_and_their_number_is_checked(rig: Rig) -> None:
    await rig.announce()
    rig.clock.ms = NOON_MS + 2 * DAY_MS
    assert (await rig.report(1)).announcements == ()
    assert len((await rig.report(3)).announcements) == 1
    for days in (0, 367):
        with pytest.raises(Invalid):
            await rig.report(days)


async def test_it_says_that_some_are_left_out_only_where_some_of_these_days_are(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard, "MOST", 2)
    for _ in range(2):
        await rig.announce()
    rig.clock.ms += 2 * DAY_MS
    for _ in range(2):
        await rig.announce()
    rig.clock.ms += 60_000
    assert not (await rig.report(1)).is_cut
    report = await rig.report(7)
    assert (report.is_cut, len(report.announcements)) == (True, 2)
