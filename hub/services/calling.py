"""Who would be called for an alert right now: the community as one transaction sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, partial

from hub.domain.alerts import Kind
from hub.domain.contacting import served
from hub.domain.ladder import Ladder, Reach, Rung
from hub.domain.ladders import LadderRule, chosen
from hub.domain.people import ChannelName, Person
from hub.domain.places import Home, Place, building_of, lineage, metres_between
from hub.domain.roll import Roll, reach
from hub.domain.roster import OnDuty, on_duty
from hub.domain.wall_clock import minute_of_day
from hub.services.ports import Community, Tx


class Calling:
    """Reads what calling people needs, each part once a transaction, and no more than is asked for.

    People come with the contacts that `channels` serve (None: with all).
    """

    def __init__(self, tx: Tx, now_ms: int, channels: Collection[ChannelName] | None = None) -> None:
        self._tx = tx
        self._now_ms = now_ms
        self._channels = channels
        self._near: dict[tuple[str, ...], Roll] = {}
        self._people: dict[str, Person] = {}
        self._asked: dict[tuple[Rung, tuple[str, ...]], Sequence[str]] = {}
        self._homes: dict[str, Home] = {}

    @cached_property
    def community(self) -> Community:
        """The community of this transaction."""
        return self._tx.places.community()

    @cached_property
    def places(self) -> dict[str, Place]:
        """All its places, by slug."""
        return self._tx.places.places()

    @cached_property
    def on_duty(self) -> OnDuty:
        """Who is on duty now, and who is away."""
        return on_duty(self._tx.rota.rota(), self._now_ms)

    def around(self, place: str, home_id: str | None) -> tuple[str, ...]:
        """The home and every place that holds it, the narrowest first: those whose people answer for an alert there."""
        return (*([home_id] if home_id else []), *lineage(self.places, place))

    def prefetch(self, surroundings: Collection[tuple[str, ...]]) -> None:
        """Reads the rolls of many alerts at once."""
        wanted = [around for around in surroundings if around not in self._near]
        if not wanted:
            return
        roll = self._read(set().union(*wanted))
        for around in wanted:
            here = tuple(one for one in roll.assignments if one.place in around)
            self._near[around] = Roll(here, roll.on_shift)

    def ladder(self, around: tuple[str, ...], kind: Kind, default: Ladder) -> Ladder:
        """The ladder that holds now for an alert of this kind there: a stored one, or `default`."""
        rule = self.rule(around, kind)
        return rule.rungs if rule else default

    def rule(self, around: tuple[str, ...], kind: Kind) -> LadderRule | None:
        """The stored ladder that holds now for an alert of this kind there; None for the default one."""
        rules = self._tx.ladders.rules()
        return chosen(rules, around, kind, self._minute) if rules else None

    def asked(self, rung: Rung, around: tuple[str, ...]) -> Sequence[str]:
        """The ids of the people whom the rung asks, and whom its channels reach."""
        found = self._asked.get((rung, around))
        if found is None:
            self.prefetch([around])
            ids = self._near[around].named(rung.who, around, partial(self._metres, around))
            people = self.people(ids)
            found = tuple(one for one in ids if one in people and rung.ways_to(people[one]))
            self._asked[rung, around] = found
        return found

    def reach(self, rung: Rung, around: tuple[str, ...]) -> Reach:
        """How many people the rung reaches now."""
        return reach(rung, self.asked(rung, around), self._tx.reach.unreachable())

    def people(self, ids: Collection[str]) -> dict[str, Person]:
        """These people, those who exist."""
        missing = [one for one in ids if one not in self._people]
        if missing:
            found = self._tx.people.people(missing)
            self._people.update({one: served(person, self._channels) for one, person in found.items()})
        return {one: self._people[one] for one in ids if one in self._people}

    def name_of(self, person_id: str | None) -> str:
        """How the person is called; empty for nobody, and for one who was erased."""
        person = self.people([person_id]).get(person_id) if person_id else None
        return person.name if person else ""

    def promised_ms(self, alert_id: str, person_id: str | None) -> int | None:
        """When the person was last said to be there; None if that was never said."""
        promises = [
            row.at_ms + minutes * 60_000
            for row in self._tx.alerts.journal(alert_id)
            if row.entry.actor == person_id and isinstance(minutes := row.entry.detail.get("eta_minutes"), int)
        ]
        return promises[-1] if promises else None

    def where(self, place: str, home_id: str | None) -> str:
        """How people call the place: the home where it is known, else the building."""
        if home_id and home_id not in self._homes:
            self._homes.update(self._tx.places.homes([home_id]))
        if home_id and home_id in self._homes:
            return self._homes[home_id].name
        return self.places[place].name if place in self.places else self.community.name

    @cached_property
    def _minute(self) -> int:
        return minute_of_day(self._now_ms, self.community.timezone)

    @cached_property
    def _bases(self) -> dict[str, str]:
        """Where people set out from who have not said it: the building that they answer for, by person."""
        found: dict[str, str] = {}
        for one in self._tx.people.assignments():
            if building_of(self.places, one.place):
                found.setdefault(one.person_id, one.place)
        return found

    def _metres(self, around: tuple[str, ...], person_id: str) -> float:
        """How far the person has to walk to the alert."""
        person = self.people([person_id]).get(person_id)
        base = person.place if person and person.place else self._bases.get(person_id, "")
        place = next((one for one in around if one in self.places), "")
        return metres_between(self.places, base, place)

    def _read(self, places: Collection[str]) -> Roll:
        answering = self.on_duty.answering(self._tx.people.assignments(places))
        return Roll(tuple(answering), self.on_duty.people)
