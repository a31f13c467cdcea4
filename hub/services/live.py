"""现场喊话: somebody speaks into a browser, and every frame goes on to the loudspeakers and into a recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from hub.domain.errors import NoLink, NotFound
from hub.domain.live import FIRE_PRIORITY, Ending, Talk, Timeline, first_seq, priority
from hub.domain.places import reached
from hub.services.announce import Announcements
from hub.services.ports import (
    Announcement,
    Clock,
    CommitFailed,
    Database,
    LiveLink,
    PublishFailed,
    Recording,
    Recordings,
)
from wire.ids import new_id
from wire.live import MOST_FRAMES, Frame, is_20_ms

log = structlog.get_logger()

NOTHING = b"\x78"
"""A frame that holds no sound (wire.live.Frame)."""


class Speaker:
    """One person at a microphone; `over` is done, with the reason, once nothing more is sent on.

    `began` is told of the first frame. A frame that finds no link is lost, as any other that does not arrive.
    """

    def __init__(
        self,
        announcement: Announcement,
        buildings: frozenset[str],
        recording: Recording,
        link: LiveLink,
        clock: Clock,
        began: Callable[[Speaker], None],
    ) -> None:
        self.announcement = announcement
        self.buildings = buildings
        self.over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.end_us = 0
        self._recording = recording
        self._link = link
        self._clock = clock
        self._began = began
        self._talk = Talk(clock.monotonic_ms())
        self._timeline = Timeline()
        self._seq = first_seq(announcement.id)
        self._last_seq = self._seq + MOST_FRAMES - 1

    async def frame(self, opus: bytes) -> bool:
        """Sends a frame on; False for what is no sound of 20 ms, or comes after the end, and is dropped."""
        if self.over.done() or len(opus) < 2 or not is_20_ms(opus):
            return False
        if self._talk.began_ms is None:
            self._began(self)
        self._talk = self._talk.heard(self._clock.monotonic_ms())
        self._recording.add(opus)
        await self._send(self._timeline.stamp(self._clock.now_ms() * 1000), opus)
        return True

    @property
    def has_begun(self) -> bool:
        """Whether anything was said."""
        return self._talk.began_ms is not None

    async def pause(self) -> None:
        """The button was let go of."""
        ends_us = self._timeline.pause()
        if ends_us is not None and not self.over.done():
            await self._send(ends_us, NOTHING)

    def look(self) -> None:
        """Ends it when it is over by itself."""
        ending = self._talk.ending(self._clock.monotonic_ms())
        if ending is not None:
            self.end(ending)

    def end(self, ending: Ending) -> None:
        """Nothing is sent on from now on; the first reason counts."""
        if not self.over.done():
            self.over.set_result(ending)

    def close(self) -> None:
        """Ends the file."""
        self._recording.close()

    async def _send(self, capture_us: int, opus: bytes) -> None:
        self.end_us = max(self.end_us, capture_us)
        if self._seq >= self._last_seq:
            self.end(Ending.TOO_LONG)
            return
        frame = Frame(self._seq, capture_us, opus)
        self._seq += 1
        try:
            await self._link.live(self.announcement.id, frame)
        except PublishFailed:
            log.debug("live_frame_not_sent", announcement=self.announcement.id)


class Microphones:
    """Lets people speak. This process knows who does; that the latest fire microphone wins, the agents know too."""

    def __init__(
        self,
        database: Database,
        announcements: Announcements,
        link: LiveLink,
        recordings: Recordings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._announcements = announcements
        self._link = link
        self._recordings = recordings
        self._clock = clock
        self._speakers: dict[str, Speaker] = {}

    @property
    def speaking(self) -> frozenset[str]:
        """The announcements that somebody has a microphone open for."""
        return frozenset(self._speakers)

    async def arm(self, *, places: Sequence[str], urgency: str, by: str) -> Speaker:
        """Has the loudspeakers of these places wait for a voice. Raises Invalid, and NoLink without a broker.

        The file of the recording is there first: by it a hub that starts finds what another has left.
        """
        if not self._link.is_connected:
            raise NoLink
        rank = priority(urgency)
        buildings = await self._database.read(lambda tx: frozenset(reached(tx.places.places(), places)))
        announcement_id = new_id(self._clock.now_ms())
        recording = self._recordings.begin(announcement_id)
        announcement = await self._announcements.open_live(announcement_id, places=places, priority=rank, by=by)
        speaker = Speaker(announcement, buildings, recording, self._link, self._clock, self._begin)
        self._speakers[announcement_id] = speaker
        log.info("live_armed", announcement=announcement_id, priority=rank, by=by)
        return speaker

    def _begin(self, speaker: Speaker) -> None:
        """Of two fire microphones that share a building the later one is heard, and the earlier one is over."""
        if speaker.announcement.priority != FIRE_PRIORITY:
            return
        for other in self._speakers.values():
            is_fire = other.announcement.priority == FIRE_PRIORITY
            if other is not speaker and is_fire and other.has_begun and other.buildings & speaker.buildings:
                other.end(Ending.REPLACED)

    async def finish(self, speaker: Speaker) -> None:
        """Once `over` is done: tells the loudspeakers, and keeps what was said."""
        announcement_id = speaker.announcement.id
        del self._speakers[announcement_id]
        speaker.close()
        log.info("live_over", announcement=announcement_id, why=speaker.over.result().value)
        await self._keep(announcement_id, speaker.end_us)

    async def stopped(self, speaker: Speaker) -> bool:
        """Whether somebody has stopped the announcement."""
        stored = await self._database.read(lambda tx: tx.announcements.get(speaker.announcement.id))
        return stored is not None and stored.stopped_ms is not None

    async def recover(self) -> None:
        """At the start: what a hub that was killed had begun to record is over, and kept as far as it came."""
        for announcement_id in self._recordings.unfinished():
            try:
                await self._keep(announcement_id, 0)
            except Exception:
                log.exception("live_not_recovered", announcement=announcement_id)

    async def _keep(self, announcement_id: str, end_us: int) -> None:
        sound = await asyncio.to_thread(self._recordings.sound, announcement_id)
        try:
            await self._announcements.close_live(announcement_id, sound, end_us)
        except NotFound:
            log.warning("live_never_stored", announcement=announcement_id)
        except CommitFailed:
            log.exception("live_not_kept", announcement=announcement_id)  # its file stays for the next start
            return
        self._recordings.forget(announcement_id)
