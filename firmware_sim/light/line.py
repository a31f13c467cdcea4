"""One connection of a light device to the broker: MQTT 5 on a bare asyncio.Protocol, as small as it can be."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol, cast

from firmware_sim.light import packets
from firmware_sim.light.packets import Arrived

KEEPALIVE_S, SESSION_S, RECEIVE_MAXIMUM = 10, 7 * 24 * 3_600, 100
PING_EVERY_S = 8.0
"""Whatever else is said: health and questions of the time are at QoS 0, and prove nothing of the broker."""
DEAF_AFTER_S = 20.0
"""Without a byte from the broker, who answers every ping, the connection is dead."""


class Holder(Protocol):
    """Whoever has the line."""

    def greeted(self, code: int) -> None:
        """The broker's answer to CONNECT: 0 is welcome."""
        ...

    def arrived(self, message: Arrived) -> None:
        """A message; it is acknowledged when this returns."""
        ...

    def answered(self, mid: int, code: int) -> None:
        """The broker has taken the publish, subscription or end of one with this id; from 128 on it has refused it."""
        ...

    def lost(self) -> None:
        """The connection is gone, for whatever reason."""
        ...


class Line(asyncio.Protocol):
    """From CONNECT to the loss of the connection; never used twice."""

    __slots__ = ("_first", "_heard_s", "_holder", "_loop", "_mid", "_pinged_s", "_transport", "_unpacked")

    def __init__(self, holder: Holder, first: bytes, loop: asyncio.AbstractEventLoop) -> None:
        """`first` is the CONNECT packet."""
        self._holder = holder
        self._first = first
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._unpacked = packets.Unpacked()
        self._mid = 0
        self._pinged_s = self._heard_s = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(self._first)
        self._first = b""

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._holder.lost()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        try:
            for first, body in self._unpacked.feed(data):
                self._take(first, body)
        except packets.Malformed:
            self.cut()

    def send(self, packet: bytes) -> None:
        """Send; on a connection that is gone nothing is sent, and `lost` says so."""
        if self._transport is not None:
            self._transport.write(packet)

    def new_mid(self) -> int:
        """The next message id, 1 to 65,535."""
        self._mid = self._mid % 65_535 + 1
        return self._mid

    def keep_alive(self, now_s: float) -> None:
        """Ping where it is time; give up on a broker that does not answer."""
        if now_s - self._heard_s > DEAF_AFTER_S:
            self.cut()
        elif now_s - self._pinged_s > PING_EVERY_S:
            self._pinged_s = now_s
            self.send(packets.PING)

    def leave(self) -> None:
        """Say goodbye: the broker publishes no will."""
        self.send(packets.GOODBYE)
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Lose the connection without a word, as a power cut does: the broker publishes the will."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == packets.PUBLISH:
            message = packets.read_publish(first, body)
            self._holder.arrived(message)
            if message.qos:
                self.send(packets.puback(message.mid))
        elif kind == packets.CONNACK:
            self._holder.greeted(body[1])
        elif kind == packets.PUBACK:
            self._holder.answered(int.from_bytes(body[:2]), body[2] if len(body) > 2 else 0)
        elif kind in (packets.SUBACK, packets.UNSUBACK):
            self._holder.answered(*packets.read_answer(body))
        elif kind == packets.DISCONNECT:
            self.cut()
