"""What playback hands to the mixer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import events
from device_agent.core.effects import Listen, Phrase, Play, Speak, SpeakPhrase, Told
from device_agent.core.hearing import Recording
from device_agent.core.resample import HEARING_RATE
from device_agent.core.sounds import Finished, Interrupted, Missed, Sound, SoundEvent, Started
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.ports import Microphone
from device_agent.playback import Playback, SoundHardware
from tests.device_agent.core.values import manifest
from tests.device_agent.hardware.test_decoding import encode
from tests.device_agent.silence import DeafMicrophone, NotingSpeaker
from wire.messages import Finding


def playing(folder: Path, *, resumes: bool) -> tuple[Playback, asyncio.Task[None]]:
    """A second of noise that is to be played at once."""
    playback, sha256, tasks = of_a_second(folder)
    playback.play(Play(manifest(audio_sha256=sha256), None, resumes))
    return playback, tasks[0]


def of_a_second(
    folder: Path, microphone: Microphone | None = None, post: Callable[[events.Event], None] = lambda event: None
) -> tuple[Playback, str, list[asyncio.Task[None]]]:
    """A playback that has a file of a second of noise, the file's hash, and the tasks that it spawned."""
    sound = encode(np.random.default_rng(1).integers(-9_000, 9_000, 48_000, dtype=np.int16))
    files = AudioFiles(folder)
    files.put(sha256 := hashlib.sha256(sound).hexdigest(), sound)
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.append(asyncio.create_task(work))

    hardware = SoundHardware(NotingSpeaker([]), microphone or DeafMicrophone(), Decoder(), files)
    playback = Playback(hardware, DeviceClock(lambda: 0, lambda: 0), post, spawn, lambda sha256: None, tuple)
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


class QuietRoom:
    """A `Microphone` before a loudspeaker that is dead; what it has recorded is there when the test says so."""

    def __init__(self) -> None:
        self.is_over = asyncio.Event()

    async def record(self, start_s: float, duration_s: float) -> Recording:
        await self.is_over.wait()
        noise = np.random.default_rng(2).normal(0, 3, round(duration_s * HEARING_RATE))
        return Recording(noise.astype(np.int16), start_s)


@pytest.mark.parametrize(
    ("other_s", "finding"),
    [
        (None, Finding.SILENT),
        ((9.0, 9.9), Finding.SILENT),  # what was over before is no excuse
        ((9.0, 10.5), Finding.UNJUDGED),
        ((10.5, 11.0), Finding.UNJUDGED),
    ],
)
async def test_only_what_sounded_alone_proves_a_fault_when_it_is_not_heard(
    tmp_path: Path, other_s: tuple[float, float] | None, finding: Finding
) -> None:
    microphone, judged = QuietRoom(), list[events.Event]()
    playback, sha256, tasks = of_a_second(tmp_path, microphone, judged.append)
    playback.play(Play(manifest(audio_sha256=sha256), 10_000.0, resumes=True))
    await tasks[0]
    if other_s is not None:
        begin_s, end_s = other_s
        sweep = np.full(round((end_s - begin_s) * 48_000), 500, np.int16)
        playback.mixer.play(Sound("sweep", sweep, 224, start_s=begin_s, lane="told"))
    for block in range(25):
        playback.mixer.render(4_800, 9.0 + block / 10)
        for event in playback.mixer.events():  # as the agent does it
            if isinstance(event, Started) and event.id == "n-1":
                playback.listen(Listen(event.id, event.dac_s, event.skipped_s))
            playback.sounded(event)
    microphone.is_over.set()
    await tasks[1]
    (verdict,) = judged
    assert isinstance(verdict, events.Judged)
    assert verdict.evidence.finding is finding
