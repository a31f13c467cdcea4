"""Was it heard? Compares what was played with what a microphone recorded."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_agent.core.resample import HEARING_RATE, to_hearing_rate
from device_agent.core.sounds import Pcm

# Measured with espeak's Mandarin, and kept by the tests: other speech of the same voice reaches 0.09, noise 0.04;
# the right speech 0.97 in a quiet room, 0.38 under noise as loud as itself, 0.35 under echoes four times its energy.
HEARD_CORRELATION = 0.2
EARLIEST_LAG_S = -0.05  # the two clocks' estimates may be off by this much
LATEST_LAG_S = 0.5  # buffers, an amplifier and 30 m of stairwell stay below it
SILENCE_DBFS = -120.0  # stands for nothing at all

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

_Signal = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a microphone heard: int16 frames at HEARING_RATE, the first at monotonic time `start_s`."""

    pcm: NDArray[np.int16]
    start_s: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Goes into the receipt: `correlation` 0-1, `lag_ms` from loudspeaker to microphone, level of the recording."""

    heard: bool
    correlation: float
    lag_ms: float
    level_dbfs: float


def heard(source: Pcm, recording: Recording, played_s: float) -> Evidence:
    """Whether `recording` holds `source`, whose frame 0 left the DAC at monotonic time `played_s`.

    Judges the first `resample.LISTEN_S` second by second; what the recording lacks of it counts as not heard, and
    half of it must be. A sound shorter than 1.5 s is judged as one piece, so any good part of it counts.
    Takes about 20 ms of CPU for 20 s of speech with OPENBLAS_NUM_THREADS=1, twice that without: call it in a thread.
    """
    into = round((played_s - recording.start_s) * HEARING_RATE)
    correlation, lag_ms = _match(to_hearing_rate(source), recording.pcm, into)
    return Evidence(correlation >= HEARD_CORRELATION, correlation, lag_ms, level_dbfs(recording.pcm))


def compare(source: Pcm, played: Pcm) -> tuple[float, float]:
    """Correlation (0-1) and lag in ms of a loudspeaker's own recording against its source, both at 48 kHz.

    The source must begin within the first LATEST_LAG_S of `played`.
    """
    return _match(to_hearing_rate(source), to_hearing_rate(played), 0)


def level_dbfs(pcm: NDArray[np.int16]) -> float:
    """Root mean square level without its mean, in dB below the largest value."""
    rms = float(np.std(pcm, dtype=np.float64)) if len(pcm) else 0.0
    return max(SILENCE_DBFS, 20 * math.log10(rms / 32768)) if rms else SILENCE_DBFS


def _match(source: NDArray[np.int16], recorded: NDArray[np.int16], into: int) -> tuple[float, float]:
    """Correlation and lag in ms, where the source's frame 0 is expected at frame `into` of the recording.

    The lag is where the windows agree best, for the drift of the two clocks that makes them agree best. The
    correlation is their median there: a chime or greeting that two notices share does not make them the same,
    and a slammed door does not make one unheard.
    """
    rows = _windows(_brighten(source), _brighten(recorded), into)
    if not rows.any():
        return 0.0, 0.0
    most = 2 * math.ceil(_MOST_DRIFT * len(rows) / 2)  # even, so that no drift at all is among those tried
    edge = most + _NEIGHBOURS
    padded = np.pad(rows, ((0, 0), (edge, edge)))
    numbers = np.arange(len(rows))
    drifts = [np.rint(end * numbers / len(rows)).astype(int) + edge for end in range(-most, most + 1, 2)]
    means = [_mean_along(padded, drift) for drift in drifts]
    best = max(range(len(means)), key=lambda number: float(np.abs(means[number]).max()))
    peak = int(np.abs(means[best]).argmax())
    sign = math.copysign(1.0, means[best][peak])  # a loudspeaker with its wires swapped is heard, too
    around = (drifts[best] + peak)[:, None] + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)
    at_parts = sign * padded[numbers[:, None], around] @ _BETWEEN
    part = int(at_parts.mean(axis=0).argmax())
    middle = float(np.sort(at_parts[:, part])[(len(rows) - 1) // 2])  # of two windows the lower: half is not heard
    correlation = min(1.0, max(0.0, middle))
    return correlation, (peak + float(_PARTS[part]) + _EARLIEST) * 1000 / HEARING_RATE


def _windows(source: _Signal, recorded: _Signal, into: int) -> _Signal:
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


def _correlate(window: _Signal, recorded: _Signal) -> _Signal:
    """Normalised cross-correlation of a window with a stretch that is longer by the lags; 0 where that is silent."""
    spectrum = np.conj(np.fft.rfft(window, _FFT_FRAMES)) * np.fft.rfft(recorded, _FFT_FRAMES)
    products = np.fft.irfft(spectrum, _FFT_FRAMES)[:_LAGS]
    sums = np.concatenate([[0.0], np.cumsum(recorded.astype(np.float64) ** 2)])
    energies = (sums[len(window) :] - sums[: -len(window)]) * float(np.sum(window**2))
    floor = max(1.0, 1e-3 * float(energies.max()))  # rounding of the transform in near silence is no correlation
    correlation: _Signal = (products / np.sqrt(energies + floor)).astype(np.float32)
    return correlation


def _mean_along(padded: _Signal, firsts: NDArray[np.int_]) -> _Signal:
    """Mean over the windows, each read from its own column on."""
    total = np.zeros(_LAGS, np.float32)
    for row, first in zip(padded, firsts, strict=True):
        total += row[first : first + _LAGS]
    return total / np.float32(len(padded))


def _brighten(pcm: NDArray[np.int16]) -> _Signal:
    """Differences: mains hum goes, and consonants count beside vowels; three times fewer false likenesses."""
    return np.diff(pcm.astype(np.float32), prepend=pcm[:1])


def _cut(signal: _Signal, start: int, frames: int) -> _Signal:
    """`frames` frames from `start` on, zeros outside the signal."""
    out = np.zeros(frames, np.float32)
    low, high = max(0, start), min(len(signal), start + frames)
    if low < high:
        out[low - start : high - start] = signal[low:high]
    return out
