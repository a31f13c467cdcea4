"""The rota laid out: it agrees at every minute with an oracle that walks through the weeks by hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.people import Duty
from hub.domain.roster import NOBODY, Absence, Extra, Rota, Shift, Swap, on_duty
from hub.domain.turns import WEEK_MS, Turn, following, gaps, next_gap_ms, turn_of, turns
from hub.domain.wall_clock import MINUTES_A_DAY, day_minute, day_of, instant_ms, minute_at

BERLIN, SHANGHAI, LORD_HOWE = "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe"
PEOPLE, PLACES = ("wang", "li", "chen"), ("all", "grid-1")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# Stretches of two days, in the middle of which the clocks change: back, forward, not at all, by half an hour.
STRETCHES = [
    (BERLIN, datetime(2025, 10, 25, tzinfo=ZoneInfo(BERLIN))),
    (BERLIN, datetime(2025, 3, 29, tzinfo=ZoneInfo(BERLIN))),
    (SHANGHAI, datetime(2025, 12, 30, tzinfo=ZoneInfo(SHANGHAI))),
    (LORD_HOWE, datetime(2025, 4, 5, tzinfo=ZoneInfo(LORD_HOWE))),
]
LENGTH_MS = 50 * HOUR_MS

minutes = st.one_of(st.sampled_from([0, 120, 150, 180, 1_320]), st.integers(0, MINUTES_A_DAY - 1))
ends = st.one_of(st.sampled_from([0, 120, 150, 180, 360, 1_440]), st.integers(0, MINUTES_A_DAY))
parts = st.integers(0, 2 * MINUTES_A_DAY)


@st.composite
def rotas(draw: st.DrawFn) -> tuple[Rota, int]:
    """A rota around one of the stretches, and the stretch's first instant."""
    timezone, start = draw(st.sampled_from(STRETCHES))
    start_ms = int(start.timestamp() * 1_000)
    days = st.integers(-1, 2).map(lambda days: start.date() + timedelta(days=days))
    person, place, duty = st.sampled_from(PEOPLE), st.sampled_from(PLACES), st.sampled_from([Duty.DESK, Duty.VOLUNTEER])
    shifts = draw(st.lists(st.builds(Shift, person, place, st.integers(0, 6), minutes, ends, duty), max_size=8))
    extras = draw(st.lists(st.tuples(person, place, duty, days, minutes, ends), max_size=2))
    swaps = draw(
        st.lists(
            st.tuples(st.integers(0, 9), days, st.sampled_from([*PEOPLE, NOBODY]), st.tuples(parts, parts) | st.none()),
            max_size=6,
        )
    )
    instants = st.integers(0, LENGTH_MS // MINUTE_MS).map(lambda minute: start_ms + minute * MINUTE_MS)
    absences = draw(st.lists(st.tuples(person, instants, instants), max_size=2))
    rota = Rota(
        timezone,
        [replace(one, id=f"shift-{n}") for n, one in enumerate(shifts)],
        [Extra(f"shift-{n + 8}", *one) for n, one in enumerate(extras)],
        [
            Swap(f"swap-{n}", f"shift-{shift}", day, taker, *(sorted(part) if part else (0, 2 * MINUTES_A_DAY)))
            for n, (shift, day, taker, part) in enumerate(swaps)
        ],
        [Absence(f"absence-{n}", one, min(a, b), max(a, b)) for n, (one, a, b) in enumerate(absences)],
    )
    return rota, start_ms


Post = tuple[str, str, Duty]


def by_hand(rota: Rota, start_ms: int) -> list[list[Post]]:
    """Minute by minute: who is where. Paints every shift on the wall's minutes, then walks along the real ones."""
    painted: defaultdict[int, list[Post]] = defaultdict(list)
    zone = ZoneInfo(rota.timezone)
    first = datetime.fromtimestamp(start_ms / 1_000, UTC).astimezone(zone).date()
    for day in (first + timedelta(days=days) for days in range(-2, 4)):
        held: list[Shift | Extra] = [one for one in rota.shifts if one.weekday == day.weekday()]
        held += [one for one in rota.extras if one.day == day]
        for shift in held:
            minute = shift.start_minute
            while True:
                taker = shift.person_id
                for swap in rota.swaps:
                    if (swap.shift_id, swap.day) == (shift.id, day) and swap.from_minute <= minute < swap.until_minute:
                        taker = swap.person_id
                painted[_wall(day, minute)].append((taker, shift.place, shift.duty))
                minute += 1
                if minute % MINUTES_A_DAY == shift.end_minute % MINUTES_A_DAY:
                    break
    seen, highest = [], 0
    for now_ms in range(start_ms, start_ms + LENGTH_MS, MINUTE_MS):
        local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone)
        highest = max(highest, _wall(local.date(), local.hour * 60 + local.minute))
        away = {one.person_id for one in rota.absences if one.from_ms <= now_ms < one.until_ms}
        seen.append(sorted(post for post in painted[highest] if post[0] != NOBODY and post[0] not in away))
    return seen


def _wall(day: date, minute: int) -> int:
    return (day - date(2000, 1, 1)).days * MINUTES_A_DAY + minute


