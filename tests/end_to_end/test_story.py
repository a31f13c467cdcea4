"""One call for help from the press to the end, as a duty desk and two phones see it; also with a hub that is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hub.domain.alerts import GRACE_MS
from tests.end_to_end.pages_rig import chromium
from tests.end_to_end.story_rig import SLOW_MS, ClockAhead, Story, hub_here, hub_there, pages, prepare, was_dead_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINUTE_MS = 60_000
LATE_MS = 3 * MINUTE_MS + GRACE_MS + 1_000
"""Longer than the promise of three minutes and its grace."""
TAKEN = [
    ("opened", "elder"),
    ("asked", "system"),
    ("declined", "li"),
    ("accepted", "wang"),
    ("acceptance_expired", "system"),
    ("asked", "system"),
    ("accepted", "li"),
    ("arrived", "li"),
    ("closed", "li"),
]
BETWEEN = ("rung_failed", "rung_empty", "clock_stepped", "desk_unwatched")
"""May stand between them: only two people have a page open, so rungs above theirs reach nobody."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


def steps(story: Story) -> list[tuple[str, str]]:
    """The journal without what may stand between; several rungs in a row are one asking."""
    rows = [row for row in story.journal() if row[0] not in BETWEEN]
    return [row for index, row in enumerate(rows) if index == 0 or row != rows[index - 1]]


async def pressed_and_declined(story: Story) -> None:
    """The elder presses, both are asked, the helper cannot go."""
    await story.press()
    await story.desk_shows("17栋2单元502室", "刘奶奶", "没人接", "已收到", "李强", "王芳", "打开的网页 已发出")
    await expect(story.desk.locator("#alarm")).to_contain_text("1 件没人接")
    await story.tap("li", "去不了")
    await story.desk_shows("去不了 李强")


async def accepted_by_the_head(story: Story) -> None:
    """The head of the building goes; the helper sees it."""
    await story.tap("wang", "3 分钟")
    await story.desk_shows("有人在路上", "接了 王芳")
    await expect(story.desk.locator("#alarm")).to_contain_text("没有待接")
    await expect(story.phones["li"].locator("#mine")).to_contain_text("王芳 已经去了", timeout=SLOW_MS)
    await expect(story.phones["wang"].get_by_role("button", name="到了")).to_be_visible(timeout=SLOW_MS)


async def open_again(story: Story) -> None:
    """Nobody came: it is open again on the desk and on both phones, without anybody having reloaded."""
    await story.desk_shows("没人接")
    await expect(story.desk.locator("#alarm")).to_contain_text("1 件没人接", timeout=SLOW_MS)
    await expect(story.phones["wang"].get_by_role("button", name="3 分钟")).to_be_visible(timeout=SLOW_MS)


async def accepted_by_the_helper(story: Story) -> None:
    """The helper can go after all."""
    await story.tap("li", "5 分钟")
    await story.desk_shows("有人在路上", "接了 李强", "换了一位")


async def arrived_and_closed(story: Story) -> None:
    """The helper is there, and says how it was."""
    phone = story.phones["li"]
    await story.tap("li", "到了")
    await story.desk_shows("人到了")
    await phone.get_by_text("已帮忙解决").click()
    await story.tap("li", "完成")
    await expect(story.card).to_have_count(0, timeout=SLOW_MS)
    await expect(story.desk.locator("#lately")).to_contain_text("已帮忙解决")
    await expect(phone.locator("#mine")).to_contain_text("现在没有人求助", timeout=SLOW_MS)


async def test_a_call_is_declined_accepted_not_kept_accepted_again_and_ended(tmp_path: Path, browser: Browser) -> None:
    clock, ready = ClockAhead(), await prepare(tmp_path / "hub")
    async with hub_here(ready, clock) as (url, mqtt_port), pages(ready, url, mqtt_port, browser) as story:
        await pressed_and_declined(story)
        await accepted_by_the_head(story)
        clock.ahead_ms += LATE_MS
        await open_again(story)
        await accepted_by_the_helper(story)
        await arrived_and_closed(story)
        assert steps(story) == TAKEN
        assert story.count("press") == story.count("alert") == 1


async def test_the_same_call_goes_on_whenever_the_hub_is_killed(tmp_path: Path, browser: Browser) -> None:
    ready = await prepare(tmp_path / "hub")
    async with hub_there(ready) as hub, pages(ready, hub.url, hub.mqtt_port, browser) as story:
        await pressed_and_declined(story)
        hub.kill()
        await hub.start()
        await accepted_by_the_head(story)
        hub.kill()
        was_dead_for(hub, LATE_MS)
        await hub.start()
        await open_again(story)
        await accepted_by_the_helper(story)
        hub.kill()
        await hub.start()
        await arrived_and_closed(story)
        assert steps(story) == TAKEN
        assert story.count("press") == story.count("alert") == 1
