"""A database that can fail: the real one, with a disk that refuses or hangs for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from hub.services.ports import CommitFailed, Database, Tx

T = TypeVar("T")


class FailingDatabase:
    """Fills ports.Database. The next `failures` writes fail; while `works` is cleared every write hangs.

    With `has_urgent` an urgent job is said to wait, whether or not one does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failures = 0
        self.tried = 0
        self.has_urgent = False
        self.works = asyncio.Event()
        self.works.set()

    async def write(
        self, job: Callable[[Tx], T], *, is_urgent: bool = False, then: Callable[[T], None] | None = None
    ) -> T:
        """Writes; once the disk works, if it hangs, whether or not the caller still waits by then."""
        self.tried += 1
        if self.works.is_set():
            return await self._write(job, is_urgent, then)
        return await asyncio.shield(asyncio.create_task(self._write(job, is_urgent, then)))

    async def _write(self, job: Callable[[Tx], T], is_urgent: bool, then: Callable[[T], None] | None) -> T:
        await self.works.wait()
        if self.failures > 0:
            self.failures -= 1
            raise CommitFailed("disk full")
        return await self._database.write(job, is_urgent=is_urgent, then=then)

    async def read(self, job: Callable[[Tx], T]) -> T:
        """Reads."""
        return await self._database.read(job)

    def is_hurried(self) -> bool:
        """Whether an urgent job waits, or is said to."""
        return self.has_urgent or self._database.is_hurried()
