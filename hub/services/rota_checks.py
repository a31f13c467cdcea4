"""What can be taken into the rota: each refusal is a sentence that says what to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hub.domain.errors import Invalid, NotFound
from hub.domain.roster import LONGEST_PART, NOBODY, ON_SHIFT_DUTIES, Absence, Extra, Rota, Shift, Swap
from hub.domain.turns import Turn, turns
from hub.domain.wall_clock import MINUTES_A_DAY, day_minute, day_of, instant_ms, minute_at
from hub.services.ports import RotaEntry, Tx

DAY_MS = 24 * 3_600_000
LONGEST_ABSENCE_DAYS = 366
FURTHEST_DAYS = 366
"""So far ahead single days are planned at most; what is further is a slip of the pen."""
ID = re.compile(r"[A-Za-z0-9._:-]{1,120}")


def minute_of(text: str) -> int:
    """Minutes from midnight of a time like 08:30; 24:00 is the end of the day. Raises Invalid."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found else MINUTES_A_DAY + 1
    if minute > MINUTES_A_DAY:
        raise Invalid("unknown_time")
    return minute


def day_from(text: str) -> date:
    """A day written as 2026-01-31. Raises Invalid."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("unknown_day") from None


def check(tx: Tx, entry: RotaEntry, now_ms: int) -> None:
    """Raises Invalid or NotFound for what cannot be."""
    if not ID.fullmatch(entry.id):
        raise Invalid("bad_entry_id", id=entry.id)
    match entry:
        case Shift():
            _check_person(tx, entry.person_id)
            _check_hours(tx, entry)
            if not 0 <= entry.weekday <= 6:
                raise Invalid("unknown_weekday")
        case Extra():
            _check_person(tx, entry.person_id)
            _check_hours(tx, entry)
            _check_day(entry.day, now_ms, tx.rota.rota().timezone)
        case Absence():
            _check_person(tx, entry.person_id)
            _check_absence(entry, now_ms)
        case Swap():
            check_swap(tx, entry, now_ms)


def _check_person(tx: Tx, person_id: str) -> None:
    if not tx.people.people([person_id]):
        raise NotFound(what="person", id=person_id)


def check_place(tx: Tx, place: str) -> None:
    if place not in tx.places.places():
        raise Invalid("unknown_place", place=place)


def _check_hours(tx: Tx, shift: Shift | Extra) -> None:
    check_place(tx, shift.place)
    if shift.duty not in ON_SHIFT_DUTIES:
        raise Invalid("not_a_shift_duty")
    if not (0 <= shift.start_minute < MINUTES_A_DAY and 0 <= shift.end_minute <= MINUTES_A_DAY):
        raise Invalid("unknown_time")


def _check_day(day: date, now_ms: int, timezone: str) -> None:
    today = day_of(minute_at(now_ms, timezone))
    if day < today - timedelta(days=1):
        raise Invalid("day_is_over", day=day.isoformat())
    if day > today + timedelta(days=FURTHEST_DAYS):
        raise Invalid("day_too_far", day=day.isoformat())


def _check_absence(absence: Absence, now_ms: int) -> None:
    if absence.until_ms <= absence.from_ms:
        raise Invalid("absence_ends_first")
    if absence.until_ms <= now_ms:
        raise Invalid("absence_is_over")
    if absence.until_ms - absence.from_ms > LONGEST_ABSENCE_DAYS * DAY_MS:
        raise Invalid("absence_too_long", most=LONGEST_ABSENCE_DAYS)


def check_swap(tx: Tx, swap: Swap, now_ms: int) -> list[Turn]:
    """The turns that the swap touches, as they are without it."""
    rota = tx.rota.rota()
    if swap.shift_id not in {one.id for one in rota.shifts} | {one.id for one in rota.extras}:
        raise NotFound(what="shift", id=swap.shift_id)
    _check_day(swap.day, now_ms, rota.timezone)
    if not 0 <= swap.from_minute < swap.until_minute <= LONGEST_PART:
        raise Invalid("unknown_time")
    without = replace(rota, swaps=[one for one in rota.swaps if one.id != swap.id])
    touched = _turns_at(without, swap)
    if not touched:
        raise Invalid("no_such_turn", day=swap.day.isoformat())
    if all(one.end_ms <= now_ms for one in touched):
        raise Invalid("turn_is_over")
    if swap.person_id != NOBODY:
        _check_taker(tx, swap, touched)
    return touched


def _turns_at(rota: Rota, swap: Swap) -> list[Turn]:
    midnight = day_minute(swap.day)
    from_ms = instant_ms(midnight + swap.from_minute, rota.timezone)
    until_ms = instant_ms(midnight + swap.until_minute, rota.timezone)
    return [one for one in turns(rota, from_ms, until_ms) if (one.shift_id, one.day) == (swap.shift_id, swap.day)]


def _check_taker(tx: Tx, swap: Swap, touched: Sequence[Turn]) -> None:
    person = tx.people.people([swap.person_id]).get(swap.person_id)
    if person is None:
        raise NotFound(what="person", id=swap.person_id)
    if all(one.person_id == swap.person_id for one in touched):
        raise Invalid("swap_with_oneself", name=person.name)
    for absence in tx.rota.rota().absences:
        is_theirs = absence.person_id == swap.person_id
        if is_theirs and any(absence.from_ms < one.end_ms and absence.until_ms > one.start_ms for one in touched):
            raise Invalid("taker_is_away", name=person.name)
