"""The agent as a whole, without a network: what it does in which order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from device_agent.agent import Agent, Ports
from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import events
from device_agent.core.effects import LampSays, Step, Told
from device_agent.core.presses import SILENCE_MS
from device_agent.core.sounds import Sound, SoundEvent
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.ports import ButtonEdge, Renderer
from device_agent.hub_link import Identity
from device_agent.outbox import Outbox
from tests.device_agent.core.values import UNIX_MS, manifest
from tests.device_agent.hardware.test_decoding import encode
from tests.device_agent.silence import DeafMicrophone, Finger, NoLinks, NotingLamp, NotingSpeaker
from wire.messages import Press, Receipt, read
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


class StoppedSpeaker(NotingSpeaker):
    """A `Speaker` whose blocks the test asks for: each 0.1 s, the first of them heard when the clocks begin."""

    async def run(self, renderer: Renderer, deliver: Callable[[list[SoundEvent]], None]) -> None:
        self.renderer, self.deliver, self._s = renderer, deliver, 0.0
        await super().run(renderer, deliver)

    def turn(self) -> None:
        self.renderer.render(4_800, self._s)
        self._s += 0.1
        self.deliver(self.renderer.events())


class SyncedOutbox(Outbox):
    """Says when it is asked to outlive a power cut."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_synced = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def sync(self) -> None:
        self._loop.call_soon_threadsafe(self.is_synced.set)
        raise OSError("the disk is broken")


async def test_what_begins_to_sound_is_on_disk_and_one_that_was_interrupted_is_played_again(tmp_path: Path) -> None:
    sound = encode(np.random.default_rng(1).integers(-9_000, 9_000, 24_000, dtype=np.int16))
    files, outbox, speaker = AudioFiles(tmp_path / "audio"), SyncedOutbox(tmp_path / "outbox.db"), StoppedSpeaker([])
    files.put(sha256 := hashlib.sha256(sound).hexdigest(), sound)
    outbox.store_manifest(manifest(play_in_ms=0, audio_sha256=sha256, duration_ms=500))
    clock = DeviceClock(mono_ns=lambda: 0)
    clock.learn(UNIX_MS * 1_000_000)
    ports = Ports({}, {}, speaker, DeafMicrophone(), Decoder(), files, outbox, NoLinks(), clock)
    agent = Agent(Identity("building-17", VerifyKeys([SigningKey.generate().public_bytes])), ports)
    running = asyncio.create_task(agent.run())
    agent.link.end()
    async with asyncio.timeout(10):
        await speaker.is_woken.wait()
        assert outbox.load().announcements[0][1] is Step.READY
        speaker.turn()
        assert outbox.load().announcements[0][1] is Step.STARTED
        await outbox.is_synced.wait()
        agent._playback.mixer.play(Sound("red", np.ones(4_800, np.int16), 250))
        for _ in range(8):
            speaker.turn()
    assert outbox.load().announcements[0][1] is Step.ENDED
    told = [state.state.value for each in outbox.unsent() for state in read(Receipt, each.payload).states]
    assert told == ["received", "verified", "ready", "playing", "interrupted", "playing", "played"]
    agent.stop()
    await running
