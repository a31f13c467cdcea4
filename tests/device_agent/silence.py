"""Hardware that does nothing but note, in order, what it is asked to say and show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from device_agent.core.hearing import Recording
from device_agent.core.sounds import SoundEvent
from device_agent.hardware.errors import SoundCardLost
from device_agent.hardware.ports import ButtonEdge, LampPattern, Renderer
from device_agent.mqtt import Link, LinkLost, Outgoing


class NoLinks:
    """A `Links` without a network."""

    @asynccontextmanager
    async def connect(self, will: Outgoing | None) -> AsyncIterator[Link]:
        raise LinkLost("there is no network")
        yield


class NotingSpeaker:
    """A `Speaker` that never plays, and notes when it is woken because there is something to play."""

    fault: str | None = None

    def __init__(self, notes: list[str]) -> None:
        self.is_woken = asyncio.Event()
        self._notes = notes

    async def run(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        await asyncio.Event().wait()

    def wake(self) -> None:
        self._notes.append("speaks")
        self.is_woken.set()


class DeafMicrophone:
    """A `Microphone` that is broken."""

    async def record(self, start_s: float, duration_s: float) -> Recording:
        raise SoundCardLost("nobody listens")


class Finger:
    """A `Button` whose edges the test gives."""

    is_down = False

    def __init__(self) -> None:
        self.is_watched = asyncio.Event()

    def watch(self, changed: Callable[[ButtonEdge], None]) -> None:
        self.changed = changed
        self.is_watched.set()

    def close(self) -> None:
        pass


class NotingLamp:
    """A `Lamp` that notes what it shows."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes

    def show(self, pattern: LampPattern) -> None:
        self._notes.append(pattern.value)

    def close(self) -> None:
        pass
