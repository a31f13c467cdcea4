"""Open pages hear that something changed: one small set of waiting topics a page, so a slow page delays nobody."""

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
        self._pages: Counter[str] = Counter()

    def tell(self, topic: str) -> None:
        """A topic of ports.News; never blocks."""
        for subscription in self._subscriptions:
            subscription.tell(topic)

    @contextmanager
    def subscribe(self, person_id: str | None = None) -> Iterator[Subscription]:
        """`with news.subscribe(person_id) as topics: async for topic in topics: ...`; misses nothing from its start on.

        `person_id` is whose page it is; None for nobody's.
        """
        subscription = Subscription()
        self._subscriptions.add(subscription)
        if person_id:
            self._pages[person_id] += 1
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)
            if person_id:
                self._pages[person_id] -= 1

    def has_open_page(self, person_id: str) -> bool:
        """Whether a page of this person is listening now; may be asked from any thread."""
        return self._pages[person_id] > 0

    def count(self) -> int:
        """How many pages are listening now."""
        return len(self._subscriptions)
