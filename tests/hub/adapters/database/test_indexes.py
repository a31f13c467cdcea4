"""What the press path and the loops read is found through an index, however many rows there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from hub.adapters.database.database import SqliteDatabase
from hub.adapters.database.rows import CHUNK
from hub.adapters.database.transaction import StoredTx
from hub.services.ports import Tx
from tests.hub.adapters.database.sample import NOW_MS, PRESS

LOOKUPS: dict[str, Callable[[Tx], object]] = {
    "presses.known": lambda tx: tx.presses.known([PRESS.key, ("dev-9", "b", 1, 2, "c", "press")]),
    "presses.of_alert": lambda tx: tx.presses.of_alert("alert-1"),
    "people.by_link": lambda tx: tx.people.by_link("hash"),
    "residents.residents_of": lambda tx: tx.residents.residents_of(["home-9-1-101"]),
    "devices.devices": lambda tx: tx.devices.devices(["dev-9", "dev-10"]),
    "alerts.get": lambda tx: tx.alerts.get("alert-1"),
    "alerts.open_for": lambda tx: tx.alerts.open_for(["a", "b"]),
    "alerts.latest": lambda tx: tx.alerts.latest(20),
    "alerts.due": lambda tx: tx.alerts.due(NOW_MS, 20),
    "alerts.next_due_ms": lambda tx: tx.alerts.next_due_ms(),
    "alerts.journal": lambda tx: tx.alerts.journal("alert-1"),
    "notifications.due": lambda tx: tx.notifications.due(NOW_MS, 20),
    "notifications.next_due_ms": lambda tx: tx.notifications.next_due_ms(),
    "notifications.of_alert": lambda tx: tx.notifications.of_alert("alert-1"),
    "notifications.asked": lambda tx: tx.notifications.asked("alert-1"),
    "tellings.unsent": lambda tx: tx.tellings.unsent(NOW_MS),
    "tellings.of_alert": lambda tx: tx.tellings.of_alert("alert-1"),
    "announcements.progress": lambda tx: tx.announcements.progress("ann-1"),
    "announcements.progress_of": lambda tx: tx.announcements.progress_of([("ann-1", "dev-9"), ("ann-1", "dev-10")]),
    "announcements.sounded": lambda tx: tx.announcements.sounded(NOW_MS),
    "announcements.valid": lambda tx: tx.announcements.valid(NOW_MS),
    "access.grant": lambda tx: tx.access.grant("hash", NOW_MS),
}
MANY = [f"one-{number}" for number in range(CHUNK)]
"""As long a list as one statement takes: SQLite chooses another index for a long one than for a short one."""
LOOKUPS |= {
    "presses.known, many": lambda tx: tx.presses.known([(one, "b", 1, 2, "c", "press") for one in MANY]),
    "residents.residents_of, many": lambda tx: tx.residents.residents_of(MANY),
    "devices.devices, many": lambda tx: tx.devices.devices(MANY),
    "devices.last_heard, many": lambda tx: tx.devices.last_heard(MANY),
    "devices.configured, many": lambda tx: tx.devices.configured(MANY),
    "alerts.some, many": lambda tx: tx.alerts.some(MANY),
    "alerts.open_for, many": lambda tx: tx.alerts.open_for(MANY),
    "announcements.progress_of, many": lambda tx: tx.announcements.progress_of([("ann-1", one) for one in MANY]),
}
PARTIAL = {
    "alerts.open_for": "uq_alert_not_closed",
    "alerts.due": "ix_alert_due",
    "notifications.due": "ix_notification_due",
    "notifications.next_due_ms": "ix_notification_due",
    "tellings.unsent": "ix_telling_unsent",
}
"""The small index that must serve it: the large ones grow with every year."""

IN_ORDER = ("alerts.latest", "notifications.next_due_ms")
"""Served by an index in the order that is asked for, which is left at the last row wanted."""


@pytest.mark.parametrize("name", LOOKUPS)
async def test_a_lookup_reads_no_whole_table(database: SqliteDatabase, path: Path, name: str) -> None:
    statements: list[str] = []

    def job(tx: Tx) -> None:
        assert isinstance(tx, StoredTx)
        driver = tx.presses.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(statements.append)
        LOOKUPS[name](tx)
        driver.set_trace_callback(None)

    await database.read(job)
    with sqlite3.connect(path) as connection:
        plan = [
            str(row[3])
            for statement in statements
            if statement.startswith("SELECT")
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    connection.close()
    assert plan
    assert [step for step in plan if step.startswith("SCAN") and "CONSTANT ROW" not in step] == []
    assert any(PARTIAL.get(name, "") in step for step in plan)
    assert name in IN_ORDER or not any(step.endswith("(community_id=?)") for step in plan), plan


UPDATES: dict[str, tuple[Callable[[Tx], object], str]] = {
    "notifications.drop_asks": (
        lambda tx: tx.notifications.drop_asks(["alert-1", "alert-2"]),
        "ix_notification_alert_id (alert_id=?)",
    ),
    "devices.heard_again": (lambda tx: tx.devices.heard_again(MANY, 1, 2, 3), "sqlite_autoindex_device_1 (id=?)"),
}
"""What changes many rows at once, and the index that must find them."""


@pytest.mark.parametrize("name", UPDATES)
async def test_a_change_of_many_rows_looks_at_no_others(database: SqliteDatabase, name: str) -> None:
    change, index = UPDATES[name]
    plan: list[str] = []

    def job(tx: Tx) -> None:
        assert isinstance(tx, StoredTx)
        connection = tx.notifications.connection

        def explain(_connection: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
            if statement.startswith("UPDATE"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                plan.extend(row[3] for row in rows)

        event.listen(connection, "before_cursor_execute", explain)
        change(tx)
        event.remove(connection, "before_cursor_execute", explain)

    await database.write(job)
    assert [one for one in plan if index in one], plan
    assert not any(one.startswith("SCAN") for one in plan), plan
