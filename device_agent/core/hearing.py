"""Was it heard? Compares what was played with what a microphone recorded, and tells what is wrong from that alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_agent.core.matching import brighten, match
from device_agent.core.resample import HEARING_RATE, to_hearing_rate
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from wire.messages import Finding

# Measured with espeak's Mandarin, and kept by the tests: other speech of the same voice reaches 0.09, noise 0.04;
# the right speech 0.97 in a quiet room, 0.38 under noise as loud as itself, 0.35 under echoes four times its energy.
HEARD_CORRELATION = 0.2
SILENCE_DBFS = -120.0  # stands for nothing at all
DEAD_DBFS = -90.0  # a 16-bit converter that lives shows more: its last bit alone is -96, any amplifier adds 10 dB
TOO_QUIET_DB = -30.0  # microphone over source: set up rightly it is -12 (as simulated), echoes take 7 dB of that
HIDES_DB = 6.0  # noise so much louder than the quietest good sound lets a correlation of 0.2 sink into it
LIVELY_DB = 12.0  # between the loud and the soft tenth of 50 ms: speech over 20, music 15, noise, rain or a fan 1-4
LEAST_COVERED = 0.6  # of the source must be in the recording before its absence means anything
_TWIST_S = 8.0  # distortion shows in the first seconds; every form of it costs as much as judging them once more
_MOMENT = HEARING_RATE // 20


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
    finding: Finding | None = None


NO_MICROPHONE = Evidence(False, 0.0, 0.0, SILENCE_DBFS, Finding.DEAD_MICROPHONE)
"""Of a microphone that cannot be opened."""


def heard(source: Pcm, recording: Recording, played_s: float, *, is_alone: bool = True) -> Evidence:
    """Whether `recording` holds `source`, whose frame 0 left the DAC at monotonic time `played_s`, and how it sounded.

    Judges the first `resample.LISTEN_S` second by second; what the recording lacks of it counts as not heard, and
    half of it must be. A sound shorter than 1.5 s is judged as one piece, so any good part of it counts.
    `is_alone` is False when this loudspeaker said something else meanwhile: then no fault is concluded.
    Takes about 20 ms of CPU for 20 s of speech with OPENBLAS_NUM_THREADS=1 and as much again for distortion, twice
    that without: call it in a thread.
    """
    into = round((played_s - recording.start_s) * HEARING_RATE)
    wanted = to_hearing_rate(source)
    correlation, lag_ms = match(wanted, recording.pcm, into)
    is_heard = correlation >= HEARD_CORRELATION
    finding: Finding | None
    if not is_alone:
        finding = None if is_heard else Finding.UNJUDGED
    elif is_heard:
        finding = _how_it_sounded(source, wanted, recording, into, correlation)
    else:
        finding = _why_unheard(wanted, recording, into)
    return Evidence(is_heard, correlation, lag_ms, level_dbfs(recording.pcm), finding)


def compare(source: Pcm, played: Pcm) -> tuple[float, float]:
    """Correlation (0-1) and lag in ms of a loudspeaker's own recording against its source, both at 48 kHz.

    The source must begin within the first `matching.LATEST_LAG_S` of `played`.
    """
    return match(to_hearing_rate(source), to_hearing_rate(played), 0)


def level_dbfs(pcm: NDArray[np.int16]) -> float:
    """Root mean square level without its mean, in dB below the largest value."""
    rms = float(np.std(pcm, dtype=np.float64)) if len(pcm) else 0.0
    return max(SILENCE_DBFS, 20 * math.log10(rms / 32768)) if rms else SILENCE_DBFS


def _how_it_sounded(
    source: Pcm, wanted: NDArray[np.int16], recording: Recording, into: int, correlation: float
) -> Finding:
    """Of a sound that was heard: too quiet, distorted or fine.

    A loudspeaker that clips plays another sound, so what it gives is more like that sound than like its source,
    whatever room and noise add to both. Measured as clipped over clean correlation, for speech and sweep, down to
    noise as loud as the sound and echoes of four times its energy: rightly played at most 0.96, clipped 18 dB or
    on one side at 15 % at least 1.02; clipped 12 dB lies about 1, and 6 dB, which ears forgive, below it.
    Rattling that is no clipping is not found.
    """
    recorded = recording.pcm[max(0, into) : max(0, into) + len(wanted)]
    if _bright_db(recorded) + 20 * math.log10(correlation) - _bright_db(wanted) < TOO_QUIET_DB:
        return Finding.TOO_QUIET
    first = source[: round(_TWIST_S * SAMPLE_RATE)]
    clean, _ = match(to_hearing_rate(first), recording.pcm, into)
    clipped = max(match(to_hearing_rate(twist(first)), recording.pcm, into)[0] for twist in _TWISTS)
    return Finding.DISTORTED if clipped > max(clean, HEARD_CORRELATION) else Finding.FINE


def _why_unheard(wanted: NDArray[np.int16], recording: Recording, into: int) -> Finding:
    """Of a sound that was not heard: a fault where the recording leaves no other way, else not judged."""
    recorded = recording.pcm[max(0, into) : max(0, into + len(wanted))]
    if len(recorded) < LEAST_COVERED * len(wanted):
        return Finding.UNJUDGED
    if level_dbfs(recorded) < DEAD_DBFS:
        return Finding.DEAD_MICROPHONE
    if _bright_db(recorded) < _bright_db(wanted) + TOO_QUIET_DB + HIDES_DB:
        return Finding.SILENT
    return Finding.WRONG_AUDIO if _liveliness_db(recorded) > LIVELY_DB else Finding.UNJUDGED


def _bright_db(pcm: NDArray[np.int16]) -> float:
    """Level as the correlation sees it: without hum."""
    rms = float(np.std(brighten(pcm), dtype=np.float64)) if len(pcm) else 0.0
    return 20 * math.log10(max(rms, 1e-3))


def _liveliness_db(pcm: NDArray[np.int16]) -> float:
    """How far apart loud and soft moments are: speech and music come and go, a noisy room stays."""
    moments = brighten(pcm)[: len(pcm) // _MOMENT * _MOMENT].reshape(-1, _MOMENT)
    if not len(moments):
        return 0.0
    soft, loud = np.quantile(np.std(moments, axis=1), [0.1, 0.9])
    return 20 * math.log10((float(loud) + 1) / (float(soft) + 1))


def _clipped(pcm: Pcm) -> Pcm:
    """Driven 18 dB beyond what it can give."""
    most = int(np.abs(pcm.astype(np.int32)).max(initial=0))
    return np.clip(pcm.astype(np.int32) * 8, -most, most).astype(np.int16)


def _one_sided(pcm: Pcm) -> Pcm:
    """A cone that cannot move one way."""
    most = int(np.abs(pcm.astype(np.int32)).max(initial=0))
    return np.minimum(pcm, np.int16(0.15 * most))


_TWISTS: tuple[Callable[[Pcm], Pcm], ...] = (_clipped, _one_sided)
