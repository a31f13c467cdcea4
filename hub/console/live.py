"""Live parts of pages: each is rendered once per change, language and right, and pushed to all pages that show it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from hub.console.pace import Pace
from hub.console.pages import Pages
from hub.console.parts import PARTS, Context, Key, is_touched
from hub.console.seen import Seen
from hub.console.streams import Numbered, OpenPage
from hub.services.news import Subscription
from hub.services.ports import Tx
from hub.services.served import Services

log = structlog.get_logger()

BEAT_S = 5.0
"""A page that hears nothing for twice this long says so (CONSOLE.md, rule 3)."""
STREAM_S = 600.0
"""A stream ends after this and is asked for anew, so that whoever has signed out sees no more than that."""
AT_ONCE = 50
"""After so many pages others get their turn: a change for 1,000 pages must not keep a press waiting."""


@dataclass(slots=True)
class _Rendered:
    context: Context
    html: str
    event: bytes


class Live:
    """Renders parts while pages are open. The beat comes from the loop that reads the database: it proves both."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._open: set[OpenPage] = set()
        self._rendered: dict[Key, _Rendered] = {}
        self._events = Numbered(services.clock.now_ms())
        self._pace = Pace()
        self._is_well = False
        self._rendering = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def html(self, keys: Collection[Key]) -> dict[str, str]:
        """The parts as they are now, by name, for a page that is about to be opened. Raises NotFound."""
        known = {key: self._rendered[key].html for key in keys if self._is_well and key in self._rendered}
        contexts, zone, now_ms = await self._read([key for key in keys if key not in known])
        fresh = {key: self._text(key, context, zone, now_ms) for key, context in contexts.items()}
        return {key.part: html for key, html in (known | fresh).items()}

    async def stream(self, keys: Collection[Key], person_id: str) -> AsyncIterator[bytes]:
        """The events of one open page: at first all its parts, so that nothing is missing after a lost connection."""
        page = OpenPage(frozenset(keys))
        self._open.add(page)
        try:
            with self._services.news.open_page(person_id):
                self._follow()
                await self._refresh(page.keys, only_new=True)
                for key in page.keys:
                    page.put(key.part, self._rendered[key].event)
                if self._is_well:
                    page.put("beat", self._beat())
                async for events in page.events(STREAM_S):
                    yield events
        finally:
            self._open.discard(page)
            self._forget()

    def close(self) -> None:
        """Ends all streams, so that a server that stops need not wait for them; pages ask again by themselves."""
        for page in self._open:
            page.end()

    # --- the loop that renders -------------------------------------------------------------------------

    def _follow(self) -> None:
        """Starts the loop with the first page; it ends by itself with the last."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live pages")

    async def _run(self) -> None:
        with self._services.news.subscribe() as topics:
            while self._open:
                loop = asyncio.get_running_loop()
                next_beat = loop.time() + BEAT_S
                while (left := next_beat - loop.time()) > 0 and self._open:
                    changed = await _changed(topics, left)
                    if touched := {key for key in self._shown() if is_touched(key, changed)}:
                        await self._tried(touched)
                if await self._tried(self._shown()):
                    beat = self._beat()
                    await self._push({page: [("beat", beat)] for page in self._open})

    def _shown(self) -> set[Key]:
        return {key for page in self._open for key in page.keys}

    async def _tried(self, keys: Collection[Key]) -> bool:
        """Renders and pushes these parts where they changed; False, and no beat, when it could not be done."""
        self._pace.begin()
        try:
            await self._refresh(keys)
        except Exception:
            log.exception("live_parts_failed")
            self._is_well = False
        await self._pace.rest()
        return self._is_well

    async def _refresh(self, keys: Collection[Key], *, only_new: bool = False) -> None:
        async with self._rendering:
            wanted = [key for key in keys if not (only_new and key in self._rendered)]
            if not wanted:
                return
            contexts, zone, now_ms = await self._read(wanted)
            self._is_well = True
            changed = {}
            for key, context in contexts.items():
                known = self._rendered.get(key)
                if known is not None and known.context == context:
                    continue
                html = self._text(key, context, zone, now_ms)
                self._rendered[key] = changed[key] = _Rendered(context, html, self._events.event("part", html))
                await asyncio.sleep(0)
            await self._push(
                {page: [(key.part, changed[key].event) for key in page.keys & changed.keys()] for page in self._open}
            )

    async def _push(self, events: Mapping[OpenPage, Sequence[tuple[str, bytes]]]) -> None:
        """Hands each page its events, in one piece."""
        for index, (page, some) in enumerate(events.items()):
            for name, event in some:
                page.put(name, event)
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)

    def _forget(self) -> None:
        """What no page shows is not kept true, so it is not kept."""
        for key in self._rendered.keys() - self._shown():
            del self._rendered[key]

    async def _read(self, keys: Collection[Key]) -> tuple[dict[Key, Context], str, int]:
        """What the parts show, all read in one transaction, with time zone and time. Raises NotFound."""
        now_ms, trouble = self._services.clock.now_ms(), tuple(self._services.ready())
        is_watched = self._services.desk_watch.is_watched

        def job(tx: Tx) -> tuple[dict[Key, Context], str]:
            seen = Seen(tx, now_ms, trouble, is_watched=is_watched, reach_of=self._services.reaching.of)
            return {key: PARTS[key.part].read(seen, key.about) for key in keys}, seen.calling.community.timezone

        contexts, zone = await self._services.database.read(job)
        return contexts, zone, now_ms

    def _text(self, key: Key, context: Context, zone: str, now_ms: int) -> str:
        about = {"about": key.about, "may_act": key.may_act, "zone": zone, "now_ms": now_ms}
        return self._pages.text(f"parts/{key.part}.html", key.language, {**context, **about})

    def _beat(self) -> bytes:
        return self._events.event("beat", str(self._services.clock.now_ms()))


async def _changed(topics: Subscription, timeout_s: float) -> set[str]:
    """The topics that changed, waiting at most so long for the first."""
    changed: set[str] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            changed.add(await anext(topics))
        while True:
            async with asyncio.timeout(0):
                changed.add(await anext(topics))
    return changed
