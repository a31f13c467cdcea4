"""Whether anybody looks at the duty desk: when no desk with sound is open, whoever stands in for it is told."""

from __future__ import annotations

import asyncio

import structlog

from hub.domain.alerts import State, desk_unwatched
from hub.domain.errors import Changed
from hub.services.consequences import Consequences
from hub.services.ports import Clock, CommitFailed, Database, News, Tx
from hub.services.recording import Committed, Policy, Recording

log = structlog.get_logger()

WATCHED_MS = 20_000
"""A desk that has not said for so long that it is live and can be heard counts as left (CONSOLE.md, rule 3)."""
TELL_AGAIN_MS = 120_000
"""While it stays so, the stand-in is told again after this: as often as the last rung repeats."""
LOOK_EVERY_S = 2.0
TOPIC = "desk_watch"


class DeskWatch:
    """Desks say that they are live and heard; this notices when none does. A start counts as seen."""

    def __init__(
        self, database: Database, consequences: Consequences, clock: Clock, policy: Policy, news: News
    ) -> None:
        self._database = database
        self._consequences = consequences
        self._clock = clock
        self._policy = policy
        self._news = news
        self._seen_ms = clock.monotonic_ms()
        self._told_ms: int | None = None
        self._was_watched = True

    @property
    def is_watched(self) -> bool:
        """Whether some desk was live and heard within the last WATCHED_MS."""
        return self._clock.monotonic_ms() - self._seen_ms < WATCHED_MS

    def seen(self) -> None:
        """A duty desk says that its stream is live and that its sound is on."""
        self._seen_ms = self._clock.monotonic_ms()
        self._tell_pages()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                await self.turn()
            except (Changed, CommitFailed) as error:
                log.warning("stand_in_not_told", reason=str(error))  # the next turn tries again
            except Exception:
                log.exception("desk_watch_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def turn(self) -> None:
        """Tells the stand-in of the alert that has waited longest, if there is one and no desk is watched."""
        self._tell_pages()
        now_ms = self._clock.monotonic_ms()
        if self.is_watched:
            self._told_ms = None
            return
        if self._told_ms is not None and now_ms - self._told_ms < TELL_AGAIN_MS:
            return
        if await self._database.read(_longest_open) is None:
            return
        committed = await self._database.write(lambda tx: tell_stand_in(tx, self._policy, self._clock.now_ms()))
        self._consequences.follow(committed)
        self._told_ms = now_ms

    def _tell_pages(self) -> None:
        if self.is_watched is not self._was_watched:
            self._was_watched = self.is_watched
            self._news.tell(TOPIC)


def tell_stand_in(tx: Tx, policy: Policy, now_ms: int) -> Committed:
    """Journals on the alert that has waited longest that no desk is watched, and informs its stand-ins."""
    recording = Recording(tx, policy, now_ms)
    alert_id = _longest_open(tx)
    alert = tx.alerts.get(alert_id) if alert_id else None
    if alert is not None:
        recording.add(desk_unwatched(alert))
    return recording.write()


def _longest_open(tx: Tx) -> str | None:
    return next((one.id for one in tx.alerts.not_closed() if one.state is State.OPEN), None)
