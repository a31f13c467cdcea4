"""The pages in a real browser: live without reloading, honest when the connection is lost, usable by everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.end_to_end.pages_rig import Rig, chromium, rig
from tests.hub.console.preview import play, play_rota

pytestmark = pytest.mark.asyncio(loop_scope="module")

AXE = Path(__file__).parents[2] / "deploy" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/desk",
    "/broadcast",
    "/quiet-hours?place=building-1",
    "/map",
    "/rota",
    "/devices",
    "/score",
    "/heard",
    "/ladders?home=17栋",
    "/ladders/new",
)
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TOO_WIDE = """
    document.documentElement.scrollWidth <= 390 ? [] : [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > 390 && !one.closest(".plan-box"))
        .map((one) => one.outerHTML.slice(0, 120))
"""
SOUND_AFTER_A_CLICK = """
    let isAllowed = false;
    document.addEventListener("pointerdown", () => { isAllowed = true; }, { capture: true });
    const Real = AudioContext;
    window.AudioContext = class extends Real {
        constructor() { super(); super.suspend(); }
        resume() { return isAllowed ? super.resume() : new Promise(() => {}); }
    };
"""
QUICK_AGE = """
    const real = Date.now;
    let ahead = 0;
    Date.now = () => real() + ahead;
    const sinceStart = performance.now.bind(performance);
    performance.now = () => sinceStart() + ahead;
    window.age = (ms) => { ahead += ms; };
"""


PULSES = """
    window.pulses = 0;
    const start = AudioScheduledSourceNode.prototype.start;
    AudioScheduledSourceNode.prototype.start = function (...when) {
        if (this instanceof OscillatorNode && this.context.state === "running") window.pulses += 1;
        return start.apply(this, when);
    };
"""
"""Counts what really sounds: tones that begin on a running audio context."""
RED, MEDIUM, LOW = 10, 3, 1
"""Pulses of a burst (IEC 60601-1-8)."""
SLEEPING_TIMERS = """
    for (const name of ["setInterval", "setTimeout"]) {
        const real = window[name];
        window[name] = (what, ms, ...rest) => real(what, document.hidden ? 60_000 : ms, ...rest);
    }
    Object.defineProperty(document, "hidden", { get: () => true });
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
"""
"""A tab that has been hidden for some minutes: what it times itself comes once a minute."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def stand(tmp_path: Path, browser: Browser) -> AsyncIterator[Rig]:
    async with rig(tmp_path, browser) as opened:
        yield opened
        assert opened.errors == []


async def test_an_alert_appears_is_accepted_for_somebody_and_closed_without_reloading(stand: Rig) -> None:
    desk = await stand.signed_in(await stand.context())
    await expect(desk.locator("#queue")).to_contain_text("现在没有人求助")
    await desk.evaluate("window.isSamePage = true")
    alert_id = await stand.world.press()
    card = desk.locator(f"#alert-{alert_id}")
    await expect(card).to_contain_text("17栋2单元502室")
    await expect(desk.locator("#alarm")).to_contain_text("1 件没人接")

    await card.get_by_role("button", name="替人接单").click()
    await desk.select_option("#by", "ouyang")
    await desk.get_by_text("10 分钟").click()
    await desk.locator("dialog button.primary").click()
    await expect(card).to_contain_text("有人在路上")
    await expect(card).to_contain_text("欧阳慕容雪莲")
    await expect(desk.locator("#alarm")).to_contain_text("没有待接")

    await card.get_by_role("button", name="结束").click()
    await desk.fill("#outcome", "误按，一切都好")
    await desk.get_by_text("通过电话或对讲确认").click()
    await desk.locator("dialog button.primary").click()
    await expect(card).to_have_count(0)
    await expect(desk.locator("#lately")).to_contain_text("误按，一切都好")
    assert await desk.evaluate("window.isSamePage")


