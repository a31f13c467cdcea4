"""Whose noise budget holds where, and what staff may write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hub.domain.errors import Invalid
from hub.domain.noise_budget import about_ms, holding, read_minutes
from hub.domain.wall_clock import day_begin_ms
from tests.hub.domain.test_quiet_hours import PLACES


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("building-1-unit-1", (0, "building-1")),
        ("building-1", (0, "building-1")),
        ("building-2", (30, "grid-1")),
        ("all", (60, "")),
        ("unknown", (60, "")),
    ],
)
def test_the_nearest_place_that_has_its_own_wins_and_no_limit_is_one_of_its_own(
    slug: str, expected: tuple[int, str]
) -> None:
    own = {"grid-1": 30, "building-1": 0}
    places = {one: replace(place, noise_budget_min=own.get(one)) for one, place in PLACES.items()}
    assert holding(places, slug, 60) == expected
    assert holding(PLACES, slug, 60) == (60, "")


@pytest.mark.parametrize(("text", "minutes"), [("0", 0), (" 60 ", 60), ("1440", 1440)])
def test_whole_minutes_of_a_day_are_read(text: str, minutes: int) -> None:
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "-1", "1441", "99999999999", "1.5", "²", "１２", "x"])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_minutes(text)
    assert (caught.value.key, caught.value.params["text"]) == ("bad_noise_budget", text)


def test_a_text_is_spoken_as_long_as_the_longest_may_be() -> None:
    assert about_ms("字" * 2_000, 1) == 7 * 60_000
    assert about_ms("停水", 3) == 3 * 420 + 2 * 2_000


@pytest.mark.parametrize("clock", ["00:00", "01:59", "12:00", "23:59"])
@pytest.mark.parametrize("date", ["2026-03-29", "2026-10-25", "2026-11-22"])
def test_a_day_begins_at_midnight_also_when_its_clocks_are_changed(date: str, clock: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=zone)
    midnight = datetime.fromisoformat(date).replace(tzinfo=zone)
    assert day_begin_ms(int(now.timestamp() * 1000), zone.key) == midnight.timestamp() * 1000
