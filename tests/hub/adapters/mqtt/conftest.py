"""A real broker of our own for these tests, on a free port and in a temporary folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from hub.adapters.broker import OwnBroker, add_login
from hub.adapters.mqtt import Address
from tests.hub.adapters.broker_rig import PASSWORD, own_broker


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[OwnBroker]:
    """Running, with a login for panel-1."""
    made = own_broker(tmp_path / "broker")
    await made.start()
    add_login(tmp_path / "broker", "panel-1", PASSWORD)
    try:
        yield made
    finally:
        await made.stop()


def address_of(broker: OwnBroker) -> Address:
    """How the hub signs in there."""
    user, password = broker.hub_login
    return Address("127.0.0.1", broker.port, user, password)
