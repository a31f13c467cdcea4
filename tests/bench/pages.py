"""Open pages: how long after its commit an alert is on the first and on the last of 1,000 duty desks.

    python -m tests.bench.pages [--json] [--pages 1000] [--rounds 20]

Real connections on 127.0.0.1, each one a browser's stream of the duty desk. The figure to hold is that of issue 3.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import aiohttp
import uvloop

from hub.adapters.data_folder import DATABASE
from tests.bench.press import hub_way
from tests.bench.report import Figure, percentile, show
from tests.world.button import Buttons
from tests.world.hub_process import HubProcess
from tests.world.waiting import wait_until

MOST_MS = 300.0
AT_ONCE = 50
"""Pages that connect at the same time; a thousand at once would measure the backlog of the socket."""
LOOK_EVERY_S = 0.001
SETTLE_S = 1.0
"""Only then the clients look at what came: their work must not take part in what is measured."""
PRESS_S = 30.0
IDLE_S = 10.0
ACCOUNT = {"community": "bench", "name": "bench", "username": "bench", "password": "a long enough password"}
TICK_HZ = os.sysconf("SC_CLK_TCK")


@dataclass(eq=False)
class Page(asyncio.Protocol):
    """One browser's stream; keeps what came, each piece with its time."""

    request: bytes
    came: list[tuple[float, bytes]] = field(default_factory=list)
    is_open: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        cast("asyncio.Transport", transport).write(self.request)  # uvloop's is one, but does not inherit from it

    def data_received(self, data: bytes) -> None:
        """Only keeps it: what the clients do must not be what is measured."""
        self.came.append((time.monotonic(), data))

    def connection_lost(self, _exc: Exception | None) -> None:
        """A page that lost its stream shows nothing."""
        self.is_open = False

    def shows(self, word: bytes) -> float | None:
        """When all of `word` had come."""
        text, ends = b"", []
        for at, data in self.came:
            text += data
            ends.append((len(text), at))
        found = text.find(word)
        return next(at for end, at in ends if end >= found + len(word)) if found >= 0 else None


def all_show(pages: Sequence[Page], word: bytes) -> bool:
    """Whether `word` has come to each of them."""
    return all(one.shows(word) is not None for one in pages)


@dataclass(frozen=True)
class Round:
    """One press, in seconds of the steady clock. `shown` holds each page's time, the earliest first."""

    pressed: float
    committed: float
    shown: Sequence[float]


async def session_of(hub: HubProcess) -> str:
    """The secret of a session of the first account, which this makes."""
    async with (
        aiohttp.ClientSession(hub.url, headers={"Origin": hub.url}) as session,
        session.post("/welcome", data=ACCOUNT, allow_redirects=False) as answer,
    ):
        return answer.cookies["__Host-session"].value


