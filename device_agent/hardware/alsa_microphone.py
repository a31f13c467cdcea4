"""The microphone: an ALSA stream that is open only while something is to be heard."""

import asyncio
import threading
import time
from statistics import median

import numpy as np

from device_agent.core.hearing import Recording
from device_agent.core.resample import LISTEN_S, to_hearing_rate
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware.alsa import AlsaStream

BUFFER_S = 0.2
OPEN_AHEAD_S = 0.3  # what opening a device takes at most on a Pi
_READ_FRAMES = 2_400  # 50 ms


class AlsaMicrophone:
    """A `ports.Microphone` on an ALSA device such as "default" or "plughw:1,0"."""

    def __init__(self, device: str = "default") -> None:
        self._device = device
        self._in_use = threading.Lock()  # a card that one recording still holds is not a card that is lost

    async def record(self, start_s: float, duration_s: float) -> Recording:
        await asyncio.sleep(max(0.0, start_s - OPEN_AHEAD_S - time.monotonic()))
        end_s = start_s + min(duration_s, LISTEN_S)
        ended = threading.Event()
        thread = asyncio.create_task(asyncio.to_thread(self._record, start_s, end_s, ended))
        try:
            return await asyncio.shield(thread)
        finally:
            ended.set()

    def _record(self, start_s: float, end_s: float, ended: threading.Event) -> Recording:
        with self._in_use:
            return self._recorded(start_s, end_s, ended)

    def _recorded(self, start_s: float, end_s: float, ended: threading.Event) -> Recording:
        stream = AlsaStream(self._device, "capture", BUFFER_S)
        pieces: list[Pcm] = []
        count = 0
        first_s: list[float] = []  # each read's own opinion of when the first frame was; their median is good
        try:
            stream.start()
            while not ended.is_set() and (not first_s or first_s[-1] + count / SAMPLE_RATE < end_s):
                piece = stream.read(_READ_FRAMES)
                age_s = stream.delay_s()
                if piece is None:
                    piece = _lost_since(first_s, count)
                elif age_s is not None:
                    first_s.append(time.monotonic() - age_s - (count + len(piece)) / SAMPLE_RATE)
                pieces.append(piece)
                count += len(piece)
        finally:
            stream.close()
        return _cut(np.concatenate(pieces), median(first_s), start_s, end_s)


def _lost_since(first_s: list[float], count: int) -> Pcm:
    """Silence as long as what an overrun lost, so that what follows keeps its time."""
    if not first_s:
        return np.zeros(0, np.int16)
    lost = round((time.monotonic() - median(first_s)) * SAMPLE_RATE) - count
    return np.zeros(max(0, lost), np.int16)


def _cut(pcm: Pcm, first_s: float, start_s: float, end_s: float) -> Recording:
    """The part between two instants, at the hearing rate; it begins later when the first frame came later."""
    skipped = max(0, round((start_s - first_s) * SAMPLE_RATE))
    wanted = pcm[skipped : max(skipped, round((end_s - first_s) * SAMPLE_RATE))]
    return Recording(to_hearing_rate(wanted), first_s + skipped / SAMPLE_RATE)
