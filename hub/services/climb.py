"""Time passes: one loop takes what is due, so that a restart at any instant loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from hub.domain import alerts
from hub.domain.alerts import Alert, Entry, Step
from hub.domain.errors import Changed
from hub.domain.people import ChannelName
from hub.services.calling import Calling
from hub.services.consequences import Consequences
from hub.services.ports import Clock, CommitFailed, Database, Notification, Tx
from hub.services.recording import CLAIM_MS, Committed, Outgoing, Policy, Recording, message_for

log = structlog.get_logger()

LONGEST_WAIT_S = 0.5
"""The loop looks at least so often: a deadline leads to its step within 1 s (ALERTS.md, invariant 4)."""
AT_ONCE = 200
"""Due alerts, and due notifications, taken in one transaction at most."""
LATE_MS = 500
"""An alert that is overdue by so long is left for no press: its step must come within 1 s (invariant 4)."""
CLAIMS_FIRST_MS = 800
"""So long at most what is due is only claimed, and acted on after that: while the first thousands are being notified,
claiming the rest takes three times as long (`python -m tests.bench.due`)."""
FOREVER_MS, EVERY = 2**62, 2**31
"""Later than every time, more than all rows."""
CLOCK_STEP_MS = 2_000
"""A wall clock that moved against the steady one by more than this was set (ALERTS.md, invariant 4)."""
AGAIN_MS = 5_000
"""A step that raised, which is a defect, is put off by this, so that it keeps no other one from being taken."""
FAILED = Entry("step_failed")

Job = Callable[[Tx], Committed]


class DueLoop:
    """Takes due rungs, reminders and notifications until cancelled.

    `turned_ms` is the steady time of its last turn, `has_turned` is set by the first: what was left behind is on its
    way then.
    """

    def __init__(self, database: Database, consequences: Consequences, clock: Clock, policy: Policy) -> None:
        self._database = database
        self._consequences = consequences
        self._clock = clock
        self._policy = policy
        self._offset_ms: int | None = None
        self._failed_ms: int | None = None
        self.turned_ms: int | None = None
        self.has_turned = asyncio.Event()

    @property
    def is_failing(self) -> bool:
        """Whether some step raises, and is put off again and again."""
        return self._failed_ms is not None and self._clock.monotonic_ms() - self._failed_ms < 2 * AGAIN_MS

    async def run(self) -> None:
        """Turns until cancelled; a turn that fails is logged and tried again."""
        while True:
            try:
                has_more = await self.turn()
            except Changed:
                has_more = True  # another hub took one of them: look again
            except Exception:
                log.exception("due_loop_turn_failed")
                has_more = False
            if not has_more:
                await asyncio.sleep(LONGEST_WAIT_S / 2)

    async def turn(self) -> bool:
        """Takes what is due now; whether there may be more of it."""
        await self._watch_clock()
        until_ms = self._clock.monotonic_ms() + CLAIMS_FIRST_MS
        claimed: list[Committed] = []
        has_more = await self._database.read(partial(_is_due, self._clock.now_ms()))
        try:
            while has_more and self._clock.monotonic_ms() < until_ms:
                has_more = await self._claim(claimed)
        finally:
            for one in claimed:
                self._consequences.follow(one)
        self.turned_ms = self._clock.monotonic_ms()
        self.has_turned.set()
        return has_more

    async def _claim(self, claimed: list[Committed]) -> bool:
        """Commits the steps of what has been due longest, and adds what follows; whether there may be more."""
        now_ms = self._clock.now_ms()
        try:
            taken, has_more = await self._database.write(
                lambda tx: take_due(tx, self._policy, now_ms, self._database.is_hurried)
            )
        except (Changed, CommitFailed):
            raise
        except Exception:
            log.exception("due_not_taken_together")
            return await self._claim_each(claimed, now_ms)
        claimed.append(taken)
        return has_more

    async def _claim_each(self, claimed: list[Committed], now_ms: int) -> bool:
        """As `_claim`, each step by itself: whichever raises is put off, the others are taken."""
        due, again = await self._database.read(
            lambda tx: (tx.alerts.due(now_ms, AT_ONCE), tx.notifications.due(now_ms, AT_ONCE))
        )
        jobs: list[tuple[str, Job, Job]] = [
            (
                alert.id,
                partial(_take_step, self._policy, alert.id, what, now_ms),
                partial(_put_off, alert.id, what, now_ms),
            )
            for alert in due
            for what in STEPS
        ]
        jobs += [(one.alert_id, partial(_try_again, one, now_ms), partial(_try_later, one, now_ms)) for one in again]
        results = await asyncio.gather(*(self._claim_one(claimed, *job) for job in jobs), return_exceptions=True)
        for error in results:
            if error is not None:
                raise error
        return max(len(due), len(again)) >= AT_ONCE

    async def _claim_one(self, claimed: list[Committed], alert_id: str, take: Job, put_off: Job) -> None:
        try:
            claimed.append(await self._database.write(take))
        except (Changed, CommitFailed):
            raise
        except Exception:
            log.exception("step_failed", alert_id=alert_id)
            self._failed_ms = self._clock.monotonic_ms()
            claimed.append(await self._database.write(put_off))

    async def _watch_clock(self) -> None:
        """Keeps the deadlines' distance from now when the wall clock is set, or was while no hub ran."""
        now_ms = self._clock.now_ms()
        offset_ms = now_ms - self._clock.monotonic_ms()
        if self._offset_ms is not None and abs(offset_ms - self._offset_ms) <= CLOCK_STEP_MS:
            return
        is_start, boot_id = self._offset_ms is None, self._clock.boot_id()

        def job(tx: Tx) -> Committed:
            step_ms = _unnoticed_step_ms(tx, boot_id, offset_ms)
            return shift_deadlines(tx, self._policy, step_ms, now_ms) if step_ms or is_start else Committed()

        self._consequences.follow(await self._database.write(job))
        self._offset_ms = offset_ms


