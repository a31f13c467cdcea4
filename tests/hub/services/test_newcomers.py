"""Devices that come online in crowds: each is served, once however often it came, whatever goes wrong with others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

from hub.services.announce import Announcements
from hub.services.device_settings import DeviceSettings
from hub.services.newcomers import AT_ONCE, Newcomers
from hub.services.ports import PublishFailed


class Served:
    """Stands for both services: notes whom they serve, and waits or fails when told to."""

    def __init__(self) -> None:
        self.configured: list[str] = []
        self.sent: list[str] = []
        self.gate = asyncio.Event()
        self.changed = asyncio.Event()
        self.errors: list[Exception] = []

    async def send(self, devices: Sequence[str]) -> None:
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop()
        self.configured += devices

    async def came_online(self, devices: Sequence[str]) -> None:
        self.sent += devices
        self.changed.set()

    async def until(self, count: int) -> None:
        while len(self.sent) < count:
            self.changed.clear()
            await self.changed.wait()


@asynccontextmanager
async def serving(served: Served) -> AsyncIterator[Newcomers]:
    newcomers = Newcomers(cast("DeviceSettings", served), cast("Announcements", served))
    task = asyncio.create_task(newcomers.run())
    yield newcomers
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_everybody_is_served_in_the_order_in_which_they_came() -> None:
    served, names = Served(), [f"dev-{index}" for index in range(3 * AT_ONCE + 1)]
    async with serving(served) as newcomers:
        served.gate.set()
        for name in names:
            newcomers.add([name])
        await served.until(len(names))
        assert served.configured == served.sent == names


async def test_whoever_comes_again_while_waiting_is_served_once() -> None:
    served = Served()
    async with serving(served) as newcomers:
        newcomers.add(["dev-0"])
        await asyncio.sleep(0)  # dev-0 is being served
        for _ in range(5):
            newcomers.add(["dev-1", "dev-2"])
        served.gate.set()
        await served.until(3)
        newcomers.add(["dev-1"])  # and who comes later, again
        await served.until(4)
        assert served.sent == ["dev-0", "dev-1", "dev-2", "dev-1"]


async def test_a_defect_with_some_does_not_keep_others_waiting() -> None:
    served = Served()
    served.errors = [RuntimeError("a defect")]
    async with serving(served) as newcomers:
        newcomers.add(["dev-0"])
        await asyncio.sleep(0)
        newcomers.add(["dev-1"])
        served.gate.set()
        await served.until(1)
        assert served.sent == ["dev-1"]


async def test_whom_the_broker_did_not_take_it_for_is_served_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.services.newcomers.AGAIN_S", 0.0)
    served = Served()
    served.errors = [PublishFailed("no link"), PublishFailed("no link")]
    async with serving(served) as newcomers:
        served.gate.set()
        newcomers.add(["dev-0", "dev-1"])
        await served.until(2)
        assert served.sent == ["dev-0", "dev-1"]
