"""What all light devices of one process share: the hub's keys, what was verified, sounds by hash, and the counts."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeAlias

from firmware_sim.fleet import BrokerAddress
from firmware_sim.light import packets
from firmware_sim.light.packets import Arrived
from wire import messages
from wire.messages import Live, LiveEnd, Manifest, Stop
from wire.signing import Refused, VerifyKeys

Announced: TypeAlias = Manifest | Stop | Live | LiveEnd | str
CLOCK_EVERY_S = 60.0
HEALTH_EVERY_S = 15.0


@dataclass(slots=True)
class Pressed:
    """One press that reached its device, and what the hub has said of it; times on the monotonic clock in seconds."""

    button: str
    at_s: float
    accepted_s: float | None = None
    is_new_alert: bool = False
    alerts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Shared:
    """One a process. `counts` are events since the start, `presses` all of them by id.

    A manifest that came before with the same bytes and signature is not verified again: a verification costs
    0.24 ms, which 10,000 real devices pay each for itself and one simulator would pay 10,000 times.
    """

    broker: BrokerAddress
    keys: VerifyKeys
    chance: Random
    loop: asyncio.AbstractEventLoop
    counts: Counter[str] = field(default_factory=Counter)
    presses: dict[str, Pressed] = field(default_factory=dict)
    clock_ms: list[float] = field(default_factory=list)
    _verified: dict[tuple[bytes, bytes], Announced] = field(default_factory=dict)

    def now_ms(self) -> int:
        """Unix time."""
        return time.time_ns() // 1_000_000

    def announced(self, message: Arrived) -> Announced:
        """What is announced, or why it is refused."""
        key = (message.properties, message.payload)
        known = self._verified.get(key)
        if known is None:
            self.counts["manifests_verified"] += 1
            known = self.checked(message, messages.read_announce)
            self._verified[key] = known
        return known

    def checked(self, message: Arrived, read: Callable[[bytes], messages.M]) -> messages.M | str:
        """What a signed message says, or why it is refused."""
        try:
            self.keys.check(message.payload, packets.user_properties(message.properties))
            return read(message.payload)
        except (Refused, messages.Unreadable) as error:
            return error.reason


class Listener(Protocol):
    """A device that waits for a sound."""

    def fetch(self, sha256: str) -> bool:
        """Ask the broker for the file; False without a connection."""
        ...

    def sound_came(self, sha256: str) -> None:
        """The file is here and is what its name says."""
        ...


class Sounds:
    """The files of a process by hash: one of its devices fetches each, and all of them have it.

    10,000 devices on one machine would otherwise move the same bytes 10,000 times through its memory.
    """

    def __init__(self) -> None:
        self._here: set[str] = set()
        self._waiting: dict[str, dict[Listener, None]] = {}
        self._fetching: dict[str, Listener] = {}

    def want(self, sha256: str, device: Listener) -> bool:
        """Whether it is here already; otherwise the device is told when it has come."""
        if sha256 in self._here:
            return True
        self._waiting.setdefault(sha256, {})[device] = None
        self._fetch(sha256, [device])
        return False

    def came(self, sha256: str, payload: bytes) -> bool:
        """A file has come; False for one that is not what its name says."""
        if hashlib.sha256(payload).hexdigest() != sha256:
            return False
        self._here.add(sha256)
        self._fetching.pop(sha256, None)
        for device in self._waiting.pop(sha256, {}):
            device.sound_came(sha256)
        return True

    def lost(self, device: Listener) -> None:
        """The device has no connection any more: another one fetches what it was fetching."""
        for sha256 in [sha256 for sha256, one in self._fetching.items() if one is device]:
            del self._fetching[sha256]
            self._fetch(sha256, self._waiting.get(sha256, ()))

    def linked(self, device: Listener) -> None:
        """The device has a connection again."""
        for sha256, waiting in self._waiting.items():
            if device in waiting:
                self._fetch(sha256, [device])

    def _fetch(self, sha256: str, devices: Iterable[Listener]) -> None:
        if sha256 not in self._fetching:
            fetching = next((one for one in devices if one.fetch(sha256)), None)
            if fetching is not None:
                self._fetching[sha256] = fetching
