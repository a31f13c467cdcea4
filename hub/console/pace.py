"""How much of the event loop the pages may take: presses come first."""

from __future__ import annotations

import asyncio
import time

PAUSE_S = 0.1
"""Least time from one rendering to the next: what changes faster is shown together."""
SHARE = 0.25
"""In the long run, pages take no more than this of the loop's time."""
CREDIT_S = 0.6
"""So much may be ahead of that: a press and all that follows from it are shown at once, to 1,000 pages too."""


class Pace:
    """Says how long to wait after each rendering. Counts what the loop's thread has computed meanwhile."""

    def __init__(self) -> None:
        self._owed_s = 0.0
        self._paid_at = time.monotonic()
        self.begin()

    def begin(self) -> None:
        """A rendering begins."""
        self._began_at, self._computed_s = time.monotonic(), time.thread_time()

    def spent(self) -> float:
        """A rendering has ended; how long to wait now, in seconds."""
        now = time.monotonic()
        return self.wait_s(now, now - self._began_at, time.thread_time() - self._computed_s)

    def wait_s(self, now: float, took_s: float, computed_s: float) -> float:
        """The rule: `took_s` by the clock, of which `computed_s` were the loop's own; `now` is steady time."""
        self._owed_s = max(0.0, self._owed_s - SHARE * (now - self._paid_at)) + computed_s
        self._paid_at = now
        return max(0.0, PAUSE_S - took_s, (self._owed_s - CREDIT_S) / SHARE)

    async def rest(self) -> None:
        """Waits so long."""
        await asyncio.sleep(self.spent())
