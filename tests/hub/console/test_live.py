"""Live parts: rendered once, pushed to all, complete at every connection, and honest when the database is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast

import pytest
import pytest_asyncio

from hub.console import live as live_module
from hub.console import pace
from hub.console.live import Live
from hub.console.pages import Pages
from hub.console.parts import Key
from hub.services.ports import Tx
from tests.hub.console.stage import Stage, stage

T = TypeVar("T")
ALARM, QUEUE = Key("alarm", "", "zh", True), Key("queue", "", "zh", True)
WAIT_S = 10.0


class CountingPages(Pages):
    """Notes which templates were rendered."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def text(self, template: str, language: str, context: object) -> str:
        self.rendered.append(f"{template} {language}")
        return super().text(template, language, context)  # type: ignore[arg-type]


class Reader:
    """A browser's end of a stream."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self._events = events
        self.text = ""

    async def until(self, word: str) -> str:
        """Reads on until the word has come; what came since the last time."""
        async with asyncio.timeout(WAIT_S):
            while word not in self.text:
                self.text += (await anext(self._events)).decode()
        came, self.text = self.text, ""
        return came


@asynccontextmanager
async def reading(live: Live, *keys: Key, person: str = "desk") -> AsyncIterator[Reader]:
    events = cast("AsyncGenerator[bytes, None]", live.stream(keys, person))
    try:
        yield Reader(events)
    finally:
        await events.aclose()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as opened:
        yield opened


@pytest.fixture
def pages() -> CountingPages:
    return CountingPages()


@pytest.fixture
def live(world: Stage, pages: CountingPages) -> Live:
    return Live(world.services, pages)


async def test_a_stream_begins_with_all_that_the_page_shows(world: Stage, live: Live) -> None:
    await world.press()
    async with reading(live, ALARM, QUEUE) as reader:
        first = await reader.until('id="queue"')
    assert "17栋2单元502室" in first
    assert 'data-open="1"' in first


async def test_a_change_reaches_every_open_page_and_is_rendered_once(
    world: Stage, live: Live, pages: CountingPages
) -> None:
    async with reading(live, QUEUE) as one, reading(live, QUEUE) as other:
        await one.until("现在没有人求助")
        await other.until("现在没有人求助")
        pages.rendered.clear()
        await world.press()
        assert "17栋2单元502室" in await one.until("502室")
        assert "17栋2单元502室" in await other.until("502室")
        assert pages.rendered == ["parts/queue.html zh"]


async def test_news_that_change_nothing_shown_push_nothing(world: Stage, live: Live, pages: CountingPages) -> None:
    async with reading(live, QUEUE) as reader:
        await reader.until("现在没有人求助")
        pages.rendered.clear()
        world.news.tell("alerts")
        await world.press()
        came = await reader.until("502室")
    assert came.count("event: part") == 1
    assert len(pages.rendered) == 1


async def test_every_event_has_an_id_that_rises(world: Stage, live: Live) -> None:
    async with reading(live, ALARM, QUEUE) as reader:
        came = await reader.until('id="queue"')
        await world.press()
        came += await reader.until("502室")
    ids = [int(line[4:]) for line in came.splitlines() if line.startswith("id: ")]
    assert len(ids) == came.count("event: ")
    assert len(set(ids)) == len(ids)


async def test_a_page_that_comes_later_gets_what_was_rendered_already(
    world: Stage, live: Live, pages: CountingPages
) -> None:
    await world.press()
    async with reading(live, QUEUE) as one:
        await one.until("502室")
        pages.rendered.clear()
        async with reading(live, QUEUE) as other:
            await other.until("502室")
        assert pages.rendered == []


async def test_what_changed_while_no_page_was_open_is_in_the_next_stream(world: Stage, live: Live) -> None:
    async with reading(live, QUEUE) as reader:
        await reader.until("现在没有人求助")
    await world.press()
    async with reading(live, QUEUE) as reader:
        await reader.until("17栋2单元502室")


async def test_somebody_with_an_open_page_is_known_to_have_one(world: Stage, live: Live) -> None:
    async with reading(live, QUEUE, person="wang") as reader:
        await reader.until('id="queue"')
        assert world.news.has_open_page("wang")
    assert not world.news.has_open_page("wang")


async def test_there_is_no_beat_while_the_database_cannot_be_read(
    world: Stage, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "BEAT_S", 0.01)
    monkeypatch.setattr(pace, "PAUSE_S", 0.0)
    read, beat = world.database.read, live._beat
    beats: list[bytes] = []
    beats_at_failure: list[int] = []
    failed_often = asyncio.Event()

    def counted() -> bytes:
        beats.append(beat())
        return beats[-1]

    async def failing(job: Callable[[Tx], T]) -> T:
        beats_at_failure.append(len(beats))
        if len(beats_at_failure) == 5:
            failed_often.set()
        raise OSError("disk gone")

    monkeypatch.setattr(live, "_beat", counted)
    async with reading(live, QUEUE) as reader:
        await reader.until("event: beat")
        monkeypatch.setattr(world.database, "read", failing)
        async with asyncio.timeout(WAIT_S):
            await failed_often.wait()
        assert len(set(beats_at_failure)) == 1
        monkeypatch.setattr(world.database, "read", read)
        while len(beats) == beats_at_failure[-1]:
            await reader.until("event: beat")


async def test_closing_ends_every_stream(live: Live) -> None:
    async with reading(live, ALARM) as one, reading(live, ALARM) as other:
        await one.until("event: beat")
        await other.until("event: beat")
        live.close()
        for reader in (one, other):
            with pytest.raises(StopAsyncIteration):
                await reader.until("nothing more")


async def test_a_stream_ends_after_its_time(world: Stage, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "STREAM_S", 0.05)
    async with asyncio.timeout(WAIT_S):
        assert [event async for event in live.stream([ALARM], "desk")]
