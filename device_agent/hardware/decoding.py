"""From the Opus file that came over the wire to the frames that the mixer plays."""

import hashlib
import io
import threading
from collections import OrderedDict

import av
import numpy as np

from device_agent.core.live import FRAME as LIVE_FRAME
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware.errors import UnreadableAudio

MOST_BYTES = 16 * 1024 * 1024  # 20 minutes at 24 kbit/s are 3.6 MB
MOST_SECONDS = 20 * 60


class OpusFrames:
    """One speaker's frames of 20 ms, one after the other; a `core.live.FrameDecoder`."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = SAMPLE_RATE
        self._codec.layout = "mono"
        self._last = b"\x78"  # the first byte of a frame of 20 ms of speech at full bandwidth

    def decode(self, opus: bytes) -> Pcm:
        """Its 960 frames. Raises ValueError for what is no Opus."""
        try:
            decoded = self._codec.decode(av.Packet(opus))
        except av.FFmpegError as error:
            raise ValueError(f"no frame of Opus: {error}") from error
        if [(frame.samples, frame.format.name) for frame in decoded] != [(LIVE_FRAME, "s16")]:
            raise ValueError(f"no 20 ms of Opus in {len(opus)} bytes")
        self._last = opus[:1]
        return decoded[0].to_ndarray().reshape(-1).astype(np.int16, copy=False)

    def conceal(self) -> Pcm:
        """libopus guesses what was lost when a packet holds nothing but its first byte."""
        return self.decode(self._last)


class Decoder:
    """Decodes each file once, keeping what was decoded last, up to `most_bytes`; safe to share between threads."""

    def __init__(self, most_bytes: int = 24 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[bytes, Pcm] = OrderedDict()
        self._lock = threading.Lock()

    def decode(self, data: bytes) -> Pcm:
        """As `decode_opus`; the frames are shared and cannot be written to."""
        key = hashlib.sha256(data).digest()
        with self._lock:  # held while decoding: who asks for the same file meanwhile waits for this one
            if key not in self._kept:
                pcm = decode_opus(data)
                pcm.flags.writeable = False
                self._kept[key] = pcm
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(pcm.nbytes for pcm in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
            return self._kept[key]


def decode_opus(data: bytes) -> Pcm:
    """The frames of an Opus file in Ogg, exactly as many as were encoded, at 48 kHz and one channel.

    Takes about 0.1 s of CPU for 20 s: call it in a thread. Raises UnreadableAudio for anything else than one Opus
    stream, and for more than MOST_BYTES or MOST_SECONDS.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableAudio(f"{len(data)} bytes; at most {MOST_BYTES} are played")
    try:
        with av.open(io.BytesIO(data), "r", format="ogg") as container:
            return _frames(container)
    except (av.FFmpegError, ValueError) as error:
        raise UnreadableAudio(f"this is no Opus file in Ogg: {error}") from error


def _frames(container: av.container.InputContainer) -> Pcm:
    if not container.streams.audio or container.streams.audio[0].codec_context.name not in ("opus", "libopus"):
        raise UnreadableAudio("this is no Opus file in Ogg: it holds another kind of sound, or none")
    mono = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    pieces: list[Pcm] = []
    count = 0
    for decoded in container.decode(audio=0):
        for frame in mono.resample(decoded):
            pieces.append(frame.to_ndarray().reshape(-1).astype(np.int16, copy=False))
            count += len(pieces[-1])
        if count > MOST_SECONDS * SAMPLE_RATE:
            raise UnreadableAudio(f"it is longer than {MOST_SECONDS // 60} minutes")
    if not count:
        raise UnreadableAudio("it holds no sound")
    return np.concatenate(pieces)
