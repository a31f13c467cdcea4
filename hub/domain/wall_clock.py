"""The clock on the community's wall as rotas use it: in whole minutes, and never going back.

Where a time change repeats an hour, this clock stands still until the wall has caught up; where one skips an hour, it
jumps. So every minute of it begins at one instant, a shift is one stretch of time, and where one ends the next begins.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60
MINUTE_MS = 60_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


def day_minute(day: date) -> int:
    """The minute at which this day begins, counted from the beginning of 1970."""
    return (day.toordinal() - _FIRST_DAY) * MINUTES_A_DAY


def day_of(minute: int) -> date:
    """The day to which this minute belongs."""
    return date.fromordinal(minute // MINUTES_A_DAY + _FIRST_DAY)


def minute_at(now_ms: int, timezone: str) -> int:
    """What the clock shows at `now_ms`, as minutes from the beginning of 1970 by the wall."""
    return _minute_at(now_ms // 1_000, timezone)


@lru_cache(maxsize=64)
def _minute_at(now_s: int, timezone: str) -> int:
    """Kept for a while: each press asks more than once, and there are bursts of them. No clock changes in a second."""
    now_ms = now_s * 1_000
    local = _local(now_ms, timezone)
    if local.fold:  # the hour is being repeated: the clock stands at the last minute before the change
        local = _local(_change_ms(now_ms - 3 * 3_600_000, now_ms, timezone) - 1, timezone)
    return _shown(local)


@lru_cache(maxsize=8_192)
def instant_ms(minute: int, timezone: str) -> int:
    """The first instant at which the clock shows this minute or, where that is skipped, a later one."""
    zone = ZoneInfo(timezone)
    wall = datetime.fromtimestamp(minute * 60, UTC).replace(tzinfo=zone)
    earlier = int(wall.replace(fold=0).timestamp()) * 1_000
    later = int(wall.replace(fold=1).timestamp()) * 1_000
    if _shown(_local(earlier, timezone)) == minute:
        return earlier
    return _change_ms(later, earlier, timezone)  # a skipped time: Python gives an instant on either side of the change


def _local(ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC).astimezone(ZoneInfo(timezone))


def _shown(local: datetime) -> int:
    return day_minute(local.date()) + local.hour * 60 + local.minute


def _change_ms(before_ms: int, after_ms: int, timezone: str) -> int:
    """The instant of the one time change in between."""
    old = _local(before_ms, timezone).utcoffset()
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        if _local(middle, timezone).utcoffset() == old:
            before_ms = middle
        else:
            after_ms = middle
    return after_ms


def minute_of_day(now_ms: int, timezone: str) -> int:
    """Minutes after midnight by the clock on the wall."""
    return minute_at(now_ms, timezone) % MINUTES_A_DAY


def day_begin_ms(now_ms: int, timezone: str) -> int:
    """The first instant of the day that it is at `now_ms`."""
    return instant_ms(day_minute(_local(now_ms, timezone).date()), timezone)
