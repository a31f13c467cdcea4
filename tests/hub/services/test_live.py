"""Speaking live: what is stored, what goes out, what is kept, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.announcements import Progress, Reached
from hub.domain.errors import Invalid, NoLink
from hub.domain.live import DELAY_MS, MOST_MS, QUIET_MS, Ending, first_seq
from hub.services.announce import Announcements
from hub.services.live import Microphones, Speaker
from hub.services.news import NewsFeed
from hub.services.ports import Announcement
from hub.services.views import announced_sound
from tests.fakes.live import FakeLiveLink, FakeRecordings
from tests.hub.services.small_community import FakeClock, FakePublisher, FakeSounds, small_community
from wire.messages import Live, LiveEnd, Stop, read_announce

SPOKEN = b"\x78spoken"


class Desk:
    """Everything that live speech stands on."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database, self.clock, self.publisher = database, FakeClock(), FakePublisher()
        self.link, self.recordings = FakeLiveLink(), FakeRecordings()
        self.announcements = Announcements(database, self.publisher, FakeSounds(self.clock), self.clock, NewsFeed())
        self.microphones = Microphones(database, self.announcements, self.link, self.recordings, self.clock)

    async def arm(self, *places: str, urgency: str = "fire") -> Speaker:
        return await self.microphones.arm(places=places or ("all",), urgency=urgency, by="zhou")

    async def say(self, speaker: Speaker, frames: int) -> None:
        for _ in range(frames):
            self.clock.ms += 20
            assert await speaker.frame(SPOKEN)

    async def stored(self, speaker: Speaker) -> Announcement:
        found = await self.database.read(lambda tx: tx.announcements.get(speaker.announcement.id))
        assert found is not None
        return found

    def sent(self, kind: type[Live | LiveEnd | Stop]) -> list[tuple[str, Live | LiveEnd | Stop]]:
        """What went to places and devices of this kind."""
        messages = [(topic, read_announce(payload)) for topic, payload in self.publisher.sent if topic != "audio"]
        return [(topic, one) for topic, one in messages if isinstance(one, kind)]


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with small_community(tmp_path) as database:
        yield Desk(database)


async def test_the_loudspeakers_wait_for_it_before_the_first_word(desk: Desk) -> None:
    speaker = await desk.arm()
    ((topic, live),) = desk.sent(Live)
    assert isinstance(live, Live)
    assert topic.endswith("/all")
    assert (live.announcement_id, live.priority, live.delay_ms) == (speaker.announcement.id, 255, DELAY_MS)
    assert live.first_seq == first_seq(speaker.announcement.id)
    assert desk.link.frames == []
    row = await desk.stored(speaker)
    assert (row.kind, row.duration_ms, row.created_by) == ("live", MOST_MS, "zhou")


async def test_every_frame_goes_out_numbered_and_stamped_and_is_kept(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 3)
    await speaker.pause()
    await speaker.pause()
    frames = [frame for _, frame in desk.link.frames]
    began_us = frames[0].capture_us
    assert [frame.seq for frame in frames] == [first_seq(speaker.announcement.id) + index for index in range(4)]
    assert [frame.capture_us - began_us for frame in frames] == [0, 20_000, 40_000, 60_000]
    assert [frame.is_pause for frame in frames] == [False, False, False, True]
    speaker.end(Ending.DONE)
    await desk.microphones.finish(speaker)
    row = await desk.stored(speaker)
    sound = await desk.database.read(lambda tx: announced_sound(tx, row.id))
    assert sound.opus == SPOKEN * 3
    assert row.duration_ms == 60
    assert desk.recordings.kept == {}
    ((_, end),) = desk.sent(LiveEnd)
    assert isinstance(end, LiveEnd)
    assert end.end_us == began_us + 60_000
    audit = await desk.database.read(lambda tx: tx.audit.latest(10))
    assert [one.what for one in audit] == ["live_closed", "live_opened"]


@pytest.mark.parametrize("wrong", [b"", b"\x78", b"\x79two frames", b"\x00ten ms", b"\x78" + bytes(2_000)])
async def test_what_is_no_frame_of_20_ms_goes_nowhere(desk: Desk, wrong: bytes) -> None:
    speaker = await desk.arm()
    assert not await speaker.frame(wrong)
    assert desk.link.frames == []
    assert not speaker.has_begun


async def test_a_link_that_is_lost_loses_frames_and_nothing_else(desk: Desk) -> None:
    speaker = await desk.arm()
    desk.link.is_connected = False
    await desk.say(speaker, 2)
    desk.link.is_connected = True
    await desk.say(speaker, 1)
    ((_, frame),) = desk.link.frames
    assert frame.seq == first_seq(speaker.announcement.id) + 2
    assert len(desk.recordings.kept[speaker.announcement.id]) == 3


