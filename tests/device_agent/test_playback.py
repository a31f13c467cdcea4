"""What is on disk before it sounds."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np

from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core.effects import Play
from device_agent.hardware.decoding import Decoder
from device_agent.playback import Playback, SoundHardware
from tests.device_agent.core.values import manifest
from tests.device_agent.hardware.test_decoding import encode
from tests.device_agent.silence import DeafMicrophone, NotingSpeaker


def playing(folder: Path, sync: Callable[[], None]) -> tuple[Playback, NotingSpeaker, asyncio.Task[None]]:
    """A second of noise that is to be played at once."""
    sound = encode(np.random.default_rng(1).integers(-9_000, 9_000, 48_000, dtype=np.int16))
    files, speaker = AudioFiles(folder), NotingSpeaker([])
    files.put(sha256 := hashlib.sha256(sound).hexdigest(), sound)
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.append(asyncio.create_task(work))

    hardware = SoundHardware(speaker, DeafMicrophone(), Decoder(), files)
    playback = Playback(hardware, DeviceClock(), lambda event: None, spawn, lambda sha256: None, sync)
    playback.play(Play(manifest(audio_sha256=sha256), None))
    return playback, speaker, tasks[0]


async def test_an_announcement_does_not_sound_before_the_disk_has_that_it_begins(tmp_path: Path) -> None:
    begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def sync() -> None:
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(10)

    playback, speaker, task = playing(tmp_path, sync)
    async with asyncio.timeout(10):
        await begun.wait()
        assert playback.mixer.next_sound_s() is None
        may_end.set()
        await speaker.is_woken.wait()
    await task
    assert playback.mixer.next_sound_s() is not None


async def test_an_announcement_sounds_although_the_disk_is_broken(tmp_path: Path) -> None:
    def sync() -> None:
        raise OSError("the disk is broken")

    playback, _, task = playing(tmp_path, sync)
    await task
    assert playback.mixer.next_sound_s() is not None
