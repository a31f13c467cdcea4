"""What is known of a device: whether its link lives, and when each of its parts was last proved to work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.domain.findings import FAULTS, Finding

HEALTH_EVERY_MS = 15_000
LOST_AFTER_MS = 3 * HEALTH_EVERY_MS
"""Three health messages missed: whatever the retained status says, the device is not heard from."""
PROVED_FOR_MS = 26 * 3_600_000
"""A proof older than the last nightly self-test is no proof any more; its window is one and a half hours long."""
MOST_DELAY_MS = 500
"""The most that a device may be told to play earlier or later: sound goes 170 m in so long (WIRE.md, `config`)."""
BUTTON_PROVED_FOR_MS = 30 * 24 * 3_600_000
"""After so long without a press a button asks for a practice press (FLEET.md)."""


class Link(StrEnum):
    """What the hub knows of a device's connection; only what was observed counts."""

    NEVER = "never"  # never heard of: faulty, not fine (ALERTS.md, invariant 10)
    ONLINE = "online"  # heard from within LOST_AFTER_MS
    LOST = "lost"  # says online, or nothing, and is silent
    OFFLINE = "offline"  # its will or its farewell came


NO_STATE = ""
SAYS_ONLINE = "online"
SAYS_OFFLINE = "offline"
UNCONFIRMED = "unconfirmed"
"""A retained `online` of a session that was never heard: it may be older than the silence."""


class Part(StrEnum):
    """The parts of a device that must be proved, each by its own use."""

    SPEAKER = "speaker"
    MICROPHONE = "microphone"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the hub knows it. Times are the hub's, but for the `proved_ms`, which are the device's.

    `heard_ms` is when a health message or receipt last came; a retained `online` is not hearing from it.
    `state` is one of the four below.
    """

    id: str
    place: str
    state: str = NO_STATE
    session: str = ""
    agent: str = ""
    heard_ms: int | None = None
    clock_offset_ms: float | None = None
    outbox: int | None = None
    volume: float = 1.0
    delay_ms: float = 0.0
    proved_ms: Mapping[Part, int] = field(default_factory=dict)
    finding: Finding | None = None
    finding_ms: int | None = None
    """What was last concluded from a sound, and when."""
    buttons: Mapping[str, int | None] = field(default_factory=dict)


def fault(device: Device) -> Finding | None:
    """What is wrong with its sound as far as is known: a fault that no sound since has proved mended."""
    if device.finding not in FAULTS or (device.finding_ms or 0) < device.proved_ms.get(Part.SPEAKER, 0):
        return None
    return device.finding


def link(device: Device, now_ms: int) -> Link:
    """What may be said of the device's connection at `now_ms`."""
    if device.state == SAYS_OFFLINE:
        return Link.OFFLINE
    if device.heard_ms is None:
        return Link.NEVER
    is_fresh = now_ms - device.heard_ms < LOST_AFTER_MS and device.state != UNCONFIRMED
    return Link.ONLINE if is_fresh else Link.LOST


def unproved(device: Device, now_ms: int) -> list[str]:
    """The parts that nothing has proved lately: `speaker`, `microphone`, and `button NAME`."""
    missing = [
        part.value
        for part in (Part.SPEAKER, Part.MICROPHONE)
        if now_ms - device.proved_ms.get(part, 0) >= PROVED_FOR_MS or part in _broken(fault(device))
    ]
    return missing + [
        f"button {name}" for name, at in sorted(device.buttons.items()) if now_ms - (at or 0) >= BUTTON_PROVED_FOR_MS
    ]


def _broken(found: Finding | None) -> tuple[Part, ...]:
    """Which part a fault speaks against; whatever was heard before it, it may not sound or hear now."""
    match found:
        case None:
            return ()
        case Finding.DEAD_MICROPHONE:
            return (Part.MICROPHONE,)
        case _:
            return (Part.SPEAKER,)


def is_fine(device: Device, now_ms: int) -> bool:
    """Linked and proved in every part; a link alone is never fine."""
    return link(device, now_ms) is Link.ONLINE and not unproved(device, now_ms)