async def test_nothing_is_sent_after_the_end(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 1)
    speaker.end(Ending.STOPPED)
    assert not await speaker.frame(SPOKEN)
    await speaker.pause()
    assert len(desk.link.frames) == 1


async def test_it_ends_by_itself_and_the_first_reason_counts(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 1)
    desk.clock.ms += QUIET_MS - 1
    speaker.look()
    assert not speaker.over.done()
    desk.clock.ms += 1
    speaker.look()
    speaker.end(Ending.GONE)
    assert speaker.over.result() is Ending.QUIET


async def test_the_later_of_two_fire_microphones_wins_where_they_share_a_building_once_it_speaks(desk: Desk) -> None:
    first, elsewhere, milder = (
        await desk.arm("building-1"),
        await desk.arm("building-2"),
        await desk.arm("building-1", urgency="orange"),
    )
    for one in (first, elsewhere, milder):
        await desk.say(one, 1)
    second = await desk.arm("building-1")
    assert not first.over.done()
    await desk.say(second, 1)
    assert first.over.result() is Ending.REPLACED
    assert not any(one.over.done() for one in (elsewhere, milder, second))


async def test_a_stopped_microphone_is_stopped_everywhere_and_not_ended_twice(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 1)
    await desk.announcements.stop(speaker.announcement.id, "chen")
    assert await desk.microphones.stopped(speaker)
    speaker.end(Ending.STOPPED)
    await desk.microphones.finish(speaker)
    assert len(desk.sent(Stop)) == 1
    assert desk.sent(LiveEnd) == []
    assert (await desk.stored(speaker)).audio_sha256


async def test_a_microphone_is_stopped_with_everything_else_and_one_that_is_over_is_not(desk: Desk) -> None:
    over, speaker = await desk.arm("building-2"), await desk.arm("building-1")
    await desk.say(over, 1)
    over.end(Ending.DONE)
    await desk.microphones.finish(over)
    assert [one.id for one in await desk.announcements.stop_all("chen")] == [speaker.announcement.id]
    assert await desk.microphones.stopped(speaker)
    assert [topic for topic, _ in desk.sent(Stop)] == ["place/sunny/building-1"]


async def test_a_device_that_comes_online_meanwhile_hears_the_rest_and_afterwards_nothing(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 1)
    device = (await desk.database.read(lambda tx: tx.announcements.progress(speaker.announcement.id)))[0].device
    await desk.announcements.came_online([device])
    assert desk.sent(Live)[-1][0] == f"dev/{device}/announce"
    speaker.end(Ending.DONE)
    await desk.microphones.finish(speaker)
    before = len(desk.publisher.sent)
    desk.clock.ms += 1
    await desk.announcements.came_online([device])
    await desk.announcements.republish()
    assert len(desk.publisher.sent) == before


async def test_what_a_killed_hub_had_recorded_is_kept_at_the_next_start(desk: Desk) -> None:
    speaker = await desk.arm()
    await desk.say(speaker, 5)
    desk.recordings.begin("never-stored").add(SPOKEN)
    again = Microphones(desk.database, desk.announcements, desk.link, desk.recordings, desk.clock)
    await again.recover()
    assert (await desk.stored(speaker)).duration_ms == 100
    assert desk.recordings.kept == {}


async def test_who_said_nothing_has_no_recording(desk: Desk) -> None:
    speaker = await desk.arm()
    speaker.end(Ending.UNUSED)
    await desk.microphones.finish(speaker)
    row = await desk.stored(speaker)
    assert (row.audio_sha256, row.duration_ms) == ("", 0)
    assert row.valid_until_ms <= desk.clock.now_ms()


async def test_nobody_speaks_without_a_broker_or_to_nowhere(desk: Desk) -> None:
    with pytest.raises(Invalid):
        await desk.microphones.arm(places=[], urgency="fire", by="zhou")
    with pytest.raises(Invalid):
        await desk.arm("nowhere")
    desk.link.is_connected = False
    with pytest.raises(NoLink):
        await desk.arm()
    assert desk.recordings.kept == {}


async def test_a_receipt_of_live_speech_counts_as_any_other(desk: Desk) -> None:
    speaker = await desk.arm()
    parts = await desk.database.read(lambda tx: tx.announcements.progress(speaker.announcement.id))
    assert parts
    assert all(isinstance(part, Progress) and Reached.SENT in part.at_ms for part in parts)
