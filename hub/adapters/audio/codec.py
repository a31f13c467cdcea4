"""Between samples and files: resampling, Opus in Ogg, WAV; all in process through PyAV's libraries."""

import hashlib
import io
import itertools
import wave
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from hub.adapters.audio.errors import SoundUnreadable
from hub.adapters.audio.pcm import BYTES_PER_SAMPLE, RATE_HZ, Pcm
from hub.services.ports import Sound

_OPUS_BIT_RATE = 24_000  # BROADCAST.md; 96 kB for 30 s of speech
# "voip" high-passes and shifts by a sample: correlation with the source 0.96 at lag -1, "audio" 0.99 at lag 0.
_OPUS_OPTIONS = {"application": "audio", "vbr": "on"}
# Otherwise the stream's serial number is random and the same sound would have another hash each time.
_OGG_OPTIONS = {"fflags": "+bitexact"}
_FRAME_SAMPLES = RATE_HZ


def frames(pcm: Pcm) -> Iterator[av.AudioFrame]:
    """The samples as PyAV frames of at most a second, time-stamped."""
    samples = np.frombuffer(pcm.samples, np.int16).reshape(1, -1)
    for start in range(0, pcm.count, _FRAME_SAMPLES):
        part = np.ascontiguousarray(samples[:, start : start + _FRAME_SAMPLES])
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate = pcm.rate_hz
        frame.time_base = Fraction(1, pcm.rate_hz)
        frame.pts = start
        yield frame


def at_48_khz(pcm: Pcm) -> Pcm:
    """The same sound at 48 kHz."""
    return pcm if pcm.rate_hz == RATE_HZ else Pcm(b"".join(resampled(frames(pcm), RATE_HZ)))


def encode(pcm: Pcm, *, bandwidth_hz: int = 20_000) -> Sound:
    """The sound as Opus in Ogg. The same samples always give the same bytes. Takes 48 kHz.

    `bandwidth_hz`: what Opus keeps; it knows 4, 6, 8, 12 and 20 kHz.
    """
    options = {**_OPUS_OPTIONS, "cutoff": str(bandwidth_hz)}
    file = io.BytesIO()
    with av.open(file, "w", format="ogg", options=_OGG_OPTIONS) as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono", options=options)
        stream.bit_rate = _OPUS_BIT_RATE
        for frame in itertools.chain(frames(pcm), [None]):
            container.mux(stream.encode(frame))
    opus = file.getvalue()
    return Sound(opus, hashlib.sha256(opus).hexdigest(), pcm.duration_ms)


def decode(data: bytes) -> Pcm:
    """Any sound file as 48 kHz mono. Of an Opus file exactly the samples that were encoded: pre-skip and
    padding are gone. Error: SoundUnreadable."""
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            if not container.streams.audio:
                raise SoundUnreadable("the file holds no sound")
            return Pcm(b"".join(resampled(container.decode(audio=0), RATE_HZ)))
    except av.FFmpegError as error:
        raise SoundUnreadable(f"the sound file cannot be decoded: {error.strerror}") from error


def wav(pcm: Pcm) -> bytes:
    """The sound as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(BYTES_PER_SAMPLE)
        writer.setframerate(pcm.rate_hz)
        writer.writeframes(pcm.samples)
    return file.getvalue()


def resampled(source: Iterator[av.AudioFrame], rate_hz: int) -> Iterator[bytes]:
    """The frames as mono s16 samples at another rate, piece by piece."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    for frame in itertools.chain(source, [None]):
        for part in resampler.resample(frame):
            yield part.to_ndarray().tobytes()
