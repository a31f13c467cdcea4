"""When no duty desk with sound is open, whoever stands in for it is told of the alert that waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.alerts import Alert, Purpose
from hub.services.desk_watch import TELL_AGAIN_MS, TOPIC, WATCHED_MS, DeskWatch
from hub.services.ports import CommitFailed
from tests.fakes.database import FailingDatabase
from tests.hub.services.press_rig import POLICY, PressRig, press_rig


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


@pytest.fixture
def watch(rig: PressRig) -> DeskWatch:
    return DeskWatch(rig.database, rig.consequences, rig.clock, POLICY, rig.news)


async def told(rig: PressRig, alert: Alert) -> list[str]:
    """Who was sent that the desk is not watched, each once a channel."""
    notes = await rig.notifications(alert.id)
    return sorted(one.person_id or "" for one in notes if one.purpose is Purpose.STAND_IN)


async def test_a_watched_desk_calls_nobody_else(rig: PressRig, watch: DeskWatch) -> None:
    alert = await rig.press()
    for _ in range(10):
        rig.clock.pass_ms(WATCHED_MS - 1)
        watch.seen()
        await watch.turn()
    assert await told(rig, alert) == []


async def test_a_hub_that_starts_gives_the_desks_time_to_come_back(rig: PressRig, watch: DeskWatch) -> None:
    alert = await rig.press()
    rig.clock.pass_ms(WATCHED_MS - 1)
    await watch.turn()
    assert await told(rig, alert) == []
    rig.clock.pass_ms(1)
    await watch.turn()
    assert set(await told(rig, alert)) == {"wang", "li"}
    assert "desk_unwatched" in await rig.journal(alert.id)


async def test_without_an_open_alert_nobody_is_told(rig: PressRig, watch: DeskWatch) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 5)
    rig.clock.pass_ms(WATCHED_MS)
    await watch.turn()
    assert await told(rig, alert) == []


async def test_the_stand_in_is_told_of_one_alert_at_a_time_and_again_after_two_minutes(
    rig: PressRig, watch: DeskWatch
) -> None:
    first = await rig.press("101")
    rig.clock.pass_ms(1)
    second = await rig.press("102")
    rig.clock.pass_ms(WATCHED_MS)
    for _ in range(3):
        await watch.turn()
        rig.clock.pass_ms(TELL_AGAIN_MS // 3)
    once = await told(rig, first)
    assert once
    await watch.turn()
    assert await told(rig, first) == sorted(once * 2)
    assert await told(rig, second) == []


async def test_a_desk_that_was_left_once_more_is_told_of_at_once(rig: PressRig, watch: DeskWatch) -> None:
    alert = await rig.press()
    rig.clock.pass_ms(WATCHED_MS)
    await watch.turn()
    once = await told(rig, alert)
    watch.seen()
    await watch.turn()
    rig.clock.pass_ms(WATCHED_MS)
    await watch.turn()
    assert await told(rig, alert) == sorted(once * 2)


async def test_what_could_not_be_stored_is_told_at_the_next_turn(rig: PressRig) -> None:
    disk = FailingDatabase(rig.database)
    watch = DeskWatch(disk, rig.consequences, rig.clock, POLICY, rig.news)
    alert = await rig.press()
    rig.clock.pass_ms(WATCHED_MS)
    disk.failures = 1
    with pytest.raises(CommitFailed):
        await watch.turn()
    await watch.turn()
    assert await told(rig, alert)


async def test_pages_hear_when_the_desk_is_left_and_when_it_is_watched_again(rig: PressRig, watch: DeskWatch) -> None:
    await watch.turn()
    assert TOPIC not in rig.news.topics
    rig.clock.pass_ms(WATCHED_MS)
    await watch.turn()
    await watch.turn()
    assert rig.news.topics.count(TOPIC) == 1
    watch.seen()
    assert watch.is_watched
    assert rig.news.topics.count(TOPIC) == 2
