"""An announcement's way: checked, spoken, stored, published, followed by its receipts, sent again to who was away."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

import structlog

from hub.domain.announcements import Status, Wanted, checked, total_ms
from hub.domain.errors import NotFound, NotHeld, NoVoice
from hub.domain.live import LIVE
from hub.domain.second_person import Window, confirmed, ran_out
from hub.services import holding, payloads, receipts
from hub.services.audience import Owed, owed_to, stoppable, targets_of
from hub.services.many import all_done, for_each
from hub.services.planned import planned, said, spoken_live
from hub.services.ports import (
    Announcement,
    AuditRow,
    Clock,
    CommitFailed,
    Database,
    News,
    Publisher,
    PublishFailed,
    Sound,
    SoundFailed,
    SoundMaker,
    Tx,
)
from wire.messages import Live, Manifest, Receipt, Stop

log = structlog.get_logger()


class Announcements:
    """All that happens to announcements. Whoever has sent a manifest looks once more whether it was stopped meanwhile,
    so that a stop comes last wherever it and the manifest cross, and nothing waits for anything else to be sent.
    """

    def __init__(self, database: Database, publisher: Publisher, sounds: SoundMaker, clock: Clock, news: News) -> None:
        self._database = database
        self._publisher = publisher
        self._sounds = sounds
        self._clock = clock
        self._news = news
        self._audio_until_ms: dict[str, int] = {}
        self._retaining: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._stopped: set[str] = set()

    async def announce(
        self,
        *,
        text: str,
        places: Sequence[str],
        kind: str,
        repeat: int,
        play_at_ms: int | None,
        by: str,
        priority: int | None = None,
        status: str = Status.ACTUAL.value,
    ) -> Announcement:
        """Speaks, stores and publishes it; stored even when publishing fails, and then sent after reconnection.

        One that needs a second person is stored and its sound published; the rest waits for its window.
        `by` is a person id or the name of a token, `priority` another one than the kind's. Raises Invalid for what
        cannot be announced, NoVoice.
        """
        wanted = checked(text, places, kind, repeat, play_at_ms, self._clock.now_ms(), status)
        targets = await self._database.read(lambda tx: targets_of(tx, wanted.places))
        sound = await self._speak(wanted, targets.community.language)
        timeline = self._clock.timeline()
        announcement = planned(wanted, targets, sound, by, priority, self._clock.now_ms(), timeline)

        def job(tx: Tx) -> None:
            tx.announcements.add_sound(sound, announcement.created_ms)
            tx.announcements.add(announcement, targets.devices)
            if announcement.hold is not None:
                detail = {"announcement": announcement.id, "until_ms": announcement.hold_until_ms}
                tx.audit.add(AuditRow(announcement.created_ms, by, f"announcement_{announcement.hold}", detail))

        await self._database.write(job)
        self._tell(announcement.id)
        await self._publish(announcement, sound)
        return announcement

    async def confirm(self, announcement_id: str, by: str) -> Announcement:
        """A second person sends at once what is held; out already, it stays as it is.

        Raises NotFound, NotHeld, OwnConfirmation.
        """
        return await self._settle(announcement_id, lambda window, now_ms: confirmed(window, by, now_ms))

    async def let_go(self, announcement_id: str) -> Announcement:
        """Its window is over: it goes out, unless somebody has decided otherwise. Raises NotFound, NotHeld."""
        return await self._settle(announcement_id, ran_out)

    async def _settle(self, announcement_id: str, step: Callable[[Window, int], Window]) -> Announcement:
        """Whoever commits first has decided, and only they send it."""
        now_ms, timeline = self._clock.now_ms(), self._clock.timeline()

        def job(tx: Tx) -> tuple[Announcement, bool]:
            one = _found(tx, announcement_id)
            if one.window is None:
                raise NotHeld
            settled = holding.settle(tx, one, step(one.window, now_ms), timeline)
            return settled, settled is not one

        settled, is_new = await self._database.write(job)
        if is_new:
            log.info("announcement_settled", announcement=announcement_id, hold=settled.hold)
            self._tell(announcement_id)
            await self._publish(settled)
        return settled

    async def open_live(self, announcement_id: str, *, places: Sequence[str], priority: int, by: str) -> Announcement:
        """Stores that somebody is about to speak, and has the loudspeakers wait. Raises Invalid for no places."""
        targets = await self._database.read(lambda tx: targets_of(tx, places))
        live = spoken_live(announcement_id, priority, targets, by, self._clock.now_ms())

        def job(tx: Tx) -> None:
            tx.announcements.add(live, targets.devices)
            detail = {"announcement": live.id, "priority": priority, "places": list(live.places)}
            tx.audit.add(AuditRow(live.created_ms, by, "live_opened", detail))

        await self._database.write(job)
        self._tell(live.id)
        await self._publish(live)
        return live

    async def close_live(self, announcement_id: str, sound: Sound | None, end_us: int) -> None:
        """What was said live is over, and kept; nothing was captured after `end_us`. Raises NotFound, CommitFailed."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> Announcement:
            live = _found(tx, announcement_id)
            if sound is not None:
                tx.announcements.add_sound(sound, now_ms)
            sha256, duration_ms = ("", 0) if sound is None else (sound.sha256, sound.duration_ms)
            tx.announcements.close_live(announcement_id, sha256, duration_ms, now_ms)
            tx.audit.add(AuditRow(now_ms, live.created_by, "live_closed", {"announcement": live.id}))
            return live

        live = await self._database.write(job)
        self._tell(announcement_id)
        if live.stopped_ms is None:
            await self._end_live(live, end_us, now_ms)

    async def _end_live(self, live: Announcement, end_us: int, now_ms: int) -> None:
        """Loudspeakers that do not hear of it end by themselves when no frames come."""
        community = await self._database.read(lambda tx: tx.places.community().slug)
        expiry_s = payloads.LIVE_END_VALID_MS // 1000
        sends = [
            self._publisher.to_place(
                community, place, payloads.live_end(live, place, end_us, now_ms).to_payload(), expiry_s=expiry_s
            )
            for place in live.places
        ]
        for failure in await asyncio.gather(*sends, return_exceptions=True):
            if isinstance(failure, PublishFailed):
                log.warning("live_end_not_sent", announcement=live.id)
            elif failure is not None:
                raise failure

    async def stop(self, announcement_id: str, by: str) -> Announcement:
        """Ends it everywhere at once, now and for every device that comes back later. Raises NotFound.

        One that still waits for a second person is called off, and was never played. Who was first to stop it goes to
        the audit log.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> Announcement:
            one = _found(tx, announcement_id)
            stopped = holding.stop(tx, one, by, now_ms)
            if stopped is not one and stopped.is_out:
                tx.audit.add(AuditRow(now_ms, by, "announcement_stopped", {"announcement": announcement_id}))
            return stopped

        stopped = await self._database.write(job)
        log.info("announcement_stopped", announcement=announcement_id, by=by)
        self._tell(announcement_id)
        await self._publish(stopped)
        return stopped

    async def stop_all(self, by: str) -> list[Announcement]:
        """Ends at once everything that is under way or planned, live speech too, and says what that was.

        Calls for help go on: who presses this wants silence, not that nobody comes to an elder.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> list[Announcement]:
            stopped = [holding.stop(tx, one, by, now_ms) for one in stoppable(tx, now_ms)]
            if stopped:
                tx.audit.add(AuditRow(now_ms, by, "all_stopped", {"announcements": [one.id for one in stopped]}))
            return stopped

        stopped = await self._database.write(job)
        log.info("all_announcements_stopped", announcements=[one.id for one in stopped], by=by)
        for one in stopped:
            self._tell(one.id)
        await asyncio.gather(*(self._publish(one) for one in stopped))
        return stopped

    async def received(self, batch: Sequence[tuple[str, Receipt]]) -> None:
        """Stores the receipts of (device, receipt) in one transaction; any order, any number of times."""
        now_ms = self._clock.now_ms()
        stored = await self._database.write(lambda tx: receipts.store(tx, batch, now_ms))
        for announcement_id, device in stored.unknown:
            log.warning("receipt_of_nothing_known", announcement=announcement_id, device=device)
        for announcement_id in stored.announcements:
            self._news.tell(f"announcement:{announcement_id}")
        if stored.has_news_of_devices:
            self._news.tell("devices")

    async def came_online(self, devices: Sequence[str]) -> None:
        """Sends each device, on its own topic, what is still valid and not finished there, and what was stopped."""
        now_ms = self._clock.now_ms()
        owed = await self._database.read(lambda tx: owed_to(tx, devices, now_ms))
        late = [row for one in owed for row in one.late]
        if late:
            await self._database.write(lambda tx: tx.announcements.save_progress(late))
        taken = await for_each(owed, self._send_owed)
        played: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        for one, ids in zip(owed, taken, strict=True):
            for announcement in one.play:
                played[announcement.id].append((one.device, announcement.id in ids))
        for announcement_id, those in played.items():
            if sent := [device for device, is_sent in those if is_sent]:
                await self._count_as_sent(announcement_id, sent)
            await self._stop_again(announcement_id, [device for device, _ in those])

    async def _send_owed(self, owed: Owed) -> set[str]:
        """Which of it the broker has taken; what was stopped while others were served is not sent."""
        taken: set[str] = set()
        for announcement in (*owed.stop, *owed.play):
            if announcement.id in self._stopped and announcement.stopped_ms is None:
                continue
            if not await self._send(announcement, owed.device):
                break
            taken.add(announcement.id)
        return taken

    async def republish(self) -> None:
        """After each connection to the broker: audio and manifests of what is still to be heard, stops of the rest."""
        self._audio_until_ms.clear()
        self._retaining.clear()  # what waits for the old connection's answer says nothing of the new one
        now_ms = self._clock.now_ms()
        due = await self._database.read(lambda tx: [*tx.announcements.stopped(now_ms), *tx.announcements.valid(now_ms)])
        for announcement in due:
            if announcement.stopped_ms is not None or _end_ms(announcement) > now_ms:
                await self._publish(announcement)

    async def _speak(self, wanted: Wanted, language: str) -> Sound:
        try:
            return await self._sounds.announcement(said(wanted, language), wanted.chime.value, language)
        except SoundFailed as error:
            log.warning("announcement_not_spoken", reason=str(error))
            raise NoVoice from error

    async def _publish(self, announcement: Announcement, sound: Sound | None = None) -> None:
        """Sends it to its places; without a link the next `republish` does.

        Also what the broker has not said that it took may be on its way, and is looked at for a stop.
        """
        if announcement.stopped_ms is not None:
            self._stopped.add(announcement.id)
        is_sent = await self._send(announcement, None, sound)
        if announcement.stopped_ms is not None or not announcement.is_out:
            return
        await self._stop_again(announcement.id, [None])
        if is_sent:
            await self._count_as_sent(announcement.id, None)

    async def _send(self, announcement: Announcement, device: str | None, sound: Sound | None = None) -> bool:
        """Audio and manifest, or the stop, to one device or to all places; False without a link.

        Of what is held only the audio, so that nothing is left to do but the manifest; of what was called off nothing.
        The manifest goes out also when the broker has not answered to the audio, which was written before it.
        """
        if announcement.stopped_ms is None:
            try:
                await self._retain_audio(announcement, sound)
            except PublishFailed:
                log.warning("audio_not_answered", announcement=announcement.id)
        if not announcement.is_out:
            return False
        try:
            await self._send_payload(announcement, device)
        except PublishFailed:
            log.warning("announcement_waits_for_the_link", announcement=announcement.id)
            return False
        return True

    async def _stop_again(self, announcement_id: str, devices: Sequence[str | None]) -> None:
        """What was stopped while it was being sent is stopped again; a device None stands for all its places."""
        current = await self._database.read(lambda tx: _found(tx, announcement_id))
        if current.stopped_ms is not None:
            await for_each(devices, lambda device: self._send(current, device))

    async def _count_as_sent(self, announcement_id: str, devices: Collection[str] | None) -> None:
        """The broker has it for these devices, or for all: `sent` is true now.

        A count that cannot be stored only shows less than is so; nobody is told to announce it a second time.
        """
        now_ms = self._clock.now_ms()
        try:
            await self._database.write(lambda tx: tx.announcements.count_as_sent(announcement_id, devices, now_ms))
        except CommitFailed:
            log.exception("sending_not_stored", announcement=announcement_id)
        self._news.tell(f"announcement:{announcement_id}")

    async def _retain_audio(self, announcement: Announcement, sound: Sound | None) -> None:
        """Has the broker keep the file as long as anybody may need it; once a connection is enough, and once for all
        who need it at the same moment.
        """
        if announcement.kind == LIVE:
            return
        if self._audio_until_ms.get(announcement.audio_sha256, 0) >= announcement.valid_until_ms:
            return
        key = (announcement.audio_sha256, announcement.valid_until_ms)
        retaining = self._retaining.get(key)
        if retaining is None or retaining.done():
            retaining = self._retaining[key] = asyncio.create_task(self._retain(announcement, sound))
        try:
            await asyncio.shield(retaining)
        finally:
            if retaining.done() and self._retaining.get(key) is retaining:
                del self._retaining[key]

    async def _retain(self, announcement: Announcement, sound: Sound | None) -> None:
        sound = sound or await self._database.read(lambda tx: tx.announcements.sound(announcement.audio_sha256))
        if sound is None:
            log.error("announcement_without_sound", announcement=announcement.id)
            return
        expiry_s = payloads.expiry_s(announcement.valid_until_ms, self._clock.now_ms())
        await self._publisher.audio(sound, expiry_s=expiry_s)
        self._audio_until_ms[announcement.audio_sha256] = announcement.valid_until_ms

    async def _send_payload(self, announcement: Announcement, device: str | None) -> None:
        now_ms = self._clock.now_ms()
        build: Callable[[Announcement, str, int], Manifest | Live | Stop] = payloads.stop
        if announcement.stopped_ms is None:
            build = payloads.live if announcement.kind == LIVE else payloads.manifest
        if device is not None:
            message = build(announcement, device, now_ms)
            expiry_s = payloads.expiry_s(message.valid_until_ms, now_ms)
            await self._publisher.to_device(device, "announce", message.to_payload(), expiry_s=expiry_s)
            return
        community = await self._database.read(lambda tx: tx.places.community().slug)
        messages = [build(announcement, place, now_ms) for place in announcement.places]
        sends = [
            self._publisher.to_place(
                community, one.to, one.to_payload(), expiry_s=payloads.expiry_s(one.valid_until_ms, now_ms)
            )
            for one in messages
        ]
        await all_done(sends)

    def _tell(self, announcement_id: str) -> None:
        self._news.tell("announcements")
        self._news.tell(f"announcement:{announcement_id}")


def _end_ms(announcement: Announcement) -> int:
    return announcement.play_at_ms + total_ms(announcement.duration_ms, announcement.repeat)


def _found(tx: Tx, announcement_id: str) -> Announcement:
    announcement = tx.announcements.get(announcement_id)
    if announcement is None:
        raise NotFound(what="announcement", id=announcement_id)
    return announcement
