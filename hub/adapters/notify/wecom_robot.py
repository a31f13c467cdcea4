"""企业微信群机器人: speaks in a group and mentions people (developer.work.weixin.qq.com/document/path/91770)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import aiohttp

from hub.adapters.notify.answers import ask

FINAL = {
    93000: "robot address invalid, or robot removed from the group",
    93004: "robot disabled",
    93008: "robot not in the group",
}
"""What no further try changes. All else (-1 busy, 45009 over 20 a minute, 45033 too many at once) is tried again."""
MOBILE = re.compile(r"1\d{10}", re.ASCII)
"""A mobile number of the mainland; every other address is a user id."""


class WecomRobot:
    """Posts to the robot at `url` (with its key); an address is a mobile number or user id to mention, or empty."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def post(self, text: str, addresses: Sequence[str]) -> None:
        """Says the text in the group and mentions these; raises ChannelFailed."""
        mobiles = [one for one in addresses if MOBILE.fullmatch(one)]
        body = {
            "msgtype": "text",
            "text": {
                "content": text,
                "mentioned_list": [one for one in addresses if one not in mobiles],
                "mentioned_mobile_list": mobiles,
            },
        }
        answer = await ask(self._session, "POST", self._url, json_body=body)
        answer.check("errcode", FINAL)
