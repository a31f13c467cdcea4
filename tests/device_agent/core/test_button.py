"""Gestures from edges: what is a press, what is more than one, and what is a fault."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agent.core import button
from device_agent.core.button import ButtonState
from wire.messages import Gesture

PRESS, CANCEL, ARRIVAL = Gesture.PRESS, Gesture.CANCEL, Gesture.ARRIVAL


def play(spans_ms: list[int], *, is_accepted: bool = False) -> tuple[ButtonState, list[tuple[int, Gesture]]]:
    """Holds and pauses in turn; gives each gesture with the instant at which it was known."""
    state, now, known = ButtonState(), 0, list[tuple[int, Gesture]]()
    for index, span in enumerate(spans_ms):
        if index % 2 == 0:
            state, gestures = button.down(state, now)
            known += [(now, each) for each in gestures]
        for tick in range(now, now + span, 500):
            state = button.tick(state, tick)
        now += span
        if index % 2 == 0:
            state, gestures = button.up(state, now, is_accepted=is_accepted)
            known += [(now, each) for each in gestures]
    return state, known


def gestures(spans_ms: list[int], *, is_accepted: bool = False) -> list[Gesture]:
    return [gesture for _, gesture in play(spans_ms, is_accepted=is_accepted)[1]]


@pytest.mark.parametrize(
    ("spans_ms", "is_accepted", "expected"),
    [
        ([50], False, [PRESS]),
        ([4_999], False, [PRESS]),
        ([7_000], False, [PRESS]),  # a first contact is never a cancel
        ([15_000], False, [PRESS]),
        ([100, 100, 100], False, [PRESS, PRESS]),
        ([100, 500, 4_999], False, [PRESS, PRESS]),
        ([100, 500, 5_000], False, [PRESS, PRESS, CANCEL]),
        ([100, 500, 10_000], False, [PRESS, PRESS, CANCEL]),
        ([100, 500, 10_001], False, [PRESS, PRESS]),
        ([7_000, 500, 7_000], False, [PRESS, PRESS, CANCEL]),
        ([1_500] * 5, True, [PRESS, PRESS, PRESS, ARRIVAL]),
        ([1_000] * 5, True, [PRESS, PRESS, PRESS, ARRIVAL]),
        ([2_000] * 5, True, [PRESS, PRESS, PRESS, ARRIVAL]),
        ([1_500] * 5, False, [PRESS] * 3),  # nobody is on the way
        ([1_500] * 3, True, [PRESS] * 2),
        ([999] * 5, True, [PRESS] * 3),
        ([2_001] * 5, True, [PRESS] * 3),
        ([1_500, 300, 1_500, 1_500, 1_500], True, [PRESS] * 3),
        ([1_500, 1_500, 300, 1_500, 1_500], True, [PRESS] * 3),
        ([200, 1_500, *[1_500] * 5], True, [PRESS, PRESS, PRESS, PRESS, ARRIVAL]),
        ([1_500] * 7, True, [PRESS, PRESS, PRESS, ARRIVAL, PRESS]),  # one rhythm is told once
    ],
)
def test_gestures_are_told_apart(spans_ms: list[int], is_accepted: bool, expected: list[Gesture]) -> None:
    assert gestures(spans_ms, is_accepted=is_accepted) == expected


def test_a_press_is_known_at_the_moment_of_contact() -> None:
    _, known = play([9_000])
    assert known == [(0, PRESS)]


def test_a_hold_of_more_than_ten_seconds_is_a_fault_before_it_is_released() -> None:
    state, _ = button.down(ButtonState(), 0)
    assert button.due(state) == 10_001
    assert not button.tick(state, 10_000).is_stuck
    stuck = button.tick(state, 10_001)
    assert stuck.is_stuck
    assert button.due(stuck) is None
    released, gestures = button.up(stuck, 60_000, is_accepted=False)
    assert (released.is_stuck, gestures) == (False, [])


def test_a_second_contact_without_a_release_is_a_press() -> None:
    state, _ = button.down(ButtonState(), 0)
    _, gestures = button.down(state, 50)
    assert gestures == [PRESS]


def test_a_release_without_a_contact_is_nothing() -> None:
    assert button.up(ButtonState(), 5, is_accepted=True) == (ButtonState(), [])


def test_after_an_alert_is_closed_the_next_contact_is_a_first_one() -> None:
    state, _ = play([100, 500])
    state = button.closed(state)
    state, _ = button.down(state, 1_000)
    assert button.up(state, 8_000, is_accepted=False)[1] == []


SPANS = st.lists(st.integers(10, 20_000), min_size=1, max_size=21)


@given(SPANS, st.booleans())
def test_every_contact_is_a_press_at_its_beginning(spans_ms: list[int], is_accepted: bool) -> None:
    _, known = play(spans_ms, is_accepted=is_accepted)
    downs = [sum(spans_ms[:index]) for index in range(0, len(spans_ms), 2)]
    assert [now for now, gesture in known if gesture is PRESS] == downs


@given(st.lists(st.integers(10, 900), min_size=1, max_size=41))
def test_frantic_pressing_is_neither_a_cancel_nor_an_arrival(spans_ms: list[int]) -> None:
    assert set(gestures(spans_ms, is_accepted=True)) == {PRESS}


@given(SPANS)
def test_a_first_hold_is_never_a_cancel_and_each_cancel_is_a_hold_of_its_own(spans_ms: list[int]) -> None:
    _, known = play(spans_ms)
    ends = list(itertools.accumulate(spans_ms))
    holds = {ends[index]: spans_ms[index] for index in range(2, len(spans_ms), 2)}
    assert all(5_000 <= holds[now] <= 10_000 for now, gesture in known if gesture is CANCEL)
