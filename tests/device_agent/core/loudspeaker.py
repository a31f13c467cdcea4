"""One building's rules and mixer together, in a time of their own: what is announced there, and what is heard."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from device_agent.core import announcements, effects, sounding
from device_agent.core.effects import Step
from device_agent.core.mixer import RAMP_FRAMES, Mixer
from device_agent.core.noise import NoiseState
from device_agent.core.sounds import SAMPLE_RATE, Sound
from tests.device_agent.core.values import UNIX_MS, at, manifest
from wire.messages import Manifest

if TYPE_CHECKING:
    from device_agent.core.known import Result

BLOCK_MS = 20
SILENCE = NoiseState()
FAR_MS = 1_000_000
FRAMES = BLOCK_MS * SAMPLE_RATE // 1000


class Loudspeaker:
    """`now_ms` only moves in `passes`, in whole blocks; every sound is a multiple of them, and has a level of its own,
    so that who sounds can be read off the stream. `disk` is what a crash leaves."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.disk: dict[str, tuple[Manifest, Step]] = {}
        self.reports: defaultdict[str, list[str]] = defaultdict(list)
        self.heard: list[str | None] = []
        self._levels: dict[int, str] = {}
        self._files: set[str] = set()
        self._state, self._mixer = announcements.begin([], at(0))[0], Mixer()

    def announce(
        self, key: str, priority: int, in_ms: int, duration_ms: int, *, valid_ms: int = 600_000, has_file: bool = True
    ) -> None:
        """Its manifest comes now, and with `has_file` its sound; it is to be played `in_ms` from now."""
        self._levels[100 * (len(self._levels) + 1)] = key
        message = manifest(
            key,
            priority=priority,
            play_in_ms=self.now_ms + in_ms,
            duration_ms=duration_ms,
            valid_until_ms=UNIX_MS + self.now_ms + valid_ms,
            audio_sha256=key.encode().hex().rjust(64, "0"),
        )
        self.gets(message)
        if has_file:
            self.gets_file(key)

    def gets(self, message: Manifest) -> None:
        """A manifest, perhaps not for the first time."""
        self._did(announcements.manifest(self._state, message, None, at(self.now_ms)))

    def gets_file(self, key: str) -> None:
        """Its sound comes now."""
        self._files.add(self._message(key).audio_sha256)
        self._fetched(self._message(key).audio_sha256)

    def stop(self, which: str) -> None:
        """The hub ends it, or all of them."""
        self._did(announcements.stop(self._state, which, at(self.now_ms)))

    def crash(self) -> None:
        """kill -9, and a new start at once; the hub sends everything again."""
        self._mixer = Mixer()
        self._did(announcements.begin(list(self.disk.values()), at(self.now_ms)))
        for message, _ in list(self.disk.values()):
            self.gets(message)

    def passes(self, span_ms: int) -> list[str]:
        """Time passes; who was heard in it, in order, a pause between two of the same sound left out."""
        begin, end_ms = len(self.heard), self.now_ms + span_ms
        while self.now_ms < end_ms:
            silent = max(0, min(end_ms, self._next_ms()) - self.now_ms) // BLOCK_MS
            self.heard += [None] * silent
            self.now_ms += silent * BLOCK_MS
            if self.now_ms < end_ms:
                self._block()
        return [who for who, _ in groupby(self.heard[begin:]) if who is not None]

    def _next_ms(self) -> int:
        """When something happens here by itself."""
        sound_s, due_ms = self._mixer.next_sound_s(), announcements.due(self._state, at(self.now_ms))
        return min(
            self.now_ms + FAR_MS if sound_s is None else int(sound_s * 1000),
            self.now_ms + FAR_MS if due_ms is None else due_ms,
        )

    def _block(self) -> None:
        self._did(announcements.tick(self._state, None, SILENCE, at(self.now_ms)))
        block = self._mixer.render(FRAMES, self.now_ms / 1000)
        self.heard.append(self._who(block))
        self.now_ms += BLOCK_MS
        for event in self._mixer.events():
            self._did(sounding.sounded(self._state, event, at(self.now_ms)))

    def blocks(self, key: str) -> int:
        """How many blocks of it were heard so far."""
        return self.heard.count(key)

    def _who(self, block: np.ndarray[tuple[int], np.dtype[np.int16]]) -> str | None:
        """After the ramp only one is left, and from one end to the other the same."""
        after = block[RAMP_FRAMES:]
        assert np.all(after == after[0])
        return None if after[0] == 0 else self._levels[int(after[0])]

    def _message(self, key: str) -> Manifest:
        return self.disk[key][0]

    def _fetched(self, sha256: str) -> None:
        self._did(announcements.audio_ready(self._state, sha256, None, SILENCE, at(self.now_ms)))

    def _did(self, result: Result) -> None:
        self._state, todo = result
        for effect in todo:
            match effect:
                case effects.StoreManifest(manifest=message):
                    self.disk[message.announcement_id] = message, Step.FETCHING
                case effects.StoreStep(announcement_id=key, step=step):
                    self.disk[key] = self._message(key), step
                case effects.SendReceipt(receipt=receipt):
                    self.reports[receipt.announcement_id] += [each.state.value for each in receipt.states]
                case effects.FetchAudio(sha256=sha256) if sha256 in self._files:
                    self._fetched(sha256)
                case effects.Play():
                    self._play(effect)
                case effects.StopSound(sound_id=sound_id):
                    self._mixer.stop(sound_id)

    def _play(self, effect: effects.Play) -> None:
        message = effect.manifest
        level = next(level for level, key in self._levels.items() if key == message.announcement_id)
        pcm = np.full(message.duration_ms * SAMPLE_RATE // 1000, level, np.int16)
        start_s = None if effect.start_ms is None else (effect.start_ms - UNIX_MS) / 1000
        self._mixer.play(Sound(message.announcement_id, pcm, message.priority, start_s=start_s, resumes=effect.resumes))
