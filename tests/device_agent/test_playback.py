"""What playback hands to the mixer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core.effects import Phrase, Play, Speak, SpeakPhrase, Told
from device_agent.core.sounds import Finished, Interrupted, Missed, Sound, SoundEvent, Started
from device_agent.hardware.decoding import Decoder
from device_agent.playback import Playback, SoundHardware
from tests.device_agent.core.values import manifest
from tests.device_agent.hardware.test_decoding import encode
from tests.device_agent.silence import DeafMicrophone, NotingSpeaker


def playing(folder: Path, *, resumes: bool) -> tuple[Playback, asyncio.Task[None]]:
    """A second of noise that is to be played at once."""
    playback, sha256, tasks = of_a_second(folder)
    playback.play(Play(manifest(audio_sha256=sha256), None, resumes))
    return playback, tasks[0]


def of_a_second(folder: Path) -> tuple[Playback, str, list[asyncio.Task[None]]]:
    """A playback that has a file of a second of noise, the file's hash, and the tasks that it spawned."""
    sound = encode(np.random.default_rng(1).integers(-9_000, 9_000, 48_000, dtype=np.int16))
    files = AudioFiles(folder)
    files.put(sha256 := hashlib.sha256(sound).hexdigest(), sound)
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.append(asyncio.create_task(work))

    hardware = SoundHardware(NotingSpeaker([]), DeafMicrophone(), Decoder(), files)
    playback = Playback(hardware, DeviceClock(), lambda event: None, spawn, lambda sha256: None, tuple)
    return playback, sha256, tasks


@pytest.mark.parametrize("resumes", [True, False])
async def test_the_mixer_is_told_whether_an_announcement_is_played_again(tmp_path: Path, resumes: bool) -> None:
    playback, task = playing(tmp_path, resumes=resumes)
    await task
    playback.mixer.render(480, 10.0)
    playback.mixer.play(Sound("red", np.ones(480, np.int16), 250))
    playback.mixer.render(480, 10.01)
    (interrupted,) = [each for each in playback.mixer.events() if isinstance(each, Interrupted)]
    assert interrupted.resumes is resumes


async def test_one_that_is_stopped_before_it_is_decoded_never_reaches_the_mixer(tmp_path: Path) -> None:
    playback, task = playing(tmp_path, resumes=True)
    playback.stop("n-1")
    await task
    assert playback.mixer.is_idle


TOLD = Told("b", "a-1", None)


def while_a_fire_microphone_speaks(playback: Playback, live_s: float) -> list[SoundEvent]:
    """Half a second after what is told has begun it takes over for so long; until all is over."""
    for block in range(round((live_s + 8) * 10)):
        if block == 5:
            playback.mixer.play(Sound("live", np.ones(round(live_s * 48_000), np.int16), 255))
        playback.mixer.render(4_800, 10 + block / 10)
    return [each for each in playback.mixer.events() if each.id == "told"]


@pytest.mark.parametrize(("live_s", "ends"), [(2.0, [Started, Finished]), (20.0, [Missed])])
@pytest.mark.parametrize("is_phrase", [True, False])
async def test_what_an_elder_is_told_is_said_again_after_an_interruption_while_it_holds(
    tmp_path: Path, live_s: float, ends: list[type[SoundEvent]], is_phrase: bool
) -> None:
    playback, sha256, tasks = of_a_second(tmp_path)
    if is_phrase:
        playback.speak_phrase(SpeakPhrase("told", Phrase.NO_NETWORK, 25_000, TOLD))
    else:
        playback.speak(Speak("told", sha256, 25_000, TOLD))
    await tasks[0]
    assert [type(each) for each in while_a_fire_microphone_speaks(playback, live_s)] == [Started, Interrupted, *ends]
