"""The device's clocks, on clocks of our own."""

import pytest

from device_agent.clock import DeviceClock
from tests.device_agent.core.values import timeline

S = 1_000_000_000


class Clocks:
    """A monotonic and a wall clock that move when told."""

    def __init__(self) -> None:
        self.mono = 1_000 * S
        self.wall = 5_000 * S

    def device(self) -> DeviceClock:
        return DeviceClock(lambda: self.mono, lambda: self.wall)


def test_before_the_hubs_time_is_known_the_wall_clock_stands_in() -> None:
    clocks = Clocks()
    clock = clocks.device()
    now = clock.now()
    assert (now.mono_ms, now.unix_ms, now.is_settled) == (1_000_000, 5_000_000, False)
    assert clock.wall_error_ms() is None


def test_after_ten_seconds_without_an_answer_the_wall_clock_must_do() -> None:
    clocks = Clocks()
    clock = clocks.device()
    clocks.mono += 9 * S
    assert not clock.now().is_settled
    clocks.mono += 1 * S
    assert clock.now().is_settled
    assert not clock.now().is_learned


def test_once_learned_a_step_of_the_wall_clock_changes_nothing() -> None:
    clocks = Clocks()
    clock = clocks.device()
    clock.learn(7_000 * S)
    clocks.wall += 3_600 * S
    assert clock.now().unix_ms == 8_000_000
    assert clock.now().is_settled
    assert clock.now().is_learned


def test_a_time_that_is_only_assumed_is_gone_by_and_not_taken_for_learned() -> None:
    clocks = Clocks()
    clock = clocks.device()
    clock.learn(7_000 * S, at_ns=1_000 * S, rate=50e-6)
    clock.assume(3_400 * S)
    now = clock.now()
    assert (now.unix_ms, now.is_settled, now.is_learned) == (4_400_000, True, False)
    assert clock.wall_error_ms() is None
    clock.learn(3_401 * S)
    assert clock.now().is_learned


def test_the_error_of_the_wall_clock_is_reported() -> None:
    clocks = Clocks()
    clock = clocks.device()
    clock.learn(4_000 * S - S // 2)
    assert clock.wall_error_ms() == 500.0


def test_an_instant_of_the_hub_is_found_on_the_monotonic_clock_and_back() -> None:
    clock = Clocks().device()
    clock.learn(4_000 * S)
    assert clock.mono_s(5_000_500) == 1_000.5
    assert clock.at(1_000.5).unix_ms == 5_000_500
    assert clock.now().unix_of(1_000.5) == 5_000_500


@pytest.mark.parametrize("is_assumed", [True, False])
def test_an_instant_by_another_timeline_is_where_it_was_before_the_hubs_clock_was_set(is_assumed: bool) -> None:
    clock = Clocks().device()
    clock.learn(4_000 * S, at_ns=1_000 * S, rate=50e-6, timeline=timeline(100 * S))
    if is_assumed:
        clock.assume(9_000 * S)
    for by_s in (-3_600, -7.9, 0, 7.9, 3_600):
        before = timeline(round((100 - by_s) * S))
        assert abs(clock.mono_s(5_060_503.025 - by_s * 1000, before) - 1_060.5) < 1e-6
        now = clock.at(1_060.5).by(before)
        assert abs(now.unix_ms - (5_060_503 - by_s * 1000)) <= 1
        assert (now.is_learned, now.is_settled) == (True, True)


def test_a_timeline_of_another_start_of_the_hub_or_of_none_is_gone_by_as_the_clock_is_set_now() -> None:
    clock = Clocks().device()
    assert clock.now().by(timeline(0)) == clock.now()
    clock.learn(4_000 * S)
    assert clock.now().by(timeline(0)) == clock.now()
    clock.learn(4_000 * S, timeline=timeline(100 * S))
    for other in (None, timeline(50 * S, boot="b")):
        assert clock.mono_s(5_000_500, other) == 1_000.5
        assert clock.now().by(other) == clock.now()


def test_between_two_rounds_the_hubs_time_goes_on_at_the_rate_that_was_learned() -> None:
    clocks = Clocks()
    clock = clocks.device()
    clock.learn(4_000 * S, at_ns=1_000 * S, rate=50e-6)
    clocks.mono += 60 * S
    assert clock.now().unix_ms == 5_060_003
    assert abs(clock.mono_s(5_060_503.025) - 1_060.5) < 1e-6


def test_an_instant_far_ahead_is_found_where_the_clock_will_be_then() -> None:
    clock = Clocks().device()
    clock.learn(4_000 * S, at_ns=1_000 * S, rate=-50e-6)
    mono_s = clock.mono_s(8_600_000)
    assert clock.at(mono_s).unix_ms in (8_599_999, 8_600_000)
