"""The gateway that people are notified through: a real HTTP server that notes what comes, and can misbehave."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass
class Gateway:
    """`posts` are the bodies it took with the time (monotonic seconds) of each; `status` is what it answers."""

    posts: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    refused: int = 0
    status: int = 200
    port: int = 0
    _first: dict[str, float] = field(default_factory=dict)
    _runner: web.AppRunner | None = None
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/notify"

    @property
    def first_seen(self) -> dict[str, float]:
        """By press id the time at which the first notification that names it was taken."""
        return self._first

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.status >= 300:
            self.refused += 1
            return web.Response(status=self.status)
        now = time.monotonic()
        self.posts.append((now, body))
        for press_id in body.get("press_ids", []):
            self._first.setdefault(press_id, now)
        return web.json_response({"id": str(len(self.posts))}, status=self.status)
