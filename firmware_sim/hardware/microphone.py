"""A simulated microphone: hears what a tape says was in the air, later, softer and with noise."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from device_agent.core.hearing import Recording
from device_agent.core.resample import HEARING_RATE, LISTEN_S, to_hearing_rate
from device_agent.hardware.errors import SoundCardLost
from firmware_sim.hardware.tape import Tape

NOISY_RMS = 9_000.0  # -11 dBFS, 20 dB above an announcement as this microphone gets it
_EARS = ThreadPoolExecutor(1, thread_name_prefix="ears")  # the buildings of a process hear one after the other


class SimulatedMicrophone:
    """A `ports.Microphone` in the room of a tape's loudspeaker.

    Faults: `is_dead` records digital silence, `is_gone` cannot be opened, `is_noisy_there` is a room that is loud.
    """

    def __init__(
        self, tape: Tape, delay_s: float = 0.012, gain: float = 0.25, noise_dbfs: float = -60.0, seed: int = 0
    ) -> None:
        self.is_dead = False
        self.is_gone = False
        self.is_noisy_there = False
        self._tape = tape
        self._delay_s = delay_s
        self._gain = gain
        self._noise_rms = 32768 * 10 ** (noise_dbfs / 20)
        self._random = np.random.default_rng(seed)

    async def record(self, start_s: float, duration_s: float) -> Recording:
        if self.is_gone:
            raise SoundCardLost("no such device")
        begun_s = max(start_s, time.monotonic())
        end_s = start_s + min(duration_s, LISTEN_S)
        await asyncio.sleep(max(0.0, end_s - time.monotonic()))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_EARS, self.hear, begun_s, max(0.0, end_s - begun_s))

    def hear(self, start_s: float, duration_s: float) -> Recording:
        """What it hears in an interval that has passed."""
        frames = round(duration_s * HEARING_RATE)
        if self.is_dead:
            return Recording(np.zeros(frames, np.int16), start_s)
        air = to_hearing_rate(self._tape.between(start_s - self._delay_s, duration_s))[:frames]
        rms = NOISY_RMS if self.is_noisy_there else self._noise_rms
        noise = rms * self._random.standard_normal(len(air), np.float32)
        heard = np.clip(np.rint(air * np.float32(self._gain) + noise), -32768, 32767)
        return Recording(heard.astype(np.int16), start_s)
