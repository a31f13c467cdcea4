"""Presses come in: committed first, then acknowledged to the broker and confirmed to the device."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aiomqtt
import structlog

from hub.adapters.mqtt.connection import (
    Address,
    acknowledge,
    answered,
    connected,
    handing,
    keep_connected,
    new_client,
)
from hub.services.raise_alert import Received
from wire import topics

log = structlog.get_logger()

BATCH = 256
"""Presses in one commit at most: enough to carry a burst, few enough to be written in some 100 ms."""
AT_HAND = 2 * BATCH
"""What the broker hands over before an acknowledgement: a batch at the disk and the next. The rest waits there, where
it is safe, and a press does not count as waiting for the disk before its turn has come."""
RETRY_S = 1.0
OVERTAKE_S = 0.5
"""A batch that is not stored by then no longer keeps the next one waiting: behind a disk that hangs every press must
be known to `store`, which tells people of those that it cannot keep."""

Store = Callable[[Sequence[Received]], Awaitable[None]]
"""Commits the presses and acts on them, however long the disk takes; raises only where trying again would not help."""


class PressIntake:
    """A connection of its own, so that receipts and health can never stand in the way of a press.

    A press is acknowledged only after `store` has returned for it. One that `store` cannot take is tried again
    here, beside the others: the broker would not deliver it again on the same connection.
    """

    def __init__(
        self, address: Callable[[], Address], identifier: str, store: Store, now_ms: Callable[[], int]
    ) -> None:
        self._address = address
        self._identifier = identifier
        self._store = store
        self._now_ms = now_ms
        self.is_connected = False

    async def run(self) -> None:
        """Takes presses until cancelled."""
        await keep_connected("presses", self._connection)

    async def _connection(self) -> None:
        queue: asyncio.Queue[tuple[aiomqtt.Message, Received]] = asyncio.Queue()

        def take(message: aiomqtt.Message) -> None:
            received = self._read(message)
            if received is None:
                acknowledge(client, message)
            else:
                queue.put_nowait((message, received))

        client = new_client(self._address(), self._identifier, handing(take), receive_maximum=AT_HAND)
        try:
            async with connected(client), asyncio.TaskGroup() as group:
                group.create_task(self._write(client, queue, group))
                async with answered():
                    await client.subscribe(topics.every_device("press"), qos=1)
                self.is_connected = True
                async for _ in client.messages:
                    pass  # each was taken as it came; this ends when the connection does
        finally:
            self.is_connected = False

    def _read(self, message: aiomqtt.Message) -> Received | None:
        """The press, or None for what is none: retained ones are old, whatever they say (WIRE.md)."""
        source = topics.parse_from_device(str(message.topic))
        if source is None or message.retain:
            log.warning("press_ignored", is_retained=message.retain, topic=str(message.topic))
            return None
        payload = message.payload if isinstance(message.payload, bytes) else str(message.payload).encode()
        return Received(source.device, payload, self._now_ms())

    async def _write(
        self,
        client: aiomqtt.Client,
        queue: asyncio.Queue[tuple[aiomqtt.Message, Received]],
        group: asyncio.TaskGroup,
    ) -> None:
        while True:
            batch = [await queue.get()]
            while not queue.empty() and len(batch) < BATCH:
                batch.append(queue.get_nowait())
            await asyncio.wait([group.create_task(self._write_batch(client, batch, group))], timeout=OVERTAKE_S)

    async def _write_batch(
        self, client: aiomqtt.Client, batch: Sequence[tuple[aiomqtt.Message, Received]], group: asyncio.TaskGroup
    ) -> None:
        if await self._stored([received for _, received in batch]):
            acknowledge(client, *(message for message, _ in batch))
            return
        for message, received in batch:  # one by one, so that a press nobody can store holds up no other
            if await self._stored([received]):
                acknowledge(client, message)
            else:
                group.create_task(self._store_later(client, message, received))

    async def _store_later(self, client: aiomqtt.Client, message: aiomqtt.Message, received: Received) -> None:
        is_stored = False
        while not is_stored:
            await asyncio.sleep(RETRY_S)
            is_stored = await self._stored([received])
        acknowledge(client, message)

    async def _stored(self, batch: Sequence[Received]) -> bool:
        try:
            await self._store(batch)
        except Exception:
            log.exception("presses_not_stored", count=len(batch))
            return False
        return True
