"""Where things are: the community, its grids, buildings, units and homes, and which of them holds which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf

from hub.domain.errors import Invalid

EVERYWHERE = "all"
Spans = tuple[tuple[int, int], ...]
"""Spans of every day, as begins and ends in minutes after midnight."""


class PlaceKind(StrEnum):
    """The levels of a community, from the widest to the narrowest."""

    COMMUNITY = "community"  # 社区
    GRID = "grid"  # 网格
    BUILDING = "building"  # 楼栋
    UNIT = "unit"  # 单元


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the community. `parent` is a slug, empty for the community; `x`, `y` are metres on the plan.

    `quiet_hours` and `noise_budget_min` (minutes at full level a day, 0: no limit) are its own; None where those of the
    wider place hold.
    """

    slug: str
    kind: PlaceKind
    name: str
    parent: str = ""
    x: float = 0.0
    y: float = 0.0
    quiet_hours: Spans | None = None
    noise_budget_min: int | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """A flat. `name` is how people say it: 17栋2单元502室."""

    id: str
    place: str
    name: str


def lineage(places: Mapping[str, Place], slug: str) -> list[str]:
    """The slug and all that hold it, from the narrowest to `all`; an unknown slug lies in `all` alone."""
    line: list[str] = []
    while slug and slug in places and slug not in line:
        line.append(slug)
        slug = places[slug].parent
    return line if EVERYWHERE in line else [*line, EVERYWHERE]


def building_of(places: Mapping[str, Place], slug: str) -> Place | None:
    """The building that is this place or holds it; None for a wider place, and for an unknown one."""
    line = (places.get(one) for one in lineage(places, slug))
    return next((place for place in line if place and place.kind is PlaceKind.BUILDING), None)


def entrance_of(places: Mapping[str, Place], slug: str) -> Place | None:
    """The unit (its entrance) that this place is; None for any other."""
    place = places.get(slug)
    return place if place and place.kind is PlaceKind.UNIT else None


def metres_between(places: Mapping[str, Place], one: str, other: str) -> float:
    """As the crow flies on the plan, between the buildings of two places; infinite where one of them is not known."""
    here, there = building_of(places, one), building_of(places, other)
    return hypot(here.x - there.x, here.y - there.y) if here and there else inf


def heard_at(places: Mapping[str, Place], slug: str) -> list[str]:
    """The places whose announcements a device at `slug` plays: all that hold it and, at a building, its units.

    A unit need not have a loudspeaker of its own; then its building's speaks for it.
    """
    return heard_at_each(places, [slug])[slug]


def heard_at_each(places: Mapping[str, Place], slugs: Iterable[str]) -> dict[str, list[str]]:
    """`heard_at` for many places, looking through all places once."""
    units: dict[str, list[str]] = {slug: [] for slug in slugs}
    for one in places.values():
        if one.kind is PlaceKind.UNIT and one.parent in units:
            units[one.parent].append(one.slug)
    return {slug: [*mine, *lineage(places, slug)] for slug, mine in units.items()}


def reached(places: Mapping[str, Place], targets: Iterable[str]) -> list[str]:
    """The buildings that these targets reach, in the order of `places`; raises Invalid for an unknown target."""
    wanted = set(targets)
    if not wanted:
        raise Invalid("no_place")
    unknown = sorted(wanted - set(places))
    if unknown:
        raise Invalid("unknown_place", place=unknown[0])
    buildings = [place for place in places.values() if place.kind is PlaceKind.BUILDING]
    inside = {slug for slug in {one.parent for one in buildings} if not wanted.isdisjoint(lineage(places, slug))}
    named = wanted | {places[slug].parent for slug in wanted if places[slug].kind is PlaceKind.UNIT}
    return [one.slug for one in buildings if one.parent in inside or one.slug in named]


def without_overlap(places: Mapping[str, Place], targets: Sequence[str]) -> list[str]:
    """The targets less those that another target already holds, so that nothing is sent to a place twice."""
    wanted = set(targets)
    return [
        slug
        for slug in dict.fromkeys(targets)
        if wanted.isdisjoint(above for above in lineage(places, slug) if above != slug)
    ]
