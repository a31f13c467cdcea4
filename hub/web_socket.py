"""WebSockets of the pages: aiohttp, which the hub has anyway, speaks the protocol; the application sees plain ASGI."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import WSMsgType, web
from starlette.types import ASGIApp, Message, Scope

MOST_BYTES = 64 * 1024
"""A choice of 2,000 places is 40 kB; a frame of speech is 60 bytes."""
BEAT_S = 10.0
"""A browser that does not answer for half of this is gone."""
FAREWELL_S = 1.0


class WebSockets:
    """Where uvicorn leaves off: `protocol` takes over a connection that asks for a WebSocket (its option `ws`)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._server: web.Server | None = None

    def protocol(self, **_of_uvicorn: Any) -> asyncio.Protocol:
        """What reads and writes the connection from now on."""
        if self._server is None:
            self._server = web.Server(self._serve, access_log=None)
        return self._server()

    async def close(self) -> None:
        """Ends what is open."""
        if self._server is not None:
            await self._server.shutdown(FAREWELL_S)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=BEAT_S, compress=False, max_msg_size=MOST_BYTES)
        conversation = _Conversation(request, socket)
        await self._app(_scope(request), conversation.receive, conversation.send)
        if not socket.prepared:
            return web.Response(status=403)
        await socket.close()
        return socket


class _Conversation:
    """One WebSocket, as an ASGI application receives from it and sends to it."""

    def __init__(self, request: web.BaseRequest, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket
        self._has_begun = False

    async def receive(self) -> Message:
        if not self._has_begun:
            self._has_begun = True
            return {"type": "websocket.connect"}
        message = await self._socket.receive()
        match message.type:
            case WSMsgType.BINARY:
                return {"type": "websocket.receive", "bytes": message.data}
            case WSMsgType.TEXT:
                return {"type": "websocket.receive", "text": message.data}
            case _:
                return {"type": "websocket.disconnect", "code": self._socket.close_code or 1006}

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                await self._socket.prepare(self._request)
            case "websocket.send" if message.get("bytes") is not None:
                await self._socket.send_bytes(message["bytes"])
            case "websocket.send":
                await self._socket.send_str(message["text"])
            case "websocket.close" if self._socket.prepared:
                await self._socket.close(code=message.get("code", 1000))


def _scope(request: web.BaseRequest) -> Scope:
    transport = request.transport
    peer, own = (transport.get_extra_info(name) if transport else None for name in ("peername", "sockname"))
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "wss" if request.secure else "ws",
        "path": request.path,
        "raw_path": request.raw_path.encode(),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": tuple(peer[:2]) if peer else None,
        "server": tuple(own[:2]) if own else None,
        "subprotocols": [],
        "state": {},
    }
