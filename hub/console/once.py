"""A form sent twice acts once: what a key has led to is given again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

T = TypeVar("T")

REMEMBERED = 1_000
"""Keys kept; a second try comes within seconds."""


class Once(Generic[T]):
    """Remembers the newest results by key, also those under way; what failed may be tried again.

    It lives in this process: a repeat that reaches another hub, or comes after a restart, acts again.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def act(self, key: str, action: Callable[[], Coroutine[None, None, T]]) -> T:
        """The result of `action`, done now unless this key has done it already. An empty key is never a repeat."""
        task = self._tasks.get(key) if key else None
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(action())
            if key:
                self._tasks[key] = task
                while len(self._tasks) > REMEMBERED:
                    del self._tasks[next(iter(self._tasks))]
        # A browser that goes away must not end what it has begun.
        return await asyncio.shield(task)
