"""Bounded waiting for something that real processes do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.02


async def wait_until(is_so: Callable[[], T | Awaitable[T]], what: str, timeout_s: float = 20.0) -> T:
    """The first true result of `is_so`; raises TimeoutError naming `what` when none comes in time."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                result = is_so()
                if isinstance(result, Awaitable):
                    result = await result
                if result:
                    return result
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise TimeoutError(f"not within {timeout_s:g} s: {what}") from None
