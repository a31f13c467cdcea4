"""Who is on duty at an instant: weekly shifts, what is different on single days, and who is away (排班)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.domain.people import Assignment, Duty
from hub.domain.wall_clock import MINUTES_A_DAY, day_minute, day_of, minute_at

ON_SHIFT_DUTIES = (Duty.DESK, Duty.VOLUNTEER)
"""What shifts are for; whoever has one of the other duties has it always."""
LONGEST_PART = 2 * MINUTES_A_DAY
"""A shift that begins late on its day ends on the next: its minutes are counted from the midnight before it."""
NOBODY = ""
"""Stands as the taker of a shift that does not take place."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift (每周班次) by the clock on the wall. `weekday` 0 is Monday; minutes count from midnight.

    An `end_minute` at or before `start_minute` lies on the next day, so 22:00-06:00 belongs to the day it begins.
    Without an `id` it is named by what it says.
    """

    person_id: str
    place: str
    weekday: int
    start_minute: int
    end_minute: int
    duty: Duty = Duty.VOLUNTEER
    id: str = ""

    def __post_init__(self) -> None:
        """Gives it a name."""
        if not self.id:
            name = f"{self.place}.{self.duty}.{self.weekday}.{self.start_minute}.{self.person_id}"
            object.__setattr__(self, "id", name)


@dataclass(frozen=True, slots=True)
class Extra:
    """A shift on one day only (临时班), as a Shift otherwise."""

    id: str
    person_id: str
    place: str
    duty: Duty
    day: date
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Somebody takes a shift on one day (换班), or the part of it between two minutes; NOBODY: it is cancelled.

    Minutes count from the midnight at which `day` begins, up to LONGEST_PART; what lies outside the shift has no
    meaning, so the widest part is always the whole shift. Of two swaps for the same minute the later one holds.
    """

    id: str
    shift_id: str
    day: date
    person_id: str
    from_minute: int = 0
    until_minute: int = LONGEST_PART


@dataclass(frozen=True, slots=True)
class Absence:
    """A person is away (请假) and has no duty whatever in that time, with a shift or without."""

    id: str
    person_id: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Rota:
    """All that is agreed. `swaps` are in the order in which they were agreed."""

    timezone: str
    shifts: Sequence[Shift] = ()
    extras: Sequence[Extra] = ()
    swaps: Sequence[Swap] = ()
    absences: Sequence[Absence] = ()
    shifts_on: Sequence[Sequence[tuple[int, int, Shift]]] = field(init=False, repr=False, compare=False)
    """By weekday: first minute, first minute after it, weekly shift. Every press looks through those of two days."""

    def __post_init__(self) -> None:
        """Sorts the weekly shifts."""
        spans = [(one.start_minute, one.start_minute + _length(one), one) for one in self.shifts]
        by_day = tuple(tuple(one for one in spans if one[2].weekday == weekday) for weekday in range(7))
        object.__setattr__(self, "shifts_on", by_day)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who stands where and for what at an instant, and who is away then."""

    posts: tuple[Assignment, ...]
    away: frozenset[str]

    @property
    def people(self) -> frozenset[str]:
        """All who are on shift."""
        return frozenset(one.person_id for one in self.posts)

    def answering(self, assignments: Iterable[Assignment]) -> list[Assignment]:
        """What people answer for just now: nothing for those away, and who stands in answers for what the shift is for.

        The given order stays; whoever is on shift without an assignment comes last.
        """
        present = [one for one in assignments if one.person_id not in self.away]
        known = set(present)
        return [*present, *(one for one in dict.fromkeys(self.posts) if one not in known)]


def on_duty(rota: Rota, now_ms: int) -> OnDuty:
    """The one answer to who is on duty at `now_ms`: weekly and single shifts, swaps and absences all weighed."""
    minute = minute_at(now_ms, rota.timezone)
    away = frozenset(one.person_id for one in rota.absences if one.from_ms <= now_ms < one.until_ms)
    posts: list[Assignment] = []
    for shift, day, since in _holding(rota, minute):
        swap = deciding(swaps_of(rota, shift, day), since)
        person_id = swap.person_id if swap else shift.person_id
        if person_id != NOBODY and person_id not in away:
            posts.append(Assignment(person_id, shift.place, shift.duty))
    return OnDuty(tuple(posts), away)


def swaps_of(rota: Rota, shift: Shift | Extra, day: date) -> list[Swap]:
    """The swaps of this shift on this day, in the order in which they were agreed."""
    return [one for one in rota.swaps if one.shift_id == shift.id and one.day == day]


def deciding(swaps: Sequence[Swap], since: int) -> Swap | None:
    """Which swap of one shift and day decides who is there so many minutes after its midnight; None for none."""
    return next((one for one in reversed(swaps) if one.from_minute <= since < one.until_minute), None)


def span(shift: Shift | Extra, day: date) -> tuple[int, int]:
    """First minute of the shift of this day, and the first after it."""
    start = day_minute(day) + shift.start_minute
    return start, start + _length(shift)


def _length(shift: Shift | Extra) -> int:
    return (shift.end_minute - shift.start_minute) % MINUTES_A_DAY or MINUTES_A_DAY


def _holding(rota: Rota, minute: int) -> Iterator[tuple[Shift | Extra, date, int]]:
    """The shifts that hold at a minute, each with its day (today, or yesterday for one over midnight) and the minutes
    since that day's midnight.
    """
    today, yesterday = day_of(minute), day_of(minute - MINUTES_A_DAY)
    for day in (yesterday, today):
        since = minute - day_minute(day)
        for begins, ends, shift in rota.shifts_on[day.weekday()]:
            if begins <= since < ends:
                yield shift, day, since
        for extra in rota.extras:
            if extra.day == day and 0 <= since - extra.start_minute < _length(extra):
                yield extra, day, since
