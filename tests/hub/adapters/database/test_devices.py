"""Devices, their buttons and proofs, stored and read again."""

from __future__ import annotations

from dataclasses import replace

from hub.adapters.database.database import SqliteDatabase
from hub.domain.devices import SAYS_ONLINE, Device, Part
from hub.domain.findings import Finding
from hub.services.ports import Configured
from tests.hub.adapters.database.sample import BUTTONS, DEVICES, NOW_MS, PRESS

HEARD = Device(
    "dev-9",
    "building-9",
    state=SAYS_ONLINE,
    session="s1",
    agent="1.2.0",
    heard_ms=NOW_MS,
    clock_offset_ms=-0.25,
    outbox=3,
    volume=0.5,
    delay_ms=-35.5,
    proved_ms={Part.SPEAKER: NOW_MS - 5, Part.MICROPHONE: NOW_MS - 7},
    finding=Finding.TOO_QUIET,
    finding_ms=NOW_MS - 9,
    buttons={"9-1-101": None, "hall": None},
)


async def test_a_device_that_was_never_heard_has_proved_nothing(database: SqliteDatabase) -> None:
    devices = await database.read(lambda tx: tx.devices.devices())
    assert devices == {
        "dev-10": DEVICES[0],
        "dev-9": replace(DEVICES[1], buttons={"9-1-101": None, "hall": None}),
    }


async def test_what_was_heard_is_kept_and_the_place_stays(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.devices.save([replace(HEARD, place="building-10")]))
    assert await database.read(lambda tx: tx.devices.devices(["dev-9", "dev-77"])) == {"dev-9": HEARD}


async def test_what_an_unknown_device_says_adds_no_device(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.devices.save([replace(HEARD, id="dev-77")]))
    assert set(await database.read(lambda tx: tx.devices.devices())) == {"dev-9", "dev-10"}


async def test_the_last_press_proves_a_button_whenever_the_device_says_it_was(database: SqliteDatabase) -> None:
    presses = [
        replace(PRESS, press_id="a", received_ms=NOW_MS + 50),
        replace(PRESS, press_id="b", received_ms=NOW_MS + 10, pressed_at_ms=NOW_MS + 10**9),
        replace(PRESS, press_id="c", received_ms=NOW_MS + 99, device="dev-10"),
        replace(PRESS, press_id="d", received_ms=NOW_MS + 99, button="9-1-102"),
    ]
    await database.write(lambda tx: tx.presses.add(presses))
    devices = await database.read(lambda tx: tx.devices.devices())
    assert devices["dev-9"].buttons == {"9-1-101": NOW_MS + 50, "hall": None}
    assert devices["dev-10"].buttons == {}


async def test_buttons_are_found_by_device_and_name(database: SqliteDatabase) -> None:
    keys = {("dev-9", "9-1-101"), ("dev-10", "hall"), ("dev-9", "9-1-102")}
    assert await database.read(lambda tx: tx.devices.buttons(keys)) == {("dev-9", "9-1-101"): BUTTONS[0]}
    assert await database.read(lambda tx: tx.devices.buttons_of("dev-9")) == BUTTONS


async def test_places_of_knows_only_devices_that_exist(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.devices.places_of(["dev-9", "dev-77"])) == {"dev-9": "building-9"}


async def test_which_settings_were_sent_is_kept_whatever_is_heard_of_the_device_afterwards(
    database: SqliteDatabase,
) -> None:
    await database.write(lambda tx: tx.devices.note_configured({"dev-9": "abc", "dev-77": "def"}, NOW_MS))
    await database.write(lambda tx: tx.devices.save([HEARD]))
    stored = [
        Configured("dev-10", "building-10", DEVICES[0].volume, 0.0),
        Configured("dev-9", "building-9", 0.5, -35.5, "abc", NOW_MS),
    ]
    assert await database.read(lambda tx: tx.devices.configured()) == stored
    assert await database.read(lambda tx: tx.devices.configured(["dev-9", "dev-77"])) == stored[1:]
