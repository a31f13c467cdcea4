"""A database that can fail: the real one, with a disk that refuses or hangs for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from hub.services.ports import CommitFailed, Database, Tx

T = TypeVar("T")


class FailingDatabase:
    """Fills ports.Database. The next `failures` writes fail; while `works` is cleared every write hangs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failures = 0
        self.tried = 0
        self.works = asyncio.Event()
        self.works.set()

    async def write(self, job: Callable[[Tx], T], *, is_urgent: bool = False) -> T:
        """Writes, once the disk works."""
        self.tried += 1
        await self.works.wait()
        if self.failures > 0:
            self.failures -= 1
            raise CommitFailed("disk full")
        return await self._database.write(job, is_urgent=is_urgent)

    async def read(self, job: Callable[[Tx], T]) -> T:
        """Reads."""
        return await self._database.read(job)
