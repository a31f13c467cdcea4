"""How fast people are helped: shares and times from what the journal says of each call."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

SOON_MS, LATER_MS = 60_000, 90_000
"""The two limits that a community is measured by: the second rung is asked before the first, the third at the last."""
HOURS = 24
QUARTER_MS = 15 * 60_000
"""Time zones differ from UTC by whole quarters of an hour: within one, all calls have the same hour."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Call:
    """What the journal says of one call for help: when it was opened, and first accepted, and first arrived at.

    `place` is where it lies. Times are by the hub's clock; one that was set back counts as no time at all.
    """

    place: str
    is_exercise: bool
    opened_ms: int
    accepted_ms: int | None
    arrived_ms: int | None

    @property
    def to_accept_ms(self) -> int | None:
        """From the press to the first acceptance; None while there is none."""
        return None if self.accepted_ms is None else max(0, self.accepted_ms - self.opened_ms)

    @property
    def to_arrive_ms(self) -> int | None:
        """From the press to the first arrival; None while there is none."""
        return None if self.arrived_ms is None else max(0, self.arrived_ms - self.opened_ms)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of calls, and times in ms: the median and what nine of ten do not exceed; None without any.

    Those who were never accepted count among `calls`, and so against the shares; they have no time.
    """

    calls: int
    accepted: int
    within_60_s: int
    within_90_s: int
    arrived: int
    accept_p50_ms: int | None
    accept_p90_ms: int | None
    arrive_p50_ms: int | None
    arrive_p90_ms: int | None


def decided(calls: Iterable[Call], now_ms: int) -> list[Call]:
    """Those of which it is known whether they were accepted in time; one that has only just come is not held late."""
    return [one for one in calls if one.accepted_ms is not None or now_ms - one.opened_ms >= LATER_MS]


def tally(calls: Sequence[Call]) -> Tally:
    """The figures of these calls."""
    accepted = sorted(at for one in calls if (at := one.to_accept_ms) is not None)
    arrived = sorted(at for one in calls if (at := one.to_arrive_ms) is not None)
    return Tally(
        calls=len(calls),
        accepted=len(accepted),
        within_60_s=sum(at <= SOON_MS for at in accepted),
        within_90_s=sum(at <= LATER_MS for at in accepted),
        arrived=len(arrived),
        accept_p50_ms=quantile(accepted, 50),
        accept_p90_ms=quantile(accepted, 90),
        arrive_p50_ms=quantile(arrived, 50),
        arrive_p90_ms=quantile(arrived, 90),
    )


def by(calls: Iterable[Call], key: Callable[[Call], K]) -> Mapping[K, Tally]:
    """The figures of each group of calls."""
    groups: dict[K, list[Call]] = {}
    for one in calls:
        groups.setdefault(key(one), []).append(one)
    return {name: tally(members) for name, members in groups.items()}


def hour_of(call: Call, timezone: str) -> int:
    """The hour of day, 0-23, in which it was opened there; `timezone` is an IANA name."""
    return _hour(call.opened_ms // QUARTER_MS, timezone)


def accepted_by(calls: Sequence[Call], after_ms: Iterable[int]) -> list[int]:
    """How many of them had been accepted so long after their press, for each of these times."""
    times = sorted(at for one in calls if (at := one.to_accept_ms) is not None)
    return [bisect_right(times, limit) for limit in after_ms]


@lru_cache(10_000)
def _hour(quarter: int, timezone: str) -> int:
    return datetime.fromtimestamp(quarter * QUARTER_MS / 1_000, UTC).astimezone(ZoneInfo(timezone)).hour


def quantile(ordered: Sequence[int], percent: int) -> int | None:
    """The value that so many percent of all lie at or below (nearest rank); None for none."""
    if not ordered:
        return None
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]
