"""Frames of live speech: what is signed is read, whatever else comes is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire import topics
from wire.live import Frame, is_20_ms, opened, sealed
from wire.signing import Refused, SigningKey, VerifyKeys

KEY = SigningKey(bytes(range(32)))
TRUSTED = VerifyKeys([SigningKey.generate().public_bytes, KEY.public_bytes])
SPEECH = b"\x78" + b"some sound"


@given(seq=st.integers(0, 2**32 - 1), capture_us=st.integers(0, 2**64 - 1), sound=st.binary(max_size=1_274))
@settings(max_examples=30)
def test_a_frame_comes_out_as_it_went_in(seq: int, capture_us: int, sound: bytes) -> None:
    frame = Frame(seq, capture_us, b"\x78" + sound)
    assert opened(sealed(frame, KEY), TRUSTED) == frame


def test_the_bytes_are_those_of_the_contract() -> None:
    payload = sealed(Frame(7, 1_795_310_000_000_000, SPEECH), KEY)
    assert payload[:4] == (7).to_bytes(4, "big")
    assert payload[4:12] == (1_795_310_000_000_000).to_bytes(8, "big")
    assert payload[12:-64] == SPEECH
    assert payload[-64:] == KEY.sign_raw(payload[:-64])


def test_every_changed_byte_makes_it_refused() -> None:
    payload = sealed(Frame(7, 1_795_310_000_000_000, SPEECH), KEY)
    for at in range(len(payload)):
        changed = bytearray(payload)
        changed[at] ^= 1
        with pytest.raises(Refused):
            opened(bytes(changed), TRUSTED)


@pytest.mark.parametrize("payload", [b"", b"x" * 64, b"x" * 76, b"x" * 77, b"x" * 5_000])
def test_what_nobody_signed_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused):
        opened(payload, TRUSTED)


def test_a_stranger_signs_nothing_that_is_believed() -> None:
    with pytest.raises(Refused):
        opened(sealed(Frame(1, 1, SPEECH), SigningKey.generate()), TRUSTED)


@pytest.mark.parametrize(
    ("first", "is_so"),
    [
        (0x78, True),
        (0x79, False),
        (0x7B, False),
        (0x70, False),
        (0x08, True),
        (0x00, False),
        (0xF8, True),
        (0xE0, False),
    ],
)
def test_only_one_frame_of_20_ms_is_taken(first: int, *, is_so: bool) -> None:
    assert is_20_ms(bytes([first, 1, 2])) is is_so
    if not is_so:
        with pytest.raises(Refused):
            opened(sealed(Frame(1, 1, bytes([first, 1, 2])), KEY), TRUSTED)


def test_nothing_and_too_much_are_no_frame() -> None:
    assert not is_20_ms(b"")
    assert not is_20_ms(b"\x78" + bytes(1_275))
    assert Frame(1, 1, b"\x78").is_pause


def test_a_live_topic_is_read_back_and_no_wildcard_gets_in() -> None:
    assert topics.parse_live(topics.live("a-1")) == "a-1"
    assert topics.parse_live(topics.place("test", "all")) is None
    for wrong in ("+", "#", "a/b", "", "x" * 65):
        with pytest.raises(topics.BadName):
            topics.live(wrong)
