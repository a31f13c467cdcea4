"""A way to reach people that keeps what it was given, and can refuse or hang."""

from __future__ import annotations

import asyncio

from hub.services.ports import Message, Notification


class FakeChannel:
    """Fills ports.Channel. `error` is raised while it is set; while `open_gate` is cleared every send hangs."""

    def __init__(self) -> None:
        self.begun: list[Notification] = []
        self.sent: list[tuple[Notification, Message]] = []
        self.error: Exception | None = None
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self._came = asyncio.Condition()

    async def send(self, notification: Notification, message: Message) -> None:
        """Takes it, unless it is to fail or to hang."""
        self.begun.append(notification)
        await self._tell()
        await self.open_gate.wait()
        if self.error:
            raise self.error
        self.sent.append((notification, message))
        await self._tell()

    async def wait_begun(self, count: int) -> None:
        """Returns once so many sends have begun."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.begun) >= count)

    async def wait_sent(self, count: int) -> None:
        """Returns once so many were taken."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.sent) >= count)

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()
