"""What a browser gives out as its push subscription: read, checked, written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import Invalid
from hub.domain.subscription import Subscription, decode, encode, is_public, read_subscription

GOOD = Subscription("https://fcm.googleapis.com/fcm/send/abc", b"\x04" + bytes(64), bytes(16))


def test_what_is_written_is_read_again_and_further_fields_and_padding_do_no_harm() -> None:
    assert read_subscription(GOOD.as_text()) == GOOD
    body = json.loads(GOOD.as_text())
    body |= {"expirationTime": None}
    body["keys"]["auth"] += "=="
    assert read_subscription(json.dumps(body)) == GOOD


@given(st.binary(max_size=80))
def test_every_secret_survives_being_written(raw: bytes) -> None:
    assert decode(encode(raw)) == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '{"endpoint":"https://x.example/"}',
        '{"endpoint":"https://x.example/","keys":7}',
        '{"endpoint":"https://x.example/","keys":{"p256dh":"AA","auth":"AA"}}',
        GOOD.as_text().replace("https:", "https://x:notaport/"),
        GOOD.as_text().replace("BAAA", "AAAA"),
        GOOD.as_text().replace("BAAA", "B*AA"),
        GOOD.as_text().replace("/abc", "/" + "a" * 2_000),
        "[" * 1_000,
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_subscription(text)
    assert refused.value.key == "bad_subscription"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://web.push.apple.com/x",
        "https://wns2-par02p.notify.windows.com:443/w/?token=x",
    ],
)
def test_push_services_are_public(endpoint: str) -> None:
    assert is_public(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://192.168.1.1/x",
        "https://[::1]/x",
        "https://router/x",
        "https://nas.local/x",
        "https://db.internal/x",
        "https://gateway.example:8443/x",
        "https://user@fcm.googleapis.com/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_may_lie_in_the_hubs_own_network_is_not(endpoint: str) -> None:
    assert not is_public(endpoint)
