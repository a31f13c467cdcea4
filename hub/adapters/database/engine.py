"""Connections to SQLite: what is set on each, and how its transactions begin."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from hub.adapters.database.prepared import run_plain

BUSY_TIMEOUT_MS = 1_500
"""So long a writer waits for another process: the desk must hear of a press that is not stored within 2 s."""
MIGRATION_TIMEOUT_MS = 60_000
"""So long a process that starts waits for another that is bringing the file to the present schema."""
READERS = 4
STATEMENTS = 512
"""Kept compiled on each connection; what takes lists is there in several lengths, and Python's 128 are soon too few."""

_WAL_AGAIN_S = 0.01

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def writing(path: Path) -> Engine:
    """An engine for `begin` and `commit` below, whose transactions SQLAlchemy leaves alone."""
    return _engine(path, None, "foreign_keys = ON", pool_size=1)


def migrating(path: Path) -> Engine:
    """As `writing`, without foreign keys: SQLite rebuilds tables, and cannot switch them in a transaction."""
    return _engine(path, "BEGIN IMMEDIATE", "foreign_keys = OFF", pool_size=1, busy_timeout_ms=MIGRATION_TIMEOUT_MS)


def reading(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine that sees one consistent state in each transaction and cannot write."""
    return _engine(path, "BEGIN", "query_only = ON", pool_size=READERS, busy_timeout_ms=busy_timeout_ms)


def begin(connection: Connection) -> None:
    """Begins a transaction of the writer, which takes the write lock at once (see ARCHITECTURE.md for the figures)."""
    run_plain(connection, "BEGIN IMMEDIATE")


def commit(connection: Connection) -> None:
    """Commits it, past SQLAlchemy's book-keeping, which takes 0.2 ms beside the disk's 0.7 (decisions.md, 26)."""
    run_plain(connection, "COMMIT")
    if connection.in_transaction():  # a job that used SQLAlchemy itself has begun one of its own, which is empty now
        connection.commit()


def roll_back(connection: Connection) -> None:
    """Takes it back."""
    if has_transaction(connection):
        run_plain(connection, "ROLLBACK")
    connection.rollback()


def has_transaction(connection: Connection) -> bool:
    """Whether SQLite itself still holds the transaction: it gives it up when the disk is full or fails."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.in_transaction


def _engine(
    path: Path, begins_with: str | None, pragma: str, pool_size: int, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"cached_statements": STATEMENTS},
        hide_parameters=True,  # names and telephone numbers stand in no traceback
        json_serializer=_JSON.encode,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # BEGIN is ours: the driver's would be deferred, and late
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}").close()
        _switch_to_wal(connection, busy_timeout_ms)
        for one in ("synchronous = FULL", pragma):
            connection.execute(f"PRAGMA {one}").close()

    if begins_with is not None:
        event.listen(engine, "begin", lambda connection: run_plain(connection, begins_with))
    return engine


def _switch_to_wal(connection: sqlite3.Connection, busy_timeout_ms: int) -> None:
    """Where several switch a new file at once, SQLite refuses all but one of them without waiting."""
    until_s = time.monotonic() + busy_timeout_ms / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until_s:
                raise
            time.sleep(_WAL_AGAIN_S)
        else:
            return
