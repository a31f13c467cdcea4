"""Somebody speaks live: simulated buildings on a real broker, and what their loudspeakers gave off."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from device_agent.core.hearing import compare
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from firmware_sim.fleet import Fault
from firmware_sim.hardware.tape import Tape
from firmware_sim.recordings import played
from tests.device_agent.core.test_live import lossy
from tests.device_agent.fake_hub import FIRST_SEQ
from tests.device_agent.opus_frames import frames_of
from tests.device_agent.speech import POWER, speak
from tests.firmware_sim.town import Town, town
from wire import live
from wire.signing import SigningKey

A, B = "building-a", "building-b"
OPUS_MS = 6.5
"""What the encoder looks ahead (RFC 7845, 4.2): everything that it makes sounds so much later."""


def _now_us() -> int:
    return time.time_ns() // 1_000


@pytest.fixture(scope="module")
def spoken() -> Pcm:
    return speak(POWER)


LIKE = 0.9
"""Other speech reaches 0.09 (hearing.py); as long as nothing comes too late, the machine costs nothing."""
DELAY_MS = 1_500
"""So long frames may be under way, less what loudspeakers render ahead: a busy machine is late by less."""


def on_tape(there: Town, name: str, announcement_id: str, spoken: Pcm) -> tuple[float, float]:
    """How like it is to what was said, and how much later than agreed it left the loudspeaker, in ms."""
    Tape(there.folder, "none").flush()  # one thread writes for all tapes of a process
    due_ms = there.hub.spoken_us[announcement_id] // 1000 + DELAY_MS
    correlation, lag_ms = compare(spoken, played(there.folder / name, due_ms, len(spoken) + SAMPLE_RATE))
    return correlation, lag_ms - OPUS_MS


async def ended(there: Town, announcement_id: str, *names: str) -> None:
    await there.hub.until(lambda: all("played" in there.hub.states(name, announcement_id) for name in names))


async def test_live_speech_sounds_in_every_building_at_the_agreed_instant(tmp_path: Path, spoken: Pcm) -> None:
    async with town(tmp_path, A, B) as there:
        there.buildings[A].fault(Fault.CLOCK_SKEW, 300_000)
        off_ms = {name: there.may_be_off_ms(name) for name in (A, B)}
        announcement_id = await there.hub.speak("all", frames_of(spoken), delay_ms=DELAY_MS)
        await ended(there, announcement_id, A, B)
        for name in (A, B):
            told = list(dict.fromkeys(there.hub.states(name, announcement_id)))
            assert told == ["received", "verified", "ready", "playing", "played"]
        await there.end_buildings()
        for name in (A, B):
            correlation, late_ms = on_tape(there, name, announcement_id, spoken)
            assert correlation > LIKE
            assert abs(late_ms) < 3 + (off_ms[name] or 0.0)


async def test_lost_doubled_and_forged_frames_leave_the_same_speech(tmp_path: Path, spoken: Pcm) -> None:
    packets = frames_of(spoken)
    unlucky = set(np.random.default_rng(3).choice(len(packets), len(packets) // 20, replace=False).tolist())
    stranger = SigningKey.generate()
    async with town(tmp_path, A) as there:
        how_often = lambda index: 0 if index in unlucky else 1 + index % 2  # noqa: E731
        speaking = asyncio.create_task(there.hub.speak("all", packets, how_often, delay_ms=DELAY_MS))
        await there.hub.until(lambda: there.hub.receipts)
        ((_, announcement_id),) = there.hub.receipts
        await there.hub.until(lambda: "ready" in there.hub.states(A, announcement_id))  # or nobody would hear them
        for index in range(len(packets)):
            frame = live.Frame(FIRST_SEQ + index, _now_us() + index * live.FRAME_US, packets[0])
            await there.hub.send_frame(announcement_id, live.sealed(frame, stranger))
        assert await speaking == announcement_id
        await ended(there, announcement_id, A)
        await there.end_buildings()
        concealed, _ = lossy(packets, unlucky)
        assert on_tape(there, A, announcement_id, concealed)[0] > LIKE


async def test_a_replayed_announcement_is_silent(tmp_path: Path, spoken: Pcm) -> None:
    async with town(tmp_path, A) as there:
        await there.hub.speak("all", frames_of(spoken)[:20])
        heard: list[str] = []
        ((_, first),) = there.hub.receipts
        await ended(there, first, A)
        old = [
            live.sealed(live.Frame(FIRST_SEQ + index, _now_us() - 60_000_000, one), there.key)
            for index, one in enumerate(frames_of(spoken)[:20])
        ]
        second = asyncio.create_task(there.hub.speak("all", [], priority=100))
        await there.hub.until(lambda: len(there.hub.receipts) == 2)
        (announcement_id,) = {key for _, key in there.hub.receipts} - {first}
        for payload in old:
            await there.hub.send_frame(announcement_id, payload)
        await second
        await there.hub.until(lambda: "expired" in there.hub.states(A, announcement_id))
        heard += there.hub.states(A, announcement_id)
        assert "playing" not in heard
