"""A loudspeaker on which higher sounds take over from lower ones, at instants that nobody could foresee.

    python -m tests.bench.pre_empting ALSA_DEVICE ROUNDS

Prints {"marked_s": when the mark was to be heard, "handed_over_s": [when each higher sound was handed to the mixer],
"underruns": n}, seconds of the monotonic clock. The lower sound is the level LOW all along, the higher one is HIGH.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

import numpy as np
from numpy.typing import NDArray

from device_agent.core.mixer import Mixer
from device_agent.core.sounds import SAMPLE_RATE, Sound
from device_agent.hardware.alsa_speaker import AlsaSpeaker

LOW, HIGH, MARK = 8_000, -8_000, 16_000
STEADY_S = 12.0  # until then the sound server wavers
LOW_S, HIGH_S, MARK_S = 1.0, 0.2, 0.1
RAMPED = 200  # within so much of a level a ramp is over, or has not begun


async def take_over(device: str, rounds: int) -> None:
    """Play it all."""
    mixer, speaker, chance = Mixer(), AlsaSpeaker(device), random.Random(4)
    running = asyncio.create_task(speaker.run(mixer, lambda events: None))
    await asyncio.sleep(STEADY_S)
    marked_s = time.monotonic() + 1.0
    mixer.play(_level("mark", MARK, MARK_S, 60, marked_s))
    await asyncio.sleep(2.0)
    handed_over_s = []
    for one in range(rounds):
        mixer.play(_level(f"low-{one}", LOW, LOW_S, 60))
        await asyncio.sleep(chance.uniform(0.3, 0.5))
        handed_over_s.append(time.monotonic())
        mixer.play(_level(f"high-{one}", HIGH, HIGH_S, 250))
        await asyncio.sleep(0.5)
    print(json.dumps({"marked_s": marked_s, "handed_over_s": handed_over_s, "underruns": speaker.underruns}))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def delays_ms(recorded: NDArray[np.int16], marked_s: float, handed_over_s: list[float]) -> list[float]:
    """How long after each hand-over nothing but the higher sound was left; infinity where that never came."""
    mark = int(np.flatnonzero(recorded > MARK - RAMPED)[0])
    delays = []
    for one_s in handed_over_s:
        at = mark + round((one_s - marked_s) * SAMPLE_RATE)
        alone = np.flatnonzero(recorded[at : at + round(0.5 * SAMPLE_RATE)] < HIGH + RAMPED)
        delays.append(1e3 * int(alone[0]) / SAMPLE_RATE if len(alone) else float("inf"))
    return delays


def _level(name: str, level: int, seconds: float, priority: int, start_s: float | None = None) -> Sound:
    return Sound(name, np.full(round(seconds * SAMPLE_RATE), level, np.int16), priority, start_s)


if __name__ == "__main__":
    asyncio.run(take_over(sys.argv[1], int(sys.argv[2])))
