"""Text messages against a server that checks Aliyun's signature from what arrives on the wire."""

import hashlib
import hmac
import json
import re
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from hub.adapters.notify.aliyun_sms import AliyunSms, authorization
from hub.adapters.notify.sms import Sms
from hub.domain.alerts import Purpose
from hub.services.ports import ChannelFailed, Message
from tests.fakes.clock import FakeClock
from tests.hub.adapters.notify.server import MESSAGE, notification, serving

TEMPLATES = {Purpose.ASK: "SMS_1", Purpose.THANKS: "SMS_2"}


class Aliyun:
    """Takes SendSms when its signature is right; `code` is answered instead while it is set."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.code = ""
        self.status = 200
        self.taken: list[dict[str, str]] = []
        self.nonces: set[str] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        code = self.code or await self._judge(request)
        if code == "OK":
            self.taken.append(dict(request.query))
        status = self.status if code == "OK" or code.startswith("is") else 400
        return web.json_response({"Code": code, "Message": code, "RequestId": "r", "BizId": "b"}, status=status)

    async def _judge(self, request: web.Request) -> str:
        """As the documentation describes the server's side, from the request as it came."""
        found = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=(\S+),SignedHeaders=(\S+),Signature=([0-9a-f]{64})",
            request.headers["Authorization"],
        )
        assert found
        key_id, signed, signature = found.groups()
        body = hashlib.sha256(await request.read()).hexdigest()
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(request.query.items())
        )
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed.split(";"))
        text = "\n".join([request.method, "/", query, headers, signed, body])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(text.encode()).hexdigest()
        expected = hmac.new(b"key-secret", to_sign.encode(), hashlib.sha256).hexdigest()
        mandatory = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"}
        nonce = request.headers["x-acs-signature-nonce"]
        if key_id != "key-id":
            return "InvalidAccessKeyId.NotFound"
        if not mandatory <= set(signed.split(";")) or body != request.headers["x-acs-content-sha256"]:
            return "SignatureDoesNotMatch"
        if signature != expected:
            return "SignatureDoesNotMatch"
        if nonce in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(nonce)
        return "OK" if request.query["TemplateCode"] in TEMPLATES.values() else "isv.SMS_TEMPLATE_ILLEGAL"


@pytest.fixture
def aliyun(clock: FakeClock) -> Aliyun:
    return Aliyun(clock)


def sms(
    session: aiohttp.ClientSession, url: str, aliyun: Aliyun, key: str = "key-id", secret: str = "key-secret"
) -> Sms:
    api = url.removesuffix("/here")
    return Sms(AliyunSms(session, api, key, secret, "阳光社区", aliyun.clock), TEMPLATES)


def test_the_signature_is_that_of_the_published_example() -> None:
    """The fixed example of document 2593177."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    signed = authorization("YourAccessKeyId", "YourAccessKeySecret", query, headers)
    assert signed.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


async def test_a_message_says_where_by_the_template_of_its_purpose_and_nothing_else(
    session: aiohttp.ClientSession, aliyun: Aliyun
) -> None:
    async with serving(aliyun.handle) as url:
        for purpose in (Purpose.ASK, Purpose.THANKS):
            await sms(session, url, aliyun).send(notification("13800000001", purpose), MESSAGE)
    assert [(one["PhoneNumbers"], one["SignName"], one["TemplateCode"]) for one in aliyun.taken] == [
        ("13800000001", "阳光社区", "SMS_1"),
        ("13800000001", "阳光社区", "SMS_2"),
    ]
    assert [json.loads(one["TemplateParam"]) for one in aliyun.taken] == [{"place": "1栋101室"}] * 2


@pytest.mark.parametrize("place", ["A & B / 3号+4号 100% ~*'\"", "é 栋\n1", "很" * 60])
async def test_any_place_is_signed_rightly_and_short_enough(
    session: aiohttp.ClientSession, aliyun: Aliyun, place: str
) -> None:
    async with serving(aliyun.handle) as url:
        await sms(session, url, aliyun).send(notification("13800000001"), Message("a", place, "", {}))
    assert json.loads(aliyun.taken[0]["TemplateParam"]) == {"place": place[:35]}


async def test_a_purpose_without_a_template_is_a_final_failure(session: aiohttp.ClientSession, aliyun: Aliyun) -> None:
    async with serving(aliyun.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await sms(session, url, aliyun).send(notification("13800000001", Purpose.SAID_FINE), MESSAGE)
    assert failed.value.is_final
    assert aliyun.taken == []


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [
        (200, "isv.BUSINESS_LIMIT_CONTROL", False),
        (200, "isv.DAY_LIMIT_CONTROL", True),
        (200, "isv.MOBILE_NUMBER_ILLEGAL", True),
        (200, "isv.AMOUNT_NOT_ENOUGH", True),
        (200, "isv.SMS_TEMPLATE_ILLEGAL", True),
        (200, "isp.SYSTEM_ERROR", False),
        (200, "isp.RAM_PERMISSION_DENY", True),
        (200, "ok", False),
        (400, "Throttling.User", False),
        (503, "ServiceUnavailable", False),
        (500, "InternalError", False),
        (400, "SignatureNonceUsed", False),
        (400, "InvalidTimeStamp.Expired", True),
        (404, "InvalidAccessKeyId.NotFound", True),
    ],
)
async def test_every_code_but_ok_is_a_failure_and_says_whether_to_try_again(
    session: aiohttp.ClientSession, aliyun: Aliyun, status: int, code: str, is_final: bool
) -> None:
    aliyun.code, aliyun.status = code, status
    async with serving(aliyun.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await sms(session, url, aliyun).send(notification("13800000001"), MESSAGE)
    assert failed.value.is_final is is_final
    assert failed.value.reason.startswith(code)


@pytest.mark.parametrize(("key", "secret"), [("other", "key-secret"), ("key-id", "other")])
async def test_a_wrong_access_key_is_final(
    session: aiohttp.ClientSession, aliyun: Aliyun, key: str, secret: str
) -> None:
    async with serving(aliyun.handle) as url:
        with pytest.raises(ChannelFailed) as failed:
            await sms(session, url, aliyun, key, secret).send(notification("13800000001"), MESSAGE)
    assert failed.value.is_final
    assert aliyun.taken == []
