"""Who sounds when: priorities, pre-emption, ducking and exact starts, computed a block of frames at a time."""

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from device_agent.core.sounds import (
    INTERCOM_PRIORITY,
    LIVE_PRIORITY,
    SAMPLE_RATE,
    Finished,
    Interrupted,
    Missed,
    Pcm,
    Sound,
    SoundEvent,
    SoundLane,
    Started,
    Stopped,
)
from device_agent.core.voice import Voice, in_frames

RAMP_FRAMES = 480  # 10 ms: no click, and silent well within the 60 ms that a pre-emption may take
MIXED_OVER: Mapping[SoundLane, int] = {"intercom": INTERCOM_PRIORITY, "told": LIVE_PRIORITY - 1}
"""Announcements up to this priority go on, softer, below what sounds in the lane; any above it silences the lane."""
DUCKED = 0.15  # -16 dB: at equal loudness the sentence on top stands well clear of what goes on below it


class Mixer:
    """Mixes sounds into one endless stream. Its methods may be called from the loop and from the speaker's thread.

    Higher priority silences lower within 10 ms; equals wait their turn, at 255 the latest wins.
    `local_volume` (0-1) may be set at any time and is ignored from priority 224 up.
    """

    def __init__(self, local_volume: float = 1.0) -> None:
        self.local_volume = local_volume
        self._lock = threading.Lock()
        self._voices: list[Voice] = []
        self._sounding: dict[SoundLane, Voice | None] = {"announcement": None, "intercom": None, "told": None}
        self._tails: list[NDArray[np.float32]] = []
        self._events: list[SoundEvent] = []
        self._turns = 0

    def play(self, sound: Sound) -> None:
        """Take a sound; raises ValueError when one with its id has not ended yet."""
        with self._lock:
            if any(voice.sound.id == sound.id for voice in self._voices):
                raise ValueError(f"sound {sound.id} is playing or waiting already")
            self._voices.append(Voice(sound, sound.start_s))

    def stop(self, sound_id: str | None = None) -> None:
        """End this sound, or every sound, within the ramp; an unknown id changes nothing."""
        with self._lock:
            for voice in [v for v in self._voices if sound_id in (None, v.sound.id)]:
                self._silence(voice)
                self._voices.remove(voice)
                self._events.append(Stopped(voice.sound.id, voice.played_s))

    def events(self) -> list[SoundEvent]:
        """What happened since the last call, in order."""
        with self._lock:
            drained, self._events = self._events, []
            return drained

    def next_sound_s(self) -> float | None:
        """When something will sound next (an instant that has passed: now), None when nothing is waiting."""
        with self._lock:
            if self._tails or any(v.zero_s is not None or v.due_s is None for v in self._voices):
                return 0.0
            return min((v.due_s for v in self._voices if v.due_s is not None), default=None)

    @property
    def is_idle(self) -> bool:
        """Nothing sounds and nothing waits."""
        return self.next_sound_s() is None

    def render(self, frames: int, dac_s: float) -> Pcm:
        """The next `frames` frames; the first of them leaves the DAC at monotonic time `dac_s`."""
        with self._lock:
            if not self._voices and not self._tails:
                return np.zeros(frames, np.int16)
            out = np.zeros(frames, np.float32)
            for voice in self._heard():
                voice.keep_in_step(dac_s)
            at = 0
            while at < frames:
                now_s = dac_s + at / SAMPLE_RATE
                self._settle(now_s)
                span = self._until_change(now_s, frames - at)
                self._mix(out[at : at + span])
                at += span
            self._finish(dac_s + frames / SAMPLE_RATE)
            return np.clip(out, -32768, 32767).astype(np.int16)

    def _heard(self) -> list[Voice]:
        return [voice for voice in self._sounding.values() if voice is not None]

    def _settle(self, now_s: float) -> None:
        """Decide who sounds from `now_s` on."""
        self._finish(now_s)
        ready = [voice for voice in list(self._voices) if self._is_ready(voice, now_s)]
        for voice in sorted(ready, key=lambda one: one.sound.id):  # at the same instant the same order everywhere
            if voice.turn is None:
                self._turns += 1
                voice.turn = self._turns
        announcement = self._first([v for v in ready if v.sound.lane == "announcement"])
        self._hand_over("announcement", announcement, announcement, now_s)
        for lane, most in MIXED_OVER.items():
            own = self._first([v for v in ready if v.sound.lane == lane])
            louder = announcement if announcement and announcement.sound.priority > most else None
            self._hand_over(lane, None if louder else own, louder or own, now_s)
        for voice in ready:
            if voice.zero_s is None:
                voice.wait_turn()

    def _finish(self, now_s: float) -> None:
        for voice in self._heard():
            if voice.left <= 0:
                self._sounding[voice.sound.lane] = None
                self._voices.remove(voice)
                self._events.append(Finished(voice.sound.id, now_s, voice.played_s, voice.lost_s))

    def _is_ready(self, voice: Voice, now_s: float) -> bool:
        """Whether its instant has come; one that comes late is moved to where the others are by now."""
        if self._is_past(voice, now_s):
            return False
        if voice.due_s is None:
            return True
        if in_frames(voice.due_s - now_s) > 0:
            return False
        voice.join_at(now_s)
        if voice.left <= 0:
            self._voices.remove(voice)
            self._events.append(Missed(voice.sound.id))
            return False
        return voice.due_s == now_s

    def _is_past(self, voice: Voice, now_s: float) -> bool:
        """Whether, while the voice waited for its turn, a live speaker ended or what it says became a lie."""
        is_past = voice.zero_s is None and voice.is_past(now_s)
        if is_past:
            self._voices.remove(voice)
            self._events.append(Missed(voice.sound.id))
        return is_past

    def _first(self, ready: list[Voice]) -> Voice | None:
        """Highest priority; among equals the one that sounds or has waited longest, at 255 the latest."""

        def rank(voice: Voice) -> tuple[int, bool, int]:
            turn = voice.turn or 0
            if voice.sound.priority == LIVE_PRIORITY:
                return voice.sound.priority, False, turn
            return voice.sound.priority, voice.zero_s is not None, -turn

        return max(ready, key=rank, default=None)

    def _hand_over(self, lane: SoundLane, to: Voice | None, by: Voice | None, now_s: float) -> None:
        """Let `to` sound in this lane; who sounded there is interrupted by `by`."""
        before = self._sounding[lane]
        if before is to:
            return
        if before is not None and by is not None:
            self._interrupt(before, by.sound.id)
        self._sounding[lane] = to
        if to is not None:
            self._start(to, now_s)

    def _interrupt(self, voice: Voice, by: str) -> None:
        self._events.append(Interrupted(voice.sound.id, by, voice.played_s, voice.sound.resumes))
        self._silence(voice)
        if voice.sound.resumes:
            voice.wait_turn()
        else:
            self._voices.remove(voice)

    def _start(self, voice: Voice, now_s: float) -> None:
        voice.start(now_s)
        self._events.append(Started(voice.sound.id, now_s, voice.position / SAMPLE_RATE))

    def _silence(self, voice: Voice) -> None:
        """Take a voice out of the stream, leaving a short tail that fades."""
        if voice.zero_s is None:
            return
        voice.zero_s = None
        self._sounding[voice.sound.lane] = None
        frames = min(RAMP_FRAMES, voice.left)
        fade = np.linspace(voice.gain, 0.0, frames, dtype=np.float32)
        self._tails.append(voice.take(frames) * fade * voice.volume(self.local_volume))

    def _until_change(self, now_s: float, frames: int) -> int:
        """Frames that can be mixed before somebody starts or ends."""
        ends = [voice.left for voice in self._heard()]
        starts = [in_frames(v.due_s - now_s) for v in self._voices if v.due_s is not None]
        return min([frames, *ends, *starts])

    def _mix(self, out: NDArray[np.float32]) -> None:
        heard = self._heard()  # in the order of the lanes: the last one is heard best
        for voice in heard:
            wanted = 1.0 if voice is heard[-1] else DUCKED
            gain = _ramp(voice.gain, wanted, len(out))
            voice.gain = float(gain[-1])
            out += voice.take(len(out)) * (gain * np.float32(voice.volume(self.local_volume)))
        for tail in self._tails:
            piece = tail[: len(out)]
            out[: len(piece)] += piece
        self._tails = [tail[len(out) :] for tail in self._tails if len(tail) > len(out)]


def _ramp(now: float, wanted: float, frames: int) -> NDArray[np.float32]:
    """Gains from `now` towards `wanted`, at most one full scale in RAMP_FRAMES; one value when nothing moves."""
    if now == wanted:
        return np.array([wanted], np.float32)
    step = np.arange(1, frames + 1, dtype=np.float32) / RAMP_FRAMES
    return np.maximum(now - step, wanted) if wanted < now else np.minimum(now + step, wanted)
