"""Pages and broker over TLS: by an authority that the hub makes itself, and by certificates that it is given."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hub.adapters import own_tls
from tests.world.api import Api
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.hub_process import START_S, HubProcess
from tests.world.ports import free_port
from tests.world.waiting import wait_until

BUILDING = "dev-building-17"


@asynccontextmanager
async def https(hub: HubProcess, authority: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that trusts this authority alone, once the hub serves it."""
    hub.spawn()
    try:
        await wait_until(authority.exists, "an authority", START_S)
        trust = ssl.create_default_context(cafile=str(authority))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
            await wait_until(lambda: is_ready(hub, session), f"https; see {hub.log}", START_S)
            yield session
    finally:
        await hub.stop()


async def is_ready(hub: HubProcess, session: aiohttp.ClientSession) -> bool:
    assert hub.process is not None
    assert hub.process.poll() is None, hub.log.read_text()
    try:
        async with session.get(f"{url(hub)}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectorCertificateError:
        raise
    except aiohttp.ClientError:
        return False


def url(hub: HubProcess) -> str:
    return f"https://127.0.0.1:{hub.http_port}"


async def test_pages_and_devices_trust_the_hubs_own_authority_and_nobody_else_does(
    community: Community, tmp_path: Path
) -> None:
    port = free_port()
    environ = {"DONGDONG_MQTT_TLS": f"127.0.0.1:{port}", "DONGDONG_LOG_LEVEL": "warning"}
    hub = HubProcess(community.copy(tmp_path / "hub"), environ, options=("--tls-own",))
    authority = hub.data / "tls" / "authority.pem"
    async with https(hub, authority) as session:
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await stranger.get(f"{url(hub)}/readyz")
        buildings = SimulatedBuildings(hub.data, port, [BUILDING], authority)
        await buildings.start()
        try:
            button = await buildings.press(BUILDING)
            api = Api(session, url(hub), community.token)
            await wait_until(lambda: api.alerts(button), "an alert of a building that is connected over TLS")
        finally:
            await buildings.stop()


async def test_pages_are_served_with_a_certificate_that_is_given(community: Community, tmp_path: Path) -> None:
    given = own_tls.ensure(tmp_path / "given", ["127.0.0.1"], dt.datetime.now(dt.UTC))
    options = ("--tls-cert", str(given.certificate), "--tls-key", str(given.key))
    hub = HubProcess(community.copy(tmp_path / "hub"), options=options)
    async with https(hub, given.authority) as session:
        assert await Api(session, url(hub), community.token).why_not_ready() == []
    assert not (hub.data / "tls").exists()
