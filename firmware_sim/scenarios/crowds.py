"""The processes that hold the light devices, as the scenario's program sees them: orders out, answers in."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

from firmware_sim.light import orders
from firmware_sim.light.orders import Parts, Presses, PressMade, State

LONGEST_LINE = 64 * 2**20
ANSWER_S, END_S = 60.0, 10.0
S = TypeVar("S", State, Presses, Parts)


class CrowdEnded(RuntimeError):
    """A process of devices has ended by itself; what it said is on standard error."""


class Crowds:
    """All of them as one."""

    def __init__(self, processes: list[asyncio.subprocess.Process]) -> None:
        self._processes = processes
        self._asking = asyncio.Lock()

    @property
    def count(self) -> int:
        """How many processes."""
        return len(self._processes)

    async def order(self, order: orders.Line) -> None:
        """Have all of them do it; raises CrowdEnded."""
        for process in self._processes:
            assert process.stdin is not None
            try:
                process.stdin.write(order.to_line())
                await process.stdin.drain()
            except OSError as error:
                raise CrowdEnded from error

    async def state(self) -> list[State]:
        """How the devices are, process by process."""
        return await self._ask(orders.AskState(), State)

    async def presses(self) -> list[PressMade]:
        """All presses so far."""
        return [press for some in await self._ask(orders.AskPresses(), Presses) for press in some.presses]

    async def parts(self, announcement_id: str) -> dict[str, str]:
        """What each device says of its own part in an announcement; devices that know nothing of it are missing."""
        said = await self._ask(orders.AskParts(announcement_id=announcement_id), Parts)
        return {device: state for some in said for device, state in some.states.items()}

    async def _ask(self, order: orders.Line, kind: type[S]) -> list[S]:
        async with self._asking, asyncio.timeout(ANSWER_S):
            await self.order(order)
            return [await self._read(process, kind) for process in self._processes]

    async def _read(self, process: asyncio.subprocess.Process, kind: type[S]) -> S:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise CrowdEnded
        said = orders.SAYINGS.validate_json(line)
        assert isinstance(said, kind)
        return said


@contextlib.asynccontextmanager
async def started(fleet: Path, processes: int, seed: int) -> AsyncIterator[Crowds]:
    """Processes that share the devices of a fleet; they leave in good order at the end, and with us however we end."""
    running = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "firmware_sim", "crowd", str(fleet), str(index), str(processes), str(seed)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for us: we end them, in order
        )
        for index in range(processes)
    ]
    crowds = Crowds(running)
    try:
        yield crowds
    finally:
        with contextlib.suppress(CrowdEnded):
            await crowds.order(orders.Leave())
        for process in running:
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def total(states: list[State]) -> Counter[str]:
    """What can be added up of all processes, events by their names."""
    result: Counter[str] = Counter()
    for state in states:
        result.update(state.counts)
        names = ("devices", "up", "configured", "powered", "waiting_presses", "untold_receipts", "pressed", "accepted")
        result.update({name: getattr(state, name) for name in names})
    return result
