"""The plan of the community as a drawing."""

from __future__ import annotations

from itertools import combinations

from hub.console.plan import Box, draw, tree
from hub.domain.places import PlaceKind
from hub.services.views import PlaceView


def place(slug: str, x: float, y: float, parent: str = "grid-1", name: str = "") -> PlaceView:
    return PlaceView(slug, PlaceKind.BUILDING, name or slug, parent, x, y, 0, 1)


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_buildings_lie_inside_the_picture_and_do_not_touch() -> None:
    plan = draw([place(f"b{n}", n % 9 * 40.0, n // 9 * 30.0) for n in range(69)])
    for box in plan.boxes.values():
        assert box.x >= 0
        assert box.x + box.width <= plan.width
        assert box.y >= 0
        assert box.y + box.height <= plan.height
    assert not any(overlap(a, b) for a, b in combinations(plan.boxes.values(), 2))


def test_north_is_up() -> None:
    plan = draw([place("south", 0, 0), place("north", 10, 100)])
    assert plan.boxes["north"].y < plan.boxes["south"].y


def test_one_building_alone_and_none_at_all_can_be_drawn() -> None:
    assert draw([place("only", 7, 7)]).boxes.keys() == {"only"}
    assert draw([]).boxes == {}


def test_a_building_is_called_by_its_number_or_the_beginning_of_its_name() -> None:
    plan = draw([place("a", 0, 0, name="17栋"), place("b", 50, 0, name="物业楼")])
    assert (plan.boxes["a"].number, plan.boxes["b"].number) == ("17", "物业")


def test_a_building_without_a_grid_stands_in_the_communitys_own_branch() -> None:
    community = PlaceView("all", PlaceKind.COMMUNITY, "阳光社区", "", 0, 0, 0, 0)
    assert [(one.slug, len(one.buildings)) for one in tree([community, place("b", 0, 0, "all")])] == [("all", 1)]
