"""The plan of the example community: its grids, buildings and homes, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.places import EVERYWHERE, Home, Place, PlaceKind

NAME = "清溪社区"
GRIDS = 8
SLAB_GRIDS = 5
SLABS, TOWERS = 9, 8  # in a grid of slabs (板楼), in a grid of point blocks (塔楼)
DIGITS = "一二三四五六七八"

BLOCK_M = (190.0, 210.0)
"""A grid and its half of the streets around it; four grids stand beside each other, in two rows. North is up."""
SLAB_PITCH_M, SLAB_ROW_M = 85.0, 36.0
TOWER_PITCH_M, TOWER_ROW_M = 56.0, 58.0
STAGGER_M = 9.0

SHOPS = (46, 54, 62)
"""Towers whose ground floor is shops, no homes."""
OFFICE = (69, 1, 1)
"""Building, floor and number of the flat that is the duty desk's."""


@dataclass(frozen=True, slots=True)
class Building:
    """A building (楼栋) as it stands: `units` staircases (单元), each with so many homes on each of its floors."""

    number: int
    grid: int
    x: float
    y: float
    units: int
    floors: int
    homes_a_floor: int

    @property
    def slug(self) -> str:
        """Its place."""
        return f"building-{self.number}"

    def homes(self) -> list[Home]:
        """Its homes, unit by unit and from the ground up."""
        return [
            Home(home_id(self.number, unit, room), self.slug, f"{self.number}栋{unit}单元{room}室")
            for unit in range(1, self.units + 1)
            for floor in range(2 if self.number in SHOPS else 1, self.floors + 1)
            for room in (floor * 100 + door for door in range(1, self.homes_a_floor + 1))
            if (self.number, floor, room % 100) != OFFICE
        ]


def home_id(building: int, unit: int, room: int) -> str:
    """The id of a home; its button is named alike, without the first word."""
    return f"home-{building}-{unit}-{room}"


def buildings() -> list[Building]:
    """All 69, by number: slabs of six floors in the older grids, point blocks of eighteen in the newer."""
    return [
        _building(number, grid, index)
        for number, (grid, index) in enumerate(
            ((grid, index) for grid in range(1, GRIDS + 1) for index in range(_in_grid(grid))), start=1
        )
    ]


def places() -> list[Place]:
    """The community, its grids and its buildings; each that holds others stands in their middle."""
    standing = buildings()
    grids = [
        _middle(
            [one for one in standing if one.grid == grid],
            Place(f"grid-{grid}", PlaceKind.GRID, f"第{DIGITS[grid - 1]}网格", EVERYWHERE),
        )
        for grid in range(1, GRIDS + 1)
    ]
    return [
        _middle(standing, Place(EVERYWHERE, PlaceKind.COMMUNITY, NAME)),
        *grids,
        *(Place(one.slug, PlaceKind.BUILDING, f"{one.number}栋", f"grid-{one.grid}", one.x, one.y) for one in standing),
    ]


def _in_grid(grid: int) -> int:
    return SLABS if grid <= SLAB_GRIDS else TOWERS


def _building(number: int, grid: int, index: int) -> Building:
    left, top = (grid - 1) % 4 * BLOCK_M[0], (2 - (grid - 1) // 4) * BLOCK_M[1]
    if grid <= SLAB_GRIDS:
        row, column = divmod(index, 2)
        x, y = left + 50 + column * SLAB_PITCH_M + row % 2 * STAGGER_M, top - 30 - row * SLAB_ROW_M
        return Building(number, grid, x, y, units=4 - index % 2, floors=6, homes_a_floor=2)
    row, column = divmod(index, 3)
    x, y = left + 38 + column * TOWER_PITCH_M + row % 2 * STAGGER_M, top - 45 - row * TOWER_ROW_M
    return Building(number, grid, x, y, units=1, floors=18, homes_a_floor=4)


def _middle(standing: list[Building], place: Place) -> Place:
    """The place, put into the middle of these buildings."""
    x = sum(one.x for one in standing) / len(standing)
    y = sum(one.y for one in standing) / len(standing)
    return Place(place.slug, place.kind, place.name, place.parent, round(x, 1), round(y, 1))
