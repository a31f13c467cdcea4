"""Doing the same for thousands of devices: many at the same time, and room for a press in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 100
"""So many wait for the broker at the same time."""


async def for_each(values: Iterable[T], do: Callable[[T], Awaitable[R]]) -> list[R]:
    """What `do` gives for each, in their order; raises the first error, the others are still done."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(value: T) -> R:
        async with gate:
            return await do(value)

    return await asyncio.gather(*(one(value) for value in values))


async def all_done(works: Iterable[Awaitable[None]]) -> None:
    """Waits until all of them have ended, then raises the first error: nothing goes on behind the caller's back."""
    for failure in await asyncio.gather(*works, return_exceptions=True):
        if failure is not None:
            raise failure
