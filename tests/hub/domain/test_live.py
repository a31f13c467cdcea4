"""Live speech: how urgent it is, when it ends by itself, and to which instant each frame belongs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.errors import Invalid
from hub.domain.live import (
    FRAME_US,
    MOST_MS,
    QUIET_MS,
    SWAY_US,
    UNUSED_MS,
    WINDOW,
    Ending,
    Talk,
    Timeline,
    first_seq,
    priority,
)

NOW_US = 1_795_310_000_000_000


@pytest.mark.parametrize(("urgency", "value"), [("notice", 100), ("orange", 240), ("red", 250), ("fire", 255)])
def test_the_priority_is_that_of_the_table(urgency: str, value: int) -> None:
    assert priority(urgency) == value


@pytest.mark.parametrize("urgency", ["", "live", "FIRE", "255"])
def test_an_unknown_urgency_is_refused(urgency: str) -> None:
    with pytest.raises(Invalid):
        priority(urgency)


def test_it_ends_by_itself_when_nothing_is_said_when_it_is_quiet_and_after_ten_minutes() -> None:
    armed = Talk(0)
    assert armed.ending(UNUSED_MS - 1) is None
    assert armed.ending(UNUSED_MS) is Ending.UNUSED
    spoke = armed.heard(50_000)
    assert spoke.ending(50_000 + QUIET_MS - 1) is None
    assert spoke.ending(50_000 + QUIET_MS) is Ending.QUIET
    for at in range(51_000, 50_000 + MOST_MS, 1_000):
        spoke = spoke.heard(at)
        assert spoke.ending(at) is None
    assert spoke.heard(50_000 + MOST_MS).ending(50_000 + MOST_MS) is Ending.TOO_LONG


def test_the_first_number_is_the_same_again_and_another_for_another() -> None:
    numbers = {first_seq(f"a-{one}") for one in range(1_000)}
    assert len(numbers) == 1_000
    assert all(0 <= one < 2**31 for one in numbers)
    assert first_seq("a-1") == first_seq("a-1")


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=300))
@settings(max_examples=30)
def test_frames_are_20_ms_apart_however_unevenly_they_come(late: list[int]) -> None:
    timeline = Timeline()
    stamps = [timeline.stamp(NOW_US + index * FRAME_US + wait) for index, wait in enumerate(late)]
    assert {b - a for a, b in itertools.pairwise(stamps)} <= {FRAME_US}
    assert stamps[0] == NOW_US + late[0] - FRAME_US


def test_a_word_after_a_pause_begins_when_it_is_said() -> None:
    timeline = Timeline()
    timeline.stamp(NOW_US)
    assert timeline.pause() == NOW_US
    assert timeline.pause() is None
    assert timeline.stamp(NOW_US + 3_000_000) == NOW_US + 3_000_000 - FRAME_US


@pytest.mark.parametrize("away", [-SWAY_US - 1, SWAY_US + 1])
def test_a_clock_that_has_run_away_is_followed_but_not_a_network_that_stalls(away: int) -> None:
    timeline = Timeline()
    timeline.stamp(NOW_US)
    for index in range(1, WINDOW):
        timeline.stamp(NOW_US + index * FRAME_US + (90_000 if index % 10 else 0))
    assert timeline.stamp(NOW_US + WINDOW * FRAME_US) == NOW_US + (WINDOW - 1) * FRAME_US
    stamps = [timeline.stamp(NOW_US + index * FRAME_US + away) for index in range(WINDOW + 1, 3 * WINDOW + 1)]
    assert stamps[-1] == NOW_US + (3 * WINDOW - 1) * FRAME_US + away
