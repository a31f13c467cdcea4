"""An elder, a duty desk and two phones, on a whole hub: in this process, or in one that can be killed.

Time goes by faster only from outside: the hub in this process is given a clock that is ahead, and of a hub that is
dead it is made true that it has been dead for longer.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from hub import app
from hub.adapters.broker import add_login
from hub.adapters.clock import SystemClock
from hub.adapters.data_folder import DATABASE
from hub.adapters.database.database import SqliteDatabase
from hub.services.access import Access
from hub.settings import load
from tests.hub.console.stage import PASSWORD, SETTING, fill
from tests.world.button import Buttons, client
from tests.world.hub_process import HubProcess
from tests.world.ports import free_port
from wire.messages import Timeline

DEVICE, BUTTON = "dd-17", "502"
PHONES = ("li", "wang")
SLOW_MS = 30_000
"""A page whose hub was killed asks again after 8 s at the latest."""


@dataclass
class ClockAhead:
    """Fills ports.Clock: the machine's clocks, and what has gone by beyond them."""

    ahead_ms: int = 0

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self.ahead_ms

    def monotonic_ms(self) -> int:
        return SystemClock().monotonic_ms() + self.ahead_ms

    def boot_id(self) -> str:
        return "boot"

    def steady_ns(self) -> int:
        return SystemClock().steady_ns() + self.ahead_ms * 1_000_000

    def timeline(self) -> Timeline:
        return SystemClock().timeline()


@dataclass(frozen=True)
class Ready:
    """A data folder with the community in it: personal links by person, and the password of DEVICE."""

    data: Path
    links: dict[str, str]
    password: str = "the device's password"


async def prepare(data: Path) -> Ready:
    """Fills a new folder. 502 has a helper, Li Qiang, and a head of the building, Wang Fang; `zhou` may sign in."""
    await asyncio.to_thread(data.mkdir)
    database = SqliteDatabase(data / DATABASE)
    await database.start()
    try:
        now_ms = SystemClock().now_ms()
        await database.write(lambda tx: fill(tx, now_ms))
        access = Access(database, SystemClock(), hasher=SETTING)
        await access.first_start(community="阳光花园社区", name="周丽华", username="zhou", password=PASSWORD)
        links = {person: await access.new_link(person) for person in PHONES}
    finally:
        await database.close()
    ready = Ready(data, links)
    add_login(data / "broker", DEVICE, ready.password)
    return ready


@dataclass
class Story:
    """The pages of those who take part, and what happens to the elder's button."""

    ready: Ready
    url: str
    mqtt_port: int
    desk: Page
    phones: dict[str, Page]
    alert_id: str = ""

    async def press(self) -> None:
        """The elder presses; returns when the desk shows it."""
        async with client(self.mqtt_port, DEVICE, self.ready.password) as connected:
            await Buttons(connected, DEVICE).press(BUTTON)
        card = self.desk.locator("#queue article")
        await expect(card).to_have_count(1, timeout=SLOW_MS)
        self.alert_id = (await card.get_attribute("id") or "").removeprefix("alert-")

    @property
    def card(self) -> Locator:
        """The alert at the duty desk."""
        return self.desk.locator(f"#alert-{self.alert_id}")

    async def desk_shows(self, *texts: str) -> None:
        """Waits until the card has all of these."""
        for text in texts:
            await expect(self.card).to_contain_text(text, timeout=SLOW_MS)

    async def tap(self, person: str, button: str) -> None:
        """Somebody taps a button of their page; returns when the hub has taken it."""
        page = self.phones[person]
        one = page.get_by_role("button", name=button, exact=True)
        await expect(one).to_be_enabled(timeout=SLOW_MS)
        async with page.expect_response(re.compile(f"/{self.alert_id}/")) as answered:
            await one.click()
        assert (await answered.value).status == 204

    def journal(self) -> list[tuple[str, str]]:
        """What the database says has happened, and by whom."""
        with closing(sqlite3.connect(self.ready.data / DATABASE)) as database:
            return database.execute("SELECT what, actor FROM journal ORDER BY id").fetchall()

    def count(self, table: str) -> int:
        """How many rows there are."""
        with closing(sqlite3.connect(self.ready.data / DATABASE)) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@asynccontextmanager
async def pages(ready: Ready, url: str, mqtt_port: int, browser: Browser) -> AsyncIterator[Story]:
    """A desk on duty with its sound on, and two phones, all open."""
    contexts: list[BrowserContext] = []

    async def page(width: int) -> Page:
        contexts.append(await browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN"))
        return await contexts[-1].new_page()

    try:
        desk = await page(1366)
        await desk.goto(f"{url}/sign-in")
        await desk.fill("#username", "zhou")
        await desk.fill("#password", PASSWORD)
        await desk.click("main form button.primary")
        await desk.wait_for_url("**/desk")
        async with desk.expect_response("**/desk/watched"):
            await desk.locator("#duty-start").click()
        phones = {}
        for person, secret in ready.links.items():
            phones[person] = await page(390)
            async with phones[person].expect_response(re.compile("/live$")):
                await phones[person].goto(f"{url}/v/{secret}/")
        yield Story(ready, url, mqtt_port, desk, phones)
    finally:
        for context in contexts:
            await context.close()


@asynccontextmanager
async def hub_here(ready: Ready, clock: ClockAhead) -> AsyncIterator[tuple[str, int]]:
    """The whole hub in this process, by this clock; its address, and the port of its broker."""
    arguments = {
        "DATA": str(ready.data),
        "HTTP": f"127.0.0.1:{free_port()}",
        "MQTT": f"127.0.0.1:{free_port()}",
        "LOG_LEVEL": "warning",
    }
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(app, "SystemClock", lambda: clock)
        hub = app.Hub(load(arguments, {}))
    running = asyncio.create_task(hub.run())
    try:
        serving = asyncio.create_task(hub.is_serving.wait())
        await asyncio.wait([running, serving], return_when=asyncio.FIRST_COMPLETED)
        assert hub.is_serving.is_set(), running
        yield hub.url, int(arguments["MQTT"].rsplit(":", 1)[1])
    finally:
        hub.stop()
        await running


@asynccontextmanager
async def hub_there(ready: Ready) -> AsyncIterator[HubProcess]:
    """The whole hub as a process of its own, which may be killed."""
    hub = HubProcess(ready.data, {"DONGDONG_LOG_LEVEL": "warning"})
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


def was_dead_for(hub: HubProcess, by_ms: int) -> None:
    """Makes it true of a dead hub: all that it counts from lies farther back."""
    columns = ("opened_ms", "accepted_ms", "promised_ms", "due_ms", "remind_ms")
    earlier = ", ".join(f"{one} = {one} - {by_ms}" for one in columns)
    with closing(sqlite3.connect(hub.data / DATABASE)) as database:
        database.execute(f"UPDATE alert SET {earlier}")
        database.commit()
