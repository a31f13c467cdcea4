"""The API and the pages, served: the part of a hub that is loaded last."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import uvicorn

from hub.api import build_api
from hub.console import build_console
from hub.services.served import Services
from hub.web_socket import WebSockets


class WebServer:
    """Serves both over HTTPS with a certificate and its key, else over HTTP."""

    def __init__(self, services: Services, certificate: Path | None, key: Path | None) -> None:
        self._pages = build_console(services)
        web = build_api(services)
        web.mount("/", self._pages)
        self._sockets = WebSockets(web)
        self._server = _Server(
            uvicorn.Config(
                web,
                ws=self._sockets.protocol,  # type: ignore[arg-type]  # whatever makes a protocol will do
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
        try:
            await self._server.serve(sockets=[listening])
        finally:
            await self._sockets.close()

    def end(self) -> None:
        """Lets what is being answered be answered, and live pages know that they must ask again."""
        self._pages.end_streams()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to the composition root: the order in which parts end is decided there."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield
