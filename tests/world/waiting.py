"""Bounded waiting for something that real processes do."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable

LOOK_EVERY_S = 0.02


async def wait_until(
    is_so: Callable[[], object], what: str, timeout_s: float = 20.0, look_every_s: float = LOOK_EVERY_S
) -> None:
    """Returns once `is_so`, which may be a coroutine function, gives something true; else raises TimeoutError."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                result = is_so()
                if await result if inspect.isawaitable(result) else result:
                    return
                await asyncio.sleep(look_every_s)
    except TimeoutError:
        raise TimeoutError(f"not within {timeout_s:g} s: {what}") from None
