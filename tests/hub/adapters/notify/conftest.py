"""What every channel's tests need."""

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.fakes.clock import FakeClock


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest_asyncio.fixture
async def clock() -> FakeClock:
    return FakeClock()
