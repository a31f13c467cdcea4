"""短信: short messages by approved templates; the company that carries them is a small adapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hub.domain.alerts import Purpose
from hub.services.ports import ChannelFailed, Message, Notification

MOST_CHARACTERS = 35
"""So long a template's variable may be (Aliyun, notices, for templates applied for since 2018)."""


class Carrier(Protocol):
    """A company that sends short messages."""

    async def text(self, number: str, template: str, variables: Mapping[str, str]) -> None:
        """Returns when it took the message; raises ChannelFailed otherwise."""
        ...


class Sms:
    """Fills each purpose's template with `place`, and nothing else: no name, nothing of why."""

    def __init__(self, carrier: Carrier, templates: Mapping[Purpose, str]) -> None:
        self._carrier = carrier
        self._templates = templates

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when the carrier took it; that it arrived is not known. The address is the mobile number."""
        template = self._templates.get(notification.purpose)
        if template is None:
            raise ChannelFailed(f"no template for {notification.purpose.value}", is_final=True)
        await self._carrier.text(notification.address, template, {"place": message.title[:MOST_CHARACTERS]})
