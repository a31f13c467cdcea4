"""The clock of the DAC, on readings of our own."""

import pytest

from device_agent.core.dac_clock import JUMPS, DacClock

BLOCK = 480
BLOCK_S = 0.01


@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_it_follows_the_driver_and_not_its_jitter(ppm: int) -> None:
    clock, block_s = DacClock(1.0), BLOCK_S * (1 + ppm * 1e-6)
    for k in range(6_000):
        jitter_s = 0.004 if k % 10 == 9 else 0.00005 * (k % 3 - 1)
        instant_s = clock.next_block_s(5.0 + k * block_s + jitter_s, BLOCK)
    assert instant_s == pytest.approx(5.0 + 5_999 * block_s, abs=0.00012)  # a tenth of 1 ms, which 4 ms count for


def test_a_driver_that_wavers_for_seconds_does_not_take_it_along() -> None:
    clock = DacClock(5.0)
    for k in range(6_000):
        wavering_s = 0.0005 if 4_000 <= k < 4_300 else 0.0
        instant_s = clock.next_block_s(5.0 + k * BLOCK_S + wavering_s, BLOCK)
        assert instant_s == pytest.approx(5.0 + k * BLOCK_S, abs=0.0004)
    assert instant_s == pytest.approx(5.0 + 5_999 * BLOCK_S, abs=0.00005)


def test_the_first_reading_counts_whole_whatever_was_guessed() -> None:
    assert DacClock(1.0).next_block_s(5.0, BLOCK) == 5.0


def test_without_a_reading_it_counts_on_at_the_rate_it_knows() -> None:
    clock, block_s = DacClock(5.0), BLOCK_S * (1 + 100e-6)
    for k in range(4_000):
        clock.next_block_s(5.0 + k * block_s, BLOCK)
    for _ in range(1_000):
        instant_s = clock.next_block_s(None, BLOCK)
    assert instant_s == pytest.approx(5.0 + 4_999 * block_s, abs=0.00005)


def test_one_reading_that_is_far_off_is_no_jump() -> None:
    clock = DacClock(5.0)
    for k in range(1_000):
        instant_s = clock.next_block_s(5.0 + k * BLOCK_S + (0.05 if k % 100 == 99 else 0.0), BLOCK)
        assert instant_s == pytest.approx(5.0 + k * BLOCK_S, abs=0.00025)


def test_it_jumps_with_an_interrupted_stream_once_that_is_certain() -> None:
    clock = DacClock(5.0)
    for k in range(1_000):
        clock.next_block_s(5.0 + k * BLOCK_S, BLOCK)
    for k in range(1_000, 1_000 + JUMPS):
        instant_s = clock.next_block_s(5.2 + k * BLOCK_S, BLOCK)
    assert instant_s == pytest.approx(5.2 + (1_000 + JUMPS - 1) * BLOCK_S, abs=1e-9)
