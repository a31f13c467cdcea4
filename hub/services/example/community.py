"""The whole example community as values, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hub.domain.devices import Device
from hub.domain.ladders import LadderRule
from hub.domain.people import Assignment, Group, Person, Resident
from hub.domain.places import Home, Place
from hub.domain.roster import Shift
from hub.services.example import elders, plan
from hub.services.example.helpers import helpers
from hub.services.example.names import Names
from hub.services.example.neighbourhood import NIGHT, neighbourhood
from hub.services.ports import Button, Community

SEED = 17


@dataclass(frozen=True, slots=True)
class Example:
    """Everything that is stored of it. The same seed gives the same values."""

    community: Community
    places: tuple[Place, ...]
    homes: tuple[Home, ...]
    residents: tuple[Resident, ...]
    people: tuple[Person, ...]
    assignments: tuple[Assignment, ...]
    groups: tuple[Group, ...]
    ladders: tuple[LadderRule, ...]
    shifts: tuple[Shift, ...]
    devices: tuple[Device, ...]
    buttons: tuple[Button, ...]


def example(seed: int = SEED) -> Example:
    """清溪社区: 69 buildings in 8 grids, 3,635 homes, 60 elders, and everyone who helps them."""
    random = Random(seed)  # noqa: S311  # no secret: it shall be the same every time
    names = Names(random)
    buildings = plan.buildings()
    elders_at = elders.homes_with_elders(random, buildings)
    residents = elders.elders(random, names, elders_at)
    helping = helpers(random, names, buildings, elders_at)
    groups = neighbourhood(helping, buildings, elders_at)
    device_of = {one.slug: f"dev-{one.slug}" for one in buildings}
    return Example(
        community=Community(1, "qingxi", plan.NAME, "Asia/Shanghai", "zh"),
        places=tuple(plan.places()),
        homes=tuple(home for building in buildings for home in building.homes()),
        residents=tuple(residents),
        people=tuple(helping.people),
        assignments=tuple(helping.assignments),
        groups=tuple(groups),
        ladders=(NIGHT,),
        shifts=tuple(helping.shifts),
        devices=tuple(Device(device, place) for place, device in device_of.items()),
        buttons=tuple(elders.buttons(elders_at, device_of)),
    )