async def test_a_mistaken_step_is_taken_back_by_button_or_key_and_the_queue_stays_where_it_is(stand: Rig) -> None:
    alert_id = await stand.world.press()
    desk = await stand.signed_in(await stand.context())
    card, undo = desk.locator(f"#alert-{alert_id}"), desk.locator("#undo")
    await card.get_by_role("button", name="替人接单").click()
    await desk.select_option("#by", "ouyang")
    await desk.locator("dialog button.primary").click()
    await expect(card).to_contain_text("有人在路上")
    await expect(undo).to_contain_text("撤销（")
    await expect(desk.locator("#polite")).to_contain_text("10 秒内可以撤销")
    still = "document.activeElement.blur()"  # a queue with the focus in it stands still for a while
    await desk.evaluate(still)
    await desk.keyboard.press("Control+z")
    await expect(card).to_contain_text("没人接")
    await expect(undo).to_be_hidden()

    await card.get_by_role("button", name="结束").click()
    await desk.fill("#outcome", "误按，一切都好")
    await desk.get_by_text("通过电话或对讲确认").click()
    await desk.locator("dialog button.primary").click()
    await expect(desk.locator("#act")).to_be_hidden()
    await desk.evaluate(still)
    await expect(card).to_have_count(0)
    await undo.get_by_role("button").click()
    await expect(card).to_contain_text("没人接")
    await expect(desk.locator("#toast")).to_contain_text("已撤销")


async def test_what_was_typed_stays_when_the_step_is_refused(stand: Rig) -> None:
    alert_id = await stand.world.press()
    desk = await stand.signed_in(await stand.context())
    await desk.locator(f"#alert-{alert_id}").get_by_role("button", name="结束").click()
    await desk.fill("#outcome", "没有人应门")
    await desk.get_by_text("没有见到人（要写原因）").click()
    await desk.locator("dialog button.primary").click()
    await expect(desk.locator("dialog .mistake")).to_contain_text("必须写明原因")
    await expect(desk.locator("#outcome")).to_have_value("没有人应门")
    stand.network.cut()
    await desk.fill("#reason", "已请家属去看")
    await desk.locator("dialog button.primary").click()
    await expect(desk.locator("dialog .mistake")).to_contain_text("没有发出去")
    await expect(desk.locator("#reason")).to_have_value("已请家属去看")
    stand.network.mend()
    await desk.locator("dialog button.primary").click()
    await expect(desk.locator("#lately")).to_contain_text("没有人应门")


async def test_a_lost_connection_is_loud_and_afterwards_nothing_is_missing(stand: Rig) -> None:
    context = await stand.context()
    await context.add_init_script(QUICK_AGE)
    await context.add_init_script(PULSES)
    desk = await stand.signed_in(context)
    await expect(desk.locator("#queue")).to_contain_text("现在没有人求助")
    await desk.locator("#duty-start").click()
    await pulses(desk, MEDIUM)
    stand.network.cut()
    await desk.evaluate("age(11_000)")
    await expect(desk.locator("#stale-soft")).to_be_visible()
    assert await desk.evaluate("pulses") == MEDIUM
    await desk.evaluate("age(10_000)")
    await pulses(desk, 2 * MEDIUM)
    await expect(desk.locator("#stale-hard")).to_be_visible()
    await expect(desk.locator("#stale-hard")).to_contain_text("连接断了")
    await expect(desk.locator("#queue")).to_be_visible()
    first, second = await stand.world.press(), await stand.world.press("dd-31", "101")
    stand.network.mend()
    await expect(desk.locator(f"#alert-{first}")).to_be_visible(timeout=15_000)
    await expect(desk.locator(f"#alert-{second}")).to_be_visible()
    await expect(desk.locator("#stale-hard")).to_be_hidden(timeout=15_000)
    await expect(desk.locator("#stale-soft")).to_be_hidden()


