"""When presses cannot be stored, people are told so at once: nothing is behind such a call but this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from hub.domain.alerts import Purpose
from hub.domain.people import ChannelName
from hub.domain.words import say
from hub.services.ports import Channel, ChannelFailed, Clock, Message, News, Notification
from hub.services.raise_alert import Received, read_press
from wire.ids import new_id

log = structlog.get_logger()

TRY_EVERY_S = 1.0
SEND_TIMEOUT_S = 5.0


class Unrecorded:
    """The presses that wait for a disk. While there are any, the hub is not ready (ALERTS.md, invariant 13).

    `webhook` is the channel, `address` the duty webhook's; without an address only the pages say it.
    """

    def __init__(self, webhook: Channel, address: str, language: str, clock: Clock, news: News) -> None:
        self._webhook = webhook
        self._address = address
        self._language = language
        self._clock = clock
        self._news = news
        self._waiting: dict[tuple[str, bytes], None] = {}
        self._to_tell: asyncio.Queue[Received] = asyncio.Queue()

    @property
    def count(self) -> int:
        """How many presses are known that are not stored."""
        return len(self._waiting)

    def tell(self, batch: Sequence[Received]) -> None:
        """Takes note of presses that are not stored; each is told once. Never blocks."""
        for received in batch:
            key = (received.device, received.payload)
            if key not in self._waiting:
                self._waiting[key] = None
                self._to_tell.put_nowait(received)
        self._news.tell("unrecorded")

    def clear(self, batch: Sequence[Received]) -> None:
        """These presses are stored now."""
        if not self._waiting:
            return
        for received in batch:
            self._waiting.pop((received.device, received.payload), None)
        self._news.tell("unrecorded")

    async def run(self) -> None:
        """Tells the duty webhook until cancelled, each press until it is taken or has been stored meanwhile."""
        while True:
            received = await self._to_tell.get()
            is_waiting = (received.device, received.payload) in self._waiting
            if self._address and is_waiting and not await self._sent(received):
                self._to_tell.put_nowait(received)  # behind the others: one that is refused holds up none
                await asyncio.sleep(TRY_EVERY_S)

    async def _sent(self, received: Received) -> bool:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._webhook.send(*self._message(received))
        except (ChannelFailed, TimeoutError) as error:
            log.error("unrecorded_not_told", reason=str(error) or "no answer")
            return False
        except Exception:
            log.exception("unrecorded_not_told")
            return False
        return True

    def _message(self, received: Received) -> tuple[Notification, Message]:
        press, now_ms = read_press(received), self._clock.now_ms()
        text = say("unrecorded", self._language)
        notification = Notification(
            id=new_id(now_ms),
            alert_id="",
            person_id=None,
            channel=ChannelName.WEBHOOK,
            address=self._address,
            purpose=Purpose.ASK,
            about_person_id=None,
            rung=0,
            created_ms=now_ms,
            due_ms=now_ms,
        )
        body = {
            "alert_id": None,
            "button": press.button,
            "place": received.device,
            "press_ids": [press.press_id],
            "say": text,
            "opened_at_ms": received.received_ms,
        }
        return notification, Message("", received.device, text, body)
