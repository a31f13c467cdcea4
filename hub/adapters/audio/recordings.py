"""What was spoken live, kept as Ogg Opus while it is spoken: a hub that is killed has it up to a second before."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from pathlib import Path

import av
import structlog

from hub.adapters.audio.pcm import RATE_HZ
from hub.services.ports import Sound

log = structlog.get_logger()

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


class Recordings:
    """Fills ports.Recordings with files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, announcement_id: str) -> Recording:
        """A new file; raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Recording(self._path(announcement_id))

    def unfinished(self) -> list[str]:
        """The announcements whose files are still there."""
        return sorted(path.stem for path in self._folder.glob("*.ogg"))

    def sound(self, announcement_id: str) -> Sound | None:
        """What is in the file; None for one that holds nothing that can be played."""
        try:
            opus = self._path(announcement_id).read_bytes()
            duration_ms = _duration_ms(opus)
        except (OSError, av.FFmpegError) as error:
            log.warning("recording_unreadable", announcement=announcement_id, reason=str(error))
            return None
        return Sound(opus, hashlib.sha256(opus).hexdigest(), duration_ms) if duration_ms else None

    def forget(self, announcement_id: str) -> None:
        """Removes the file."""
        self._path(announcement_id).unlink(missing_ok=True)

    def _path(self, announcement_id: str) -> Path:
        return self._folder / f"{announcement_id}.ogg"


def _duration_ms(opus: bytes) -> int:
    """By its packets: nothing is decoded."""
    with av.open(io.BytesIO(opus), "r", format="ogg") as container:
        count = sum(1 for packet in container.demux(audio=0) if packet.size)
    return count * FRAME_SAMPLES * 1000 // RATE_HZ