def _is_due(now_ms: int, tx: Tx) -> bool:
    return any(one is not None and one <= now_ms for one in (tx.alerts.next_due_ms(), tx.notifications.next_due_ms()))


def take_due(tx: Tx, policy: Policy, now_ms: int, is_hurried: Callable[[], bool]) -> tuple[Committed, bool]:
    """Due alerts take their step, due notifications are claimed and given out; also whether there may be more.

    As soon as `is_hurried`, what is not late yet is left: a press must not wait long behind it.
    """
    recording = Recording(tx, policy, now_ms)
    again = tx.notifications.due(now_ms, AT_ONCE)
    due = tx.alerts.due(now_ms, AT_ONCE)
    taken = 0
    for alert in due:
        if taken and is_hurried() and now_ms - _first_due_ms(alert) < LATE_MS:
            break
        for step in STEPS.values():
            step(recording, recording.current(alert), now_ms)
        taken += 1
    committed = recording.write()
    claimed = _claimed(tx, again, Calling(tx, now_ms), now_ms)
    now = {one.id: one for one in (*committed.alerts, *claimed.alerts)}
    all_taken = Committed(tuple(now.values()), committed.tellings, (*committed.outgoing, *claimed.outgoing))
    return all_taken, taken < len(due) or max(len(due), len(again)) >= AT_ONCE


def _first_due_ms(alert: Alert) -> int:
    """The earlier of its two deadlines; of an alert that is due."""
    return min(at_ms for at_ms in (alert.due_ms, alert.remind_ms) if at_ms is not None)


def _pass_deadline(recording: Recording, alert: Alert, now_ms: int) -> None:
    if alert.due_ms is not None and alert.due_ms <= now_ms:
        ladder, reaching, unasked = recording.ladder(alert), recording.reaching(alert), recording.unasked(alert)
        recording.add(alerts.deadline_passed(alert, ladder, reaching, unasked, now_ms))


def _remind(recording: Recording, alert: Alert, now_ms: int) -> None:
    if alert.remind_ms is not None and alert.remind_ms <= now_ms:
        recording.add(alerts.remind(alert, now_ms))


STEPS: Mapping[str, Callable[[Recording, Alert, int], None]] = {"due_ms": _pass_deadline, "remind_ms": _remind}
"""What becomes due of an alert, each when this field of it has come."""


def _take_step(policy: Policy, alert_id: str, what: str, now_ms: int, tx: Tx) -> Committed:
    recording = Recording(tx, policy, now_ms)
    alert = tx.alerts.get(alert_id)
    if alert is not None:
        STEPS[what](recording, alert, now_ms)
    return recording.write()


