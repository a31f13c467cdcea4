"""A file of live speech: Ogg Opus, written while it is spoken, and how long it is."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av

from hub.adapters.audio.errors import SoundUnreadable
from hub.adapters.audio.pcm import RATE_HZ

FRAME_SAMPLES = 960
PAGE_US = 500_000
"""How much of it one page of the file holds; a page is written when it is full."""


class Recording:
    """One file that is being written. Pauses of the speaker are not in it."""

    def __init__(self, path: Path) -> None:
        options = {"flush_packets": "1", "page_duration": str(PAGE_US)}
        self._file = av.open(str(path), "w", format="ogg", options=options)
        self._stream = self._file.add_stream("libopus", rate=RATE_HZ, layout="mono")
        self._samples = 0

    def add(self, opus: bytes) -> None:
        """The next frame of 20 ms, as it came."""
        packet = av.Packet(opus)
        packet.stream, packet.time_base = self._stream, Fraction(1, RATE_HZ)
        packet.pts = packet.dts = self._samples
        packet.duration = FRAME_SAMPLES
        self._file.mux(packet)
        self._samples += FRAME_SAMPLES

    def close(self) -> None:
        """Writes what is left."""
        self._file.close()


def duration_ms(opus: bytes) -> int:
    """By its packets: nothing is decoded. Raises SoundUnreadable."""
    try:
        with av.open(io.BytesIO(opus), "r", format="ogg") as container:
            count = sum(1 for packet in container.demux(audio=0) if packet.size)
    except av.FFmpegError as error:
        raise SoundUnreadable(str(error)) from error
    return count * FRAME_SAMPLES * 1000 // RATE_HZ
