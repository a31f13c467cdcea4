"""What is different these days in the example community: one swap, one absence, and a note between two shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hub.domain.people import Duty
from hub.domain.places import EVERYWHERE
from hub.domain.roster import Absence, Rota, Shift, Swap
from hub.domain.turns import turns
from hub.domain.wall_clock import day_minute, day_of, instant_ms, minute_at
from hub.services.example.community import Example
from hub.services.ports import HandOver

DAY_MS = 24 * 3_600_000
AWAY_GRID = "grid-3"
"""Whose leader (网格长) is away: its volunteers are asked all the same, so that nobody is left alone."""
SWAP_START = 8 * 60
NOTE = "17栋2单元电梯在修，去502请走楼梯；社区活动室的钥匙在抽屉里。"


@dataclass(frozen=True, slots=True)
class SingleDays:
    """Around the day on which the example is filled in."""

    swap: Swap
    absence: Absence
    note: HandOver


def single_days(values: Example, now_ms: int) -> SingleDays:
    """Tomorrow's early desk shift is another's, a grid leader is away for two days, and the last desk left a note."""
    timezone = values.community.timezone
    today = day_of(minute_at(now_ms, timezone))
    tomorrow = today + timedelta(days=1)
    desk = [one for one in values.shifts if one.place == EVERYWHERE]
    shift = next(one for one in desk if (one.weekday, one.start_minute) == (tomorrow.weekday(), SWAP_START))
    leader = next(one for one in values.assignments if (one.place, one.duty) == (AWAY_GRID, Duty.GRID_LEADER))
    days = [instant_ms(day_minute(day), timezone) for day in (today, tomorrow + timedelta(days=1))]
    return SingleDays(
        Swap("example-swap", shift.id, tomorrow, _free(desk, tomorrow.weekday(), shift.person_id)),
        Absence("example-absence", leader.person_id, *days),
        _note(Rota(timezone, desk), now_ms),
    )


def _free(desk: Sequence[Shift], weekday: int, owner_id: str) -> str:
    """Somebody of the desk who has no shift on that day."""
    busy = {one.person_id for one in desk if one.weekday == weekday} | {owner_id}
    return next(one.person_id for one in desk if one.person_id not in busy)


def _note(rota: Rota, now_ms: int) -> HandOver:
    over = [one for one in turns(rota, now_ms - DAY_MS, now_ms) if one.end_ms <= now_ms]
    last = max(over, key=lambda one: one.end_ms)
    return HandOver(last.place, last.duty, last.end_ms, last.person_id, NOTE, last.end_ms)
