"""Which frames of live speech sound."""

from __future__ import annotations

import numpy as np

from device_agent.clock import DeviceClock
from device_agent.core.live import FRAME
from device_agent.core.sounds import Pcm, Sound
from device_agent.live_playback import LivePlayback
from tests.device_agent.core.test_live_announcements import LIVE
from tests.device_agent.core.values import UNIX_MS
from wire.live import Frame


class Tone:
    """A `FrameDecoder` of one value."""

    def decode(self, opus: bytes) -> Pcm:
        return np.full(FRAME, 500, np.int16)

    def conceal(self) -> Pcm:
        return np.zeros(FRAME, np.int16)


def test_frames_from_another_time_do_not_sound_until_the_hub_has_told_its_time_anew() -> None:
    clock = DeviceClock(mono_ns=lambda: 0)
    clock.learn((UNIX_MS + 3_600_000) * 1_000_000)
    mixed: list[Sound] = []
    doubts: list[None] = []
    live = LivePlayback(clock, Tone, mixed.append, lambda: doubts.append(None))
    live.open(LIVE)
    live.frame(LIVE.announcement_id, Frame(7, UNIX_MS * 1_000, b"opus"))
    assert (len(doubts), mixed) == (1, [])
    clock.learn(UNIX_MS * 1_000_000)
    live.frame(LIVE.announcement_id, Frame(8, UNIX_MS * 1_000 + 20_000, b"opus"))
    assert len(doubts) == 1
    (sound,) = mixed
    assert sound.start_s == 0.22
