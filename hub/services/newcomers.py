"""Devices that have come online, and what each of them gets: its settings, and what it missed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from hub.services.announce import Announcements
from hub.services.device_settings import DeviceSettings
from hub.services.ports import PublishFailed

log = structlog.get_logger()

AT_ONCE = 1_000
AGAIN_S = 1.0
"""Before those are served again whom the broker did not take it for."""


class Newcomers:
    """Serves them in turn: after a power cut thousands come at once, some of them again and again.

    Whoever comes again while waiting waits only once.
    """

    def __init__(self, settings: DeviceSettings, announcements: Announcements) -> None:
        self._settings = settings
        self._announcements = announcements
        self._waiting: dict[str, None] = {}
        self._wake = asyncio.Event()

    def add(self, devices: Iterable[str]) -> None:
        """These are online now."""
        self._waiting.update(dict.fromkeys(devices))
        self._wake.set()

    async def run(self) -> None:
        """Serves until cancelled."""
        while True:
            self._wake.clear()
            while self._waiting:
                some = list(self._waiting)[:AT_ONCE]
                for device in some:
                    del self._waiting[device]
                await self._serve(some)
            await self._wake.wait()

    async def _serve(self, devices: list[str]) -> None:
        try:
            await self._settings.send(devices)
            await self._announcements.came_online(devices)
        except PublishFailed as error:
            log.warning("newcomers_wait", count=len(devices), reason=str(error))
            self.add(devices)
            await asyncio.sleep(AGAIN_S)
        except Exception:
            log.exception("newcomers_not_served", count=len(devices))
