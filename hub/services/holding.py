"""Announcements that wait for a second person: what decides about them is committed, and what runs out is let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from hub.domain.announcements import VALID_AFTER_END_MS, lead_ms, total_ms
from hub.domain.second_person import OUT, Window, begins_ms, called_off, due_ms
from hub.services.ports import Announcement, AuditRow, Clock, Database, Tx
from wire.messages import Timeline

log = structlog.get_logger()

LOOK_S = 0.25
HUB = "hub"
"""Who acts in the journal when time alone decides."""


def settle(tx: Tx, one: Announcement, window: Window, timeline: Timeline | None = None) -> Announcement:
    """Stores and journals what became of its window; when that is nothing new, nothing. Where it begins at another
    instant than was planned, that is agreed by this timeline.
    """
    if window == one.window or window.at_ms is None:
        return one
    settled = replace(one, hold=window.hold, hold_by=window.by, hold_at_ms=window.at_ms)
    if window.hold in OUT:
        play_at_ms = begins_ms(window, lead_ms(one.duration_ms), window.at_ms)
        end_ms = play_at_ms + total_ms(one.duration_ms, one.repeat)
        settled = replace(settled, play_at_ms=play_at_ms, valid_until_ms=end_ms + VALID_AFTER_END_MS)
        if timeline is not None and play_at_ms != one.play_at_ms:
            settled = replace(settled, boot=timeline.boot, base_ns=timeline.base_ns)
    else:
        settled = replace(settled, stopped_ms=window.at_ms)
    tx.announcements.save_hold(settled)
    detail = {"announcement": one.id}
    tx.audit.add(AuditRow(window.at_ms, window.by or HUB, f"announcement_{window.hold}", detail))
    return settled


def stop(tx: Tx, one: Announcement, by: str, now_ms: int) -> Announcement:
    """Stopped; while it waits for a second person it is called off, and then was never played."""
    if one.stopped_ms is not None:
        return one
    if one.window is not None and not one.is_out:
        return settle(tx, one, called_off(one.window, by, now_ms))
    tx.announcements.stop(one.id, now_ms)
    return replace(one, stopped_ms=now_ms)


class Windows:
    """Lets go what nobody has called off in time. The rows say what is held, so a restart loses nothing; how long is
    left goes by the steady clock, so that setting the wall clock neither hastens nor delays it.
    """

    def __init__(self, database: Database, let_go: Callable[[str], Awaitable[object]], clock: Clock) -> None:
        """`let_go` sends the announcement with this id (Announcements.let_go)."""
        self._database = database
        self._let_go = let_go
        self._clock = clock
        self._due_ms: dict[str, int] = {}

    async def run(self) -> None:
        """Looks until cancelled; a turn that fails is logged and tried again."""
        while True:
            try:
                await self.turn()
            except Exception:
                log.exception("held_announcements_not_looked_at")
            await asyncio.sleep(LOOK_S)

    async def turn(self) -> None:
        """Lets go whose time is over."""
        held = await self._database.read(lambda tx: tx.announcements.held())
        now_ms, steady_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        windows = {one.id: one.window for one in held if one.window is not None}
        self._due_ms = {
            key: self._due_ms.get(key, due_ms(window, now_ms, steady_ms)) for key, window in windows.items()
        }
        await asyncio.gather(*(self._go(key) for key, at_ms in self._due_ms.items() if at_ms <= steady_ms))

    async def _go(self, announcement_id: str) -> None:
        """What fails with one keeps no other from going; it is tried again with the next look."""
        try:
            await self._let_go(announcement_id)
        except Exception:
            log.exception("held_announcement_not_let_go", announcement=announcement_id)
