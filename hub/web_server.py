"""The API and the pages, served: the part of a hub that is loaded last."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import uvicorn

from hub.api import build_api
from hub.console import build_console
from hub.services.served import Services

MOST_BYTES = 64 * 1024
"""In one message of a WebSocket: a choice of 2,000 places is 40 kB; a frame of speech is 60 bytes."""
BEAT_S = 10.0
"""So often a browser with an open WebSocket is asked whether it is there; half as long it may take to answer."""


class WebServer:
    """Serves both over HTTPS with a certificate and its key, else over HTTP."""

    def __init__(self, services: Services, certificate: Path | None, key: Path | None) -> None:
        self._pages = build_console(services)
        web = build_api(services)
        web.mount("/", self._pages)
        self._server = _Server(
            uvicorn.Config(
                web,
                ws="websockets-sansio",
                ws_max_size=MOST_BYTES,
                ws_ping_interval=BEAT_S,
                ws_ping_timeout=BEAT_S / 2,
                ws_per_message_deflate=False,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
                lifespan="off",
            )
        )

    async def serve(self, listening: socket.socket) -> None:
        """Until `end`."""
        await self._server.serve(sockets=[listening])

    def end(self) -> None:
        """Lets what is being answered be answered, and live pages know that they must ask again."""
        self._pages.end_streams()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to the composition root: the order in which parts end is decided there."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield
