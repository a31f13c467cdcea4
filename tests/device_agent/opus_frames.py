"""Speech as a browser would send it: Opus, 20 ms a frame."""

from __future__ import annotations

import av
import numpy as np

from device_agent.core.live import FRAME
from device_agent.core.sounds import SAMPLE_RATE, Pcm


def frames_of(pcm: Pcm) -> list[bytes]:
    """One packet for each whole 20 ms, at 24 kbit/s."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = SAMPLE_RATE, "mono", "s16", 24_000
    encoder.options = {"application": "voip", "frame_duration": "20"}
    packets: list[bytes] = []
    for start in range(0, len(pcm) - FRAME + 1, FRAME):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm[start : start + FRAME]).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets
