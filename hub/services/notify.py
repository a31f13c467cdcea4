"""Notifications go out: each channel for itself, tried again until taken or no longer wanted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from hub.domain.alerts import Alert, Audience, Inform, Purpose, rung_failed
from hub.domain.errors import Changed
from hub.domain.people import ChannelName
from hub.domain.sendings import has_rung_failed, is_hopeless, may_begin, may_have_failed
from hub.services.next_way import go_on
from hub.services.ports import Channel, ChannelFailed, Clock, CommitFailed, Database, News, Notification, Tx
from hub.services.reaching import remember_outcomes
from hub.services.recording import Committed, Outgoing, Policy, Recording

log = structlog.get_logger()

LANES = 50
"""Sends under way at once in one channel; 50 connections carried 1,000 posts in 0.3 s of CPU (ARCHITECTURE.md)."""
SEND_TIMEOUT_S = 10.0
GATHER_S = 0.2
"""Outcomes of so long are stored together; one that a crash takes along is sent again (invariant 12)."""
BACKOFF_MS = (500, 1_000, 2_000, 4_000, 8_000, 15_000)
"""Waits between tries; the last one repeats until the alert needs nobody more."""
TOGETHER = 50
"""Outcomes in one transaction at most, some 10 ms: a press that comes meanwhile waits for its end."""
STORE_AGAIN_S = 1.0
LONG_MS = 1_000
"""What has waited so long for a lane begins only by what was read so lately: another hub may have been told of an
acceptance."""
INFORM_FOR_MS = 10 * 60_000
"""What only informs is worth no further try after this; what asks is tried until the alert is accepted."""


class Dispatcher:
    """Sends what is due. A slow or dead channel delays no other; nothing begins for an alert that is accepted."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[ChannelName, Channel],
        clock: Clock,
        policy: Policy,
        news: News,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._policy = policy
        self._news = news
        self._queues: dict[ChannelName, asyncio.Queue[tuple[Outgoing, int]]] = {
            name: asyncio.Queue() for name in channels
        }
        self._in_hand: set[str] = set()
        self._waiting: defaultdict[str, set[str]] = defaultdict(set)  # by alert, requests that no lane has taken
        self._known: dict[str, Alert] = {}
        self._looking = asyncio.Lock()
        self._looked_ms: int | None = None
        self._outcomes: asyncio.Queue[Notification] = asyncio.Queue()

    def observe(self, alerts: Sequence[Alert]) -> None:
        """Takes note how alerts stand, and so which still ask for somebody; the newest 10,000 are remembered.

        What is told of an alert late, by an older version of it, changes nothing. What waits to ask for one that needs
        nobody more was dropped with that, and does not begin when the alert asks again: nobody would be thanked for it.
        """
        for alert in alerts:
            known = self._known.pop(alert.id, alert)
            newest = self._known[alert.id] = max(known, alert, key=lambda one: one.version)
            if not newest.is_asking:
                self._waiting.pop(alert.id, None)
        while len(self._known) > 10_000:
            del self._known[next(iter(self._known))]

    def submit(self, outgoing: Sequence[Outgoing]) -> None:
        """Queues what is not in hand already; never blocks."""
        for one in outgoing:
            notification = one.notification
            if notification.id in self._in_hand:
                continue
            self._in_hand.add(notification.id)
            queue = self._queues.get(notification.channel)
            if queue is None:
                self._finish(self._failed(notification, "channel not configured", is_final=True))
                continue
            known = self._known.get(notification.alert_id)
            if notification.purpose is Purpose.ASK and may_begin(notification, known):
                self._waiting[notification.alert_id].add(notification.id)
            queue.put_nowait((one, self._clock.monotonic_ms()))

    def is_behind(self) -> bool:
        """Whether somebody waits for a free lane."""
        return any(not queue.empty() for queue in self._queues.values())

    async def run(self) -> None:
        """Sends until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_outcomes())
            for name, channel in self._channels.items():
                for _ in range(LANES):
                    group.create_task(self._lane(channel, self._queues[name]))

    async def _lane(self, channel: Channel, queue: asyncio.Queue[tuple[Outgoing, int]]) -> None:
        while True:
            one, since_ms = await queue.get()
            if await self._is_wanted(one.notification, since_ms):
                self._finish(await self._sent(channel, one))
            else:
                self._in_hand.discard(one.notification.id)

    async def _is_wanted(self, notification: Notification, since_ms: int) -> bool:
        """Whether it may begin, having waited since then; read from the database only after a long wait."""
        if notification.purpose is not Purpose.ASK:
            return True
        if self._clock.monotonic_ms() - since_ms > LONG_MS:
            async with self._looking:
                await self._look_up(notification.alert_id)
        waiting = self._waiting.get(notification.alert_id, set())
        is_current = notification.id in waiting
        waiting.discard(notification.id)
        if not waiting:
            self._waiting.pop(notification.alert_id, None)
        return is_current and may_begin(notification, self._known.get(notification.alert_id))

    async def _look_up(self, alert_id: str) -> None:
        """Reads how all alerts stand that ask, once in LONG_MS for all: in a burst thousands wait for a lane.

        A disk that fails or hangs keeps no request from going out: rather asked twice than never.
        """
        now_ms = self._clock.monotonic_ms()
        if alert_id in self._known and self._looked_ms is not None and now_ms - self._looked_ms <= LONG_MS:
            return
        self._looked_ms = now_ms
        asking = {alert_id, *(one.id for one in self._known.values() if one.is_asking)}
        try:
            async with asyncio.timeout(LONG_MS / 1000):
                stored = await self._database.read(lambda tx: tx.alerts.some(asking))
        except Exception:
            log.exception("alerts_not_looked_up", count=len(asking))
        else:
            self.observe(list(stored.values()))

    async def _sent(self, channel: Channel, one: Outgoing) -> Notification:
        """Sends it; gives what became of it."""
        notification = one.notification
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await channel.send(notification, one.message)
        except ChannelFailed as error:
            return self._failed(notification, error.reason, is_final=error.is_final)
        except TimeoutError:
            return self._failed(notification, f"no answer within {SEND_TIMEOUT_S:.0f} s", is_final=False)
        except Exception as error:
            log.exception("channel_broke", channel=notification.channel)
            return self._failed(notification, type(error).__name__, is_final=False)
        return replace(notification, state="sent", attempts=notification.attempts + 1, sent_ms=self._clock.now_ms())

    def _failed(self, notification: Notification, reason: str, *, is_final: bool) -> Notification:
        now_ms = self._clock.now_ms()
        is_worthless = notification.purpose is not Purpose.ASK and now_ms - notification.created_ms > INFORM_FOR_MS
        wait_ms = BACKOFF_MS[min(notification.attempts, len(BACKOFF_MS) - 1)]
        return replace(
            notification,
            state="failed" if is_final or is_worthless else "due",
            attempts=notification.attempts + 1,
            due_ms=now_ms + wait_ms,
            error=reason[:200],
        )

    def _finish(self, notification: Notification) -> None:
        self._outcomes.put_nowait(notification)

    async def _write_outcomes(self) -> None:
        """Stores what became of what, many at once."""
        while True:
            batch = [await self._outcomes.get()]
            await asyncio.sleep(GATHER_S)
            while not self._outcomes.empty():
                batch.append(self._outcomes.get_nowait())
            for start in range(0, len(batch), TOGETHER):
                await self._conclude(batch[start : start + TOGETHER])

    async def _conclude(self, batch: Sequence[Notification]) -> None:
        committed = await self._stored(batch)
        self._in_hand.difference_update(one.id for one in batch)
        self.observe(committed.alerts)
        self.submit(committed.outgoing)
        for alert_id in {one.alert_id for one in batch}:
            self._news.tell(f"alert:{alert_id}")
        self._news.tell("alerts")

    async def _stored(self, batch: Sequence[Notification]) -> Committed:
        """Stores them with what follows from them; one of which that raises, which is a defect, keeps it from no other.

        That one is stored alone; if not even that can be, it is found as unsent again.
        """
        try:
            return await self._written(lambda tx: record_outcomes(tx, batch, self._policy, self._clock.now_ms()))
        except Exception:
            log.exception("outcomes_not_followed", count=len(batch))
        if len(batch) > 1:
            parts = [await self._stored([one]) for one in batch]
            found = [alert for part in parts for alert in part.alerts]
            return Committed(tuple(found), outgoing=tuple(one for part in parts for one in part.outgoing))
        try:
            return await self._written(lambda tx: _save_only(tx, batch))
        except Exception:
            log.exception("outcome_not_stored", alert_id=batch[0].alert_id)
            return Committed()

    async def _written(self, job: Callable[[Tx], Committed]) -> Committed:
        """Tries until the commit works; nothing is forgotten."""
        while True:
            try:
                return await self._database.write(job)
            except (Changed, CommitFailed):
                log.exception("outcomes_not_stored")
                await asyncio.sleep(STORE_AGAIN_S)


def _save_only(tx: Tx, outcomes: Sequence[Notification]) -> Committed:
    tx.notifications.save(outcomes)
    return Committed()


def record_outcomes(tx: Tx, outcomes: Sequence[Notification], policy: Policy, now_ms: int) -> Committed:
    """Stores outcomes; goes on where a way has failed, thanks whom a request reached too late, leaves a failed rung."""
    tx.notifications.save(outcomes)
    remember_outcomes(tx, outcomes, now_ms)
    recording = Recording(tx, policy, now_ms)
    asks = [one for one in outcomes if one.purpose is Purpose.ASK]
    alerts = tx.alerts.some({one.alert_id for one in outcomes if one.purpose is Purpose.ASK or is_hopeless(one)})
    for alert in alerts.values():
        mine = [one for one in asks if one.alert_id == alert.id]
        is_asking_anew = go_on(recording, tx, alert, [one for one in outcomes if one.alert_id == alert.id])
        if not alert.is_asking:
            _thank_the_late(recording, alert, mine)
        elif is_asking_anew:
            continue
        elif may_have_failed(alert, mine) and has_rung_failed(alert, tx.notifications.of_alert(alert.id)):
            recording.add(rung_failed(alert, alert.rung, recording.ladder(alert), now_ms))
    return recording.write()


def _thank_the_late(recording: Recording, alert: Alert, outcomes: Sequence[Notification]) -> None:
    """Whoever a request reached although somebody had accepted meanwhile is thanked like all the others."""
    if not alert.acceptor_id:
        return
    late = [one.person_id for one in outcomes if one.state == "sent" and one.person_id]
    thanks = Inform(Audience.ASKED, Purpose.THANKS, alert.acceptor_id)
    recording.inform(alert, [one for one in late if one not in alert.going], thanks)
