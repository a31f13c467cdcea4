"""Who listens hears that something changed: a small set of waiting topics each, so a slow one delays nobody."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

MOST_WAITING = 64
"""A page that is so far behind fetches everything anew, which costs less than 64 small changes."""
EVERYTHING = "everything"
"""The topic that stands for all topics."""


class Subscription(AsyncIterator[str]):
    """The topics that changed since they were last taken, each once, in the order in which they first changed."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._wake = asyncio.Event()

    def tell(self, topic: str) -> None:
        """Adds a topic that is not waiting already; never blocks."""
        if EVERYTHING in self._waiting:
            return
        self._waiting[topic] = None
        if len(self._waiting) > MOST_WAITING:
            self._waiting = {EVERYTHING: None}
        self._wake.set()

    async def __anext__(self) -> str:
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        topic = next(iter(self._waiting))
        del self._waiting[topic]
        return topic


class NewsFeed:
    """Tells every subscriber of every topic. Belongs to one event loop, but for what says otherwise."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._open: Counter[str] = Counter()

    def tell(self, topic: str) -> None:
        """A topic of ports.News; never blocks."""
        for subscription in self._subscriptions:
            subscription.tell(topic)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """`with news.subscribe() as topics: async for topic in topics: ...`; misses nothing from its start on."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)

    @contextmanager
    def open_page(self, person_id: str) -> Iterator[None]:
        """A page of this person is open meanwhile; what it shows comes from one subscription for all pages."""
        self._open[person_id] += 1
        try:
            yield
        finally:
            self._open[person_id] -= 1
            if not self._open[person_id]:
                del self._open[person_id]

    def has_open_page(self, person_id: str) -> bool:
        """Whether a page of this person is listening now; may be asked from any thread."""
        return person_id in self._open

    def count(self) -> int:
        """How many pages are open now."""
        return self._open.total()
