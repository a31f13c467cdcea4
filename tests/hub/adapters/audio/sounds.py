"""Sounds and comparisons that the tests share."""

import numpy as np
from numpy.typing import NDArray

from hub.adapters.audio.pcm import RATE_HZ, Pcm

Floats = NDArray[np.float64]


def pcm(wave: Floats) -> Pcm:
    return Pcm((wave * 32767).round().astype(np.int16).tobytes())


def wave_of(sound: Pcm) -> Floats:
    return np.frombuffer(sound.samples, np.int16).astype(np.float64) / 32768


def sine(hz: float, seconds: float, level: float, *, phase: float = 0.0) -> Pcm:
    return pcm(level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ + phase))


def sweep(seconds: float, level: float) -> Pcm:
    """A tone that rises from 200 Hz to 3 kHz: it resembles itself at one lag only."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return pcm(level * np.sin(2 * np.pi * (200 * time_s + 1400 * time_s**2 / seconds)))


def noise(seconds: float, level: float) -> Floats:
    return np.random.default_rng(7).standard_normal(round(seconds * RATE_HZ)) * level


def lag_and_correlation(heard: Pcm, source: Pcm) -> tuple[int, float]:
    """By how many samples `heard`, the longer one, is late, and how alike the two are there (1 is the same)."""
    one, other = wave_of(heard), wave_of(source)
    size = 1 << (one.size + other.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    lag = int(np.argmax(products))
    overlap = one[lag : lag + other.size]
    alike = products[lag] / np.sqrt((overlap @ overlap) * (other @ other))
    return (lag if lag < size // 2 else lag - size), float(alike)
