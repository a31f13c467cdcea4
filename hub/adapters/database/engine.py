"""Connections to SQLite: what is set on each, and how its transactions begin."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from hub.adapters.database.prepared import run_plain

BUSY_TIMEOUT_MS = 1_500
"""So long a writer waits for another process: the desk must hear of a press that is not stored within 2 s."""
MIGRATION_TIMEOUT_MS = 60_000
"""So long a process that starts waits for another that is bringing the file to the present schema."""
READERS = 4

_EVERY_CONNECTION = ("journal_mode = WAL", "synchronous = FULL")

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def writing(path: Path) -> Engine:
    """An engine whose every transaction takes the write lock when it begins (see ARCHITECTURE.md for the figures)."""
    return _engine(path, "BEGIN IMMEDIATE", "foreign_keys = ON", pool_size=1)


def migrating(path: Path) -> Engine:
    """As `writing`, without foreign keys: SQLite rebuilds tables, and cannot switch them in a transaction."""
    return _engine(path, "BEGIN IMMEDIATE", "foreign_keys = OFF", pool_size=1, busy_timeout_ms=MIGRATION_TIMEOUT_MS)


def reading(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine that sees one consistent state in each transaction and cannot write."""
    return _engine(path, "BEGIN", "query_only = ON", pool_size=READERS, busy_timeout_ms=busy_timeout_ms)


def has_transaction(connection: Connection) -> bool:
    """Whether SQLite itself still holds the transaction: it gives it up when the disk is full or fails."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.in_transaction


def _engine(path: Path, begin: str, pragma: str, pool_size: int, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # names and telephone numbers stand in no traceback
        json_serializer=_JSON.encode,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # BEGIN is ours: the driver's would be deferred, and late
        # The waiting comes first: the switch to WAL may itself have to.
        for one in (f"busy_timeout = {busy_timeout_ms}", *_EVERY_CONNECTION, pragma):
            connection.execute(f"PRAGMA {one}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        run_plain(connection, begin)

    return engine
