"""Identifiers that this device makes: UUIDs of version 7 (RFC 9562)."""

from __future__ import annotations

import hashlib
import uuid


def uuid7(unix_ms: int, random: bytes) -> str:
    """A version 7 UUID of this time; `random` gives its 74 random bits and must have 10 bytes or more."""
    stamp = max(unix_ms, 0) & (2**48 - 1)
    bits = int.from_bytes(random[:10])
    high = (stamp << 16) | 0x7000 | (bits >> 68)
    low = (0b10 << 62) | (bits & (2**62 - 1))
    return str(uuid.UUID(int=(high << 64) | low))


def press_id(unix_ms: int, salt: bytes, seq: int) -> str:
    """The id of press number `seq`; `salt` is random, made once for each data folder and kept in it."""
    return uuid7(unix_ms, hashlib.sha256(salt + seq.to_bytes(8)).digest())
