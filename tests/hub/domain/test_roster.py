"""Who is on duty at an instant, by the clock on the community's wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.people import Assignment, Duty
from hub.domain.roster import NOBODY, Absence, Extra, Rota, Shift, Swap, on_duty
from hub.domain.wall_clock import MINUTES_A_DAY

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
MONDAY = datetime(2025, 12, 1, tzinfo=ZoneInfo(SHANGHAI))
FIRST = MONDAY.date()


def at(day: int, hour: int, minute: int = 0, zone: str = SHANGHAI) -> int:
    """Milliseconds of a time in the week of Monday, 2025-12-01."""
    local = datetime(2025, 12, 1 + day, hour, minute, tzinfo=ZoneInfo(zone))
    return int(local.timestamp() * 1_000)


def shift(weekday: int, start: int, end: int) -> Shift:
    return Shift("wang", "all", weekday, start, end)


def people(rota: Rota, now_ms: int) -> set[str]:
    return set(on_duty(rota, now_ms).people)


def test_a_shift_holds_from_its_first_minute_to_before_its_last() -> None:
    morning = Rota(SHANGHAI, [shift(0, 8 * 60, 12 * 60)])
    assert not people(morning, at(0, 8) - 1)
    assert people(morning, at(0, 8)) == {"wang"}
    assert people(morning, at(0, 12) - 1) == {"wang"}
    assert not people(morning, at(0, 12))
    assert not people(morning, at(1, 9))


@pytest.mark.parametrize("weekday", range(7))
def test_a_night_shift_belongs_to_the_day_it_begins_also_over_the_end_of_the_week(weekday: int) -> None:
    night = Rota(SHANGHAI, [shift(weekday, 22 * 60, 6 * 60)])
    held = [hour for hour in range(7 * 24) if people(night, at(0, 0) + hour * 3_600_000)]
    assert sorted(held) == sorted((weekday * 24 + hour) % (7 * 24) for hour in range(22, 30))


def test_a_shift_of_a_whole_day_has_no_gap_whichever_way_it_is_written() -> None:
    for whole in ((0, MINUTES_A_DAY), (0, 0), (480, 480)):
        week = Rota(SHANGHAI, [shift(weekday, *whole) for weekday in range(7)])
        assert all(people(week, at(0, 0) + minute * 60_000) for minute in range(0, 7 * MINUTES_A_DAY, 7))


def test_the_communitys_wall_clock_counts_not_utc() -> None:
    early = [shift(0, 0, 60)]
    instant = at(0, 0, 30)
    assert people(Rota(SHANGHAI, early), instant)
    assert not people(Rota("UTC", early), instant)


@pytest.mark.parametrize(
    ("start", "end", "autumn_minutes", "spring_minutes"),
    [
        (2 * 60, 3 * 60, 120, 0),  # all of the hour that is repeated or skipped
        (2 * 60 + 30, 6 * 60, 270, 180),  # begins when the wall shows 2:30 for the first time, or at the jump
        (22 * 60, 2 * 60 + 30, 270, 240),  # ends there, and does not come back
    ],
)
def test_a_shift_is_one_stretch_also_where_an_hour_repeats_or_is_missing(
    start: int, end: int, autumn_minutes: int, spring_minutes: int
) -> None:
    for sunday, minutes in ((date(2025, 10, 26), autumn_minutes), (date(2025, 3, 30), spring_minutes)):
        weekday = 6 if start < end else 5
        rota = Rota(BERLIN, [Shift("wang", "all", weekday, start, end)])
        noon = datetime(sunday.year, sunday.month, sunday.day - 1, 12, tzinfo=ZoneInfo(BERLIN)).timestamp()
        held = [minute for minute in range(24 * 60) if people(rota, int(noon + minute * 60) * 1_000)]
        assert len(held) == minutes
        assert held == list(range(held[0], held[-1] + 1)) if held else minutes == 0


@given(
    weekday=st.integers(0, 6),
    start=st.integers(0, MINUTES_A_DAY - 1),
    end=st.integers(0, MINUTES_A_DAY),
    minute=st.integers(0, 7 * MINUTES_A_DAY - 1),
)
def test_a_shift_is_one_stretch_of_the_week(weekday: int, start: int, end: int, minute: int) -> None:
    length = (end - start) % MINUTES_A_DAY or MINUTES_A_DAY
    since = (minute - (weekday * MINUTES_A_DAY + start)) % (7 * MINUTES_A_DAY)
    instant = int((MONDAY + timedelta(minutes=minute)).astimezone(UTC).timestamp() * 1_000)
    assert bool(people(Rota(SHANGHAI, [shift(weekday, start, end)]), instant)) == (since < length)


# --- single days ---------------------------------------------------------------------------------------

NIGHT = Shift("wang", "grid-1", 0, 22 * 60, 6 * 60, id="night")


def night(*swaps: Swap, absences: tuple[Absence, ...] = ()) -> Rota:
    return Rota(SHANGHAI, [NIGHT], (), swaps, absences)


def test_whoever_takes_a_shift_is_there_instead_on_that_day_only() -> None:
    rota = night(Swap("s", "night", FIRST, "li"))
    assert people(rota, at(0, 23)) == {"li"}
    assert people(rota, at(1, 5)) == {"li"}
    assert people(rota, at(7, 23)) == {"wang"}
    assert on_duty(rota, at(0, 23)).posts == (Assignment("li", "grid-1", Duty.VOLUNTEER),)


def test_a_part_of_a_shift_is_taken_over_midnight_and_the_rest_stays() -> None:
    rota = night(Swap("s", "night", FIRST, "li", 23 * 60, 26 * 60))
    by_hour = {hour: people(rota, at(0, 0) + hour * 3_600_000) for hour in range(21, 31)}
    assert by_hour == {
        21: set(),
        22: {"wang"},
        23: {"li"},
        24: {"li"},
        25: {"li"},
        26: {"wang"},
        27: {"wang"},
        28: {"wang"},
        29: {"wang"},
        30: set(),
    }


def test_the_later_swap_holds_and_a_cancelled_shift_has_nobody() -> None:
    rota = night(Swap("s", "night", FIRST, "li"), Swap("t", "night", FIRST, NOBODY, 0, 24 * 60))
    assert people(rota, at(0, 23)) == set()
    assert people(rota, at(1, 1)) == {"li"}


def test_whoever_is_away_has_no_duty_and_whoever_stands_in_does() -> None:
    away = (Absence("a", "wang", at(0, 20), at(1, 2)),)
    assert people(night(absences=away), at(1, 1)) == set()
    assert people(night(absences=away), at(1, 2)) == {"wang"}
    assert people(night(Swap("s", "night", FIRST, "li"), absences=away), at(1, 1)) == {"li"}
    assert people(night(Swap("s", "night", FIRST, "li"), absences=(Absence("a", "li", 0, 2**62),)), at(1, 1)) == set()


def test_an_extra_shift_holds_on_its_day_only_over_midnight_too() -> None:
    rota = Rota(SHANGHAI, extras=[Extra("e", "li", "all", Duty.DESK, FIRST, 23 * 60, 60)])
    assert people(rota, at(0, 23)) == people(rota, at(1, 0, 59)) == {"li"}
    assert people(rota, at(1, 1)) == people(rota, at(7, 23)) == set()


def test_who_is_away_answers_for_nothing_and_who_stands_in_for_what_the_shift_is_for() -> None:
    rota = night(Swap("s", "night", FIRST, "li"), absences=(Absence("a", "chen", at(0, 0), at(2, 0)),))
    assignments = [
        Assignment("chen", "building-1", Duty.BUILDING_HEAD),
        Assignment("wang", "grid-1", Duty.VOLUNTEER),
        Assignment("li", "building-2", Duty.BUILDING_HEAD),
    ]
    assert on_duty(rota, at(0, 23)).answering(assignments) == [
        assignments[1],
        assignments[2],
        Assignment("li", "grid-1", Duty.VOLUNTEER),
    ]
    assert on_duty(rota, at(7, 23)).answering(assignments) == assignments
