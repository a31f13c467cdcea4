"""Who is on duty at an instant: weekly shifts in the community's time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift by the clock on the wall. `weekday` 0 is Monday; minutes count from midnight.

    An `end_minute` at or before `start_minute` lies on the next day, so 22:00-06:00 belongs to the day it begins.
    """

    person_id: str
    place: str
    weekday: int
    start_minute: int
    end_minute: int


def on_duty(shifts: Iterable[Shift], now_ms: int, timezone: str) -> set[str]:
    """The ids of all who are on shift at `now_ms`; an hour that a time change repeats belongs to its shift twice."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    minute = local.hour * 60 + local.minute
    today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
    return {shift.person_id for shift in shifts if _holds(shift, today, yesterday, minute)}


def _holds(shift: Shift, today: int, yesterday: int, minute: int) -> bool:
    is_overnight = shift.end_minute <= shift.start_minute
    if shift.weekday == today and minute >= shift.start_minute:
        return is_overnight or minute < shift.end_minute
    return is_overnight and shift.weekday == yesterday and minute < shift.end_minute
