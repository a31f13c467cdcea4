"""The rota is changed by people: once each, written down, and refused with a sentence where it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from hub.adapters.database.database import SqliteDatabase
from hub.domain.errors import DongdongError, Invalid, NotFound, NotPermitted
from hub.domain.ladder import Rung, Who
from hub.domain.people import Assignment, Contact, Duty, Person
from hub.domain.people import ChannelName as Channel
from hub.domain.roster import NOBODY, Absence, Extra, Rota, Shift, Swap, on_duty
from hub.domain.words import explain
from hub.services.calling import Calling
from hub.services.ports import RotaEntry, Tx
from hub.services.rota import KEPT_DAYS, Rotas
from hub.services.rota_checks import day_from, minute_of
from tests.fakes.news import FakeNews
from tests.hub.services.small_community import NOON_MS, FakeClock, small_community

HOUR_MS, DAY_MS = 3_600_000, 24 * 3_600_000
MONDAY = date(2025, 12, 1)
DAY_SHIFT = Shift("wang", "grid-1", 0, 8 * 60, 20 * 60, Duty.VOLUNTEER, "day")
SWAP = Swap("swap", "day", MONDAY, "li")
HERE = (Who.HELPER, Who.BUILDING_HEAD)
AWAY = Absence("away", "li", NOON_MS, NOON_MS + DAY_MS)


@dataclass
class Rig:
    """The service with all that it stands on; Wang has a shift now."""

    rotas: Rotas
    database: SqliteDatabase
    clock: FakeClock
    news: FakeNews

    async def rota(self) -> Rota:
        return await self.database.read(lambda tx: tx.rota.rota())

    async def on_duty(self) -> set[str]:
        return set(on_duty(await self.rota(), self.clock.now_ms()).people)

    async def audited(self) -> list[str]:
        return [row.what for row in reversed(await self.database.read(lambda tx: tx.audit.latest(100)))]


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with small_community(tmp_path) as database:
        clock, news = FakeClock(), FakeNews()
        made = Rig(Rotas(database, clock, news), database, clock, news)
        await made.rotas.put_shift(DAY_SHIFT, "desk")
        yield made


async def test_a_swap_holds_until_it_is_taken_back_and_each_change_is_written_down(rig: Rig) -> None:
    assert await rig.on_duty() == {"wang"}
    await rig.rotas.put_swap(SWAP, "desk")
    assert await rig.on_duty() == {"li"}
    await rig.rotas.restore("day", MONDAY, "desk")
    assert await rig.on_duty() == {"wang"}
    await rig.rotas.put_swap(replace(SWAP, person_id=NOBODY), "desk")
    assert await rig.on_duty() == set()
    assert await rig.audited() == ["shift_put", "swap_put", "swap_dropped", "swap_put"]
    row = (await rig.database.read(lambda tx: tx.audit.latest(1)))[0]
    assert (row.actor, row.at_ms, row.detail["day"]) == ("desk", NOON_MS, "2025-12-01")
    assert "rota" in rig.news.topics


@pytest.mark.parametrize(
    ("entry", "put"),
    [
        (replace(DAY_SHIFT, id="other"), Rotas.put_shift),
        (Extra("extra", "li", "grid-1", Duty.VOLUNTEER, MONDAY, 0, 60), Rotas.put_extra),
        (SWAP, Rotas.put_swap),
        (AWAY, Rotas.put_absence),
    ],
)
async def test_the_same_change_again_is_no_change_and_dropping_twice_neither(
    rig: Rig, entry: RotaEntry, put: Callable[..., object]
) -> None:
    for _ in range(2):
        await put(rig.rotas, entry, "desk")  # type: ignore[misc]
    name = type(entry).__name__.lower()
    assert await rig.audited() == ["shift_put", f"{name}_put"]
    for _ in range(2):
        await rig.rotas.drop(type(entry), entry.id, "desk")
    assert await rig.audited() == ["shift_put", f"{name}_put", f"{name}_dropped"]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (replace(DAY_SHIFT, id="a b"), "bad_entry_id"),
        (replace(DAY_SHIFT, id="x", person_id="nobody"), "not_found"),
        (replace(DAY_SHIFT, id="x", place="nowhere"), "unknown_place"),
        (replace(DAY_SHIFT, id="x", duty=Duty.HELPER), "not_a_shift_duty"),
        (replace(DAY_SHIFT, id="x", weekday=7), "unknown_weekday"),
        (replace(DAY_SHIFT, id="x", start_minute=1_440), "unknown_time"),
        (replace(DAY_SHIFT, id="x", end_minute=1_441), "unknown_time"),
        (Extra("x", "li", "all", Duty.DESK, MONDAY - timedelta(days=2), 0, 60), "day_is_over"),
        (Extra("x", "li", "all", Duty.DESK, MONDAY + timedelta(days=400), 0, 60), "day_too_far"),
        (replace(SWAP, shift_id="none"), "not_found"),
        (replace(SWAP, person_id="nobody"), "not_found"),
        (replace(SWAP, day=MONDAY + timedelta(days=1)), "no_such_turn"),
        (replace(SWAP, person_id="wang"), "swap_with_oneself"),
        (replace(SWAP, from_minute=60, until_minute=60), "unknown_time"),
        (replace(SWAP, from_minute=0, until_minute=60), "no_such_turn"),
        (replace(AWAY, until_ms=NOON_MS), "absence_ends_first"),
        (replace(AWAY, from_ms=NOON_MS - 2, until_ms=NOON_MS - 1), "absence_is_over"),
        (replace(AWAY, until_ms=NOON_MS + 400 * DAY_MS), "absence_too_long"),
        (replace(AWAY, person_id="nobody"), "not_found"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence_and_changes_nothing(
    rig: Rig, entry: RotaEntry, key: str
) -> None:
    before = await rig.rota()
    put = {Shift: rig.rotas.put_shift, Extra: rig.rotas.put_extra, Swap: rig.rotas.put_swap}
    with pytest.raises((Invalid, NotFound)) as refused:
        await put.get(type(entry), rig.rotas.put_absence)(entry, "desk")  # type: ignore[operator]
    assert refused.value.key == key
    for language in ("zh", "en"):
        assert "{" not in explain(refused.value, language)
    assert await rig.rota() == before
    assert await rig.audited() == ["shift_put"]


async def test_a_turn_that_is_over_is_not_swapped(rig: Rig) -> None:
    rig.clock.ms += 9 * HOUR_MS
    with pytest.raises(Invalid, match="turn_is_over"):
        await rig.rotas.put_swap(SWAP, "desk")


async def test_nobody_is_made_to_take_a_shift_while_away(rig: Rig) -> None:
    await rig.rotas.put_absence(AWAY, "desk")
    with pytest.raises(Invalid, match="taker_is_away"):
        await rig.rotas.put_swap(SWAP, "desk")


# --- asking --------------------------------------------------------------------------------------------


async def test_a_swap_that_is_asked_for_changes_nothing_until_staff_agree(rig: Rig) -> None:
    await rig.rotas.ask_swap(SWAP, "wang")
    await rig.rotas.ask_swap(SWAP, "wang")
    assert await rig.on_duty() == {"wang"}
    for _ in range(2):
        await rig.rotas.agree("swap", "desk")
    assert await rig.on_duty() == {"li"}
    assert await rig.audited() == ["shift_put", "swap_asked", "swap_agreed"]


async def test_asking_somebody_else_replaces_the_first_and_declining_ends_it(rig: Rig) -> None:
    await rig.rotas.ask_swap(SWAP, "wang")
    await rig.rotas.ask_swap(replace(SWAP, id="second", person_id="zhao"), "wang")
    assert [one.swap.id for one in await rig.database.read(lambda tx: tx.rota.asked())] == ["second"]
    await rig.rotas.drop(Swap, "second", "desk")
    assert await rig.database.read(lambda tx: tx.rota.asked()) == []
    assert await rig.on_duty() == {"wang"}
    with pytest.raises(NotFound):
        await rig.rotas.agree("second", "desk")


async def test_nobody_asks_for_a_turn_of_somebody_else(rig: Rig) -> None:
    with pytest.raises(NotPermitted):
        await rig.rotas.ask_swap(replace(SWAP, person_id="zhao"), "li")
    assert await rig.database.read(lambda tx: tx.rota.asked()) == []


# --- notes, and what is over ---------------------------------------------------------------------------


async def test_a_note_is_left_once_changed_and_removed(rig: Rig) -> None:
    for text in ("电梯在修", " 电梯在修 ", "电梯好了", ""):
        await rig.rotas.put_hand_over("grid-1", Duty.VOLUNTEER, NOON_MS, text, "wang")
    assert await rig.audited() == ["shift_put", *["hand_over_put"] * 3]
    assert await rig.database.read(lambda tx: tx.rota.hand_overs(0)) == []
    with pytest.raises(Invalid, match="hand_over_too_long"):
        await rig.rotas.put_hand_over("grid-1", Duty.VOLUNTEER, NOON_MS, "长" * 501, "wang")
    with pytest.raises(Invalid, match="unknown_place"):
        await rig.rotas.put_hand_over("nowhere", Duty.VOLUNTEER, NOON_MS, "好", "wang")


async def test_the_next_change_forgets_what_is_long_over(rig: Rig) -> None:
    await rig.rotas.put_swap(SWAP, "desk")
    await rig.rotas.put_absence(AWAY, "desk")
    rig.clock.ms += (KEPT_DAYS + 2) * DAY_MS
    await rig.rotas.put_absence(Absence("new", "zhao", rig.clock.ms, rig.clock.ms + 1), "desk")
    rota = await rig.rota()
    assert (rota.swaps, [one.id for one in rota.absences], len(rota.shifts)) == ([], ["new"], 1)


@pytest.mark.parametrize("text", ["", "8", "24:01", "25:00", "12:60", "noon", "-1:00"])
def test_a_time_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(DongdongError):
        minute_of(text)
    with pytest.raises(DongdongError):
        day_from(text)


def test_times_and_days_are_read_as_people_write_them() -> None:
    assert [minute_of(text) for text in ("00:00", "8:05", "24:00")] == [0, 485, 1_440]
    assert day_from("2025-12-01") == MONDAY


# --- who is called then --------------------------------------------------------------------------------


async def test_whoever_stands_in_is_called_and_whoever_is_away_is_not(rig: Rig) -> None:
    def fill(tx: Tx) -> None:
        tx.people.add_people([Person("sun", "孙", contacts=(Contact(Channel.PAGE),))])
        tx.people.add_assignments([Assignment("wang", "grid-1", Duty.VOLUNTEER)])

    await rig.database.write(fill)

    async def asked(*who: Who) -> list[str]:
        def job(tx: Tx) -> list[str]:
            calling = Calling(tx, rig.clock.now_ms())
            return list(calling.asked(Rung(who, 1), calling.around("building-1", "home-1-101")))

        return await rig.database.read(job)

    assert (await asked(*HERE), await asked(Who.VOLUNTEER)) == (["li", "wang"], ["wang"])
    await rig.rotas.put_swap(replace(SWAP, person_id="sun"), "desk")
    assert (await asked(*HERE), await asked(Who.VOLUNTEER)) == (["li", "wang"], ["sun"])
    await rig.rotas.put_absence(replace(AWAY, person_id="wang"), "desk")
    assert await asked(*HERE) == ["li"]
