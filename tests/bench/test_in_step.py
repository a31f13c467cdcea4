"""What the bench computes from recordings, on recordings that are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from device_agent.core.sounds import SAMPLE_RATE
from tests.bench.in_step import offsets_ms
from tests.bench.pre_empting import HIGH, LOW, MARK, delays_ms


def noise(seconds: float, late_frames: float) -> NDArray[np.int16]:
    """The same noise each time, below 8 kHz, so much later (also by parts of a frame)."""
    frames = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(frames))
    frequency = np.fft.rfftfreq(frames)
    spectrum[frequency > 8_000 / SAMPLE_RATE] = 0
    spectrum *= np.exp(-2j * np.pi * frequency * late_frames)
    return np.asarray(np.fft.irfft(spectrum) * 8_000, np.int16)


@pytest.mark.parametrize("frames", [0, 1, -1, 4.4, -37.5, 700])
def test_an_offset_is_found_to_a_part_of_a_frame(frames: float) -> None:
    offsets = offsets_ms(noise(4, 0), noise(4, frames))
    assert offsets
    assert offsets == pytest.approx([1e3 * frames / SAMPLE_RATE] * len(offsets), abs=0.003)


def test_silence_has_no_offset() -> None:
    assert offsets_ms(np.zeros(SAMPLE_RATE * 4, np.int16), noise(4, 0)) == []


def test_a_take_over_lasts_until_nothing_but_the_higher_sound_is_left() -> None:
    recorded = np.zeros(4 * SAMPLE_RATE, np.int16)
    recorded[1_000:5_800] = MARK
    recorded[48_000:96_000] = LOW
    recorded[96_000:96_480] = np.linspace(LOW + HIGH, HIGH, 480)  # the lower one fades below the higher one
    recorded[96_480:120_000] = HIGH
    handed_over_s = 10.0 + (95_000 - 1_000) / SAMPLE_RATE
    (delay_ms,) = delays_ms(recorded, 10.0, [handed_over_s])
    assert delay_ms == pytest.approx(1e3 * 1_480 / SAMPLE_RATE, abs=0.3)


def test_a_take_over_that_never_came_counts_as_endless() -> None:
    recorded = np.full(4 * SAMPLE_RATE, LOW, np.int16)
    recorded[1_000:5_800] = MARK
    assert delays_ms(recorded, 10.0, [11.0]) == [float("inf")]
