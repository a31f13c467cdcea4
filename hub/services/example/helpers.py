"""Who helps in the example community: neighbours, heads of buildings, leaders of grids, volunteers, the duty desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.domain.places import EVERYWHERE, Home
from hub.domain.roster import Shift
from hub.domain.wall_clock import MINUTES_A_DAY
from hub.services.example.names import Names
from hub.services.example.plan import GRIDS, Building

VOLUNTEERS = 60
DESK = 6
VOLUNTEER_HOURS = ((6, 12), (12, 18), (18, 22), (22, 6))
"""One volunteer of each grid after the other, round the clock."""
DESK_HOURS = ((0, 8), (8, 16), (16, 24))
WEEK = range(7)


@dataclass(slots=True)
class Helpers:
    """People with what they answer for and when, as they are added; the order is that in which a rung names them."""

    names: Names
    people: list[Person] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)

    def person(self, place: str = "") -> str:
        """Adds somebody who lives at `place` and is reached through the open page; gives the id."""
        person_id = f"person-{len(self.people) + 1:03}"
        contacts = (Contact(ChannelName.PAGE),)
        self.people.append(Person(person_id, self.names.younger(), self.names.phone(), contacts=contacts, place=place))
        return person_id

    def assign(self, person_id: str, place: str, duty: Duty) -> None:
        """Lets the person answer for a place."""
        self.assignments.append(Assignment(person_id, place, duty))

    def rota(self, person_ids: Sequence[str], place: str, duty: Duty, hours: Sequence[tuple[int, int]]) -> None:
        """Lets these people take turns through the week: every shift one of them, all of them evenly."""
        for turn, (weekday, (start, end)) in enumerate((day, shift) for day in WEEK for shift in hours):
            person_id = person_ids[turn % len(person_ids)]
            self.shifts.append(Shift(person_id, place, weekday, start * 60, end * 60 % MINUTES_A_DAY, duty))


def helpers(random: Random, names: Names, buildings: Sequence[Building], elders_at: Sequence[Home]) -> Helpers:
    """All who help, nearest first: of each elder's pair (结对帮扶) one is a neighbour, one a volunteer of the grid."""
    result = Helpers(names)
    neighbours = {home.id: result.person() for home in elders_at}
    standing = {grid: [one.slug for one in buildings if one.grid == grid] for grid in range(1, GRIDS + 1)}
    volunteers = {
        grid: [result.person(slugs[index % len(slugs)]) for index in range(_volunteers_in(grid))]
        for grid, slugs in standing.items()
    }
    grid_of = {one.slug: one.grid for one in buildings}
    for home in elders_at:
        result.assign(neighbours[home.id], home.id, Duty.HELPER)
        result.assign(random.choice(volunteers[grid_of[home.place]]), home.id, Duty.HELPER)
    _heads(result, buildings)
    _desk(result)
    for grid, of_grid in volunteers.items():
        place = f"grid-{grid}"
        result.assign(result.person(), place, Duty.GRID_LEADER)
        for person_id in of_grid:
            result.assign(person_id, place, Duty.VOLUNTEER)
        result.rota(of_grid, place, Duty.VOLUNTEER, VOLUNTEER_HOURS)
    return result


def _volunteers_in(grid: int) -> int:
    return VOLUNTEERS // GRIDS + (grid <= VOLUNTEERS % GRIDS)


def _heads(result: Helpers, buildings: Sequence[Building]) -> None:
    """Every tower has a head (楼栋长) of its own; of three slabs the first two share one."""
    head = ""
    for building in buildings:
        is_tower = building.units == 1
        if is_tower or building.number % 3 != 2:
            head = result.person()
        result.assign(head, building.slug, Duty.BUILDING_HEAD)


def _desk(result: Helpers) -> None:
    desk = [result.person() for _ in range(DESK)]
    for person_id in desk:
        result.assign(person_id, EVERYWHERE, Duty.DESK)
    result.rota(desk, EVERYWHERE, Duty.DESK, DESK_HOURS)