async def test_a_red_alert_goes_on_ringing_while_its_hub_is_dead_and_the_tab_hidden(stand: Rig) -> None:
    context = await stand.context()
    for script in (SLEEPING_TIMERS, QUICK_AGE, PULSES):
        await context.add_init_script(script)
    desk = await on_duty(stand, context)
    await stand.world.press()
    await pulses(desk, RED)
    stand.network.cut()
    heard = await desk.evaluate("pulses")
    for _ in range(3):  # not stale yet, and then stale for good: no hub is needed for the next burst
        await desk.evaluate("age(8_000)")
        heard += RED
        await pulses(desk, heard)
    await expect(desk.locator("#stale-hard")).to_be_visible()
    await desk.locator("#duty-mute").click()
    heard = await desk.evaluate("age(30_000), pulses")
    await expect(desk.locator("#duty-mute")).to_contain_text("还有 2")
    assert await desk.evaluate("pulses") == heard
    await desk.evaluate("age(31_000)")
    await pulses(desk, heard + RED)


async def test_a_page_whose_first_connection_fails_asks_again(stand: Rig) -> None:
    context = await stand.context()
    await context.add_init_script(QUICK_AGE)
    desk = await stand.signed_in(context)
    await context.route("**/live/**", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    await desk.reload()
    await stand.world.press()
    await expect(desk.locator("h1")).to_have_text("值班台")
    await context.unroute("**/live/**")
    await desk.evaluate("age(9_000)")
    await expect(desk.locator("#queue")).to_contain_text("17栋2单元502室", timeout=15_000)


async def test_a_hidden_tab_still_receives(stand: Rig) -> None:
    context = await stand.context()
    await context.add_init_script(PULSES)
    desk = await on_duty(stand, context)
    await desk.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { get: () => true });
            Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    heard = await desk.evaluate("pulses")
    await stand.world.press()
    await expect(desk.locator("#queue")).to_contain_text("17栋2单元502室")
    await pulses(desk, heard + RED)


async def test_nothing_moves_under_the_pointer_until_it_is_asked_for(stand: Rig) -> None:
    first = await stand.world.press("dd-44", "stairs")
    desk = await stand.signed_in(await stand.context())
    card = desk.locator(f"#alert-{first}")
    await card.hover()
    second = await stand.world.press("dd-45", "stairs")
    await card.hover(position={"x": 5, "y": 5})
    news = desk.locator("#queue-news")
    await expect(news).to_have_text("有 1 条新")
    await expect(desk.locator(f"#alert-{second}")).to_have_count(0)
    await expect(desk.locator("#alarm")).to_contain_text("2 件没人接")
    await news.click()
    await expect(desk.locator(f"#alert-{second}")).to_be_visible()
    await expect(news).to_be_hidden()


async def test_the_focus_stays_where_it_was_when_the_queue_changes(stand: Rig) -> None:
    first = await stand.world.press("dd-44", "stairs")
    desk = await stand.signed_in(await stand.context())
    button = desk.locator(f"#alert-{first}").get_by_role("button", name="记一笔")
    await button.focus()
    second = await stand.world.press("dd-45", "stairs")
    await expect(desk.locator(f"#alert-{second}")).to_be_visible()
    await expect(button).to_be_focused()


async def test_without_sound_a_red_bar_says_so_and_duty_starts_it(stand: Rig) -> None:
    context = await stand.context()
    await context.add_init_script(PULSES)
    await context.add_init_script(SOUND_AFTER_A_CLICK)
    desk = await stand.signed_in(context)
    await expect(desk.locator("#silent")).to_be_hidden()
    await desk.evaluate("sessionStorage.setItem('duty', 'on')")
    await desk.reload()
    await expect(desk.locator("#silent")).to_be_visible()
    assert await desk.evaluate("pulses") == 0
    await desk.locator("#silent-mend").click()
    await expect(desk.locator("#silent")).to_be_hidden()
    await pulses(desk, LOW)
    await expect(desk.locator("#duty-start")).to_have_attribute("aria-pressed", "true")
    await desk.locator("#duty-mute").click()
    await expect(desk.locator("#duty-mute")).to_have_attribute("aria-pressed", "true")
    await stand.world.press()
    await expect(desk.locator("#duty-mute")).to_have_attribute("aria-pressed", "false")  # a new red is heard again
    await pulses(desk, LOW + RED)


