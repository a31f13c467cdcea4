"""Who sounds when: priorities, pre-emption, ducking and exact starts, computed a block of frames at a time."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_agent.core.sounds import (
    EMERGENCY_PRIORITY,
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

RAMP_FRAMES = 480  # 10 ms: no click, and silent well within the 60 ms that a pre-emption may take
DUCKED = 0.15  # -16 dB: a sentence stays intelligible over it, measured by ear on speech over speech
SLIP_FRAMES = 6  # 0.125 ms: above the jitter of a sound card's clock, below what two speakers in step may differ
JUMP_FRAMES = 960  # 20 ms: a gap in the stream, not drift; one frame a block would take 10 s to make it up
LATE_SHARE = 1 / 3  # past this share of a pass a late device waits for the repeat, if there is one


@dataclass(slots=True, eq=False)
class _Voice:
    """A sound on its way: `position` counts frames over all repeats and gaps."""

    sound: Sound
    due_s: float | None  # when frame `position` should sound; None: as soon as its turn has come
    turn: int | None = None  # the order in which voices became ready
    zero_s: float | None = None  # when frame 0 was, or would have been; set while sounding
    position: int = 0
    played: int = 0
    gain: float = 1.0

    @property
    def pass_frames(self) -> int:
        return len(self.sound.pcm) + round(self.sound.gap_s * SAMPLE_RATE)

    @property
    def left(self) -> int:
        last_pass = (self.sound.repeat - 1) * self.pass_frames
        return last_pass + len(self.sound.pcm) - self.position

    @property
    def played_s(self) -> float:
        return self.played / SAMPLE_RATE

    def take(self, frames: int) -> NDArray[np.float32]:
        """The next frames, silence in the gaps, at unit gain; `frames` is at most `left`."""
        out = np.zeros(frames, np.float32)
        done = 0
        while done < frames:
            within = (self.position + done) % self.pass_frames
            count = min(frames - done, self.pass_frames - within)
            piece = self.sound.pcm[within : within + count]
            out[done : done + len(piece)] = piece
            done += count
        self.position += frames
        self.played += frames
        return out


class Mixer:
    """Mixes sounds into one endless stream. Its methods may be called from the loop and from the speaker's thread.

    Higher priority silences lower within 10 ms; equals wait their turn, at 255 the latest wins.
    `local_volume` (0-1) may be set at any time and is ignored from priority 224 up.
    """

    def __init__(self, local_volume: float = 1.0) -> None:
        self.local_volume = local_volume
        self._lock = threading.Lock()
        self._voices: list[_Voice] = []
        self._sounding: dict[SoundLane, _Voice | None] = {"announcement": None, "told": None}
        self._tails: list[NDArray[np.float32]] = []
        self._events: list[SoundEvent] = []
        self._turns = 0

    def play(self, sound: Sound) -> None:
        """Take a sound; raises ValueError when one with its id has not ended yet."""
        with self._lock:
            if any(voice.sound.id == sound.id for voice in self._voices):
                raise ValueError(f"sound {sound.id} is playing or waiting already")
            self._voices.append(_Voice(sound, sound.start_s))

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
                self._keep_in_step(voice, dac_s)
            at = 0
            while at < frames:
                now_s = dac_s + at / SAMPLE_RATE
                self._settle(now_s)
                span = self._until_change(now_s, frames - at)
                self._mix(out[at : at + span])
                at += span
            self._end_finished(dac_s + frames / SAMPLE_RATE)
            return np.clip(out, -32768, 32767).astype(np.int16)
