"""Robots of chat groups, against servers that check keys and signatures as the real ones do."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from hub.adapters.notify import group
from hub.adapters.notify.dingtalk import DingTalk
from hub.adapters.notify.feishu import Feishu
from hub.adapters.notify.feishu import signed as feishu_signed
from hub.adapters.notify.wecom_robot import WecomRobot
from hub.services.ports import Channel, ChannelFailed, Message
from tests.fakes.clock import FakeClock
from tests.hub.adapters.notify.server import MESSAGE, notification, serving

HOUR_MS = 3_600_000


class Group:
    """A chat group behind one of the three services. `said` are the bodies that were taken.

    `code` is answered instead of taking anything while it is set, with status 200 as they all do.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.code = 0
        self.said: list[Mapping[str, Any]] = []

    async def wecom(self, request: web.Request) -> web.StreamResponse:
        code = self.code or (0 if request.query.get("key") == "k-1" else 93000)
        return await self._answer(request, {"errcode": code, "errmsg": "ok" if code == 0 else "invalid webhook url"})

    async def dingtalk(self, request: web.Request) -> web.StreamResponse:
        code = self.code or (0 if self._is_dingtalk_signed(request) else 310000)
        if request.query.get("access_token") != "t-1":
            code = 400101
        return await self._answer(request, {"errcode": code, "errmsg": "ok" if code == 0 else "sign not match"})

    async def feishu(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        digest = hmac.new(f"{body.get('timestamp')}\nfs-secret".encode(), b"", hashlib.sha256).digest()
        is_signed = body.get("sign") == base64.b64encode(digest).decode() and self._is_now(
            int(body["timestamp"]) * 1_000
        )
        code = self.code or (0 if is_signed else 19021)
        return await self._answer(request, {"code": code, "msg": "success" if code == 0 else "sign match fail"})

    def _is_dingtalk_signed(self, request: web.Request) -> bool:
        timestamp = request.query.get("timestamp", "0")
        digest = hmac.new(b"SEC1", f"{timestamp}\nSEC1".encode(), hashlib.sha256).digest()
        return request.query.get("sign") == base64.b64encode(digest).decode() and self._is_now(int(timestamp))

    def _is_now(self, at_ms: int) -> bool:
        return abs(at_ms - self.clock.now_ms()) < HOUR_MS

    async def _answer(self, request: web.Request, answer: Mapping[str, Any]) -> web.StreamResponse:
        if 0 in answer.values():
            assert request.content_type == "application/json"
            assert b"\\u" not in await request.read()  # WeCom's 40033
            self.said.append(await request.json())
        return web.json_response(answer)


@pytest.fixture
def chat(clock: FakeClock) -> Group:
    return Group(clock)


def wecom(session: aiohttp.ClientSession, url: str, _clock: FakeClock) -> Channel:
    return group.Group(WecomRobot(session, f"{url}?key=k-1").post)


def dingtalk(session: aiohttp.ClientSession, url: str, clock: FakeClock) -> Channel:
    return group.Group(DingTalk(session, f"{url}?access_token=t-1", "SEC1", clock).post)


def feishu(session: aiohttp.ClientSession, url: str, clock: FakeClock) -> Channel:
    return group.Group(Feishu(session, url, "fs-secret", clock).post)


Maker = Callable[[aiohttp.ClientSession, str, FakeClock], Channel]
MAKERS: list[tuple[str, Maker]] = [("wecom", wecom), ("dingtalk", dingtalk), ("feishu", feishu)]


# --- what is said --------------------------------------------------------------------------------------


async def test_wecom_mentions_a_mobile_number_or_a_user_id(session: aiohttp.ClientSession, chat: Group) -> None:
    async with serving(chat.wecom) as url:
        channel = wecom(session, url, chat.clock)
        for address in ("13800000001", "wang.fang", ""):
            await channel.send(notification(address), MESSAGE)
    texts = [one["text"] for one in chat.said]
    assert [(one["mentioned_mobile_list"], one["mentioned_list"]) for one in texts] == [
        (["13800000001"], []),
        ([], ["wang.fang"]),
        ([], []),
    ]
    assert {one["content"] for one in texts} == {MESSAGE.text}


async def test_dingtalk_names_whom_it_mentions_in_the_text_too(session: aiohttp.ClientSession, chat: Group) -> None:
    async with serving(chat.dingtalk) as url:
        channel = dingtalk(session, url, chat.clock)
        for address in ("13800000001", "manager123", ""):
            await channel.send(notification(address), MESSAGE)
    assert [(one["at"]["atMobiles"], one["at"]["atUserIds"]) for one in chat.said] == [
        (["13800000001"], []),
        ([], ["manager123"]),
        ([], []),
    ]
    contents = [one["text"]["content"] for one in chat.said]
    assert contents == [f"{MESSAGE.text} @13800000001", f"{MESSAGE.text} @manager123", MESSAGE.text]


async def test_feishu_mentions_by_id_and_lets_no_address_become_markup(
    session: aiohttp.ClientSession, chat: Group
) -> None:
    async with serving(chat.feishu) as url:
        channel = feishu(session, url, chat.clock)
        for address in ("ou_18eac8", '"><at user_id="all', ""):
            await channel.send(notification(address), MESSAGE)
    assert [one["content"]["text"] for one in chat.said] == [
        f'{MESSAGE.text} <at user_id="ou_18eac8"></at>',
        MESSAGE.text,
        MESSAGE.text,
    ]


def test_feishus_signature_is_of_nothing_under_time_and_secret() -> None:
    expected = hmac.new(b"1599360473\nsecret", digestmod=hashlib.sha256).digest()
    assert feishu_signed("secret", 1599360473) == {
        "timestamp": "1599360473",
        "sign": base64.b64encode(expected).decode(),
    }


@pytest.mark.parametrize(("name", "make"), MAKERS)
async def test_a_robot_without_signature_is_used_without(
    session: aiohttp.ClientSession, chat: Group, name: str, make: Maker
) -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(f"{request.query_string} {await request.text()}")
        return web.json_response({"errcode": 0, "code": 0})

    async with serving(handle) as url:
        for robot in (DingTalk(session, url, "", chat.clock), Feishu(session, url, "", chat.clock)):
            await group.Group(robot.post).send(notification("x"), MESSAGE)
    assert len(seen) == 2
    assert "sign" not in "".join(seen)


# --- what goes wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "is_final"),
    [
        ("wecom", -1, False),
        ("wecom", 45009, False),
        ("wecom", 45033, False),
        ("wecom", 93000, True),
        ("wecom", 93004, True),
        ("wecom", 93008, True),
        ("wecom", 99999, False),
        ("dingtalk", -1, False),
        ("dingtalk", 130101, False),
        ("dingtalk", 410100, False),
        ("dingtalk", 310000, True),
        ("dingtalk", 400013, True),
        ("dingtalk", 400102, True),
        ("dingtalk", 430102, True),
        ("feishu", 11232, False),
        ("feishu", 9499, True),
        ("feishu", 19001, True),
        ("feishu", 19021, True),
        ("feishu", 19022, True),
        ("feishu", 19024, True),
    ],
)
async def test_an_error_in_a_200_answer_is_a_failure_and_its_code_says_whether_to_try_again(
    session: aiohttp.ClientSession, chat: Group, name: str, code: int, is_final: bool
) -> None:
    chat.code = code
    async with serving(getattr(chat, name)) as url:
        with pytest.raises(ChannelFailed) as failed:
            await dict(MAKERS)[name](session, url, chat.clock).send(notification("x"), MESSAGE)
    assert failed.value.is_final is is_final
    assert chat.said == []


