"""Which place holds which, and what an announcement reaches."""

import pytest

from hub.domain.errors import Invalid
from hub.domain.places import Place, PlaceKind, heard_at, lineage, reached, without_overlap

PLACES = {
    place.slug: place
    for place in (
        Place("all", PlaceKind.COMMUNITY, "社区"),
        Place("grid-1", PlaceKind.GRID, "一", "all"),
        Place("grid-2", PlaceKind.GRID, "二", "all"),
        Place("building-1", PlaceKind.BUILDING, "1栋", "grid-1"),
        Place("building-2", PlaceKind.BUILDING, "2栋", "grid-1"),
        Place("building-3", PlaceKind.BUILDING, "3栋", "grid-2"),
        Place("building-1-unit-1", PlaceKind.UNIT, "1单元", "building-1"),
        Place("lost", PlaceKind.BUILDING, "?", "nowhere"),
        Place("round-a", PlaceKind.GRID, "?", "round-b"),
        Place("round-b", PlaceKind.GRID, "?", "round-a"),
    )
}


@pytest.mark.parametrize(
    ("slug", "line"),
    [
        ("building-1-unit-1", ["building-1-unit-1", "building-1", "grid-1", "all"]),
        ("all", ["all"]),
        ("unknown", ["all"]),
        ("", ["all"]),
        ("lost", ["lost", "all"]),
        ("round-a", ["round-a", "round-b", "all"]),
    ],
)
def test_every_place_whatever_is_wrong_with_it_lies_in_the_community(slug: str, line: list[str]) -> None:
    assert lineage(PLACES, slug) == line


def test_a_building_speaks_for_its_units() -> None:
    assert heard_at(PLACES, "building-1") == ["building-1-unit-1", "building-1", "grid-1", "all"]
    assert heard_at(PLACES, "grid-1") == ["grid-1", "all"]


def test_a_target_reaches_the_buildings_that_it_holds_or_lies_in() -> None:
    assert reached(PLACES, ["grid-1"]) == ["building-1", "building-2"]
    assert reached(PLACES, ["building-1-unit-1", "building-3"]) == ["building-1", "building-3"]
    assert reached(PLACES, ["all"]) == ["building-1", "building-2", "building-3", "lost"]


@pytest.mark.parametrize(("targets", "key"), [([], "no_place"), (["all", "mars"], "unknown_place")])
def test_a_target_that_is_none_is_refused(targets: list[str], key: str) -> None:
    with pytest.raises(Invalid) as refused:
        reached(PLACES, targets)
    assert refused.value.key == key


def test_nothing_is_sent_to_a_place_twice() -> None:
    assert without_overlap(PLACES, ["building-1", "grid-1", "building-3", "building-3"]) == ["grid-1", "building-3"]
    assert without_overlap(PLACES, ["building-1", "all", "grid-2"]) == ["all"]
