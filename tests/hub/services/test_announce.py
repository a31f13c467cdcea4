"""Announcements from the sentence to the proof."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import (
    AGREED_MS,
    RED_WHISTLE,
    VALID_AFTER_END_MS,
    Kind,
    Progress,
    Reached,
    Status,
    Wanted,
    lead_ms,
)
from hub.domain.devices import LOST_AFTER_MS, NO_STATE, SAYS_OFFLINE, SAYS_ONLINE, UNCONFIRMED, Device, Part
from hub.domain.errors import Invalid, NotFound, NoVoice
from hub.domain.findings import Finding
from hub.services import many
from hub.services.announce import Announcements
from hub.services.news import NewsFeed
from hub.services.planned import said, title, titled
from hub.services.ports import Announcement, CommitFailed, PublishFailed, Sound, Tx
from hub.services.receipts import HEARD_STEP_MS, heard_from
from hub.services.views import announcement_view
from tests.hub.services.small_community import (
    NOON_MS,
    SOUND_MS,
    FakeClock,
    FakePublisher,
    FakeSounds,
    small_community,
)
from tests.world.waiting import wait_until
from wire import messages
from wire.messages import Evidence, Manifest, Receipt, ReceiptState, StateAt, Stop, read_announce

T = TypeVar("T")
Crossing = TypeVar("Crossing", bound="CrossingPublisher")


@dataclass
class Rig:
    database: SqliteDatabase
    clock: FakeClock
    publisher: FakePublisher
    sounds: FakeSounds
    news: NewsFeed
    announcements: Announcements

    async def announce(
        self,
        text: str = "停水通知",
        places: Sequence[str] = ("all",),
        kind: str = "notice",
        repeat: int = 1,
        play_at_ms: int | None = None,
        status: str = "actual",
    ) -> Announcement:
        return await self.announcements.announce(
            text=text, places=places, kind=kind, repeat=repeat, play_at_ms=play_at_ms, by="wang", status=status
        )

    def through(self, publisher: Crossing) -> Crossing:
        """From now on announcements go out through this one, which may stop them."""
        self.announcements = Announcements(self.database, publisher, self.sounds, self.clock, self.news)
        publisher.announcements = self.announcements
        return publisher

    async def progress(self, announcement: Announcement, device: str) -> Progress:
        rows = await self.database.read(lambda tx: tx.announcements.progress_of([(announcement.id, device)]))
        return rows[(announcement.id, device)]

    async def device(self, name: str) -> Device:
        return (await self.database.read(lambda tx: tx.devices.devices([name])))[name]


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock, publisher, news = FakeClock(), FakePublisher(), NewsFeed()
        sounds = FakeSounds(clock)
        yield Rig(database, clock, publisher, sounds, news, Announcements(database, publisher, sounds, clock, news))


def receipt(
    announcement: Announcement,
    *states: str,
    at_ms: int = NOON_MS + 1_000,
    evidence: Evidence | None = None,
    reason: str | None = None,
) -> Receipt:
    return Receipt(
        announcement_id=announcement.id,
        states=[StateAt(state=ReceiptState(state), at_ms=at_ms) for state in states],
        evidence=evidence,
        reason=reason,
    )


HEARD = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-20.0)
UNHEARD = Evidence(heard=False, correlation=0.1, lag_ms=0.0, level_dbfs=-70.0)


async def test_audio_goes_out_once_before_one_manifest_for_each_place_topic(rig: Rig) -> None:
    await rig.announce(places=["building-1", "grid-1", "building-3", "grid-1"])
    assert rig.publisher.topics() == ["audio", "place/sunny/grid-1", "place/sunny/building-3"]


async def test_a_manifest_says_all_that_a_device_needs(rig: Rig) -> None:
    announcement = await rig.announce(text="  今天下午三点到五点停水，请大家提前储水备用。 ", kind="yellow", repeat=2)
    [(_, manifest)] = rig.publisher.announced()
    assert isinstance(manifest, Manifest)
    assert (manifest.to, manifest.announcement_id, manifest.priority) == ("all", announcement.id, 223)
    assert manifest.title == "今天下午三点到五点停水，请大家提前储水…"
    assert manifest.play_at_ms == NOON_MS + lead_ms(SOUND_MS)
    end_ms = manifest.play_at_ms + 2 * SOUND_MS + manifest.gap_ms
    assert manifest.valid_until_ms == end_ms + VALID_AFTER_END_MS
    assert rig.publisher.expiries[-1] == -(-(manifest.valid_until_ms - NOON_MS) // 1000)


@pytest.mark.parametrize(("ahead_ms", "is_agreed"), [(None, True), (AGREED_MS, True), (AGREED_MS + 1, False)])
async def test_what_sounds_soon_is_agreed_by_a_timeline_and_what_is_planned_for_later_goes_by_the_wall(
    rig: Rig, ahead_ms: int | None, is_agreed: bool
) -> None:
    await rig.announce(play_at_ms=None if ahead_ms is None else NOON_MS + ahead_ms)
    [(_, manifest)] = rig.publisher.announced()
    assert isinstance(manifest, Manifest)
    assert manifest.timeline == (rig.clock.timeline() if is_agreed else None)


async def test_whoever_comes_after_the_clock_was_set_is_sent_the_timeline_that_was_agreed_by(rig: Rig) -> None:
    await rig.announce()
    rig.clock.base_ns += 7_900_000_000
    await rig.announcements.came_online(["dev-1"])
    [(_, first), (_, again)] = rig.publisher.announced()
    assert isinstance(first, Manifest)
    assert isinstance(again, Manifest)
    assert (again.play_at_ms, again.timeline) == (first.play_at_ms, first.timeline)
    assert first.timeline != rig.clock.timeline()


async def test_the_lead_begins_when_the_speech_is_ready(rig: Rig) -> None:
    rig.sounds.takes_ms = 700
    assert (await rig.announce()).play_at_ms == NOON_MS + 700 + lead_ms(SOUND_MS)


def test_a_longer_sound_has_a_longer_lead() -> None:
    assert lead_ms(30_000) - lead_ms(0) == 600


async def test_an_instant_that_the_speech_has_overtaken_becomes_the_next_possible_one(rig: Rig) -> None:
    rig.sounds.takes_ms = 3_000
    assert (await rig.announce(play_at_ms=NOON_MS + 1_000)).play_at_ms == NOON_MS + 3_000 + lead_ms(SOUND_MS)


async def test_a_later_instant_is_kept(rig: Rig) -> None:
    assert (await rig.announce(play_at_ms=NOON_MS + 86_400_000)).play_at_ms == NOON_MS + 86_400_000


async def test_what_is_stored_says_how_it_is_spoken(rig: Rig) -> None:
    assert (await rig.announce(text="请到302室")).spoken == "请到三零二室"


@pytest.mark.parametrize(
    ("status", "sentence", "mark"),
    [("exercise", "这是演习，不是真的。", "【演习】"), ("test", "这是测试，不是真的。", "【测试】")],
)
async def test_an_exercise_says_so_first_aloud_and_in_its_title_and_needs_no_second_person(
    rig: Rig, status: str, sentence: str, mark: str
) -> None:
    made = await rig.announce(text="302室着火，请马上离开。", kind="red", status=status)
    assert (made.kind, made.status, made.priority, made.hold) == ("red", status, 60, None)
    assert made.text == f"{sentence}302室着火，请马上离开。"
    assert made.spoken == f"{sentence}三零二室着火，请马上离开。"
    assert made.title.startswith(f"{mark}302室")
    [(_, manifest)] = rig.publisher.announced()
    assert isinstance(manifest, Manifest)
    assert (manifest.priority, manifest.text, manifest.title) == (60, made.text, made.title)
    sound = await rig.database.read(lambda tx: tx.announcements.sound(made.audio_sha256))
    assert sound is not None
    assert sound.opus.decode() == f"routine zh {made.text}"  # an alarm's chime would come before the words
    assert await rig.database.read(lambda tx: tx.announcements.get(made.id)) == made


def test_what_is_not_meant_says_so_in_the_language_of_the_community() -> None:
    wanted = Wanted("Please leave.", ("all",), Kind.RED, 1, None, Status.EXERCISE)
    assert said(wanted, "en") == "This is an exercise. It is not real. Please leave."
    assert titled(wanted, "en") == "[Exercise] Please leave."


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"status": "drill"}, "unknown_status"),
        ({"text": " \n"}, "empty_text"),
        ({"text": "水" * 10_000}, "text_too_long"),
        ({"text": "停水😀"}, "unspeakable_character"),
        ({"text": "停水\x07"}, "control_character"),
        ({"text": "。。。"}, "nothing_to_say"),
        ({"places": ["building-9"]}, "unknown_place"),
        ({"places": []}, "no_place"),
        ({"play_at_ms": NOON_MS - 60_000}, "time_in_the_past"),
        ({"kind": "pink"}, "unknown_kind"),
        ({"repeat": 0}, "repeat_out_of_range"),
    ],
)
async def test_bad_input_leaves_nothing_behind(rig: Rig, changes: dict[str, object], key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await rig.announce(**changes)  # type: ignore[arg-type]  # each case gives one of its parameters
    assert caught.value.key == key
    assert await rig.database.read(lambda tx: tx.announcements.latest(10)) == []
    assert rig.publisher.sent == []


async def test_a_voice_that_fails_leaves_nothing_behind(rig: Rig) -> None:
    rig.sounds.is_broken = True
    with pytest.raises(NoVoice):
        await rig.announce()
    assert await rig.database.read(lambda tx: tx.announcements.latest(10)) == []


async def test_a_device_counts_as_sent_only_when_the_broker_has_the_manifest(rig: Rig) -> None:
    rig.publisher.is_linked = False
    announcement = await rig.announce()
    counts = (await rig.database.read(lambda tx: announcement_view(tx, announcement.id, NOON_MS))).counts
    assert (counts["waiting"], counts["sent"]) == (2, 0)
    rig.publisher.is_linked = True
    await rig.announcements.republish()
    counts = (await rig.database.read(lambda tx: announcement_view(tx, announcement.id, NOON_MS))).counts
    assert (counts["waiting"], counts["sent"]) == (0, 2)
    assert rig.publisher.topics() == ["audio", "place/sunny/all"]


async def test_after_a_reconnection_what_is_over_is_not_sent_again(rig: Rig) -> None:
    announcement = await rig.announce()
    rig.publisher.sent.clear()
    rig.clock.ms = announcement.play_at_ms + SOUND_MS + 1
    await rig.announcements.republish()
    assert rig.publisher.sent == []


async def test_a_stop_that_could_not_be_sent_goes_out_with_the_next_connection(rig: Rig) -> None:
    announcement = await rig.announce(play_at_ms=NOON_MS + 86_400_000)
    rig.publisher.is_linked = False
    await rig.announcements.stop(announcement.id, "wang")
    rig.publisher.is_linked = True
    rig.publisher.sent.clear()
    await rig.announcements.republish()
    [(topic, message)] = rig.publisher.announced()
    assert topic == "place/sunny/all"
    assert isinstance(message, Stop)
    assert message.valid_until_ms == announcement.valid_until_ms
    assert "audio" not in rig.publisher.topics()


class CrossingPublisher(FakePublisher):
    """Somebody stops the announcement, or everything, in the instant in which its manifest is on its way."""

    announcements: Announcements
    is_everything = False
    is_crossed = False

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        message = read_announce(payload)
        if not self.is_crossed:
            self.is_crossed = True
            if self.is_everything:
                await self.announcements.stop_all("wang")
            else:
                await self.announcements.stop(message.announcement_id, "wang")
        await super().to_place(community, place, payload, expiry_s=expiry_s)


@pytest.mark.parametrize("is_everything", [False, True])
async def test_a_stop_that_crosses_its_manifest_is_the_last_that_a_place_hears(
    rig: Rig, *, is_everything: bool
) -> None:
    publisher = rig.through(CrossingPublisher())
    publisher.is_everything = is_everything
    await rig.announce()
    assert [type(message) for _, message in publisher.announced()] == [Stop, Manifest, Stop]


class StoppedOnItsWay(CrossingPublisher):
    """The same in the instant in which a device that has come back is sent it."""

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)
        message = read_announce(payload)
        if isinstance(message, Manifest):
            await self.announcements.stop(message.announcement_id, "wang")


class Unanswering(StoppedOnItsWay):
    """Takes a manifest and loses its answer; so nobody knows here whether the broker has it."""

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        await super().to_place(community, place, payload, expiry_s=expiry_s)
        self._lose_the_answer(payload)

    async def to_device(
        self, device: str, kind: str, payload: bytes, *, expiry_s: int, is_retained: bool = False
    ) -> None:
        await super().to_device(device, kind, payload, expiry_s=expiry_s, is_retained=is_retained)
        self._lose_the_answer(payload)

    def _lose_the_answer(self, payload: bytes) -> None:
        if isinstance(read_announce(payload), Manifest):
            raise PublishFailed("not acknowledged")


async def test_a_stop_also_comes_last_behind_a_manifest_whose_answer_was_lost(rig: Rig) -> None:
    publisher = rig.through(Unanswering())
    await rig.announce()
    assert [type(message) for _, message in publisher.announced()] == [Stop, Manifest, Stop]


async def test_a_stop_also_comes_last_at_a_device_that_has_come_back_and_lost_the_answer(rig: Rig) -> None:
    announcement = await rig.announce()
    publisher = rig.through(Unanswering())
    await rig.announcements.came_online(["dev-1"])
    at_the_device = [type(message) for topic, message in publisher.announced() if topic == "dev/dev-1/announce"]
    assert at_the_device == [Manifest, Stop]
    assert (await rig.progress(announcement, "dev-1")).at_ms == {Reached.SENT: NOON_MS}


async def test_who_is_served_after_the_stop_is_not_sent_the_manifest_and_does_not_count_as_sent(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "IN_FLIGHT", 1)
    rig.publisher.is_linked = False
    announcement = await rig.announce()
    publisher = rig.through(StoppedOnItsWay())
    await rig.announcements.came_online(["dev-1", "dev-2"])
    manifests = [topic for topic, message in publisher.announced() if isinstance(message, Manifest)]
    assert manifests == ["dev/dev-1/announce"]
    assert (await rig.progress(announcement, "dev-1")).at_ms == {Reached.SENT: NOON_MS}
    assert (await rig.progress(announcement, "dev-2")).at_ms == {}


class OnePlaceOnly(CrossingPublisher):
    """Fails at the first place at once; the second place's manifest is on its way for longer."""

    async def to_place(self, community: str, place: str, payload: bytes, *, expiry_s: int) -> None:
        if place == "grid-1" and not self.is_crossed:
            raise PublishFailed("not acknowledged")
        await super().to_place(community, place, payload, expiry_s=expiry_s)


