"""The loudspeaker: one ALSA stream that is always open, filled by a thread."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from device_agent.core.sounds import SAMPLE_RATE, SoundEvent
from device_agent.hardware.alsa import AlsaStream
from device_agent.hardware.errors import SoundCardLost
from device_agent.hardware.ports import Renderer

BLOCK_FRAMES = 480  # 10 ms
BUFFER_S = 0.08  # had no underruns under load where 40 ms had 7-8
REOPEN_FIRST_S = 0.5
REOPEN_LAST_S = 10.0

_log = logging.getLogger(__name__)


class AlsaSpeaker:
    """A `ports.Speaker` on an ALSA device such as "default" or "plughw:1,0"."""

    def __init__(self, device: str = "default", buffer_s: float = BUFFER_S) -> None:
        self._device = device
        self._buffer_s = buffer_s
        self._fault: str | None = "not opened yet"
        self.underruns = 0

    @property
    def fault(self) -> str | None:
        return self._fault

    def wake(self) -> None:
        """Nothing to do: this stream never sleeps."""

    async def run(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        loop = asyncio.get_running_loop()
        ended = threading.Event()

        def tell(events: list[SoundEvent]) -> None:
            loop.call_soon_threadsafe(deliver, events)

        thread = asyncio.create_task(asyncio.to_thread(self._keep_open, renderer, tell, ended))
        try:
            await asyncio.shield(thread)
        finally:
            ended.set()
            await thread

    def _keep_open(self, renderer: Renderer, tell: Callable[[list[SoundEvent]], None], ended: threading.Event) -> None:
        pause_s = REOPEN_FIRST_S
        while not ended.is_set():
            opened_s = time.monotonic()
            try:
                self._play(renderer, tell, ended)
            except SoundCardLost as error:
                if str(error) != self._fault:
                    _log.warning("no loudspeaker: %s", error)
                self._fault = str(error)
            if time.monotonic() - opened_s > REOPEN_LAST_S:
                pause_s = REOPEN_FIRST_S
            ended.wait(pause_s)
            pause_s = min(2 * pause_s, REOPEN_LAST_S)

    def _play(self, renderer: Renderer, tell: Callable[[list[SoundEvent]], None], ended: threading.Event) -> None:
        stream = AlsaStream(self._device, "playback", self._buffer_s)
        self._fault = None
        clock = DacClock()
        try:
            while not ended.is_set():
                delay_s = stream.delay_s()
                heard_s = time.monotonic() + (self._buffer_s if delay_s is None else delay_s)
                if not stream.write(renderer.render(BLOCK_FRAMES, clock.next_block_s(heard_s, BLOCK_FRAMES))):
                    self.underruns += 1
                    clock = DacClock()
                if events := renderer.events():
                    tell(events)
        finally:
            stream.close()


class DacClock:
    """When blocks leave the DAC: counted in frames, pulled gently towards what the driver says, which jitters."""

    PULL = 0.02  # of the error a block: half a second to follow with 10 ms blocks
    MOST_ERROR_S = 0.00025  # more is taken for this much: never faster than 500 ppm, whatever a loaded machine says
    JUMP_S = 0.005  # more than jitter: the stream was interrupted

    def __init__(self) -> None:
        self._next_s: float | None = None

    def next_block_s(self, measured_s: float, frames: int) -> float:
        """The instant of the next block's first frame, given what the driver says about it now."""
        estimate_s = measured_s if self._next_s is None else self._next_s
        error_s = measured_s - estimate_s
        if abs(error_s) > self.JUMP_S:
            estimate_s = measured_s
        else:
            estimate_s += self.PULL * min(max(error_s, -self.MOST_ERROR_S), self.MOST_ERROR_S)
        self._next_s = estimate_s + frames / SAMPLE_RATE
        return estimate_s
