"""The elders of the example community, and the button that each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hub.domain.people import Resident
from hub.domain.places import Home
from hub.services.example.names import Names
from hub.services.example.plan import Building, home_id
from hub.services.ports import Button

ALONE, COUPLES = 48, 6
WELL_KNOWN = (17, 2, 502)
"""The home that documents and tests speak of: 17栋2单元502室."""
BORN = (1932, 1951)
NOTES = (
    "听力不好，请大声说话",
    "有楼梯扶手",
    "用助行器走路，开门要等一会儿",
    "听力不好；有楼梯扶手",
    "钥匙在对门邻居家",
    "视力不好，请先报名字",
    "",
)
EVERY_SHARED = 5
"""Every so many homes have no loudspeaker of their own: the one in the stairwell answers."""


def homes_with_elders(random: Random, buildings: Sequence[Building]) -> list[Home]:
    """One home in each of 54 buildings, the well-known one among them, by building."""
    number, unit, room = WELL_KNOWN
    others = random.sample([one for one in buildings if one.number != number], ALONE + COUPLES - 1)
    chosen = {one.number: random.choice(one.homes()) for one in others}
    known = next(one for one in buildings if one.number == number)
    chosen[number] = next(home for home in known.homes() if home.id == home_id(number, unit, room))
    return [chosen[one] for one in sorted(chosen)]


def elders(random: Random, names: Names, homes: Sequence[Home]) -> list[Resident]:
    """Who lives there: mostly one alone, in every ninth home a couple."""
    residents: list[Resident] = []
    for index, home in enumerate(homes):
        for _ in range(2 if is_couple(index) else 1):
            residents.append(
                Resident(
                    id=f"resident-{len(residents) + 1:03}",
                    home_id=home.id,
                    name=names.older(),
                    born_year=random.randint(*BORN),
                    notes=random.choice(NOTES),
                )
            )
    return residents


def buttons(homes: Sequence[Home], device_of: dict[str, str]) -> list[Button]:
    """A button for each elder, on the device of the building; a couple's second one belongs to the same home."""
    result: list[Button] = []
    for index, home in enumerate(homes):
        name = home.id.removeprefix("home-")
        output = "shared" if index % EVERY_SHARED == EVERY_SHARED - 1 else "home"
        result += [
            Button(device_of[home.place], one, home.id, output)
            for one in ([name, f"{name}-2"] if is_couple(index) else [name])
        ]
    return result


def is_couple(index: int) -> bool:
    """Whether two live in the home with this index."""
    return index % ((ALONE + COUPLES) // COUPLES) == 0
