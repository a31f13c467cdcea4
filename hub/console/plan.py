"""The community drawn: where each building stands on the picture, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from hub.domain.places import PlaceKind
from hub.services.views import PlaceView

WIDTH = 1200.0
MARGIN = 44.0
WIDEST, NARROWEST = 64.0, 26.0
GRID_ROOM = 30.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture; `number` is what is written in it."""

    x: float
    y: float
    width: float
    height: float
    number: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The ground of a grid, around its buildings."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything in units of the picture, `width` by `height`."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    grids: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A grid and its buildings, as the tree of targets shows them."""

    slug: str
    name: str
    buildings: tuple[PlaceView, ...]


def tree(places: Iterable[PlaceView]) -> list[Branch]:
    """The grids with their buildings; a building without a grid stands under the community's own branch."""
    places = list(places)
    buildings = [one for one in places if one.kind is PlaceKind.BUILDING]
    grids = [one for one in places if one.kind in (PlaceKind.GRID, PlaceKind.COMMUNITY)]
    branches = [Branch(one.slug, one.name, tuple(b for b in buildings if b.parent == one.slug)) for one in grids]
    return [one for one in branches if one.buildings]


def draw(places: Sequence[PlaceView]) -> Plan:
    """The plan from the places' coordinates in metres; north is up, so y grows upwards there and downwards here."""
    buildings = [one for one in places if one.kind is PlaceKind.BUILDING]
    if not buildings:
        return Plan(WIDTH, 120.0, {}, ())
    left, right = min(one.x for one in buildings), max(one.x for one in buildings)
    bottom, top = min(one.y for one in buildings), max(one.y for one in buildings)
    scale = (WIDTH - 2 * MARGIN - WIDEST) / max(right - left, 1.0)
    width, height = _size([(one.x * scale, one.y * scale) for one in buildings])
    boxes = {
        one.slug: Box(
            round(MARGIN + (one.x - left) * scale, 1),
            round(MARGIN + GRID_ROOM + (top - one.y) * scale, 1),
            width,
            height,
            _number(one.name),
        )
        for one in buildings
    }
    grids = tuple(_ground(branch, boxes) for branch in tree(places) if branch.slug != "all")
    return Plan(WIDTH, round(2 * MARGIN + GRID_ROOM + (top - bottom) * scale + height, 1), boxes, grids)


def _size(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """As large as no two buildings touch: two thirds of the least distance, within what can be read and clicked."""
    nearest = min((max(abs(a[0] - b[0]), abs(a[1] - b[1]) * 1.5) for a, b in combinations(points, 2)), default=WIDEST)
    width = min(WIDEST, max(NARROWEST, nearest * 0.78))
    return round(width, 1), round(width * 0.6, 1)


def _number(name: str) -> str:
    """The part of a building's name that tells it from its neighbours: 3号楼 is 3, 物业楼 is 物业."""
    found = re.search(r"[A-Za-z]?\d+", name)
    return found.group() if found else name[:2]


def _ground(branch: Branch, boxes: Mapping[str, Box]) -> Ground:
    mine = [boxes[one.slug] for one in branch.buildings]
    x, y = min(one.x for one in mine) - 14, min(one.y for one in mine) - GRID_ROOM
    right, bottom = max(one.x + one.width for one in mine) + 14, max(one.y + one.height for one in mine) + 14
    return Ground(branch.name, round(x, 1), round(y, 1), round(right - x, 1), round(bottom - y, 1))
