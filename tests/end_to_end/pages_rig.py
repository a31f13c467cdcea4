"""A browser before a real web server with the console of a whole community; the network between them can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from hub.adapters.clock import SystemClock
from hub.services.ports import Channel
from tests.hub.console.stage import PASSWORD, Stage, stage
from tests.world.waiting import wait_until

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
]


class Server(uvicorn.Server):
    """Leaves signals to the test run."""

    def install_signal_handlers(self) -> None:
        """None of ours."""


@dataclass
class Network:
    """A TCP forwarder between browser and server. `cut` ends what is open and refuses what is new, or lets it hang."""

    to_port: int
    port: int = 0
    is_cut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Network:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        """From now on nothing passes."""
        self.is_cut = True
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """From now on everything passes."""
        self.is_cut = False

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}
            writer.close()
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To its end, and passes that on; also a reset, for who waits for an answer would wait for ever."""
    try:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()


@dataclass
class Rig:
    """Everything that a test of the pages needs. `errors` are what the browser's console complained about."""

    world: Stage
    network: Network
    browser: Browser
    errors: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where the browser finds the console."""
        return f"http://127.0.0.1:{self.network.port}"

    async def context(self, *, width: int = 1366, scheme: str = "light", language: str = "zh") -> BrowserContext:
        """A fresh profile."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="zh-CN",
        )
        await context.add_cookies([{"name": "language", "value": language, "url": self.base}])
        return context

    async def page(self, context: BrowserContext) -> Page:
        """A tab, watched for errors."""
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)
        return page

    async def signed_in(self, context: BrowserContext) -> Page:
        """A tab at the duty desk, its stream running."""
        page = await self.page(context)
        await page.goto(f"{self.base}/sign-in")
        await page.fill("#username", "zhou")
        await page.fill("#password", PASSWORD)
        await page.click("main form button.primary")
        await page.wait_for_url("**/desk")
        await self.connected()
        return page

    async def connected(self) -> None:
        """Waits until some page's stream is open."""
        await wait_until(lambda: self.world.news.count() >= 1, "a page listens")


@asynccontextmanager
async def chromium(*further: str) -> AsyncIterator[Browser]:
    """Debian's own browser, without a window, with these further arguments."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *further])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def rig(
    folder: Path, browser: Browser, push: Channel | None = None, *, is_first_start: bool = False
) -> AsyncIterator[Rig]:
    """The console served on a free port, and a network between it and the browser. `push` turns Web Push on."""
    has_anything = not is_first_start
    async with stage(
        folder, clock=SystemClock(), push=push, has_account=has_anything, has_places=has_anything
    ) as world:
        server = Server(
            uvicorn.Config(
                world.app,
                port=0,
                log_level="error",
                timeout_graceful_shutdown=1,
                ws="websockets-sansio",
            )
        )
        serving = asyncio.create_task(server.serve())
        try:
            await wait_until(lambda: server.started, "the web server runs")
            port = server.servers[0].sockets[0].getsockname()[1]
            async with Network(port) as network:
                try:
                    yield Rig(world, network, browser)
                finally:
                    for context in browser.contexts:
                        await context.close()
        finally:
            world.app.end_streams()
            server.should_exit = True
            await serving
