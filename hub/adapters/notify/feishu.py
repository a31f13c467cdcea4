"""飞书群机器人, signed: speaks in a group and mentions people (open.feishu.cn, custom bot usage guide)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

import aiohttp

from hub.adapters.notify.answers import ask
from hub.services.ports import Clock

FINAL = {
    9499: "request refused as malformed",
    19001: "robot address invalid",
    19021: "signature or time refused",
    19022: "IP address not allowed",
    19024: "key word missing",
}
"""What no further try changes. All else (11232, over 5 a second or 100 a minute) is tried again."""
USER = re.compile(r"[\w-]+", re.ASCII)
"""An open id or user id; telephone numbers cannot be mentioned by this kind of robot."""


class Feishu:
    """Posts to the robot at `url`, signed with `secret` unless that is empty.

    An address is an open id or user id to mention, or empty.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str, clock: Clock) -> None:
        self._session = session
        self._url = url
        self._secret = secret
        self._clock = clock

    async def post(self, text: str, addresses: Sequence[str]) -> None:
        """Says the text in the group and mentions these; raises ChannelFailed."""
        mentions = "".join(f' <at user_id="{one}"></at>' for one in addresses if USER.fullmatch(one))
        signature = signed(self._secret, self._clock.now_ms() // 1_000) if self._secret else {}
        body = {**signature, "msg_type": "text", "content": {"text": text + mentions}}
        answer = await ask(self._session, "POST", self._url, json_body=body)
        answer.check("code", FINAL)


def signed(secret: str, now_s: int) -> dict[str, str]:
    """The fields that sign a body; they hold for an hour. Unlike DingTalk the secret is part of the key, of no text."""
    digest = hmac.digest(f"{now_s}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": str(now_s), "sign": base64.b64encode(digest).decode()}
