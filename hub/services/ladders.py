"""升级方案: staff write ladders down, see their gaps in the coming week, and ask who would be called for a home."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hub.domain.alerts import Kind
from hub.domain.contacting import served
from hub.domain.coverage import Around, Coverage, Staff, coverage
from hub.domain.errors import Changed, Invalid, NotFound
from hub.domain.ladder import Ladder, Reach, Rung, Who
from hub.domain.ladders import LadderRule, checked
from hub.domain.people import ChannelName
from hub.domain.places import EVERYWHERE, lineage
from hub.services.calling import Calling
from hub.services.ports import AuditRow, Clock, Database, Tx
from hub.services.recording import Policy

DEFAULT_ID = "default"
"""Names the ladder that holds where none is stored; it can be looked at and not changed."""


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody whom a rung asks, and why: the first kind of people of the rung that they belong to."""

    person_id: str
    name: str
    who: Who


@dataclass(frozen=True, slots=True)
class CalledRung:
    """A rung as it would be asked `after_ms` after the press, if nobody accepted meanwhile.

    One that reaches nobody takes no time; after one that reaches too few the next is asked at the same moment.
    """

    rung: Rung
    after_ms: int
    reach: Reach
    called: tuple[Called, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who would be called for one place at one instant, rung by rung. `rule` None: the default ladder holds."""

    rule: LadderRule | None
    rungs: tuple[CalledRung, ...]


class Ladders:
    """Reads and changes stored ladders. `by` is the person or program that does it, for the audit log."""

    def __init__(self, database: Database, clock: Clock, policy: Policy) -> None:
        self._database = database
        self._clock = clock
        self._default = policy.ladder
        self._channels = policy.channels

    async def all(self) -> list[LadderRule]:
        """The stored ones, and last the default one, with the id DEFAULT_ID."""
        return await self._database.read(lambda tx: [*tx.ladders.rules(), self._default_rule])

    async def get(self, rule_id: str) -> tuple[LadderRule, Coverage]:
        """One of them with its coming week. Raises NotFound."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> tuple[LadderRule, Coverage]:
            rule = _found([*tx.ladders.rules(), self._default_rule], rule_id)
            return rule, week(tx, rule, now_ms, self._channels)

        return await self._database.read(job)

    async def save(self, rule: LadderRule, by: str) -> tuple[LadderRule, Coverage]:
        """Stores it, a new one with `version` 0, and gives it as stored with its coming week.

        Raises Invalid for what no alert could follow, Changed when it is not the version that was seen.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> tuple[LadderRule, Coverage]:
            stored = {one.id: one for one in tx.ladders.rules()}
            known = {*tx.places.places(), *tx.places.homes([rule.place])}
            saved = replace(checked(rule, known, stored.values()), version=rule.version + 1)
            if saved.id == DEFAULT_ID or (saved.version == 1) == (saved.id in stored):
                raise Changed
            if saved.id in stored:
                tx.ladders.update(saved)
            else:
                tx.ladders.add([saved])
            tx.audit.add(AuditRow(now_ms, by, "ladder_saved", {"ladder": saved.id, "version": saved.version}))
            return saved, week(tx, saved, now_ms, self._channels)

        return await self._database.write(job)

    async def remove(self, rule_id: str, version: int, by: str) -> None:
        """The next wider ladder holds instead. Raises NotFound, and Changed when it is not the version seen."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> None:
            _found(tx.ladders.rules(), rule_id)
            tx.ladders.remove(rule_id, version)
            tx.audit.add(AuditRow(now_ms, by, "ladder_removed", {"ladder": rule_id, "version": version}))

        await self._database.write(job)

    async def who_at_place(self, place: str, kind: Kind, at_ms: int) -> Plan:
        """Who would be called at a place at that instant, by the very code that calls them. Raises Invalid."""

        def job(tx: Tx) -> Plan:
            if place not in tx.places.places():
                raise Invalid("unknown_place", place=place)
            return plan(Calling(tx, at_ms, self._channels), place, None, kind, self._default)

        return await self._database.read(job)

    async def who_at_home(self, home_id: str, kind: Kind, at_ms: int) -> Plan:
        """The same for a home. Raises NotFound."""

        def job(tx: Tx) -> Plan:
            home = tx.places.homes([home_id]).get(home_id)
            if home is None:
                raise NotFound(what="home", id=home_id)
            return plan(Calling(tx, at_ms, self._channels), home.place, home.id, kind, self._default)

        return await self._database.read(job)

    @property
    def _default_rule(self) -> LadderRule:
        return LadderRule(DEFAULT_ID, DEFAULT_ID, EVERYWHERE, None, 0, 0, self._default)


def plan(calling: Calling, place: str, home_id: str | None, kind: Kind, default: Ladder) -> Plan:
    """Who would be called there at the instant of `calling`."""
    around = calling.around(place, home_id)
    rule = calling.rule(around, kind)
    ladder = rule.rungs if rule else default
    rungs: list[CalledRung] = []
    after_ms = 0
    for index, rung in enumerate(ladder):
        found = calling.reach(rung, around)
        rungs.append(CalledRung(rung, after_ms, found, _called(calling, rung, around)))
        if found is Reach.ENOUGH and index < len(ladder) - 1:
            after_ms += rung.wait_ms
    return Plan(rule, tuple(rungs))


def _called(calling: Calling, rung: Rung, around: Around) -> tuple[Called, ...]:
    reasons: dict[str, Who] = {}
    for who in rung.who:
        for person_id in calling.asked(replace(rung, who=(who,)), around):
            reasons.setdefault(person_id, who)
    return tuple(Called(person_id, calling.name_of(person_id), who) for person_id, who in reasons.items())


def week(tx: Tx, rule: LadderRule, now_ms: int, channels: Collection[ChannelName] | None = None) -> Coverage:
    """Where the ladder reaches too few in the coming week, of all places in its own that a press can come from.

    `channels` are those that this hub has (None: all).
    """
    people = {one: served(person, channels) for one, person in tx.people.people().items()}
    staff = Staff(people, tx.people.assignments(), tx.rota.rota())
    within = (rule.from_minute, rule.to_minute)
    return coverage(rule.rungs, pressing(tx, rule.place), staff, now_ms, within=within)


def pressing(tx: Tx, inside: str) -> list[Around]:
    """The homes with a button, and the places with a device, that lie in this place."""
    places = tx.places.places()
    devices = tx.devices.devices()
    buttons = [button for device in devices for button in tx.devices.buttons_of(device)]
    homes = tx.places.homes({one.home_id for one in buttons if one.home_id}).values()
    found: list[Around] = [(home.id, *lineage(places, home.place)) for home in homes]
    found += [tuple(lineage(places, slug)) for slug in dict.fromkeys(device.place for device in devices.values())]
    return [around for around in found if inside in around]


def _found(rules: Sequence[LadderRule], rule_id: str) -> LadderRule:
    rule = next((one for one in rules if one.id == rule_id), None)
    if rule is None:
        raise NotFound(what="ladder", id=rule_id)
    return rule
