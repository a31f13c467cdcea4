"""Loudness after EBU R128: measuring it, and bringing a sound to the level all announcements have."""

import itertools
import math
from collections.abc import Iterator

import av
import numpy as np

from hub.adapters.audio.codec import decode, encode, frames, resampled
from hub.adapters.audio.pcm import RATE_HZ, Pcm
from hub.services.ports import Sound

TARGET_LUFS = -16.0  # BROADCAST.md
TRUE_PEAK_DB = -1.5  # BROADCAST.md
# Opus at 24 kbit/s takes 0.3-0.5 LU away and lifts peaks by up to 1.1 dB (measured on notices and clips).
_BEFORE_OPUS_LUFS = TARGET_LUFS + 0.4
_LIMITER_DB = TRUE_PEAK_DB - 1.6
_LIMITER = f"limit={10 ** (_LIMITER_DB / 20):.4f}:level=0:attack=5:release=20:latency=1"
_GATING_BLOCK_MS = 400  # ITU-R BS.1770-4: nothing shorter has a loudness
_OVERSAMPLED_HZ = 4 * RATE_HZ
_FULL_SCALE = 32768
# At some sounds Opus overshoots for a few milliseconds: once in ten minutes of the built-in voice, to 4 dB above
# full scale. With a little less bandwidth or level it does not.
_WAYS_OUT = ((20_000, 0.0), (12_000, 0.0), (12_000, -1.0), (20_000, -2.0), (12_000, -4.0))  # Hz, dB
SILENCE_LUFS = -70.0  # what the meter shows when every block is gated


def integrated_lufs(pcm: Pcm) -> float:
    """Integrated loudness; -70 for silence. Takes 48 kHz.

    A sound too short to have a loudness is measured as if it were repeated.
    """
    last: dict[str, str] = {}
    for frame in _filtered(_long_enough(pcm), [("ebur128", "metadata=1:framelog=quiet")]):
        last = frame.metadata or last
    return float(last.get("lavfi.r128.I", SILENCE_LUFS))


def true_peak_db(pcm: Pcm) -> float:
    """The highest peak of the sound oversampled four times (ITU-R BS.1770-4), against full scale."""
    peak = 0
    for part in resampled(frames(pcm), _OVERSAMPLED_HZ):
        peak = max(peak, int(np.abs(np.frombuffer(part, np.int16).astype(np.int32)).max(initial=0)))
    return 20 * math.log10(peak / _FULL_SCALE) if peak else -math.inf


def levelled(pcm: Pcm) -> Pcm:
    """The sound such that after Opus it has -16 LUFS (within 0.5) and a true peak of at most -1.5 dB.

    A plain gain and a limiter, in two steps: the limiter takes loudness away, by an amount that the first step
    shows. (FFmpeg's loudnorm left 9 of 14 clips of up to 4 s more than 0.6 LU
    too quiet; this left none.) Silence stays.
    """
    before = integrated_lufs(pcm)
    if before <= SILENCE_LUFS:
        return pcm
    gain_db = _BEFORE_OPUS_LUFS - before
    first = integrated_lufs(_limited(pcm, gain_db))
    yield_ = min(1.0, max(1 / 3, (first - before) / gain_db)) if gain_db > 0 else 1.0
    return _limited(pcm, gain_db + (_BEFORE_OPUS_LUFS - first) / yield_)


def encoded(pcm: Pcm) -> Sound:
    """A levelled sound as Opus: the first way out whose true peak, decoded again, is at most -1.5 dB.

    Should none be, the last one, which is 4 dB quieter than asked for.
    """
    for bandwidth_hz, gain_db in _WAYS_OUT:
        sound = encode(_limited(pcm, gain_db) if gain_db else pcm, bandwidth_hz=bandwidth_hz)
        if true_peak_db(decode(sound.opus)) <= TRUE_PEAK_DB:
            break
    return sound


def _long_enough(pcm: Pcm) -> Pcm:
    if not 0 < pcm.duration_ms < 2 * _GATING_BLOCK_MS:
        return pcm
    return Pcm(pcm.samples * math.ceil(2 * _GATING_BLOCK_MS / pcm.duration_ms), pcm.rate_hz)


def _limited(pcm: Pcm, gain_db: float) -> Pcm:
    steps = [("volume", f"{gain_db:.4f}dB"), ("alimiter", _LIMITER), ("aformat", "sample_fmts=s16")]
    return Pcm(b"".join(frame.to_ndarray().tobytes() for frame in _filtered(pcm, steps)))


def _filtered(pcm: Pcm, steps: list[tuple[str, str]]) -> Iterator[av.AudioFrame]:
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="s16", sample_rate=RATE_HZ, layout="mono")
    chain = [source, *(graph.add(name, arguments) for name, arguments in steps), graph.add("abuffersink")]
    for one, other in itertools.pairwise(chain):
        one.link_to(other)
    graph.configure()
    for frame in itertools.chain(frames(pcm), [None]):
        graph.push(frame)
        yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame
