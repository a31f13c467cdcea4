"""企业微信应用消息: to one person, from an application (developer.work.weixin.qq.com/document/path/90236)."""

from __future__ import annotations

import asyncio

import aiohttp

from hub.adapters.notify.answers import Answer, ask
from hub.services.ports import ChannelFailed, Clock, Message, Notification

STALE = (40014, 42001)
"""The token is invalid or has expired; it may be taken back before its time."""
FINAL = {
    40001: "secret refused",
    40013: "corporation unknown",
    40056: "application unknown",
    40091: "secret refused",
    60020: "IP address not allowed",
    60111: "user unknown",
    81013: "user unknown, or not allowed to see the application",
}
"""What no further try changes. All else (-1 busy, 45009 and 45033 too often) is tried again."""
EARLY_MS = 300_000
"""A token is renewed so long before it expires."""


class WecomApp:
    """Sends to the user id that is the contact's address. `api` is WeCom's own server or a private one (政务微信)."""

    def __init__(
        self, session: aiohttp.ClientSession, api: str, corp_id: str, agent_id: int, secret: str, clock: Clock
    ) -> None:
        self._session = session
        self._api = api.rstrip("/")
        self._login = {"corpid": corp_id, "corpsecret": secret}
        self._agent_id = agent_id
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._token = ""
        self._until_ms = 0

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when WeCom took it for this person; one whom it calls invalid in a 200 answer is a final failure."""
        token = await self._valid_token()
        answer = await self._send(token, notification.address, message.text)
        if answer.number("errcode") in STALE:
            answer = await self._send(await self._valid_token(refused=token), notification.address, message.text)
        answer.check("errcode", FINAL)
        if answer.text("invaliduser") or answer.text("unlicenseduser"):
            raise ChannelFailed("user unknown, without licence, or not allowed to see the application", is_final=True)

    async def _send(self, token: str, user_id: str, text: str) -> Answer:
        # Its check for duplicates stays off: it would keep back the same request repeated minutes later.
        body = {"touser": user_id, "msgtype": "text", "agentid": self._agent_id, "text": {"content": text}}
        url = f"{self._api}/cgi-bin/message/send"
        return await ask(self._session, "POST", url, json_body=body, params={"access_token": token})

    async def _valid_token(self, refused: str = "") -> str:
        """The token, fetched once for all who wait for it; never again the one that was refused."""
        async with self._fetching:
            is_good = self._token and self._token != refused and self._clock.monotonic_ms() < self._until_ms
            if not is_good:
                answer = await ask(self._session, "GET", f"{self._api}/cgi-bin/gettoken", params=self._login)
                answer.check("errcode", FINAL)
                self._token = answer.text("access_token")
                lasts_ms = (answer.number("expires_in") or 0) * 1_000
                self._until_ms = self._clock.monotonic_ms() + max(lasts_ms - EARLY_MS, lasts_ms // 2)
            if not self._token:
                raise ChannelFailed("answer without a token")
            return self._token
