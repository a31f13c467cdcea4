"""From the loudspeaker's 48 kHz to the rate at which a recording is judged."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from device_agent.core.sounds import SAMPLE_RATE, Pcm

HEARING_RATE = 8_000  # frames a second: speech is below 4 kHz, and a sixth of the work
LISTEN_S = 60.0  # what is judged of a long announcement: its first minute, which bounds memory and time

_STEP = SAMPLE_RATE // HEARING_RATE
_TAPS = 71
_CUT_HZ = 3_500
_BLOCK = 32  # frames out of one row of the matrix product; twice as fast as frame by frame


def _low_pass() -> NDArray[np.float32]:
    """(input frames, output frames) of one block: a windowed sinc, moved on by _STEP for each output frame."""
    times = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(times * 2 * _CUT_HZ / SAMPLE_RATE) * np.hamming(_TAPS)
    matrix = np.zeros((_BLOCK * _STEP + _TAPS - _STEP, _BLOCK), np.float32)
    for frame in range(_BLOCK):
        matrix[frame * _STEP : frame * _STEP + _TAPS, frame] = taps / taps.sum()
    return matrix


_LOW_PASS = _low_pass()


def to_hearing_rate(pcm: Pcm) -> NDArray[np.int16]:
    """The first LISTEN_S of 48 kHz sound at HEARING_RATE; frame n is at the time of frame 6 n."""
    pcm = pcm[: int(LISTEN_S * SAMPLE_RATE)]
    frames = -(-len(pcm) // _STEP)
    blocks = -(-frames // _BLOCK)
    padded = np.zeros(blocks * _BLOCK * _STEP + _TAPS, np.float32)
    padded[_TAPS // 2 : _TAPS // 2 + len(pcm)] = pcm
    rows = sliding_window_view(padded, len(_LOW_PASS))[:: _BLOCK * _STEP][:blocks]
    slow: NDArray[np.float32] = (rows @ _LOW_PASS).reshape(-1)[:frames]
    return np.clip(np.rint(slow), -32768, 32767).astype(np.int16)
