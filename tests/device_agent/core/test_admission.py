"""Addressee, expiry, replay."""

import pytest

from device_agent.core import admission, effects
from device_agent.core.admission import Admission
from tests.device_agent.core.values import DEVICE, UNIX_MS, at, signed
from wire.messages import SelfTest

STATE = Admission(DEVICE, frozenset({"building-17", "all"}))


@pytest.mark.parametrize(
    ("to", "mono_ms", "is_learned", "expected"),
    [
        (DEVICE, 0, True, None),
        ("all", 0, True, None),
        ("building-18", 0, True, "not for this device"),
        (DEVICE, 600_000, True, None),
        (DEVICE, 600_001, True, "expired"),
        (DEVICE, 600_001, False, None),  # a clock that the hub has not set is no judge, however long that takes
    ],
)
def test_a_message_is_admitted_or_not(to: str, mono_ms: int, is_learned: bool, expected: str | None) -> None:
    message = SelfTest(**signed(to))
    assert admission.objection(STATE, message, at(mono_ms, is_learned=is_learned)) == expected


def test_the_same_message_is_obeyed_once() -> None:
    message = SelfTest(**signed())
    state, todo = admission.note(STATE, message, at(0))
    assert todo == [effects.StoreSeen("m-1", UNIX_MS + 600_000)]
    assert admission.objection(state, message, at(1)) == "seen before"


def test_what_expired_a_day_ago_needs_no_memory() -> None:
    state, _ = admission.note(STATE, SelfTest(**signed()), at(0))
    past_ms = 600_000 + admission.REMEMBERED_MS
    state, _ = admission.note(state, SelfTest(**signed(message_id="m-2", valid_ms=past_ms)), at(past_ms))
    assert set(state.seen) == {"m-1", "m-2"}
    state, _ = admission.note(state, SelfTest(**signed(message_id="m-3", valid_ms=past_ms)), at(past_ms + 1))
    assert set(state.seen) == {"m-2", "m-3"}


def test_a_clock_that_the_hub_has_not_set_lets_no_message_be_obeyed_twice() -> None:
    state, _ = admission.note(STATE, SelfTest(**signed()), at(0))
    state, _ = admission.note(state, SelfTest(**signed(message_id="m-2")), at(600_001, is_learned=False))
    assert set(state.seen) == {"m-1", "m-2"}
