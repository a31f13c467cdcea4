"""The writer commits for many at once, tells each what became of its own job, and never claims what is not stored."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from hub.adapters.database import engine
from hub.adapters.database.database import SqliteDatabase
from hub.adapters.database.people import StoredPeople
from hub.adapters.database.writer import GROUP
from hub.domain.errors import Changed
from hub.domain.people import Person
from hub.services.ports import CommitFailed, Tx
from tests.hub.adapters.database.sample import fill

PATIENCE_S = 30.0


def _add(name: str) -> Callable[[Tx], str]:
    """A job that adds a person with this id and returns it."""

    def job(tx: Tx) -> str:
        tx.people.add_people([Person(name, name)])
        return name

    return job


def _connection(tx: Tx) -> Connection:
    assert isinstance(tx.people, StoredPeople)
    return tx.people.connection


def _run(tx: Tx, sql: str) -> None:
    _connection(tx).exec_driver_sql(sql)


def _fill_disk(tx: Tx) -> None:
    """Lets the file grow by a few pages only, and then needs more: row by row, for SQLite takes back only the statement
    where it has many.
    """
    pages = _connection(tx).exec_driver_sql("PRAGMA page_count").scalar_one()
    _run(tx, f"PRAGMA max_page_count = {pages + 4}")
    for number in range(50):
        tx.people.add_people([Person(f"large-{number}", "长" * 2_000)])


async def _names(database: SqliteDatabase) -> set[str]:
    """Who is stored beside the two people of the sample."""
    return set(await database.read(lambda tx: tx.people.people())) - {"p1", "p2"}


@asynccontextmanager
async def _held(database: SqliteDatabase) -> AsyncIterator[None]:
    """Keeps the writer busy inside, so that all that is written there waits and becomes one group."""
    loop, began, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def hold(_: Tx) -> None:
        loop.call_soon_threadsafe(began.set)
        assert gate.wait(PATIENCE_S)

    holding = asyncio.create_task(database.write(hold))
    await began.wait()
    try:
        yield
    finally:
        gate.set()
        await holding


async def _together(database: SqliteDatabase, *jobs: Callable[[Tx], object]) -> list[Any]:
    """What became of jobs that waited together, in order."""
    async with _held(database):
        tasks = [asyncio.create_task(_write(database, job)) for job in jobs]
        await asyncio.sleep(0)  # lets every task put its job on the queue
    return await asyncio.gather(*tasks, return_exceptions=True)


def _write(database: SqliteDatabase, job: Callable[[Tx], object]) -> Coroutine[Any, Any, object]:
    return database.write(job)


def _count_commits(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    commits: list[None] = []
    plain = engine.commit

    def counted(connection: Connection) -> None:
        plain(connection)
        commits.append(None)

    monkeypatch.setattr("hub.adapters.database.writer.commit", counted)
    return commits


async def test_jobs_that_wait_together_are_committed_together(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = _count_commits(monkeypatch)
    results = await _together(database, *(_add(f"q{number:03}") for number in range(GROUP + 1)))
    assert results == [f"q{number:03}" for number in range(GROUP + 1)]
    assert await _names(database) == set(results)
    assert len(commits) == 3  # the one that held the writer, a full group, and what did not fit


async def test_what_is_urgent_is_written_before_what_waited_longer(database: SqliteDatabase) -> None:
    order: list[str] = []
    async with _held(database):
        ordinary = [asyncio.create_task(database.write(lambda _: order.append("ordinary"))) for _ in range(3)]
        await asyncio.sleep(0)
        urgent = asyncio.create_task(database.write(lambda _: order.append("urgent"), is_urgent=True))
        await asyncio.sleep(0)
    await asyncio.gather(*ordinary, urgent)
    assert order == ["urgent", "ordinary", "ordinary", "ordinary"]


@pytest.mark.parametrize(
    ("yield_s", "expected"),
    [(0.0, ["first", "urgent", "second", "third"]), (PATIENCE_S, ["first", "second", "third", "urgent"])],
)
async def test_what_is_urgent_does_not_wait_for_all_that_would_share_a_commit_once_that_has_had_its_time(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, yield_s: float, expected: list[str]
) -> None:
    monkeypatch.setattr("hub.adapters.database.writer.YIELD_S", yield_s)
    order: list[str] = []
    loop = asyncio.get_running_loop()
    presses: list[asyncio.Task[None]] = []
    is_waiting = threading.Event()

    def press() -> None:
        presses.append(loop.create_task(database.write(lambda _: order.append("urgent"), is_urgent=True)))
        loop.call_soon(is_waiting.set)

    def first(_: Tx) -> None:
        order.append("first")
        loop.call_soon_threadsafe(press)
        assert is_waiting.wait(PATIENCE_S)
        assert database.is_hurried() == (yield_s == 0)

    await _together(database, first, lambda _: order.append("second"), lambda _: order.append("third"))
    await asyncio.gather(*presses)
    assert order == expected
    assert not database.is_hurried()


async def test_a_job_that_raises_takes_back_only_what_it_wrote(database: SqliteDatabase) -> None:
    def breaks(tx: Tx) -> None:
        _add("half")(tx)
        raise KeyError("mine")

    results = await _together(database, _add("before"), breaks, _add("after"))
    assert results[0] == "before"
    assert results[2] == "after"
    assert isinstance(results[1], KeyError)
    assert await _names(database) == {"before", "after"}


async def test_a_job_alone_that_raises_leaves_nothing(database: SqliteDatabase) -> None:
    def breaks(tx: Tx) -> None:
        _add("half")(tx)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.write(breaks)
    assert await _names(database) == set()


async def test_a_job_that_breaks_a_rule_of_the_tables_does_not_harm_the_others(database: SqliteDatabase) -> None:
    results = await _together(database, _add("one"), _add("p1"), _add("two"))
    assert (results[0], results[2]) == ("one", "two")
    assert isinstance(results[1], Changed)
    assert await _names(database) == {"one", "two"}


async def test_an_exception_that_a_future_cannot_hold_reaches_its_caller_all_the_same(
    database: SqliteDatabase,
) -> None:
    def stops(_: Tx) -> None:
        next(iter(()))

    results = await _together(database, stops, _add("one"))
    assert isinstance(results[0], RuntimeError)
    assert results[1] == "one"


async def test_when_the_disk_is_full_all_of_the_group_fail_and_nothing_is_stored(database: SqliteDatabase) -> None:
    results = await _together(database, _add("one"), _fill_disk, _add("two"))
    assert [type(result) for result in results] == [CommitFailed] * 3
    assert len({id(result) for result in results}) == 3
    assert "full" in results[0].reason
    assert await _names(database) == set()


async def test_when_the_disk_is_full_a_single_job_fails_and_the_next_one_is_written(database: SqliteDatabase) -> None:
    with pytest.raises(CommitFailed, match="full"):
        await database.write(_fill_disk)
    await database.write(_add("small"))
    assert await _names(database) == {"small"}


async def test_a_job_that_hides_a_full_disk_is_not_told_that_it_succeeded(database: SqliteDatabase) -> None:
    def hides(tx: Tx) -> None:
        try:
            _fill_disk(tx)
        except DBAPIError:
            return

    with pytest.raises(CommitFailed, match="lost"):
        await database.write(hides)
    assert await _names(database) == set()


async def test_when_the_commit_itself_fails_all_of_the_group_are_told(database: SqliteDatabase) -> None:
    def fails_late(tx: Tx) -> None:
        _run(tx, "PRAGMA defer_foreign_keys = ON")
        _run(tx, "INSERT INTO contact VALUES (1, 'nobody', 0, 'page', '')")

    results = await _together(database, _add("one"), fails_late, _add("two"))
    assert [type(result) for result in results] == [CommitFailed] * 3
    assert await _names(database) == set()
    assert await database.write(_add("three")) == "three"


async def test_a_locked_file_is_told_as_a_failed_commit(database: SqliteDatabase, path: Path) -> None:
    await database.write(lambda tx: _run(tx, "PRAGMA busy_timeout = 0"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CommitFailed, match="locked"):
        await database.write(_add("one"))
    other.execute("ROLLBACK")
    other.close()
    await database.write(_add("two"))
    assert await _names(database) == {"two"}


async def test_a_write_holds_the_lock_from_its_beginning(database: SqliteDatabase, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    async with _held(database):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_caller_who_gives_up_does_not_keep_the_others_from_their_results(database: SqliteDatabase) -> None:
    async with _held(database):
        impatient = asyncio.create_task(database.write(_add("one")))
        patient = asyncio.create_task(database.write(_add("two")))
        await asyncio.sleep(0)
        impatient.cancel()
    assert await patient == "two"


async def test_a_reader_sees_one_state_while_others_write(database: SqliteDatabase) -> None:
    loop, has_read, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def read_twice(tx: Tx) -> tuple[int, int]:
        before = len(tx.people.people())
        loop.call_soon_threadsafe(has_read.set)
        assert gate.wait(PATIENCE_S)
        return before, len(tx.people.people())

    reading = asyncio.create_task(database.read(read_twice))
    await has_read.wait()
    await database.write(_add("new"))
    gate.set()
    assert await reading == (2, 2)
    assert await _names(database) == {"new"}


async def test_a_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(DBAPIError, match="readonly"):
        await database.read(_add("one"))


async def test_what_was_written_is_read_at_once(database: SqliteDatabase) -> None:
    for number in range(50):
        await database.write(_add(f"q{number}"))
        assert f"q{number}" in await _names(database)


async def test_closing_finishes_what_waits_and_refuses_what_comes_later(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.start()
    await database.write(fill)
    async with _held(database):
        writes = [asyncio.create_task(database.write(_add(name))) for name in "abc"]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        with pytest.raises(CommitFailed, match="closed"):
            await database.write(lambda _: None)
    assert await asyncio.gather(*writes) == ["a", "b", "c"]
    await closing


async def test_no_parameter_of_a_statement_stands_in_an_error(database: SqliteDatabase) -> None:
    with pytest.raises(Changed) as error:
        await database.write(lambda tx: tx.people.add_people([Person("p1", "李秀英", "000-0000-0009")]))
    assert isinstance(error.value.__cause__, DBAPIError)
    assert "李秀英" not in str(error.value.__cause__)
    assert "000-0000-0009" not in str(error.value.__cause__)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_the_files_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "new.db")
    await database.start()
    await database.write(fill)
    assert [_mode(tmp_path / name) for name in ("new.db", "new.db-wal", "new.db-shm")] == [0o600] * 3
    await database.close()


async def test_every_connection_waits_is_durable_and_checks_references(database: SqliteDatabase) -> None:
    def pragmas(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        return [_connection(tx).exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1_500, 1]
