"""Every press that was received, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import Changed
from hub.services.ports import PressRow
from tests.hub.adapters.database.sample import ALERT, NOW_MS, PRESS, alert

ODD = PressRow("dev-9", "1", -(2**53), 2**53, "a/b 'c' 五", "cancel", NOW_MS, None, False, "episode-1", b"\x00\xff{")


async def test_a_press_is_known_by_its_whole_key_only(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.presses.add([PRESS, ODD]))
    others = [
        replace(PRESS, device="dev-10"),
        replace(PRESS, press_id="press-2"),
        replace(PRESS, pressed_at_ms=0),
        replace(PRESS, seq=42),
        replace(PRESS, button="hall"),
        replace(PRESS, gesture="cancel"),
    ]
    keys = [press.key for press in (PRESS, ODD, *others)]
    assert await database.read(lambda tx: tx.presses.known(keys)) == {PRESS.key: PRESS, ODD.key: ODD}


async def test_the_same_press_cannot_be_stored_twice(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.presses.add([PRESS]))
    with pytest.raises(Changed):
        await database.write(lambda tx: tx.presses.add([replace(PRESS, received_ms=NOW_MS + 9)]))


async def test_more_presses_than_a_statement_takes_values_are_looked_up(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.presses.add([PRESS]))
    keys = [PRESS.key, *(replace(PRESS, press_id=f"other-{number}").key for number in range(40_000))]
    assert await database.read(lambda tx: tx.presses.known(keys)) == {PRESS.key: PRESS}


async def test_other_content_under_an_old_id_is_a_new_press(database: SqliteDatabase) -> None:
    again = replace(PRESS, pressed_at_ms=PRESS.pressed_at_ms + 1)
    await database.write(lambda tx: tx.presses.add([PRESS, again]))
    assert len(await database.read(lambda tx: tx.presses.known([PRESS.key, again.key]))) == 2


async def test_a_slash_in_a_button_name_makes_no_two_presses_one(database: SqliteDatabase) -> None:
    one, other = replace(PRESS, button="a/press/b"), replace(PRESS, button="b", gesture="press/a")
    await database.write(lambda tx: tx.presses.add([one]))
    assert await database.read(lambda tx: tx.presses.known([other.key, one.key])) == {one.key: one}


async def test_a_press_from_a_device_that_nobody_entered_is_stored(database: SqliteDatabase) -> None:
    stranger = replace(PRESS, device="dev-nobody-knows")
    await database.write(lambda tx: tx.presses.add([stranger]))
    assert await database.read(lambda tx: tx.presses.known([stranger.key])) == {stranger.key: stranger}


async def test_the_presses_of_an_alert_come_in_order(database: SqliteDatabase) -> None:
    presses = [replace(PRESS, press_id=press_id, alert_id=ALERT.id, is_new_alert=press_id == "z") for press_id in "zya"]
    other = replace(PRESS, press_id="x", alert_id="alert-2")
    await database.write(lambda tx: tx.alerts.add([ALERT, alert(2)]))
    await database.write(lambda tx: tx.presses.add([*presses, other]))
    assert await database.read(lambda tx: tx.presses.of_alert(ALERT.id)) == presses


async def test_a_press_cannot_name_an_alert_that_is_not_stored(database: SqliteDatabase) -> None:
    with pytest.raises(IntegrityError):
        await database.write(lambda tx: tx.presses.add([replace(PRESS, alert_id="alert-77")]))
