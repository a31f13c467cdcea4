"""Everything that is killed in this bench, and how it comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from firmware_sim.fleet import Fault
from tests.bench.crash.plan import BROKER, HUB, Blow, What
from tests.world.buildings import SimulatedBuildings
from tests.world.hub_process import HubProcess
from tests.world.waiting import wait_until

FAULTS = {What.CUT: Fault.LINK_DOWN, What.DOUBLE: Fault.DUPLICATES}
READY_S, LINKED_S = 90.0, 40.0
"""Far beyond what a quiet machine needs: a busy one is no defect."""


@dataclass
class World:
    """A hub with its broker, and processes of agents. Times are monotonic seconds."""

    hub: HubProcess
    agents: Sequence[SimulatedBuildings]
    struck: Counter[str] = field(default_factory=Counter)
    last_kill: float = 0.0
    broker_kills: list[float] = field(default_factory=list)
    killed: list[tuple[str, float]] = field(default_factory=list)
    """What was killed by its target's name, and when, in Unix seconds."""
    stalled: list[tuple[str, float, float]] = field(default_factory=list)
    """What stood still, and from when until when."""
    ended: list[str] = field(default_factory=list)
    """What has ended although nobody killed it."""
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @property
    def devices(self) -> list[str]:
        """All buildings."""
        return [device for each in self.agents for device in each.devices]

    def of(self, device: str) -> SimulatedBuildings:
        """The process in which this building runs."""
        return next(each for each in self.agents if device in each.devices)

    def named(self, name: str) -> SimulatedBuildings:
        """The process of this name."""
        return next(each for each in self.agents if each.name == name)

    async def strike(self, blow: Blow) -> None:
        """Lets it go wrong when its time has come, and right again; a second blow on the same waits for the first."""
        await asyncio.sleep(blow.at_s)
        async with self._locks.setdefault(blow.target, asyncio.Lock()):
            if blow.what is What.SET:
                self.set_clock(blow.lasts_s)
            elif blow.what is What.STALL:
                await self._stall(self.named(blow.target), blow.lasts_s)
            elif blow.what is not What.KILL:
                await self._trouble(blow)
            elif blow.target == HUB:
                await self._kill_hub(blow.lasts_s)
            elif blow.target == BROKER:
                self._kill_broker()
            else:
                await self._kill_agents(self.named(blow.target), blow.lasts_s)

    def set_clock(self, ahead_s: float) -> None:
        """The hub's wall clock is ahead of the machine's by so much from now on."""
        assert self.hub.clock is not None
        self.hub.clock.set_ms(ahead_s * 1000)
        self.struck[What.SET] += 1

    async def heal(self) -> None:
        """Returns when everything runs and is connected."""
        async with aiohttp.ClientSession() as session:
            try:
                await wait_until(lambda: self.hub.is_ready(session), "the hub is ready", READY_S)
            except TimeoutError:
                async with session.get(f"{self.hub.url}/readyz") as answer:
                    raise TimeoutError(f"the hub is not ready: {await answer.text()}") from None
        for device in self.devices:
            await wait_until(self._is_linked(device), f"{device} is connected", LINKED_S)

    def _is_linked(self, device: str) -> Callable[[], object]:
        async def is_linked() -> bool:
            with suppress(OSError):
                return await self.of(device).is_linked(device)
            return False

        return is_linked

    async def _kill_hub(self, down_s: float) -> None:
        assert self.hub.process is not None
        if self.hub.process.poll() is not None:
            self.ended.append(f"hub with {self.hub.process.returncode}")
        self.hub.kill()
        self._note_kill(HUB, HUB)
        await asyncio.sleep(down_s)
        self.hub.spawn()

    def _kill_broker(self) -> None:
        """Its hub starts it again, or the next hub does."""
        pid = self.hub.broker_pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self._note_kill(BROKER, BROKER)
            self.broker_kills.append(self.last_kill)

    async def _kill_agents(self, agents: SimulatedBuildings, down_s: float) -> None:
        if not agents.is_running:
            self.ended.append(agents.name)
        await agents.kill()
        self._note_kill("agents", agents.name)
        await asyncio.sleep(down_s)
        await agents.spawn()

    async def _stall(self, agents: SimulatedBuildings, for_s: float) -> None:
        began_s = time.time()
        await agents.stand_still(for_s)
        self.struck[What.STALL] += 1
        self.stalled.append((agents.name, began_s, time.time()))

    async def _trouble(self, blow: Blow) -> None:
        agents, fault = self.of(blow.target), FAULTS[blow.what]
        with suppress(OSError):  # whoever is dead has no trouble with a link
            await agents.fault(blow.target, fault, 1)
            self.struck[blow.what] += 1
        await asyncio.sleep(blow.lasts_s)
        with suppress(OSError):  # a process that has begun anew has none either
            await agents.fault(blow.target, fault, 0)

    def _note_kill(self, what: str, target: str) -> None:
        self.struck[what] += 1
        self.killed.append((target, time.time()))
        self.last_kill = time.monotonic()
