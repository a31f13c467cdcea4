"""Several processes on one file, and one that is killed: nothing that was told as stored is lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from hub.adapters.database.database import SqliteDatabase
from tests.hub.adapters.database.sample import ALERT, PRESS

PROCESSES, TIMES = 4, 200
MOST_LINES = 400


async def _worker(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hub.adapters.database.worker", *arguments, stdout=asyncio.subprocess.PIPE
    )


async def test_four_processes_lose_no_increment(database: SqliteDatabase, path: Path) -> None:
    await database.write(lambda tx: tx.alerts.add([ALERT]))
    workers = [await _worker("count", str(path), str(TIMES)) for _ in range(PROCESSES)]
    assert [await worker.wait() for worker in workers] == [0] * PROCESSES
    counted = await database.read(lambda tx: tx.alerts.get(ALERT.id))
    assert counted == replace(ALERT, rung=PROCESSES * TIMES, version=PROCESSES * TIMES + 1)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_killed_process_has_stored_every_press_that_it_told_of(
    database: SqliteDatabase, path: Path, seed: int
) -> None:
    worker = await _worker("press", str(path))
    assert worker.stdout is not None
    lines = [await worker.stdout.readline() for _ in range(Random(seed).randint(1, MOST_LINES))]
    worker.send_signal(signal.SIGKILL)
    lines += (await worker.stdout.read()).splitlines()
    assert await worker.wait() == -signal.SIGKILL
    told = [replace(PRESS, press_id=line.decode().strip()) for line in lines]
    known = await database.read(lambda tx: tx.presses.known([press.key for press in told]))
    assert set(known) == {press.key for press in told}
    await _can_go_on(path)


async def _can_go_on(path: Path) -> None:
    again = SqliteDatabase(path)
    await again.start()
    await again.write(lambda tx: tx.presses.add([replace(PRESS, press_id="afterwards")]))
    await again.close()
