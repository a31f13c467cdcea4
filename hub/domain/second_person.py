"""两人确认: red and orange are held for ten seconds, in which anyone can call them off and a second person send them.

Nobody needs to do anything: what is not called off goes out by itself. The row of an announcement holds its window, so
that whoever commits first has decided, and a hub that was killed goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from hub.domain.announcements import RED_WHISTLE
from hub.domain.errors import NotHeld, OwnConfirmation
from hub.domain.quiet_hours import LOUD_PRIORITY

HOLD_MS = 10_000
"""BROADCAST.md, "Playing it"."""
MOST_LATE_MS = 3_600_000
"""What a hub that was away for longer finds held is not played any more: a warning of yesterday is a false alarm."""


class Hold(StrEnum):
    """How an announcement that was held stands."""

    HELD = "held"  # 等第二个人
    CONFIRMED = "confirmed"
    RAN_OUT = "ran_out"  # nobody called it off: it went out by itself
    CALLED_OFF = "called_off"
    LAPSED = "lapsed"  # the hub was away for too long


OUT = (Hold.CONFIRMED, Hold.RAN_OUT)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which an announcement is held. `play_at_ms` is when it begins if nobody does anything.

    `by` decided at `at_ms`; it is None while nobody has, and where time alone did.
    """

    made_by: str
    until_ms: int
    play_at_ms: int
    hold: Hold = Hold.HELD
    by: str | None = None
    at_ms: int | None = None


def needs_window(priority: int, by: str) -> bool:
    """Whether it is held: an emergency that a person, or a program on their behalf, sends; no call of an alert."""
    return priority >= LOUD_PRIORITY and by != RED_WHISTLE


def confirmed(window: Window | None, by: str, now_ms: int) -> Window:
    """A second person has it go out at once; where it is out already, nothing changes.

    Raises OwnConfirmation for whoever made it, NotHeld for what was called off or never held.
    """
    if window is None or window.hold in (Hold.CALLED_OFF, Hold.LAPSED):
        raise NotHeld
    if by == window.made_by:
        raise OwnConfirmation
    return _decided(window, Hold.CONFIRMED, by, now_ms)


def called_off(window: Window, by: str, now_ms: int) -> Window:
    """Anyone, the one who made it too, keeps it from being played; where it is out already, nothing changes."""
    return _decided(window, Hold.CALLED_OFF, by, now_ms)


def ran_out(window: Window, now_ms: int) -> Window:
    """The time is over, and nobody has called it off: it goes out, unless that would be far too late."""
    is_stale = now_ms > window.play_at_ms + MOST_LATE_MS
    return _decided(window, Hold.LAPSED if is_stale else Hold.RAN_OUT, None, now_ms)


def due_ms(window: Window, now_ms: int, steady_ms: int) -> int:
    """When its time is over, by the steady clock of whoever holds it from now on.

    Never more than HOLD_MS from now: a wall clock that was set back must not keep an emergency from going out.
    """
    return steady_ms + min(max(window.until_ms - now_ms, 0), HOLD_MS)


def begins_ms(window: Window, lead_ms: int, now_ms: int) -> int:
    """When it begins, going out now: what was meant for later still does, the rest as soon as devices can."""
    is_for_later = window.play_at_ms > window.until_ms + lead_ms
    return max(window.play_at_ms, now_ms + lead_ms) if is_for_later else now_ms + lead_ms


def _decided(window: Window, hold: Hold, by: str | None, now_ms: int) -> Window:
    return replace(window, hold=hold, by=by, at_ms=now_ms) if window.hold is Hold.HELD else window
