"""A process of its own beside the tests: `python -m tests.hub.adapters.database.worker count|press FILE …`."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from hub.adapters.database.database import SqliteDatabase
from hub.services.ports import CommitFailed, PressRow, Tx
from tests.hub.adapters.database.sample import ALERT, PRESS

TOGETHER = 5
WRITERS = 8


async def count(path: Path, times: int) -> None:
    """Raises the rung of an alert by one, so many times; each reads it and writes it back."""

    def increment(tx: Tx) -> None:
        alert = tx.alerts.get(ALERT.id)
        assert alert is not None
        tx.alerts.update([replace(alert, rung=alert.rung + 1, version=alert.version + 1)])

    database = SqliteDatabase(path)
    await database.start()
    for _ in range(times // TOGETHER):
        await asyncio.gather(*(_until_written(database, increment) for _ in range(TOGETHER)))
    await database.close()


async def _until_written(database: SqliteDatabase, job: Callable[[Tx], None]) -> None:
    while True:
        try:
            return await database.write(job)
        except CommitFailed as error:
            if "locked" not in error.reason:  # then something of it may be stored
                raise


async def press(path: Path) -> None:
    """Writes presses, several at once, and prints each id once it is committed, until it is killed."""
    database = SqliteDatabase(path)
    await database.start()

    async def one_after_the_other(writer: int) -> None:
        for number in itertools.count():
            row = replace(PRESS, press_id=f"{writer}-{number}")
            await database.write(partial(_add, row))
            print(row.press_id, flush=True)

    await asyncio.gather(*(one_after_the_other(writer) for writer in range(WRITERS)))


def _add(row: PressRow, tx: Tx) -> None:
    tx.presses.add([row])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["count", file, times]:
            asyncio.run(count(Path(file), int(times)))
        case ["press", file]:
            asyncio.run(press(Path(file)))
