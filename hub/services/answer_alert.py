"""People answer an alert: each step read, checked, written and followed up in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hub.domain import alerts
from hub.domain.alerts import TAKEN_BACK, Alert, By, Purpose, Seen, State, Step
from hub.domain.errors import Changed, Invalid, NotFound
from hub.domain.ladder import Ladder
from hub.services.consequences import Consequences
from hub.services.ports import Clock, Database, Tx
from hub.services.recording import Committed, Policy, Recording

TRIES = 3
"""Another hub may change the same alert at the same moment; each try reads it anew."""

DONE: Mapping[By, frozenset[str]] = {
    By.DECLINE: frozenset({"declined"}),
    By.WITHDRAW: frozenset({"withdrawn"}),
    By.CLOSE: frozenset({"closed"}),
    By.REOPEN: frozenset({"reopened"}),
    By.TAKE_BACK: frozenset(TAKEN_BACK.values()),
}
"""What the journal says of a step once it is taken; the others may be taken as often as wanted."""
TURNS = frozenset(
    {"opened", "accepted", "arrived", "withdrawn", "reopened", "acceptance_expired", "closed", *TAKEN_BACK.values()}
)
"""The journal's words for a new state. What somebody did before the last of them may be done again."""


class AlertDesk:
    """The steps that people take. All raise NotFound, StepNotAllowed or Invalid, and give the alert as it is then.

    A step that the same person has already taken succeeds and changes nothing.
    """

    def __init__(self, database: Database, consequences: Consequences, clock: Clock, policy: Policy) -> None:
        self._database = database
        self._consequences = consequences
        self._clock = clock
        self._policy = policy

    async def accept(self, alert_id: str, by: str, eta_minutes: int, entered_by: str | None = None) -> Alert:
        """我去: `by` promises to be there within `eta_minutes` (1-30); `entered_by` says so in their name."""
        return await self._take(
            By.ACCEPT, alert_id, by, lambda alert, now_ms: alerts.accept(alert, by, eta_minutes, now_ms, entered_by)
        )

    async def decline(self, alert_id: str, by: str) -> Alert:
        """去不了: `by` was asked and cannot go."""

        def step(tx: Tx, alert: Alert, ladder: Ladder, now_ms: int) -> Step:
            is_last = alert.rung < len(ladder) - 1 and _are_too_few_left(tx, alert, by)
            return alerts.decline(alert, by, is_last=is_last, now_ms=now_ms)

        return await self._take_reading(By.DECLINE, alert_id, by, step)

    async def withdraw(self, alert_id: str, by: str) -> Alert:
        """The acceptor cannot go after all."""
        return await self._take(By.WITHDRAW, alert_id, by, lambda alert, now_ms: alerts.withdraw(alert, by, now_ms))

    async def arrive(self, alert_id: str, by: str) -> Alert:
        """到了: `by` says that they are there."""
        return await self._take(By.ARRIVE, alert_id, by, lambda alert, now_ms: alerts.arrive(alert, by, now_ms))

    async def close(self, alert_id: str, by: str, outcome: str, seen: str, reason: str = "") -> Alert:
        """完成: how it ended, and how that was seen: door, conversation, or override with a reason."""
        if seen not in Seen.__members__.values():
            raise Invalid("unknown_seen", seen=seen, allowed="/".join(Seen))
        how = Seen(seen)
        return await self._take(
            By.CLOSE, alert_id, by, lambda alert, now_ms: alerts.close(alert, by, outcome, how, reason, now_ms)
        )

    async def reopen(self, alert_id: str, by: str) -> Alert:
        """The desk asks further people although somebody has accepted or arrived."""
        return await self._take(By.REOPEN, alert_id, by, lambda alert, now_ms: alerts.reopen(alert, by, now_ms))

    async def take_back(self, alert_id: str, by: str, made: State, whose: str) -> Alert:
        """撤销: the desk takes back that it said `whose` had accepted, arrived or closed, which made it `made`.

        Raises Invalid `too_late_to_take_back` when that is long ago or overtaken, `called_again` when the elder has
        pressed since the closing: that press has its own alert.
        """

        def step(tx: Tx, alert: Alert, ladder: Ladder, now_ms: int) -> Step:
            if alert.state is State.CLOSED and tx.alerts.open_for([alert.joins]):
                raise Invalid("called_again")
            return alerts.take_back(alert, by, made, whose, ladder, now_ms)

        return await self._take_reading(By.TAKE_BACK, alert_id, by, step)

    async def note(self, alert_id: str, by: str, text: str) -> Alert:
        """A remark in the journal."""
        return await self._take(By.NOTE, alert_id, by, lambda alert, _now_ms: alerts.note(alert, by, text))

    async def _take(self, what: By, alert_id: str, by: str, step: Callable[[Alert, int], Step]) -> Alert:
        return await self._take_reading(what, alert_id, by, lambda _tx, alert, _ladder, now_ms: step(alert, now_ms))

    async def _take_reading(
        self, what: By, alert_id: str, by: str, step: Callable[[Tx, Alert, Ladder, int], Step]
    ) -> Alert:
        def job(tx: Tx) -> tuple[Alert, Committed]:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                raise NotFound(what="alert", id=alert_id)
            if not tx.people.people([by]):
                raise NotFound(what="person", id=by)
            if _has_done(tx, alert, by, what):
                return alert, Committed()
            now_ms = self._clock.now_ms()
            recording = Recording(tx, self._policy, now_ms)
            recording.add(step(tx, alert, recording.ladder(alert), now_ms))
            committed = recording.write()
            return next(iter(committed.alerts), alert), committed

        for remaining in reversed(range(TRIES)):
            try:
                alert, _ = await self._database.write(job, then=lambda done: self._consequences.follow(done[1]))
                return alert
            except Changed:
                if not remaining:
                    raise
        raise Changed


def _has_done(tx: Tx, alert: Alert, by: str, what: By) -> bool:
    """Whether `by` has already taken this step in the state that the alert is in, or brought it there by it.

    Who was asked once more may decline once more, and who goes once more withdraw once more.
    """
    if what not in DONE or (what is By.WITHDRAW and by in alert.going):
        return False
    ends = TURNS | {"asked"} if what is By.DECLINE else TURNS
    for row in reversed(tx.alerts.journal(alert.id)):
        if row.entry.what in DONE[what] and row.entry.actor == by:
            return True
        if row.entry.what in ends:
            return False
    return False


def _are_too_few_left(tx: Tx, alert: Alert, by: str) -> bool:
    """Whether fewer than are needed can still come of those whom the current rung asked, now that `by` cannot.

    With them count those of an earlier rung which was asked together with it. Who is known not to be reachable cannot.
    """
    asks = [one for one in tx.notifications.of_alert(alert.id) if one.purpose is Purpose.ASK and one.person_id]
    since_ms = min((one.created_ms for one in asks if one.rung == alert.rung), default=0)
    asked = {one.person_id for one in asks if one.created_ms >= since_ms}
    declined = {row.entry.actor for row in tx.alerts.journal(alert.id) if row.entry.what == "declined"}
    return len(asked - declined - {by} - tx.reach.unreachable() | set(alert.going)) < alert.needed
