"""Those around the example's elders: mutual-aid groups, heads of floors, families; and a ladder for nights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.domain.alerts import Kind
from hub.domain.ladder import DEFAULT, Rung, Who
from hub.domain.ladders import LadderRule
from hub.domain.people import Duty, Group
from hub.domain.places import Home
from hub.services.example.helpers import Helpers
from hub.services.example.plan import DIGITS, Building

IN_A_GROUP = 3
NO_FAMILY = 3
"""Every so many elders have no family that could be told."""

NIGHT = LadderRule(
    id="tower-nights",
    name="第七网格夜间：塔楼门禁，多叫一位",
    place="grid-7",
    kind=Kind.CALL,
    from_minute=22 * 60,
    to_minute=6 * 60,
    rungs=(
        Rung((Who.HELPER, Who.GROUP, Who.FLOOR_HEAD, Who.DESK), 30_000),
        Rung((Who.BUILDING_HEAD, Who.GRID_LEADER, Who.VOLUNTEER), 45_000, needed=2),
        *DEFAULT[2:],
    ),
)
"""At night the doors of the towers are locked: one lets the others in."""


def neighbourhood(helping: Helpers, buildings: Sequence[Building], elders_at: Sequence[Home]) -> list[Group]:
    """Adds families and heads of floors, and gives the groups (互助小组): neighbours who answer for three homes."""
    building_of = {one.slug: one for one in buildings}
    for index, home in enumerate(elders_at):
        if index % NO_FAMILY != NO_FAMILY - 1:
            helping.assign(helping.person(), home.id, Duty.FAMILY)
        if building_of[home.place].units == 1:
            helping.assign(helping.person(home.place), home.id, Duty.FLOOR_HEAD)
    neighbour = {one.place: one.person_id for one in reversed(helping.assignments) if one.duty is Duty.HELPER}
    return list(_groups(neighbour, building_of, elders_at))


def _groups(
    neighbour: Mapping[str, str], building_of: Mapping[str, Building], elders_at: Sequence[Home]
) -> Iterator[Group]:
    by_grid: dict[int, list[str]] = {}
    for home in elders_at:
        by_grid.setdefault(building_of[home.place].grid, []).append(home.id)
    for grid, homes in sorted(by_grid.items()):
        for number, start in enumerate(range(0, len(homes), IN_A_GROUP), start=1):
            of_group = tuple(homes[start : start + IN_A_GROUP])
            members = tuple(dict.fromkeys(neighbour[home] for home in of_group))
            name = f"第{DIGITS[grid - 1]}网格互助{DIGITS[number - 1]}组"
            yield Group(f"group-{grid}-{number}", name, members, of_group)
