"""Whom an announcement is for: the devices that will hear it, and what one that was away must still be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.announcements import ENDS, Progress, Reached
from hub.domain.places import Place, heard_at, reached, without_overlap
from hub.services.ports import Announcement, Community, Tx


@dataclass(frozen=True, slots=True)
class Targets:
    """Where an announcement goes: place topics without overlap, and the (device, place) that will hear it."""

    community: Community
    places: tuple[str, ...]
    devices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a device that was away must be sent; `late` are those that went out before the device was known."""

    play: tuple[Announcement, ...]
    stop: tuple[Announcement, ...]
    late: tuple[tuple[str, Progress], ...]


def _hears(places: dict[str, Place], at: str, targets: Sequence[str]) -> bool:
    return not set(heard_at(places, at)).isdisjoint(targets)


def targets_of(tx: Tx, wanted: Sequence[str]) -> Targets:
    """Where an announcement for these places goes. Raises Invalid for none and for an unknown one."""
    places = tx.places.places()
    reached(places, wanted)
    targets = without_overlap(places, wanted)
    devices = tx.devices.devices().values()
    hearing = {place for place in {one.place for one in devices} if _hears(places, place, targets)}
    return Targets(
        tx.places.community(), tuple(targets), tuple((one.id, one.place) for one in devices if one.place in hearing)
    )


def owed_to(tx: Tx, device: str, now_ms: int) -> Owed:
    """What is valid at `now_ms`, meant for where the device is, and not at an end there as far as is known."""
    known = tx.devices.devices([device]).get(device)
    if known is None:
        return Owed((), (), ())
    places = tx.places.places()
    for_it = [
        one
        for one in (*tx.announcements.valid(now_ms), *tx.announcements.stopped(now_ms))
        if _hears(places, known.place, one.places)
    ]
    progress = tx.announcements.progress_of([(one.id, device) for one in for_it])
    play, stop, late = [], [], []
    for one in for_it:
        mine = progress.get((one.id, device))
        if mine is not None and mine.reached in ENDS:
            continue
        if one.stopped_ms is not None:
            stop.append(one)
            continue
        play.append(one)
        if mine is None:
            late.append((one.id, Progress(device, known.place, Reached.SENT, {})))
    return Owed(tuple(play), tuple(stop), tuple(late))
