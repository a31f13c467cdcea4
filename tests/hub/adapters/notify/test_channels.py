"""The channels against real HTTP servers that answer well, badly, late, or not at all."""

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp import web

from hub.adapters.notify.ntfy import Ntfy
from hub.adapters.notify.page import OpenPage
from hub.adapters.notify.webhook import Webhook
from hub.domain.alerts import Purpose
from hub.services.ports import ChannelFailed
from tests.hub.adapters.notify.server import MESSAGE, answering, endless, notification, reset, serving

# --- webhook -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_a_webhook_takes_it_with_any_2xx_and_is_sent_the_body_as_json(
    session: aiohttp.ClientSession, status: int
) -> None:
    bodies: list[object] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        return web.Response(status=status)

    async with serving(handle) as url:
        await Webhook(session).send(notification(url), MESSAGE)
    assert bodies == [{"alert_id": "alert-1", "say": "有人按铃"}]


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 400, 401, 403, 404, 410, 429, 500, 502, 503])
async def test_every_other_answer_of_a_webhook_is_a_failure_to_be_tried_again(
    session: aiohttp.ClientSession, status: int
) -> None:
    seen: list[web.Request] = []
    async with serving(answering(status, seen=seen, Location="/elsewhere")) as url:
        with pytest.raises(ChannelFailed) as failed:
            await Webhook(session).send(notification(url), MESSAGE)
    assert failed.value.reason == f"HTTP {status}"
    assert not failed.value.is_final
    assert [request.path for request in seen] == ["/here"]  # a redirection is not followed: who knows where to


async def test_a_webhook_that_never_ends_its_answer_has_taken_it(session: aiohttp.ClientSession) -> None:
    async with serving(endless) as url, asyncio.timeout(5):
        await Webhook(session).send(notification(url), MESSAGE)


@pytest.mark.parametrize("make", [Webhook, lambda session: Ntfy(session, "unused")])
async def test_a_broken_connection_is_a_failure(
    session: aiohttp.ClientSession, make: Callable[[aiohttp.ClientSession], Webhook | Ntfy]
) -> None:
    async with serving(reset) as url:
        channel = make(session)
        if isinstance(channel, Ntfy):
            channel = Ntfy(session, url)
        with pytest.raises(ChannelFailed):
            await channel.send(notification(url), MESSAGE)
    with pytest.raises(ChannelFailed):  # now nobody listens there
        await channel.send(notification(url), MESSAGE)


@pytest.mark.parametrize(
    "address", ["", "nonsense", "http://", "http://[bad", "ftp://x/", "http://a b/", "http://x:99999/"]
)
async def test_an_address_that_is_none_is_a_failure_whose_reason_holds_no_address(
    session: aiohttp.ClientSession, address: str
) -> None:
    for channel in (Webhook(session), Ntfy(session, address)):
        with pytest.raises(ChannelFailed) as failed:
            await channel.send(notification(address), MESSAGE)
        assert not address or address not in failed.value.reason


async def test_a_failures_reason_names_no_secret(session: aiohttp.ClientSession) -> None:
    async with serving(reset) as url:
        with pytest.raises(ChannelFailed) as failed:
            await Webhook(session).send(notification(f"{url}?token=very-secret"), MESSAGE)
    assert "very-secret" not in failed.value.reason


async def test_one_that_hangs_ends_when_its_time_is_up_and_holds_up_no_other(session: aiohttp.ClientSession) -> None:
    reached = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        reached.set()
        await asyncio.Event().wait()
        return web.Response()

    async with serving(hang) as hanging, serving(answering(200)) as working:
        stuck = asyncio.create_task(Webhook(session).send(notification(hanging), MESSAGE))
        await reached.wait()
        await Webhook(session).send(notification(working), MESSAGE)
        assert not stuck.done()
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck


# --- ntfy ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("purpose", "priority"), [(Purpose.ASK, 5), (Purpose.THANKS, 3)])
async def test_ntfy_takes_it_with_200_and_an_id(
    session: aiohttp.ClientSession, purpose: Purpose, priority: int
) -> None:
    bodies: list[dict[str, object]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(json.loads(await request.read()))
        return web.json_response({"id": "x1", "event": "message"})

    async with serving(handle) as url:
        await Ntfy(session, url).send(notification("topic-1", purpose), MESSAGE)
    assert bodies == [
        {
            "topic": "topic-1",
            "title": MESSAGE.title,
            "message": MESSAGE.text,
            "priority": priority,
            "tags": ["alert-1"],
        }
    ]


@pytest.mark.parametrize(
    ("status", "body", "is_final"),
    [
        (200, '{"code":40301,"http":403,"error":"forbidden"}', False),
        (200, "", False),
        (200, "<html>captive portal</html>", False),
        (200, "[]", False),
        (200, "null", False),
        (200, '"id"', False),
        (200, "\udcff", False),
        (201, '{"id":"x"}', False),
        (302, "", False),
        (401, '{"code":40101}', True),
        (403, "<html>no json</html>", True),
        (404, "", True),
        (413, "", True),
        (429, '{"code":42901}', False),
        (500, "", False),
        (507, "", False),
    ],
)
async def test_ntfy_has_not_taken_it_with_anything_else(
    session: aiohttp.ClientSession, status: int, body: str, is_final: bool
) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body.encode("utf-8", "surrogateescape"))

    async with serving(handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await Ntfy(session, url).send(notification("topic-1"), MESSAGE)
    assert failed.value.is_final is is_final
    assert "topic-1" not in failed.value.reason


# --- the open page -------------------------------------------------------------------------------------


async def test_a_page_reaches_only_a_person_who_has_one_open() -> None:
    page = OpenPage(lambda person_id: person_id == "wang")
    await page.send(notification(""), MESSAGE)
    for nobody in ("li", None):
        with pytest.raises(ChannelFailed) as failed:
            await page.send(notification("", person_id=nobody), MESSAGE)
        assert failed.value.is_final
