"""A volunteer's phone takes push messages: in a real browser, but for the push service, which is its maker's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from hub.domain.people import ChannelName
from tests.end_to_end.pages_rig import Rig, chromium, rig
from tests.end_to_end.test_pages import AXE, AXE_RULES
from tests.fakes.channel import FakeChannel
from tests.hub.adapters.notify.browser import Browser as Subscriber
from tests.world.waiting import wait_until

SUBSCRIPTION = Subscriber("https://push.example.net/abc").subscription
PUSH_SERVICE = """
    let held = null;
    const made = { toJSON: () => (SUBSCRIPTION), unsubscribe: async () => { held = null; return true; } };
    PushManager.prototype.getSubscription = async () => held;
    PushManager.prototype.subscribe = async (options) => {
        if (options.applicationServerKey.length !== 65) throw new Error("no key");
        if (window.isUnreachable) throw new DOMException("push service error", "AbortError");
        return held = made;
    };
""".replace("SUBSCRIPTION", SUBSCRIPTION)
"""Stands for FCM and its like, which no test may need."""


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture
async def channel() -> FakeChannel:
    return FakeChannel()


@pytest_asyncio.fixture
async def stand(tmp_path: Path, browser: Browser, channel: FakeChannel) -> AsyncIterator[Rig]:
    async with rig(tmp_path, browser, channel) as opened:
        yield opened
        assert opened.errors == []


async def opened(stand: Rig, *, is_allowed: bool = True) -> tuple[BrowserContext, Page, str]:
    """Wang Fang's own page on a phone, and its address."""
    context = await stand.context(width=390)
    if is_allowed:
        await context.grant_permissions(["notifications"], origin=stand.base)
    await context.add_init_script(PUSH_SERVICE)
    page = await stand.page(context)
    address = f"{stand.base}/v/{await stand.world.services.access.new_link('wang')}/"
    await page.goto(address)
    return context, page, address


async def addresses(stand: Rig) -> list[str]:
    people = await stand.world.database.read(lambda tx: tx.people.people(["wang"]))
    return [one.address for one in people["wang"].contacts if one.channel is ChannelName.WEB_PUSH]


async def test_a_phone_is_turned_on_tried_and_turned_off_again(stand: Rig, channel: FakeChannel) -> None:
    _, page, _ = await opened(stand)
    await page.get_by_role("button", name="这部手机收到通知").click()
    await expect(page.locator("#phone-says")).to_contain_text("这部手机会收到通知")
    assert await addresses(stand) == [SUBSCRIPTION]
    await page.get_by_role("button", name="试一试").click()
    await expect(page.locator("#phone-says")).to_contain_text("推送服务收下了")
    assert [one.address for one, _ in channel.sent] == [SUBSCRIPTION]
    await page.get_by_role("button", name="这部手机不要通知了").click()
    await expect(page.locator("#phone-says")).to_contain_text("不再收到")
    await expect(page.get_by_role("button", name="这部手机收到通知")).to_be_visible()
    assert await addresses(stand) == []


async def test_a_phone_that_may_not_or_whose_push_service_is_out_of_reach_is_told_what_to_do(stand: Rig) -> None:
    _, page, _ = await opened(stand, is_allowed=False)
    await page.get_by_role("button", name="这部手机收到通知").click()
    await expect(page.locator("#phone-says")).to_contain_text("请在浏览器或系统设置里允许通知")
    _, page, _ = await opened(stand)
    await page.evaluate("window.isUnreachable = true")
    await page.get_by_role("button", name="这部手机收到通知").click()
    await expect(page.locator("#phone-says")).to_contain_text("没有打开")
    assert await addresses(stand) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_with_a_phone_that_is_on_or_off_has_nothing_that_axe_finds(stand: Rig, scheme: str) -> None:
    context = await stand.context(width=390, scheme=scheme)
    await context.grant_permissions(["notifications"], origin=stand.base)
    await context.add_init_script(PUSH_SERVICE)
    page = await stand.page(context)
    await page.goto(f"{stand.base}/v/{await stand.world.services.access.new_link('wang')}/")
    await expect(page.locator("#phone-on")).to_be_visible()
    assert await violations(page) == []
    await page.locator("#phone-on").click()
    await expect(page.locator("#phone-has")).to_be_visible()
    assert await violations(page) == []
    heights = await page.locator("#phone button:visible").evaluate_all(
        "(found) => found.map((one) => one.offsetHeight)"
    )
    assert len(heights) == 2
    assert min(heights) >= 60


async def violations(page: Page) -> list[str]:
    """What axe has against the page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(
        """async (rules) => (await axe.run(document, {runOnly: {type: "tag", values: rules}})).violations
            .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)""",
        AXE_RULES,
    )
    return found


async def test_what_is_pushed_is_shown_once_an_alert_the_newest_word_of_it(stand: Rig) -> None:
    context, page, address = await opened(stand)
    await page.evaluate("navigator.serviceWorker.ready")
    devtools = await context.new_cdp_session(page)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    await devtools.send("ServiceWorker.enable")
    await wait_until(lambda: registrations != [], "the browser tells of the worker")
    ask = {"id": "alert-1", "title": "17栋2单元502室", "text": "17栋2单元502室有人按铃，请去看看。", "is_ask": True}
    thanks = {"id": "alert-1", "title": "17栋2单元502室", "text": "李强已前往，谢谢您。", "is_ask": False}
    other = {"id": "alert-2", "title": "31栋", "text": "31栋有人按铃，请去看看。", "is_ask": True}
    for told in (ask, ask, other, thanks):
        await devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": stand.base, "registrationId": registrations[0], "data": json.dumps(told)},
        )
    await page.wait_for_function(
        """async (expected) => {
            const shown = await (await navigator.serviceWorker.ready).getNotifications();
            return JSON.stringify(shown.map((one) => [one.tag, one.body]).sort()) === JSON.stringify(expected);
        }""",
        arg=[["alert-1", thanks["text"]], ["alert-2", other["text"]]],
    )
    assert page.url == address
