"""The rota, stored and read again; and what stays out of what every press reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from hub.adapters.database.database import SqliteDatabase
from hub.domain.people import Duty
from hub.domain.roster import Absence, Extra, Rota, Shift, Swap
from hub.services.ports import AskedSwap, AuditRow, HandOver, RotaEntry, Tx
from tests.hub.adapters.database.sample import COMMUNITY, NOW_MS

SHIFTS = [
    Shift("p1", "all", 0, 960, 0, Duty.DESK),
    Shift("p2", "all", 0, 0, 1_440, Duty.DESK, id="mine"),
    Shift("p2", "grid-1", 6, 1_320, 360),
]
DAY = date(2027, 1, 15)
EXTRA = Extra("extra", "p1", "grid-1", Duty.VOLUNTEER, DAY, 480, 720)
SWAP = Swap("swap", "mine", DAY, "p1", 60, 120)
ABSENCE = Absence("absence", "p2", NOW_MS, NOW_MS + 1)
NOTE = HandOver("all", Duty.DESK, NOW_MS, "p1", "钥匙在抽屉里", NOW_MS - 5)


async def put(database: SqliteDatabase, *entries: RotaEntry, now_ms: int = NOW_MS) -> Rota:
    """Stores them; gives the rota as the next transaction sees it."""
    await database.write(lambda tx: tx.rota.put(entries, now_ms))
    return await database.read(lambda tx: tx.rota.rota())


async def test_an_empty_rota_knows_the_communitys_time_zone(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.rota.rota()) == Rota(COMMUNITY.timezone, [], [], [], [])


async def test_everything_comes_back_as_it_was_put(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.rota.add_shifts(SHIFTS))
    rota = await put(database, EXTRA, SWAP, ABSENCE)
    assert set(rota.shifts) == set(SHIFTS)
    assert (rota.extras, rota.swaps, rota.absences) == ([EXTRA], [SWAP], [ABSENCE])


async def test_what_has_the_same_id_is_replaced(database: SqliteDatabase) -> None:
    await put(database, SHIFTS[1], EXTRA, SWAP, ABSENCE)
    changed = (
        replace(SHIFTS[1], start_minute=5),
        replace(EXTRA, person_id="p2"),
        replace(SWAP, person_id=""),
        replace(ABSENCE, until_ms=NOW_MS + 9),
    )
    rota = await put(database, *changed)
    assert (*rota.shifts, *rota.extras, *rota.swaps, *rota.absences) == changed


async def test_swaps_stand_in_the_order_in_which_they_were_agreed(database: SqliteDatabase) -> None:
    later = replace(SWAP, id="a")
    await put(database, later, now_ms=NOW_MS + 1)
    assert (await put(database, SWAP)).swaps == [SWAP, later]


async def test_dropping_a_shift_drops_its_swaps_and_dropping_again_changes_nothing(database: SqliteDatabase) -> None:
    await put(database, SHIFTS[1], SWAP, EXTRA, ABSENCE)

    def drop(tx: Tx) -> None:
        tx.rota.drop(Shift, "mine")
        tx.rota.drop(Extra, "extra")
        tx.rota.drop(Absence, "absence")

    for _ in range(2):
        await database.write(drop)
        assert await database.read(lambda tx: tx.rota.rota()) == Rota(COMMUNITY.timezone, [], [], [], [])


async def test_what_is_over_is_forgotten_and_what_repeats_is_not(database: SqliteDatabase) -> None:
    await put(database, SHIFTS[1], EXTRA, SWAP, ABSENCE)
    await database.write(lambda tx: tx.rota.put_hand_over(NOTE))
    await database.write(lambda tx: tx.rota.forget(DAY, NOW_MS))
    assert (await database.read(lambda tx: tx.rota.rota())).swaps == [SWAP]
    await database.write(lambda tx: tx.rota.forget(date(2027, 1, 16), NOW_MS + 2))
    rota = await database.read(lambda tx: tx.rota.rota())
    assert rota == Rota(COMMUNITY.timezone, [SHIFTS[1]], [], [], [])
    assert await database.read(lambda tx: tx.rota.hand_overs(0)) == []


async def test_a_swap_that_is_only_asked_for_is_not_in_the_rota_until_it_is_agreed(database: SqliteDatabase) -> None:
    asked = AskedSwap(SWAP, "p2", NOW_MS)
    await database.write(lambda tx: tx.rota.ask(asked))
    assert await database.read(lambda tx: tx.rota.asked()) == [asked]
    assert (await database.read(lambda tx: tx.rota.rota())).swaps == []
    assert (await put(database, SWAP)).swaps == [SWAP]
    assert await database.read(lambda tx: tx.rota.asked()) == []


async def test_a_note_is_replaced_by_the_next_and_removed_by_an_empty_one(database: SqliteDatabase) -> None:
    for text in ("钥匙在抽屉里", "钥匙在门卫"):
        await database.write(lambda tx, text=text: tx.rota.put_hand_over(replace(NOTE, text=text)))  # type: ignore[misc]
    assert await database.read(lambda tx: tx.rota.hand_overs(NOW_MS)) == [replace(NOTE, text="钥匙在门卫")]
    assert await database.read(lambda tx: tx.rota.hand_overs(NOW_MS + 1)) == []
    await database.write(lambda tx: tx.rota.put_hand_over(replace(NOTE, text="")))
    assert await database.read(lambda tx: tx.rota.hand_overs(0)) == []


@pytest.mark.parametrize(
    "entry",
    [
        Shift("p1", "all", 7, 0, 60),
        Shift("p1", "all", 0, 1_440, 60),
        Shift("p1", "all", 0, 0, 1_441),
        Shift("nobody", "all", 0, 0, 60),
        Shift("p1", "nowhere", 0, 0, 60),
        replace(SWAP, from_minute=120),
        replace(ABSENCE, until_ms=NOW_MS),
    ],
)
async def test_what_cannot_be_is_refused(database: SqliteDatabase, entry: RotaEntry) -> None:
    with pytest.raises(IntegrityError):
        await put(database, entry)


async def test_the_audit_log_gives_the_newest_first(database: SqliteDatabase) -> None:
    rows = [AuditRow(NOW_MS + n, "p1", "shift_put", {"id": str(n)}) for n in range(3)]
    for row in rows:
        await database.write(lambda tx, row=row: tx.audit.add(row))  # type: ignore[misc]
    assert await database.read(lambda tx: tx.audit.latest(2)) == [rows[2], rows[1]]
