"""The gateway through which a scenario's hub notifies people: takes every message, and notes when each press came."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from typing import Self

_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_ANSWER = b'{"id":"1"}'
_TAKEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_ANSWER), _ANSWER)


class Gateway:
    """Just as much HTTP/1.1 as the hub's channels speak. `first_s` has by press id the time of its first notification,
    on the monotonic clock.
    """

    def __init__(self) -> None:
        self.first_s: dict[str, float] = {}
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def environ(self) -> dict[str, str]:
        """The settings with which a hub notifies through it."""
        return {
            "DONGDONG_DUTY_WEBHOOK": f"http://127.0.0.1:{self.port}/duty",
            "DONGDONG_NTFY": f"http://127.0.0.1:{self.port}/ntfy",
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self._note(body)
                writer.write(_TAKEN)
        writer.close()

    def _note(self, body: bytes) -> None:
        now_s = time.monotonic()
        for press_id in json.loads(body).get("press_ids", []):
            self.first_s.setdefault(press_id, now_s)
