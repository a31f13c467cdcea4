"""Speaking live in a real browser: what is held goes out, what is not does not, and every mishap is said."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from device_agent.core.live import FRAME
from device_agent.hardware.decoding import OpusFrames
from hub.domain.live import FRAME_US
from tests.device_agent.speech import CHECKUP, speak
from tests.end_to_end.pages_rig import Rig, chromium, rig
from tests.end_to_end.test_pages import violations
from tests.world.speaker import fake_microphone
from tests.world.waiting import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    arguments = fake_microphone(tmp_path_factory.mktemp("microphone") / "said.wav", speak(CHECKUP))
    async with chromium(*arguments) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def stand(tmp_path: Path, browser: Browser) -> AsyncIterator[Rig]:
    async with rig(tmp_path, browser) as opened:
        yield opened
        assert opened.errors == []


async def asked(stand: Rig, page: Page, building: str = "building-3", urgency: str = "notice") -> None:
    """The desk, with the question before the microphone is opened."""
    await page.goto(f"{stand.base}/broadcast")
    await page.locator(f"[data-place={building}]").focus()
    await page.keyboard.press("Space")
    await page.locator(f"#speak input[value={urgency}]").check()
    await page.locator("#speak .send").click()
    await expect(page.locator("#mic-start")).to_be_visible()


async def opened(stand: Rig, building: str = "building-3", urgency: str = "notice") -> Page:
    """A page whose microphone is open."""
    page = await stand.signed_in(await stand.context())
    await asked(stand, page, building, urgency)
    await page.locator("#mic-start").click()
    await expect(page.locator("#mic")).to_have_attribute("data-state", "armed")
    return page


async def frames(stand: Rig, count: int) -> None:
    await wait_until(lambda: len(stand.world.live.frames) >= count, f"{count} frames")


async def test_while_the_space_bar_is_held_the_microphone_goes_out_frame_by_frame(stand: Rig) -> None:
    page = await opened(stand)
    await expect(page.locator("#mic-hold")).to_be_focused()
    assert stand.world.live.frames == []
    await page.keyboard.down("Space")
    await frames(stand, 50)
    await expect(page.locator("#mic")).to_have_attribute("data-state", "speaking")
    await expect(page.locator("#mic-hold")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.up("Space")
    sent = stand.world.live.frames
    await wait_until(lambda: sent[-1][1].is_pause, "the button is let go of")
    said = len(sent)
    await page.wait_for_timeout(100)
    assert len(sent) == said
    ((announcement_id,), numbers) = {one for one, _ in sent}, [frame.seq for _, frame in sent]
    assert numbers == list(range(numbers[0], numbers[0] + said))
    assert {b.capture_us - a.capture_us for (_, a), (_, b) in itertools.pairwise(sent)} == {FRAME_US}
    decoder = OpusFrames()
    heard = np.concatenate([decoder.decode(frame.opus) for _, frame in sent[:-1]])
    assert len(heard) == (said - 1) * FRAME
    assert np.abs(heard).max() > 1_000
    await page.locator("#mic-end").click()
    await expect(page.locator("#mic-state")).to_contain_text("喊话结束了")
    stored = await stand.world.database.read(lambda tx: tx.announcements.get(announcement_id))
    assert stored is not None
    assert (stored.kind, stored.places, stored.duration_ms) == ("live", ("building-3",), 20 * (said - 1))


async def test_the_button_works_with_the_pointer_and_without_holding(stand: Rig) -> None:
    page = await opened(stand)
    button = page.locator("#mic-hold")
    await button.hover()
    await page.mouse.down()
    await frames(stand, 5)
    await page.mouse.up()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await page.locator("#mic-latch").check()
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await button.focus()
    await page.keyboard.press("Space")
    await expect(button).to_have_attribute("aria-pressed", "true")


async def test_closing_the_dialog_ends_it_and_a_stop_is_said(stand: Rig) -> None:
    page = await opened(stand)
    await page.keyboard.press("Escape")
    running = stand.world.services.microphones
    await wait_until(lambda: not running.speaking, "it is over")
    page = await opened(stand)
    await page.keyboard.down("Space")
    await frames(stand, 1)
    (announcement_id,) = running.speaking
    await stand.world.services.announcements.stop(announcement_id, "zhou")
    await expect(page.locator("#mic-state")).to_contain_text("被人停止了")
    await expect(page.locator("#mic-hold")).to_be_hidden()


async def test_of_two_fire_microphones_the_earlier_one_is_told_that_it_has_given_way(stand: Rig) -> None:
    first, elsewhere = await opened(stand, urgency="fire"), await opened(stand, "building-9", "fire")
    for page in (first, elsewhere):
        await page.keyboard.down("Space")
    second = await opened(stand, urgency="fire")
    await second.keyboard.down("Space")
    await expect(first.locator("#mic-state")).to_contain_text("让给他了")
    await expect(elsewhere.locator("#mic")).to_have_attribute("data-state", "speaking")


async def test_a_lost_connection_is_said_and_what_was_said_is_kept(stand: Rig) -> None:
    page = await opened(stand)
    await page.keyboard.down("Space")
    await frames(stand, 10)
    stand.network.cut()
    await expect(page.locator("#mic-state")).to_contain_text("连接断了")
    await wait_until(lambda: not stand.world.services.microphones.speaking, "the hub knows, too")
    announcement_id = stand.world.live.frames[0][0]

    async def is_kept() -> bool:
        stored = await stand.world.database.read(lambda tx: tx.announcements.get(announcement_id))
        return stored is not None and bool(stored.audio_sha256)

    await wait_until(is_kept, "the recording is stored")


REFUSING = "void (navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{}') }})"


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("delete window.AudioEncoder", "这个浏览器不能现场喊话"),
        (REFUSING.format("NotAllowedError"), "没有得到允许"),
        (REFUSING.format("NotFoundError"), "没有找到话筒"),
    ],
)
async def test_what_the_browser_cannot_or_may_not_is_said(stand: Rig, broken: str, sentence: str) -> None:
    page = await stand.signed_in(await stand.context())
    await asked(stand, page)
    await page.evaluate(broken)
    await page.locator("#mic-start").click()
    await expect(page.locator("#mic-state")).to_contain_text(sentence)
    assert not stand.world.services.microphones.speaking


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_before_and_while_somebody_speaks(stand: Rig, scheme: str) -> None:
    page = await stand.signed_in(await stand.context(scheme=scheme))
    await asked(stand, page, urgency="fire")
    assert await violations(page) == []
    await page.locator("#mic-start").click()
    await expect(page.locator("#mic")).to_have_attribute("data-state", "armed")
    assert await violations(page) == []
    await page.locator("#mic-hold").focus()
    await page.keyboard.down("Space")
    await expect(page.locator("#mic")).to_have_attribute("data-state", "speaking")
    assert await violations(page) == []


async def test_without_a_broker_nobody_speaks_into_the_void(stand: Rig) -> None:
    page = await stand.signed_in(await stand.context())
    await asked(stand, page)
    stand.world.live.is_connected = False
    await page.locator("#mic-start").click()
    await expect(page.locator("#mic")).to_have_attribute("data-state", "ended")