async def test_a_desk_on_duty_says_so_to_the_hub_and_one_that_cannot_be_heard_does_not(stand: Rig) -> None:
    context = await stand.context()
    await context.add_init_script(PULSES)
    await context.add_init_script(SOUND_AFTER_A_CLICK)
    desk = await stand.signed_in(context)
    said: list[str] = []
    desk.on("request", lambda request: said.append(request.url) if request.url.endswith("/desk/watched") else None)
    await desk.evaluate("sessionStorage.setItem('duty', 'on')")
    await desk.reload()
    await expect(desk.locator("#silent")).to_be_visible()
    await desk.evaluate("document.dispatchEvent(new CustomEvent('dd:beat'))")
    assert said == []
    assert await desk.evaluate("pulses") == 0
    await desk.locator("#silent-mend").click()
    await expect(desk.locator("#silent")).to_be_hidden()
    await pulses(desk, LOW)
    async with desk.expect_response("**/desk/watched") as answered:
        await desk.evaluate("document.dispatchEvent(new CustomEvent('dd:beat'))")
    assert (await answered.value).status == 204


async def test_an_announcement_is_aimed_on_the_map_or_in_the_tree_confirmed_followed_and_stopped(stand: Rig) -> None:
    page = await stand.signed_in(await stand.context())
    await page.goto(f"{stand.base}/broadcast")
    await page.fill("#text", "各位居民，今晚有大风。")
    await page.locator("[data-place=building-9]").focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".reach").first).to_have_text("向 1 栋播出")
    await page.locator("input[value=grid-2]").check()
    await expect(page.locator(".reach").first).to_have_text("向 10 栋播出")
    await expect(page.locator("[data-place=building-12]")).to_have_attribute("aria-checked", "true")
    await page.locator("#compose .send").click()
    await page.locator("dialog .send").click()
    await page.wait_for_url("**/broadcast/*")
    await expect(page.locator("#announcement")).to_contain_text("已发送 10")
    await page.get_by_role("button", name="停止").click()
    await expect(page.locator("#announcement")).to_contain_text("已停止")


async def test_everything_is_stopped_with_one_press_and_no_question(stand: Rig) -> None:
    tomorrow_ms = stand.world.clock.now_ms() + 86_400_000
    await stand.world.services.announcements.announce(
        text="明天停水。", places=["all"], kind="routine", repeat=1, play_at_ms=tomorrow_ms, by="desk"
    )
    page = await stand.signed_in(await stand.context(width=390))
    await page.goto(f"{stand.base}/broadcast")
    await expect(page.locator("#on_air article")).to_have_count(1)
    await page.get_by_role("button", name="全部停止").click()
    await expect(page.locator("#on_air article")).to_have_count(0)
    await expect(page.get_by_role("button", name="全部停止")).to_have_count(0)


async def test_a_volunteer_goes_arrives_and_finishes(stand: Rig) -> None:
    page = await stand.page(await stand.context(width=390))
    await page.goto(f"{stand.base}/v/{await stand.world.services.access.new_link('wang')}")
    await stand.connected()
    await stand.world.press()
    await page.get_by_role("button", name="5 分钟").click()
    await page.get_by_role("button", name="到了").click()
    await page.get_by_text("已帮忙解决").click()
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#mine")).to_contain_text("现在没有人求助")


