"""Who is on duty at an instant, by the clock on the community's wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.roster import MINUTES_A_DAY, Shift, on_duty

SHANGHAI = "Asia/Shanghai"
MONDAY = datetime(2025, 12, 1, tzinfo=ZoneInfo(SHANGHAI))


def at(day: int, hour: int, minute: int = 0, zone: str = SHANGHAI) -> int:
    """Milliseconds of a time in the week of Monday, 2025-12-01."""
    local = datetime(2025, 12, 1 + day, hour, minute, tzinfo=ZoneInfo(zone))
    return int(local.timestamp() * 1_000)


def shift(weekday: int, start: int, end: int) -> Shift:
    return Shift("wang", "all", weekday, start, end)


def test_a_shift_holds_from_its_first_minute_to_before_its_last() -> None:
    morning = [shift(0, 8 * 60, 12 * 60)]
    assert not on_duty(morning, at(0, 8) - 1, SHANGHAI)
    assert on_duty(morning, at(0, 8), SHANGHAI) == {"wang"}
    assert on_duty(morning, at(0, 12) - 1, SHANGHAI) == {"wang"}
    assert not on_duty(morning, at(0, 12), SHANGHAI)
    assert not on_duty(morning, at(1, 9), SHANGHAI)


@pytest.mark.parametrize("weekday", range(7))
def test_a_night_shift_belongs_to_the_day_it_begins_also_over_the_end_of_the_week(weekday: int) -> None:
    night = [shift(weekday, 22 * 60, 6 * 60)]
    held = [hour for hour in range(7 * 24) if on_duty(night, at(0, 0) + hour * 3_600_000, SHANGHAI)]
    assert sorted(held) == sorted((weekday * 24 + hour) % (7 * 24) for hour in range(22, 30))


def test_a_shift_of_a_whole_day_has_no_gap_whichever_way_it_is_written() -> None:
    for whole in ((0, MINUTES_A_DAY), (0, 0), (480, 480)):
        week = [shift(weekday, *whole) for weekday in range(7)]
        assert all(on_duty(week, at(0, 0) + minute * 60_000, SHANGHAI) for minute in range(0, 7 * MINUTES_A_DAY, 7))


def test_the_communitys_wall_clock_counts_not_utc() -> None:
    early = [shift(0, 0, 60)]
    instant = at(0, 0, 30)
    assert on_duty(early, instant, SHANGHAI)
    assert not on_duty(early, instant, "UTC")


def test_an_hour_that_a_time_change_repeats_belongs_to_its_shift_twice_and_a_skipped_one_to_none() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = [Shift("wang", "all", 6, 2 * 60, 3 * 60)]
    for day, minutes in ((datetime(2025, 10, 26, tzinfo=berlin), 120), (datetime(2025, 3, 30, tzinfo=berlin), 0)):
        start = int(day.timestamp() * 1_000)
        held = [minute for minute in range(24 * 60) if on_duty(night, start + minute * 60_000, "Europe/Berlin")]
        assert len(held) == minutes


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
    assert bool(on_duty([shift(weekday, start, end)], instant, SHANGHAI)) == (since < length)
