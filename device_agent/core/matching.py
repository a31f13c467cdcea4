"""How alike a sound and a recording are, and how much later the recording is: correlation second by second."""

import math

import numpy as np
from numpy.typing import NDArray

from device_agent.core.resample import HEARING_RATE

EARLIEST_LAG_S = -0.05  # the two clocks' estimates may be off by this much
LATEST_LAG_S = 0.5  # buffers, an amplifier and 30 m of stairwell stay below it

Signal = NDArray[np.float32]

_WINDOW = HEARING_RATE  # 1 s: a clock that is 100 ppm off moves by less than a frame within it
_EARLIEST = round(EARLIEST_LAG_S * HEARING_RATE)
_LAGS = round(LATEST_LAG_S * HEARING_RATE) - _EARLIEST + 1
_FFT_FRAMES = 12_500  # holds a window and all lags, and has small factors only
_MOST_DRIFT = 100e-6 * _WINDOW  # frames a window: between the clocks of two sound cards
_PAUSE = 0.01  # a window with less than this share of the loudest one's energy says nothing
_NEIGHBOURS = 8  # frames on both sides from which a value between two frames is computed
_PARTS = np.linspace(-0.5, 0.5, 21, dtype=np.float32)  # of a frame: 6 µs
_OFFSETS = np.subtract.outer(np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1), _PARTS)
_BETWEEN = (np.sinc(_OFFSETS) * np.cos(np.pi * _OFFSETS / (2 * _NEIGHBOURS + 2)) ** 2).astype(np.float32)


def match(source: NDArray[np.int16], recorded: NDArray[np.int16], into: int) -> tuple[float, float]:
    """Correlation and lag in ms, where the source's frame 0 is expected at frame `into` of the recording.

    The lag is where the windows agree best, for the drift of the two clocks that makes them agree best. The
    correlation is their median there: a chime or greeting that two notices share does not make them the same,
    and a slammed door does not make one unheard.
    """
    rows = _windows(brighten(source), brighten(recorded), into)
    if not rows.any():
        return 0.0, 0.0
    most = 2 * math.ceil(_MOST_DRIFT * len(rows) / 2)  # even, so that no drift at all is among those tried
    edge = most + _NEIGHBOURS
    padded = np.pad(rows, ((0, 0), (edge, edge)))
    numbers = np.arange(len(rows))
    drifts = [np.rint(end * numbers / len(rows)).astype(int) + edge for end in range(-most, most + 1, 2)]
    means = [_mean_along(padded, drift) for drift in drifts]
    best = max(range(len(means)), key=lambda number: float(np.abs(means[number]).max()))
    peak = int(np.argmax(np.abs(means[best])))
    sign = math.copysign(1.0, means[best][peak])  # a loudspeaker with its wires swapped is heard, too
    around = (drifts[best] + peak)[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)
    at_parts = sign * padded[numbers[:, None], around] @ _BETWEEN
    part = int(at_parts.mean(axis=0).argmax())
    middle = float(np.sort(at_parts[:, part])[(len(rows) - 1) // 2])  # of two windows the lower: half is not heard
    correlation = min(1.0, max(0.0, middle))
    return correlation, (peak + float(_PARTS[part]) + _EARLIEST) * 1000 / HEARING_RATE


def _windows(source: Signal, recorded: Signal, into: int) -> Signal:
    """Normalised cross-correlation (windows, lags) of each second of the source that is no pause."""
    starts = range(0, max(1, len(source) - _WINDOW // 2), _WINDOW)
    windows = [source[start : start + _WINDOW] for start in starts]
    energies = [float(np.sum(window**2)) for window in windows]
    rows = [
        _correlate(window, _cut(recorded, into + start + _EARLIEST, len(window) + _LAGS - 1))
        for start, window, energy in zip(starts, windows, energies, strict=True)
        if energy > _PAUSE * max(energies)
    ]
    return np.array(rows, np.float32)


def _correlate(window: Signal, recorded: Signal) -> Signal:
    """Normalised cross-correlation of a window with a stretch that is longer by the lags; 0 where that is silent."""
    spectrum = np.conj(np.fft.rfft(window, _FFT_FRAMES)) * np.fft.rfft(recorded, _FFT_FRAMES)
    products = np.fft.irfft(spectrum, _FFT_FRAMES)[:_LAGS]
    sums = np.concatenate([[0.0], np.cumsum(recorded.astype(np.float64) ** 2)])
    energies = (sums[len(window) :] - sums[: -len(window)]) * float(np.sum(window**2))
    floor = max(1.0, 1e-3 * float(energies.max()))  # rounding of the transform in near silence is no correlation
    correlation: Signal = (products / np.sqrt(energies + floor)).astype(np.float32)
    return correlation


def _mean_along(padded: Signal, firsts: NDArray[np.int_]) -> Signal:
    """Mean over the windows, each read from its own column on."""
    total = np.zeros(_LAGS, np.float32)
    for row, first in zip(padded, firsts, strict=True):
        total += row[first : first + _LAGS]
    return total / np.float32(len(padded))


def brighten(pcm: NDArray[np.int16]) -> Signal:
    """Differences: mains hum goes, and consonants count beside vowels; three times fewer false likenesses."""
    return np.diff(pcm.astype(np.float32), prepend=pcm[:1])


def _cut(signal: Signal, start: int, frames: int) -> Signal:
    """`frames` frames from `start` on, zeros outside the signal."""
    out = np.zeros(frames, np.float32)
    low, high = max(0, start), min(len(signal), start + frames)
    if low < high:
        out[low - start : high - start] = signal[low:high]
    return out
