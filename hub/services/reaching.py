"""Who can be reached: people say so, requests are answered or fail, pages are open; and who cannot is known in time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from hub.domain.alerts import Alert, Purpose
from hub.domain.errors import NotFound, StepNotAllowed
from hub.domain.people import ChannelName, Person
from hub.domain.reachability import WITHOUT_SHIFT_MS, Outcome, Reach, Reachability, Said, Signs, reachability
from hub.domain.turns import turn_of, turns
from hub.services.ports import AuditRow, Clock, Database, News, Notification, Probe, StoredSigns, Tx

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
"""So long a ladder may go by what was known before; a rung that fails is left at once all the same."""
EARLY_MS = 60 * 60_000
"""我在 may be tapped so long before a shift, and then holds for it."""


class Declining(Protocol):
    """Takes 去不了 (AlertDesk)."""

    async def decline(self, alert_id: str, by: str) -> Alert: ...


class Reaching:
    """`configured` are the channels of this hub, `probes` those of them that can tell whether they reach somebody."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        news: News,
        alerts: Declining,
        configured: Iterable[ChannelName],
        probes: Mapping[ChannelName, Probe],
    ) -> None:
        self._database = database
        self._clock = clock
        self._news = news
        self._alerts = alerts
        self._configured = frozenset(configured)
        self._probes = probes

    def of(self, tx: Tx, people: Collection[Person], now_ms: int) -> dict[str, Reachability]:
        """What is known now of each of these people, by id."""
        stored = tx.reach.signs()
        found = {}
        for person in people:
            signs = self._signs(person, stored.get(person.id, StoredSigns()))
            found[person.id] = reachability(signs, self._configured, now_ms)
        return found

    async def say(self, person_id: str, by: str, *, is_here: bool) -> None:
        """我在 or 不在: holds for the shift that the person has or is about to have, else for half a day.

        Whoever is not there declines what is open for them, but for what they have accepted. `by` is who says it, the
        person or staff for them. Raises NotFound.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> None:
            if not tx.people.people([person_id]):
                raise NotFound(what="person", id=person_id)
            tx.reach.say(person_id, Said(is_here, now_ms, _holds_until(tx, person_id, now_ms)))
            tx.audit.add(AuditRow(now_ms, by, "said_here" if is_here else "said_away", {"person_id": person_id}))
            self._update(tx, now_ms)

        await self._database.write(job)
        if not is_here:
            await self._decline(person_id)
        self._news.tell("rota")

    async def _decline(self, person_id: str) -> None:
        for alert_id in await self._database.read(lambda tx: _asked_of(tx, person_id)):
            with suppress(StepNotAllowed):  # somebody has come meanwhile
                await self._alerts.decline(alert_id, person_id)

    async def answered(self, person_id: str) -> None:
        """The person has answered a request by themselves."""
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> None:
            tx.reach.answered(person_id, now_ms)
            self._update(tx, now_ms)

        await self._database.write(job)

    async def run(self) -> None:
        """Keeps it true who cannot be reached, until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                log.exception("reaching_turn_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def turn(self) -> None:
        """Looks once; writes only when somebody has become known not to be reached, or no longer is."""
        now_ms = self._clock.now_ms()
        if await self._database.read(lambda tx: self._unreachable(tx, now_ms) != tx.reach.unreachable()):
            await self._database.write(lambda tx: self._update(tx, now_ms))
            self._news.tell("rota")

    def _update(self, tx: Tx, now_ms: int) -> None:
        unreachable = self._unreachable(tx, now_ms)
        if unreachable != tx.reach.unreachable():
            tx.reach.set_unreachable(unreachable)

    def _unreachable(self, tx: Tx, now_ms: int) -> frozenset[str]:
        known = self.of(tx, tx.people.people().values(), now_ms)
        return frozenset(one for one, found in known.items() if found.reach is Reach.UNREACHABLE)

    def _signs(self, person: Person, stored: StoredSigns) -> Signs:
        channels = frozenset(one.channel for one in person.contacts)
        told = {name: self._probes[name].reaches(person.id) for name in channels & self._probes.keys()}
        probes = {name: reaches for name, reaches in told.items() if reaches is not None}
        return Signs(channels, stored.said, stored.answered_ms, stored.outcomes, probes)


def _asked_of(tx: Tx, person_id: str) -> list[str]:
    """The alerts that still ask for somebody, have asked this person, and were not accepted by them."""
    asking = [one.id for one in tx.alerts.not_closed() if one.is_asking and person_id not in one.going]
    asks = (one for alert_id in asking for one in tx.notifications.of_alert(alert_id) if one.purpose is Purpose.ASK)
    return list(dict.fromkeys(one.alert_id for one in asks if one.person_id == person_id and one.state != "dropped"))


def remember_outcomes(tx: Tx, notifications: Sequence[Notification], now_ms: int) -> None:
    """Remembers what became of the last notification of each person on each channel."""
    last = {
        (one.person_id, one.channel): Outcome(one.state == "sent", now_ms)
        for one in notifications
        if one.person_id and one.state != "dropped"
    }
    tx.reach.outcomes(last)


def _holds_until(tx: Tx, person_id: str, now_ms: int) -> int:
    """The end of the person's turn, also of one that begins soon; without one WITHOUT_SHIFT_MS from now."""
    laid_out = turns(tx.rota.rota(), now_ms, now_ms + EARLY_MS)
    turn = turn_of((one for one in laid_out if one.person_id == person_id), now_ms)
    return turn.end_ms if turn else now_ms + WITHOUT_SHIFT_MS
