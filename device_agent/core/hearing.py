"""Was it heard? Compares what was played with what a microphone recorded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_agent.core.sounds import Pcm

HEARING_RATE = 8_000  # frames a second: speech is below 4 kHz, and a sixth of the work
LISTEN_S = 60.0  # what is judged of a long announcement: its first minute, which bounds memory and time


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
    """Whether `recording` holds `source`, whose frame 0 left the DAC at monotonic time `played_s`."""


def compare(source: Pcm, played: Pcm) -> tuple[float, float]:
    """Correlation (0-1) and lag in ms of a loudspeaker's own recording (48 kHz) against its source."""


def to_hearing_rate(pcm: Pcm) -> NDArray[np.int16]:
    """48 kHz to HEARING_RATE."""
