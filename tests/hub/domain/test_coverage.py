"""Gaps of a ladder in the coming week, found before anybody falls into them."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.coverage import HOUR_MS, Coverage, Gap, Staff, coverage
from hub.domain.ladder import DEFAULT, Ladder, Rung, Who
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.domain.roll import Roll
from hub.domain.roster import Absence, Extra, Rota, Shift, on_duty

ZONE = "Asia/Shanghai"
HERE = ("home-1", "building-1", "grid-1", "all")
NEXT = ("building-2", "grid-1", "all")
PAGE = (Contact(ChannelName.PAGE),)
PEOPLE = {one: Person(one, one, contacts=PAGE) for one in ("helper", "head", "volunteer", "desk")}
ASSIGNMENTS = (
    Assignment("helper", "home-1", Duty.HELPER),
    Assignment("volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("desk", "all", Duty.DESK),
)
VOLUNTEERS: Ladder = (Rung((Who.VOLUNTEER,), 60_000),)


def at(day: int, hour: int, minute: int = 0) -> int:
    """In the week that begins on Monday the 4th of January 2027, as the wall shows it."""
    return int(datetime(2027, 1, day, hour, minute, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


MONDAY_MS = at(4, 0)


def staff(*shifts: Shift, absences: tuple[Absence, ...] = (), extras: tuple[Extra, ...] = ()) -> Staff:
    return Staff(PEOPLE, ASSIGNMENTS, Rota(ZONE, shifts, extras, (), absences))


def daily(person: str, start: int, end: int, place: str = "grid-1") -> list[Shift]:
    return [Shift(person, place, day, start, end) for day in range(7)]


def week(ladder: Ladder, who: Staff, within: tuple[int, int] = (0, 0)) -> Coverage:
    return coverage(ladder, [HERE, NEXT], who, MONDAY_MS + 17 * 60_000 + 3, within=within)


def test_a_rota_around_the_clock_leaves_no_gap() -> None:
    found = week(VOLUNTEERS, staff(*daily("volunteer", 0, 0)))
    assert (found.rungs, found.nobody) == (((),), ())
    assert (found.from_ms, found.until_ms) == (MONDAY_MS, MONDAY_MS + 168 * HOUR_MS)


def test_the_hours_without_a_volunteer_are_gaps_to_the_minute() -> None:
    found = week(VOLUNTEERS, staff(*daily("volunteer", 8 * 60 + 30, 22 * 60 + 15)))
    both = ("home-1", "building-2")
    assert found.rungs[0][:2] == (
        Gap(MONDAY_MS, at(4, 8, 30), both, True),
        Gap(at(4, 22, 15), at(5, 8, 30), both, True),
    )
    assert len(found.rungs[0]) == 8
    assert found.nobody == tuple(replace(gap, places=tuple(sorted(both))) for gap in found.rungs[0])


def test_a_gap_of_one_rung_is_no_gap_of_the_ladder_where_another_reaches_somebody() -> None:
    ladder = (Rung((Who.HELPER,), 45_000), *VOLUNTEERS)
    found = week(ladder, staff(*daily("volunteer", 480, 1320)))
    assert [len(gaps) for gaps in found.rungs] == [1, 8]
    assert found.rungs[0] == (Gap(MONDAY_MS, found.until_ms, ("building-2",), True),)  # it has no helper
    assert {gap.places for gap in found.nobody} == {("building-2",)}


def test_an_absence_opens_a_gap_and_a_single_shift_closes_it() -> None:
    away = Absence("a", "volunteer", at(6, 9, 10), at(6, 18))
    found = week(VOLUNTEERS, staff(*daily("volunteer", 0, 0), absences=(away,)))
    assert [(gap.from_ms, gap.until_ms) for gap in found.rungs[0]] == [(at(6, 9, 10), at(6, 18))]
    stand_in = Extra("x", "head", "grid-1", Duty.VOLUNTEER, date(2027, 1, 6), 9 * 60, 18 * 60)
    assert week(VOLUNTEERS, staff(*daily("volunteer", 0, 0), absences=(away,), extras=(stand_in,))).rungs == ((),)


def test_whoever_always_answers_and_is_away_leaves_a_gap_too() -> None:
    away = Absence("a", "helper", at(6, 9), at(6, 18))
    found = coverage((Rung((Who.HELPER,), 45_000),), [HERE], staff(absences=(away,)), MONDAY_MS)
    assert [(gap.from_ms, gap.until_ms) for gap in found.nobody] == [(at(6, 9), at(6, 18))]


def test_only_the_hours_count_in_which_the_ladder_holds() -> None:
    day = staff(*daily("volunteer", 480, 1320))
    assert week(VOLUNTEERS, day, within=(480, 1320)).rungs == ((),)
    night = week(VOLUNTEERS, day, within=(1290, 510)).rungs[0]
    assert (night[1].from_ms, night[1].until_ms) == (at(4, 22), at(5, 8))


def test_too_few_is_shown_apart_from_nobody() -> None:
    two = (replace(VOLUNTEERS[0], needed=2),)
    found = week(two, staff(*daily("volunteer", 0, 0)))
    assert [gap.is_nobody for gap in found.rungs[0]] == [False]
    assert found.nobody == ()


def test_a_person_whom_the_rungs_channels_do_not_reach_closes_no_gap() -> None:
    ntfy = (replace(VOLUNTEERS[0], channels=(ChannelName.NTFY,)),)
    assert len(week(ntfy, staff(*daily("volunteer", 0, 0))).nobody) == 1


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin"])
@given(
    shifts=st.lists(
        st.builds(
            Shift,
            st.sampled_from(["volunteer", "desk", "head"]),
            st.sampled_from(["grid-1", "all"]),
            st.integers(0, 6),
            st.integers(0, 1439),
            st.integers(0, 1439),
            st.sampled_from([Duty.VOLUNTEER, Duty.DESK]),
        ),
        max_size=6,
        unique_by=lambda one: one.id,
    ),
    minutes=st.lists(st.integers(0, 167 * 60 + 59), min_size=1, max_size=8),
)
def test_every_minute_is_a_gap_exactly_when_nobody_is_reached_then(
    zone: str, shifts: list[Shift], minutes: list[int]
) -> None:
    who = Staff(PEOPLE, ASSIGNMENTS, Rota(zone, shifts))
    ladder = (*VOLUNTEERS, Rung((Who.DESK,), 60_000), DEFAULT[2])
    found = coverage(ladder, [NEXT], who, MONDAY_MS)
    for minute in minutes:
        at_ms = found.from_ms + minute * 60_000
        duty = on_duty(who.rota, at_ms)
        roll = Roll(duty.answering(ASSIGNMENTS), duty.people)
        for rung, gaps in zip(ladder, found.rungs, strict=True):
            is_gap = any(gap.from_ms <= at_ms < gap.until_ms for gap in gaps)
            assert is_gap == (not roll.named(rung.who, NEXT, lambda _: 0.0))
