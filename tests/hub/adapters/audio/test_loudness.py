"""Loudness and peaks, against signals whose values the standard gives."""

import numpy as np
import pytest

from hub.adapters.audio.codec import decode, encode
from hub.adapters.audio.loudness import (
    SILENCE_LUFS,
    TARGET_LUFS,
    TRUE_PEAK_DB,
    encoded,
    integrated_lufs,
    levelled,
    true_peak_db,
)
from hub.adapters.audio.pcm import Pcm
from tests.hub.adapters.audio.sounds import noise, pcm, sine, wave_of


def test_the_meter_shows_what_bs_1770_says_of_a_sine() -> None:
    assert integrated_lufs(sine(997, 3, 0.1)) == pytest.approx(-23.01, abs=0.1)


def test_the_peak_between_two_samples_is_found() -> None:
    quarter = sine(12_000, 1, 0.5, phase=np.pi / 4)
    assert 20 * np.log10(np.abs(wave_of(quarter)).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak_db(quarter) == pytest.approx(-6.02, abs=0.6)


@pytest.mark.parametrize("level", [0.005, 0.05, 0.9])
@pytest.mark.parametrize("seconds", [0.1, 0.5, 4])
def test_a_sound_of_any_level_and_length_is_brought_to_the_target(level: float, seconds: float) -> None:
    sound = levelled(sine(440, seconds, level))
    assert integrated_lufs(sound) == pytest.approx(TARGET_LUFS, abs=0.5)
    assert true_peak_db(sound) <= TRUE_PEAK_DB


def test_a_sound_with_high_peaks_is_limited() -> None:
    sound = levelled(pcm((noise(4, 0.2) ** 3 * 20).clip(-1, 1)))
    assert true_peak_db(sound) <= TRUE_PEAK_DB


def test_levelling_keeps_the_length() -> None:
    source = sine(440, 1.2345, 0.02)
    assert levelled(source).count == source.count


def test_silence_stays_silence() -> None:
    silence = Pcm(bytes(96_000))
    assert integrated_lufs(silence) == SILENCE_LUFS
    assert levelled(silence) == silence
    assert true_peak_db(silence) == -np.inf


def test_a_sound_that_opus_lifts_over_the_peak_is_encoded_another_way() -> None:
    hot = pcm(noise(2, 0.3).clip(-0.8, 0.8))
    assert true_peak_db(decode(encode(hot).opus)) > TRUE_PEAK_DB
    assert true_peak_db(decode(encoded(hot).opus)) <= TRUE_PEAK_DB
