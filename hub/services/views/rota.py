"""The rota of some days as pages and programs show it: post by post, who is there, who is next, and where nobody is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from hub.domain.people import Assignment, Duty, Person
from hub.domain.reachability import Reach, Reachability, Why
from hub.domain.roster import NOBODY, Extra, Rota, Shift, span
from hub.domain.turns import WEEK_MS, Turn, following, gaps, next_gap_ms, turns
from hub.domain.wall_clock import day_minute, instant_ms, minute_at
from hub.services.ports import Tx

SOON_MS = 12 * 3_600_000
"""Whether somebody can be reached is said of turns that begin within this time: of later ones it means nothing yet."""
NOTES_MS = 36 * 3_600_000
"""A note is shown so long after the turn at whose end it was left."""

ReachOf = Callable[[Tx, Collection[Person], int], Mapping[str, Reachability]]
"""What is known now of each of these people (Reaching.of)."""


def unknown_reach(_tx: Tx, _people: Collection[Person], _now_ms: int) -> Mapping[str, Reachability]:
    """For who does not ask it: nothing is known of anybody."""
    return {}


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the rota; an empty name is that of somebody who was erased."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """One stretch that one person is to be there. `start`, `end` are minutes from the midnight at which `day` begins.

    `person` is None when the shift was cancelled; `owner` is whose shift it is. `reach` is None for a turn far off.
    """

    shift_id: str
    day: date
    start: int
    end: int
    start_ms: int
    end_ms: int
    person: Someone | None
    owner: Someone
    swap_id: str
    is_extra: bool
    is_away: bool
    is_now: bool
    is_over: bool
    reach: Reach | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class NoteView:
    """A hand-over note (交接)."""

    ends_ms: int
    by: Someone
    text: str


@dataclass(frozen=True, slots=True)
class PostView:
    """A place and what somebody is there for. `gaps` are instants from - until; `next_gap_ms` looks a week ahead."""

    place: str
    place_name: str
    duty: Duty
    turns: tuple[TurnView, ...]
    gaps: tuple[tuple[int, int], ...]
    next: TurnView | None
    next_gap_ms: int | None
    notes: tuple[NoteView, ...]


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """Somebody who is away, with all that they else answer for, shift or not."""

    id: str
    person: Someone
    from_ms: int
    until_ms: int
    duties: tuple[tuple[Duty, str], ...]


@dataclass(frozen=True, slots=True)
class AskedView:
    """A swap that somebody asks for: `by` asks `taker`."""

    id: str
    shift_id: str
    day: date
    start_ms: int
    end_ms: int
    place_name: str
    by: Someone
    taker: Someone


@dataclass(frozen=True, slots=True)
class RotaView:
    """`days` is how many days are shown from the midnight of `from_day`, by the community's clock."""

    timezone: str
    from_day: date
    from_ms: int
    until_ms: int
    days: tuple[date, ...]
    posts: tuple[PostView, ...]
    absences: tuple[AbsenceView, ...]
    asked: tuple[AskedView, ...]


def rota_view(tx: Tx, from_day: date, days: int, now_ms: int, reach_of: ReachOf) -> RotaView:
    """These days, posts in the order of their places, the community's first."""
    return _Reading(tx, now_ms, reach_of).view(from_day, days)


