"""The hub's API as any program sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from hub.services.served import SESSION_COOKIE

Json = dict[str, Any]


class Api:
    """JSON in, JSON out; raises aiohttp.ClientResponseError for what is refused."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def of_person(cls, session: aiohttp.ClientSession, url: str, username: str, password: str) -> Api:
        """With the rights of somebody who signs in as a browser does; the session must bring no token of its own."""
        form, ours = {"username": username, "password": password}, {"Origin": url}
        async with session.post(f"{url}/sign-in", data=form, headers=ours, allow_redirects=False) as answer:
            answer.raise_for_status()
            cookie = f"{SESSION_COOKIE}={answer.cookies[SESSION_COOKIE].value}"
        api = cls(session, url, "")
        api._headers = {**ours, "Cookie": cookie}
        return api

    async def get(self, path: str) -> Any:
        """What is below /api/v1."""
        async with self._session.get(f"{self._url}/api/v1{path}", headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, path: str, body: Mapping[str, object]) -> Json:
        """Does something below /api/v1."""
        return dict(await self._send("POST", path, body))

    async def put(self, path: str, body: Mapping[str, object]) -> Json:
        """Sets something below /api/v1."""
        return dict(await self._send("PUT", path, body))

    async def stop_all(self) -> list[Json]:
        """Stops everything that sounds or is planned; what that was."""
        return list(await self._send("POST", "/announcements/stop", {}))

    async def _send(self, method: str, path: str, body: Mapping[str, object]) -> Any:
        url = f"{self._url}/api/v1{path}"
        async with self._session.request(method, url, json=dict(body), headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def alerts(self, button: str) -> list[Json]:
        """All alerts of the buttons with this name, the newest first."""
        return [one for one in await self.get("/alerts?limit=200") if one["button"] == button]

    async def why_not_ready(self) -> list[str]:
        """The reasons that /readyz gives, none when the hub does its work."""
        async with self._session.get(f"{self._url}/readyz") as answer:
            body = await answer.json()
            assert (answer.status == 200) is body["is_ready"] is not bool(body["reasons"])
            return list(body["reasons"])
