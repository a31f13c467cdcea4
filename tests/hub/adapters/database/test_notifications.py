"""What people are to be sent: due once, dropped for good, saved as it turned out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Purpose
from hub.domain.people import ChannelName
from hub.services.ports import Notification
from tests.hub.adapters.database.sample import ALERT, NOTIFICATION, NOW_MS, alert

SENT = replace(NOTIFICATION, state="sent", attempts=2, due_ms=NOW_MS + 7, sent_ms=NOW_MS + 9, error="503 once")


@pytest.fixture
async def stored(database: SqliteDatabase) -> SqliteDatabase:
    """With two alerts, so that notifications may name them."""
    await database.write(lambda tx: tx.alerts.add([ALERT, alert(2)]))
    return database


def _note(number: int, **changes: object) -> Notification:
    return replace(NOTIFICATION, **({"id": f"note-{number}"} | changes))  # type: ignore[arg-type]  # fields by name


async def test_a_notification_is_read_as_it_was_stored(stored: SqliteDatabase) -> None:
    webhook = _note(2, person_id=None, channel=ChannelName.WEBHOOK, purpose=Purpose.THANKS, about_person_id="p2")
    await stored.write(lambda tx: tx.notifications.add([NOTIFICATION, webhook, _note(3, alert_id="alert-2")]))
    assert await stored.read(lambda tx: tx.notifications.of_alert("alert-1")) == [NOTIFICATION, webhook]


async def test_due_are_those_not_sent_whose_time_has_come_the_oldest_first(stored: SqliteDatabase) -> None:
    notes = [
        _note(1, due_ms=NOW_MS),
        _note(2, due_ms=NOW_MS - 9),
        _note(3, due_ms=NOW_MS + 1),
        _note(4, due_ms=NOW_MS - 99, state="sent"),
        _note(5, due_ms=NOW_MS - 99, state="failed"),
    ]
    await stored.write(lambda tx: tx.notifications.add(notes))
    due = await stored.read(lambda tx: tx.notifications.due(NOW_MS, 9))
    assert [one.id for one in due] == ["note-2", "note-1"]
    assert [one.id for one in await stored.read(lambda tx: tx.notifications.due(NOW_MS, 1))] == ["note-2"]
    assert await stored.read(lambda tx: tx.notifications.next_due_ms()) == NOW_MS - 9


async def test_nothing_waits_when_all_is_sent(stored: SqliteDatabase) -> None:
    await stored.write(lambda tx: tx.notifications.add([NOTIFICATION]))
    await stored.write(lambda tx: tx.notifications.save([SENT]))
    assert await stored.read(lambda tx: tx.notifications.next_due_ms()) is None
    assert await stored.read(lambda tx: tx.notifications.of_alert("alert-1")) == [SENT]


async def test_dropping_leaves_what_was_sent_what_is_no_ask_and_other_alerts(stored: SqliteDatabase) -> None:
    notes = [
        _note(1),
        _note(2, state="sent"),
        _note(3, purpose=Purpose.THANKS),
        _note(4, alert_id="alert-2"),
    ]
    await stored.write(lambda tx: tx.notifications.add(notes))
    await stored.write(lambda tx: tx.notifications.drop_asks(["alert-1"]))
    of_both = await stored.read(
        lambda tx: [*tx.notifications.of_alert("alert-1"), *tx.notifications.of_alert("alert-2")]
    )
    assert [one.state for one in of_both] == ["dropped", "sent", "due", "due"]


async def test_a_dropped_ask_whose_channel_failed_meanwhile_is_not_tried_again(stored: SqliteDatabase) -> None:
    await stored.write(lambda tx: tx.notifications.add([NOTIFICATION]))
    await stored.write(lambda tx: tx.notifications.drop_asks(["alert-1"]))
    await stored.write(lambda tx: tx.notifications.save([replace(NOTIFICATION, attempts=1, error="503")]))
    (kept,) = await stored.read(lambda tx: tx.notifications.of_alert("alert-1"))
    assert (kept.state, kept.attempts, kept.error) == ("dropped", 1, "503")


async def test_a_dropped_ask_that_was_on_its_way_is_known_as_sent(stored: SqliteDatabase) -> None:
    await stored.write(lambda tx: tx.notifications.add([NOTIFICATION]))
    await stored.write(lambda tx: tx.notifications.drop_asks(["alert-1"]))
    await stored.write(lambda tx: tx.notifications.save([SENT]))
    assert await stored.read(lambda tx: tx.notifications.of_alert("alert-1")) == [SENT]
