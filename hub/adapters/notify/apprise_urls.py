"""All else, e-mail included, through the Apprise library: for the long tail, apart from all that is quick."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from hub.services.ports import ChannelFailed, Message, Notification

PLACE = "{address}"
THREADS = 4
"""It waits in threads, a mail server's silence for up to 15 s; so many of them, and none of the hub's own."""
PATIENCE_S = 9.0
"""Below the dispatcher's own limit."""


class AppriseUrls:
    """`services` are Apprise's URLs by name, with {address} where a contact's goes; a contact is NAME:ADDRESS.

    Only what Apprise itself counts as sent is; for services that answer errors with status 200 that is not sure,
    which is why the important ones have adapters of their own.
    """

    def __init__(self, services: Mapping[str, str]) -> None:
        self._services = services
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")

    async def send(self, notification: Notification, message: Message) -> None:
        """Returns when Apprise says that it was sent; raises ChannelFailed otherwise."""
        name, _, address = notification.address.partition(":")
        template = self._services.get(name)
        if template is None or not address:
            raise ChannelFailed("no service of this name", is_final=True)
        url = template.replace(PLACE, quote(address, safe="@"))
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._threads, _told, url, message.title, message.text):
            raise ChannelFailed("not sent")


def _told(url: str, title: str, text: str) -> bool:
    """Blocks. Raises ChannelFailed for a URL that Apprise cannot read."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs addresses
    teller = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not teller.add(url):
        raise ChannelFailed("address cannot be read", is_final=True)
    return bool(teller.notify(text, title=title, timeout=PATIENCE_S))
