"""The database on SQLite: one file, one writer, several readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from hub.adapters.database import engine
from hub.adapters.database.directory import Directories
from hub.adapters.database.migrate import migrate
from hub.adapters.database.transaction import StoredTx
from hub.adapters.database.writer import Writer
from hub.services.ports import Tx

T = TypeVar("T")


class SqliteDatabase:
    """Fills ports.Database with one file, which other processes may use at the same time.

    `start()` comes before all else; the first community of a file has the id 1.
    """

    def __init__(self, path: Path, community_id: int = 1) -> None:
        self._path = path
        self._community_id = community_id
        self._directories = Directories()

    async def start(self) -> None:
        """Brings the file to the present schema, making it if there is none; raises SchemaTooNew."""
        await asyncio.to_thread(migrate, self._path)
        self._write_engine = engine.writing(self._path)
        self._read_engine = engine.reading(self._path)
        self._readers = ThreadPoolExecutor(engine.READERS, thread_name_prefix="database-reader")
        loop = asyncio.get_running_loop()
        self._writer = Writer(self._write_engine, self._new_tx, self._directories.forget, loop)

    async def close(self) -> None:
        """Finishes what waits to be written and read, and closes the file."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._write_engine.dispose()
        self._read_engine.dispose()

    async def write(
        self, job: Callable[[Tx], T], *, is_urgent: bool = False, then: Callable[[T], None] | None = None
    ) -> T:
        """Runs `job` on the writer, urgent ones first; returns its result once that is committed and on the disk.

        `then` is given it before that, also when the caller was cancelled meanwhile.
        Raises what the job raised, and then nothing of it stays; raises CommitFailed when it could not be committed.
        """
        result: T = await self._writer.write(job, is_urgent=is_urgent, then=then)
        return result

    async def read(self, job: Callable[[Tx], T]) -> T:
        """Runs `job`, which cannot write, in a thread and on one consistent state."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, job)

    def is_hurried(self) -> bool:
        """Whether an urgent job waits for the writer, and what runs has had its time."""
        return self._writer.is_hurried()

    def _read(self, job: Callable[[Tx], T]) -> T:
        with self._read_engine.begin() as connection:
            return job(self._new_tx(connection))

    def _new_tx(self, connection: Connection) -> Tx:
        return StoredTx(connection, self._community_id, self._directories)
