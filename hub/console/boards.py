"""What the pages list: announcements with how far they came, buildings with how they are, devices with their proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.seen import Seen
from hub.domain.alerts import State
from hub.domain.announcements import Reached
from hub.domain.devices import BUTTON_PROVED_FOR_MS, PROVED_FOR_MS, Link, Part
from hub.domain.ladder import DEFAULT
from hub.domain.places import PlaceKind
from hub.services.views import (
    AnnouncementSummary,
    DeviceView,
    alerts_view,
    announcement_view,
)
from hub.services.views.alerts import JournalLine
from hub.services.views.announcements import NO_DEVICE, BuildingProgress

LATELY = 10
SHOWN = (
    "heard",
    "played",
    "playing",
    "ready",
    "received",
    "sent",
    "waiting",
    "interrupted",
    "superseded",
    "suppressed",
    "stopped",
    "expired",
    "rejected",
    "failed",
    "no_device",
)
"""The order of the tally: what is proved first, what went wrong last."""
SAME = {"verified": "received"}
"""States that mean the same to a person."""


# --- alerts --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Closed:
    """An alert that has ended. `answered_ms` is how long nobody had accepted, None if nobody ever did."""

    id: str
    where: str
    closed_ms: int
    closed_by: str
    outcome: str
    seen: str
    answered_ms: int | None


def lately(seen: Seen) -> tuple[Closed, ...]:
    """The last alerts that have ended."""
    found = []
    for one in alerts_view(seen.tx, seen.now_ms, states=(State.CLOSED,), limit=LATELY):
        closing = next(row for row in reversed(seen.tx.alerts.journal(one.id)) if row.entry.what == "closed")
        found.append(
            Closed(
                id=one.id,
                where=one.home_name or one.place_name,
                closed_ms=one.closed_ms or closing.at_ms,
                closed_by=seen.calling.name_of(closing.entry.actor),
                outcome=str(closing.entry.detail["outcome"]),
                seen=str(closing.entry.detail["seen"]),
                answered_ms=one.accepted_ms - one.opened_ms if one.accepted_ms else None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the journal. `who` is a name, or `elder` or `system`; what does not apply is empty."""

    at_ms: int
    what: str
    who: str
    rung: str
    eta_minutes: int | None
    seen: str
    text: str


def line(one: JournalLine) -> Line:
    """A journal line with what of its detail people read."""
    detail = one.detail
    rung, eta = detail.get("rung"), detail.get("eta_minutes")
    said = (detail.get("text"), detail.get("outcome"), detail.get("reason"))
    return Line(
        at_ms=one.at_ms,
        what=one.what,
        who=one.actor_name or one.actor,
        rung=DEFAULT[rung].who.value if isinstance(rung, int) and rung < len(DEFAULT) else "",
        eta_minutes=eta if isinstance(eta, int) else None,
        seen=str(detail.get("seen") or ""),
        text=" · ".join(str(text) for text in said if text),
    )


# --- announcements -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """So many devices are in a state; the rest says where its stretch of the bar lies, in percent."""

    state: str
    count: int
    from_percent: float
    percent: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an announcement has come over all that it was meant for."""

    counts: tuple[Count, ...]
    heard: int
    total: int


@dataclass(frozen=True, slots=True)
class Aired:
    """An announcement, planned, on the air or over."""

    id: str
    kind: str
    title: str
    text: str
    by: str
    repeat: int
    length_ms: int
    created_ms: int
    play_at_ms: int
    end_ms: int
    stopped_ms: int | None
    has_begun: bool
    tally: Tally


def is_running(one: AnnouncementSummary, now_ms: int) -> bool:
    """Whether it can still be stopped: planned, or on the air."""
    return one.stopped_ms is None and now_ms < one.play_at_ms + one.duration_ms


def tally(counts: Mapping[str, int]) -> Tally:
    """The counts of a view as a bar: `played` there includes what was heard, here it does not."""
    numbers = dict.fromkeys(SHOWN, 0)
    for state, count in counts.items():
        numbers[SAME.get(state, state)] += count
    numbers["played"] -= numbers["heard"]
    total = sum(numbers.values())
    shown, at = [], 0.0
    for state, count in numbers.items():
        if count:
            percent = 100 * count / total
            shown.append(Count(state, count, round(at, 3), round(percent, 3)))
            at += percent
    return Tally(tuple(shown), numbers["heard"], total)


def aired(one: AnnouncementSummary, now_ms: int) -> Aired:
    """An announcement as pages list it."""
    return Aired(
        id=one.id,
        kind=one.kind,
        title=one.title,
        text=one.text,
        by=one.created_by_name,
        repeat=one.repeat,
        length_ms=one.duration_ms,
        created_ms=one.created_ms,
        play_at_ms=one.play_at_ms,
        end_ms=one.play_at_ms + one.duration_ms,
        stopped_ms=one.stopped_ms,
        has_begun=now_ms >= one.play_at_ms,
        tally=tally(one.counts),
    )


@dataclass(frozen=True, slots=True)
class Stop:
    """A building's part in an announcement."""

    name: str
    state: str
    why: str


