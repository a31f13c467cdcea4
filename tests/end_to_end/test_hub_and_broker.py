"""A hub, its broker and its data folder: what each leaves to the other when one of them ends or cannot begin."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.world.api import Api
from tests.world.community import Community
from tests.world.hub_process import STOP_S, HubProcess
from tests.world.ports import free_port
from tests.world.waiting import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubProcess]:
    shared = HubProcess(community.copy(tmp_path_factory.mktemp("broker") / "hub"), {"DONGDONG_LOG_LEVEL": "warning"})
    yield shared
    await shared.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def hub(shared: HubProcess) -> HubProcess:
    """One that runs, whatever the test before has done to it."""
    if shared.process is None or shared.process.poll() is not None:
        await shared.start()
    return shared


async def ended(hub: HubProcess) -> int:
    """The exit status of a hub that ends by itself."""
    assert hub.process is not None
    return await asyncio.to_thread(hub.process.wait, STOP_S)


def said(hub: HubProcess) -> str:
    return hub.log.read_text(encoding="utf-8")


async def test_a_killed_hub_leaves_its_broker_and_the_next_one_takes_it_over(hub: HubProcess) -> None:
    broker = hub.broker_pid
    hub.kill()
    await wait_until(lambda: len(hub.running) == 1, "only the broker is left")
    assert hub.broker_pid == broker in hub.running
    await hub.start()
    assert hub.broker_pid == broker


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_an_orderly_end_ends_the_broker_too(hub: HubProcess, end: signal.Signals) -> None:
    assert hub.process is not None
    hub.process.send_signal(end)
    assert await ended(hub) == 0
    assert hub.running == {}


async def test_a_broker_that_dies_is_started_again_and_the_hub_connects_again(
    hub: HubProcess, community: Community
) -> None:
    broker = hub.broker_pid
    assert broker is not None
    os.kill(broker, signal.SIGKILL)
    await wait_until(lambda: hub.broker_pid not in (None, broker), "another broker")
    async with aiohttp.ClientSession() as session:
        api = Api(session, hub.url, community.token)

        async def is_ready() -> bool:
            return not await api.why_not_ready()

        await wait_until(is_ready, "the hub is ready again")


async def test_a_second_hub_on_the_same_folder_is_refused_and_does_the_first_no_harm(
    hub: HubProcess, community: Community
) -> None:
    before = hub.running
    command = ("--http", f"127.0.0.1:{free_port()}", "--mqtt", f"127.0.0.1:{free_port()}")
    refused = await asyncio.gather(*(asyncio.to_thread(hub.command, name, *command) for name in ("hub", "demo")))
    for one in refused:
        assert one.returncode == 1
        assert f"数据文件夹 {hub.data} 上已经有一个中心在运行" in one.stderr
        assert f"Another hub is running on the data folder {hub.data}" in one.stderr
        assert "Traceback" not in one.stderr
    assert hub.running.keys() == before.keys()
    async with aiohttp.ClientSession() as session:
        assert await Api(session, hub.url, community.token).why_not_ready() == []


@pytest.mark.parametrize("option", ["--http", "--mqtt"])
async def test_a_taken_port_is_told_and_nothing_stays_running(
    community: Community, tmp_path: Path, option: str
) -> None:
    hub = HubProcess(community.copy(tmp_path / "hub"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        hub.options = (option, address)
        hub.spawn()
        assert await ended(hub) == 1
    assert f"{address} 用不了" in said(hub)
    assert f"{address} cannot be used" in said(hub)
    assert "Traceback" not in said(hub)
    assert hub.running == {}


async def test_a_hub_that_cannot_begin_does_not_end_the_broker_that_was_left(hub: HubProcess) -> None:
    hub.kill()
    broker = hub.broker_pid
    with socket.create_server(("127.0.0.1", 0)) as taken:
        unlucky = replace(hub, options=("--http", f"127.0.0.1:{taken.getsockname()[1]}"))
        unlucky.spawn()
        assert await ended(unlucky) == 1
    assert hub.broker_pid == broker is not None
