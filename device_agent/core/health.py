"""How the device is, and when each of its parts was last seen to work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment
from wire.messages import Finding, Health

REPORT_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class Proofs:
    """Unix ms of the last proof of each part; None or absent: never."""

    speaker_ms: int | None = None
    microphone_ms: int | None = None
    buttons_ms: Mapping[str, int] = field(default_factory=dict)
    finding: Finding | None = None
    finding_ms: int | None = None
    """What was last concluded from a sound, and when."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the device measures of itself when it reports."""

    uptime_s: float
    temperature_c: float | None
    load: float | None
    memory_mb: float | None
    disk_free_mb: float | None
    clock_offset_ms: float | None
    outbox: int


def heard(proofs: Proofs, evidence: Evidence, now: Moment) -> Proofs:
    """A sound that the microphone heard proves it, and the speaker too unless it sounded wrong; else neither.

    What could not be judged is no conclusion while a fault is known.
    """
    if evidence.heard:
        is_wrong = evidence.finding not in (None, Finding.FINE)
        speaker_ms = proofs.speaker_ms if is_wrong else now.unix_ms
        proofs = replace(proofs, speaker_ms=speaker_ms, microphone_ms=now.unix_ms)
    is_known = proofs.finding not in (None, Finding.FINE)
    if evidence.finding is None or (evidence.finding is Finding.UNJUDGED and is_known):
        return proofs
    return replace(proofs, finding=evidence.finding, finding_ms=now.unix_ms)


def touched(proofs: Proofs, button: str, now: Moment) -> Proofs:
    """A press proves its button."""
    return replace(proofs, buttons_ms={**proofs.buttons_ms, button: now.unix_ms})


def report(proofs: Proofs, stuck_since_ms: Mapping[str, int], vitals: Vitals) -> Health:
    """The health message."""
    return Health(
        uptime_s=vitals.uptime_s,
        temperature_c=vitals.temperature_c,
        load=vitals.load,
        memory_mb=vitals.memory_mb,
        disk_free_mb=vitals.disk_free_mb,
        clock_offset_ms=vitals.clock_offset_ms,
        outbox=vitals.outbox,
        speaker_proved_ms=proofs.speaker_ms,
        microphone_proved_ms=proofs.microphone_ms,
        finding=proofs.finding,
        finding_at_ms=proofs.finding_ms,
        buttons_proved_ms=dict(proofs.buttons_ms),
        buttons_stuck_since_ms=dict(stuck_since_ms),
    )
