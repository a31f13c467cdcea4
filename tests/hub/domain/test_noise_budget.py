"""Whose noise budget holds where, and what staff may write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.domain.errors import Invalid
from hub.domain.noise_budget import about_ms, holding, read_minutes
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
