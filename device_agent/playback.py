"""Performs what the core says about sound: has files ready, plays, speaks, listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

import numpy as np

from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import effects, events
from device_agent.core.hearing import NO_MICROPHONE, Recording, heard
from device_agent.core.live import JUDGED_S, LiveSource
from device_agent.core.matching import LATEST_LAG_S
from device_agent.core.mixer import Mixer
from device_agent.core.sounds import (
    EMERGENCY_PRIORITY,
    SAMPLE_RATE,
    Interrupted,
    Pcm,
    Sound,
    SoundEvent,
    Started,
    Stopped,
)
from device_agent.core.sweep import PEAK, QUIET_PEAK, sweep
from device_agent.hardware.decoding import Decoder, OpusFrames
from device_agent.hardware.errors import SoundCardLost, UnreadableAudio
from device_agent.hardware.ports import Microphone, Speaker
from device_agent.live_playback import LivePlayback

JUDGES = ThreadPoolExecutor(1, thread_name_prefix="hearing")
"""One at a time: all buildings of a process end an announcement together, and none must stutter by judging it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SoundHardware:
    """What sound needs of the building; the decoder may be shared by several agents of one process."""

    speaker: Speaker
    microphone: Microphone
    decoder: Decoder
    files: AudioFiles


class _Listening:
    """One recording that is being made, while nothing else may sound here or its silence would prove nothing."""

    def __init__(self, sound_id: str, *, is_alone: bool) -> None:
        self.sound_id = sound_id
        self.is_alone = is_alone
        self._is_cut = False
        self._recording: asyncio.Task[Recording] | None = None

    def cut(self) -> None:
        """The sound was ended before its end: what follows it is another's."""
        self._is_cut = True
        if self._recording is not None:
            self._recording.cancel()

    async def to(self, record: Coroutine[Any, Any, Recording]) -> Recording | None:
        """The recording; None when it was cut."""
        self._recording = asyncio.create_task(record)
        if self._is_cut:
            self._recording.cancel()
        try:
            return await self._recording
        except asyncio.CancelledError:
            if self._is_cut:
                return None
            raise


