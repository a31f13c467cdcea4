"""From speech to what is sent: chimes around it, its level, its file. Slow to load, so that maker.py does it late."""

from __future__ import annotations

import warnings

from hub.adapters.audio import chimes, codec
from hub.adapters.audio.loudness import encoded, levelled
from hub.adapters.audio.pcm import BYTES_PER_SAMPLE, RATE_HZ, Pcm
from hub.services.ports import Sound

with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)  # it looks for an ffmpeg program, which we never use
    from pydub import AudioSegment

_CHIME_TO_SPEECH_MS = 400
_SPEECH_TO_CHIME_MS = 600


def make_chimes() -> None:
    """Have all chimes ready before the first announcement."""
    for chime in (*chimes.CHIMES.values(), chimes.END_CHIME):
        chimes.sound(chime)


def announcement(speech: Pcm, kind: str) -> Sound:
    """Chime of this kind, speech and end chime with their pauses, in that order."""
    whole = (
        _segment(chimes.sound(chimes.CHIMES[kind]))
        + AudioSegment.silent(_CHIME_TO_SPEECH_MS, RATE_HZ)
        + _segment(_level(speech))
        + AudioSegment.silent(_SPEECH_TO_CHIME_MS, RATE_HZ)
        + _segment(chimes.sound(chimes.END_CHIME))
    )
    return encoded(Pcm(whole.raw_data))


def clip(speech: Pcm) -> Sound:
    """Only the speech."""
    return encoded(_level(speech))


def wav(speech: Pcm) -> bytes:
    """Only the speech, as a WAV file."""
    return codec.wav(_level(speech))


def _level(speech: Pcm) -> Pcm:
    return levelled(codec.at_48_khz(speech))


def _segment(pcm: Pcm) -> AudioSegment:
    return AudioSegment(pcm.samples, sample_width=BYTES_PER_SAMPLE, frame_rate=pcm.rate_hz, channels=1)
