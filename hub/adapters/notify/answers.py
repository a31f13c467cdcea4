"""What services answer: a JSON object of a bounded size, whatever the HTTP status says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from hub.services.ports import ChannelFailed

MOST_BYTES = 65_536
"""Answers of these services hold a few hundred bytes."""


def new_session() -> aiohttp.ClientSession:
    """One for all channels, to be closed. The dispatcher bounds how many requests of a channel there are, and how long
    each may take; a bound here would let one that hangs take the connections of another at the same host (WeCom's two).
    """
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout())


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON object of the answer; these services say in it what they did, often with status 200."""

    status: int
    body: Mapping[str, object]

    def number(self, name: str) -> int | None:
        """The whole number of this name; None where there is none."""
        value = self.body.get(name)
        return value if type(value) is int else None

    def text(self, name: str) -> str:
        """The text of this name, empty where there is none."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def check(self, name: str, final: Mapping[int, str]) -> None:
        """Returns if the code of this name is 0 with status 200; raises ChannelFailed otherwise.

        `final` names the codes that no further try changes, and what they mean.
        """
        code = self.number(name)
        if self.status != 200 or code != 0:
            raise ChannelFailed(final.get(code or 0, f"{name} {code}, HTTP {self.status}"), is_final=code in final)


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    json_body: Mapping[str, object] | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Asks and reads the answer. Raises ChannelFailed for none, and for one that is no JSON object.

    No redirection is followed: it would carry tokens and numbers to who knows where.
    """
    all_headers = dict(headers or {})
    if json_body is not None:
        all_headers["Content-Type"] = "application/json"
    try:
        # As UTF-8 and not as \uXXXX, which WeCom may refuse (40033).
        sent = None if json_body is None else json.dumps(json_body, ensure_ascii=False).encode()
        async with session.request(
            method, url, data=sent, params=params, headers=all_headers, allow_redirects=False
        ) as answer:
            raw = await _read(answer)
            status = answer.status
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ChannelFailed(type(error).__name__) from error
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ChannelFailed(f"HTTP {status}" if status != 200 else "answer is no JSON object")
    return Answer(status, body)


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for piece in answer.content.iter_any():
        raw += piece
        if len(raw) > MOST_BYTES:
            raise ChannelFailed("answer too long")
    return raw
