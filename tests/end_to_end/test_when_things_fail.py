"""A gateway, a broker or a disk that fails: nothing is lost, and nothing is claimed that did not happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from hub.adapters.broker import OwnBroker
from hub.setting_values import Endpoint
from tests.world.api import Api
from tests.world.button import Buttons
from tests.world.community import DEVICE, Community
from tests.world.hub_process import HubProcess
from tests.world.ports import free_port
from tests.world.running_hub import RunningHub, running_hub
from tests.world.waiting import wait_until
from wire import topics
from wire.messages import Accepted, Config, read

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCEPTED_S = 20.0
SETTINGS_S = 20.0
BROKER_AWAY = ["presses_not_connected", "reports_not_connected", "link_not_connected"]
Trouble = Callable[[HubProcess], AbstractContextManager[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHub]:
    async with running_hub(community, tmp_path_factory.mktemp("failing")) as running:
        yield running


async def test_a_gateway_that_answers_503_is_asked_again_until_it_takes_the_notification(world: RunningHub) -> None:
    world.gateway.status, refused = 503, world.gateway.refused
    press_id = await world.press("refused")
    await wait_until(lambda: world.gateway.refused > refused, "a notification that was refused")
    world.gateway.status = 200
    await world.notified(press_id)


async def test_a_notification_that_was_refused_is_sent_by_the_next_hub(world: RunningHub) -> None:
    world.gateway.status, refused = 503, world.gateway.refused
    press_id = await world.press("refused-before-the-kill")
    await wait_until(lambda: world.gateway.refused > refused, "a notification that was refused")
    world.hub.kill()
    world.gateway.status = 200
    await world.hub.start()
    await world.notified(press_id)


@pytest.mark.parametrize("trouble", [HubProcess.database_locked, HubProcess.disk_full])
async def test_a_press_that_cannot_be_stored_is_told_as_that_and_confirmed_only_when_it_is_stored(
    world: RunningHub, trouble: Trouble
) -> None:
    async with world.client() as connected:
        await connected.subscribe(topics.device(DEVICE, "accepted"), qos=1)
        with trouble(world.hub):
            press_id = await Buttons(connected, DEVICE).press(trouble.__name__)
            await world.told_unrecorded(press_id)
            assert await world.api.why_not_ready() == ["unrecorded_presses"]
            assert world.hub.rows("SELECT * FROM press WHERE press_id = ?", press_id) == []
            assert len(connected.messages) == 0
        async with asyncio.timeout(ACCEPTED_S):
            message = await anext(connected.messages)
    assert isinstance(message.payload, bytes)
    assert read(Accepted, message.payload).press_id == press_id
    assert len(world.hub.rows("SELECT * FROM press WHERE press_id = ?", press_id)) == 1
    await world.notified(press_id)
    await wait_until(lambda: is_ready(world.api), "the hub is ready again")


async def test_a_device_that_stays_connected_hears_of_other_settings_from_the_next_hub(world: RunningHub) -> None:
    before = world.hub.environ
    async with world.client() as device:
        await device.subscribe(topics.device(DEVICE, "config"), qos=1)
        world.hub.kill()
        try:
            world.hub.environ = {**before, "DONGDONG_QUIET_HOURS": "01:00-02:30"}
            await world.hub.start()
        finally:
            world.hub.environ = before
        async with asyncio.timeout(SETTINGS_S):
            async for message in device.messages:
                hours = read(Config, bytes(message.payload)).quiet_hours
                if [(one.begins_minute, one.ends_minute) for one in hours] == [(60, 150)]:
                    return


async def test_a_hub_says_that_it_is_not_ready_while_its_broker_is_away(community: Community, tmp_path: Path) -> None:
    broker = OwnBroker(tmp_path / "broker", Endpoint("127.0.0.1", free_port()))
    user, password = broker.hub_login
    hub = HubProcess(community.copy(tmp_path / "hub"), broker=f"mqtt://{user}:{password}@127.0.0.1:{broker.port}")
    await broker.start()
    async with aiohttp.ClientSession() as session:
        api = Api(session, hub.url, community.token)
        try:
            await hub.start()
            assert hub.broker_pid is None
            await broker.stop()
            await wait_until(lambda: has_reasons(api, BROKER_AWAY), "both connections are missed")
            await broker.start()
            await wait_until(lambda: is_ready(api), "the hub is ready again")
        finally:
            await hub.stop()
            await broker.stop()


async def is_ready(api: Api) -> bool:
    return not await api.why_not_ready()


async def has_reasons(api: Api, reasons: list[str]) -> bool:
    return await api.why_not_ready() == reasons
