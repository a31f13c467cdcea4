"""Announcements as staff see them: what was asked for, and how far it came in every building."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

from hub.domain.announcements import Ear, Progress, Reached, Status, Totals, total_ms, totals
from hub.domain.errors import NotFound
from hub.domain.findings import Finding
from hub.domain.places import Place, reached
from hub.domain.second_person import Hold
from hub.services.calling import Calling
from hub.services.ports import Announcement, Sound, Tx

NO_DEVICE = "no_device"
"""A building that was meant and has no loudspeaker: nobody there hears anything."""
WAITING = "waiting"
"""Stored, but the broker does not have it yet; sent when the link is back."""
HELD, CALLED_OFF = "held", "called_off"
"""Nobody was sent it: it waits for a second person, or was called off meanwhile."""
UNSENT: Mapping[Hold | None, str] = {Hold.HELD: HELD, Hold.CALLED_OFF: CALLED_OFF, Hold.LAPSED: CALLED_OFF}


SETTLE_MS = 10_000
"""So long after its end the microphones have reported: they listen half a second longer and judge within seconds."""


@dataclass(frozen=True, slots=True)
class AnnouncementSummary:
    """An announcement in a list. `duration_ms` is all of it, repeats and pauses included.

    `counts` has the number of devices in each state, with `waiting`, `held`, `called_off` and `no_device` beside
    them, and those of `played` by what is known of their sound: `heard`, `unheard`, `unjudged`, `unknown`.

    `hold` is how it stands with the second person, None for one that needed none; while it is `held` it goes out at
    `hold_until_ms`; `hold_by` decided at `hold_at_ms`, and is null where time alone did.
    """

    id: str
    kind: str
    priority: int
    title: str
    text: str
    spoken: str
    places: tuple[str, ...]
    place_names: tuple[str, ...]
    duration_ms: int
    repeat: int
    play_at_ms: int
    valid_until_ms: int
    created_ms: int
    created_by: str
    created_by_name: str
    stopped_ms: int | None
    status: Status
    hold: Hold | None
    hold_until_ms: int | None
    hold_at_ms: int | None
    hold_by: str | None
    hold_by_name: str
    counts: Mapping[str, int]
    totals: Totals


@dataclass(frozen=True, slots=True)
class HeardEvidence:
    """What the building's own microphone heard; correlation 0-1, lag in ms, level in dB of full scale."""

    heard: bool
    correlation: float
    lag_ms: float
    level_dbfs: float
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class BuildingProgress:
    """One device's part. `heard` is played and proved by its microphone; `at_ms` is by the device's clock,
    and leaves out times that cannot be: those of a device that had not learned the hub's time.

    `ear` is what is known of the sound of what was played, and None before.
    """

    place: str
    place_name: str
    device: str | None
    state: str
    heard: bool
    ear: Ear | None
    evidence: HeardEvidence | None
    at_ms: Mapping[str, int]
    started_ms: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class AnnouncementDetail(AnnouncementSummary):
    """An announcement with the state of every building that it was meant for."""

    buildings: tuple[BuildingProgress, ...]


def has_settled(play_at_ms: int, lasts_ms: int, now_ms: int) -> bool:
    """Whether it is over for so long that a building which has not told its end by now is silent."""
    return play_at_ms + lasts_ms + SETTLE_MS <= now_ms


def announced_sound(tx: Tx, announcement_id: str) -> Sound:
    """The sound of an announcement. Raises NotFound, also for one whose sound is kept no more."""
    announcement = tx.announcements.get(announcement_id)
    sound = tx.announcements.sound(announcement.audio_sha256) if announcement else None
    if sound is None:
        raise NotFound(what="announcement", id=announcement_id)
    return sound


def announcements_view(tx: Tx, now_ms: int, *, limit: int = 50) -> list[AnnouncementSummary]:
    """The latest announcements, the newest first."""
    return _listed(tx, tx.announcements.latest(limit), now_ms)


