"""The writer: one thread that runs what waits in one transaction, and commits once for all of it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.adapters.database.engine import begin, commit, has_transaction, roll_back
from hub.domain.errors import Changed
from hub.services.ports import CommitFailed, Tx

log = structlog.get_logger()

GROUP = 64
"""So many jobs share a commit at most: the first of them waits for the last."""

YIELD_S = 0.005
"""So long an ordinary group runs although an urgent job waits: presses without end must not stop everything else, such
as the acceptance of an alert."""

Job = Callable[[Tx], Any]
Then = Callable[[Any], None]
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    future: asyncio.Future[Any]
    then: Then | None
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Any = None
    error: Exception | None = None


class Writer:
    """Runs jobs one after the other, those that wait together in one transaction.

    A job that raises takes back only what it wrote itself. When the transaction is lost or cannot be committed, every
    job of the group is told CommitFailed, and none that it succeeded.
    """

    def __init__(
        self,
        engine: Engine,
        new_tx: Callable[[Connection], Tx],
        on_lost: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._engine = engine
        self._new_tx = new_tx
        self._on_lost = on_lost
        self._loop = loop
        self._urgent: deque[_Waiting] = deque()
        self._ordinary: deque[_Waiting] = deque()
        self._tokens: SimpleQueue[None] = SimpleQueue()  # one for each job that waits, and one for the end
        self._connection: Connection | None = None
        self._began_s = 0.0
        self._is_closed = False
        self._thread = Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Job, *, is_urgent: bool = False, then: Then | None = None) -> Any:
        """Runs `job` and returns what it returned once that is committed; raises what it raised, or CommitFailed.

        Urgent jobs come before all others that wait, and share no commit with them. A caller that is cancelled does
        not know what became of its job; `then` is told nevertheless.
        """
        if self._is_closed:
            raise CommitFailed("the database is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        (self._urgent if is_urgent else self._ordinary).append(_Waiting(job, future, then, is_urgent))
        self._tokens.put(None)
        return await future

    def is_hurried(self) -> bool:
        """Whether an urgent job waits, and what runs has had its time."""
        return bool(self._urgent) and time.monotonic() - self._began_s >= YIELD_S

    async def close(self) -> None:
        """Finishes all that waits, then ends the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._tokens.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while group := self._take():
            outcomes = self._perform(group)
            self._put_back(group[len(outcomes) :])
            self._loop.call_soon_threadsafe(_resolve, group[: len(outcomes)], outcomes)
        self._let_go()

    def _take(self) -> list[_Waiting]:
        """What waits now and is equally urgent, at least one job; nothing when the end has come."""
        self._tokens.get()
        waiting = self._urgent or self._ordinary
        group = [waiting.popleft()] if waiting else []
        while waiting and len(group) < GROUP:
            try:
                self._tokens.get_nowait()
            except Empty:
                break
            group.append(waiting.popleft())
        return group

    def _put_back(self, waiting: Sequence[_Waiting]) -> None:
        self._ordinary.extendleft(reversed(waiting))
        for _ in waiting:
            self._tokens.put(None)

    def _perform(self, group: Sequence[_Waiting]) -> list[_Outcome]:
        """Runs the jobs and commits; whatever keeps the commit from being made is told to all of them.

        When an urgent job comes meanwhile, only the first ones of an ordinary group are run: fewer outcomes than jobs.
        """
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            connection = self._connection
            begin(connection)
            self._began_s = time.monotonic()
            if len(group) == 1:
                outcomes = [_outcome(group[0].job, self._new_tx(connection))]
            else:
                outcomes = []
                for waiting in group:
                    if outcomes and not waiting.is_urgent and self.is_hurried():
                        break
                    outcomes.append(_in_savepoint(connection, waiting.job, self._new_tx(connection)))
            if any(outcome.error is None for outcome in outcomes):
                _commit(connection)
            else:
                roll_back(connection)
        except Exception as error:  # noqa: BLE001  # those who wait must be told, and the thread must live on
            self._on_lost()
            self._let_go()  # a connection that has failed to commit is not trusted with the next group
            return [_Outcome(error=_failed(error)) for _ in group]
        return outcomes

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
            self._connection = None
        self._engine.dispose()


def _outcome(job: Job, tx: Tx) -> _Outcome:
    try:
        return _Outcome(job(tx))
    except IntegrityError as error:
        # Another hub has stored the same press or alert since this job looked: looking again is all that is needed.
        return _Outcome(error=_because_of(error, Changed()) if _is_unique(error) else error)
    except DBAPIError as error:
        return _Outcome(error=_failed(error))
    except StopIteration as error:  # a future cannot carry it
        return _Outcome(error=_because_of(error, RuntimeError("a job raised StopIteration")))
    except Exception as error:  # noqa: BLE001  # it belongs to whoever gave the job
        return _Outcome(error=error)


def _is_unique(error: IntegrityError) -> bool:
    """Whether a UNIQUE key was there already; by SQLite's extended code, and PostgreSQL's class."""
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return code in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505")


def _in_savepoint(connection: Connection, job: Job, tx: Tx) -> _Outcome:
    savepoint = connection.begin_nested()
    outcome = _outcome(job, tx)
    if outcome.error is None:
        savepoint.commit()
    elif has_transaction(connection):
        savepoint.rollback()
    else:  # SQLite has taken back everything, as it does when the disk is full
        raise outcome.error
    return outcome


def _commit(connection: Connection) -> None:
    if not has_transaction(connection):
        raise CommitFailed("the transaction was lost")
    commit(connection)


def _failed(error: Exception) -> CommitFailed:
    """One for each caller, since each keeps a traceback of its own."""
    return _because_of(error, CommitFailed(str(error.orig if isinstance(error, DBAPIError) else error)))


def _because_of(cause: Exception, error: E) -> E:
    error.__cause__ = cause
    return error


def _resolve(group: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
    for waiting, outcome in zip(group, outcomes, strict=True):
        if outcome.error is None and waiting.then is not None:
            try:
                waiting.then(outcome.result)
            except Exception:  # the others of the group must be told
                log.exception("consequence_failed")
        if waiting.future.cancelled():
            continue
        if outcome.error is None:
            waiting.future.set_result(outcome.result)
        else:
            waiting.future.set_exception(outcome.error)
