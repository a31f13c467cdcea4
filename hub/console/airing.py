"""Announcements with how far they came: planned, on the air, or over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.seen import Seen
from hub.domain.announcements import Ear, Reached, Totals
from hub.domain.findings import Finding
from hub.domain.second_person import HOLD_MS
from hub.services.views import AnnouncementSummary, announcement_view
from hub.services.views.announcements import BuildingProgress, has_settled

SHOWN = (
    "heard",
    "unjudged",
    "played",
    "unheard",
    "playing",
    "ready",
    "received",
    "sent",
    "waiting",
    "held",
    "called_off",
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
UNDER_WAY = ("held", "waiting", "sent", "received", "ready", "playing", "played")
"""While it is on the air nothing is wrong with a building that is here; that is known once it is over."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many devices are in a state; the rest says where its stretch of the bar lies, in percent."""

    state: str
    count: int
    from_percent: float
    percent: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an announcement has come over all `total` that it was meant for; sent, played, heard are three things."""

    counts: tuple[Count, ...]
    sent: int
    played: int
    heard: int
    total: int


@dataclass(frozen=True, slots=True)
class Aired:
    """An announcement, planned, on the air or over."""

    id: str
    kind: str
    status: str
    title: str
    text: str
    by: str
    repeat: int
    length_ms: int
    created_ms: int
    play_at_ms: int
    end_ms: int
    stopped_ms: int | None
    hold: str
    hold_until_ms: int | None
    hold_at_ms: int | None
    hold_by: str
    has_begun: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class Held:
    """An announcement that waits for a second person: who wants to send what where, and when it goes by itself.

    `play_at_ms` is None for one that is to be played at once.
    """

    id: str
    kind: str
    text: str
    by_id: str
    by: str
    places: tuple[str, ...]
    until_ms: int
    play_at_ms: int | None


def held(one: AnnouncementSummary) -> Held:
    """As every page shows it. It is for later when it begins well after its window."""
    until_ms = one.hold_until_ms or 0
    later = one.play_at_ms if one.play_at_ms > until_ms + HOLD_MS else None
    return Held(one.id, one.kind, one.text, one.created_by, one.created_by_name, one.place_names, until_ms, later)


def is_running(one: AnnouncementSummary, now_ms: int) -> bool:
    """Whether it can still be stopped: planned, or on the air."""
    return one.stopped_ms is None and now_ms < one.play_at_ms + one.duration_ms


def tally(counts: Mapping[str, int], totals: Totals) -> Tally:
    """The counts of a view as a bar: `played` there is all of that, here what nothing more is known of."""
    numbers = dict.fromkeys(SHOWN, 0)
    for state, count in counts.items():
        if state not in (Reached.PLAYED, Ear.UNKNOWN):
            numbers[SAME.get(state, state)] += count
    numbers["played"] = counts[Ear.UNKNOWN]
    total = sum(numbers.values())
    shown, at = [], 0.0
    for state, count in numbers.items():
        if count:
            percent = 100 * count / total
            shown.append(Count(state, count, round(at, 3), round(percent, 3)))
            at += percent
    return Tally(tuple(shown), totals.sent, totals.played, totals.heard, total)


def aired(one: AnnouncementSummary, now_ms: int) -> Aired:
    """An announcement as pages list it."""
    return Aired(
        id=one.id,
        kind=one.kind,
        status=one.status,
        title=one.title,
        text=one.text,
        by=one.created_by_name,
        repeat=one.repeat,
        length_ms=one.duration_ms,
        created_ms=one.created_ms,
        play_at_ms=one.play_at_ms,
        end_ms=one.play_at_ms + one.duration_ms,
        stopped_ms=one.stopped_ms,
        hold=one.hold or "",
        hold_until_ms=one.hold_until_ms,
        hold_at_ms=one.hold_at_ms,
        hold_by=one.hold_by_name,
        has_begun=now_ms >= one.play_at_ms,
        tally=tally(one.counts, one.totals),
    )


@dataclass(frozen=True, slots=True)
class Stop:
    """A building's part in an announcement: its state, what was found wrong with the sound, and the device's words.

    `next` names what to do about it, and is empty where nothing is to be done.
    """

    name: str
    state: str
    finding: str
    why: str
    next: str


def announcement(seen: Seen, announcement_id: str) -> Mapping[str, object]:
    """One announcement with every building. Raises NotFound."""
    one = announcement_view(seen.tx, announcement_id, seen.now_ms)
    stops = tuple(stop(part) for part in one.buildings)
    is_over = has_settled(one.play_at_ms, one.duration_ms, seen.now_ms)
    return {
        "one": aired(one, seen.now_ms),
        "is_running": is_running(one, seen.now_ms),
        "stops": stops,
        "missing": tuple(each for each in stops if each.next and (is_over or each.state not in UNDER_WAY)),
    }


def stop(part: BuildingProgress) -> Stop:
    """A building as pages and reports name it."""
    shown = state(part.state, part.ear)
    finding = part.evidence.finding if part.evidence else None
    wrong = "" if finding in (None, Finding.FINE) else str(finding)
    return Stop(part.place_name, shown, wrong, part.reason, next_step(shown, wrong))


def state(reached: str, ear: Ear | None) -> str:
    """The one word for how far it came: what is known of the sound says more than that it was played."""
    return ear.value if ear not in (None, Ear.UNKNOWN) else SAME.get(reached, reached)


def next_step(shown: str, finding: str) -> str:
    """What to do about it: the finding says more than the state; what was heard, stopped or not sent needs nothing."""
    return finding or ("" if shown in ("heard", "stopped", "held", "called_off") else shown)
