"""What devices report comes in here, but for presses: stored first, then acknowledged to the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes

from hub.adapters.clock import SystemClock
from hub.adapters.mqtt.connection import (
    Address,
    acknowledge,
    answered,
    connected,
    handing,
    keep_connected,
    new_client,
    new_properties,
)
from hub.services.ports import CommitFailed
from wire import topics
from wire.ids import new_id
from wire.messages import ClockAnswer, ClockProbe, Health, Receipt, Reply, Status, Unreadable, read
from wire.signing import SigningKey

log = structlog.get_logger()

BATCH = 200
"""Reports in one transaction: so many are written in some 20 ms, which is how long they can keep a press waiting."""
GATHER_S = 0.05
"""So long the first of a batch waits for others: a transaction of its own costs ten times as much as a part in one."""
AGAIN_S = 1.0
"""Between tries to store reports."""
CLOCK_VALID_MS = 10_000
KINDS = (("status", 1), ("receipt", 1), ("reply", 1), ("health", 0), ("clock", 0))
"""What is subscribed to, with the QoS."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handlers:
    """Who is told what: each is awaited before the broker is told that the message may be forgotten.

    A status comes with whether it was retained: then it may be older than the connection.
    """

    statuses: Callable[[Sequence[tuple[str, Status, bool]]], Awaitable[None]]
    receipts: Callable[[Sequence[tuple[str, Receipt]]], Awaitable[None]]
    health: Callable[[Sequence[tuple[str, Health]]], Awaitable[None]]
    reply: Callable[[str, Reply], None]


class ReportIntake:
    """Hands the services what devices report, and answers what they ask of the time."""

    def __init__(self, address: Callable[[], Address], identifier: str, key: SigningKey, clock: SystemClock) -> None:
        self._address = address
        self._identifier = identifier
        self._key = key
        self._clock = clock
        self.is_connected = False

    async def run(self, handlers: Handlers) -> None:
        """Takes reports until cancelled."""
        await keep_connected("reports", lambda: self._connection(handlers))

    async def _connection(self, handlers: Handlers) -> None:
        inbox = _Inbox(handlers, self._clock)

        def take(message: aiomqtt.Message) -> None:
            if not inbox.take(message):
                acknowledge(client, message)

        client = new_client(self._address(), self._identifier, handing(take))
        try:
            async with connected(client), asyncio.TaskGroup() as group:
                group.create_task(_in_batches(client, inbox.statuses, handlers.statuses))
                group.create_task(_in_batches(client, inbox.receipts, handlers.receipts))
                group.create_task(_in_batches(client, inbox.healths, handlers.health))
                group.create_task(self._answer_clocks(client, inbox.probes))
                async with answered():
                    for kind, qos in KINDS:
                        await client.subscribe(topics.every_device(kind), qos=qos)
                self.is_connected = True
                async for _ in client.messages:
                    pass  # each was taken as it came; this ends when the connection does
        finally:
            self.is_connected = False

    async def _answer_clocks(
        self, client: aiomqtt.Client, probes: asyncio.Queue[tuple[aiomqtt.Message, tuple[str, ClockProbe, int]]]
    ) -> None:
        while True:
            message, (device, probe, steady_ns) = await probes.get()
            await self._answer_clock(client, device, probe, message, steady_ns)

    async def _answer_clock(
        self, client: aiomqtt.Client, device: str, probe: ClockProbe, message: aiomqtt.Message, steady_ns: int
    ) -> None:
        """Answers on the device's own topic, whatever Response Topic it asked for. Both times are by one timeline, so
        that a clock that is set between them makes none of them wrong.
        """
        now_ms, timeline = self._clock.now_ms(), self._clock.timeline()
        answer = ClockAnswer(
            to=device,
            id=new_id(now_ms),
            issued_ms=now_ms,
            valid_until_ms=now_ms + CLOCK_VALID_MS,
            nonce=probe.nonce,
            sent_ns=probe.sent_ns,
            received_ns=steady_ns + timeline.base_ns,
            answered_ns=self._clock.steady_ns() + timeline.base_ns,
            timeline=timeline,
        )
        payload = answer.to_payload()
        properties = new_properties(PacketTypes.PUBLISH)
        properties.UserProperty = self._key.sign(payload)
        correlation = getattr(message.properties, "CorrelationData", None)
        if correlation is not None:
            properties.CorrelationData = correlation
        async with answered():
            await client.publish(topics.clock_answer(device), payload, qos=0, properties=properties)


class _Inbox:
    """What has come, by kind, in the order of arrival, and waits for whoever handles it."""

    def __init__(self, handlers: Handlers, clock: SystemClock) -> None:
        self._reply = handlers.reply
        self._clock = clock
        self.statuses: asyncio.Queue[tuple[aiomqtt.Message, tuple[str, Status, bool]]] = asyncio.Queue()
        self.receipts: asyncio.Queue[tuple[aiomqtt.Message, tuple[str, Receipt]]] = asyncio.Queue()
        self.healths: asyncio.Queue[tuple[aiomqtt.Message, tuple[str, Health]]] = asyncio.Queue()
        self.probes: asyncio.Queue[tuple[aiomqtt.Message, tuple[str, ClockProbe, int]]] = asyncio.Queue()

    def take(self, message: aiomqtt.Message) -> bool:
        """False for a message that needs no handling any more, so that the broker may forget it."""
        topic = str(message.topic)
        source = topics.parse_from_device(topic)
        if source is None:
            return False
        payload = message.payload if isinstance(message.payload, bytes) else b""
        try:
            return self._put(message, source.device, source.kind, payload)
        except Unreadable as error:
            log.warning("message_unreadable", topic=topic, reason=error.reason)
        except Exception:
            log.exception("message_not_handled", topic=topic)
        return False

    def _put(self, message: aiomqtt.Message, device: str, kind: str, payload: bytes) -> bool:
        match kind:
            case "status":
                self.statuses.put_nowait((message, (device, read(Status, payload), bool(message.retain))))
            case "receipt":
                self.receipts.put_nowait((message, (device, read(Receipt, payload))))
            case "health":
                self.healths.put_nowait((message, (device, read(Health, payload))))
            case "clock":  # of QoS 0: there is nothing to acknowledge
                self.probes.put_nowait((message, (device, read(ClockProbe, payload), self._clock.steady_ns())))
            case _:
                self._reply(device, read(Reply, payload))
                return False
        return True


async def _in_batches(
    client: aiomqtt.Client,
    queue: asyncio.Queue[tuple[aiomqtt.Message, T]],
    handle: Callable[[Sequence[T]], Awaitable[None]],
) -> None:
    """Hands over what has gathered, and has the broker forget it when it is on disk."""
    while True:
        batch = [await queue.get()]
        if queue.qsize() < BATCH - 1:
            await asyncio.sleep(GATHER_S)
        while not queue.empty() and len(batch) < BATCH:
            batch.append(queue.get_nowait())
        await _handled([item for _, item in batch], handle)
        acknowledge(client, *(message for message, _ in batch))


async def _handled(items: Sequence[T], handle: Callable[[Sequence[T]], Awaitable[None]]) -> None:
    """Tries again for as long as it cannot be stored; what cannot be handled at all is logged and let go: no presses
    come this way.
    """
    while True:
        try:
            return await handle(items)
        except CommitFailed:
            log.exception("reports_not_stored", count=len(items))
            await asyncio.sleep(AGAIN_S)
        except Exception:
            log.exception("reports_not_handled", count=len(items))
            return None
