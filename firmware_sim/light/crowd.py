"""One process of light devices: all of its share in one loop, doing what it is ordered on standard input."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import statistics
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from device_agent import vitals
from firmware_sim.fleet import Fleet, load
from firmware_sim.light import orders, rules
from firmware_sim.light.device import LightDevice
from firmware_sim.light.orders import AskParts, AskPresses, AskState, Cut, Leave, PressButtons, PressMade, SwitchOn
from firmware_sim.light.shared import Shared, Sounds
from wire.ids import new_id
from wire.signing import VerifyKeys

SLICES = 20
"""A second's ticks are spread over so many moments."""
SPARE_FILES = 100
FAREWELL_S = 1.0
NEW_OBJECTS = 100_000
"""So many are made before it is looked for what can be thrown away. With Python's 700, all that 10,000 devices keep
is looked through again and again: 0.02 ms of the 0.1 ms that a notice costs each of them here."""

log = logging.getLogger(__name__)


class TooFewFiles(OSError):
    """The system does not let this process have a socket for each device; the text says what to do."""


def main(fleet_file: Path, index: int, processes: int, seed: int) -> int:
    """Run share `index` of so many of the fleet until told to leave, or until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    fleet = load(fleet_file).model_copy(update={"processes": processes})
    try:
        allow_files(len(fleet.share(index)))
    except TooFewFiles as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return 1
    gc.set_threshold(NEW_OBJECTS)
    uvloop.run(_run(fleet, index, seed))
    return 0


def allow_files(sockets: int) -> None:
    """Raises this process's own limit where the system allows it; raises TooFewFiles where it does not."""
    wanted = sockets + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise TooFewFiles(
            f"每台设备要一个连接，共要打开 {wanted} 个文件，系统只允许 {hard} 个。"
            f"请先运行 ulimit -n {wanted}，或减少设备。\n"
            f"Each device needs a connection: {wanted} open files, and the system allows {hard}. "
            f"Run ulimit -n {wanted} first, or use fewer devices."
        )
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(fleet: Fleet, index: int, seed: int) -> None:
    crowd = Crowd(fleet, index, seed)
    reader = asyncio.StreamReader(limit=2**20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ticking = asyncio.create_task(crowd.tick())
    try:
        while line := await reader.readline():  # an end without `leave` is the death of whoever ordered
            if not crowd.obey(line):
                await asyncio.sleep(FAREWELL_S)
                break
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking


class Crowd:
    """The devices of one process; what is chosen by chance comes from the seed."""

    def __init__(self, fleet: Fleet, index: int, seed: int) -> None:
        self._before_kib = _memory_kib()
        self._chance = Random(f"{seed} {index}")  # noqa: S311 - no secret: the same seed gives the same scenario
        keys = VerifyKeys([bytes.fromhex(key) for key in fleet.hub_keys])
        loop = asyncio.get_running_loop()
        self._shared = Shared(fleet.broker, keys, Random(f"{seed} {index} back-off"), loop)  # noqa: S311 - as above
        sounds = Sounds()
        self._devices = [LightDevice(each, self._shared, sounds) for each in fleet.share(index)]
        self._unpressed = [device for device in self._devices if device.building.buttons]
        self._chance.shuffle(self._unpressed)
        self._made: list[PressMade] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def obey(self, line: bytes) -> bool:
        """Do what the line says; False when it was to leave."""
        match orders.ORDERS.validate_json(line):
            case SwitchOn(over_s=over_s):
                self._begin(self._evenly(list(self._devices), over_s, LightDevice.switch_on))
            case Cut() as cut:
                self._begin(self._cut(cut))
            case PressButtons() as stream:
                self._begin(self._press(stream))
            case AskState():
                _say(self._state())
            case AskPresses():
                _say(orders.Presses(presses=tuple(self._presses())))
            case AskParts(announcement_id=which):
                known = ((one.building.device, one.part_in(which)) for one in self._devices)
                _say(orders.Parts(states={device: state for device, state in known if state}))
            case Leave():
                for device in self._devices:
                    device.leave()
                return False
        return True

    async def tick(self) -> None:
        """Let every device do what is due, a slice of them at a time, until cancelled."""
        turn = 0
        while True:
            now_s = self._shared.loop.time()
            for device in self._devices[turn::SLICES]:
                device.tick(now_s)
            turn = (turn + 1) % SLICES
            await asyncio.sleep(1 / SLICES)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an order was not carried out", exc_info=error)

    async def _evenly(self, devices: list[LightDevice], over_s: float, do: Any) -> None:
        began_s = self._shared.loop.time()
        for index, device in enumerate(devices):
            wait_s = began_s + over_s * index / len(devices) - self._shared.loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            do(device)

    async def _cut(self, cut: Cut) -> None:
        there = [one for one in self._devices if cut.place == "all" or cut.place in one.places]
        chosen = self._chance.sample(there, round(cut.share * len(there)))
        if cut.what == "link":
            await self._evenly(chosen, cut.over_s, LightDevice.cut_link)
            return
        await self._evenly(chosen, cut.over_s, LightDevice.cut_power)
        await asyncio.sleep(cut.dark_s)
        for device in chosen:
            device.switch_on()

    async def _press(self, stream: PressButtons) -> None:
        count = min(round(stream.per_s * stream.for_s), len(self._unpressed))
        chosen, self._unpressed = self._unpressed[:count], self._unpressed[count:]
        await self._evenly(chosen, stream.for_s, lambda device: self._press_one(stream, device))

    def _press_one(self, stream: PressButtons, device: LightDevice) -> None:
        button, why = device.building.buttons[0], None
        if self._chance.random() < stream.battery_share and not rules.is_heard_by_radio(
            stream.radio_loss, self._chance
        ):
            why = "radio"
        if not device.has_power:
            why = "dark"
        press_id = new_id(self._shared.now_ms()) if why else device.press(button)
        self._made.append(
            PressMade(
                press_id=press_id,
                stream=stream.name,
                device=device.building.device,
                button=button,
                at_s=time.monotonic(),
                lost_before_device=why,
            )
        )

    def _presses(self) -> list[PressMade]:
        known = self._shared.presses
        return [
            made
            if made.lost_before_device
            else made.model_copy(
                update={
                    "at_s": known[made.press_id].at_s,
                    "accepted_s": known[made.press_id].accepted_s,
                    "is_new_alert": known[made.press_id].is_new_alert,
                    "alerts": tuple(sorted(known[made.press_id].alerts)),
                }
            )
            for made in self._made
        ]

    def _state(self) -> orders.State:
        used = resource.getrusage(resource.RUSAGE_SELF)
        pressed = self._shared.presses.values()
        clock_ms = self._shared.clock_ms
        return orders.State(
            devices=len(self._devices),
            up=sum(device.is_up for device in self._devices),
            configured=sum(bool(device.places) for device in self._devices),
            powered=sum(device.has_power for device in self._devices),
            waiting_presses=sum(device.waiting_presses for device in self._devices),
            untold_receipts=sum(device.untold for device in self._devices),
            pressed=len(pressed),
            accepted=sum(one.accepted_s is not None for one in pressed),
            counts=dict(self._shared.counts),
            clock_p50_ms=statistics.median(clock_ms) if clock_ms else None,
            cpu_s=used.ru_utime + used.ru_stime,
            memory_kib=_memory_kib(),
            memory_before_kib=self._before_kib,
        )


def _memory_kib() -> int:
    return round((vitals.memory_mb() or 0.0) * 1e6 / 1024)


def _say(said: orders.AnySaying) -> None:
    sys.stdout.buffer.write(said.to_line())
    sys.stdout.buffer.flush()
