"""Two announcements at one loudspeaker: every pair of priorities, whatever has become of the first."""

from __future__ import annotations

from itertools import product

import pytest

from tests.device_agent.core.loudspeaker import BLOCK_MS, Loudspeaker

PRIORITIES = (10, 31, 32, 60, 100, 180, 200, 223, 224, 240, 245, 250, 254, 255)
EDGES = (10, 32, 60, 223, 224, 250, 254, 255)
LATE_MS, LONG_MS = 2_000, 160
"""Both are announced so early, and each sounds so long."""


def silences(new: int, old: int) -> bool:
    """The table in a sentence: higher silences lower, and at 255 the latest wins."""
    return new > old or new == 255


def is_played_again(priority: int) -> bool:
    return priority not in (10, 31, 255)


def first_then(new: int, old: int) -> list[str]:
    """What is heard when `b` of priority `new` comes while `a` of priority `old` sounds."""
    if not silences(new, old):
        return ["a", "b"]
    return ["a", "b", "a"] if is_played_again(old) else ["a", "b"]


def longest_ms(building: Loudspeaker, key: str) -> int:
    """How much of it was heard without a break."""
    runs = "".join("x" if who == key else " " for who in building.heard).split()
    return max((len(run) for run in runs), default=0) * BLOCK_MS


def whole(building: Loudspeaker, key: str) -> bool:
    """Whether all of it was heard at least once from one end to the other."""
    return longest_ms(building, key) == LONG_MS


@pytest.mark.parametrize("a", PRIORITIES)
def test_one_comes_while_the_other_sounds(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS)
        building.announce("b", b, LATE_MS + 60, LONG_MS)
        assert building.passes(LATE_MS + 1_500) == first_then(b, a), b
        assert whole(building, "b")
        assert whole(building, "a") is (not silences(b, a) or is_played_again(a))
        wanted = ["received", "verified", "ready", "playing"]
        if silences(b, a):
            wanted += ["interrupted", *(["playing", "played"] if is_played_again(a) else [])]
        else:
            wanted += ["played"]
        assert building.reports["a"] == wanted
        assert building.reports["b"] == ["received", "verified", "ready", "playing", "played"]


@pytest.mark.parametrize("a", PRIORITIES)
def test_one_comes_while_the_other_waits_for_its_sound(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS, has_file=False)
        building.announce("b", b, LATE_MS + 60, LONG_MS)
        assert building.passes(LATE_MS + 1_000) == ["b"]
        building.gets_file("a")
        assert building.passes(1_000) == ["a"]
        assert whole(building, "a")
        assert whole(building, "b")


@pytest.mark.parametrize("a", PRIORITIES)
def test_one_comes_while_the_other_waits_for_its_instant(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS + 600, LONG_MS)
        building.announce("b", b, LATE_MS, LONG_MS)
        assert building.passes(LATE_MS + 1_500) == ["b", "a"]
        assert whole(building, "a")
        assert whole(building, "b")


@pytest.mark.parametrize("a", [each for each in PRIORITIES if each != 255])
def test_one_comes_while_the_other_waits_for_its_turn(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("x", a, LATE_MS, LONG_MS)
        building.announce("a", a, LATE_MS + 40, LONG_MS)
        building.announce("b", b, LATE_MS + 60, LONG_MS)
        heard = building.passes(LATE_MS + 2_000)
        if b <= a:
            assert heard == ["x", "a", "b"]
        else:
            assert heard == ["x", "b", *(["x"] if is_played_again(a) else []), "a"]
        assert whole(building, "a")
        assert whole(building, "b")


@pytest.mark.parametrize("a", [each for each in PRIORITIES if is_played_again(each)])
def test_one_comes_while_the_other_was_interrupted_and_waits_to_be_played_again(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS)
        building.announce("x", 255, LATE_MS + 60, LONG_MS)
        building.announce("b", b, LATE_MS + 120, LONG_MS)
        heard = building.passes(LATE_MS + 2_000)
        assert heard == (["a", "x", "b", "a"] if b > a else ["a", "x", "a", "b"])
        assert whole(building, "a")
        assert whole(building, "b")


@pytest.mark.parametrize("a", PRIORITIES)
def test_one_comes_when_the_other_has_ended(a: int) -> None:
    for b in PRIORITIES:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS)
        building.announce("b", b, LATE_MS + LONG_MS, LONG_MS)
        assert building.passes(LATE_MS + 1_500) == ["a", "b"]
        assert whole(building, "a")
        assert whole(building, "b")


def test_a_red_whistle_is_heard_in_the_middle_of_a_long_warning_which_then_begins_anew() -> None:
    building = Loudspeaker()
    building.announce("storm", 240, LATE_MS, 12_000)
    building.announce("whistle", 245, LATE_MS + 1_000, 1_600, valid_ms=LATE_MS + 1_000 + 1_600 + 6_000)
    assert building.passes(LATE_MS + 20_000) == ["storm", "whistle", "storm"]
    assert building.reports["whistle"][-1] == building.reports["storm"][-1] == "played"


MOMENTS_MS = (0, 1_500, LATE_MS + 20, LATE_MS + 80, LATE_MS + 180, LATE_MS + 260, LATE_MS + 1_500)
"""When both are announced, handed over, one sounds, both have come, and so on to the end of both."""


@pytest.mark.parametrize(("a", "b"), list(product(EDGES, EDGES)))
def test_stop_at_any_moment_silences_everything_at_once_and_for_good(a: int, b: int) -> None:
    for moment_ms in MOMENTS_MS:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS)
        building.announce("b", b, LATE_MS + 60, LONG_MS)
        building.passes(moment_ms)
        building.stop("all")
        assert building.passes(2_000 if moment_ms < LATE_MS else 600) == []
        for key in ("a", "b"):
            assert building.reports[key][-1] in ("stopped", "played", "interrupted")


@pytest.mark.parametrize(("a", "b"), list(product(EDGES, EDGES)))
def test_a_crash_at_any_moment_begins_nothing_again_and_loses_nothing_that_had_not_begun(a: int, b: int) -> None:
    for moment_ms in MOMENTS_MS:
        building = Loudspeaker()
        building.announce("a", a, LATE_MS, LONG_MS)
        building.announce("b", b, LATE_MS + 60, LONG_MS)
        before = building.passes(moment_ms)
        building.crash()
        after = building.passes(LATE_MS + 1_500)
        assert not set(before) & set(after)
        assert {*before, *after} == {"a", "b"}
        for key in ("a", "b"):
            end = building.reports[key][-1]
            assert end in ("played", "failed", "interrupted")
            assert end != "played" or longest_ms(building, key) >= LONG_MS * 2 / 3  # past a third it waits
