"""Live speech as the mixer reads it: frames wait here for their instant; what is missing then is concealed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm

FRAME = SAMPLE_RATE // 50  # 20 ms
QUIET_S = 5  # without a frame for so long the speaker has gone (BROADCAST.md, Live)
JUDGED_S = 10  # the beginning that is kept for the microphone to be judged by: 1 MB
CONCEALED = 5  # 100 ms: beyond that a guess would be a buzz, so it fades to silence
HELD = 240  # 5 ms: a clock that was learned anew leaves a gap so small that the last value bridges it
FADE_IN = 120  # 2.5 ms after silence: no click
REMEMBERED = 512  # numbers behind the newest that may still come late; older ones are no news
BEHIND = 9_600  # 0.2 s that the mixer may read again, when it repeats a frame or steps back


class FrameDecoder(Protocol):
    """Decodes one speaker's frames in their order; each call gives FRAME frames."""

    def decode(self, opus: bytes) -> Pcm:
        """The sound of the next frame. Raises ValueError for what is no Opus."""

    def conceal(self) -> Pcm:
        """A guess at a frame that is missing."""


@dataclass(slots=True)
class Counts:
    """What became of the frames."""

    played: int = 0
    concealed: int = 0
    late: int = 0
    doubled: int = 0


class LiveSource:
    """Frames of a stream by position: 0 is where the first frame that came begins.

    A `sounds.Frames`: its length moves on while frames come, and is the end once that is known. Safe to call from
    the loop (`put`, `finish`) and the speaker's thread (the rest).
    """

    def __init__(self, decoder: FrameDecoder) -> None:
        self.counts = Counts()
        self._decoder = decoder
        self._lock = threading.Lock()
        self._waiting: dict[int, bytes] = {}
        self._seen: set[int] = set()
        self._newest: int | None = None
        self._end: int | None = None
        self._last = 0
        self._made: Pcm = np.zeros(0, np.int16)
        self._made_to: int | None = None
        self._missing = CONCEALED  # how many frames in a row were concealed; CONCEALED: silence
        self._beginning: list[Pcm] = []

    def put(self, seq: int, at: int, opus: bytes) -> None:
        """Take the frame with this number, to be played from position `at` on; doubled and late ones are dropped."""
        with self._lock:
            newest = seq if self._newest is None else max(self._newest, seq)
            if seq in self._seen or seq <= newest - REMEMBERED:
                self.counts.doubled += 1
                return
            self._newest = newest
            self._seen = {one for one in self._seen if one > newest - REMEMBERED} | {seq}
            if self._made_to is not None and at + FRAME <= self._made_to:
                self.counts.late += 1
                return
            self._waiting[at] = opus
            self._last = max(self._last, at + FRAME)

    def finish(self, at: int) -> None:
        """Nothing comes after this position."""
        with self._lock:
            self._end = max(0, at)

    def __len__(self) -> int:
        with self._lock:
            return self._last + QUIET_S * SAMPLE_RATE if self._end is None else self._end

    def __getitem__(self, span: slice) -> Pcm:
        """The frames from `span.start` to `span.stop`; whatever is not there by now is concealed for good."""
        start, stop = int(span.start), int(span.stop)
        with self._lock:
            if self._made_to is None or start > self._made_to + SAMPLE_RATE:
                self._made, self._made_to, self._missing = np.zeros(0, np.int16), start, CONCEALED
                self._waiting = {at: opus for at, opus in self._waiting.items() if at + FRAME > start}
            while self._made_to < stop:
                self._add(self._next(self._made_to, stop))
            return self._read(start, stop)

    @property
    def beginning(self) -> Pcm:
        """The first JUDGED_S that were read, as far as they have come."""
        with self._lock:
            return np.concatenate([*self._beginning, np.zeros(0, np.int16)])

    def _next(self, at: int, stop: int) -> Pcm:
        """What comes at this position: at least one frame of sound, more where it is silent."""
        first = min(self._waiting, default=None)
        while first is not None and first + FRAME <= at:
            del self._waiting[first]
            self.counts.late += 1
            first = min(self._waiting, default=None)
        if first is None or first > at:
            return self._hole((stop if first is None else first) - at, is_open=first is None)
        return self._decoded(self._waiting.pop(first))[at - first :]

    def _decoded(self, opus: bytes) -> Pcm:
        is_pause, was_silent = len(opus) == 1, self._missing >= CONCEALED
        try:
            pcm = self._decoder.conceal() if is_pause else self._decoder.decode(opus)
        except ValueError:
            return self._hole(FRAME, is_open=False)
        self.counts.played += 1
        self._missing = CONCEALED if is_pause else 0
        if is_pause:
            return np.zeros(FRAME, np.int16) if was_silent else _faded(pcm)
        return _risen(pcm) if was_silent else pcm

    def _hole(self, frames: int, *, is_open: bool) -> Pcm:
        """Nothing has come for this position; `is_open`: nor for any later one."""
        if not is_open and frames <= HELD and len(self._made):
            return np.full(frames, self._made[-1], np.int16)
        if self._missing >= CONCEALED:
            return np.zeros(frames, np.int16)
        self._missing += 1
        self.counts.concealed += 1
        pcm = self._decoder.conceal()
        pcm = _faded(pcm) if self._missing == CONCEALED else pcm
        return pcm if is_open else pcm[:frames]

    def _add(self, pcm: Pcm) -> None:
        assert self._made_to is not None
        self._made = np.concatenate([self._made[-BEHIND:], pcm])
        self._made_to += len(pcm)
        left = JUDGED_S * SAMPLE_RATE - sum(map(len, self._beginning))
        if left > 0:
            self._beginning.append(pcm[:left])

    def _read(self, start: int, stop: int) -> Pcm:
        assert self._made_to is not None
        first = self._made_to - len(self._made)
        out = np.zeros(stop - start, np.int16)
        begin = max(start, first)
        if begin < stop:  # a stream that steps back further than is kept finds silence
            out[begin - start :] = self._made[begin - first : stop - first]
        return out


def _faded(pcm: Pcm) -> Pcm:
    return (pcm * np.linspace(1.0, 0.0, len(pcm), dtype=np.float32)).astype(np.int16)


def _risen(pcm: Pcm) -> Pcm:
    risen = pcm.astype(np.float32)
    risen[:FADE_IN] *= np.linspace(0.0, 1.0, FADE_IN, dtype=np.float32)
    return risen.astype(np.int16)
