"""Alerts and their journal: stored whole, found when due, never overwritten unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Entry, Kind, State
from hub.domain.errors import Changed
from tests.hub.adapters.database.sample import ALERT, NOW_MS, alert, closed

ACCEPTED = replace(
    ALERT,
    kind=Kind.SERVICE,
    state=State.ACCEPTED,
    rung=2,
    due_ms=NOW_MS + 420_000,
    remind_ms=None,
    pressed_ms=(NOW_MS, NOW_MS + 1),
    stage_seq=3,
    acceptor_id="p1",
    accepted_ms=NOW_MS + 30_000,
    promised_ms=NOW_MS + 240_000,
    is_exercise=True,
    version=2,
)


async def test_an_alert_is_read_as_it_was_stored_and_changed(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.alerts.add([ALERT]))
    assert await database.read(lambda tx: tx.alerts.get(ALERT.id)) == ALERT
    await database.write(lambda tx: tx.alerts.update([ACCEPTED]))
    assert await database.read(lambda tx: tx.alerts.get(ALERT.id)) == ACCEPTED
    assert await database.read(lambda tx: tx.alerts.get("alert-77")) is None
    assert await database.read(lambda tx: tx.alerts.some([ALERT.id, "alert-77"])) == {ALERT.id: ACCEPTED}


@pytest.mark.parametrize("version", [1, 3])
async def test_an_update_on_another_version_changes_nothing_at_all(database: SqliteDatabase, version: int) -> None:
    await database.write(lambda tx: tx.alerts.add([ALERT, alert(2)]))
    stale = replace(ACCEPTED, version=version)
    with pytest.raises(Changed):
        await database.write(lambda tx: tx.alerts.update([replace(alert(2), rung=1, version=2), stale]))
    assert await database.read(lambda tx: tx.alerts.some(["alert-1", "alert-2"])) == {
        "alert-1": ALERT,
        "alert-2": alert(2),
    }


async def test_one_button_cannot_have_two_alerts_that_are_not_closed(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.alerts.add([ALERT]))
    second = alert(2, joins=ALERT.joins)
    with pytest.raises(Changed):
        await database.write(lambda tx: tx.alerts.add([second]))
    await database.write(lambda tx: tx.alerts.update([closed(ALERT)]))
    await database.write(lambda tx: tx.alerts.add([second]))
    assert await database.read(lambda tx: tx.alerts.open_for([ALERT.joins, "nothing"])) == {ALERT.joins: second}


@pytest.mark.parametrize(
    "broken", [replace(ALERT, due_ms=None), replace(closed(ALERT), due_ms=NOW_MS)], ids=["open", "closed"]
)
async def test_an_alert_has_a_deadline_exactly_while_it_is_not_closed(database: SqliteDatabase, broken: object) -> None:
    with pytest.raises(IntegrityError):
        await database.write(lambda tx: tx.alerts.add([broken]))  # type: ignore[list-item]  # an alert by replace()


async def test_what_is_due_comes_longest_overdue_first_and_by_either_deadline(database: SqliteDatabase) -> None:
    alerts = [
        alert(1, due_ms=NOW_MS - 10, remind_ms=NOW_MS + 99),
        alert(2, due_ms=NOW_MS + 99, remind_ms=NOW_MS - 20),
        alert(3, due_ms=NOW_MS - 30, remind_ms=None, state=State.ARRIVED),
        alert(4, due_ms=NOW_MS + 1, remind_ms=NOW_MS + 2),
        replace(closed(alert(5)), version=1),
        alert(6, due_ms=NOW_MS, remind_ms=None),
    ]
    await database.write(lambda tx: tx.alerts.add(alerts))
    due = await database.read(lambda tx: tx.alerts.due(NOW_MS, 10))
    assert [one.id for one in due] == ["alert-3", "alert-2", "alert-1", "alert-6"]
    assert [one.id for one in await database.read(lambda tx: tx.alerts.due(NOW_MS, 2))] == ["alert-3", "alert-2"]


async def test_the_next_due_time_is_the_earlier_deadline_of_all(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.alerts.next_due_ms()) is None
    await database.write(lambda tx: tx.alerts.add([ALERT, alert(2, due_ms=NOW_MS + 20_000, remind_ms=None)]))
    assert await database.read(lambda tx: tx.alerts.next_due_ms()) == ALERT.remind_ms
    await database.write(lambda tx: tx.alerts.update([closed(ALERT)]))
    assert await database.read(lambda tx: tx.alerts.next_due_ms()) == NOW_MS + 20_000


async def test_alerts_are_listed_newest_first_and_page_by_page(database: SqliteDatabase) -> None:
    alerts = [alert(number, opened_ms=NOW_MS + number) for number in range(5)]
    await database.write(lambda tx: tx.alerts.add([*alerts[:4], replace(closed(alerts[4]), version=1)]))
    latest = await database.read(lambda tx: tx.alerts.latest(2))
    assert [one.id for one in latest] == ["alert-4", "alert-3"]
    before = await database.read(lambda tx: tx.alerts.latest(9, before_ms=NOW_MS + 3))
    assert [one.id for one in before] == ["alert-2", "alert-1", "alert-0"]
    not_closed = await database.read(lambda tx: tx.alerts.not_closed())
    assert [one.id for one in not_closed] == ["alert-0", "alert-1", "alert-2", "alert-3"]


async def test_the_journal_keeps_order_and_detail(database: SqliteDatabase) -> None:
    opened, note = Entry("opened", "elder"), Entry("note", "p1", {"text": "门开着", "rung": 2, "reason": None})
    await database.write(lambda tx: tx.alerts.add([ALERT, alert(2)]))
    await database.write(lambda tx: tx.alerts.add_journal([("alert-1", NOW_MS, opened), ("alert-2", NOW_MS, opened)]))
    await database.write(lambda tx: tx.alerts.add_journal([("alert-1", NOW_MS - 5, note)]))
    journal = await database.read(lambda tx: tx.alerts.journal("alert-1"))
    assert [(row.at_ms, row.entry) for row in journal] == [(NOW_MS, opened), (NOW_MS - 5, note)]
    assert journal[0].id < journal[1].id
    assert {row.alert_id for row in journal} == {"alert-1"}
