"""The elder is told: what a commit made true is spoken, at once or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from hub.services.calling import Calling
from hub.services.pacing import behind_people
from hub.services.ports import Clock, Database, Publisher, PublishFailed, Sound, SoundMaker, Tx
from hub.services.sentences import Spoken, spoken
from wire.ids import new_id
from wire.messages import AlertStage
from wire.messages import Stage as WireStage

log = structlog.get_logger()

STALE_MS = 60_000
"""Stale speech is a lie: what could not be told by then is not told any more (WIRE.md)."""
GATHER_S = 0.1
"""What was told in so long is marked as sent in one commit; what a crash leaves unmarked is only told again."""
VOICE_TIMEOUT_S = 1.5
"""The lamp and the words must not wait longer for the voice: `recorded` reaches the elder within 2 s (ALERTS.md)."""
MUTE_MS = 10_000
"""After a voice that took too long it is not waited for: the next elder's words come at once, without it."""
AUDIO_EXPIRY_S = 3_600


class Teller:
    """Publishes stages to the device whose button was pressed. What cannot be sent now stays stored as unsent.

    `is_behind` says whether people wait to be notified.
    """

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        sounds: SoundMaker,
        clock: Clock,
        is_behind: Callable[[], bool],
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._sounds = sounds
        self._clock = clock
        self._is_behind = is_behind
        self._queue: asyncio.Queue[Spoken] = asyncio.Queue()
        self._sent: asyncio.Queue[str] = asyncio.Queue()
        self._published_until_ms: dict[str, int] = {}
        self._mute_until_ms = 0

    def submit(self, tellings: Sequence[Spoken]) -> None:
        """Queues them; never blocks."""
        for telling in tellings:
            self._queue.put_nowait(telling)

    async def run(self) -> None:
        """Tells until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._mark_sent())
            group.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        async for batch in behind_people(self._queue, self._is_behind):
            try:
                await self._tell(batch)
            except Exception:
                log.exception("telling_failed", count=len(batch))

    async def resume(self) -> None:
        """After each connection: audio is published anew when needed, and what was not sent and is still true is."""
        self._published_until_ms.clear()
        now_ms = self._clock.now_ms()
        self.submit(await self._database.read(lambda tx: _still_true(tx, now_ms)))

    async def _tell(self, batch: Sequence[Spoken]) -> None:
        fresh = [one for one in batch if abs(self._clock.now_ms() - one.telling.created_ms) < STALE_MS]
        texts = {one.text: one for one in fresh}
        sounds = dict(zip(texts, await asyncio.gather(*map(self._sound, texts.values())), strict=True))
        sent = await asyncio.gather(*(self._publish(one, sounds[one.text]) for one in fresh))
        for one, is_sent in zip(fresh, sent, strict=True):
            if is_sent:
                self._sent.put_nowait(one.telling.id)

    async def _mark_sent(self) -> None:
        while True:
            ids = [await self._sent.get()]
            await asyncio.sleep(GATHER_S)
            while not self._sent.empty():
                ids.append(self._sent.get_nowait())
            try:
                await self._database.write(partial(_mark, ids, self._clock.now_ms()))
            except Exception:
                log.exception("tellings_not_marked", count=len(ids))

    async def _sound(self, spoken: Spoken) -> Sound | None:
        """The sentence as audio, published; None when there is no voice: the lamp still speaks."""
        if self._clock.monotonic_ms() < self._mute_until_ms:
            return None
        try:
            async with asyncio.timeout(VOICE_TIMEOUT_S):
                sound = await self._sounds.clip(spoken.text, spoken.language)
                if self._clock.monotonic_ms() >= self._published_until_ms.get(sound.sha256, 0):
                    await self._publisher.audio(sound, expiry_s=AUDIO_EXPIRY_S)
                    self._published_until_ms[sound.sha256] = self._clock.monotonic_ms() + AUDIO_EXPIRY_S * 500
        except TimeoutError:
            log.error("voice_too_slow", not_waited_for_ms=MUTE_MS)
            self._mute_until_ms = self._clock.monotonic_ms() + MUTE_MS
            return None
        except Exception:
            log.exception("clip_failed")
            return None
        return sound

    async def _publish(self, spoken: Spoken, sound: Sound | None) -> bool:
        telling, now_ms = spoken.telling, self._clock.now_ms()
        valid_until_ms = telling.created_ms + STALE_MS
        message = AlertStage(
            to=telling.device,
            id=new_id(now_ms),
            issued_ms=now_ms,
            valid_until_ms=valid_until_ms,
            alert_id=telling.alert_id,
            button=telling.button,
            stage=WireStage(telling.stage.value),
            stage_seq=telling.stage_seq,
            say=spoken.text,
            audio_sha256=sound.sha256 if sound else None,
        )
        expiry_s = max(1, (valid_until_ms - now_ms) // 1000)
        try:
            await self._publisher.to_device(telling.device, "alert", message.to_payload(), expiry_s=expiry_s)
        except PublishFailed:
            return False
        return True


def _mark(ids: Sequence[str], now_ms: int, tx: Tx) -> None:
    tx.tellings.mark_sent(ids, now_ms)


def _still_true(tx: Tx, now_ms: int) -> list[Spoken]:
    """What was not told of how each alert stands now; what has been overtaken meanwhile would be a lie."""
    unsent = tx.tellings.unsent(now_ms - STALE_MS)
    alerts = tx.alerts.some({one.alert_id for one in unsent})
    return spoken(tx, Calling(tx, now_ms), [one for one in unsent if one.stage_seq == alerts[one.alert_id].stage_seq])
