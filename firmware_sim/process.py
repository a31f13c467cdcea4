"""One process of the simulator: its share of the buildings in one loop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import uvloop

from device_agent.hardware.decoding import Decoder
from device_agent.hub_link import Identity
from device_agent.mqtt import Login
from firmware_sim.building import SimulatedBuilding
from firmware_sim.control import Control
from firmware_sim.fleet import Fleet, load
from wire.signing import VerifyKeys

LOOK_S = 0.05
SWITCH_S = 0.0005
"""A thread that decodes gives up the interpreter at each packet, and would wait 5 ms for it while all agents of the
process act on the same manifest: up to a second for one sentence."""

log = logging.getLogger(__name__)


def main(fleet_file: Path, index: int) -> None:
    """Run share `index` of the fleet until SIGTERM, SIGINT, or the end of standard input."""
    sys.setswitchinterval(SWITCH_S)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    uvloop.run(_run(load(fleet_file), index))


async def _run(fleet: Fleet, index: int) -> None:
    fleet.control_socket(index).unlink(missing_ok=True)
    buildings = _build(fleet, index)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await _end_with_stdin(ended)
    work = [asyncio.create_task(each.run()) for each in buildings.values()]
    work.append(asyncio.create_task(Control(buildings).serve(fleet.control_socket(index))))
    work.append(asyncio.create_task(_tell(buildings)))
    await ended.wait()
    for task in work:
        task.cancel()
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, Exception):
            log.error("a building did not end well", exc_info=result)


def _build(fleet: Fleet, index: int) -> dict[str, SimulatedBuilding]:
    keys = VerifyKeys([bytes.fromhex(key) for key in fleet.hub_keys])
    broker = fleet.broker
    decoder = Decoder()
    return {
        each.device: SimulatedBuilding(
            Identity(each.device, keys),
            Login(broker.host, broker.port, each.user or each.device, each.password, broker.ca_file),
            each.buttons,
            fleet.data_dir / each.device,
            decoder,
        )
        for each in fleet.share(index)
    }


async def _end_with_stdin(ended: asyncio.Event) -> None:
    """The parent holds the other end: when it is gone, however it went, so are we."""

    class Watch(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            ended.set()

    await asyncio.get_running_loop().connect_read_pipe(Watch, sys.stdin)


async def _tell(buildings: dict[str, SimulatedBuilding]) -> None:
    """Say on standard output when all agents are armed, and when all are connected."""
    for event, is_so in (
        ("armed", lambda each: each.agent is not None),
        ("connected", lambda each: each.is_linked),
    ):
        while not all(is_so(each) for each in buildings.values()):  # noqa: ASYNC110 - for a second, at the start
            await asyncio.sleep(LOOK_S)
        print(event, len(buildings), flush=True)  # noqa: T201
