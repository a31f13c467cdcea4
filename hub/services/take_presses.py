"""Presses are taken: stored however long the disk takes, then confirmed to their devices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from hub.domain.errors import Changed
from hub.services.consequences import Consequences
from hub.services.pacing import behind_people
from hub.services.ports import Clock, CommitFailed, Database, PressRow, Publisher
from hub.services.raise_alert import Raised, Received, raise_alerts
from hub.services.recording import Policy
from hub.services.unrecorded import Unrecorded
from wire.ids import new_id
from wire.messages import Accepted

log = structlog.get_logger()

AGAIN_S = 0.1
"""Between tries of a commit that failed."""
MOST_CHANGES = 100
"""So often in a row no other hub is faster: what still says so is a defect, and must not be tried for ever."""
UNRECORDED_S = 2.0
"""A press that is not on disk after so long is told to people as it is (ALERTS.md, invariant 13)."""
ACCEPTED_VALID_MS = 24 * 3_600_000
"""A device that was away reads its confirmations when it is back; meanwhile it repeats the press anyway."""


class TakePresses:
    """What the press connection hands over. Returns from `take` only when all of it is committed.

    `is_behind` says whether people wait to be notified.
    """

    def __init__(
        self,
        database: Database,
        consequences: Consequences,
        publisher: Publisher,
        clock: Clock,
        policy: Policy,
        unrecorded: Unrecorded,
        is_behind: Callable[[], bool],
    ) -> None:
        self._database = database
        self._consequences = consequences
        self._publisher = publisher
        self._clock = clock
        self._policy = policy
        self._unrecorded = unrecorded
        self._is_behind = is_behind
        self._confirmations: asyncio.Queue[PressRow] = asyncio.Queue()

    async def take(self, batch: Sequence[Received]) -> None:
        """Stores a batch; raises what a defect raised, and only if a single press fails even as an unreadable one."""
        # By a timer: a disk that hangs does not even fail.
        late = asyncio.get_running_loop().call_later(UNRECORDED_S, self._unrecorded.tell, batch)
        try:
            await self._store(batch)
        except Exception:
            if len(batch) > 1:
                raise
            await self._store_unread(batch[0])
        finally:
            late.cancel()
        self._unrecorded.clear(batch)

    async def _store_unread(self, received: Received) -> None:
        log.exception("press_taken_as_unreadable", device=received.device)
        try:
            await self._store([replace(received, is_readable=False)])
        except Exception:
            self._unrecorded.tell([received])
            raise

    async def _store(self, batch: Sequence[Received]) -> None:
        remaining = MOST_CHANGES
        while True:
            try:
                await self._database.write(
                    lambda tx: raise_alerts(tx, batch, self._policy, self._clock.now_ms()),
                    is_urgent=True,
                    then=self._follow,
                )
                return
            except Changed:  # another hub took one of the alerts or presses: read it again
                remaining -= 1
                if not remaining:
                    raise
            except CommitFailed:
                log.exception("commit_failed", presses=len(batch))
                await asyncio.sleep(AGAIN_S)

    def _follow(self, raised: Raised) -> None:
        self._consequences.follow(raised.committed)
        for press in raised.presses:
            self._confirmations.put_nowait(press)

    async def run(self) -> None:
        """Confirms presses to their devices until cancelled. What fails is confirmed at the device's next repeat."""
        async for batch in behind_people(self._confirmations, self._is_behind):
            results = await asyncio.gather(*(self._confirm(press) for press in batch), return_exceptions=True)
            failed = [result for result in results if isinstance(result, Exception)]
            if failed:
                log.warning("confirmations_not_sent", count=len(failed), reason=str(failed[0]))

    async def _confirm(self, press: PressRow) -> None:
        now_ms = self._clock.now_ms()
        accepted = Accepted(
            to=press.device,
            id=new_id(now_ms),
            issued_ms=now_ms,
            valid_until_ms=now_ms + ACCEPTED_VALID_MS,
            press_id=press.press_id,
            alert_id=press.alert_id,
            is_new_alert=press.is_new_alert,
            recorded_at_ms=press.received_ms,
        )
        await self._publisher.to_device(
            press.device, "accepted", accepted.to_payload(), expiry_s=ACCEPTED_VALID_MS // 1000
        )
