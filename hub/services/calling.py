"""Who would be called for an alert right now: the community as one transaction sees it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from hub.domain.ladder import Ladder, Roll, Who
from hub.domain.people import Person
from hub.domain.places import Home, Place, lineage
from hub.domain.roster import OnDuty, on_duty
from hub.services.ports import Community, Tx


class Calling:
    """Reads what calling people needs, each part once a transaction, and no more than is asked for."""

    def __init__(self, tx: Tx, now_ms: int) -> None:
        self._tx = tx
        self._now_ms = now_ms
        self._near: dict[frozenset[str], Roll] = {}
        self._everyone: Roll | None = None
        self._people: dict[str, Person] = {}
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

    def around(self, place: str, home_id: str | None) -> frozenset[str]:
        """The home and every place that holds it: those whose people answer for an alert there."""
        return frozenset([*([home_id] if home_id else []), *lineage(self.places, place)])

    def prefetch(self, surroundings: Collection[frozenset[str]]) -> None:
        """Reads the rolls of many alerts at once."""
        wanted = [around for around in surroundings if around not in self._near]
        if not wanted:
            return
        roll = self._read(set().union(*wanted))
        for around in wanted:
            here = tuple(one for one in roll.assignments if one.place in around)
            self._near[around] = Roll(here, roll.on_shift)

    def asked(self, who: Who, around: frozenset[str]) -> list[str]:
        """The ids of the people whom such a rung asks, and who can be reached in some way."""
        if who is Who.ON_DUTY:
            self._everyone = self._everyone or self._read(None)
            ids = self._everyone.asked(who, around)
        else:
            self.prefetch([around])
            ids = self._near[around].asked(who, around)
        people = self.people(ids)
        return [one for one in ids if one in people and people[one].contacts]

    def is_empty(self, ladder: Ladder, around: frozenset[str]) -> list[bool]:
        """For each rung whether it reaches nobody; the last, which repeats whoever is on it, is not looked up."""
        return [*(not self.asked(rung.who, around) for rung in ladder[:-1]), False]

    def people(self, ids: Collection[str]) -> dict[str, Person]:
        """These people, those who exist."""
        missing = [one for one in ids if one not in self._people]
        if missing:
            self._people.update(self._tx.people.people(missing))
        return {one: self._people[one] for one in ids if one in self._people}

    def name_of(self, person_id: str | None) -> str:
        """How the person is called; empty for nobody, and for one who was erased."""
        person = self.people([person_id]).get(person_id) if person_id else None
        return person.name if person else ""

    def where(self, place: str, home_id: str | None) -> str:
        """How people call the place: the home where it is known, else the building."""
        if home_id and home_id not in self._homes:
            self._homes.update(self._tx.places.homes([home_id]))
        if home_id and home_id in self._homes:
            return self._homes[home_id].name
        return self.places[place].name if place in self.places else self.community.name

    def _read(self, places: Collection[str] | None) -> Roll:
        answering = self.on_duty.answering(self._tx.people.assignments(places))
        return Roll(tuple(answering), self.on_duty.people)
