"""People answer an alert: each step read, checked, written and followed up in one place."""

from __future__ import annotations

from collections.abc import Callable

from hub.domain import alerts
from hub.domain.alerts import Alert, Purpose, Seen, Step
from hub.domain.errors import Changed, Invalid, NotFound
from hub.services.consequences import Consequences
from hub.services.ports import Clock, Database, Tx
from hub.services.recording import Committed, Policy, Recording

TRIES = 3
"""Another hub may change the same alert at the same moment; each try reads it anew."""


class AlertDesk:
    """The steps that people take. All raise NotFound, StepNotAllowed or Invalid, and give the alert as it is then.

    A step that the same person has already taken succeeds and changes nothing.
    """

    def __init__(self, database: Database, consequences: Consequences, clock: Clock, policy: Policy) -> None:
        self._database = database
        self._consequences = consequences
        self._clock = clock
        self._policy = policy

    async def accept(self, alert_id: str, by: str, eta_minutes: int) -> Alert:
        """我去: `by` promises to be there within `eta_minutes` (1-30)."""
        return await self._take(alert_id, by, lambda alert, now_ms: alerts.accept(alert, by, eta_minutes, now_ms))

    async def decline(self, alert_id: str, by: str) -> Alert:
        """去不了: `by` was asked and cannot go."""

        def step(tx: Tx, alert: Alert, now_ms: int) -> Step:
            return alerts.decline(alert, by, is_last=_is_last(tx, alert, by), now_ms=now_ms)

        return await self._take_reading(alert_id, by, step)

    async def withdraw(self, alert_id: str, by: str) -> Alert:
        """The acceptor cannot go after all."""
        return await self._take(alert_id, by, lambda alert, now_ms: alerts.withdraw(alert, by, now_ms))

    async def arrive(self, alert_id: str, by: str) -> Alert:
        """到了: `by` says that they are there."""
        return await self._take(alert_id, by, lambda alert, now_ms: alerts.arrive(alert, by, now_ms))

    async def close(self, alert_id: str, by: str, outcome: str, seen: str, reason: str = "") -> Alert:
        """完成: how it ended, and how that was seen: door, conversation, or override with a reason."""
        if seen not in Seen.__members__.values():
            raise Invalid("unknown_seen", seen=seen, allowed="/".join(Seen))
        how = Seen(seen)
        return await self._take(
            alert_id, by, lambda alert, now_ms: alerts.close(alert, by, outcome, how, reason, now_ms)
        )

    async def reopen(self, alert_id: str, by: str) -> Alert:
        """The desk asks further people although somebody has accepted or arrived."""
        return await self._take(alert_id, by, lambda alert, now_ms: alerts.reopen(alert, by, now_ms))

    async def note(self, alert_id: str, by: str, text: str) -> Alert:
        """A remark in the journal."""
        return await self._take(alert_id, by, lambda alert, _now_ms: alerts.note(alert, by, text))

    async def _take(self, alert_id: str, by: str, step: Callable[[Alert, int], Step]) -> Alert:
        return await self._take_reading(alert_id, by, lambda _tx, alert, now_ms: step(alert, now_ms))

    async def _take_reading(self, alert_id: str, by: str, step: Callable[[Tx, Alert, int], Step]) -> Alert:
        def job(tx: Tx) -> tuple[Alert, Committed]:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                raise NotFound(what="alert", id=alert_id)
            if not tx.people.people([by]):
                raise NotFound(what="person", id=by)
            now_ms = self._clock.now_ms()
            recording = Recording(tx, self._policy, now_ms)
            recording.add(step(tx, alert, now_ms))
            committed = recording.write()
            return next(iter(committed.alerts), alert), committed

        for remaining in reversed(range(TRIES)):
            try:
                alert, committed = await self._database.write(job)
            except Changed:
                if not remaining:
                    raise
            else:
                self._consequences.follow(committed)
                return alert
        raise Changed


def _is_last(tx: Tx, alert: Alert, by: str) -> bool:
    """Whether everybody whom the current rung asked has declined, `by` included."""
    asked = {
        one.person_id
        for one in tx.notifications.of_alert(alert.id)
        if one.purpose is Purpose.ASK and one.rung == alert.rung and one.person_id
    }
    declined = {row.entry.actor for row in tx.alerts.journal(alert.id) if row.entry.what == "declined"}
    return asked <= declined | {by}
