"""kill -9 of hub, broker and agents in any order, and links cut: no press lost, none doubled, no ladder stalled.

    python -m tests.bench.crash [--rounds 10] [--seed N] [--json]

In each round some of them are killed at instants that the seed gives, and come back as a supervisor would bring
them, while people press all the time and answer the alerts that they are told of. Then all is healed, and the disks
of the agents, the hub's database and the gateway are compared. A round takes about 10 s.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.crash.crowd import Hands, Helpers, NeverRepeats
from tests.bench.crash.evidence import UNSAVED_S, Evidence, named
from tests.bench.crash.plan import plan
from tests.bench.crash.world import World
from tests.bench.report import Figure, median, none_of
from tests.bench.rounds import run_rounds
from tests.world.api import Api
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.gateway import Gateway
from tests.world.hub_process import HubProcess
from tests.world.waiting import wait_until

AGENTS = (("dev-building-17", "dev-building-1", "dev-building-2"), ("dev-building-3", "dev-building-4"))
"""The buildings of each process."""
MORE_BUTTONS = 24
"""Buttons a building beside its own, so that there is always one that has no open alert."""
DRAIN_S = 0.1
"""What was on its way at the last kill arrives within this, and does not count as recovered."""
RECOVERED_S, QUIET_S, ON_ITS_WAY_S = 120.0, 40.0, 2.0
LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds from the last kill to the first alert that reached the webhook, and to rest after the pressing."""

    recovered_s: float
    quiet_s: float
    is_quiet: bool


@contextlib.asynccontextmanager
async def evidence(community: Community, folder: Path, seed: int) -> AsyncIterator[Evidence]:
    """A community at work; nothing of it runs afterwards."""
    is_pressing = asyncio.Event()
    async with Gateway() as gateway, aiohttp.ClientSession() as session:
        settings = {"DONGDONG_DUTY_WEBHOOK": gateway.url, "DONGDONG_LOG_LEVEL": "warning"}
        hub = HubProcess(community.copy(folder / "hub"), settings)
        agents = [
            SimulatedBuildings(hub.data, hub.mqtt_port, each, name=f"agents-{i}") for i, each in enumerate(AGENTS)
        ]
        for each in agents:
            for device in each.devices:
                each.buttons[device] += [f"{device}-{number}" for number in range(MORE_BUTTONS)]
        world = World(hub, agents)
        hands = Hands(agents, random.Random(f"{seed}/hands"), is_pressing)
        helpers = Helpers(Api(session, hub.url, community.token), gateway, random.Random(f"{seed}/helpers"))
        once = NeverRepeats(hub.mqtt_port, community.password, is_pressing)
        try:
            await hub.start()
            await asyncio.gather(*(each.start() for each in agents))
            store = hub.data / "broker" / "store" / "mosquitto.db"
            await wait_until(store.exists, "the broker has saved that there is a hub", UNSAVED_S + 3)
            async with asyncio.TaskGroup() as group:
                work = [group.create_task(each.run()) for each in (hands, helpers, once)]
                yield Evidence(world, gateway, hands, helpers, once)
                for task in work:
                    task.cancel()
        finally:
            await asyncio.gather(*(each.kill() for each in agents), return_exceptions=True)
            await hub.stop()


async def one_round(seen: Evidence, seed: int, index: int) -> Round:
    """Everything goes wrong that the plan says, then rest is waited for, and looked at."""
    world, pressing = seen.world, seen.hands.is_pressing
    blows = plan(seed, index, [each.name for each in world.agents], world.devices)
    broker, kills = world.hub.broker_pid, len(world.broker_kills)
    pressing.set()
    await asyncio.gather(*(world.strike(blow) for blow in blows))
    after = world.last_kill + DRAIN_S
    alerts = seen.gateway.posts
    await wait_until(lambda: alerts and alerts[-1][0] > after, "an alert after the last kill", RECOVERED_S)
    recovered_s = next(at for at, _ in alerts if at > after) - world.last_kill
    pressing.clear()
    began = time.monotonic()
    await world.heal()
    await seen.helpers.close_old()
    is_quiet = await _becomes(seen.is_quiet, QUIET_S)
    quiet_s = time.monotonic() - began
    await _becomes(seen.is_once_stored, ON_ITS_WAY_S)
    seen.look()
    if len(world.broker_kills) == kills and world.hub.broker_pid != broker:
        world.ended.append("broker")
    print(f"{index:3} recovered {recovered_s:5.2f} s, quiet {quiet_s:5.2f} s: {'; '.join(map(str, blows))}", flush=True)
    return Round(recovered_s, quiet_s, is_quiet)


async def _becomes(is_so: Callable[[], bool], within_s: float) -> bool:
    try:
        await wait_until(is_so, "rest", within_s, LOOK_EVERY_S)
    except TimeoutError:
        return False
    return True


async def measure(community: Community, folder: Path, rounds: int, seed: int) -> list[Figure]:
    """All rounds, and what came of them."""
    async with evidence(community, folder, seed) as seen:
        done = [await one_round(seen, seed, index) for index in range(rounds)]
        return figures(seen, done)


def figures(seen: Evidence, rounds: list[Round]) -> list[Figure]:
    """The table."""
    recovered = [one.recovered_s for one in rounds]
    once = f"{len(seen.once_lost)} of {len(seen.once.taken)}"
    unquiet = sum(not one.is_quiet for one in rounds)
    return [
        Figure("kills and faults", named(seen.world.struck)),
        Figure("agents' presses sent", str(seen.pressed)),
        Figure("alerts", str(seen.alerts)),
        none_of("lost", seen.lost),
        Figure("pressed, and not on the agent's disk", str(seen.unheard), "0", seen.unheard == 0),
        none_of("doubled", seen.doubled),
        none_of("ladders stalled", seen.stalled),
        none_of("alerts that nobody was told of", seen.unnotified),
        none_of("answers of people lost", seen.unkept),
        none_of("answers of people refused", seen.helpers.refused),
        none_of("ended by itself", seen.world.ended),
        Figure(f"rounds without rest after {QUIET_S:.0f} s", str(unquiet), "0", unquiet == 0),
        Figure("slowest recovery", f"{max(recovered):.2f} s (median {median(recovered):.2f} s)"),
        Figure("longest wait for rest", f"{max(one.quiet_s for one in rounds):.2f} s"),
        Figure("never-repeating client: lost", once),
        Figure("  oldest of them, before a broker's kill", f"{seen.oldest_unsaved_s():.1f} s"),
        none_of(f"  without a broker's kill within {UNSAVED_S:.0f} s", seen.once_lost_unkilled),
    ]


if __name__ == "__main__":
    sys.exit(run_rounds("Crash", __doc__, measure))
