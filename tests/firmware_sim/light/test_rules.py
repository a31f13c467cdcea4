"""What light devices go by: when they play, how they repeat, what the radio loses."""

from __future__ import annotations

from random import Random

import pytest

from firmware_sim.light import rules
from wire.messages import Manifest


def manifest(repeat: int = 2) -> Manifest:
    """3 s of sound, 1 s between rounds, from second 100 on."""
    return Manifest(
        to="all",
        id="m",
        issued_ms=0,
        valid_until_ms=10**9,
        announcement_id="a",
        priority=100,
        title="t",
        text="t",
        audio_sha256="0" * 64,
        duration_ms=3_000,
        repeat=repeat,
        gap_ms=1_000,
        play_at_ms=100_000,
    )


@pytest.mark.parametrize(
    ("now_ms", "begin_ms", "end_ms"),
    [
        (90_000, 100_000, 107_000),  # in time: with everybody
        (101_000, 101_000, 107_000),  # within a third of the round: joins
        (101_001, 104_000, 107_000),  # later: waits for the next round
        (104_500, 104_500, 107_000),  # joins the second one
        (106_000, 107_000, 114_000),  # too late for the last: all of it, after the others
        (120_000, 120_000, 127_000),  # after the others: at once
    ],
)
def test_a_late_device_joins_or_waits(now_ms: int, begin_ms: int, end_ms: int) -> None:
    assert rules.plays_at(manifest(), now_ms) == (begin_ms, end_ms)


def test_presses_are_repeated_ever_more_slowly_but_never_given_up() -> None:
    assert [rules.repeat_after_s(sent) for sent in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert rules.repeat_after_s(500) == 30


def test_devices_come_back_at_different_moments_and_within_bounds() -> None:
    chance = Random(1)
    waits = [rules.back_after_s(tries, chance) for tries in range(20)]
    assert all(0.25 <= wait <= 15 for wait in waits)
    assert len(set(waits)) == 20


def test_a_battery_button_is_only_lost_when_every_try_is() -> None:
    assert all(rules.is_heard_by_radio(0.0, Random(seed)) for seed in range(50))
    assert not any(rules.is_heard_by_radio(1.0, Random(seed)) for seed in range(50))
    heard = sum(rules.is_heard_by_radio(0.5, Random(seed)) for seed in range(2_000))
    assert 0.85 < heard / 2_000 < 0.9  # 1 - 0.5 ** 3
