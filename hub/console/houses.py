"""Buildings as the map shows them: by alert, sound and link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.airing import SHOWN, state
from hub.console.labels import COLOUR_OF_REACHED, SHAPE_OF_REACHED
from hub.console.seen import Seen
from hub.domain.alerts import State
from hub.domain.devices import Link
from hub.domain.places import PlaceKind
from hub.services.views import DeviceView
from hub.services.views.announcements import NO_DEVICE, UNSENT

AIRED_FOR_MS = 5 * 60_000
"""So long after its end an announcement is still what the map tells: the microphones report by then."""
LATEST = 2**53
NOTHING_CAME = ("sent", "waiting", "held", "called_off")
"""Says less than that a building cannot be reached."""
LOOK_OF_AIRED = {"playing": "is-playing", "heard": "is-heard", "unheard": "is-unheard", "failed": "is-unheard"}


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
    aired = _aired(seen, inside)
    mine: dict[str, list[DeviceView]] = {}
    for device in seen.devices:
        mine.setdefault(inside.get(device.place, device.place), []).append(device)
    found = {}
    for place in seen.places:
        if place.kind is not PlaceKind.BUILDING:
            continue
        devices, alert = mine.get(place.slug, []), alerts.get(place.slug)
        look, mark, group, word, colour = _look(alert.state if alert else None, aired.get(place.slug), devices)
        found[place.slug] = House(
            place.slug, place.name, look, mark, group, word, colour, alert.id if alert else None, len(devices)
        )
    return found


def _look(alert: State | None, aired: str | None, devices: list[DeviceView]) -> tuple[str, str, str, str, str]:
    if alert is State.OPEN:
        return "is-calling", "▲", "state", "open", "text-bad"
    if alert is not None:
        return "is-helped", "●", "state", alert.value, "text-warn"
    if aired is not None and aired not in NOTHING_CAME:
        return LOOK_OF_AIRED.get(aired, ""), SHAPE_OF_REACHED[aired], "reached", aired, COLOUR_OF_REACHED.get(aired, "")
    if not devices:
        return "is-off", "✕", "reached", NO_DEVICE, "text-bad"
    silent = [one for one in devices if one.link is not Link.ONLINE]
    if silent:
        return "is-off", "✕", "link", silent[0].link.value, "text-bad"
    if aired is not None:
        return "", SHAPE_OF_REACHED[aired], "reached", aired, COLOUR_OF_REACHED.get(aired, "")
    if all(one.is_fine for one in devices):
        return "is-fine", "✓", "home", "fine", "text-good"
    return "", "", "home", "unproved", "text-warn"


def _aired(seen: Seen, inside: Mapping[str, str]) -> dict[str, str]:
    """How far the newest announcement has come in each building that it is meant for, on the air or just over.

    Of several devices in a building the one that is worst off: it is what somebody has to look at.
    """
    since_ms = seen.now_ms - AIRED_FOR_MS
    begun = [
        one
        for one in seen.announcements
        if one.hold not in UNSENT
        and one.play_at_ms <= seen.now_ms
        and since_ms < min(one.play_at_ms + one.duration_ms, one.stopped_ms or LATEST)
    ]
    found: dict[str, str] = {}
    for one in sorted(begun, key=lambda one: one.play_at_ms):
        mine: dict[str, list[str]] = {}
        for part in seen.tx.announcements.progress(one.id):
            mine.setdefault(inside.get(part.place, part.place), []).append(state(part.reached.value, part.ear))
        found |= {place: max(states, key=SHOWN.index) for place, states in mine.items()}
    return found
