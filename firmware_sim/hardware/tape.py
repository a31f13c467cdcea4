"""What a simulated loudspeaker put into the air: WAV files of the stretches that sounded, and when each began."""

import json
import time
import wave
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm

SEGMENT_MOST_S = 60  # a longer one goes on in the next file, so that old ones can be deleted
MOST_BYTES = 12 * 1024 * 1024  # two minutes of sound a building; 69 of them fill less than 1 GB
_HEADER_BYTES = 44  # of a WAV file as Python's wave module writes it


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of sound. Frame n was heard at `start_… + n / frames_per_s`, true time of the machine."""

    file: str
    start_monotonic_ns: int
    start_unix_ns: int
    frames: int
    frames_per_s: float

    @property
    def start_s(self) -> float:
        return self.start_monotonic_ns / 1e9

    @property
    def end_s(self) -> float:
        return self.start_s + self.frames / self.frames_per_s


@dataclass(slots=True)
class _Writing:
    """The segment that is being written; `begun` knows nothing of its length yet."""

    begun: Segment
    file: BinaryIO
    wav: wave.Wave_write
    frames: int = 0

    @property
    def segment(self) -> Segment:
        return replace(self.begun, frames=self.frames)

    @property
    def end_s(self) -> float:
        return self.begun.start_s + self.frames / self.begun.frames_per_s


class Tape:
    """Writes `{name}-000001.wav` … and `{name}.json` with the list of finished Segments into `folder`.

    `frames_per_s` is the loudspeaker's own rate, SAMPLE_RATE and the skew of its clock. The oldest segments are
    deleted when there are more than `most_bytes`.
    """

    def __init__(
        self, folder: Path, name: str, frames_per_s: float = SAMPLE_RATE, most_bytes: int = MOST_BYTES
    ) -> None:
        self.frames_per_s = frames_per_s
        self._folder = folder
        self._name = name
        self._most_bytes = most_bytes
        self._finished: list[Segment] = []
        self._writing: _Writing | None = None
        self._number = 0

    @property
    def is_running(self) -> bool:
        """Whether a segment is being written."""
        return self._writing is not None

    @property
    def segments(self) -> list[Segment]:
        """All that is kept, oldest first, the one that is being written last."""
        return [*self._finished, self._writing.segment] if self._writing else list(self._finished)

    def append(self, start_s: float, pcm: Pcm) -> None:
        """The frames heard from monotonic time `start_s` on; a new segment unless they follow the last ones."""
        if (writing := self._writing) is not None:
            follows = abs(start_s - writing.end_s) < 0.5 / SAMPLE_RATE
            if not follows or writing.frames >= SEGMENT_MOST_S * SAMPLE_RATE:
                self.close()
        self._writing = self._writing or self._begin(start_s)
        self._writing.wav.writeframesraw(pcm.astype("<i2", copy=False).tobytes())
        self._writing.frames += len(pcm)

    def close(self) -> None:
        """End the segment: its file and the list are complete."""
        if self._writing is None:
            return
        self._writing.wav.close()
        self._writing.file.close()
        self._finished.append(self._writing.segment)
        self._writing = None
        self._forget_oldest()
        listing = {"rate": SAMPLE_RATE, "segments": [asdict(segment) for segment in self._finished]}
        temporary = self._folder / f"{self._name}.json.new"
        temporary.write_text(json.dumps(listing, indent=1))
        temporary.replace(self._folder / f"{self._name}.json")

    def between(self, start_s: float, duration_s: float) -> Pcm:
        """What was in the air: the loudspeaker's frames, silence where nothing sounded."""
        out = np.zeros(round(duration_s * self.frames_per_s), np.int16)
        for segment in self.segments:
            offset = round((segment.start_s - start_s) * self.frames_per_s)
            first, last = max(0, -offset), min(segment.frames, len(out) - offset)
            if first < last:
                out[offset + first : offset + last] = self._read(segment, first, last - first)
        return out

    def _begin(self, start_s: float) -> _Writing:
        self._number += 1
        name = f"{self._name}-{self._number:06}.wav"
        file = (self._folder / name).open("wb")
        wav = wave.open(file, "wb")  # noqa: SIM115 - closed with the segment
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        start_ns = round(start_s * 1e9)
        unix_ns = start_ns + time.time_ns() - time.monotonic_ns()
        return _Writing(Segment(name, start_ns, unix_ns, 0, self.frames_per_s), file, wav)

    def _read(self, segment: Segment, first: int, count: int) -> Pcm:
        if self._writing is not None:
            self._writing.file.flush()
        path = self._folder / segment.file
        return np.fromfile(path, "<i2", count, offset=_HEADER_BYTES + 2 * first).astype(np.int16, copy=False)

    def _forget_oldest(self) -> None:
        while len(self._finished) > 1 and sum(2 * segment.frames for segment in self._finished) > self._most_bytes:
            (self._folder / self._finished.pop(0).file).unlink(missing_ok=True)