async def test_a_wrong_key_token_or_secret_and_a_wrong_clock_are_final(
    session: aiohttp.ClientSession, chat: Group
) -> None:
    late = FakeClock(chat.clock.now_ms() - 2 * HOUR_MS)
    async with serving(chat.wecom) as one, serving(chat.dingtalk) as two, serving(chat.feishu) as three:
        posts: list[group.Post] = [
            WecomRobot(session, f"{one}?key=other").post,
            DingTalk(session, f"{two}?access_token=other", "SEC1", chat.clock).post,
            DingTalk(session, f"{two}?access_token=t-1", "SEC2", chat.clock).post,
            DingTalk(session, f"{two}?access_token=t-1", "SEC1", late).post,
            Feishu(session, three, "other", chat.clock).post,
            Feishu(session, three, "fs-secret", late).post,
        ]
        for post in posts:
            with pytest.raises(ChannelFailed) as failed:
                await group.Group(post).send(notification("x"), MESSAGE)
            assert failed.value.is_final
    assert chat.said == []


# --- many people at once -------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "make"), MAKERS)
async def test_a_rung_of_fifty_is_one_message_that_mentions_them_all(
    session: aiohttp.ClientSession, chat: Group, name: str, make: Maker
) -> None:
    people = [f"138000000{index:02}" if name == "wecom" else f"user{index:02}" for index in range(50)]
    async with serving(getattr(chat, name)) as url:
        channel = make(session, url, chat.clock)
        await asyncio.gather(*(channel.send(notification(one), MESSAGE) for one in [*people, people[0]]))
    [said] = chat.said
    assert [json.dumps(said).count(one) > 0 for one in people] == [True] * 50


@pytest.mark.parametrize(("name", "make"), MAKERS)
async def test_what_differs_is_said_for_itself(
    session: aiohttp.ClientSession, chat: Group, name: str, make: Maker
) -> None:
    english = Message("alert-1", "1-101", "Somebody pressed the button.", {})
    other = Message("alert-2", MESSAGE.title, MESSAGE.text, {})
    async with serving(getattr(chat, name)) as url:
        channel = make(session, url, chat.clock)
        await asyncio.gather(*(channel.send(notification("x"), one) for one in (MESSAGE, english, other)))
    assert len(chat.said) == 3


@pytest.mark.parametrize(("name", "make"), MAKERS)
async def test_what_becomes_of_the_message_holds_for_everyone_in_it(
    session: aiohttp.ClientSession, chat: Group, name: str, make: Maker
) -> None:
    chat.code = 130101
    async with serving(getattr(chat, name)) as url:
        channel = make(session, url, chat.clock)
        results = await asyncio.gather(
            *(channel.send(notification(one), MESSAGE) for one in ("a", "b")), return_exceptions=True
        )
    assert [type(one) for one in results] == [ChannelFailed, ChannelFailed]


async def test_one_who_gives_up_waiting_takes_nobody_elses_message_away(
    session: aiohttp.ClientSession, chat: Group
) -> None:
    async with serving(chat.wecom) as url:
        channel = wecom(session, url, chat.clock)
        first = asyncio.create_task(channel.send(notification("a"), MESSAGE))
        second = asyncio.create_task(channel.send(notification("b"), MESSAGE))
        await asyncio.sleep(0)
        first.cancel()
        await second
    assert chat.said[0]["text"]["mentioned_list"] == ["a", "b"]


async def test_a_group_that_does_not_answer_is_given_up(
    session: aiohttp.ClientSession, chat: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "POST_S", 0.0)

    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with serving(hang) as url:
        with pytest.raises(ChannelFailed, match="no answer"):
            await wecom(session, url, chat.clock).send(notification("a"), MESSAGE)
