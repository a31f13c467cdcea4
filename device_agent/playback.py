"""Performs what the core says about sound: has files ready, plays, speaks, listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from device_agent.audio_files import AudioFiles
from device_agent.clock import DeviceClock
from device_agent.core import effects, events
from device_agent.core.hearing import LATEST_LAG_S, heard
from device_agent.core.mixer import Mixer
from device_agent.core.sounds import EMERGENCY_PRIORITY, SAMPLE_RATE, Pcm, Sound
from device_agent.hardware.decoding import Decoder
from device_agent.hardware.errors import SoundCardLost, UnreadableAudio
from device_agent.hardware.ports import Microphone, Speaker

JUDGES = ThreadPoolExecutor(1, thread_name_prefix="hearing")
"""One at a time: all buildings of a process end an announcement together, and none must stutter by judging it."""
SWEEP_S = 1.5
SWEEP_HZ = (300.0, 3_400.0)  # what the smallest loudspeaker gives back
SWEEP_PEAK = 0.25  # quiet, since it may be played at night

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SoundHardware:
    """What sound needs of the building; the decoder may be shared by several agents of one process."""

    speaker: Speaker
    microphone: Microphone
    decoder: Decoder
    files: AudioFiles


class Playback:
    """`post` takes events for the core, `spawn` runs a task as long as the agent, `want` has a file fetched."""

    def __init__(
        self,
        hardware: SoundHardware,
        clock: DeviceClock,
        post: Callable[[events.Event], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        want: Callable[[str], None],
    ) -> None:
        self.mixer = Mixer()
        self.delay_s = 0.0
        self._hardware = hardware
        self._clock = clock
        self._post = post
        self._spawn = spawn
        self._want = want
        self._sources: dict[str, Sound] = {}
        self._unsaid: dict[str, effects.Speak] = {}
        self._coming: set[str] = set()

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

    def sweep(self, sound_id: str) -> None:
        """Play the self-test."""
        self._mix(Sound(sound_id, _sweep(), priority=EMERGENCY_PRIORITY, lane="told"))

    def stop(self, sound_id: str) -> None:
        """End a sound, or do not begin it."""
        self._unsaid.pop(sound_id, None)
        self._coming.discard(sound_id)
        self.mixer.stop(sound_id)
        self._hardware.speaker.wake()

    def listen(self, effect: effects.Listen) -> None:
        """Hear the first pass of a sound that has just started."""
        self._spawn(self._listen(effect, self._sources[effect.sound_id]))

    def ended(self, sound_id: str) -> None:
        """The mixer is done with this sound."""
        self._sources.pop(sound_id, None)

    async def _keep(self, sha256: str, data: bytes) -> None:
        try:
            is_kept = await asyncio.to_thread(self._hardware.files.put, sha256, data)
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
            now = self._clock.now()
            if not now.is_learned or now.unix_ms <= each.valid_until_ms:
                self._mix(Sound(each.sound_id, pcm, priority=EMERGENCY_PRIORITY, lane="told"))

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
        start_s = None if effect.start_ms is None else self._clock.mono_s(effect.start_ms) + self.delay_s
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

    async def _speak_phrase(self, effect: effects.SpeakPhrase) -> None:
        file = resources.files("device_agent") / "sounds" / f"{effect.phrase.value}.opus"
        pcm = await asyncio.to_thread(lambda: self._hardware.decoder.decode(file.read_bytes()))
        self._mix(Sound(effect.sound_id, pcm, priority=EMERGENCY_PRIORITY, lane="told"))

    async def _listen(self, effect: effects.Listen, sound: Sound) -> None:
        skipped = round(effect.skipped_s * SAMPLE_RATE) % (len(sound.pcm) + round(sound.gap_s * SAMPLE_RATE))
        source = sound.pcm[skipped:]
        try:
            recording = await self._hardware.microphone.record(
                effect.started_s, len(source) / SAMPLE_RATE + LATEST_LAG_S
            )
        except SoundCardLost as error:
            self._post(events.Judged(effect.sound_id, None, f"no microphone: {error}"))
            return
        loop = asyncio.get_running_loop()
        evidence = await loop.run_in_executor(JUDGES, heard, source, recording, effect.started_s)
        self._post(events.Judged(effect.sound_id, evidence))

    def _mix(self, sound: Sound) -> None:
        self._sources[sound.id] = sound
        self.mixer.play(sound)
        self._hardware.speaker.wake()


def _sweep() -> Pcm:
    t = np.arange(round(SWEEP_S * SAMPLE_RATE)) / SAMPLE_RATE
    rate = np.log(SWEEP_HZ[1] / SWEEP_HZ[0]) / SWEEP_S
    phase = 2 * np.pi * SWEEP_HZ[0] / rate * np.expm1(rate * t)
    fade = np.minimum(1.0, np.minimum(t, SWEEP_S - t) / 0.02)
    return np.asarray(np.sin(phase) * fade * SWEEP_PEAK * 32767, dtype=np.int16)
