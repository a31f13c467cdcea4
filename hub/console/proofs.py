"""Devices as technicians see them: what is proved, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.seen import Seen
from hub.domain.devices import BUTTON_PROVED_FOR_MS, PROVED_FOR_MS, Link, Part
from hub.domain.findings import Finding
from hub.services.views import DeviceView


@dataclass(frozen=True, slots=True)
class Proof:
    """When a part of a device was last proved to work, and whether that still counts: too old, or a fault since."""

    name: str
    which: str
    proved_ms: int | None
    is_old: bool
    is_proved: bool


@dataclass(frozen=True, slots=True)
class Health:
    """A device as technicians see it. `fault` names what is wrong with its sound, or why nothing is known of it."""

    id: str
    place: str
    link: str
    heard_ms: int | None
    clock_offset_ms: float | None
    outbox: int | None
    delay_ms: float
    is_fine: bool
    fault: str
    finding_ms: int | None
    proofs: tuple[Proof, ...]


def devices(seen: Seen) -> Mapping[str, object]:
    """All devices, and how many of them need somebody."""
    shown = tuple(_health(one, seen.now_ms) for one in seen.devices)
    return {
        "devices": shown,
        "total": len(shown),
        "silent": sum(one.link != Link.ONLINE for one in shown),
        "unproved": sum(one.link == Link.ONLINE and not one.is_fine for one in shown),
        "fine": sum(one.is_fine for one in shown),
    }


def _health(one: DeviceView, now_ms: int) -> Health:
    parts = [(part.value, "", one.proved_ms.get(part), PROVED_FOR_MS) for part in (Part.SPEAKER, Part.MICROPHONE)]
    buttons = [(Part.BUTTON.value, name, at_ms, BUTTON_PROVED_FOR_MS) for name, at_ms in sorted(one.buttons.items())]
    return Health(
        id=one.id,
        place=one.place_name,
        link=one.link.value,
        heard_ms=one.heard_ms,
        clock_offset_ms=one.clock_offset_ms,
        outbox=one.outbox,
        delay_ms=one.delay_ms,
        is_fine=one.is_fine,
        fault=_fault(one),
        finding_ms=one.finding_ms,
        proofs=tuple(
            _proof(one, name, which, at_ms, at_ms is None or now_ms - at_ms >= lasts_ms)
            for name, which, at_ms, lasts_ms in (*parts, *buttons)
        ),
    )


def _proof(one: DeviceView, name: str, which: str, at_ms: int | None, is_old: bool) -> Proof:
    return Proof(name, which, at_ms, is_old, not is_old and name not in one.unproved)


def _fault(one: DeviceView) -> str:
    """A fault that holds; and of a loudspeaker that is not proved, that it could not be judged."""
    if one.fault is not None:
        return one.fault.value
    is_open = Part.SPEAKER.value in one.unproved and one.finding is Finding.UNJUDGED
    return Finding.UNJUDGED.value if is_open else ""