class Playback:
    """`post` takes events for the core, `spawn` runs a task as long as the agent, `want` has a file fetched."""

    def __init__(
        self,
        hardware: SoundHardware,
        clock: DeviceClock,
        post: Callable[[events.Event], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        want: Callable[[str], None],
        needed: Callable[[], Collection[str]],
    ) -> None:
        self.mixer = Mixer()
        self.live = LivePlayback(clock, OpusFrames, self._mix, lambda: post(events.TimeDoubted()))
        self.delay_s = 0.0
        self._hardware = hardware
        self._clock = clock
        self._post = post
        self._spawn = spawn
        self._want = want
        self._needed = needed
        self._sources: dict[str, Sound] = {}
        self._unsaid: dict[str, effects.Speak] = {}
        self._coming: set[str] = set()
        self._listening: list[_Listening] = []
        self._sounding: set[str] = set()

    def fetch(self, sha256: str) -> None:
        """Have this file ready: from the disk, or else from the hub."""
        if self._hardware.files.path(sha256) is None:
            self._want(sha256)
        else:
            self._spawn(self._ready(sha256))

    def came(self, sha256: str, data: bytes) -> None:
        """A file has come from the hub; one whose content does not fit its name is dropped."""
        self._spawn(self._keep(sha256, data))

    def play(self, effect: effects.Play) -> None:
        """Hand an announcement to the mixer."""
        self._coming.add(effect.manifest.announcement_id)
        self._spawn(self._play(effect))

    def speak(self, effect: effects.Speak) -> None:
        """Say what the hub sent to be said, when it is there."""
        self._unsaid[effect.sound_id] = effect
        self.fetch(effect.sha256)

    def speak_phrase(self, effect: effects.SpeakPhrase) -> None:
        """Say something of our own."""
        self._spawn(self._speak_phrase(effect))

    def sweep(self, effect: effects.PlaySweep) -> None:
        """Play the self-test, at a level of its own whatever the local volume."""
        if effect.is_quiet:
            self._mix(Sound(effect.sound_id, sweep(QUIET_PEAK), priority=EMERGENCY_PRIORITY))
        else:
            self._mix(Sound(effect.sound_id, sweep(PEAK), priority=EMERGENCY_PRIORITY, lane="told"))

    def stop(self, sound_id: str) -> None:
        """End a sound, or do not begin it."""
        self._unsaid.pop(sound_id, None)
        self._coming.discard(sound_id)
        self.mixer.stop(sound_id)
        self._hardware.speaker.wake()

    def listen(self, effect: effects.Listen) -> None:
        """Hear the first pass of a sound that has just started; one that is cut short is not judged."""
        listening = _Listening(effect.sound_id, is_alone=self._sounding <= {effect.sound_id})
        self._listening.append(listening)
        self._spawn(self._listen(effect, self._sources[effect.sound_id], listening))

    def sounded(self, event: SoundEvent) -> None:
        """What the mixer says: what else sounds while something is listened to, and what is over."""
        if isinstance(event, Started):
            self._sounding.add(event.id)
            for each in self._listening:
                each.is_alone = each.is_alone and each.sound_id == event.id
            return
        self._sounding.discard(event.id)
        if isinstance(event, Interrupted | Stopped):
            for each in self._listening:
                if each.sound_id == event.id:
                    each.cut()
        if not (isinstance(event, Interrupted) and event.resumes):
            self._sources.pop(event.id, None)

    async def _keep(self, sha256: str, data: bytes) -> None:
        try:
            is_kept = await asyncio.to_thread(self._hardware.files.put, sha256, data, self._needed())
        except OSError as error:
            self._post(events.AudioFailed(sha256, f"cannot be kept on disk: {error.strerror}"))
            return
        if is_kept:
            await self._ready(sha256)
        else:
            log.error("audio that came as %s has other content: dropped", sha256)

    async def _ready(self, sha256: str) -> None:
        pcm = await self._pcm(sha256)
        if pcm is None:
            return
        self._post(events.AudioReady(sha256))
        for each in [each for each in self._unsaid.values() if each.sha256 == sha256]:
            del self._unsaid[each.sound_id]
            self._mix(_told(each, pcm))

    async def _pcm(self, sha256: str) -> Pcm | None:
        """The frames of a file on disk; where there are none, the core is told why."""
        try:
            return await asyncio.to_thread(self._decode, sha256)
        except (OSError, UnreadableAudio) as error:
            self._post(events.AudioFailed(sha256, str(error)))
            return None

    def _decode(self, sha256: str) -> Pcm:
        path = self._hardware.files.path(sha256)
        if path is None:
            raise FileNotFoundError("the audio file is not on this device any more")
        return self._hardware.decoder.decode(path.read_bytes())

    async def _play(self, effect: effects.Play) -> None:
        manifest = effect.manifest
        pcm = await self._pcm(manifest.audio_sha256)
        if pcm is None or manifest.announcement_id not in self._coming:
            return
        self._coming.remove(manifest.announcement_id)
        start_s = self._start_s(effect)
        self._mix(
            Sound(
                manifest.announcement_id,
                pcm,
                manifest.priority,
                start_s=start_s,
                repeat=manifest.repeat,
                gap_s=manifest.gap_ms / 1000,
                volume=manifest.volume,
                resumes=effect.resumes,
            )
        )

    def _start_s(self, effect: effects.Play) -> float | None:
        if effect.start_ms is None:
            return None
        return self._clock.mono_s(effect.start_ms, effect.manifest.timeline) + self.delay_s

    async def _speak_phrase(self, effect: effects.SpeakPhrase) -> None:
        file = resources.files("device_agent") / "sounds" / f"{effect.phrase.value}.opus"
        pcm = await asyncio.to_thread(lambda: self._hardware.decoder.decode(file.read_bytes()))
        self._mix(_told(effect, pcm))

    async def _listen(self, effect: effects.Listen, sound: Sound, listening: _Listening) -> None:
        skipped = round(effect.skipped_s * SAMPLE_RATE) % (len(sound.pcm) + round(sound.gap_s * SAMPLE_RATE))
        listen_s = JUDGED_S if sound.is_live else (len(sound.pcm) - skipped) / SAMPLE_RATE
        try:
            recording = await listening.to(self._hardware.microphone.record(effect.started_s, listen_s + LATEST_LAG_S))
        except SoundCardLost as error:
            self._post(events.Judged(effect.sound_id, NO_MICROPHONE, f"no microphone: {error}"))
            return
        finally:
            self._listening.remove(listening)
        if recording is not None:
            # What was spoken live is known only by now.
            played = sound.pcm.beginning if isinstance(sound.pcm, LiveSource) else sound.pcm[skipped:]
            source = np.rint(played * np.float32(sound.volume)).astype(np.int16)
            judge = partial(heard, source, recording, effect.started_s, is_alone=listening.is_alone)
            evidence = await asyncio.get_running_loop().run_in_executor(JUDGES, judge)
            self._post(events.Judged(effect.sound_id, evidence))

    def _mix(self, sound: Sound) -> None:
        self._sources[sound.id] = sound
        self.mixer.play(sound)
        self._hardware.speaker.wake()


def _told(effect: effects.Speak | effects.SpeakPhrase, pcm: Pcm) -> Sound:
    """What an elder is told: whole or not at all, and again after an interruption, while it holds."""
    return Sound(
        effect.sound_id,
        pcm,
        priority=EMERGENCY_PRIORITY,
        lane="told",
        resumes=True,
        until_s=effect.until_ms / 1000,
    )
