"""The chimes."""

from itertools import combinations, pairwise

import pytest

from hub.adapters.audio.chimes import CHIMES, END_CHIME, Chime, sound
from hub.adapters.audio.loudness import TARGET_LUFS, integrated_lufs
from hub.adapters.audio.pcm import Pcm
from tests.hub.adapters.audio.sounds import lag_and_correlation


@pytest.mark.parametrize("chime", [*CHIMES.values(), END_CHIME])
def test_a_chime_is_as_loud_as_speech_and_short(chime: Chime) -> None:
    made = sound(chime)
    assert integrated_lufs(made) == pytest.approx(TARGET_LUFS, abs=1)
    assert 300 <= made.duration_ms <= 3000


def test_no_two_kinds_sound_alike() -> None:
    for one, other in combinations(CHIMES.values(), 2):
        silence = bytes(len(sound(other).samples))
        padded = Pcm(silence + sound(one).samples + silence)
        assert lag_and_correlation(padded, sound(other))[1] < 0.9


def test_each_warning_is_more_urgent_than_the_one_below() -> None:
    levels = [CHIMES[kind] for kind in ("blue", "yellow", "orange", "red")]
    for calmer, urgent in pairwise(levels):
        assert urgent.pulse_ms + urgent.pause_ms < calmer.pulse_ms + calmer.pause_ms
        assert len(urgent.notes_hz) * urgent.times > len(calmer.notes_hz) * calmer.times
        assert max(urgent.notes_hz) > max(calmer.notes_hz)