@settings(max_examples=100)
@given(rotas())
def test_at_every_minute_those_are_on_duty_whom_the_oracle_finds(drawn: tuple[Rota, int]) -> None:
    rota, start_ms = drawn
    expected = by_hand(rota, start_ms)
    laid_out = turns(rota, start_ms, start_ms + LENGTH_MS)
    for index in _telling(expected, laid_out, start_ms):
        _check(rota, laid_out, start_ms + index * MINUTE_MS, expected[index])


@settings(max_examples=20)
@given(rotas())
def test_gaps_are_the_minutes_at_which_nobody_is_at_a_post(drawn: tuple[Rota, int]) -> None:
    rota, start_ms = drawn
    expected = by_hand(rota, start_ms)
    until_ms = start_ms + LENGTH_MS
    of_post = [one for one in turns(rota, start_ms, until_ms) if (one.place, one.duty) == ("all", Duty.DESK)]
    found = gaps(of_post, start_ms, until_ms)
    for index in range(len(expected)):
        now_ms = start_ms + index * MINUTE_MS
        is_manned = any((place, duty) == ("all", Duty.DESK) for _, place, duty in expected[index])
        assert is_manned != any(first <= now_ms < until for first, until in found)
    if found:
        coming = turns(rota, start_ms, start_ms + WEEK_MS)
        of_desk = [one for one in coming if (one.place, one.duty) == ("all", Duty.DESK)]
        assert next_gap_ms(of_desk, start_ms) == found[0][0]


def _telling(expected: list[list[Post]], laid_out: list[Turn], start_ms: int) -> list[int]:
    """The minutes on both sides of every change that oracle or rota know, and some between."""
    changes = {index for index in range(1, len(expected)) if expected[index] != expected[index - 1]}
    edges = {(edge - start_ms) // MINUTE_MS for one in laid_out for edge in (one.start_ms, one.end_ms)}
    near = {index + offset for index in changes | edges for offset in (-1, 0)}
    return sorted((near | set(range(0, len(expected), 29))) & set(range(len(expected))))


def _check(rota: Rota, laid_out: list[Turn], now_ms: int, expected: list[Post]) -> None:
    now = sorted((one.person_id, one.place, one.duty) for one in on_duty(rota, now_ms).posts)
    assert now == expected
    held = sorted(
        (one.person_id, one.place, one.duty) for one in laid_out if one.is_held and one.start_ms <= now_ms < one.end_ms
    )
    assert held == expected


@given(st.sampled_from(STRETCHES), st.integers(0, LENGTH_MS // 1_000), st.integers(1, 3_600))
def test_the_walls_clock_never_goes_back_and_every_minute_begins_once(
    stretch: tuple[str, datetime], since_s: int, later_s: int
) -> None:
    timezone, start = stretch
    now_ms = int(start.timestamp() + since_s) * 1_000
    minute = minute_at(now_ms, timezone)
    assert minute <= minute_at(now_ms + later_s * 1_000, timezone)
    assert instant_ms(minute, timezone) <= now_ms
    assert minute_at(instant_ms(minute, timezone) - 1, timezone) < minute
    assert day_minute(day_of(minute)) <= minute < day_minute(day_of(minute)) + MINUTES_A_DAY


# --- what a page asks ----------------------------------------------------------------------------------

MONDAY_MS = int(datetime(2025, 12, 1, tzinfo=ZoneInfo(SHANGHAI)).timestamp() * 1_000)
WEEK = [
    Shift(who, "all", day, *at, Duty.DESK) for day in range(7) for who, at in (("wang", (0, 720)), ("li", (720, 0)))
]


def test_the_one_who_is_next_begins_after_now() -> None:
    rota = Rota(SHANGHAI, WEEK)
    of_post = turns(rota, MONDAY_MS, MONDAY_MS + 24 * HOUR_MS)
    after = following(of_post, MONDAY_MS + HOUR_MS)
    assert after is not None
    assert (after.person_id, after.start_ms) == ("li", MONDAY_MS + 12 * HOUR_MS)
    assert following(of_post, MONDAY_MS + 24 * HOUR_MS) is None


def test_my_turn_is_the_one_i_have_and_else_the_next() -> None:
    mine = [one for one in turns(Rota(SHANGHAI, WEEK), MONDAY_MS, MONDAY_MS + 48 * HOUR_MS) if one.person_id == "wang"]
    now, later = turn_of(mine, MONDAY_MS + HOUR_MS), turn_of(mine, MONDAY_MS + 13 * HOUR_MS)
    assert now is not None
    assert later is not None
    assert (now.start_ms, later.start_ms) == (MONDAY_MS, MONDAY_MS + 24 * HOUR_MS)
    assert turn_of([], MONDAY_MS) is None


@pytest.mark.parametrize(("absence", "gap_hours"), [(None, None), ((30, 32), 30), ((-5, 1), 0), ((6, 14), 6)])
def test_the_next_gap_is_known_before_it_comes(absence: tuple[int, int] | None, gap_hours: int | None) -> None:
    away = [Absence("a", "wang", *(MONDAY_MS + hours * HOUR_MS for hours in absence))] if absence else []
    coming = turns(Rota(SHANGHAI, WEEK, absences=away), MONDAY_MS, MONDAY_MS + WEEK_MS)
    found = next_gap_ms(coming, MONDAY_MS)
    assert found == (None if gap_hours is None else MONDAY_MS + gap_hours * HOUR_MS)