async def test_a_shift_is_swapped_with_the_keyboard_alone_and_seen_without_reloading(stand: Rig) -> None:
    await play_rota(stand.world)
    page = await stand.signed_in(await stand.context())
    await page.goto(f"{stand.base}/rota")
    await stand.connected()
    turn = page.locator(".turn.is-now").first
    await turn.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#person")).to_be_focused()
    taker, chosen = "李强", page.locator("#person option:checked")  # at no hour is a turn his
    for _ in range(await page.locator("#person option").count()):
        if await chosen.inner_text() != taker:
            await page.keyboard.press("ArrowDown")
    await page.locator("dialog button.primary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_be_hidden()
    await expect(page.locator(".turn.is-now", has_text="代").first).to_contain_text(taker)


async def test_a_delay_that_was_set_stands_in_its_row_at_once(stand: Rig) -> None:
    page = await stand.signed_in(await stand.context())
    await page.goto(f"{stand.base}/devices")
    await stand.connected()
    row = page.locator("#device-dd-17")
    await row.locator("summary").press("Enter")
    await row.locator("input").fill("20")
    await row.locator("input").press("Enter")
    await expect(row.locator("summary")).to_contain_text("延时 +20 毫秒")
    await expect(row.locator("details")).not_to_have_attribute("open", "")
    await expect(row.locator("summary")).to_be_focused()


async def test_offline_going_is_refused_aloud_and_arriving_is_kept(stand: Rig) -> None:
    page = await stand.page(await stand.context(width=390))
    await page.goto(f"{stand.base}/v/{await stand.world.services.access.new_link('wang')}")
    await stand.connected()
    alert_id = await stand.world.press()
    await expect(page.get_by_role("button", name="5 分钟")).to_be_visible()
    stand.network.cut()
    await page.get_by_role("button", name="5 分钟").click()
    await expect(page.locator(".mistake").first).to_contain_text("没有发出去，请打电话")
    stand.network.mend()
    await page.get_by_role("button", name="5 分钟").click()
    await expect(page.get_by_role("button", name="到了")).to_be_visible(timeout=15_000)
    stand.network.cut()
    await page.get_by_role("button", name="到了").click()
    await expect(page.locator("#kept")).to_contain_text("已记下时间")
    stand.network.mend()
    await expect(page.get_by_role("button", name="完成")).to_be_visible(timeout=20_000)
    await expect(page.locator("#kept")).to_be_hidden()
    alert = await stand.world.database.read(lambda tx: tx.alerts.get(alert_id))
    assert alert is not None
    assert alert.arrived_ms is not None


async def test_a_kept_arrival_that_the_hub_refuses_stays_in_sight_with_its_first_time_until_it_is_read(
    stand: Rig,
) -> None:
    page = await stand.page(await stand.context(width=390))
    await page.goto(f"{stand.base}/v/{await stand.world.services.access.new_link('wang')}")
    await stand.connected()
    alert_id = await stand.world.press()
    await page.get_by_role("button", name="5 分钟").click()
    await expect(page.get_by_role("button", name="到了")).to_be_visible()
    stand.network.cut()
    made: set[int] = set()
    for _ in range(2):
        await page.get_by_role("button", name="到了").click()
        await expect(page.locator("#mine .mistake").first).to_contain_text("已记下时间")
        await page.evaluate("document.querySelector('#mine .mistake').textContent = ''")
        kept = await page.evaluate("JSON.parse(localStorage.getItem(`kept ${location.pathname}`))")
        made |= {one["values"]["made_ms"] for one in kept}
    assert len(made) == 1
    await stand.world.services.alerts.close(alert_id, "desk", "误按", "conversation")
    stand.network.mend()
    refused = page.locator("#refused")
    await expect(refused).to_contain_text("17栋2单元502室", timeout=20_000)
    await expect(refused).to_contain_text("没有算上：现在是“已结束”")
    await expect(page.locator("#kept")).to_be_hidden()
    await page.reload()
    await refused.get_by_role("button", name="知道了").click()
    await expect(refused).to_be_empty()
    notes = await stand.world.database.read(lambda tx: [row.entry for row in tx.alerts.journal(alert_id)])
    assert sum("“到了”是" in str(one.detail.get("text")) for one in notes) == 1


async def test_a_closed_alert_is_replayed_step_by_step(stand: Rig) -> None:
    await play(stand.world)
    closed = next(one for one in await stand.world.database.read(lambda tx: tx.alerts.latest(10)) if one.closed_ms)
    page = await stand.signed_in(await stand.context())
    await page.goto(f"{stand.base}/alerts/{closed.id}/replay")
    frames, slider = page.locator("#frames > li"), page.locator("#replay-at")
    texts = await frames.all_text_contents()
    ended = next(index for index, each in enumerate(texts) if "摔倒，已扶起，没有受伤" in each)
    await expect(frames.nth(0)).to_be_visible()
    await slider.fill(str(ended))  # the elder may have been told in the second after
    await expect(frames.nth(ended)).to_be_visible()
    if len(texts) > 1:
        await slider.fill(str(len(texts) - 1))
        await expect(frames.nth(0)).to_be_hidden()
        await page.locator("#replay-play").click()
        await expect(frames.nth(0)).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_no_page_scrolls_sideways_on_a_phone_at_any_size_of_text(stand: Rig, language: str) -> None:
    await play(stand.world)
    link = f"/v/{await stand.world.services.access.new_link('wang')}/"
    context = await stand.context(width=390, language=language)
    page = await stand.signed_in(context)
    replay = f"/alerts/{(await stand.world.database.read(lambda tx: tx.alerts.latest(1)))[0].id}/replay"
    announcement = f"/broadcast/{(await stand.world.database.read(lambda tx: tx.announcements.latest(1)))[0].id}"
    for size in ("standard", "huge"):
        await context.add_cookies([{"name": "size", "value": size, "url": stand.base}])
        for path in (*PAGES, link, replay, announcement):
            await page.goto(f"{stand.base}{path}")
            assert await page.evaluate(TOO_WIDE) == [], (path, size)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(stand: Rig, scheme: str) -> None:
    await play(stand.world)
    alert_id = (await stand.world.database.read(lambda tx: tx.alerts.not_closed()))[0].id
    link = f"/v/{await stand.world.services.access.new_link('wang')}/"
    announcement_id = (await stand.world.database.read(lambda tx: tx.announcements.latest(1)))[0].id
    context = await stand.context(scheme=scheme)
    page = await stand.page(context)
    await page.goto(f"{stand.base}/sign-in")
    assert await violations(page) == []
    page = await stand.signed_in(context)
    announcement = f"/broadcast/{announcement_id}"
    for path in (*PAGES, link, announcement, f"/alerts/{alert_id}/replay", f"/alerts/{alert_id}"):
        await page.goto(f"{stand.base}{path}")
        assert await violations(page) == [], path
    await page.locator(".acts button").first.click()
    await expect(page.locator("dialog")).to_be_visible()
    assert await violations(page) == [], "dialog"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_at_the_first_start(tmp_path: Path, browser: Browser, scheme: str) -> None:
    async with rig(tmp_path, browser, is_first_start=True) as stand:
        page = await stand.page(await stand.context(scheme=scheme))
        await page.goto(f"{stand.base}/")
        await page.wait_for_url("**/welcome")
        assert await violations(page) == []
        await page.set_viewport_size({"width": 390, "height": 900})
        assert await page.evaluate(TOO_WIDE) == []


async def on_duty(stand: Rig, context: BrowserContext) -> Page:
    """A desk whose sound was started, and was heard."""
    desk = await stand.signed_in(context)
    await desk.locator("#duty-start").click()
    await pulses(desk, MEDIUM)
    return desk


async def pulses(page: Page, least: int) -> None:
    """Waits until so many have sounded in all."""
    await page.wait_for_function("(least) => pulses >= least", arg=least)


async def violations(page: Page) -> list[str]:
    """What axe has against the page, narrow and wide."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for width in (390, 1366):
        await page.set_viewport_size({"width": width, "height": 900})
        found += await page.evaluate(
            """async (rules) => (await axe.run(document, {runOnly: {type: "tag", values: rules}})).violations
                .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`)""",
            AXE_RULES,
        )
    return found


async def test_targets_are_large_enough(stand: Rig) -> None:
    await play(stand.world)
    link = f"/v/{await stand.world.services.access.new_link('wang')}/"
    context = await stand.context(width=390)
    page = await stand.signed_in(context)
    for path, least in (
        ("/desk", 44),
        ("/broadcast", 44),
        ("/quiet-hours", 44),
        ("/devices", 44),
        ("/rota", 44),
        (link, 60),
    ):
        await page.goto(f"{stand.base}{path}")
        small = await page.evaluate(
            """(least) => [...document.querySelectorAll("main button, main .button")]
                .filter((one) => one.offsetHeight > 0 && one.offsetHeight < least)
                .map((one) => one.textContent.trim())""",
            least,
        )
        assert small == [], path
