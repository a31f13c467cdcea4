"""Whose quiet hours hold where, and when they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_agent.core import quiet
from hub.domain.errors import Invalid
from hub.domain.places import Place, PlaceKind, Spans
from hub.domain.quiet_hours import MOST_SPANS, holding, is_all_day, is_quiet, read_spans, span_text
from wire.messages import Config, QuietHours

DEFAULT: Spans = ((720, 840),)
GRID: Spans = ((1200, 450),)
BUILDING: Spans = ((0, 0),)
PLACES = {
    place.slug: place
    for place in (
        Place("all", PlaceKind.COMMUNITY, "社区"),
        Place("grid-1", PlaceKind.GRID, "一", "all"),
        Place("building-1", PlaceKind.BUILDING, "1栋", "grid-1"),
        Place("building-1-unit-1", PlaceKind.UNIT, "1单元", "building-1"),
        Place("building-2", PlaceKind.BUILDING, "2栋", "grid-1"),
    )
}


def with_hours(**hours: Spans) -> dict[str, Place]:
    """The places, some with their own; names with _ for -."""
    given = {slug.replace("_", "-"): spans for slug, spans in hours.items()}
    return {slug: replace(place, quiet_hours=given.get(slug)) for slug, place in PLACES.items()}


@pytest.mark.parametrize("slug", [*PLACES, "unknown"])
def test_where_no_place_has_its_own_the_default_holds(slug: str) -> None:
    assert holding(PLACES, slug, DEFAULT) == (DEFAULT, "")


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("building-1-unit-1", (BUILDING, "building-1")),
        ("building-1", (BUILDING, "building-1")),
        ("building-2", (GRID, "grid-1")),
        ("all", (DEFAULT, "")),
    ],
)
def test_the_nearest_place_that_has_its_own_wins(slug: str, expected: tuple[Spans, str]) -> None:
    assert holding(with_hours(grid_1=GRID, building_1=BUILDING), slug, DEFAULT) == expected


def test_none_at_all_are_hours_of_its_own_too() -> None:
    assert holding(with_hours(grid_1=GRID, building_1=()), "building-1-unit-1", DEFAULT) == ((), "building-1")


@pytest.mark.parametrize("spans", [DEFAULT, GRID, BUILDING, (), (*DEFAULT, *GRID), ((720, 720),)])
def test_hub_and_device_agree_on_every_minute_of_the_day(spans: Spans) -> None:
    config = Config(
        to="d",
        id="i",
        issued_ms=0,
        valid_until_ms=1,
        community="c",
        places=[],
        timezone="UTC",
        quiet_hours=[QuietHours(begins_minute=begins, ends_minute=ends) for begins, ends in spans],
    )
    for minute in range(1440):
        assert is_quiet(spans, minute) is (quiet.objection(config, 60, minute * 60_000) is not None)


@pytest.mark.parametrize(
    "spans",
    [(), DEFAULT, GRID, BUILDING, ((720, 720),), ((0, 720), (720, 0)), ((0, 720), (721, 0)), ((600, 500), (400, 700))],
)
def test_all_day_means_every_minute_of_it(spans: Spans) -> None:
    assert is_all_day(spans) is all(is_quiet(spans, minute) for minute in range(1440))


def test_what_people_write_is_read_and_written_again() -> None:
    texts = ["12:00-14:00", "20:00-07:30", "00:00-23:59"]
    assert [span_text(span) for span in read_spans(texts)] == texts


@pytest.mark.parametrize(
    "text", ["", "-", "12:00", "12:00-", "12:00-24:00", "8:00-9:00", "12:60-13:00", "a-b", "1-2-3"]
)
def test_what_is_no_span_of_the_day_is_named(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_spans(["12:00-14:00", text])
    assert (caught.value.key, caught.value.params) == ("bad_quiet_hours", {"text": text})


def test_more_than_a_device_takes_is_refused() -> None:
    assert len(read_spans(["01:00-02:00"] * MOST_SPANS)) == MOST_SPANS
    with pytest.raises(Invalid) as caught:
        read_spans(["01:00-02:00"] * (MOST_SPANS + 1))
    assert caught.value.key == "too_many_quiet_hours"