@contextlib.asynccontextmanager
async def open_pages(hub: HubProcess, count: int) -> AsyncIterator[list[Page]]:
    """So many duty desks, each of which shows the queue."""
    request = (
        f"GET /live/desk HTTP/1.1\r\nHost: 127.0.0.1:{hub.http_port}\r\nAccept: text/event-stream\r\n"
        f"Cookie: __Host-session={await session_of(hub)}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    pages: list[Page] = []
    transports: list[asyncio.Transport] = []
    try:
        while len(pages) < count:
            some = min(AT_ONCE, count - len(pages))
            made = [
                loop.create_connection(lambda: Page(request, is_open=True), "127.0.0.1", hub.http_port)
                for _ in range(some)
            ]
            for transport, page in await asyncio.gather(*made):
                transports.append(transport)
                pages.append(page)
            fresh = pages[-some:]
            await wait_until(partial(all_show, fresh, b'id="queue"'), "the pages' queues", PRESS_S)
        yield pages
    finally:
        for transport in transports:
            transport.abort()


async def next_commit(database: sqlite3.Connection, before: int) -> float:
    """When another connection has committed something, by SQLite's own counter."""
    async with asyncio.timeout(PRESS_S):
        while version_of(database) == before:  # noqa: ASYNC110 - what is watched is another process
            await asyncio.sleep(LOOK_EVERY_S)
    return time.monotonic()


def version_of(database: sqlite3.Connection) -> int:
    """Rises with each commit of another connection."""
    return int(database.execute("PRAGMA data_version").fetchone()[0])


async def press(hub: HubProcess, buttons: Buttons, pages: Sequence[Page], index: int) -> Round:
    """One press, until every page shows its alert."""
    for page in pages:
        page.came.clear()
    with contextlib.closing(sqlite3.connect(hub.data / DATABASE)) as database:
        committing = asyncio.create_task(next_commit(database, version_of(database)))
        await asyncio.sleep(0)
        press_id = await buttons.press(f"page-{index}")
        committed = await committing
    await asyncio.sleep(SETTLE_S)
    alert_id = hub.rows("SELECT alert_id FROM press WHERE press_id = ?", press_id)[0][0]
    word = f'id="alert-{alert_id}"'.encode()
    await wait_until(partial(all_show, pages, word), "the alert on every page", PRESS_S)
    shown = sorted(at for one in pages if (at := one.shows(word)) is not None)
    return Round(buttons.sent[press_id], committed, shown)


def cpu_s(hub: HubProcess) -> float:
    """What the hub's process has used so far."""
    assert hub.process is not None
    fields = Path(f"/proc/{hub.process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK_HZ


async def measure(count: int, rounds: int) -> list[Figure]:
    """All of it."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="dongdong-bench-") as name:
        async with hub_way(Path(name)) as (way, hub, desk), open_pages(hub, count) as pages:
            await press(hub, way.buttons, pages, -1)
            await desk.close_all()
            before_s = cpu_s(hub)
            await asyncio.sleep(IDLE_S)
            idle_s = (cpu_s(hub) - before_s) / IDLE_S
            done, before_s, began = [], cpu_s(hub), time.monotonic()
            for index in range(rounds):
                await asyncio.sleep(1 + chance.random())
                done.append(await press(hub, way.buttons, pages, index))
                await desk.close_all()
            press_s = (cpu_s(hub) - before_s - idle_s * (time.monotonic() - began)) / rounds
            lost = sum(not page.is_open for page in pages)
    return figures(count, done, idle_s, press_s, lost)


def figures(count: int, done: Sequence[Round], idle_s: float, press_s: float, lost: int) -> list[Figure]:
    """What the rounds come to."""
    last = [1e3 * (one.shown[-1] - one.committed) for one in done]
    first = [1e3 * (one.shown[0] - one.committed) for one in done]
    commit = [1e3 * (one.committed - one.pressed) for one in done]
    spread = [1e3 * (one.shown[-1] - one.shown[0]) for one in done]
    each_us = 1e6 * idle_s / count
    return [
        Figure("press to commit", _middle(commit)),
        Figure("commit to the first page", _middle(first)),
        Figure(f"commit to the last of {count}", _middle(last), f"each <= {MOST_MS:.0f} ms", max(last) <= MOST_MS),
        Figure("from the first page to the last", _middle(spread)),
        Figure("pages that lost their stream", str(lost), "0", lost == 0),
        Figure("hub while nothing happens", f"{1e2 * idle_s:.1f} % of a core; {each_us:.0f} us/s a page"),
        Figure("hub for each alert and page", f"{1e6 * press_s / count:.0f} us from its press to its end"),
    ]


def _middle(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 0.5):.0f} ms, p90 {percentile(values, 0.9):.0f}, max {max(values):.0f}"


def main() -> int:
    """Measures and shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", dest="is_json")
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    return show("Open pages", uvloop.run(measure(options.pages, options.rounds)), is_json=options.is_json)


if __name__ == "__main__":
    sys.exit(main())
