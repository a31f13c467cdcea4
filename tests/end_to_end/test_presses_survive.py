"""What the broker has acknowledged is never lost, although the client never repeats and the hub is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.world.button import Buttons
from tests.world.community import DEVICE, Community
from tests.world.running_hub import RunningHub, running_hub
from tests.world.waiting import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")

INCOMING, QUEUED = 100, 1_000
"""5,000 queued presses are measured in tests/bench/press.py: a busy machine needs most of a minute for them."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHub]:
    async with running_hub(community, tmp_path_factory.mktemp("presses")) as running:
        yield running


def assert_each_is_stored_once_with_an_alert_of_its_own(world: RunningHub, press_ids: Sequence[str]) -> None:
    rows = world.hub.rows("SELECT press_id, alert_id FROM press")
    mine = [row for row in rows if row[0] in set(press_ids)]
    assert len(mine) == len(press_ids) == len({press_id for press_id, _ in mine})
    assert len({alert_id for _, alert_id in mine if alert_id}) == len(press_ids)


async def test_presses_survive_a_hub_that_is_killed_while_they_come_in(world: RunningHub) -> None:
    async with world.client() as connected:
        buttons = Buttons(connected, DEVICE)
        first = await buttons.press("first")
        await world.notified(first)
        during = asyncio.create_task(buttons.burst("during", INCOMING))
        await wait_until(lambda: len(world.gateway.posts) > 1, "the first of the burst")
        world.hub.kill()
        press_ids = [*await during, *await buttons.burst("after", INCOMING)]
    await world.hub.start()
    await world.notified(*press_ids)
    assert_each_is_stored_once_with_an_alert_of_its_own(world, press_ids)


async def test_thousands_of_presses_wait_for_a_hub_that_is_dead(world: RunningHub) -> None:
    world.hub.kill()
    async with world.client() as connected:
        press_ids = await Buttons(connected, DEVICE).burst("queued", QUEUED)
    await world.hub.start()
    await world.notified(*press_ids)
    assert_each_is_stored_once_with_an_alert_of_its_own(world, press_ids)
