"""Messages to one chat group, gathered: a robot may speak 20 times a minute, and one rung may ask fifty people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from hub.services.ports import ChannelFailed, Message, Notification

GATHER_S = 0.1
"""All people of a rung are handed over within this time; the group is told of them in one message."""
POST_S = 9.0
"""Below the dispatcher's own limit, so that it learns why."""

Post = Callable[[str, Sequence[str]], Awaitable[None]]
"""Sends a text that mentions these addresses; raises ChannelFailed."""


class Group:
    """A ports.Channel on what a robot can post: the same text of one alert is said once for all who are to hear it
    within a moment, and what becomes of it holds for all. An address is whom to mention, or empty.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._gathering: dict[tuple[str, str], tuple[list[str], asyncio.Task[None]]] = {}

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns once the robot has said it in the group; raises ChannelFailed otherwise."""
        key = (message.alert_id, message.text)
        if key not in self._gathering:
            addresses: list[str] = []
            self._gathering[key] = (addresses, asyncio.create_task(self._say(key, addresses)))
        addresses, task = self._gathering[key]
        addresses.append(notification.address)
        await asyncio.shield(task)  # who gives up waiting takes nobody else's message away

    async def _say(self, key: tuple[str, str], addresses: list[str]) -> None:
        await asyncio.sleep(GATHER_S)
        del self._gathering[key]
        try:
            async with asyncio.timeout(POST_S):
                await self._post(key[1], list(dict.fromkeys(one for one in addresses if one)))
        except TimeoutError as error:
            raise ChannelFailed(f"no answer within {POST_S:.0f} s") from error
