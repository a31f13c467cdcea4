"""What happens to an agent: the inputs of `decide`, besides the hub's messages and the mixer's events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from device_agent.core.hearing import Evidence
from device_agent.core.sounds import SoundEvent
from wire import messages


@dataclass(frozen=True, slots=True)
class ButtonDown:
    """Contact: a hand is on the button."""

    button: str


@dataclass(frozen=True, slots=True)
class ButtonUp:
    """The button is free again."""

    button: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: at or after the instant that `due` named."""


@dataclass(frozen=True, slots=True)
class TimeTold:
    """The hub has answered what its time is; it was asked at `asked_ms` on the monotonic clock."""

    asked_ms: int


@dataclass(frozen=True, slots=True)
class TimeDoubted:
    """A frame of live speech was captured far from what we take for the hub's time."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker is connected and every subscription stands."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The broker is not connected any more."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The payload of an announcement was not trusted; its id where one could be read."""

    announcement_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class AudioReady:
    """The file with this hash is on disk."""

    sha256: str


@dataclass(frozen=True, slots=True)
class AudioFailed:
    """The file with this hash is on disk but cannot be played, or is there no more."""

    sha256: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the microphone heard of a sound; `fault` says why it could hear nothing."""

    sound_id: str
    evidence: Evidence
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class LiveOpen:
    """The frames of this live announcement reach us from now on."""

    announcement_id: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The agent is about to end in good order."""


FromHub: TypeAlias = (
    messages.Accepted
    | messages.AlertStage
    | messages.Config
    | messages.Manifest
    | messages.Stop
    | messages.Live
    | messages.LiveEnd
    | messages.Volume
    | messages.SelfTest
    | messages.Restart
    | messages.HubStatus
)
"""Read and, all but the hub's status, verified."""

Event: TypeAlias = (
    ButtonDown
    | ButtonUp
    | Tick
    | TimeTold
    | TimeDoubted
    | LinkUp
    | LinkDown
    | Refusal
    | AudioReady
    | AudioFailed
    | Judged
    | LiveOpen
    | Closing
    | FromHub
    | SoundEvent
)
