"""WeCom's application messages against a server that gives tokens out, lets them expire, and takes them back."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from hub.adapters.notify.wecom_app import WecomApp
from hub.services.ports import ChannelFailed
from tests.fakes.clock import FakeClock
from tests.hub.adapters.notify.server import MESSAGE, notification, serving


class Wecom:
    """The two addresses that are used. `tokens` counts those given out; only the newest is valid."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.tokens = 0
        self.until_ms = 0
        self.taken: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "msgid": "m"}
        self.gives_good_tokens = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/cgi-bin/gettoken"):
            return web.json_response(self._token(request))
        assert request.path.endswith("/cgi-bin/message/send")
        return web.json_response(self._send(request.query["access_token"], await request.json()))

    def _token(self, request: web.Request) -> dict[str, Any]:
        if dict(request.query) != {"corpid": "ww1", "corpsecret": "s-1"}:
            return {"errcode": 40091 if request.query["corpid"] == "ww1" else 40013, "errmsg": "invalid"}
        self.tokens += 1
        self.until_ms = self.clock.now_ms() + 7_200_000
        return {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.tokens}", "expires_in": 7200}

    def _send(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        if not self.gives_good_tokens or token != f"token-{self.tokens}":
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        if self.clock.now_ms() >= self.until_ms:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        if self.answer["errcode"] == 0 and not self.answer.get("invaliduser"):
            self.taken.append(body)
        return self.answer


@pytest.fixture
def wecom(clock: FakeClock) -> Wecom:
    return Wecom(clock)


def channel(session: aiohttp.ClientSession, url: str, wecom: Wecom, corp: str = "ww1", secret: str = "s-1") -> WecomApp:
    return WecomApp(session, url, corp, 1000002, secret, wecom.clock)


async def test_a_person_is_sent_the_text_by_the_application(session: aiohttp.ClientSession, wecom: Wecom) -> None:
    async with serving(wecom.handle) as url:
        await channel(session, url, wecom).send(notification("WangFang"), MESSAGE)
    assert wecom.taken == [
        {"touser": "WangFang", "msgtype": "text", "agentid": 1000002, "text": {"content": MESSAGE.text}}
    ]


async def test_many_at_once_share_one_token(session: aiohttp.ClientSession, wecom: Wecom) -> None:
    async with serving(wecom.handle) as url:
        app = channel(session, url, wecom)
        await asyncio.gather(*(app.send(notification(f"u{index}"), MESSAGE) for index in range(30)))
    assert (wecom.tokens, len(wecom.taken)) == (1, 30)


async def test_a_token_is_renewed_before_it_expires(session: aiohttp.ClientSession, wecom: Wecom) -> None:
    async with serving(wecom.handle) as url:
        app = channel(session, url, wecom)
        for pass_ms in (0, 6_000_000, 1_000_000):
            wecom.clock.pass_ms(pass_ms)
            await app.send(notification("u"), MESSAGE)
    assert (wecom.tokens, len(wecom.taken)) == (2, 3)


@pytest.mark.parametrize("is_expired", [True, False])
async def test_a_token_that_was_taken_back_or_expired_early_is_renewed_once_and_the_message_sent(
    session: aiohttp.ClientSession, wecom: Wecom, is_expired: bool
) -> None:
    async with serving(wecom.handle) as url:
        app = channel(session, url, wecom)
        await app.send(notification("u"), MESSAGE)
        if is_expired:
            wecom.until_ms = 0
        else:
            wecom.tokens += 1
        await asyncio.gather(*(app.send(notification("u"), MESSAGE) for _ in range(10)))
    assert (wecom.tokens, len(wecom.taken)) == (2 if is_expired else 3, 11)


async def test_a_token_that_is_refused_again_is_not_renewed_for_ever(
    session: aiohttp.ClientSession, wecom: Wecom
) -> None:
    wecom.gives_good_tokens = False
    async with serving(wecom.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, url, wecom).send(notification("u"), MESSAGE)
    assert wecom.tokens == 2
    assert not failed.value.is_final


@pytest.mark.parametrize("field", ["invaliduser", "unlicenseduser"])
async def test_a_person_whom_a_200_answer_calls_invalid_is_a_final_failure(
    session: aiohttp.ClientSession, wecom: Wecom, field: str
) -> None:
    wecom.answer = {"errcode": 0, "errmsg": "ok", field: "wangfang"}
    async with serving(wecom.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, url, wecom).send(notification("WangFang"), MESSAGE)
    assert failed.value.is_final
    assert "wangfang" not in failed.value.reason.lower()


@pytest.mark.parametrize(
    ("code", "is_final"),
    [(-1, False), (45009, False), (45033, False), (81013, True), (60111, True), (40056, True), (60020, True)],
)
async def test_an_error_in_a_200_answer_is_a_failure_and_its_code_says_whether_to_try_again(
    session: aiohttp.ClientSession, wecom: Wecom, code: int, is_final: bool
) -> None:
    wecom.answer = {"errcode": code, "errmsg": "user & party & tag all invalid"}
    async with serving(wecom.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, url, wecom).send(notification("u"), MESSAGE)
    assert failed.value.is_final is is_final


@pytest.mark.parametrize(("corp", "secret"), [("other", "s-1"), ("ww1", "other")])
async def test_a_wrong_login_is_final(session: aiohttp.ClientSession, wecom: Wecom, corp: str, secret: str) -> None:
    async with serving(wecom.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, url, wecom, corp, secret).send(notification("u"), MESSAGE)
    assert failed.value.is_final
