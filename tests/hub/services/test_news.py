"""Open pages hear of changes, and none of them delays another."""

from __future__ import annotations

import asyncio

from hub.services.news import EVERYTHING, MOST_WAITING, NewsFeed


async def test_every_page_hears_every_topic() -> None:
    news = NewsFeed()
    with news.subscribe() as one, news.subscribe() as other:
        news.tell("alerts")
        assert [await anext(one), await anext(other)] == ["alerts", "alerts"]


async def test_a_topic_that_waits_is_not_queued_twice() -> None:
    news = NewsFeed()
    with news.subscribe() as topics:
        for topic in ("alerts", "devices", "alerts"):
            news.tell(topic)
        assert [await anext(topics), await anext(topics)] == ["alerts", "devices"]
        news.tell("alerts")
        assert await anext(topics) == "alerts"


async def test_a_page_that_is_far_behind_fetches_everything_once() -> None:
    news = NewsFeed()
    with news.subscribe() as topics:
        for number in range(MOST_WAITING * 3):
            news.tell(f"alert:{number}")
        assert await anext(topics) == EVERYTHING
        news.tell("alerts")
        assert await anext(topics) == "alerts"


async def test_a_page_that_waits_is_woken() -> None:
    news = NewsFeed()
    with news.subscribe() as topics:
        waiting = asyncio.ensure_future(anext(topics))
        await asyncio.sleep(0)
        assert not waiting.done()
        news.tell("alerts")
        assert await waiting == "alerts"


async def test_a_closed_page_is_forgotten() -> None:
    news = NewsFeed()
    with news.open_page("wang"), news.open_page("wang"):
        assert news.count() == 2
    with news.open_page("wang"):
        assert news.has_open_page("wang")
        assert not news.has_open_page("li")
    assert not news.has_open_page("wang")
    assert news.count() == 0
    news.tell("alerts")
