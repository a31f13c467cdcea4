"""Identifiers of version 7."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from device_agent.core import ids


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=32))
def test_an_id_is_a_version_7_uuid_that_holds_its_time(unix_ms: int, random: bytes) -> None:
    made = uuid.UUID(ids.uuid7(unix_ms, random))
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, unix_ms)


@given(st.integers(-(2**60), -1))
def test_a_clock_before_1970_still_gives_an_id(unix_ms: int) -> None:
    assert uuid.UUID(ids.press_id(unix_ms, b"salt", 1)).version == 7


def test_presses_of_the_same_millisecond_have_different_ids() -> None:
    assert len({ids.press_id(1, b"salt", seq) for seq in range(1_000)}) == 1_000