class _Reading:
    """What one view needs, read once."""

    def __init__(self, tx: Tx, now_ms: int, reach_of: ReachOf) -> None:
        self._tx = tx
        self._now_ms = now_ms
        self._rota: Rota = tx.rota.rota()
        self._people = tx.people.people()
        self._places = tx.places.places()
        on_rota = {one.person_id for one in self._rota.shifts} | {one.person_id for one in self._rota.extras}
        on_rota |= {one.person_id for one in self._rota.swaps}
        self._on_rota = [self._people[one] for one in on_rota if one in self._people]
        self._notes = tx.rota.hand_overs(now_ms - NOTES_MS)
        self._reach_of = cache(lambda at_ms: reach_of(tx, self._on_rota, at_ms))

    def view(self, from_day: date, days: int) -> RotaView:
        from_ms = instant_ms(day_minute(from_day), self._rota.timezone)
        until_ms = instant_ms(day_minute(from_day + timedelta(days=days)), self._rota.timezone)
        return RotaView(
            timezone=self._rota.timezone,
            from_day=from_day,
            from_ms=from_ms,
            until_ms=until_ms,
            days=tuple(from_day + timedelta(days=day) for day in range(days)),
            posts=self._posts(from_ms, until_ms),
            absences=self._absences(from_ms, until_ms),
            asked=tuple(self._asked()),
        )

    def _posts(self, from_ms: int, until_ms: int) -> tuple[PostView, ...]:
        shown, coming = defaultdict(list), defaultdict(list)
        for turn in turns(self._rota, from_ms, until_ms):
            shown[turn.place, turn.duty].append(turn)
        for turn in turns(self._rota, self._now_ms, self._now_ms + WEEK_MS):
            coming[turn.place, turn.duty].append(turn)
        order = {slug: index for index, slug in enumerate(self._places)}
        posts = sorted(shown.keys() | coming.keys(), key=lambda post: (post[1], order.get(post[0], 0)))
        return tuple(self._post(*post, shown[post], coming[post], from_ms, until_ms) for post in posts)

    def _post(
        self, place: str, duty: Duty, shown: Sequence[Turn], coming: Sequence[Turn], from_ms: int, until_ms: int
    ) -> PostView:
        after = following(coming, self._now_ms)
        return PostView(
            place=place,
            place_name=self._places[place].name if place in self._places else place,
            duty=duty,
            turns=tuple(self.turn(one) for one in shown),
            gaps=tuple(gaps(shown, from_ms, until_ms)),
            next=self.turn(after) if after else None,
            next_gap_ms=next_gap_ms(coming, self._now_ms),
            notes=tuple(
                NoteView(one.ends_ms, self._someone(one.person_id), one.text)
                for one in self._notes
                if (one.place, one.duty) == (place, duty)
            ),
        )

    def turn(self, turn: Turn) -> TurnView:
        midnight = day_minute(turn.day)
        is_over = turn.end_ms <= self._now_ms
        found = self._reach(turn) if turn.is_held and not is_over else None
        return TurnView(
            shift_id=turn.shift_id,
            day=turn.day,
            start=minute_at(turn.start_ms, self._rota.timezone) - midnight,
            end=minute_at(turn.end_ms, self._rota.timezone) - midnight,
            start_ms=turn.start_ms,
            end_ms=turn.end_ms,
            person=self._someone(turn.person_id) if turn.person_id != NOBODY else None,
            owner=self._someone(turn.owner_id),
            swap_id=turn.swap_id,
            is_extra=turn.is_extra,
            is_away=turn.is_away,
            is_now=turn.start_ms <= self._now_ms < turn.end_ms,
            is_over=is_over,
            reach=found.reach if found else None,
            why=found.why if found else None,
        )

    def _reach(self, turn: Turn) -> Reachability | None:
        """What is known for this turn; of one that comes: what will still hold when it begins, 我在 for another not."""
        if turn.start_ms - self._now_ms < SOON_MS:
            return self._reach_of(max(turn.start_ms, self._now_ms)).get(turn.person_id)
        known = self._reach_of(self._now_ms).get(turn.person_id)
        return known if known and known.why is Why.NO_CHANNEL else None

    def _absences(self, from_ms: int, until_ms: int) -> tuple[AbsenceView, ...]:
        away = [one for one in self._rota.absences if one.until_ms > from_ms and one.from_ms < until_ms]
        if not away:
            return ()
        duties: defaultdict[str, list[Assignment]] = defaultdict(list)
        for assignment in self._tx.people.assignments():
            duties[assignment.person_id].append(assignment)
        named = {one.place for absence in away for one in duties[absence.person_id]}
        homes = self._tx.places.homes(named - self._places.keys())
        names = {slug: place.name for slug, place in self._places.items()} | {one: homes[one].name for one in homes}
        return tuple(
            AbsenceView(
                one.id,
                self._someone(one.person_id),
                one.from_ms,
                one.until_ms,
                tuple((duty.duty, names.get(duty.place, duty.place)) for duty in duties[one.person_id]),
            )
            for one in away
        )

    def _asked(self) -> list[AskedView]:
        shifts: dict[str, Shift | Extra] = {one.id: one for one in self._rota.shifts}
        shifts |= {one.id: one for one in self._rota.extras}
        views = []
        for asked in self._tx.rota.asked():
            swap, shift = asked.swap, shifts.get(asked.swap.shift_id)
            if shift is None:
                continue
            start, end = span(shift, swap.day)
            midnight = day_minute(swap.day)
            views.append(
                AskedView(
                    id=swap.id,
                    shift_id=swap.shift_id,
                    day=swap.day,
                    start_ms=instant_ms(max(start, midnight + swap.from_minute), self._rota.timezone),
                    end_ms=instant_ms(min(end, midnight + swap.until_minute), self._rota.timezone),
                    place_name=self._places[shift.place].name if shift.place in self._places else shift.place,
                    by=self._someone(asked.asked_by),
                    taker=self._someone(swap.person_id),
                )
            )
        return [one for one in views if one.end_ms > self._now_ms]

    def _someone(self, person_id: str) -> Someone:
        person = self._people.get(person_id)
        return Someone(person_id, person.name if person else "")
