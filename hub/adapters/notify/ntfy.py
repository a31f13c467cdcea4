"""ntfy: a push service that a community can run itself; published as JSON, so that Chinese titles arrive whole."""

from __future__ import annotations

import aiohttp

from hub.domain.alerts import Purpose
from hub.services.ports import ChannelFailed, Message, Notification

HIGHEST, NORMAL = 5, 3
"""ntfy's priorities 1-5; 5 rings on and on."""
REFUSED = (400, 401, 403, 404, 413)
"""Answers that no further try will change."""


class Ntfy:
    """Publishes to the topic that is the contact's address, on the server at `base_url`."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when the server took it (200 with an id); raises ChannelFailed otherwise."""
        body = {
            "topic": notification.address,
            "title": message.title,
            "message": message.text,
            "priority": HIGHEST if notification.purpose is Purpose.ASK else NORMAL,
            "tags": [message.alert_id],
        }
        try:
            async with self._session.post(self._base_url, json=body, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise ChannelFailed(f"HTTP {answer.status}", is_final=answer.status in REFUSED)
                taken = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ChannelFailed(type(error).__name__) from error
        if not isinstance(taken, dict) or "id" not in taken:
            raise ChannelFailed("answer without an id")
