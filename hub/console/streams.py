"""The stream of one open page: what waits to be sent to it, and the answer that sends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from sse_starlette import ServerSentEvent
from starlette.responses import StreamingResponse
from starlette.types import Send

from hub.console.parts import Key

SEPARATOR = "\n"
"""htmx splits a CR from its LF when they arrive in two pieces, and takes the LF for the end of an event."""


class Numbered:
    """Makes events whose ids rise, from `first_id` on."""

    def __init__(self, first_id: int) -> None:
        self._ids = count(first_id)

    def event(self, kind: str, data: str) -> bytes:
        """The event as it is sent."""
        return ServerSentEvent(data, event=kind, id=str(next(self._ids)), sep=SEPARATOR).encode()


@dataclass(eq=False, slots=True)
class OpenPage:
    """The newest unsent event of each of its parts, and of the beat; an older one that waits is not worth sending."""

    keys: frozenset[Key]
    is_over: bool = False
    _waiting: dict[str, bytes] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, name: str, event: bytes) -> None:
        """Never blocks."""
        self._waiting[name] = event
        self._wake.set()

    def end(self) -> None:
        """Ends `events`."""
        self.is_over = True
        self._wake.set()

    async def events(self, for_s: float) -> AsyncIterator[bytes]:
        """What waits for this page, as it comes, until `end` or for so long."""
        timer = asyncio.get_running_loop().call_later(for_s, self.end)
        try:
            while not self.is_over:
                await self._wake.wait()
                self._wake.clear()
                waiting, self._waiting = self._waiting, {}
                yield b"".join(waiting.values())
        finally:
            timer.cancel()


class EventStream(StreamingResponse):
    """Sends encoded events as they come. The library's own answer to streams took twice the time for each page."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)

    async def stream_response(self, send: Send) -> None:
        """Ends what makes the events together with the connection."""
        async with aclosing(cast("AsyncGenerator[bytes, None]", self.body_iterator)):
            await super().stream_response(send)
