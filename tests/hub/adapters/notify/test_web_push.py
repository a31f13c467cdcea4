"""Web Push against a push service that checks the proof, and a browser that opens what it gets."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hub.adapters.notify.push_encryption import encrypted, public_bytes
from hub.adapters.notify.web_push import WebPush, topic
from hub.adapters.vapid_key import vapid_key
from hub.domain.alerts import Purpose
from hub.domain.subscription import Subscription, decode
from hub.services.ports import ChannelFailed, Message, Notification
from tests.fakes.clock import FakeClock
from tests.hub.adapters.notify.browser import Browser
from tests.hub.adapters.notify.server import MESSAGE, answering, endless, notification, reset, serving

KEY = ec.generate_private_key(ec.SECP256R1())
CONTACT = "mailto:admin@example.org"


class PushService:
    """Takes a message with 201 when the proof is right, as RFC 8292 says how to check it."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.taken: list[tuple[dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        scheme, _, values = request.headers["Authorization"].partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in values.split(","))
        if scheme != "vapid" or not self._is_proved(parts["t"], decode(parts["k"]), f"http://{request.host}"):
            return web.Response(status=403)
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response(status=201, headers={"Location": "/message/1"})

    def _is_proved(self, token: str, key: bytes, origin: str) -> bool:
        head, body, signature = token.split(".")
        raw = decode(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        public.verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        assert json.loads(decode(head)) == {"typ": "JWT", "alg": "ES256"}
        claims = json.loads(decode(body))
        lasts_s = float(claims["exp"]) - self.clock.now_ms() / 1_000
        return (claims["aud"], claims["sub"]) == (origin, CONTACT) and 0 < lasts_s <= 86_400


@pytest.fixture
def forgotten() -> list[Notification]:
    return []


def channel(session: aiohttp.ClientSession, clock: FakeClock, forgotten: list[Notification]) -> WebPush:
    async def forget(notification: Notification) -> None:
        forgotten.append(notification)

    return WebPush(session, KEY, CONTACT, clock, forget)


def test_the_encryption_is_that_of_the_example_in_rfc_8291() -> None:
    """RFC 8291, appendix A; all values as printed there."""
    own = ec.derive_private_key(
        int.from_bytes(decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    key = decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
    subscription = Subscription("https://push.example.net/push/x", key, decode("BTBZMqHH6r4Tts7J_aSIgg"))
    body = encrypted(subscription, b"When I grow up, I want to be a watermelon", own, decode("DGv6ra1nlYgDCS1FRnbzlw"))
    assert body == decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(
    ("purpose", "ttl", "urgency"), [(Purpose.ASK, "180", "high"), (Purpose.THANKS, "600", "normal")]
)
async def test_the_browser_reads_where_and_that_somebody_is_needed_and_nobody_else_does(
    session: aiohttp.ClientSession,
    clock: FakeClock,
    forgotten: list[Notification],
    purpose: Purpose,
    ttl: str,
    urgency: str,
) -> None:
    service = PushService(clock)
    async with serving(service.handle) as url:
        browser = Browser(f"{url}/wpush/v2/abc")
        await channel(session, clock, forgotten).send(notification(browser.subscription, purpose), MESSAGE)
    [(headers, body)] = service.taken
    assert browser.opened(body) == {
        "id": MESSAGE.alert_id,
        "title": MESSAGE.title,
        "text": MESSAGE.text,
        "is_ask": purpose is Purpose.ASK,
    }
    assert (headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == (ttl, urgency, "aes128gcm")
    assert MESSAGE.title.encode() not in body
    assert forgotten == []


async def test_what_one_browser_gets_no_other_can_open(
    session: aiohttp.ClientSession, clock: FakeClock, forgotten: list[Notification]
) -> None:
    service = PushService(clock)
    async with serving(service.handle) as url:
        await channel(session, clock, forgotten).send(notification(Browser(url).subscription), MESSAGE)
        with pytest.raises(InvalidTag):
            Browser(url).opened(service.taken[0][1])


def test_the_messages_of_one_alert_have_one_topic_and_those_of_another_another() -> None:
    ids = [f"0199c0de-0000-7000-8000-00000000000{n}" for n in range(3)]
    topics = [topic(one) for one in ids]
    assert len(set(topics)) == 3
    assert topic(ids[0]) == topics[0]
    assert all(len(one) <= 32 and one.replace("-", "").replace("_", "").isalnum() for one in topics)


@pytest.mark.parametrize(
    ("status", "is_final", "is_gone"),
    [
        (302, False, False),
        (400, True, False),
        (401, True, False),
        (403, True, False),
        (404, True, True),
        (410, True, True),
        (413, True, False),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
async def test_only_an_ended_subscription_is_forgotten(
    session: aiohttp.ClientSession,
    clock: FakeClock,
    forgotten: list[Notification],
    status: int,
    is_final: bool,
    is_gone: bool,
) -> None:
    async with serving(answering(status, Location="/elsewhere")) as url:
        sent = notification(Browser(f"{url}/very-secret").subscription)
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, clock, forgotten).send(sent, MESSAGE)
    assert failed.value.is_final is is_final
    assert forgotten == ([sent] if is_gone else [])
    assert "very-secret" not in failed.value.reason


@pytest.mark.parametrize("address", ["", "nonsense", "{}", '{"endpoint":"http://x","keys":{"p256dh":"","auth":""}}'])
async def test_an_address_that_is_no_subscription_is_a_final_failure(
    session: aiohttp.ClientSession, clock: FakeClock, forgotten: list[Notification], address: str
) -> None:
    with pytest.raises(ChannelFailed) as failed:
        await channel(session, clock, forgotten).send(notification(address), MESSAGE)
    assert failed.value.is_final


async def test_a_key_that_lies_not_on_the_curve_and_a_text_too_long_are_final_failures(
    session: aiohttp.ClientSession, clock: FakeClock, forgotten: list[Notification]
) -> None:
    bad = Subscription("https://push.example.net/x", b"\x04" + b"\x01" * 64, b"\x00" * 16).as_text()
    good = Browser("https://push.example.net/x").subscription
    for address, message in ((bad, MESSAGE), (good, Message("a", "t", "很" * 2_000, {}))):
        with pytest.raises(ChannelFailed) as failed:
            await channel(session, clock, forgotten).send(notification(address), message)
        assert failed.value.is_final


async def test_a_push_service_that_breaks_off_or_hangs_delays_only_its_own(
    session: aiohttp.ClientSession, clock: FakeClock, forgotten: list[Notification]
) -> None:
    async with serving(reset) as url:
        with pytest.raises(ChannelFailed):
            await channel(session, clock, forgotten).send(notification(Browser(url).subscription), MESSAGE)
    hung = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        hung.set()
        await asyncio.Event().wait()
        return web.Response()

    service = PushService(clock)
    async with serving(hang) as hanging, serving(service.handle) as working, serving(endless) as unending:
        push = channel(session, clock, forgotten)
        stuck = asyncio.create_task(push.send(notification(Browser(hanging).subscription), MESSAGE))
        await hung.wait()
        await push.send(notification(Browser(working).subscription), MESSAGE)
        await push.send(notification(Browser(unending).subscription), MESSAGE)  # 200: its body is of no interest
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
    assert len(service.taken) == 1


def test_the_key_is_made_once_and_readable_by_the_hub_only(tmp_path: Path) -> None:
    first = vapid_key(tmp_path / "keys")
    assert public_bytes(vapid_key(tmp_path / "keys")) == public_bytes(first)
    assert public_bytes(vapid_key(tmp_path / "other")) != public_bytes(first)
    assert (tmp_path / "keys" / "vapid.key").stat().st_mode & 0o777 == 0o600
