"""What was sent, played and heard in the last days, as the report shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.console.airing import aired, next_step, state
from hub.console.seen import Seen
from hub.domain.findings import Finding
from hub.services.views import heard_view
from hub.services.views.heard import BuildingHeard, Missed


@dataclass(frozen=True, slots=True)
class Miss:
    """What a building did not hear, and what to do about it."""

    id: str
    title: str
    play_at_ms: int
    state: str
    finding: str
    why: str
    next: str


@dataclass(frozen=True, slots=True)
class Building:
    """A building in the report; `beyond` counts what it missed besides `misses`."""

    name: str
    device: str
    meant: int
    sent: int
    played: int
    heard: int
    misses: tuple[Miss, ...]
    beyond: int


def shown(seen: Seen, days: int) -> Mapping[str, object]:
    """What the live part needs."""
    report = heard_view(seen.tx, seen.now_ms, days)
    buildings = [_building(one) for one in report.buildings]
    return {
        "is_cut": report.is_cut,
        "announcements": tuple(aired(one, seen.now_ms) for one in report.announcements),
        "totals": _totals(buildings),
        "missing": tuple(one for one in buildings if one.heard < one.meant),
        "complete": tuple(one for one in buildings if one.heard == one.meant),
    }


def _totals(buildings: Sequence[Building]) -> Mapping[str, int]:
    return {
        "meant": sum(one.meant for one in buildings),
        "sent": sum(one.sent for one in buildings),
        "played": sum(one.played for one in buildings),
        "heard": sum(one.heard for one in buildings),
    }


def _building(one: BuildingHeard) -> Building:
    return Building(
        name=one.place_name,
        device=one.device or "",
        meant=one.meant,
        sent=one.sent,
        played=one.played,
        heard=one.heard,
        misses=tuple(_miss(missed) for missed in one.missed),
        beyond=one.meant - one.heard - len(one.missed),
    )


def _miss(one: Missed) -> Miss:
    here = state(one.state, one.ear)
    wrong = "" if one.finding in (None, Finding.FINE) else str(one.finding)
    return Miss(one.announcement_id, one.title, one.play_at_ms, here, wrong, one.reason, next_step(here, wrong))
