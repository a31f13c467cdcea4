"""Web Push: to the browser of one phone, through the service of its maker (RFC 8030)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from hub.adapters.notify.push_encryption import authorization, encrypted
from hub.domain.alerts import Purpose
from hub.domain.errors import Invalid
from hub.domain.subscription import encode, read_subscription
from hub.services.ports import ChannelFailed, Clock, Message, Notification

TAKEN = (200, 201, 202)
GONE = (404, 410)
"""The subscription has ended; it never comes back (RFC 8030, 7.3)."""
REFUSED = (400, 401, 403, 413)
"""Answers that no further try changes: made for another key, or too large."""
KEPT_S = {Purpose.ASK: 180}
"""How long a push service keeps it for a phone that is off; an old request sends people to a door in vain."""
OTHERS_KEPT_S = 600
TOPIC_BYTES = 24
"""A topic may be 32 characters long; a later message of the same one replaces what the phone has not yet got."""


class WebPush:
    """Sends to the subscription that is the contact's address. `contact` is whom push services may write to.

    `forget` is called with a notification whose subscription has ended.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        key: EllipticCurvePrivateKey,
        contact: str,
        clock: Clock,
        forget: Callable[[Notification], Awaitable[None]],
    ) -> None:
        self._session = session
        self._key = key
        self._contact = contact
        self._clock = clock
        self._forget = forget

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when the push service took it; that the phone has it is not known."""
        is_ask = notification.purpose is Purpose.ASK
        shown = {"id": message.alert_id, "title": message.title, "text": message.text, "is_ask": is_ask}
        try:
            subscription = read_subscription(notification.address)
            body = encrypted(subscription, json.dumps(shown, ensure_ascii=False).encode())
        except (Invalid, ValueError) as error:
            raise ChannelFailed("no subscription", is_final=True) from error
        proof = authorization(self._key, subscription.origin, self._contact, self._clock.now_ms() // 1_000)
        headers = {
            "Authorization": proof,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S.get(notification.purpose, OTHERS_KEPT_S)),
            "Urgency": "high" if is_ask else "normal",
            "Topic": topic(message.alert_id),
        }
        status = await self._post(subscription.endpoint, body, headers)
        if status in GONE:
            await self._forget(notification)
        if status not in TAKEN:
            raise ChannelFailed(f"HTTP {status}", is_final=status in GONE or status in REFUSED)

    async def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            async with self._session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ChannelFailed(type(error).__name__) from error


def topic(alert_id: str) -> str:
    """A topic for the messages of one alert; from the end of its id, which is where ids differ."""
    return encode(alert_id.encode()[-TOPIC_BYTES:])
