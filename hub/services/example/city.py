"""A community of thousands of buildings, plain and invented, to see how the hub bears it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from hub.domain.devices import Device
from hub.domain.errors import Invalid
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Person
from hub.domain.places import EVERYWHERE, Home, Place, PlaceKind
from hub.domain.roster import Shift
from hub.services.example.filling import has_community
from hub.services.ports import Button, Clock, Community, Database, Tx

MOST = 20_000
IN_A_GRID = 100
DESK = Person("person-desk", "值班员", "000-0000-0001", contacts=(Contact(ChannelName.NTFY, "desk"),))
"""Whoever sits at the desk is reached through an ntfy server, so that a ladder climbs as it does in earnest."""
PITCH_M = 60.0
ROOM = "101"


@dataclass(frozen=True, slots=True)
class City:
    """Everything that is stored of it: each building has one home, one device and one button."""

    places: tuple[Place, ...]
    homes: tuple[Home, ...]
    devices: tuple[Device, ...]
    buttons: tuple[Button, ...]


def city(buildings: int) -> City:
    """So many buildings in grids of IN_A_GRID; raises Invalid for fewer than one or more than MOST."""
    if not 1 <= buildings <= MOST:
        raise Invalid("bad_city", most=MOST)
    standing = list(islice(_buildings(), buildings))
    grids = dict.fromkeys(one.parent for one in standing)
    homes = [Home(f"home-{one.slug}", one.slug, f"{one.name}{ROOM}室") for one in standing]
    devices = [Device(f"dev-{one.slug}", one.slug) for one in standing]
    return City(
        places=(
            Place(EVERYWHERE, PlaceKind.COMMUNITY, "大清溪社区"),
            *(Place(grid, PlaceKind.GRID, f"第{grid.removeprefix('grid-')}网格", EVERYWHERE) for grid in grids),
            *standing,
        ),
        homes=tuple(homes),
        devices=tuple(devices),
        buttons=tuple(
            Button(device.id, f"{device.place}-{ROOM}", home.id, "home")
            for device, home in zip(devices, homes, strict=True)
        ),
    )


async def fill_with_city(database: Database, clock: Clock, buildings: int) -> None:
    """Stores it in one transaction. Raises Invalid, also (`data_not_empty`) where there is a community already."""
    values = city(buildings)

    def job(tx: Tx) -> None:
        if has_community(tx):
            raise Invalid("data_not_empty")
        tx.places.create(Community(1, "qingxi", "大清溪社区", "Asia/Shanghai", "zh"))
        tx.places.add_places(values.places)
        tx.places.add_homes(values.homes)
        tx.people.add_people([DESK])
        tx.people.add_assignments([Assignment(DESK.id, EVERYWHERE, Duty.DESK)])
        tx.rota.add_shifts([Shift(DESK.id, EVERYWHERE, day, 0, 0, Duty.DESK) for day in range(7)])
        tx.devices.add_devices(values.devices)
        tx.devices.add_buttons(values.buttons)

    await database.write(job)


def _buildings() -> Iterator[Place]:
    """One building after the other, ten in a row, a grid beside the other."""
    for index in count():
        grid, at = divmod(index, IN_A_GRID)
        yield Place(
            f"building-{index + 1}",
            PlaceKind.BUILDING,
            f"{index + 1}栋",
            f"grid-{grid + 1}",
            (grid % 10 * 11 + at % 10) * PITCH_M,
            (grid // 10 * 11 + at // 10) * PITCH_M,
        )
