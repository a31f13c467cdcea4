"""Who takes which turn in a stretch of time, who is next, and where there is a gap: the rota laid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from hub.domain.people import Duty
from hub.domain.roster import NOBODY, Absence, Extra, Rota, Shift, Swap, deciding, span, swaps_of
from hub.domain.wall_clock import day_minute, day_of, instant_ms, minute_at

WEEK_MS = 7 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch that one person is to be there (班). It holds from `start_ms` to before `end_ms`.

    `owner_id` is whose shift it is, `person_id` who takes it (NOBODY: cancelled), `swap_id` what made them differ.
    `is_away` says that `person_id` is absent, so that nobody is there. `day` is the day to which the shift belongs.
    """

    place: str
    duty: Duty
    start_ms: int
    end_ms: int
    person_id: str
    owner_id: str
    shift_id: str
    day: date
    swap_id: str = ""
    is_extra: bool = False
    is_away: bool = False

    @property
    def is_held(self) -> bool:
        """Whether somebody is there."""
        return self.person_id != NOBODY and not self.is_away


def turns(rota: Rota, from_ms: int, until_ms: int) -> list[Turn]:
    """Every turn that touches this stretch, whole, by place, duty and time; `on_duty` agrees at every instant."""
    found: list[Turn] = []
    day = day_of(minute_at(from_ms, rota.timezone)) - timedelta(days=1)
    last = day_of(minute_at(until_ms, rota.timezone))
    while day <= last:
        shifts: list[Shift | Extra] = [one for one in rota.shifts if one.weekday == day.weekday()]
        shifts += [one for one in rota.extras if one.day == day]
        for shift in shifts:
            for turn in _turns_of(rota, shift, day):
                found += _without_absences(turn, rota.absences)
        day += timedelta(days=1)
    touching = (one for one in found if one.start_ms < until_ms and one.end_ms > from_ms)
    return sorted(touching, key=lambda one: (one.place, one.duty, one.start_ms, one.end_ms, one.shift_id))


def gaps(of_post: Iterable[Turn], from_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """The stretches between two instants in which none of these turns is held; they are those of one post."""
    found: list[tuple[int, int]] = []
    covered_ms = from_ms
    for turn in sorted((one for one in of_post if one.is_held), key=lambda one: one.start_ms):
        if turn.start_ms >= until_ms:
            break
        if turn.start_ms > covered_ms:
            found.append((covered_ms, turn.start_ms))
        covered_ms = max(covered_ms, turn.end_ms)
    if covered_ms < until_ms:
        found.append((covered_ms, until_ms))
    return found


def next_gap_ms(of_post: Iterable[Turn], now_ms: int) -> int | None:
    """When this post has next nobody: `now_ms` if it is so already, None if it is manned for all of the next week.

    `of_post` are its turns of the week from `now_ms` on.
    """
    return next((start_ms for start_ms, _ in gaps(of_post, now_ms, now_ms + WEEK_MS)), None)


def turn_of(of_person: Iterable[Turn], now_ms: int) -> Turn | None:
    """The turn that the person has now or, without one, the next; None when there is none among these."""
    held = (one for one in of_person if one.is_held and one.end_ms > now_ms)
    return min(held, key=lambda one: one.start_ms, default=None)


def following(of_post: Iterable[Turn], now_ms: int) -> Turn | None:
    """Who is next at this post: the first turn held that begins after `now_ms`."""
    held = (one for one in of_post if one.is_held and one.start_ms > now_ms)
    return min(held, key=lambda one: one.start_ms, default=None)


def _turns_of(rota: Rota, shift: Shift | Extra, day: date) -> Iterator[Turn]:
    """The shift of one day, cut where another person takes over."""
    for first, until, swap in _pieces(shift, day, swaps_of(rota, shift, day)):
        start_ms, end_ms = instant_ms(first, rota.timezone), instant_ms(until, rota.timezone)
        if start_ms < end_ms:
            yield Turn(
                place=shift.place,
                duty=shift.duty,
                start_ms=start_ms,
                end_ms=end_ms,
                person_id=swap.person_id if swap else shift.person_id,
                owner_id=shift.person_id,
                shift_id=shift.id,
                day=day,
                swap_id=swap.id if swap else "",
                is_extra=isinstance(shift, Extra),
            )


def _pieces(shift: Shift | Extra, day: date, swaps: list[Swap]) -> list[tuple[int, int, Swap | None]]:
    """The shift's minutes, each piece with the swap that decides who is there."""
    start, end = span(shift, day)
    if not swaps:
        return [(start, end, None)]
    midnight = day_minute(day)
    edges = {start, end, *(edge for one in swaps for edge in _edges(one))}
    cuts = sorted(edge for edge in edges if start <= edge <= end)
    return _joined([(first, until, deciding(swaps, first - midnight)) for first, until in pairwise(cuts)])


def _edges(swap: Swap) -> tuple[int, int]:
    midnight = day_minute(swap.day)
    return midnight + swap.from_minute, midnight + swap.until_minute


def _joined(held: list[tuple[int, int, Swap | None]]) -> list[tuple[int, int, Swap | None]]:
    """Neighbouring pieces of the same swap, or of none, as one."""
    joined: list[tuple[int, int, Swap | None]] = []
    for first, until, swap in held:
        if joined and joined[-1][2] == swap:
            joined[-1] = (joined[-1][0], until, swap)
        else:
            joined.append((first, until, swap))
    return joined


def _without_absences(turn: Turn, absences: Iterable[Absence]) -> list[Turn]:
    """The turn, cut where its person is away."""
    away = [one for one in absences if one.person_id == turn.person_id]
    if not away:
        return [turn]
    edges = {turn.start_ms, turn.end_ms, *(edge for one in away for edge in (one.from_ms, one.until_ms))}
    cuts = sorted(edge for edge in edges if turn.start_ms <= edge <= turn.end_ms)
    pieces: list[Turn] = []
    for first, until in pairwise(cuts):
        is_away = any(one.from_ms <= first < one.until_ms for one in away)
        if pieces and pieces[-1].is_away == is_away:
            pieces[-1] = replace(pieces[-1], end_ms=until)
        else:
            pieces.append(replace(turn, start_ms=first, end_ms=until, is_away=is_away))
    return pieces
