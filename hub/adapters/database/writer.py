"""The writer: one thread that runs what waits in one transaction, and commits once for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError, ResourceClosedError

from hub.adapters.database.engine import has_transaction
from hub.adapters.database.transaction import StoredTx
from hub.services.ports import CommitFailed, Tx

GROUP = 64
"""So many jobs share a commit at most: the first of them waits for the last."""

Job = Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs one after the other, those that wait together in one transaction.

    A job that raises takes back only what it wrote itself. When the transaction is lost or cannot be committed, every
    job of the group is told CommitFailed, and none that it succeeded.
    """

    def __init__(self, engine: Engine, community_id: int, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._community_id = community_id
        self._loop = loop
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._is_closed = False
        self._thread = Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Job) -> Any:
        """Runs `job` and returns what it returned once that is committed; raises what it raised, or CommitFailed.

        A caller that is cancelled does not know what became of its job.
        """
        if self._is_closed:
            raise CommitFailed("the database is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Waiting(job, future))
        return await future

    async def close(self) -> None:
        """Finishes all that waits, then ends the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            group, is_last = self._take()
            if group:
                outcomes = self._commit([waiting.job for waiting in group])
                self._loop.call_soon_threadsafe(_resolve, group, outcomes)

    def _take(self) -> tuple[list[_Waiting], bool]:
        """What waits now, at least one, and whether nothing will follow."""
        group: list[_Waiting] = []
        waiting = self._queue.get()
        while waiting is not None:
            group.append(waiting)
            if len(group) == GROUP:
                return group, False
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, jobs: Sequence[Job]) -> list[_Outcome]:
        try:
            with self._engine.begin() as connection:
                tx = StoredTx(connection, self._community_id)
                if len(jobs) == 1:
                    outcomes = [_Outcome(jobs[0](tx))]
                else:
                    outcomes = [_in_savepoint(connection, tx, job) for job in jobs]
                # The driver's commit() of a transaction that SQLite has given up succeeds and commits nothing.
                if not has_transaction(connection):
                    raise CommitFailed("the transaction was lost")
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait are told, and the thread lives on
            if not _is_of_job(error):
                self._engine.dispose()  # a connection that has failed to write is not trusted with the next group
            return [_Outcome(error=_told(error)) for _ in jobs]
        return outcomes


def _in_savepoint(connection: Connection, tx: Tx, job: Job) -> _Outcome:
    try:
        with connection.begin_nested():
            return _Outcome(job(tx))
    except Exception as error:
        if not has_transaction(connection):  # SQLite takes all of it back when the disk is full
            raise
        return _Outcome(error=_told(error))


_FAILURES = (DBAPIError, PendingRollbackError, ResourceClosedError, CommitFailed)


def _is_of_job(error: Exception) -> bool:
    """Whether it is the job's own mistake, not the disk's, the file's or a lock's."""
    return isinstance(error, IntegrityError) or not isinstance(error, _FAILURES)


def _told(error: Exception) -> Exception:
    """What the caller is told: the job's own exception, or CommitFailed; one for each, as each keeps a traceback."""
    if isinstance(error, StopIteration):  # a future cannot carry it
        told: Exception = RuntimeError("a job raised StopIteration")
    elif _is_of_job(error):
        return error
    else:
        told = CommitFailed(str(error.orig if isinstance(error, DBAPIError) else error))
    told.__cause__ = error
    return told


def _resolve(group: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
    for waiting, outcome in zip(group, outcomes, strict=True):
        if waiting.future.cancelled():
            continue
        if outcome.error is None:
            waiting.future.set_result(outcome.result)
        else:
            waiting.future.set_exception(outcome.error)
