"""Doing the same for thousands of devices: many at the same time, and room for a press in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 5
"""So many wait for the broker at the same time, and what is urgent waits behind them on the same connection. Mosquitto
takes one message from each connection in each of its turns, which take 60 ms while a thousand devices connect to it."""
A_TURN = 25
"""So many are begun in one turn of the loop, about 10 ms of signing and sending."""


async def for_each(values: Iterable[T], do: Callable[[T], Awaitable[R]]) -> list[R]:
    """What `do` gives for each, in their order; raises the first error, the others are still done."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(value: T) -> R:
        async with gate:
            return await do(value)

    tasks: list[asyncio.Task[R]] = []
    for value in values:
        tasks.append(asyncio.create_task(one(value)))
        if len(tasks) % A_TURN == 0:
            await asyncio.sleep(0)
    return await asyncio.gather(*tasks)


async def all_done(works: Iterable[Awaitable[None]]) -> None:
    """Waits until all of them have ended, then raises the first error: nothing goes on behind the caller's back."""
    for failure in await asyncio.gather(*works, return_exceptions=True):
        if failure is not None:
            raise failure
