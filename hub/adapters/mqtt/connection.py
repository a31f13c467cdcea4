"""One connection to the broker, as every connection of the hub has to be."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiomqtt
import structlog
from paho.mqtt.enums import MessageType
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.adapters.mqtt.read_ahead import ReadAhead

log = structlog.get_logger()

SESSION_EXPIRY_S = 7 * 24 * 3600
KEEPALIVE_S = 10
RECEIVE_MAXIMUM = 1_000
"""Bounds what waits in memory between arrival and commit; the queue itself must not be bounded, it would drop."""
RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
ANSWER_S = 30.0
"""A broker that does not answer for so long is treated as lost. Its answer comes behind all the messages that it had
kept, and on a busy machine they take their time; a connection that is lost is noticed without this."""
STEADY_S = 10.0
"""A connection that held so long starts the back-off anew."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and how to sign in. `ca` is a file of trusted certificates, for a broker over TLS."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False


def handing(take: Callable[[aiomqtt.Message], None]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A queue for `new_client` that gives each message to `take` as it comes, in the loop, and keeps none.

    `client.messages` then only ends with the connection. Its own way costs a task a message, which a press waits for.
    """

    class Handing(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            take(item)

    return Handing


def new_client(
    address: Address,
    identifier: str,
    queue_type: type[asyncio.Queue[aiomqtt.Message]] = asyncio.Queue,
    *,
    will: aiomqtt.Will | None = None,
    receive_maximum: int = RECEIVE_MAXIMUM,
    is_lasting: bool = True,
) -> aiomqtt.Client:
    """A client for one connection, never for two: its queue must not hold message ids of a dead one.

    Acknowledges nothing by itself: see `acknowledge`. `is_lasting`: the broker keeps what comes while we are away.
    """
    properties = new_properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = SESSION_EXPIRY_S if is_lasting else 0
    properties.ReceiveMaximum = receive_maximum
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=not is_lasting,
        keepalive=KEEPALIVE_S,
        properties=properties,
        will=will,
        tls_context=ssl.create_default_context() if address.is_tls else None,
        max_inflight_messages=RECEIVE_MAXIMUM,
        queue_type=queue_type,
        timeout=math.inf,  # see `answered`
        logger=logging.getLogger("hub.mqtt"),
    )
    client.pending_calls_threshold = 100_000  # a burst is no fault; the default warns at every call beyond 10
    paho = _paho(client)
    paho.manual_ack_set(True)
    create_socket = paho._create_socket  # noqa: SLF001 - as in `_paho`
    paho._create_socket = lambda: _read_ahead(create_socket())  # noqa: SLF001
    return client


def _read_ahead(whole: socket.socket) -> ReadAhead:
    """Sets the option here: aiomqtt leaves alone what is no socket of the standard library."""
    whole.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ReadAhead(whole)


@asynccontextmanager
async def connected(client: aiomqtt.Client) -> AsyncIterator[None]:
    """Connects, and disconnects at the end; raises aiomqtt.MqttError where it cannot connect."""
    async with answered():
        await client.__aenter__()
    try:
        yield
    finally:
        with suppress(aiomqtt.MqttError):
            async with answered():
                await client.__aexit__(None, None, None)


@asynccontextmanager
async def answered(within_s: float = ANSWER_S) -> AsyncIterator[None]:
    """Gives the broker so long to answer; raises aiomqtt.MqttError when it does not.

    Not aiomqtt's own time-out: that is asyncio.wait_for, which in Python 3.11 swallows a cancellation that comes
    together with the answer. A hub that was asked to stop in such a moment never ended.
    """
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError:
        raise aiomqtt.MqttError(f"the broker did not answer within {within_s:g} s") from None


def new_properties(packet_type: int) -> Properties:
    """Empty MQTT 5 properties for one kind of packet."""
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho's own stubs leave it open


def _share_tables() -> None:
    """paho-mqtt 2.2.0 writes its tables of all properties anew for each packet, sent or received, and looks for each
    of them when it clears: half of what taking a packet in costs (0.19 and 0.10 ms on a core of 2026). The tables
    never change, so that all share one set.
    """
    tables = {name: value for name, value in vars(new_properties(PacketTypes.PUBLISH)).items() if name != "packetType"}

    def begin(self: Properties, packetType: int) -> None:  # noqa: N803 - paho's name
        vars(self).update(tables, packetType=packetType)

    def clear(self: Properties) -> None:
        kind = self.packetType
        vars(self).clear()
        begin(self, kind)

    Properties.__init__ = begin  # type: ignore[method-assign]
    Properties.clear = clear  # type: ignore[method-assign]


_share_tables()


def acknowledge(client: aiomqtt.Client, *messages: aiomqtt.Message) -> None:
    """Tells the broker that it may forget these messages. Call it in the order of arrival, after the commit.

    All in one write: paho's own `ack` is a call into the system for each of them (see ReadAhead). None has QoS 2.
    """
    packets = b"".join(struct.pack("!BBH", MessageType.PUBACK, 2, one.mid) for one in messages if one.qos == 1)
    if packets:
        _paho(client)._packet_queue(MessageType.PUBACK, packets, 0, 1)  # noqa: SLF001 - as in `_paho`


def _paho(client: aiomqtt.Client):  # type: ignore[no-untyped-def]
    return client._client  # noqa: SLF001 - aiomqtt 2.5.1 offers no manual acknowledgement (docs/decisions.md)


async def keep_connected(name: str, connection: Callable[[], Awaitable[None]]) -> None:
    """Runs `connection` again whenever it breaks, for whatever reason, until cancelled."""
    loop, failures = asyncio.get_running_loop(), 0
    while True:
        began = loop.time()
        try:
            await connection()
        except* aiomqtt.MqttError as broken:
            log.warning("mqtt_connection_lost", connection=name, reason=str(broken.exceptions[0]))
        except* Exception:
            log.exception("mqtt_connection_broke", connection=name)
        task = asyncio.current_task()
        if task and task.cancelling():  # what breaks while everything ends hides the cancellation behind its error
            raise asyncio.CancelledError
        failures = 0 if loop.time() - began > STEADY_S else failures
        await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
        failures += 1
