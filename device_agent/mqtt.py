"""The connection to the broker: MQTT 5, a session that outlives it, a new client each time."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SESSION_EXPIRY_S = 7 * 24 * 3_600  # WIRE.md: what is sent to a device meanwhile waits for it
KEEPALIVE_S = 10  # an abrupt loss is seen within 1.5 times of it
RECEIVE_MAXIMUM = 100  # unacknowledged messages on their way to us: bounds memory without losing any
ARRIVED_NS = "arrived_ns"
ANSWER_S = 10.0  # a broker that does not answer for so long is treated as lost

log = logging.getLogger(__name__)


class LinkLost(Exception):
    """The connection is gone, or could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where the broker is and who we are; with `ca_file`, TLS that this authority signs for."""

    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came; `arrived_ns` on the monotonic clock."""

    topic: str
    payload: bytes
    properties: Mapping[str, str]
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent; `answer_to` and `correlation` make it a request."""

    topic: str
    payload: bytes
    qos: int = 1
    is_retained: bool = False
    answer_to: str | None = None
    correlation: bytes | None = None


class Link(Protocol):
    """One connection, from its begin to its loss; every method raises LinkLost after that."""

    async def publish(self, message: Outgoing) -> None:
        """Send; with QoS 1 this returns when the broker has acknowledged."""

    async def subscribe(self, topics: list[str]) -> None:
        """Receive these topics, retained messages first."""

    async def unsubscribe(self, topic: str) -> None:
        """Receive this topic no more."""

    def messages(self) -> AsyncIterator[Incoming]:
        """What comes; each message is acknowledged when the next one is asked for, that is when it was handled."""


class Links(Protocol):
    """Makes connections."""

    def connect(self, will: Outgoing | None) -> AbstractAsyncContextManager[Link]:
        """A new connection; the broker publishes `will` if it is lost. Raises LinkLost."""


class _Stamped(asyncio.Queue[aiomqtt.Message]):
    """Notes on each message when it came: whoever takes it out may be busy with those before it."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        vars(item)[ARRIVED_NS] = time.monotonic_ns()
        super().put_nowait(item)


class MqttLinks:
    """Links to a real broker."""

    def __init__(self, login: Login, client_id: str, session_s: int = SESSION_EXPIRY_S) -> None:
        """`client_id` names the session, which the broker keeps for `session_s` after a connection."""
        self._login = login
        self._client_id = client_id
        self._session_s = session_s

    @asynccontextmanager
    async def connect(self, will: Outgoing | None) -> AsyncIterator[MqttLink]:
        """A new client for each connection: a used one holds acknowledgements of a connection that is gone."""
        client = self._client(will)
        async with _answered():
            await client.__aenter__()
        try:
            yield MqttLink(client)
        finally:
            with suppress(LinkLost):
                async with _answered():
                    await client.__aexit__(None, None, None)

    def _client(self, will: Outgoing | None) -> aiomqtt.Client:
        login = self._login
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types
        properties.SessionExpiryInterval = self._session_s
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client = aiomqtt.Client(
            login.host,
            login.port,
            username=login.user,
            password=login.password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=KEEPALIVE_S,
            timeout=math.inf,  # see _answered
            properties=properties,
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.is_retained),
            tls_params=None if login.ca_file is None else aiomqtt.TLSParameters(ca_certs=str(login.ca_file)),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            logger=log,
            queue_type=_Stamped,
        )
        client.pending_calls_threshold = 200  # many presses at once are normal after a lost connection
        client._client.manual_ack_set(True)  # noqa: SLF001 - aiomqtt 2.5.1 offers no way of its own
        return client


class MqttLink:
    """One connection to a real broker."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, message: Outgoing) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types
        if message.answer_to is not None:
            properties.ResponseTopic = message.answer_to
        if message.correlation is not None:
            properties.CorrelationData = message.correlation
        async with _answered():
            await self._client.publish(message.topic, message.payload, message.qos, message.is_retained, properties)

    async def subscribe(self, topics: list[str]) -> None:
        async with _answered():
            answers = await self._client.subscribe([(topic, 1) for topic in topics], qos=1)
        for topic, answer in zip(topics, answers, strict=True):
            if getattr(answer, "is_failure", False):
                log.error("the broker does not let us subscribe to %s: %s", topic, answer)

    async def unsubscribe(self, topic: str) -> None:
        async with _answered():
            await self._client.unsubscribe(topic)

    async def messages(self) -> AsyncIterator[Incoming]:
        try:
            async for message in self._client.messages:
                properties = dict(getattr(message.properties, "UserProperty", []))
                payload = bytes(message.payload) if isinstance(message.payload, bytes | bytearray) else b""
                yield Incoming(message.topic.value, payload, properties, vars(message)[ARRIVED_NS])
                self._client._client.ack(message.mid, message.qos)  # noqa: SLF001 - as above
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from None

    def cut(self) -> None:
        """Lose the connection without a word, as a pulled cable does: the broker publishes the will."""
        sock = self._client._client.socket()  # noqa: SLF001 - no public way to fail
        if isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    """Gives the broker ANSWER_S, and names every failure LinkLost.

    Not aiomqtt's own time-out: that is asyncio.wait_for, which in Python 3.11 swallows a cancellation that comes
    together with the answer, and whoever was cancelled would go on for ever.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            yield
    except TimeoutError:
        raise LinkLost(f"the broker did not answer within {ANSWER_S:.0f} s") from None
    except aiomqtt.MqttError as error:
        raise LinkLost(str(error)) from None
