"""The people of a community under test: some press without end, some answer the alerts that they are told of."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import aiomqtt

from tests.world.api import Api
from tests.world.buildings import SimulatedBuildings
from tests.world.button import Buttons, client
from tests.world.community import DEVICE
from tests.world.gateway import Gateway

AGAIN_S = 0.2
"""Whoever finds nobody there tries again after this."""
ANSWERED_S = 5.0
HELPER = "person-001"
LEFT_FOR_S = 100.0
"""An alert that nobody wants to close is closed after this, when its ladder has been climbed."""


@dataclass
class Hands:
    """Press the buttons of all buildings while `is_pressing`. `pressed` counts, by device and button, the presses of
    buildings that worked from the begin to the end of the press."""

    buildings: Sequence[SimulatedBuildings]
    rng: random.Random
    is_pressing: asyncio.Event
    pressed: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def run(self) -> None:
        """One hand a building, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self.buildings:
                for device in each.devices:
                    group.create_task(self._press(each, device))

    async def _press(self, buildings: SimulatedBuildings, device: str) -> None:
        while True:
            await self.is_pressing.wait()
            button = self.rng.choice(buildings.buttons[device])
            try:
                await buildings.press(device, button=button)
                self.pressed[device, button] += 1
            except OSError:
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(self.rng.uniform(0.0, 0.5))


@dataclass
class NeverRepeats:
    """A third-party client that publishes each press once; `taken` is when the broker acknowledged which."""

    mqtt_port: int
    password: str
    is_pressing: asyncio.Event
    taken: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Presses a button that nobody has pressed before, again and again, until cancelled."""
        while True:
            try:
                async with client(self.mqtt_port, DEVICE, self.password) as connected:
                    await self._press(Buttons(connected, DEVICE))
            except (aiomqtt.MqttError, TimeoutError):
                await asyncio.sleep(AGAIN_S)

    async def _press(self, buttons: Buttons) -> None:
        while True:
            await self.is_pressing.wait()
            async with asyncio.timeout(ANSWERED_S):
                press_id = await buttons.press(f"once-{len(self.taken)}")
            self.taken[press_id] = time.monotonic()
            await asyncio.sleep(AGAIN_S)


@dataclass
class Helpers:
    """Answer each alert that the gateway was told of: most are closed, some only accepted, some left open for long.

    `answered` are the steps, alert and what the journal calls it, that the hub has confirmed; `refused` what it
    said of those that it did not take. That a step is not allowed any more is no refusal: a press may have opened
    the alert again before somebody could say once more that they had arrived.
    """

    api: Api
    gateway: Gateway
    rng: random.Random
    answered: set[tuple[str, str]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    _known: dict[str, float] = field(default_factory=dict)
    _at_work: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def is_idle(self) -> bool:
        """Whether everything that they want to say now has been said."""
        told = {body["alert_id"] for _, body in self.gateway.posts} - {None}
        return not self._at_work and told <= self._known.keys()

    async def run(self) -> None:
        """Answers until cancelled."""
        read = 0
        async with asyncio.TaskGroup() as group:
            while True:
                posts = self.gateway.posts[read:]
                read += len(posts)
                for alert_id in {body["alert_id"] for _, body in posts} - {None} - self._known.keys():
                    self._known[alert_id] = time.monotonic()
                    self._begin(group, self._answer(alert_id, self.rng.random()))
                await asyncio.sleep(AGAIN_S / 4)

    async def close_old(self) -> None:
        """Closes what was left open for long."""
        now = time.monotonic()
        closed = {alert_id for alert_id, what in self.answered if what == "closed"}
        old = [one for one, since in self._known.items() if one not in closed and now - since > LEFT_FOR_S]
        await asyncio.gather(*(self._close(one) for one in old))

    def _begin(self, group: asyncio.TaskGroup, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = group.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _answer(self, alert_id: str, mood: float) -> None:
        if mood < 0.2:
            return
        await self._take(alert_id, "accept", "accepted", {"eta_minutes": 1})
        if mood > 0.4:
            await self._take(alert_id, "arrive", "arrived", {})
            await self._close(alert_id)

    async def _close(self, alert_id: str) -> None:
        body: dict[str, object] = {"outcome": "没事了", "seen": "override", "reason": "bench"}
        await self._take(alert_id, "close", "closed", body)

    async def _take(self, alert_id: str, step: str, what: str, body: dict[str, object]) -> None:
        """Says it again until the hub answers."""
        while True:
            try:
                async with asyncio.timeout(ANSWERED_S):
                    await self.api.post(f"/alerts/{alert_id}/{step}", {"by": HELPER, **body})
                self.answered.add((alert_id, what))
                return
            except aiohttp.ClientResponseError as refusal:
                if refusal.status == 409:
                    return
                if refusal.status != 503:
                    self.refused.append(f"{step}: {refusal.status}")
                    return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(AGAIN_S)
