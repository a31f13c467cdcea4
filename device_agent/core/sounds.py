"""What the mixer plays and what it says about it: a sound, its events, the one sample format."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000  # frames a second, everywhere inside the agent; Opus decodes to it without resampling
Pcm: TypeAlias = NDArray[np.int16]  # one channel, SAMPLE_RATE, shape (frames,)
SoundLane: TypeAlias = Literal["announcement", "intercom", "told"]

INTERCOM_PRIORITY = 180  # a conversation with a building (WIRE.md)
LIVE_PRIORITY = 255  # live fire microphone: the latest wins, and nothing is mixed over it (WIRE.md)
EMERGENCY_PRIORITY = 224  # from here up the local volume is ignored (WIRE.md, Praesideo's third class)


class Frames(Protocol):
    """Sound that is still being made: `len` is how far it goes as far as is known by now."""

    def __len__(self) -> int: ...
    def __getitem__(self, span: slice, /) -> Pcm: ...


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One thing to play.

    `start_s` is the instant, on this device's monotonic clock in seconds, at which frame 0 leaves the DAC;
    an instant that has passed means joining late at the right offset; None means as soon as possible.
    An announcement takes its turn by priority (0-255). What an elder is told about an alert (`lane="told"`)
    is mixed over every announcement below 255, which is ducked meanwhile, and over a conversation (`intercom`), which
    is itself mixed over announcements up to its own priority and silenced by those above.
    `volume` 0-1 is this sound's own. `resumes`: after an interruption it plays again from its start.
    `is_live`: whenever its turn comes, first or after an interruption, it joins where the speaker is by then.
    `until_s`: after this instant of the monotonic clock it is not begun any more, neither first nor again.
    """

    id: str
    pcm: Pcm | Frames
    priority: int
    start_s: float | None = None
    lane: SoundLane = "announcement"
    repeat: int = 1
    gap_s: float = 0.0
    volume: float = 1.0
    resumes: bool = False
    is_live: bool = False
    until_s: float | None = None

    def __post_init__(self) -> None:
        is_wrong = isinstance(self.pcm, np.ndarray) and (self.pcm.ndim != 1 or self.pcm.dtype != np.int16)
        if is_wrong or not len(self.pcm):
            raise ValueError(f"sound {self.id}: needs one channel of int16 frames, and at least one of them")
        if not 0 <= self.priority <= LIVE_PRIORITY:
            raise ValueError(f"sound {self.id}: priority {self.priority} is outside 0-255")
        if self.repeat < 1 or self.gap_s < 0 or not 0 <= self.volume <= 1:
            raise ValueError(f"sound {self.id}: repeat >= 1, gap_s >= 0 and volume 0-1 are needed")


@dataclass(frozen=True, slots=True)
class Started:
    """The first frame leaves the DAC at `dac_s`; `skipped_s` of the sound was missed by joining late."""

    id: str
    dac_s: float
    skipped_s: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The last frame has left the DAC at `dac_s`; `played_s` is less than the length after a late start or a gap.

    `lost_s` of it did not sound for gaps, in the pass that had the least of them.
    """

    id: str
    dac_s: float
    played_s: float
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A sound of higher rank (`by`) silenced it within the ramp; `resumes` says whether it will play again."""

    id: str
    by: str
    played_s: float
    resumes: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """`Mixer.stop` ended it, within the ramp when it was sounding; `played_s` is 0 when it never began."""

    id: str
    played_s: float


@dataclass(frozen=True, slots=True)
class Missed:
    """It was given so late, or had to wait so long, that nothing of it was left to play."""

    id: str


SoundEvent: TypeAlias = Started | Finished | Interrupted | Stopped | Missed
