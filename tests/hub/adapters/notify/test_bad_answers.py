"""Whatever a service does wrong, its channel says that it failed, in time, and names no secret."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import aiohttp
import pytest
from aiohttp import web

from hub.adapters.notify.aliyun_sms import AliyunSms
from hub.adapters.notify.answers import MOST_BYTES
from hub.adapters.notify.dingtalk import DingTalk
from hub.adapters.notify.feishu import Feishu
from hub.adapters.notify.group import Group
from hub.adapters.notify.sms import Sms
from hub.adapters.notify.wecom_app import WecomApp
from hub.adapters.notify.wecom_robot import WecomRobot
from hub.domain.alerts import Purpose
from hub.services.ports import Channel, ChannelFailed
from tests.fakes.clock import FakeClock
from tests.hub.adapters.notify.server import MESSAGE, Handler, answering, endless, notification, reset, serving

Maker: TypeAlias = Callable[[aiohttp.ClientSession, str], Channel]
CLOCK = FakeClock()
MAKERS: dict[str, Maker] = {
    "wecom_robot": lambda session, url: Group(WecomRobot(session, f"{url}?key=very-secret").post),
    "wecom_app": lambda session, url: WecomApp(session, url, "corp", 7, "very-secret", CLOCK),
    "dingtalk": lambda session, url: Group(
        DingTalk(session, f"{url}?access_token=very-secret", "SECvery-secret", CLOCK).post
    ),
    "feishu": lambda session, url: Group(Feishu(session, f"{url}/very-secret", "very-secret", CLOCK).post),
    "sms": lambda session, url: Sms(
        AliyunSms(session, url, "id", "very-secret", "阳光社区", CLOCK), {Purpose.ASK: "SMS_1"}
    ),
}


@pytest.fixture(params=list(MAKERS.values()), ids=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Maker:
    maker: Maker = request.param
    return maker


BODIES = (
    "",
    "<html>captive portal</html>",
    "[]",
    "null",
    '"ok"',
    "{}",
    '{"errcode":"0","code":"0","Code":0}',
    '{"errcode":false,"code":false,"Code":true}',
    '{"errcode":null,"code":null,"Code":null}',
    '{"errcode":0.0,"code":0.0,"Code":"ok"}',
    "[" * 60_000,
    "\udcff",
    '{"padding":"' + "x" * MOST_BYTES + '"}',
)


@pytest.mark.parametrize("body", BODIES, ids=[body[:40] for body in BODIES])
async def test_a_200_that_does_not_say_that_it_was_taken_is_a_failure_worth_another_try(
    session: aiohttp.ClientSession, make: Maker, body: str
) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body.encode("utf-8", "surrogateescape"))

    async with serving(handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await make(session, url).send(notification("13800000001"), MESSAGE)
    assert not failed.value.is_final
    assert "very-secret" not in failed.value.reason


TAKEN = '{"errcode":0,"code":0,"Code":"OK","access_token":"t","expires_in":7200}'


@pytest.mark.parametrize("status", [201, 302, 307, 400, 403, 404, 429, 500, 502, 503])
async def test_a_status_other_than_200_is_a_failure_whatever_stands_in_the_body(
    session: aiohttp.ClientSession, make: Maker, status: int
) -> None:
    seen: list[web.Request] = []
    async with serving(answering(status, TAKEN, seen, Location="/elsewhere")) as url:
        with pytest.raises(ChannelFailed) as failed:
            await make(session, url).send(notification("13800000001"), MESSAGE)
    assert not failed.value.is_final
    assert len(seen) == 1  # no redirection is followed
    assert str(status) in failed.value.reason


@pytest.mark.parametrize("handler", [reset, answering(200, "x" * (MOST_BYTES + 1))])
async def test_a_connection_that_breaks_is_a_failure(
    session: aiohttp.ClientSession, make: Maker, handler: Handler
) -> None:
    async with serving(handler) as url:
        channel = make(session, url)
        with pytest.raises(ChannelFailed):
            await channel.send(notification("13800000001"), MESSAGE)
    with pytest.raises(ChannelFailed) as failed:  # now nobody listens there
        await channel.send(notification("13800000001"), MESSAGE)
    assert "very-secret" not in failed.value.reason


async def test_one_that_never_ends_its_answer_ends_with_the_senders_patience_and_holds_up_no_later_one(
    session: aiohttp.ClientSession, make: Maker
) -> None:
    reached, is_well = asyncio.Event(), False

    async def handle(request: web.Request) -> web.StreamResponse:
        if is_well:
            return web.Response(text=TAKEN)
        reached.set()
        return await endless(request)

    async with serving(handle) as url:
        channel = make(session, url)
        stuck = asyncio.create_task(channel.send(notification("13800000001"), MESSAGE))
        await reached.wait()
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        is_well = True
        await channel.send(notification("13800000001"), MESSAGE)


async def test_what_a_service_takes_is_taken(session: aiohttp.ClientSession, make: Maker) -> None:
    async with serving(answering(200, TAKEN)) as url:
        await make(session, url).send(notification("13800000001"), MESSAGE)


async def test_a_failure_never_names_the_number(session: aiohttp.ClientSession, make: Maker) -> None:
    async with serving(answering(200, '{"errcode":1,"errmsg":"13800000001","code":1,"Code":"x"}')) as url:
        with pytest.raises(ChannelFailed) as failed:
            await make(session, url).send(notification("13800000001"), MESSAGE)
    assert "13800000001" not in failed.value.reason
