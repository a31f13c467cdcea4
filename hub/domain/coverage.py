"""Whether a ladder reaches somebody at every hour to come: its gaps, as stretches of time, before they matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.domain.ladder import Ladder, Reach, Rung
from hub.domain.ladders import is_within
from hub.domain.people import Assignment, Person
from hub.domain.roll import Roll, reach
from hub.domain.roster import OnDuty, Rota, on_duty
from hub.domain.wall_clock import MINUTE_MS, minute_of_day

HOUR_MS = 3_600_000
WEEK_HOURS = 7 * 24

Around = tuple[str, ...]
"""A home or a place, and all that hold it, the narrowest first."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who may be called: who they are, what they answer for, and when."""

    people: Mapping[str, Person]
    assignments: Sequence[Assignment]
    rota: Rota


@dataclass(frozen=True, slots=True)
class Gap:
    """From `from_ms` until `until_ms` too few are reached for an alert at any of `places` (the narrowest of each).

    `is_nobody`: not even one person, at some of them.
    """

    from_ms: int
    until_ms: int
    places: tuple[str, ...]
    is_nobody: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """The gaps of each rung in a stretch of time, and those in which no rung at all reaches anybody."""

    from_ms: int
    until_ms: int
    rungs: tuple[tuple[Gap, ...], ...]
    nobody: tuple[Gap, ...]


def coverage(
    ladder: Ladder,
    surroundings: Iterable[Around],
    staff: Staff,
    from_ms: int,
    hours: int = WEEK_HOURS,
    within: tuple[int, int] = (0, 0),
) -> Coverage:
    """Looks at every instant at which anything changes: full hours, beginnings and ends of shifts, absences.

    The present hour is the first; of each day only the minutes `within` count, equal ones meaning all day. Nobody is
    taken to be out of reach: that is not known so far ahead.
    """
    from_ms -= minute_of_day(from_ms, staff.rota.timezone) % 60 * MINUTE_MS + from_ms % MINUTE_MS
    until_ms = from_ms + hours * HOUR_MS
    instants = _instants(staff.rota, from_ms, until_ms, within)
    nothing: list[list[_Lack]] = [[] for _ in ladder]
    open_ends = [_uncertain(ladder, around, staff) for around in surroundings]
    known: dict[OnDuty, list[list[_Lack]]] = {}
    seen: list[list[list[_Lack]]] = []
    for at_ms in instants:
        if not is_within(minute_of_day(at_ms, staff.rota.timezone), *within):
            seen.append(nothing)
            continue
        duty = on_duty(staff.rota, at_ms)
        if duty not in known:
            known[duty] = _lacks(ladder, open_ends, staff, duty)
        seen.append(known[duty])
    ends = [*instants[1:], until_ms]
    rungs = tuple(_gaps(instants, ends, [lacks[index] for lacks in seen]) for index in range(len(ladder)))
    return Coverage(from_ms, until_ms, rungs, _gaps(instants, ends, [_nobody(lacks) for lacks in seen]))


@dataclass(frozen=True, slots=True)
class _Lack:
    """A place for which a rung reaches too few."""

    place: str
    is_nobody: bool


@dataclass(frozen=True, slots=True)
class _OpenEnd:
    """A place, who answers for it, and the rungs that do not reach enough without anybody's shift."""

    around: Around
    near: tuple[Assignment, ...]
    rungs: frozenset[int]


def _uncertain(ladder: Ladder, around: Around, staff: Staff) -> _OpenEnd:
    near = tuple(one for one in staff.assignments if one.place in around)
    sometimes_away = {one.person_id for one in staff.rota.absences}
    always = [one for one in near if one.person_id not in sometimes_away]
    sure = Roll(always, frozenset())
    rungs = (index for index, rung in enumerate(ladder) if _reach(rung, sure, around, staff) is not Reach.ENOUGH)
    return _OpenEnd(around, near, frozenset(rungs))


def _lacks(ladder: Ladder, open_ends: Sequence[_OpenEnd], staff: Staff, duty: OnDuty) -> list[list[_Lack]]:
    """For each rung the places for which it reaches too few while these are on duty."""
    lacks: list[list[_Lack]] = [[] for _ in ladder]
    for one in open_ends:
        roll = Roll(duty.answering(one.near), duty.people)
        for index in one.rungs:
            found = _reach(ladder[index], roll, one.around, staff)
            if found is not Reach.ENOUGH:
                lacks[index].append(_Lack(one.around[0], found is Reach.NOBODY))
    return lacks


def _reach(rung: Rung, roll: Roll, around: Around, staff: Staff) -> Reach:
    named = roll.named(rung.who, around, lambda _: 0.0)
    return reach(rung, [one for one in named if one in staff.people and rung.ways_to(staff.people[one])], ())


def _nobody(lacks: Sequence[Sequence[_Lack]]) -> list[_Lack]:
    """The places for which every rung reaches nobody."""
    left = [{one.place for one in rung if one.is_nobody} for rung in lacks]
    return [_Lack(place, is_nobody=True) for place in sorted(set.intersection(*left))]


def _gaps(starts: Sequence[int], ends: Sequence[int], lacks: Sequence[Sequence[_Lack]]) -> tuple[Gap, ...]:
    """Neighbouring stretches with the same lack are one."""
    gaps: list[Gap] = []
    for from_ms, until_ms, lack in zip(starts, ends, lacks, strict=True):
        if not lack:
            continue
        gap = Gap(from_ms, until_ms, tuple(one.place for one in lack), any(one.is_nobody for one in lack))
        last = gaps[-1] if gaps else None
        if last and (last.until_ms, last.places, last.is_nobody) == (from_ms, gap.places, gap.is_nobody):
            gaps[-1] = Gap(last.from_ms, until_ms, gap.places, gap.is_nobody)
        else:
            gaps.append(gap)
    return tuple(gaps)


def _instants(rota: Rota, from_ms: int, until_ms: int, within: tuple[int, int]) -> list[int]:
    """Every full hour, every minute of an hour at which some shift begins or ends, and every end of an absence."""
    minutes = {minute % 60 for one in rota.shifts for minute in (one.start_minute, one.end_minute)}
    minutes |= {minute % 60 for one in rota.extras for minute in (one.start_minute, one.end_minute)}
    minutes |= {minute % 60 for minute in within}
    minutes |= {minute % 60 for one in rota.swaps for minute in (one.from_minute, one.until_minute)} | {0}
    absences = {at for one in rota.absences for at in (one.from_ms, one.until_ms) if from_ms < at < until_ms}
    hours = range(from_ms, until_ms, HOUR_MS)
    return sorted({hour + minute * MINUTE_MS for hour in hours for minute in minutes} | absences)
