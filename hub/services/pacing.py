"""People come first: what devices and elders are sent goes out behind the notifications, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")

PEOPLE_FIRST_S = 0.005
"""So much after people are notified: the loop does one thing at a time."""
PACE, PACE_S = 15, 0.1
"""Messages in one go, and the pause after them while people wait to be notified (docs/decisions.md, 27)."""


async def behind_people(queue: asyncio.Queue[T], are_people_waiting: Callable[[], bool]) -> AsyncIterator[list[T]]:
    """What gathers in the queue, at most PACE of it at once, for ever."""
    while True:
        batch = [await queue.get()]
        await asyncio.sleep(PEOPLE_FIRST_S)
        while not queue.empty() and len(batch) < PACE:
            batch.append(queue.get_nowait())
        yield batch
        if are_people_waiting():
            await asyncio.sleep(PACE_S)
