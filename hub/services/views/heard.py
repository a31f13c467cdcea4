"""Broadcasts of the last days: what was sent, what was played and what was heard, per announcement and building."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hub.domain.announcements import Ear, Progress
from hub.domain.errors import Invalid
from hub.domain.findings import Finding
from hub.domain.places import Place
from hub.services.ports import Announcement, Tx, Unheard
from hub.services.views.announcements import (
    CALLED_OFF,
    HELD,
    NO_DEVICE,
    WAITING,
    AnnouncementSummary,
    BuildingProgress,
    has_settled,
    meant_devices,
    name_of,
    state_of,
    summaries,
    whole_ms,
)

DAY_MS = 24 * 3_600_000
MOST_DAYS = 366
MOST = 500
"""The newest announcements that are looked through; what lies before is said to be left out."""
ALL = 2**31 - 1
LISTED = 3
"""So many of what a building missed are named; the rest is counted, and in the file."""


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
    """A building: how many announcements were meant for it, and how far they came.

    `missed` are the newest LISTED of the `meant - heard` that were not heard.
    """

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


Over: TypeAlias = Mapping[str, Announcement]
"""Announcements that are over, by id, the newest first."""


def heard_view(tx: Tx, now_ms: int, days: int) -> HeardView:
    """The report of the last so many days, 1 to MOST_DAYS. Raises Invalid."""
    begun, places = _begun(tx, now_ms, days, MOST + 1), tx.places.places()
    over = {one.id: one for one in begun[:MOST] if _is_over(one, now_ms)}
    bare, counts = meant_devices(tx, list(over.values()))
    bare |= meant_devices(tx, [one for one in begun[:MOST] if one.id not in over])[0]
    order = {slug: index for index, slug in enumerate(places)}
    buildings = [*_with_device(tx, over, counts, places), *_without_device(over, bare, places)]
    buildings.sort(key=lambda one: (one.heard - one.meant, order.get(one.place, len(order)), one.device or ""))
    found = summaries(tx, begun[:MOST], bare, now_ms)
    return HeardView(days, now_ms - days * DAY_MS, len(begun) > MOST, tuple(found), tuple(buildings))


def heard_ids(tx: Tx, now_ms: int, days: int) -> list[str]:
    """All announcements that have begun in the last so many days, the newest first. Raises Invalid."""
    return [one.id for one in _begun(tx, now_ms, days, ALL)]


def checked_days(days: int) -> int:
    """So many days can be looked back on, 1 to MOST_DAYS. Raises Invalid."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days_out_of_range", most=MOST_DAYS)
    return days


def _begun(tx: Tx, now_ms: int, days: int, most: int) -> list[Announcement]:
    return tx.announcements.begun(now_ms - checked_days(days) * DAY_MS, now_ms, most)


def is_sent(part: BuildingProgress) -> bool:
    """Whether it is known that the device was sent it."""
    return part.device is not None and part.state not in (WAITING, HELD, CALLED_OFF)


def _is_over(one: Announcement, now_ms: int) -> bool:
    return one.stopped_ms is None and has_settled(one.play_at_ms, whole_ms(one), now_ms)


def _with_device(
    tx: Tx, over: Over, counts: Mapping[tuple[str, str], int], places: Mapping[str, Place]
) -> Iterator[BuildingHeard]:
    unheard: dict[tuple[str, str], list[Unheard]] = {}
    for one in tx.announcements.unheard(over, LISTED):
        unheard.setdefault((one.device, one.place), []).append(one)
    for (device, place), count in counts.items():
        ones = unheard.get((device, place), [])
        heard, sent, played = (count - ones[0].count, ones[0].sent, ones[0].played) if ones else (count, 0, 0)
        missed = tuple(_missed(over[one.announcement_id], one.part) for one in ones)
        yield BuildingHeard(place, name_of(places, place), device, count, heard + sent, heard + played, heard, missed)


def _without_device(
    over: Over, bare: Mapping[str, Sequence[str]], places: Mapping[str, Place]
) -> Iterator[BuildingHeard]:
    meant: dict[str, list[Announcement]] = {}
    for one in over.values():
        for slug in bare[one.id]:
            meant.setdefault(slug, []).append(one)
    for slug, ones in meant.items():
        missed = tuple(_missed(one, None) for one in ones[:LISTED])
        yield BuildingHeard(slug, name_of(places, slug), None, len(ones), 0, 0, 0, missed)


def _missed(one: Announcement, part: Progress | None) -> Missed:
    """`part` None: in a building without a device."""
    state, ear, reason = (state_of(part), part.ear, part.reason) if part else (NO_DEVICE, None, "")
    finding = part.evidence.finding if part and part.evidence else None
    return Missed(one.id, one.title, one.play_at_ms, state, ear, finding, reason)
