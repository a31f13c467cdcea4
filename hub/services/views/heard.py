"""Broadcasts of the last days: what was sent, what was played and what was heard, per announcement and building."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.announcements import Ear, Reached
from hub.domain.errors import Invalid
from hub.domain.findings import Finding
from hub.services.ports import Announcement, Tx
from hub.services.views.announcements import (
    WAITING,
    AnnouncementDetail,
    AnnouncementSummary,
    BuildingProgress,
    announcement_details,
    has_settled,
)

DAY_MS = 24 * 3_600_000
MOST_DAYS = 366
MOST = 500
"""The newest announcements that are looked through; what lies before is said to be left out."""


@dataclass(frozen=True, slots=True)
class Missed:
    """An announcement that was not heard in a building, as far as it came there."""

    announcement_id: str
    title: str
    play_at_ms: int
    state: str
    ear: Ear | None
    finding: Finding | None
    reason: str


@dataclass(frozen=True, slots=True)
class BuildingHeard:
    """A building: how many announcements were meant for it, and how far they came; `missed`, the newest first."""

    place: str
    place_name: str
    device: str | None
    meant: int
    sent: int
    played: int
    heard: int
    missed: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class HeardView:
    """Announcements that have begun since `since_ms`, the newest first; buildings that missed most of them first.

    Those that staff stopped, or that are still on the air, are listed and counted at no building. `is_cut`: there
    are more than were looked through.
    """

    days: int
    since_ms: int
    is_cut: bool
    announcements: tuple[AnnouncementSummary, ...]
    buildings: tuple[BuildingHeard, ...]


def heard_view(tx: Tx, now_ms: int, days: int) -> HeardView:
    """The report of the last so many days, 1 to MOST_DAYS. Raises Invalid."""
    begun = _begun(tx, now_ms, days)
    details = announcement_details(tx, begun[:MOST], now_ms)
    found: dict[tuple[str, str | None], list[tuple[AnnouncementDetail, BuildingProgress]]] = {}
    for one in details:
        is_over = one.stopped_ms is None and has_settled(one, now_ms)
        for part in one.buildings if is_over else ():
            found.setdefault((part.place, part.device), []).append((one, part))
    order = {slug: index for index, slug in enumerate(tx.places.places())}
    buildings = [_building(parts) for parts in found.values()]
    buildings.sort(key=lambda one: (one.heard - one.meant, order.get(one.place, len(order)), one.device or ""))
    return HeardView(days, now_ms - days * DAY_MS, len(begun) > MOST, tuple(details), tuple(buildings))


def heard_details(tx: Tx, now_ms: int, days: int) -> list[AnnouncementDetail]:
    """Announcements that have begun in the last so many days with every building, the newest first. Raises Invalid."""
    return announcement_details(tx, _begun(tx, now_ms, days)[:MOST], now_ms)


def checked_days(days: int) -> int:
    """So many days can be looked back on, 1 to MOST_DAYS. Raises Invalid."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days_out_of_range", most=MOST_DAYS)
    return days


def _begun(tx: Tx, now_ms: int, days: int) -> list[Announcement]:
    """One more than is looked through, if there is."""
    return tx.announcements.begun(now_ms - checked_days(days) * DAY_MS, now_ms, MOST + 1)


def is_sent(part: BuildingProgress) -> bool:
    """Whether it is known that the device was sent it."""
    return part.device is not None and part.state != WAITING


def _building(parts: Sequence[tuple[AnnouncementDetail, BuildingProgress]]) -> BuildingHeard:
    first = parts[0][1]
    return BuildingHeard(
        place=first.place,
        place_name=first.place_name,
        device=first.device,
        meant=len(parts),
        sent=sum(is_sent(part) for _, part in parts),
        played=sum(part.state == Reached.PLAYED for _, part in parts),
        heard=sum(part.heard for _, part in parts),
        missed=tuple(
            Missed(
                one.id,
                one.title,
                one.play_at_ms,
                part.state,
                part.ear,
                part.evidence.finding if part.evidence else None,
                part.reason,
            )
            for one, part in parts
            if not part.heard
        ),
    )