def going_on_view(tx: Tx, now_ms: int) -> list[AnnouncementSummary]:
    """Those planned or on the air, however long ago they were made, the newest first."""
    valid = [one for one in tx.announcements.valid(now_ms) if now_ms < one.play_at_ms + whole_ms(one)]
    return _listed(tx, valid[::-1], now_ms)


def held_view(tx: Tx, now_ms: int) -> list[AnnouncementSummary]:
    """Those that wait for a second person, the oldest first."""
    return _listed(tx, tx.announcements.held(), now_ms)


def announcement_summary(tx: Tx, announcement_id: str, now_ms: int) -> AnnouncementSummary:
    """One announcement without its buildings. Raises NotFound."""
    return _listed(tx, [_found(tx, announcement_id)], now_ms)[0]


def announcement_view(tx: Tx, announcement_id: str, now_ms: int) -> AnnouncementDetail:
    """One announcement with every building. Raises NotFound."""
    return announcement_details(tx, [_found(tx, announcement_id)], now_ms)[0]


def announcement_details(tx: Tx, announcements: Sequence[Announcement], now_ms: int) -> list[AnnouncementDetail]:
    """These announcements, each with every building."""
    places, calling, found = tx.places.places(), Calling(tx, now_ms), []
    for one in announcements:
        buildings = _buildings(one, places, tx.announcements.progress(one.id))
        bare = sum(part.device is None for part in buildings)
        summary = _summary(tx, one, places, calling, bare)
        known = {field.name: getattr(summary, field.name) for field in fields(summary)}
        found.append(AnnouncementDetail(**known, buildings=tuple(buildings)))
    return found


def meant_devices(
    tx: Tx, announcements: Sequence[Announcement]
) -> tuple[dict[str, list[str]], Counter[tuple[str, str]]]:
    """By announcement, the buildings that it was meant for and that have no device; and for how many of these each
    device was meant, by device and place."""
    places, bare, counts = tx.places.places(), dict[str, list[str]](), Counter[tuple[str, str]]()
    for targets in {one.places for one in announcements}:
        ids = [one.id for one in announcements if one.places == targets]
        devices = tx.announcements.meant(ids)
        counts.update({key: len(those) for key, those in devices.items()})
        always = {place for (_, place), those in devices.items() if len(those) == len(ids)}
        others = [(place, those) for (_, place), those in devices.items() if len(those) < len(ids)]
        left = _bare(_meant(places, targets), always, places)
        bare |= {one: _bare(left, {place for place, those in others if one in those}, places) for one in ids}
    return bare, counts


def summaries(
    tx: Tx, announcements: Sequence[Announcement], bare: Mapping[str, Sequence[str]], now_ms: int
) -> list[AnnouncementSummary]:
    """These announcements, in their order; `bare` as of `meant_devices`."""
    places, calling = tx.places.places(), Calling(tx, now_ms)
    return [_summary(tx, one, places, calling, len(bare[one.id])) for one in announcements]


def _listed(tx: Tx, announcements: Sequence[Announcement], now_ms: int) -> list[AnnouncementSummary]:
    """As open pages ask for them again and again: only places are read, not each device."""
    places = tx.places.places()
    meant = {targets: _meant(places, targets) for targets in {one.places for one in announcements}}
    bare = {one.id: _bare(meant[one.places], tx.announcements.places_of(one.id), places) for one in announcements}
    return summaries(tx, announcements, bare, now_ms)


def whole_ms(one: Announcement) -> int:
    """All of it, with repeats and pauses."""
    return total_ms(one.duration_ms, one.repeat)


def _found(tx: Tx, announcement_id: str) -> Announcement:
    announcement = tx.announcements.get(announcement_id)
    if announcement is None:
        raise NotFound(what="announcement", id=announcement_id)
    return announcement


