"""钉钉群机器人, signed: speaks in a group and mentions people (open.dingtalk.com, custom robots)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

import aiohttp

from hub.adapters.notify.answers import ask
from hub.adapters.notify.wecom_robot import MOBILE
from hub.services.ports import Clock

FINAL = {
    310000: "refused by the robot's security settings (signature, key word or IP address)",
    400013: "group dissolved",
    400101: "token unknown",
    400102: "robot disabled",
    400105: "kind of message not supported",
    400106: "robot not in the group",
    430101: "content refused",
    430102: "content refused",
    430103: "content refused",
    430104: "content refused",
}
"""What no further try changes. All else (-1 busy, 410100 and 130101 over 20 a minute) is tried again."""


class DingTalk:
    """Posts to the robot at `url` (with its access token), signed with `secret` unless that is empty.

    An address is a mobile number or user id to mention, or empty.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str, clock: Clock) -> None:
        self._session = session
        self._url = url
        self._secret = secret
        self._clock = clock

    async def post(self, text: str, addresses: Sequence[str]) -> None:
        """Says the text in the group and mentions these; raises ChannelFailed."""
        mobiles = [one for one in addresses if MOBILE.fullmatch(one)]
        mentions = "".join(f" @{one}" for one in addresses)  # it mentions only who is named in the text as well
        body = {
            "msgtype": "text",
            "text": {"content": text + mentions},
            "at": {"atMobiles": mobiles, "atUserIds": [one for one in addresses if one not in mobiles]},
        }
        params = signed(self._secret, self._clock.now_ms()) if self._secret else {}
        answer = await ask(self._session, "POST", self._url, json_body=body, params=params)
        answer.check("errcode", FINAL)


def signed(secret: str, now_ms: int) -> dict[str, str]:
    """The query that signs a request; it holds for an hour."""
    digest = hmac.digest(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": str(now_ms), "sign": base64.b64encode(digest).decode()}
