"""Signatures: only what a trusted key signed, byte for byte, is let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.signing import KEY_PROPERTY, SIGNATURE_PROPERTY, Refused, SigningKey, VerifyKeys

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(reversed(range(32))))
TRUSTED = VerifyKeys([KEY.public_bytes])


@given(st.binary())
def test_what_the_hub_signed_is_let_through(payload: bytes) -> None:
    TRUSTED.check(payload, dict(KEY.sign(payload)))


@given(st.binary(min_size=1), st.data())
def test_one_changed_byte_is_refused(payload: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(payload) - 1))
    forged = payload[:at] + bytes([payload[at] ^ data.draw(st.integers(1, 255))]) + payload[at + 1 :]
    with pytest.raises(Refused, match="bad signature"):
        TRUSTED.check(forged, dict(KEY.sign(payload)))


def test_a_stranger_is_refused() -> None:
    with pytest.raises(Refused, match="unknown key"):
        TRUSTED.check(b"x", dict(OTHER.sign(b"x")))


def test_a_stranger_under_the_hubs_key_id_is_refused() -> None:
    forged = {**dict(OTHER.sign(b"x")), KEY_PROPERTY: KEY.key_id}
    with pytest.raises(Refused, match="bad signature"):
        TRUSTED.check(b"x", forged)


@pytest.mark.parametrize("missing", [KEY_PROPERTY, SIGNATURE_PROPERTY])
def test_the_unsigned_is_refused(missing: str) -> None:
    properties = dict(KEY.sign(b"x"))
    del properties[missing]
    with pytest.raises(Refused, match="unsigned"):
        TRUSTED.check(b"x", properties)


@pytest.mark.parametrize("signature", ["", "rubbish!", "AAAA", "签名"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(Refused):
        TRUSTED.check(b"x", {KEY_PROPERTY: KEY.key_id, SIGNATURE_PROPERTY: signature})


def test_a_key_is_known_by_the_same_id_everywhere() -> None:
    again = SigningKey(KEY.secret_bytes)
    assert again.key_id == KEY.key_id
    assert again.public_bytes == KEY.public_bytes
    assert SigningKey.generate().key_id != KEY.key_id


def test_two_keys_may_be_trusted_while_one_replaces_the_other() -> None:
    both = VerifyKeys([KEY.public_bytes, OTHER.public_bytes])
    for key in (KEY, OTHER):
        both.check(b"x", dict(key.sign(b"x")))
