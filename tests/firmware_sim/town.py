"""A broker, a hub of a few lines and simulated buildings in one process, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from device_agent.hardware.decoding import Decoder
from device_agent.hub_link import Identity
from device_agent.mqtt import Login
from firmware_sim.building import SimulatedBuilding
from tests.device_agent.broker import Broker
from tests.device_agent.fake_hub import FakeHub
from wire.signing import SigningKey, VerifyKeys

BUTTON = "17-1-101"
LATENCY_S = 0.5
"""So far ahead loudspeakers render here: all of them share one process, which a busy machine lets wait."""


class Town:
    """Buildings at one hub; each has BUTTON and belongs to the place `all`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.key = SigningKey.generate()
        self.hub = FakeHub(port, self.key)
        self.buildings: dict[str, SimulatedBuilding] = {}
        self._port = port
        self._decoder = Decoder()
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, names: list[str]) -> None:
        """All of them, connected and configured, and they know the hub's time, however busy the machine is."""
        up = asyncio.Event()
        self._tasks.append(asyncio.create_task(self.hub.run(up)))
        await up.wait()
        for name in names:
            await self.hub.configure(name, [name, "all"])
            identity = Identity(name, VerifyKeys([self.key.public_bytes]))
            login = Login("127.0.0.1", self._port, name)
            folder = self.folder / name
            building = SimulatedBuilding(identity, login, [BUTTON], folder, self._decoder, LATENCY_S)
            self.buildings[name] = building
            self._tasks.append(asyncio.create_task(building.run()))
        await self.hub.until(lambda: len(self.hub.healths) == len(names))
        await wait_until(lambda: all(self.may_be_off_ms(name) is not None for name in names))

    async def end(self) -> None:
        """Buildings first, as they still have something to say."""
        await self.end_buildings()
        await self._end(self._tasks[:1])

    async def end_buildings(self) -> None:
        """All buildings, in good order."""
        await self._end(self._tasks[1:])

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def may_be_off_ms(self, name: str) -> float | None:
        """How far this building's idea of the hub's time may be off; None before it has any."""
        agent = self.buildings[name].agent
        estimate = None if agent is None else agent.link._estimate
        return None if estimate is None else estimate.error_ns / 1e6

    def told(self, name: str) -> list[dict[str, Any]]:
        """What the elders of this building were told."""
        file = self.folder / name / "told.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@asynccontextmanager
async def town(folder: Path, *names: str) -> AsyncIterator[Town]:
    """A town that begins and ends."""
    broker = Broker(folder)
    broker.start()
    made = Town(folder, broker.port)
    try:
        await made.begin(list(names))
        yield made
    finally:
        await made.end()
        broker.kill()


async def wait_until(is_so: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Look until it is so, for what tells nobody when it happens."""
    async with asyncio.timeout(timeout_s):
        while not is_so():  # noqa: ASYNC110 - files and sockets give no event
            await asyncio.sleep(0.02)
