"""A way to the broker that can be made bad: cut, slow, or carrying everything twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from device_agent.mqtt import Incoming, LinkLost, MqttLink, MqttLinks, Outgoing


@dataclass(slots=True)
class Trouble:
    """What is wrong with the way at present; may be changed at any time through `FaultyLinks`."""

    is_down: bool = False
    delay_s: float = 0.0
    is_doubling: bool = False
    links: set[MqttLink] = field(default_factory=set)


class FaultyLinks:
    """A `device_agent.mqtt.Links` over real connections, with faults."""

    def __init__(self, real: MqttLinks) -> None:
        self.trouble = Trouble()
        self._real = real

    def cut(self, *, is_down: bool) -> None:
        """Pull the cable, or plug it in again."""
        self.trouble.is_down = is_down
        if is_down:
            self.lose()

    def lose(self) -> None:
        """Lose the present connection without a word."""
        for link in self.trouble.links:
            link.cut()

    @asynccontextmanager
    async def connect(self, will: Outgoing | None) -> AsyncIterator[FaultyLink]:
        """A connection that suffers from whatever the trouble is."""
        if self.trouble.is_down:
            raise LinkLost("the simulated link is down")
        async with self._real.connect(will) as link:
            self.trouble.links.add(link)
            try:
                yield FaultyLink(link, self.trouble)
            finally:
                self.trouble.links.discard(link)


class FaultyLink:
    """One connection. A delay keeps the order of messages, in each direction."""

    def __init__(self, link: MqttLink, trouble: Trouble) -> None:
        self._link = link
        self._trouble = trouble

    async def publish(self, message: Outgoing) -> None:
        await self._suffer()
        await self._link.publish(message)
        if self._trouble.is_doubling:
            await self._link.publish(message)

    async def subscribe(self, topics: list[str]) -> None:
        await self._suffer()
        await self._link.subscribe(topics)

    async def unsubscribe(self, topic: str) -> None:
        await self._suffer()
        await self._link.unsubscribe(topic)

    async def messages(self) -> AsyncIterator[Incoming]:
        async for message in self._link.messages():
            await self._suffer()
            yield message
            if self._trouble.is_doubling:
                yield message

    async def _suffer(self) -> None:
        if self._trouble.delay_s > 0:
            await asyncio.sleep(self._trouble.delay_s)