async def test_no_manifest_is_on_its_way_to_a_place_when_it_is_looked_for_a_stop(rig: Rig) -> None:
    publisher = rig.through(OnePlaceOnly())
    await rig.announce(places=["grid-1", "building-3"])
    at_building = [type(one) for topic, one in publisher.announced() if topic == "place/sunny/building-3"]
    assert at_building[-2:] == [Manifest, Stop]


async def test_what_was_sent_but_could_not_be_counted_is_not_reported_as_failed(rig: Rig) -> None:
    database = NotCounting(rig.database)
    announcements = Announcements(database, rig.publisher, rig.sounds, rig.clock, rig.news)
    announcement = await announcements.announce(
        text="停水", places=["all"], kind="yellow", repeat=1, play_at_ms=None, by="wang"
    )
    assert rig.publisher.topics() == ["audio", "place/sunny/all"]
    assert (await rig.progress(announcement, "dev-1")).at_ms == {}


class NotCounting:
    """A database that takes the first write and then no more."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._taken = 0

    async def write(
        self, job: Callable[[Tx], T], *, is_urgent: bool = False, then: Callable[[T], None] | None = None
    ) -> T:
        self._taken += 1
        if self._taken > 1:
            raise CommitFailed("disk full")
        return await self._database.write(job, is_urgent=is_urgent, then=then)

    async def read(self, job: Callable[[Tx], T]) -> T:
        return await self._database.read(job)

    def is_hurried(self) -> bool:
        return self._database.is_hurried()


async def test_stopping_tells_every_place_and_is_stored_once(rig: Rig) -> None:
    announcement = await rig.announce(places=["building-1", "building-3"])
    rig.publisher.sent.clear()
    assert (await rig.announcements.stop(announcement.id, "wang")).stopped_ms == NOON_MS
    rig.clock.ms += 500
    assert (await rig.announcements.stop(announcement.id, "li")).stopped_ms == NOON_MS
    assert [type(message) for _, message in rig.publisher.announced()] == [Stop] * 4
    [row] = await rig.database.read(lambda tx: tx.audit.latest(10))
    detail = {"announcement": announcement.id}
    assert (row.at_ms, row.actor, row.what, row.detail) == (NOON_MS, "wang", "announcement_stopped", detail)


async def test_an_unknown_announcement_cannot_be_stopped(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.announcements.stop("none", "wang")
    assert await rig.database.read(lambda tx: tx.audit.latest(10)) == []


async def test_stopping_everything_ends_what_is_on_the_air_and_what_is_planned_and_says_who_did(rig: Rig) -> None:
    on_air = await rig.announce(kind="yellow")
    rig.clock.ms += 1
    planned = await rig.announce(places=["building-1", "building-3"], play_at_ms=NOON_MS + 86_400_000)
    before = await rig.announce()
    await rig.announcements.stop(before.id, "li")
    rig.publisher.sent.clear()
    rig.clock.ms = NOON_MS + 500
    stopped = await rig.announcements.stop_all("wang")
    assert [(one.id, one.stopped_ms) for one in stopped] == [(on_air.id, NOON_MS + 500), (planned.id, NOON_MS + 500)]
    assert sorted((topic, message.announcement_id) for topic, message in rig.publisher.announced()) == sorted(
        [
            ("place/sunny/all", on_air.id),
            ("place/sunny/building-1", planned.id),
            ("place/sunny/building-3", planned.id),
        ]
    )
    [row, _] = await rig.database.read(lambda tx: tx.audit.latest(10))
    assert (row.actor, row.what, row.detail) == ("wang", "all_stopped", {"announcements": [on_air.id, planned.id]})


async def test_nothing_to_stop_changes_nothing(rig: Rig) -> None:
    announcement = await rig.announce()
    await rig.announcements.stop_all("wang")
    rig.publisher.sent.clear()
    assert await rig.announcements.stop_all("li") == []
    assert rig.publisher.sent == []
    [row] = await rig.database.read(lambda tx: tx.audit.latest(10))
    assert row.detail == {"announcements": [announcement.id]}


async def test_without_a_link_everything_is_stopped_with_the_next_connection_and_where_a_device_was_away(
    rig: Rig,
) -> None:
    planned = await rig.announce(play_at_ms=NOON_MS + 86_400_000)
    rig.publisher.is_linked = False
    assert [one.id for one in await rig.announcements.stop_all("wang")] == [planned.id]
    rig.publisher.is_linked = True
    for missed in (rig.announcements.republish(), rig.announcements.came_online(["dev-1"])):
        rig.publisher.sent.clear()
        await missed
        [(_, message)] = rig.publisher.announced()
        assert isinstance(message, Stop)
        assert message.announcement_id == planned.id


async def test_a_call_for_help_goes_on_when_everything_is_stopped(rig: Rig) -> None:
    call = await rig.announcements.announce(
        text="1栋有人求助", places=["building-1"], kind="orange", repeat=2, play_at_ms=None, by=RED_WHISTLE
    )
    assert await rig.announcements.stop_all("wang") == []
    found = await rig.database.read(lambda tx: tx.announcements.get(call.id))
    assert found is not None
    assert found.stopped_ms is None


@pytest.mark.parametrize(
    ("states", "past_ms", "is_stopped"),
    [
        (["played"], 1, False),  # everybody is through
        (["ready"], 1, True),  # one was late, and begins when the others are through
        (["interrupted"], 1, True),  # is played again from its start
        (["playing"], VALID_AFTER_END_MS + 1, True),  # began late, and is not through yet
        (["ready"], VALID_AFTER_END_MS + 1, False),  # begins no more
        (["playing"], VALID_AFTER_END_MS + SOUND_MS, False),  # whoever says so still has lost its way
    ],
)
async def test_what_is_over_is_stopped_only_where_somebody_may_still_hear_it(
    rig: Rig, states: list[str], past_ms: int, *, is_stopped: bool
) -> None:
    announcement = await rig.announce()
    for device in ("dev-1", "dev-2"):
        await rig.announcements.received(
            [(device, receipt(announcement, "played" if device == "dev-2" else states[0]))]
        )
    rig.publisher.sent.clear()
    rig.clock.ms = announcement.play_at_ms + SOUND_MS + past_ms
    assert [one.id for one in await rig.announcements.stop_all("wang")] == [announcement.id] * is_stopped
    for _, message in rig.publisher.announced():
        assert message.valid_until_ms > rig.clock.ms


async def test_receipts_out_of_order_and_twice_come_to_the_same(rig: Rig) -> None:
    announcement = await rig.announce()
    late = receipt(announcement, "ready", at_ms=NOON_MS + 30)
    early = receipt(announcement, "received", "verified", at_ms=NOON_MS + 20)
    await rig.announcements.received([("dev-1", late), ("dev-1", early), ("dev-1", late)])
    progress = await rig.progress(announcement, "dev-1")
    assert progress.reached is Reached.READY
    assert {state: progress.at_ms[state] for state in (Reached.RECEIVED, Reached.VERIFIED, Reached.READY)} == {
        Reached.RECEIVED: NOON_MS + 20,
        Reached.VERIFIED: NOON_MS + 20,
        Reached.READY: NOON_MS + 30,
    }
    await rig.announcements.received([("dev-1", receipt(announcement, "ready", at_ms=NOON_MS + 99))])
    assert (await rig.progress(announcement, "dev-1")).at_ms[Reached.READY] == NOON_MS + 30


@pytest.mark.parametrize("off_ms", [-(10**12), -3_600_000, 3_600_000, 10**12])
async def test_the_time_of_a_device_that_has_not_learned_it_is_not_kept_and_what_it_did_is(
    rig: Rig, off_ms: int
) -> None:
    announcement = await rig.announce()
    wrong = receipt(announcement, "ready", "playing", "played", at_ms=NOON_MS + off_ms)
    wrong = wrong.model_copy(update={"started_at_ms": NOON_MS + off_ms})
    await rig.announcements.received([("dev-1", wrong)])
    progress = await rig.progress(announcement, "dev-1")
    assert (progress.reached, progress.started_ms, set(progress.at_ms)) == (Reached.PLAYED, None, {Reached.SENT})
    await rig.announcements.received([("dev-1", receipt(announcement, "played", at_ms=NOON_MS + 500))])
    assert (await rig.progress(announcement, "dev-1")).at_ms[Reached.PLAYED] == NOON_MS + 500


async def test_an_end_once_reported_stays_the_end(rig: Rig) -> None:
    announcement = await rig.announce()
    await rig.announcements.received([("dev-1", receipt(announcement, "failed", reason="disk full"))])
    await rig.announcements.received([("dev-1", receipt(announcement, "played"))])
    await rig.announcements.received([("dev-1", receipt(announcement, "expired", reason="too late"))])
    progress = await rig.progress(announcement, "dev-1")
    assert (progress.reached, progress.reason) == (Reached.FAILED, "disk full")
    assert Reached.PLAYED not in progress.at_ms


async def test_one_that_was_interrupted_and_then_played_from_its_start_was_played(rig: Rig) -> None:
    announcement = await rig.announce()
    await rig.announcements.received([("dev-1", receipt(announcement, "interrupted", reason="n-2, after 1.0 s"))])
    progress = await rig.progress(announcement, "dev-1")
    assert (progress.reached, progress.reason) == (Reached.INTERRUPTED, "n-2, after 1.0 s")
    await rig.announcements.received([("dev-1", receipt(announcement, "played", at_ms=NOON_MS + 9_000))])
    progress = await rig.progress(announcement, "dev-1")
    assert (progress.reached, progress.reason) == (Reached.PLAYED, "")
    assert progress.at_ms[Reached.PLAYED] == NOON_MS + 9_000


async def test_what_was_heard_stays_heard_and_proves_speaker_and_microphone(rig: Rig) -> None:
    announcement = await rig.announce()
    rig.clock.ms += 10_000
    played = receipt(announcement, "playing", "played", at_ms=NOON_MS + 5_000, evidence=HEARD)
    again = receipt(announcement, "played", evidence=UNHEARD)
    await rig.announcements.received([("dev-1", played), ("dev-1", again)])
    progress, device = await rig.progress(announcement, "dev-1"), await rig.device("dev-1")
    assert progress.is_heard
    assert device.proved_ms == {Part.SPEAKER: NOON_MS + 5_000, Part.MICROPHONE: NOON_MS + 5_000}
    assert device.heard_ms == NOON_MS + 10_000


@pytest.mark.parametrize("state", [SAYS_ONLINE, SAYS_OFFLINE, UNCONFIRMED, NO_STATE])
@pytest.mark.parametrize(
    "heard_ago_ms", [None, -1, 0, HEARD_STEP_MS - 1, HEARD_STEP_MS, LOST_AFTER_MS - 1, LOST_AFTER_MS, 10**9]
)
async def test_a_receipt_without_a_proof_is_the_same_sign_of_life_whatever_was_known(
    rig: Rig, state: str, heard_ago_ms: int | None
) -> None:
    announcement = await rig.announce()
    heard_ms = None if heard_ago_ms is None else rig.clock.ms - heard_ago_ms
    known = replace(await rig.device("dev-1"), state=state, heard_ms=heard_ms)
    await rig.database.write(lambda tx: tx.devices.save([known]))
    await rig.announcements.received([("dev-1", receipt(announcement, "verified"))])
    assert await rig.device("dev-1") == heard_from(known, rig.clock.ms, {})


async def test_played_without_a_sound_in_the_microphone_proves_nothing(rig: Rig) -> None:
    announcement = await rig.announce()
    await rig.announcements.received([("dev-1", receipt(announcement, "played", evidence=UNHEARD))])
    progress = await rig.progress(announcement, "dev-1")
    assert progress.reached is Reached.PLAYED
    assert not progress.is_heard
    assert (await rig.device("dev-1")).proved_ms == {}


async def test_a_device_whose_clock_is_years_ahead_proves_nothing_for_the_future(rig: Rig) -> None:
    announcement = await rig.announce()
    ahead = receipt(announcement, "played", at_ms=NOON_MS + 10**11, evidence=HEARD)
    await rig.announcements.received([("dev-1", ahead)])
    assert (await rig.device("dev-1")).proved_ms[Part.SPEAKER] == NOON_MS


async def test_a_device_that_does_not_know_the_time_reaches_states_without_times_and_proves_nothing(rig: Rig) -> None:
    announcement = await rig.announce()
    began = receipt(announcement, "playing", "played", at_ms=NOON_MS, evidence=HEARD)
    began = began.model_copy(update={"started_at_ms": NOON_MS})
    await rig.announcements.received([("dev-1", began.model_copy(update={"is_clock_known": False}))])
    progress, device = await rig.progress(announcement, "dev-1"), await rig.device("dev-1")
    assert progress.is_heard
    assert (set(progress.at_ms), progress.started_ms) == ({Reached.SENT}, None)
    assert (device.proved_ms, device.finding) == ({}, None)
    assert device.heard_ms == NOON_MS
    await rig.announcements.received([("dev-1", began)])
    progress = await rig.progress(announcement, "dev-1")
    assert (progress.at_ms[Reached.PLAYED], progress.started_ms) == (NOON_MS, NOON_MS)


async def test_what_is_wrong_is_stored_with_the_announcement_and_at_the_device(rig: Rig) -> None:
    announcement = await rig.announce()
    silent = UNHEARD.model_copy(update={"finding": messages.Finding.SILENT})
    await rig.announcements.received([("dev-1", receipt(announcement, "played", evidence=silent))])
    evidence = (await rig.progress(announcement, "dev-1")).evidence
    assert evidence is not None
    assert (evidence.is_heard, evidence.finding) == (False, Finding.SILENT)
    device = await rig.device("dev-1")
    assert (device.finding, device.proved_ms) == (Finding.SILENT, {})


async def test_a_distorted_sound_was_heard_and_proves_only_the_microphone(rig: Rig) -> None:
    announcement = await rig.announce()
    broken = HEARD.model_copy(update={"finding": messages.Finding.DISTORTED})
    await rig.announcements.received([("dev-1", receipt(announcement, "played", evidence=broken))])
    assert (await rig.progress(announcement, "dev-1")).is_heard
    device = await rig.device("dev-1")
    assert list(device.proved_ms) == [Part.MICROPHONE]


async def test_receipts_of_nothing_known_are_dropped_and_the_rest_of_the_batch_is_kept(rig: Rig) -> None:
    announcement = await rig.announce()
    unknown = Receipt(announcement_id="none", states=[StateAt(state=ReceiptState.PLAYED, at_ms=1)])
    await rig.announcements.received(
        [("dev-1", unknown), ("stranger", receipt(announcement, "played")), ("dev-2", receipt(announcement, "ready"))]
    )
    assert (await rig.progress(announcement, "dev-2")).reached is Reached.READY
    rows = await rig.database.read(lambda tx: tx.announcements.progress(announcement.id))
    assert {row.device for row in rows} == {"dev-1", "dev-2"}


async def test_a_device_that_comes_back_gets_on_its_own_topic_what_it_has_not_finished(rig: Rig) -> None:
    finished, going_on = await rig.announce(text="一"), await rig.announce(text="二")
    await rig.announce(text="三", places=["grid-2"])
    await rig.announcements.received([("dev-1", receipt(finished, "played"))])
    rig.publisher.sent.clear()
    await rig.announcements.came_online(["dev-1"])
    [(topic, message)] = rig.publisher.announced()
    assert topic == "dev/dev-1/announce"
    assert (message.to, message.announcement_id) == ("dev-1", going_on.id)


async def test_a_device_that_comes_back_too_late_gets_nothing(rig: Rig) -> None:
    announcement = await rig.announce()
    rig.publisher.sent.clear()
    rig.clock.ms = announcement.valid_until_ms
    await rig.announcements.came_online(["dev-1"])
    assert rig.publisher.sent == []


async def test_a_device_that_missed_a_stop_is_told_to_stop(rig: Rig) -> None:
    announcement = await rig.announce(play_at_ms=NOON_MS + 86_400_000)
    await rig.announcements.stop(announcement.id, "wang")
    rig.publisher.sent.clear()
    await rig.announcements.came_online(["dev-1"])
    [(topic, message)] = rig.publisher.announced()
    assert topic == "dev/dev-1/announce"
    assert isinstance(message, Stop)


async def test_a_device_added_after_the_announcement_plays_it_too(rig: Rig) -> None:
    announcement = await rig.announce(play_at_ms=NOON_MS + 86_400_000)
    await rig.database.write(lambda tx: tx.devices.add_devices([Device("dev-3", "building-3")]))
    await rig.announcements.came_online(["dev-3"])
    assert (await rig.progress(announcement, "dev-3")).reached is Reached.SENT
    await rig.announcements.received([("dev-3", receipt(announcement, "ready"))])
    assert (await rig.progress(announcement, "dev-3")).reached is Reached.READY


async def test_audio_that_the_broker_keeps_is_not_sent_again_for_each_device(rig: Rig) -> None:
    await rig.announce()
    await rig.announcements.came_online(["dev-1"])
    await rig.announcements.came_online(["dev-2"])
    assert rig.publisher.topics().count("audio") == 1
    await rig.announcements.republish()
    assert rig.publisher.topics().count("audio") == 2


class SlowToRetain(FakePublisher):
    """A broker that answers only when told to, and then as told."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[asyncio.Future[None]] = []

    async def audio(self, sound: Sound, *, expiry_s: int) -> None:
        await super().audio(sound, expiry_s=expiry_s)
        self.answers.append(asyncio.get_running_loop().create_future())
        await self.answers[-1]