def announcement(seen: Seen, announcement_id: str) -> Mapping[str, object]:
    """One announcement with every building. Raises NotFound."""
    one = announcement_view(seen.tx, announcement_id, seen.now_ms)
    return {
        "one": aired(one, seen.now_ms),
        "is_running": is_running(one, seen.now_ms),
        "stops": tuple(Stop(part.place_name, _state(part), part.reason) for part in one.buildings),
    }


def _state(part: BuildingProgress) -> str:
    return "heard" if part.heard else SAME.get(part.state, part.state)


# --- buildings -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class House:
    """A building on the map: how it looks, what is written beside its number, and the same in words."""

    place: str
    name: str
    look: str
    mark: str
    group: str
    word: str
    colour: str
    alert_id: str | None
    devices: int


def houses(seen: Seen) -> dict[str, House]:
    """Every building by its slug: an alert outweighs sound, sound outweighs the link."""
    inside = {one.slug: one.parent if one.kind is PlaceKind.UNIT else one.slug for one in seen.places}
    alerts = {inside.get(one.place, one.place): one for one in reversed(seen.open_alerts)}
    playing = _playing(seen, inside)
    mine: dict[str, list[DeviceView]] = {}
    for device in seen.devices:
        mine.setdefault(inside.get(device.place, device.place), []).append(device)
    found = {}
    for place in seen.places:
        if place.kind is not PlaceKind.BUILDING:
            continue
        devices, alert = mine.get(place.slug, []), alerts.get(place.slug)
        look, mark, group, word, colour = _look(alert.state if alert else None, playing.get(place.slug), devices)
        found[place.slug] = House(
            place.slug, place.name, look, mark, group, word, colour, alert.id if alert else None, len(devices)
        )
    return found


def _look(alert: State | None, playing: str | None, devices: list[DeviceView]) -> tuple[str, str, str, str, str]:
    if alert is State.OPEN:
        return "is-calling", "▲", "state", "open", "text-bad"
    if alert is not None:
        return "is-helped", "●", "state", alert.value, "text-warn"
    if playing is not None:
        return "is-playing", "▶", "reached", playing, "text-note"
    if not devices:
        return "is-off", "✕", "reached", NO_DEVICE, "text-bad"
    silent = [one for one in devices if one.link is not Link.ONLINE]
    if silent:
        return "is-off", "✕", "link", silent[0].link.value, "text-bad"
    if all(one.is_fine for one in devices):
        return "is-fine", "✓", "home", "fine", "text-good"
    return "", "", "home", "unproved", "text-warn"


def _playing(seen: Seen, inside: Mapping[str, str]) -> dict[str, str]:
    """Buildings whose devices say that they are playing now, with that state."""
    running = [one for one in seen.announcements if is_running(one, seen.now_ms) and seen.now_ms >= one.play_at_ms]
    parts = [part for one in running for part in seen.tx.announcements.progress(one.id)]
    return {inside.get(one.place, one.place): "playing" for one in parts if one.reached is Reached.PLAYING}


# --- devices -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proof:
    """When a part of a device was last proved to work, and whether that still counts."""

    name: str
    which: str
    proved_ms: int | None
    is_proved: bool


@dataclass(frozen=True, slots=True)
class Health:
    """A device as technicians see it."""

    id: str
    place: str
    link: str
    heard_ms: int | None
    clock_offset_ms: float | None
    outbox: int | None
    is_fine: bool
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
        is_fine=one.is_fine,
        proofs=tuple(
            Proof(name, which, at_ms, at_ms is not None and now_ms - at_ms < lasts_ms)
            for name, which, at_ms, lasts_ms in (*parts, *buttons)
        ),
    )
