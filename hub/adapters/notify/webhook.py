"""The generic webhook: JSON by POST; only a 2xx answer is success."""

from __future__ import annotations

import aiohttp

from hub.services.ports import ChannelFailed, Message, Notification


class Webhook:
    """Posts `Message.body` to the notification's address."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns after a 2xx answer; raises ChannelFailed for every other, and for none."""
        try:
            async with self._session.post(
                notification.address, json=dict(message.body), allow_redirects=False
            ) as answer:  # its body is left unread: it may never end
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ChannelFailed(type(error).__name__) from error
        if not 200 <= status < 300:
            raise ChannelFailed(f"HTTP {status}")
