"""Buildings as the map shows them: by alert, sound and link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.console.airing import is_running
from hub.console.seen import Seen
from hub.domain.alerts import State
from hub.domain.announcements import Reached
from hub.domain.devices import Link
from hub.domain.places import PlaceKind
from hub.services.views import DeviceView
from hub.services.views.announcements import NO_DEVICE


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
