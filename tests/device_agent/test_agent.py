"""The agent as a whole, without a network: what it does in which order."""

from __future__ import annotations

import asyncio
from pathlib import Path

from device_agent.agent import Agent, Ports
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import events
from device_agent.core.effects import LampSays, Told
from device_agent.core.presses import SILENCE_MS
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.ports import ButtonEdge
from device_agent.hub_link import Identity
from device_agent.outbox import Outbox
from tests.device_agent.silence import DeafMicrophone, Finger, NoLinks, NotingLamp, NotingSpeaker
from wire.messages import Press
from wire.signing import SigningKey, VerifyKeys

BUTTON = "17-1-101"


class NotingOutbox(Outbox):
    """Notes when a press is on disk: the commit waits for it (test_outbox.py)."""

    def __init__(self, path: Path, notes: list[str]) -> None:
        super().__init__(path)
        self._notes = notes

    def store_press(self, press: Press) -> None:
        super().store_press(press)
        self._notes.append("on disk")


async def test_a_press_is_on_disk_before_lamp_or_voice_says_anything_about_it(tmp_path: Path) -> None:
    notes: list[str] = []
    now_ns = 0
    finger, speaker = Finger(), NotingSpeaker(notes)
    ports = Ports(
        buttons={BUTTON: finger},
        lamps={BUTTON: NotingLamp(notes)},
        speaker=speaker,
        microphone=DeafMicrophone(),
        decoder=Decoder(),
        files=AudioFiles(tmp_path / "audio"),
        outbox=NotingOutbox(tmp_path / "outbox.db", notes),
        links=NoLinks(),
        clock=DeviceClock(mono_ns=lambda: now_ns),
    )

    def note(told: Told, lamp: LampSays, spoken_ms: int | None) -> None:
        notes.append("told")

    agent = Agent(Identity("building-17", VerifyKeys([SigningKey.generate().public_bytes])), ports, note)
    running = asyncio.create_task(agent.run())
    agent.link.end()  # no reconnecting: there is nothing to wait for
    await finger.is_watched.wait()
    finger.changed(ButtonEdge(BUTTON, is_down=True, at_s=0.0))
    assert notes == ["on disk"]
    assert agent.link._hurried.is_set()
    now_ns = SILENCE_MS * 1_000_000
    finger.changed(ButtonEdge(BUTTON, is_down=True, at_s=SILENCE_MS / 1_000))
    agent.post(events.Tick())
    async with asyncio.timeout(10):
        await speaker.is_woken.wait()
    agent.stop()
    await running
    assert notes == ["on disk", "on disk", "fast_blink", "told", "speaks"]
