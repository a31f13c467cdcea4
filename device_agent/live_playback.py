"""Live speech on its way from the link to the mixer: each frame to its instant by the hub's clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from device_agent.clock import DeviceClock
from device_agent.core.live import FrameDecoder, LiveSource
from device_agent.core.priorities import resumes
from device_agent.core.sounds import SAMPLE_RATE, Sound
from wire.live import MOST_FRAMES, Frame
from wire.messages import Live

NEAR_US = 5_000_000  # a frame further from now than this was recorded by somebody and sent again

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """A live announcement that is listened to; `start_s` (monotonic) is when position 0 sounds."""

    message: Live
    source: LiveSource
    start_s: float | None = None
    refused: int = 0


class LivePlayback:
    """`mix` hands a sound to the mixer; `new_decoder` makes one for each speaker; `doubt` is told of frames that are
    far from the hub's time."""

    def __init__(
        self,
        clock: DeviceClock,
        new_decoder: Callable[[], FrameDecoder],
        mix: Callable[[Sound], None],
        doubt: Callable[[], None],
    ) -> None:
        self.delay_s = 0.0
        self._clock = clock
        self._new_decoder = new_decoder
        self._mix = mix
        self._doubt = doubt
        self._open: dict[str, _Open] = {}

    def open(self, message: Live) -> None:
        """Play its frames from now on."""
        self._open[message.announcement_id] = _Open(message, LiveSource(self._new_decoder()))

    def frame(self, announcement_id: str, frame: Frame) -> None:
        """A frame whose signature was found good; the first one begins the sound."""
        live = self._open.get(announcement_id)
        if live is None:
            return
        if not self._is_of(live.message, frame):
            live.refused += 1
            return
        at_s = self._instant_s(live, frame.capture_us)
        if live.start_s is None:
            if frame.is_pause:
                return
            live.start_s = at_s
            live.source.put(frame.seq, 0, frame.opus)
            self._mix(_sound(live.message, live.source, at_s))
            return
        live.source.put(frame.seq, round((at_s - live.start_s) * SAMPLE_RATE), frame.opus)

    def end(self, announcement_id: str, end_us: int) -> None:
        """Let it sound until what was captured at `end_us`."""
        live = self._open.get(announcement_id)
        if live is not None and live.start_s is not None:
            live.source.finish(round((self._instant_s(live, end_us) - live.start_s) * SAMPLE_RATE))

    def close(self, announcement_id: str) -> None:
        """Its frames are of no interest any more."""
        live = self._open.pop(announcement_id, None)
        if live is not None:
            log.info("live %s: frames %s, refused %d", announcement_id, live.source.counts, live.refused)

    def _instant_s(self, live: _Open, capture_us: int) -> float:
        return self._clock.mono_s(capture_us / 1000 + live.message.delay_ms) + self.delay_s

    def _is_of(self, message: Live, frame: Frame) -> bool:
        """Whether the frame belongs to this announcement and to this moment."""
        now = self._clock.now()
        is_near = abs(frame.capture_us - now.unix_ms * 1000) < NEAR_US
        if not is_near:
            self._doubt()
        return now.is_learned and is_near and 0 <= frame.seq - message.first_seq < MOST_FRAMES


def _sound(message: Live, source: LiveSource, start_s: float) -> Sound:
    return Sound(
        message.announcement_id,
        source,
        message.priority,
        start_s=start_s,
        volume=message.volume,
        resumes=resumes(message.priority),
        is_live=True,
    )
