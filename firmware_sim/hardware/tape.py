"""What a simulated loudspeaker put into the air: WAV files of the stretches that sounded, and when each began."""

import io
import json
import logging
import threading
import time
import wave
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ParamSpec

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm

SEGMENT_MOST_S = 60  # a longer one goes on in the next file, so that old ones can be deleted
MOST_BYTES = 12 * 1024 * 1024  # two minutes of sound a building; 69 of them fill less than 1 GB
BLOCKS_IN_MEMORY = 25  # a second of the loudspeaker's blocks
_HEADER_BYTES = 44  # of a WAV file as Python's wave module writes it
_WRITER = ThreadPoolExecutor(1, thread_name_prefix="tape")
P = ParamSpec("P")

log = logging.getLogger(__name__)


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
    frames: int = 0
    in_memory: list[bytes] = field(default_factory=list)

    @property
    def segment(self) -> Segment:
        return replace(self.begun, frames=self.frames)

    @property
    def end_s(self) -> float:
        return self.begun.start_s + self.frames / self.begun.frames_per_s


class Tape:
    """Writes `{name}-000001.wav` … and `{name}.json` with the list of Segments into `folder`, and goes on with what an
    earlier process left there. A segment that is being written has no frames in the list yet.

    `frames_per_s` is the loudspeaker's own rate, SAMPLE_RATE and the skew of its clock. The oldest segments are
    deleted when there are more than `most_bytes`. One thread of the process writes for all its tapes: a disk that
    is slow when 70 loudspeakers begin at the same instant must not make them stutter. `flush` waits for it.
    """

    def __init__(
        self, folder: Path, name: str, frames_per_s: float = SAMPLE_RATE, most_bytes: int = MOST_BYTES
    ) -> None:
        self.frames_per_s = frames_per_s
        self._folder = folder
        self._name = name
        self._most_bytes = most_bytes
        self._finished = _left_behind(folder, name)
        self._writing: _Writing | None = None
        self._number = max((_number(segment.file) for segment in self._finished), default=0)
        self._lock = threading.Lock()
        if self._finished:
            self._list(self._finished)

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
        with self._lock:
            self._writing = self._writing or self._begin(start_s)
            self._writing.in_memory.append(pcm.astype("<i2", copy=False).tobytes())
            self._writing.frames += len(pcm)
            if len(self._writing.in_memory) >= BLOCKS_IN_MEMORY:
                self._write_out(self._writing)

    def close(self) -> None:
        """End the segment: its file and the list are complete after `flush`."""
        with self._lock:
            if self._writing is None:
                return
            segment = self._writing.segment
            self._write_out(self._writing)
            self._writing = None
            self._finished.append(segment)
            _write(_end_file, self._folder / segment.file, segment.frames)
            self._forget_oldest()
            self._list(self._finished)

    def flush(self) -> None:
        """Returns when everything so far is in the files."""
        with self._lock:
            if self._writing is not None:
                self._write_out(self._writing)
        _WRITER.submit(lambda: None).result()

    def between(self, start_s: float, duration_s: float) -> Pcm:
        """What was in the air: the loudspeaker's frames, silence where nothing sounded."""
        self.flush()
        out = np.zeros(round(duration_s * self.frames_per_s), np.int16)
        for segment in self.segments:
            offset = round((segment.start_s - start_s) * self.frames_per_s)
            first, last = max(0, -offset), min(segment.frames, len(out) - offset)
            if first < last:
                sounded = self._read(segment, first, last - first)
                out[offset + first : offset + first + len(sounded)] = sounded
        return out

    def _begin(self, start_s: float) -> _Writing:
        self._number += 1
        name = f"{self._name}-{self._number:06}.wav"
        start_ns = round(start_s * 1e9)
        unix_ns = start_ns + time.time_ns() - time.monotonic_ns()
        begun = Segment(name, start_ns, unix_ns, 0, self.frames_per_s)
        _write(_begin_file, self._folder / name)
        self._list([*self._finished, begun])
        return _Writing(begun)

    def _list(self, segments: list[Segment]) -> None:
        listing = {"rate": SAMPLE_RATE, "segments": [asdict(one) for one in segments]}
        _write(_replace, self._folder / f"{self._name}.json", json.dumps(listing, indent=1))

    def _write_out(self, writing: _Writing) -> None:
        _write(_add_to_file, self._folder / writing.begun.file, b"".join(writing.in_memory))
        writing.in_memory.clear()

    def _read(self, segment: Segment, first: int, count: int) -> Pcm:
        path = self._folder / segment.file
        return np.fromfile(path, "<i2", count, offset=_HEADER_BYTES + 2 * first).astype(np.int16, copy=False)

    def _forget_oldest(self) -> None:
        while len(self._finished) > 1 and sum(2 * segment.frames for segment in self._finished) > self._most_bytes:
            _write(_delete, self._folder / self._finished.pop(0).file)


def _left_behind(folder: Path, name: str) -> list[Segment]:
    """What is listed, oldest first; the segment that a killed process was writing is as long as its file."""
    listing = folder / f"{name}.json"
    if not listing.exists():
        return []
    found = []
    for segment in [Segment(**one) for one in json.loads(listing.read_text())["segments"]]:
        file = folder / segment.file
        if segment.frames or not file.exists():
            found.append(segment)
            continue
        frames = max(0, file.stat().st_size - _HEADER_BYTES) // 2
        _end_file(file, frames)
        found.append(replace(segment, frames=frames))
    return found


def _number(file: str) -> int:
    return int(Path(file).stem.rpartition("-")[2])


def _write(job: Callable[P, None], *arguments: P.args, **options: P.kwargs) -> None:
    """In the writing thread, in the order of the calls."""

    def complain(done: Future[None]) -> None:
        if (error := done.exception()) is not None:
            log.error("a recording cannot be written: %s", error)

    _WRITER.submit(job, *arguments, **options).add_done_callback(complain)


def _begin_file(path: Path) -> None:
    path.write_bytes(_header(0))


def _add_to_file(path: Path, samples: bytes) -> None:
    with path.open("ab") as file:
        file.write(samples)


def _end_file(path: Path, frames: int) -> None:
    with path.open("r+b") as file:
        file.write(_header(frames))


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text)
    temporary.replace(path)


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)


def _header(frames: int) -> bytes:
    """What comes before so many frames in a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        wav.setnframes(frames)
        wav.writeframesraw(b"")
        return file.getvalue()
