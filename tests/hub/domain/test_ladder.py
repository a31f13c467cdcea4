"""Who is asked: rungs, emptiness, and the people of a place."""

from itertools import product

import pytest

from hub.domain.ladder import DEFAULT, Roll, Who, next_rung
from hub.domain.people import Assignment, Duty

HERE = frozenset({"home-1", "building-1", "grid-1", "all"})
ASSIGNMENTS = (
    Assignment("helper", "home-1", Duty.HELPER),
    Assignment("head", "building-1", Duty.BUILDING_HEAD),
    Assignment("other-head", "building-2", Duty.BUILDING_HEAD),
    Assignment("leader", "grid-1", Duty.GRID_LEADER),
    Assignment("other-leader", "grid-2", Duty.GRID_LEADER),
    Assignment("volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("free-volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("far-volunteer", "grid-2", Duty.VOLUNTEER),
    Assignment("desk", "all", Duty.DESK),
    Assignment("desk-asleep", "all", Duty.DESK),
    Assignment("head", "grid-1", Duty.VOLUNTEER),
)
ROLL = Roll(ASSIGNMENTS, frozenset({"volunteer", "far-volunteer", "desk"}))


def test_the_first_rung_asks_helpers_head_and_the_desk_on_shift() -> None:
    assert ROLL.asked(Who.PLACE, HERE) == ["helper", "head", "desk"]


def test_the_grid_rung_asks_its_leader_and_its_volunteers_on_shift() -> None:
    assert ROLL.asked(Who.GRID, HERE) == ["leader", "volunteer"]


def test_the_last_rung_asks_everyone_on_shift_and_everyone_of_the_rungs_below_once() -> None:
    asked = ROLL.asked(Who.ON_DUTY, HERE)
    assert asked == ["helper", "head", "leader", "volunteer", "far-volunteer", "desk"]
    assert set(asked) >= {*ROLL.asked(Who.PLACE, HERE), *ROLL.asked(Who.GRID, HERE)}


def test_an_alert_whose_place_nobody_knows_still_asks_those_who_answer_for_all() -> None:
    assert ROLL.asked(Who.PLACE, {"all"}) == ["desk"]
    assert ROLL.asked(Who.GRID, {"all"}) == []
    assert ROLL.asked(Who.ON_DUTY, {"all"}) == ["volunteer", "far-volunteer", "desk"]


@pytest.mark.parametrize(("current", "is_empty"), list(product(range(-1, 5), product([False, True], repeat=3))))
def test_the_next_rung_is_the_first_above_that_has_somebody_or_the_last(
    current: int, is_empty: tuple[bool, ...]
) -> None:
    above = [rung for rung in range(current + 1, 2) if not is_empty[rung]]
    assert next_rung(DEFAULT, current, is_empty) == (above[0] if above else 2)