def _summary(
    tx: Tx, one: Announcement, places: Mapping[str, Place], calling: Calling, bare: int
) -> AnnouncementSummary:
    """`bare`: so many of the buildings that it was meant for have no device."""
    parts = tx.announcements.alike(one.id)
    return AnnouncementSummary(
        id=one.id,
        kind=one.kind,
        priority=one.priority,
        title=one.title,
        text=one.text,
        spoken=one.spoken,
        places=one.places,
        place_names=tuple(name_of(places, slug) for slug in one.places),
        duration_ms=whole_ms(one),
        repeat=one.repeat,
        play_at_ms=one.play_at_ms,
        valid_until_ms=one.valid_until_ms,
        created_ms=one.created_ms,
        created_by=one.created_by,
        created_by_name=calling.name_of(one.created_by) or one.created_by,
        stopped_ms=one.stopped_ms,
        status=one.status,
        hold=one.hold,
        hold_until_ms=one.hold_until_ms,
        hold_at_ms=one.hold_at_ms,
        hold_by=one.hold_by,
        hold_by_name=calling.name_of(one.hold_by) or one.hold_by or "",
        counts=_counts(parts, bare, one.hold),
        totals=totals(parts),
    )


def _counts(parts: Sequence[tuple[Progress, int]], bare: int, hold: Hold | None) -> dict[str, int]:
    states = (*(one.value for one in (*Reached, *Ear)), WAITING, HELD, CALLED_OFF)
    result = dict.fromkeys(states, 0) | {NO_DEVICE: bare}
    for part, count in parts:
        result[state_of(part, hold)] += count
        if part.ear is not None:
            result[part.ear.value] += count
    return result


def _meant(places: Mapping[str, Place], targets: Sequence[str]) -> list[str]:
    """The buildings that an announcement for these places is meant for."""
    known = [slug for slug in targets if slug in places]
    return reached(places, known) if known else []


def _bare(meant: Sequence[str], with_device: Collection[str], places: Mapping[str, Place]) -> list[str]:
    """Those of these buildings that have no device, neither of their own nor at one of their entrances."""
    left = [slug for slug in meant if slug not in with_device]
    entrances_of = {places[slug].parent for slug in with_device if slug in places} if left else ()
    return [slug for slug in left if slug not in entrances_of]


def state_of(part: Progress, hold: Hold | None = None) -> str:
    """How far it came here; before it was sent, what its window says, or WAITING."""
    is_unsent = part.reached is Reached.SENT and Reached.SENT not in part.at_ms
    return UNSENT.get(hold, WAITING) if is_unsent else part.reached.value


def _buildings(one: Announcement, places: Mapping[str, Place], progress: list[Progress]) -> list[BuildingProgress]:
    """Every device's part in the order of the places, and every building meant that has no device."""
    order = {slug: index for index, slug in enumerate(places)}
    parts = [_part_of(part, places, one.hold) for part in progress]
    without = _bare(_meant(places, one.places), {part.place for part in progress}, places)
    bare = [_bare_part(slug, places) for slug in without]
    return sorted([*parts, *bare], key=lambda part: (order.get(part.place, len(order)), part.device or ""))


def _bare_part(slug: str, places: Mapping[str, Place]) -> BuildingProgress:
    """The part of a building that has no device."""
    return BuildingProgress(slug, name_of(places, slug), None, NO_DEVICE, False, None, None, {}, None, "")


def _part_of(part: Progress, places: Mapping[str, Place], hold: Hold | None) -> BuildingProgress:
    """A device's part in an announcement whose window stands so."""
    evidence = part.evidence
    return BuildingProgress(
        place=part.place,
        place_name=name_of(places, part.place),
        device=part.device,
        state=state_of(part, hold),
        heard=part.is_heard,
        ear=part.ear,
        evidence=None
        if evidence is None
        else HeardEvidence(
            evidence.is_heard, evidence.correlation, evidence.lag_ms, evidence.level_dbfs, evidence.finding
        ),
        at_ms={state.value: at_ms for state, at_ms in part.at_ms.items()},
        started_ms=part.started_ms,
        reason=part.reason,
    )


def name_of(places: Mapping[str, Place], slug: str) -> str:
    """The place's name, or its slug where it is no more."""
    return places[slug].name if slug in places else slug
