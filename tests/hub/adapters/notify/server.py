"""Servers that channels talk to: real ones on a free port, that answer well, badly, late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from hub.domain.alerts import Purpose
from hub.domain.people import ChannelName
from hub.services.ports import Message, Notification

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MESSAGE = Message("alert-1", "1栋101室", "1栋101室有人按铃，请去看看。", {"alert_id": "alert-1", "say": "有人按铃"})


def notification(address: str, purpose: Purpose = Purpose.ASK, person_id: str | None = "wang") -> Notification:
    return Notification("n", "alert-1", person_id, ChannelName.WEBHOOK, address, purpose, None, 0, 0, 0)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server on a free port whose every request goes to `handler`; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/here"
    finally:
        await runner.cleanup()


def answering(status: int, body: str = "", seen: list[web.Request] | None = None, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        if seen is not None:
            seen.append(request)
        return web.Response(status=status, text=body, headers=headers)

    return handle


async def reset(request: web.Request) -> web.StreamResponse:
    """Breaks the connection in the middle of the request."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    """Answers 200 with a body that never ends."""
    answer = web.StreamResponse(status=200)
    await answer.prepare(request)
    await answer.write(b"x")
    await asyncio.Event().wait()
    return answer
