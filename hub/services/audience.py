"""Whom an announcement is for: who will hear it, who is still owed it, and where it may still be sounding."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.domain.announcements import ENDS, RED_WHISTLE, Progress, Reached, total_ms
from hub.domain.live import LIVE
from hub.domain.places import heard_at_each, reached, without_overlap
from hub.services.ports import Announcement, Community, Tx

LONGEST_MS = 3_600_000
"""Longer than any announcement takes, repeats and pauses included."""
NEVER_AGAIN = frozenset(ENDS) - {Reached.INTERRUPTED}
"""What was interrupted is played again from its start while it is valid."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where an announcement goes: place topics without overlap, and the (device, place) that will hear it."""

    community: Community
    places: tuple[str, ...]
    devices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a device that was away must be sent; `late` are those that went out before the device was known."""

    device: str
    play: tuple[Announcement, ...]
    stop: tuple[Announcement, ...]
    late: tuple[tuple[str, Progress], ...]


def targets_of(tx: Tx, wanted: Sequence[str]) -> Targets:
    """Where an announcement for these places goes. Raises Invalid for none and for an unknown one."""
    places = tx.places.places()
    reached(places, wanted)
    targets = without_overlap(places, wanted)
    meant = set(targets)
    devices = tx.devices.places_of()
    heard = heard_at_each(places, set(devices.values()))
    hearing = {place for place, those in heard.items() if not meant.isdisjoint(those)}
    return Targets(
        tx.places.community(), tuple(targets), tuple(one for one in sorted(devices.items()) if one[1] in hearing)
    )


def owed_to(tx: Tx, ids: Collection[str], now_ms: int) -> list[Owed]:
    """What is valid at `now_ms`, meant for where these devices are, and not at an end there as far as is known.

    Devices that are owed nothing, and those that nobody knows, are left out.
    """
    going_on = [*tx.announcements.valid(now_ms), *tx.announcements.stopped(now_ms)]
    devices = tx.devices.places_of(ids)
    heard = heard_at_each(tx.places.places(), set(devices.values())) if going_on else {}
    progress = tx.announcements.progress_of([(one.id, device) for one in going_on for device in devices])
    owed = []
    for device, place in devices.items() if going_on else ():
        for_it = [one for one in going_on if not set(heard[place]).isdisjoint(one.places)]
        parts = {one.id: progress.get((one.id, device)) for one in for_it}
        left = [one for one in for_it if (part := parts[one.id]) is None or part.reached not in ENDS]
        play = tuple(one for one in left if one.stopped_ms is None and one.is_out)
        stop = tuple(one for one in left if one.stopped_ms is not None and one.is_out)
        new = [one.id for one in left if one.stopped_ms is None and parts[one.id] is None]
        late = tuple((one, Progress(device, place, Reached.SENT, {})) for one in new)
        if left:
            owed.append(Owed(device, play, stop, late))
    return owed


def stoppable(tx: Tx, now_ms: int) -> list[Announcement]:
    """What is planned or may be sounding anywhere, the oldest first; but no calls for help, whose alerts end them."""
    recent = tx.announcements.valid(now_ms - LONGEST_MS)
    return [one for one in recent if one.created_by != RED_WHISTLE and _may_sound(tx, one, now_ms)]


def _may_sound(tx: Tx, one: Announcement, now_ms: int) -> bool:
    """A device that was late may begin until it is valid no more, and then plays all of it."""
    whole_ms = total_ms(one.duration_ms, one.repeat)
    is_valid = now_ms < one.valid_until_ms
    if is_valid and now_ms < one.play_at_ms + whole_ms:
        return True
    if not is_valid and (one.kind == LIVE or now_ms >= one.valid_until_ms + whole_ms):
        return False
    reached_there = {part.reached for part, _ in tx.announcements.alike(one.id)}
    return not reached_there <= NEVER_AGAIN if is_valid else Reached.PLAYING in reached_there
