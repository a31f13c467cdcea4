"""MQTT packets of light devices: what is sent is what a broker reads, and what comes is cut where it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.light import packets


def unpacked(*pieces: bytes) -> list[tuple[int, bytes]]:
    """What comes out when the bytes come in these pieces."""
    unpacked = packets.Unpacked()
    return [packet for piece in pieces for packet in unpacked.feed(piece)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.data())
def test_packets_come_out_whole_however_they_were_cut(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(packets.publish("dd/v1/x", payload, mid=7) for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    came = [packets.read_publish(first, body) for first, body in unpacked(*pieces)]
    assert [one.payload for one in came] == payloads
    assert {(one.topic, one.qos, one.mid) for one in came} == {("dd/v1/x", 1, 7)}


def test_a_large_packet_that_comes_in_many_pieces_is_one_packet() -> None:
    packet = packets.publish("dd/v1/audio/x", b"s" * 200_000, mid=1)
    pieces = [packet[at : at + 1000] for at in range(0, len(packet), 1000)]
    [(first, body)] = unpacked(*pieces)
    assert packets.read_publish(first, body).payload == b"s" * 200_000


def test_a_publish_at_qos_0_has_no_id() -> None:
    [(first, body)] = unpacked(packets.publish("dd/v1/x", b"{}"))
    arrived = packets.read_publish(first, body)
    assert (arrived.qos, arrived.mid, arrived.payload) == (0, 0, b"{}")


def test_user_properties_are_found_among_others() -> None:
    expiry = b"\x02\x00\x00\x00\x3c"
    named = b"\x26\x00\x03key\x00\x04abcd" + b"\x26\x00\x03sig\x00\x02xy"
    answer = b"\x09\x00\x02\x01\x02"
    assert packets.user_properties(expiry + named + answer) == {"key": "abcd", "sig": "xy"}


@pytest.mark.parametrize("properties", [b"\x26\x00\x09key", b"\x26\x00\x03key", b"\x26\x00\x01\xff\x00\x00"])
def test_properties_that_end_too_early_or_are_no_text_are_refused(properties: bytes) -> None:
    with pytest.raises(packets.Malformed):
        packets.user_properties(properties)


def test_a_length_of_more_than_four_bytes_is_refused() -> None:
    with pytest.raises(packets.Malformed):
        unpacked(b"\x30\xff\xff\xff\xff\x01")


def test_a_publish_whose_topic_is_no_text_is_refused() -> None:
    with pytest.raises(packets.Malformed):
        packets.read_publish(0x30, b"\x00\x01\xff\x00")


def test_the_worst_code_of_an_answer_counts() -> None:
    assert packets.read_answer(b"\x00\x09\x00\x01\x87\x01") == (9, 0x87)
