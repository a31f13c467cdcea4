"""The loudspeaker: one ALSA stream that is always open, filled by a thread."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from device_agent.core.dac_clock import DacClock
from device_agent.core.sounds import SoundEvent
from device_agent.hardware.alsa import AlsaStream
from device_agent.hardware.errors import SoundCardLost
from device_agent.hardware.ports import Renderer

BUFFER_S = (0.03, 0.05, 0.08)
"""What is written can no longer be taken back: a warning is heard after this, a period and the ramp. The first had no
gap on a loaded machine in a thread that goes first, several in one that does not; after a gap comes the next."""
CALM_S = 600.0  # so long without a gap, and the least is tried again
GO_FIRST = 20  # of the real-time priorities 1-99: above the agent's other threads, which deploy/ runs at 10
REOPEN_FIRST_S = 0.5
REOPEN_LAST_S = 10.0

_log = logging.getLogger(__name__)


class AlsaSpeaker:
    """A `ports.Speaker` on an ALSA device such as "default" or "plughw:1,0".

    `underruns` counts the gaps so far; `buffer_s` is how far ahead of the ear it writes at present.
    """

    def __init__(self, device: str = "default") -> None:
        self._device = device
        self._fault: str | None = "not opened yet"
        self._is_calm_s = 0.0
        self.underruns = 0
        self.buffer_s = BUFFER_S[0]

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

        with ThreadPoolExecutor(1, "loudspeaker", initializer=_go_first) as own_thread:
            playing = loop.run_in_executor(own_thread, self._keep_open, renderer, tell, ended)
            try:
                await asyncio.shield(playing)
            finally:
                ended.set()
                await playing

    def _keep_open(self, renderer: Renderer, tell: Callable[[list[SoundEvent]], None], ended: threading.Event) -> None:
        pause_s = REOPEN_FIRST_S
        while not ended.is_set():
            opened_s = time.monotonic()
            try:
                while not ended.is_set():
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
        """Play until the buffer is to be another one."""
        stream = AlsaStream(self._device, "playback", self.buffer_s)
        self._fault = None
        clock = DacClock(time.monotonic() + self.buffer_s)
        try:
            while not ended.is_set() and not self._shrinks(renderer):
                block = renderer.render(stream.period, clock.next_block_s(stream.next_heard_s(), stream.period))
                is_whole = stream.write(block) and stream.wait_for_room()
                if events := renderer.events():
                    tell(events)
                if not is_whole:
                    self.underruns += 1
                    if self._grows():
                        return
                    clock = DacClock(time.monotonic() + self.buffer_s)
        finally:
            stream.close()

    def _grows(self) -> bool:
        """There was a gap: whether the stream is to be opened anew with a larger buffer."""
        self._is_calm_s = time.monotonic() + CALM_S
        before = self.buffer_s
        self.buffer_s = min((one for one in BUFFER_S if one > before), default=before)
        return self.buffer_s > before

    def _shrinks(self, renderer: Renderer) -> bool:
        """Whether the stream is to be opened anew with the least buffer: long without a gap, and nothing to play."""
        is_due = self.buffer_s > BUFFER_S[0] and time.monotonic() > self._is_calm_s and renderer.next_sound_s() is None
        if is_due:
            self.buffer_s = BUFFER_S[0]
        return is_due


def _go_first() -> None:
    """Have the kernel run this thread before all ordinary ones, where it may (the unit of the agent lets it)."""
    try:
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_FIFO, os.sched_param(GO_FIRST))
    except PermissionError:
        _log.info("no real-time priority: under load the loudspeaker writes further ahead")
