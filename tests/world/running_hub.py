"""A hub that runs on a copy of the example community, with its gateway and its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import aiomqtt

from tests.world.api import Api
from tests.world.button import Buttons, client
from tests.world.community import DEVICE, Community
from tests.world.gateway import Gateway
from tests.world.hub_process import HubProcess
from tests.world.waiting import wait_until


@dataclass(frozen=True)
class RunningHub:
    """All that a test of the whole hub needs."""

    hub: HubProcess
    gateway: Gateway
    api: Api
    second: Api
    community: Community

    def client(self) -> aiomqtt.Client:
        """The third party's connection to the broker."""
        return client(self.hub.mqtt_port, DEVICE, self.community.password)

    async def press(self, button: str) -> str:
        """One press by a client that goes away afterwards; its id, once the broker has taken it."""
        async with self.client() as connected:
            return await Buttons(connected, DEVICE).press(button)

    async def notified(self, *press_ids: str) -> None:
        """Returns when the gateway was told of an alert for each of these presses."""
        await wait_until(lambda: set(press_ids) <= self._named(True), f"{len(press_ids)} notifications", 60)

    async def told_unrecorded(self, press_id: str) -> None:
        """Returns when the gateway was told that this press could not be stored."""
        await wait_until(lambda: press_id in self._named(False), "a press told as unrecorded")

    def _named(self, has_alert: bool) -> set[str]:
        """The presses that were named in what the gateway took, with an alert or without one."""
        bodies = [body for _, body in self.gateway.posts if (body["alert_id"] is not None) is has_alert]
        return {press_id for body in bodies for press_id in body["press_ids"]}


@asynccontextmanager
async def running_hub(
    community: Community, folder: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[RunningHub]:
    """Starts it in a new folder, and leaves nothing running."""
    async with Gateway() as gateway, aiohttp.ClientSession() as session:
        settings = {"DONGDONG_DUTY_WEBHOOK": gateway.url, "DONGDONG_LOG_LEVEL": "warning"}
        hub = HubProcess(community.copy(folder / "hub"), {**settings, **(environ or {})})
        try:
            await hub.start()
            first, second = (Api(session, hub.url, one) for one in (community.token, community.second_token))
            yield RunningHub(hub, gateway, first, second, community)
        finally:
            await hub.stop()
