"""A simulated loudspeaker: the real renderer, a clock that may run wrong, and a tape instead of the air."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable

import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm, SoundEvent
from device_agent.hardware.ports import Renderer
from firmware_sim.hardware.tape import Tape

BLOCK_FRAMES = 1_920  # 40 ms: a block costs the same whatever its length, and 70 buildings share two cores
LATENCY_S = 0.08  # as the real loudspeaker's buffer
DISTORTION, DISTORTED_AT = 40.0, 8_000  # so much too loud for an amplifier that ends at a quarter of full scale
_SLEEP_FROM_S = 1.0  # with a sound further away than this the stream rests


def rate_with_skew(ppm: float) -> float:
    """Frames a second of a sound card whose clock is `ppm` millionths too fast."""
    return SAMPLE_RATE * (1 + ppm * 1e-6)


class SimulatedSpeaker:
    """A `ports.Speaker` that costs nothing while nothing sounds.

    Faults, settable at any time: `is_silent` (everything goes on, but nothing reaches the air), `gain` below 1,
    `is_distorted`, and `instead`, a sound that is heard wherever something else should be.
    A block that would have come too late is an underrun as on a real card: `underruns` counts them, and the
    stream goes on later, by whole frames, with silence between.
    """

    def __init__(self, tape: Tape, latency_s: float = LATENCY_S) -> None:
        self.is_silent = False
        self.gain = 1.0
        self.is_distorted = False
        self.instead: Pcm | None = None
        self.underruns = 0
        self._tape = tape
        self._latency_s = latency_s
        self._block_s = BLOCK_FRAMES / tape.frames_per_s
        self._woken = asyncio.Event()

    @property
    def fault(self) -> str | None:
        """A silent loudspeaker does not know that it is silent."""
        return None

    def wake(self) -> None:
        self._woken.set()

    async def run(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        try:
            while True:
                self._woken.clear()
                if events := renderer.events():
                    deliver(events)
                rest_s = self._rest_s(renderer)
                if rest_s is not None and rest_s <= 0:
                    await self._sound(renderer, deliver)
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(rest_s):
                        await self._woken.wait()
        finally:
            self._tape.close()

    def _rest_s(self, renderer: Renderer) -> float | None:
        """How long the stream may rest; None: until woken."""
        next_s = renderer.next_sound_s()
        return None if next_s is None else next_s - self._latency_s - _SLEEP_FROM_S - time.monotonic()

    async def _sound(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        """Render block after block until there is nothing left to sound."""
        dac_s = time.monotonic() + self._latency_s
        while (rest_s := self._rest_s(renderer)) is not None and rest_s <= 0:
            now_s = time.monotonic()
            if dac_s < now_s:
                self.underruns += 1
                missed = math.ceil((now_s + self._latency_s - dac_s) * self._tape.frames_per_s)
                if self._tape.is_running:
                    self._tape.append(dac_s, np.zeros(missed, np.int16))
                dac_s += missed / self._tape.frames_per_s
            block = renderer.render(BLOCK_FRAMES, dac_s)
            if not self.is_silent and (self._tape.is_running or block.any()):
                self._tape.append(dac_s, self._in_the_air(block, dac_s))
            dac_s += self._block_s
            if events := renderer.events():
                deliver(events)
            await asyncio.sleep(max(0.0, dac_s - self._latency_s - time.monotonic()))
        self._tape.close()

    def _in_the_air(self, block: Pcm, dac_s: float) -> Pcm:
        """What becomes of a block on its way out."""
        if self.instead is not None and block.any():
            block = np.take(self.instead, round(dac_s * SAMPLE_RATE) + np.arange(len(block)), mode="wrap")
        if self.is_distorted:
            block = np.clip(block * np.float32(DISTORTION), -DISTORTED_AT, DISTORTED_AT).astype(np.int16)
        return block if self.gain == 1.0 else np.rint(block * self.gain).astype(np.int16)