async def test_audio_that_many_need_at_once_is_sent_once_and_again_where_the_answer_was_lost(rig: Rig) -> None:
    await rig.announce()
    publisher = SlowToRetain()
    announcements = Announcements(rig.database, publisher, rig.sounds, rig.clock, rig.news)
    serving = asyncio.create_task(announcements.came_online(["dev-1", "dev-2"]))
    await wait_until(lambda: publisher.answers != [], "the audio is on its way")
    publisher.answers[0].set_exception(PublishFailed("not acknowledged"))
    async with asyncio.timeout(10):
        await serving
    manifests = ["dev/dev-1/announce", "dev/dev-2/announce"]
    assert publisher.topics() == ["audio", *manifests]
    serving = asyncio.create_task(announcements.came_online(["dev-1", "dev-2"]))
    await wait_until(lambda: len(publisher.answers) == 2, "the audio is on its way again")
    publisher.answers[1].set_result(None)
    await serving
    assert publisher.topics() == ["audio", *manifests, "audio", *manifests]


async def test_a_new_connection_does_not_wait_for_the_answer_of_the_old_one(rig: Rig) -> None:
    await rig.announce()
    publisher = SlowToRetain()
    announcements = Announcements(rig.database, publisher, rig.sounds, rig.clock, rig.news)
    serving = asyncio.create_task(announcements.came_online(["dev-1"]))
    await wait_until(lambda: publisher.answers != [], "the audio is on its way")
    publishing = asyncio.create_task(announcements.republish())
    await wait_until(lambda: len(publisher.answers) == 2, "the audio is on its way anew")
    publisher.answers[0].set_exception(PublishFailed("the connection is gone"))
    publisher.answers[1].set_result(None)
    await asyncio.gather(serving, publishing)
    assert "place/sunny/all" in publisher.topics()


async def test_an_unknown_device_that_comes_online_is_sent_nothing(rig: Rig) -> None:
    await rig.announce()
    rig.publisher.sent.clear()
    await rig.announcements.came_online(["stranger"])
    assert rig.publisher.sent == []


async def test_a_unit_is_reached_through_the_device_of_its_building(rig: Rig) -> None:
    announcement = await rig.announce(places=["building-1-unit-1"])
    assert (await rig.progress(announcement, "dev-1")).reached is Reached.SENT


async def test_a_building_without_a_loudspeaker_is_named_as_such(rig: Rig) -> None:
    announcement = await rig.announce()
    view = await rig.database.read(lambda tx: announcement_view(tx, announcement.id, NOON_MS))
    states = {one.place: one.state for one in view.buildings}
    assert states == {"building-1": "sent", "building-2": "sent", "building-3": "no_device"}
    assert view.counts["no_device"] == 1


async def test_open_pages_hear_of_it(rig: Rig) -> None:
    with rig.news.subscribe() as topics:
        announcement = await rig.announce()
        assert [await anext(topics), await anext(topics)] == ["announcements", f"announcement:{announcement.id}"]


def test_a_short_text_is_its_own_title() -> None:
    assert title(" 停水\n通知 ") == "停水 通知"