def _put_off(alert_id: str, what: str, now_ms: int, tx: Tx) -> Committed:
    """The step that raised waits for AGAIN_MS; the journal says it once, until something else happens."""
    alert = tx.alerts.get(alert_id)
    at_ms = getattr(alert, what, None)
    if alert is None or at_ms is None or at_ms > now_ms:
        return Committed()
    alert = replace(alert, version=alert.version + 1)
    later_ms = now_ms + AGAIN_MS
    alert = replace(alert, due_ms=later_ms) if what == "due_ms" else replace(alert, remind_ms=later_ms)
    tx.alerts.update([alert])
    if tx.alerts.journal(alert_id)[-1].entry.what != FAILED.what:
        tx.alerts.add_journal([(alert_id, now_ms, FAILED)])
    return Committed((alert,))


def _try_again(one: Notification, now_ms: int, tx: Tx) -> Committed:
    stored = [each for each in tx.notifications.of_alert(one.alert_id) if each.id == one.id]
    again = [each for each in stored if each.state == "due" and each.due_ms <= now_ms]
    return _claimed(tx, again, Calling(tx, now_ms), now_ms)


def _try_later(one: Notification, now_ms: int, tx: Tx) -> Committed:
    """What cannot even be given out has failed like one that a channel refused."""
    tx.notifications.save(
        [replace(one, due_ms=now_ms + AGAIN_MS, attempts=one.attempts + 1, error="the message could not be made")]
    )
    return Committed(tuple(tx.alerts.some([one.alert_id]).values()))


def _claimed(tx: Tx, due: Sequence[Notification], calling: Calling, now_ms: int) -> Committed:
    """With the alerts as they stand: what this hub last saw as accepted, another may have opened again."""
    known = tx.alerts.some({one.alert_id for one in due})
    claimed = [replace(one, due_ms=now_ms + CLAIM_MS) for one in due if one.alert_id in known]
    tx.notifications.save(claimed)
    outgoing = [Outgoing(one, message_for(one, known[one.alert_id], calling, _press_ids(tx, one))) for one in claimed]
    return Committed(tuple(known.values()), outgoing=tuple(outgoing))


def _unnoticed_step_ms(tx: Tx, boot_id: str, offset_ms: int) -> int:
    """By how much the wall clock was set since a hub of this machine last shifted deadlines; 0 for what is no step."""
    kept_ms = tx.alerts.clock_offset_ms(boot_id)
    step_ms = 0 if kept_ms is None else offset_ms - kept_ms
    if kept_ms is None or abs(step_ms) > CLOCK_STEP_MS:
        tx.alerts.keep_clock_offset(boot_id, offset_ms)
    if abs(step_ms) <= CLOCK_STEP_MS:
        return 0
    log.warning("clock_stepped", by_ms=step_ms)
    return step_ms


def shift_deadlines(tx: Tx, policy: Policy, by_ms: int, now_ms: int) -> Committed:
    """All deadlines of alerts that are not closed move with the clock, in one transaction, journalled.

    Notifications that wait for their next try, or that a hub which is gone had claimed, are tried now. With `by_ms` 0
    this is how a hub takes over what was left behind: whatever its clock says, nothing waits longer than its rule.
    """
    waiting = [one for one in tx.notifications.due(FOREVER_MS, EVERY) if one.due_ms > now_ms]
    tx.notifications.save([replace(one, due_ms=now_ms) for one in waiting])
    recording = Recording(tx, policy, now_ms)
    for alert in tx.alerts.not_closed():
        recording.add(_shifted(recording, alert, by_ms, now_ms))
    return recording.write()


def _shifted(recording: Recording, alert: Alert, by_ms: int, now_ms: int) -> Step:
    """One that cannot be shifted is due now, rather too early than never, and keeps no other from being shifted."""
    try:
        return alerts.clock_stepped(alert, by_ms, recording.ladder(alert), now_ms)
    except Exception:
        log.exception("deadline_not_shifted", alert_id=alert.id)
        return Step(replace(alert, due_ms=now_ms, remind_ms=None if alert.remind_ms is None else now_ms), (FAILED,))


def _press_ids(tx: Tx, notification: Notification) -> list[str]:
    """Programs are told which presses it is about; for people that is of no use."""
    if notification.channel is not ChannelName.WEBHOOK:
        return []
    return [press.press_id for press in tx.presses.of_alert(notification.alert_id)]
