"""One sound on its way through the mixer: where in it we are, and when that is due."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from device_agent.core.sounds import EMERGENCY_PRIORITY, SAMPLE_RATE, Sound

SLIP_FRAMES = 3  # 0.06 ms: above the jitter of the DAC's clock, below what two speakers in step may differ
HOLE_FRAMES = 2_400  # 50 ms: what is jumped over in less is shorter than a sound of speech
JUMP_FRAMES = 240  # 5 ms: a gap in the stream, not drift; one frame a block would take seconds to make it up
LATE_SHARE = 1 / 3  # past this share of a pass a late device waits for the repeat, if there is one


@dataclass(slots=True, eq=False)
class Voice:
    """A sound that waits or sounds; `position` counts its frames over all repeats and the gaps between them."""

    sound: Sound
    due_s: float | None  # when frame `position` should sound; None: as soon as its turn has come
    turn: int | None = None  # the order in which voices became ready
    zero_s: float | None = None  # when frame 0 was, or would have been; None while it waits
    position: int = 0
    played: int = 0
    begun: int = 0  # where the pass in which it began begins
    holes: list[tuple[int, int]] = field(default_factory=list)  # from which position to which it was jumped
    gain: float = 1.0

    @property
    def pass_frames(self) -> int:
        """Frames of one pass with the gap after it; never none, also of a speaker who said nothing."""
        return max(1, len(self.sound.pcm) + in_frames(self.sound.gap_s))

    @property
    def left(self) -> int:
        """Frames still to play; none or fewer: it is over."""
        return (self.sound.repeat - 1) * self.pass_frames + len(self.sound.pcm) - self.position

    @property
    def played_s(self) -> float:
        return self.played / SAMPLE_RATE

    @property
    def lost_s(self) -> float:
        """How much of it has not sounded in the pass that sounded best.

        Who joins late in time has lost nothing; who joins later than that, for want of another pass, all before it.
        """
        length = len(self.sound.pcm)
        lost = [
            sum(max(0, min(end, begin + length) - max(first, begin)) for first, end in self.holes)
            for begin in range(self.begun, self.sound.repeat * self.pass_frames, self.pass_frames)
        ]
        return min(lost, default=0) / SAMPLE_RATE

    def volume(self, local: float) -> float:
        """Its own volume, times the local one below the emergency priorities."""
        return self.sound.volume * (1.0 if self.sound.priority >= EMERGENCY_PRIORITY else local)

    def join_at(self, now_s: float) -> None:
        """Its instant has come or passed: move to where it would be by now, or to the next pass when much is missed."""
        assert self.due_s is not None
        self.position += in_frames(now_s - self.due_s)
        self.due_s = now_s
        into_pass = self.position % self.pass_frames
        to_next_pass = self.pass_frames - into_pass
        if into_pass > LATE_SHARE * len(self.sound.pcm) and self.left > to_next_pass:
            self.position += to_next_pass
            self.due_s += to_next_pass / SAMPLE_RATE

    def wait_turn(self) -> None:
        """It is ready and somebody else sounds: when its turn comes it plays whole."""
        self.due_s, self.position, self.played, self.holes = None, 0, 0, []

    def start(self, now_s: float) -> None:
        """Frame `position` sounds at `now_s`; in the middle of a sound it fades in."""
        self.position = max(self.position, self.live_position(now_s))
        due_s = now_s if self.due_s is None else self.due_s
        self.zero_s, self.due_s = due_s - self.position / SAMPLE_RATE, None
        into = self.position % self.pass_frames
        self.begun = self.position - into
        if not self.sound.is_live and into > LATE_SHARE * len(self.sound.pcm):
            self.holes = [(self.begun, self.position)]
        self.gain = 0.0 if into else 1.0

    def live_position(self, now_s: float) -> int:
        """Where a live speaker is by now; 0 for every other sound."""
        if not self.sound.is_live or self.sound.start_s is None:
            return 0
        return max(0, in_frames(now_s - self.sound.start_s))

    def is_past(self, now_s: float) -> bool:
        """Whether nothing of it may be begun any more."""
        until_s = self.sound.until_s
        return self.live_position(now_s) >= len(self.sound.pcm) or (until_s is not None and now_s > until_s)

    def keep_in_step(self, now_s: float) -> None:
        """Follow the clock: drop or repeat one frame, or jump after a gap in the stream. Once a block."""
        assert self.zero_s is not None
        behind = in_frames(now_s - self.zero_s) - self.position
        if abs(behind) > JUMP_FRAMES:
            self._jump(behind)
            self.gain = 0.0
        elif abs(behind) > SLIP_FRAMES:
            self.position += 1 if behind > 0 else -1

    def _jump(self, frames: int) -> None:
        """Go on so many frames further on; or back, and then what was jumped over there sounds after all."""
        to = max(0, self.position + frames)
        self.holes = [(begin, min(end, to)) for begin, end in self.holes if min(end, to) - begin > HOLE_FRAMES]
        if frames > HOLE_FRAMES:
            self.holes.append((self.position, to))
        self.position = to

    def take(self, frames: int) -> NDArray[np.float32]:
        """The next `frames` frames at unit gain, silence in the gaps; at most `left`."""
        out = np.zeros(frames, np.float32)
        done = 0
        while done < frames:
            into_pass = (self.position + done) % self.pass_frames
            count = min(frames - done, self.pass_frames - into_pass)
            piece = self.sound.pcm[into_pass : into_pass + count]
            out[done : done + len(piece)] = piece
            done += count
        self.position += frames
        self.played += frames
        return out


def in_frames(seconds: float) -> int:
    """Whole frames nearest to a time."""
    return round(seconds * SAMPLE_RATE)
