"""Live speech: how urgent, how it ends by itself, and which instant each frame belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.domain.announcements import PRIORITY, Kind
from hub.domain.errors import Invalid

LIVE = "live"
"""The kind of an announcement that somebody speaks."""
FIRE = "fire"
"""The urgency that is above all others: 火警喊话."""
FIRE_PRIORITY = 255
DELAY_MS = 200
"""From capture to loudspeaker; a block is rendered up to 120 ms before it is heard, the rest is for the network."""
FRAME_US = 20_000
QUIET_MS = 5_000
"""Without a frame for so long it is over (BROADCAST.md, Live)."""
MOST_MS = 600_000
UNUSED_MS = 60_000
"""So long a microphone that was asked for may wait for the first word."""
SWAY_US = 50_000
"""Frames that come so much earlier or later than they should, all of WINDOW of them, mean that the clocks disagree."""
WINDOW = 100


class Ending(StrEnum):
    """Why live speech is over."""

    DONE = "done"  # the speaker said so
    QUIET = "quiet"
    TOO_LONG = "too_long"
    UNUSED = "unused"
    STOPPED = "stopped"  # by somebody who stopped the announcement
    REPLACED = "replaced"  # by another fire microphone
    GONE = "gone"  # the connection broke


def priority(urgency: str) -> int:
    """Of the table in WIRE.md; raises Invalid for an unknown urgency."""
    if urgency == FIRE:
        return FIRE_PRIORITY
    if urgency not in Kind.__members__.values():
        raise Invalid("unknown_kind", kind=urgency, allowed="/".join([*Kind, FIRE]))
    return PRIORITY[Kind(urgency)]


def first_seq(announcement_id: str) -> int:
    """The number of its first frame: found again by whoever sends the announcement again, and unlike any other's."""
    return int.from_bytes(hashlib.sha256(announcement_id.encode()).digest()[:4]) >> 1


@dataclass(frozen=True, slots=True)
class Talk:
    """One person at a microphone. Times by the monotonic clock, None until they have come."""

    armed_ms: int
    began_ms: int | None = None
    frame_ms: int | None = None

    def heard(self, now_ms: int) -> Talk:
        """A frame has come."""
        return replace(self, began_ms=now_ms if self.began_ms is None else self.began_ms, frame_ms=now_ms)

    def ending(self, now_ms: int) -> Ending | None:
        """Whether it is over by itself, and why."""
        if self.began_ms is None or self.frame_ms is None:
            return Ending.UNUSED if now_ms - self.armed_ms >= UNUSED_MS else None
        if now_ms - self.began_ms >= MOST_MS:
            return Ending.TOO_LONG
        return Ending.QUIET if now_ms - self.frame_ms >= QUIET_MS else None


@dataclass(slots=True)
class Timeline:
    """Gives each frame the instant at which it was captured, by the hub's clock.

    Frames are 20 ms apart whatever the network does with them. A new line begins with the first frame after a
    pause, and where the sender's clock has run away from ours.
    """

    next_us: int | None = None
    least_us: int | None = None
    counted: int = 0

    def stamp(self, arrived_us: int) -> int:
        """The capture time of the frame that arrives now."""
        if self.next_us is None:
            self.next_us = arrived_us - FRAME_US
        late_us = arrived_us - FRAME_US - self.next_us
        self.least_us = late_us if self.least_us is None else min(self.least_us, late_us)
        self.counted += 1
        if self.counted >= WINDOW:
            if abs(self.least_us) > SWAY_US:
                self.next_us += self.least_us
            self.least_us, self.counted = None, 0
        stamp_us = self.next_us
        self.next_us += FRAME_US
        return stamp_us

    def pause(self) -> int | None:
        """The speaker lets go of the button: where silence begins, None when it is silent already."""
        ends_us, self.next_us, self.least_us, self.counted = self.next_us, None, None, 0
        return ends_us
