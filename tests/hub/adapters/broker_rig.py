"""A real broker in a folder of its own on a free port, and clients for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.adapters.broker import OwnBroker
from hub.setting_values import Endpoint
from tests.world.ports import free_port

PASSWORD = "a-long-enough-password"
_WEEK_S = 7 * 24 * 3600


def own_broker(folder: Path) -> OwnBroker:
    return OwnBroker(folder, Endpoint("127.0.0.1", free_port()))


def client(broker: OwnBroker, user: str, password: str = PASSWORD) -> aiomqtt.Client:
    """A client of MQTT 5 with a session that stays, as every client of ours."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
    properties.SessionExpiryInterval = _WEEK_S
    return aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=user,
        password=password,
        identifier=user,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        timeout=5,
    )


def old_client(broker: OwnBroker, user: str, password: str = PASSWORD) -> aiomqtt.Client:
    """A client of MQTT 3.1.1, which is not told when it may not publish."""
    return aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=user,
        password=password,
        identifier=user,
        protocol=aiomqtt.ProtocolVersion.V311,
        clean_session=False,
        timeout=5,
    )


def hub_client(broker: OwnBroker) -> aiomqtt.Client:
    return client(broker, *broker.hub_login)


async def topics_until(reader: aiomqtt.Client, last: str) -> list[str]:
    """The topics of what arrives, up to and with `last`; fails when that does not come."""
    topics: list[str] = []
    async with asyncio.timeout(10):
        async for message in reader.messages:
            topics.append(str(message.topic))
            if topics[-1] == last:
                return topics
    raise AssertionError(f"{last} did not arrive, only {topics}")


@asynccontextmanager
async def watched(broker: OwnBroker) -> AsyncIterator[None]:
    """Keep `broker.watch` running meanwhile."""
    task = asyncio.create_task(broker.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once `is_so()`; fails when that takes more than 10 s."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  # another process changes it, there is no event to wait for
            await asyncio.sleep(0.02)
