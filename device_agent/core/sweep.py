"""The sound of a self-test: a tone that glides through what the smallest loudspeaker gives back."""

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm

LENGTH_S = 1.5
HERTZ = (300.0, 3_400.0)
PEAK = 0.25  # of full scale, when somebody asks for it
QUIET_PEAK = 0.05  # by itself: 12 dB below an announcement, and still 19 dB above a stairwell at night (-60 dBFS)


def sweep(peak: float) -> Pcm:
    """The tone with this peak, faded in and out."""
    t = np.arange(round(LENGTH_S * SAMPLE_RATE)) / SAMPLE_RATE
    rate = np.log(HERTZ[1] / HERTZ[0]) / LENGTH_S
    phase = 2 * np.pi * HERTZ[0] / rate * np.expm1(rate * t)
    fade = np.minimum(1.0, np.minimum(t, LENGTH_S - t) / 0.02)
    return np.asarray(np.sin(phase) * fade * peak * 32767, dtype=np.int16)
