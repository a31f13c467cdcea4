"""MQTT 5 packets as bytes: those that a light device sends, and how those that come are read (OASIS MQTT 5.0)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 11, 13, 14
PING = b"\xc0\x00"
GOODBYE = b"\xe0\x00"
_SESSION_EXPIRY, _RECEIVE_MAXIMUM = 0x11, 0x21
_RESPONSE_TOPIC, _CORRELATION, _USER_PROPERTY = 0x08, 0x09, 0x26
_FIXED = {0x01: 1, 0x02: 4, 0x23: 2}
"""Bytes of the properties with a fixed length that a broker may pass on: format indicator, expiry, topic alias."""
_LONGEST = 4
"""Bytes of a length at most."""


class Malformed(ValueError):
    """Bytes that are no MQTT 5; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the connection is lost."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A PUBLISH that came; `properties` are its raw bytes, since most of them need never be looked at."""

    topic: str
    payload: bytes
    properties: bytes
    qos: int
    mid: int


def connect(
    client_id: str, user: str, password: str, will: Will, *, keepalive_s: int, session_s: int, receive_maximum: int
) -> bytes:
    """CONNECT with `clean_start=False` and a retained will at QoS 1."""
    properties = struct.pack("!BIBH", _SESSION_EXPIRY, session_s, _RECEIVE_MAXIMUM, receive_maximum)
    flags = 0x80 | 0x40 | 0x20 | 0x08 | 0x04  # user, password, will retained, will at QoS 1, will
    body = _text("MQTT") + struct.pack("!BBH", 5, flags, keepalive_s) + _length(len(properties)) + properties
    body += _text(client_id) + b"\x00" + _text(will.topic) + _data(will.payload) + _text(user) + _text(password)
    return _packet(0x10, body)


def subscribe(mid: int, topics: Sequence[str]) -> bytes:
    """SUBSCRIBE at QoS 1."""
    return _packet(0x82, struct.pack("!HB", mid, 0) + b"".join(_text(topic) + b"\x01" for topic in topics))


def unsubscribe(mid: int, topics: Sequence[str]) -> bytes:
    """UNSUBSCRIBE."""
    return _packet(0xA2, struct.pack("!HB", mid, 0) + b"".join(_text(topic) for topic in topics))


def publish(topic: str, payload: bytes, *, mid: int = 0, is_retained: bool = False) -> bytes:
    """PUBLISH: at QoS 1 with a message id, at QoS 0 without."""
    first = 0x30 | (0x02 if mid else 0) | (0x01 if is_retained else 0)
    return _packet(first, _text(topic) + (struct.pack("!H", mid) if mid else b"") + b"\x00" + payload)


def request(topic: str, payload: bytes, answer_to: str, correlation: bytes) -> bytes:
    """PUBLISH at QoS 0 that asks for an answer."""
    properties = bytes([_RESPONSE_TOPIC]) + _text(answer_to) + bytes([_CORRELATION]) + _data(correlation)
    return _packet(0x30, _text(topic) + _length(len(properties)) + properties + payload)


def puback(mid: int) -> bytes:
    """PUBACK with success."""
    return struct.pack("!BBH", 0x40, 2, mid)


def read_answer(body: bytes) -> tuple[int, int]:
    """Message id and worst reason code of a SUBACK or UNSUBACK; from 128 on it was refused. Raises Malformed."""
    try:
        length, at = _read_length(body, 2)
    except IndexError as error:
        raise Malformed("an answer that cannot be read") from error
    return int.from_bytes(body[:2]), max(body[at + length :], default=0)


def read_publish(first: int, body: bytes) -> Arrived:
    """What a PUBLISH holds; raises Malformed."""
    try:
        end = 2 + int.from_bytes(body[:2])
        topic, qos, mid = body[2:end].decode(), first >> 1 & 3, 0
        if qos:
            mid, end = int.from_bytes(body[end : end + 2]), end + 2
        length, at = _read_length(body, end)
    except (IndexError, UnicodeDecodeError) as error:
        raise Malformed("a PUBLISH that cannot be read") from error
    return Arrived(topic, body[at + length :], body[at : at + length], qos, mid)


def user_properties(properties: bytes) -> dict[str, str]:
    """The user properties among the raw properties of a PUBLISH; raises Malformed."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(properties):
            kind, at = properties[at], at + 1
            if kind == _USER_PROPERTY:
                name, at = _read_data(properties, at)
                value, at = _read_data(properties, at)
                found[name.decode()] = value.decode()
            elif kind in _FIXED:
                at += _FIXED[kind]
            elif kind == 0x0B:  # the subscription's identifier
                _, at = _read_length(properties, at)
            else:
                _, at = _read_data(properties, at)
    except (IndexError, UnicodeDecodeError) as error:
        raise Malformed("properties that cannot be read") from error
    return found


class Unpacked:
    """Cuts what comes over a socket into packets; keeps what is not whole yet."""

    __slots__ = ("_missing", "_rest")

    def __init__(self) -> None:
        self._rest: bytes | bytearray = b""
        self._missing = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The first byte and the body of each packet that is whole now; raises Malformed."""
        if self._missing:  # a large one arrives in many pieces: they are not copied each time
            assert isinstance(self._rest, bytearray)
            self._rest += data
            if len(self._rest) < self._missing:
                return
            data = bytes(self._rest)
        elif self._rest:
            data = bytes(self._rest) + data
        self._rest, self._missing = b"", 0
        at, size = 0, len(data)
        while at + 2 <= size:
            try:
                length, start = _read_length(data, at + 1)
            except IndexError:
                break
            end = start + length
            if end > size:
                self._rest, self._missing = bytearray(data[at:]), end - at
                return
            yield data[at], data[start:end]
            at = end
        self._rest = data[at:]


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, byte = number >> 7, number & 127
        out.append(byte | 128 if number else byte)
        if not number:
            return bytes(out)


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    """A length and where it ends; raises IndexError where it is not whole, Malformed where it is none."""
    number = 0
    for index in range(_LONGEST):
        byte = data[at + index]
        number |= (byte & 127) << 7 * index
        if not byte & 128:
            return number, at + index + 1
    raise Malformed("a length of more than four bytes")


def _data(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def _text(text: str) -> bytes:
    return _data(text.encode())


def _read_data(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(data[at : at + 2])
    if end > len(data):
        raise IndexError
    return data[at + 2 : end], end
