"""How much a request may bring."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
"""Far more than the longest announcement (2,000 characters, 8 kB) and its targets."""
PREFIX = "/api/"


class BodyLimit:
    """ASGI middleware: a body of the API that is too large is refused with 413 as soon as that is known.

    What lies outside the API (pages, uploads) sets its own limits.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, bounded, send)
