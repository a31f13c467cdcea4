"""What every channel's tests need."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import uvloop

from tests.fakes.clock import FakeClock


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest_asyncio.fixture
async def clock() -> FakeClock:
    return FakeClock()


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], Any]]:
    """The hub's loop: its pipes and sockets are other ones than asyncio's."""
    return {"uvloop": uvloop.new_event_loop}
