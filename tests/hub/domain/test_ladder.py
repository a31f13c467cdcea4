"""The ladder and the roll: who is asked, what comes next, and that no wait is spent on nobody."""

from itertools import product
from math import inf

import pytest

from hub.domain.ladder import DEFAULT, Climb, Reach, Rung, Who, climb, rung_at
from hub.domain.people import Assignment, ChannelName, Contact, Duty, Group, Person
from hub.domain.roll import Roll, reach

HERE = ("home-1", "unit-1", "building-1", "grid-1", "all")
ASSIGNMENTS = (
    Assignment("desk", "all", Duty.DESK),
    Assignment("desk-asleep", "all", Duty.DESK),
    Assignment("leader", "grid-1", Duty.GRID_LEADER),
    Assignment("other-leader", "grid-2", Duty.GRID_LEADER),
    Assignment("leader-of-all", "all", Duty.GRID_LEADER),
    Assignment("volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("near-volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("free-volunteer", "grid-1", Duty.VOLUNTEER),
    Assignment("far-volunteer", "grid-2", Duty.VOLUNTEER),
    Assignment("head", "building-1", Duty.BUILDING_HEAD),
    Assignment("other-head", "building-2", Duty.BUILDING_HEAD),
    Assignment("floor-head", "unit-1", Duty.FLOOR_HEAD),
    Assignment("helper", "home-1", Duty.HELPER),
    Assignment("daughter", "home-1", Duty.FAMILY),
    *Group("g", "三楼互助组", ("aunt", "uncle"), ("home-1", "home-2")).assignments(),
    Assignment("head", "grid-1", Duty.VOLUNTEER),
)
METRES = {"volunteer": 80.0, "near-volunteer": 20.0, "far-volunteer": 300.0}
ROLL = Roll(ASSIGNMENTS, frozenset({"volunteer", "near-volunteer", "far-volunteer", "desk", "nobody-knows"}))


def named(*who: Who, around: tuple[str, ...] = HERE) -> list[str]:
    return ROLL.named(who, around, lambda person: METRES.get(person, inf))


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (Who.HELPER, ["helper"]),
        (Who.GROUP, ["aunt", "uncle"]),
        (Who.FLOOR_HEAD, ["floor-head"]),
        (Who.BUILDING_HEAD, ["head"]),
        (Who.GRID_LEADER, ["leader"]),
        (Who.VOLUNTEER, ["near-volunteer", "volunteer"]),
        (Who.DESK, ["desk"]),
        (Who.FAMILY, ["daughter"]),
        (Who.ON_SHIFT, ["near-volunteer", "volunteer", "far-volunteer", "desk", "nobody-knows"]),
    ],
)
def test_each_kind_of_people_is_found_around_the_alert(who: Who, expected: list[str]) -> None:
    assert named(who) == expected


def test_a_rung_asks_each_person_once_in_the_order_in_which_it_names_them() -> None:
    assert named(Who.BUILDING_HEAD, Who.HELPER, Who.DESK, Who.BUILDING_HEAD) == ["head", "helper", "desk"]


def test_the_red_whistle_asks_everyone_of_the_place_on_shift_or_not_and_everyone_on_shift_but_no_family() -> None:
    asked = named(Who.EVERYONE)
    assert {"helper", "aunt", "uncle", "floor-head", "head", "leader", "free-volunteer", "desk-asleep"} <= set(asked)
    assert {"far-volunteer", "nobody-knows"} <= set(asked)
    assert not {"daughter", "other-head", "other-leader"} & set(asked)
    assert len(set(asked)) == len(asked)


def test_an_alert_whose_place_nobody_knows_still_asks_those_who_answer_for_all() -> None:
    assert named(*DEFAULT[0].who, around=("all",)) == ["desk"]
    assert named(*DEFAULT[1].who, around=("all",)) == []
    assert "volunteer" in named(*DEFAULT[2].who, around=("all",))


def test_the_default_ladder_asks_at_0_45_90_and_150_seconds_and_then_every_120() -> None:
    waits = [rung.wait_ms // 1000 for rung in DEFAULT]
    assert [sum(waits[:index]) for index in range(4)] == [0, 45, 90, 150]
    assert waits[-1] == 120
    assert [rung.is_aloud for rung in DEFAULT] == [False, False, False, True]


def test_a_rung_reaches_a_person_on_its_channels_only() -> None:
    page, ntfy = Contact(ChannelName.PAGE), Contact(ChannelName.NTFY, "topic")
    person = Person("p", "王芳", contacts=(ntfy, page))
    assert Rung((Who.DESK,), 1).ways_to(person) == [ntfy, page]
    assert Rung((Who.DESK,), 1, channels=(ChannelName.PAGE,)).ways_to(person) == [page]
    assert Rung((Who.DESK,), 1, channels=(ChannelName.WEBHOOK,)).ways_to(person) == []


@pytest.mark.parametrize(
    ("asked", "unreachable", "needed", "expected"),
    [
        ([], [], 1, Reach.NOBODY),
        (["a"], [], 1, Reach.ENOUGH),
        (["a"], ["a"], 1, Reach.TOO_FEW),
        (["a", "b"], ["a"], 1, Reach.ENOUGH),
        (["a", "b"], ["a"], 2, Reach.TOO_FEW),
        (["a"], [], 2, Reach.TOO_FEW),
        (["a"], ["somebody-else"], 1, Reach.ENOUGH),
    ],
)
def test_only_those_known_to_be_out_of_reach_make_a_rung_reach_too_few(
    asked: list[str], unreachable: list[str], needed: int, expected: Reach
) -> None:
    assert reach(Rung((Who.DESK,), 1, needed=needed), asked, unreachable) is expected


@pytest.mark.parametrize(("current", "reaches"), list(product(range(-1, 6), product(Reach, repeat=3))))
def test_every_rung_up_to_the_first_that_reaches_enough_is_asked_and_empty_ones_are_left_out(
    current: int, reaches: tuple[Reach, ...]
) -> None:
    step = climb(DEFAULT, current, lambda index: reaches[index], lambda _: False)
    above = list(range(current + 1, 3))
    first = next((index for index in above if reaches[index] is Reach.ENOUGH), 3)
    assert step.rung == first
    assert step.asked == (*(i for i in above if i < first and reaches[i] is Reach.TOO_FEW), first)
    assert step.empty == tuple(i for i in above if i < first and reaches[i] is Reach.NOBODY)


def test_a_ladder_that_has_become_shorter_goes_on_with_its_last_rung() -> None:
    short = DEFAULT[:1]
    assert climb(short, 3, lambda _: Reach.NOBODY, lambda _: False) == Climb((0,), ())
    assert rung_at(short, 3) is short[0]


@pytest.mark.parametrize(("current", "unasked"), list(product(range(6), product([False, True], repeat=4))))
def test_whoever_is_below_and_was_not_asked_is_asked_with_the_next_rung_which_waits_for_nobody(
    current: int, unasked: tuple[bool, ...]
) -> None:
    step = climb(DEFAULT, current, lambda _: Reach.ENOUGH, lambda index: unasked[index])
    following = min(current + 1, 3)
    assert step.asked == (*(index for index in range(following) if unasked[index]), following)
    assert step.rung == following


def test_a_rung_is_looked_at_only_when_it_comes_into_question() -> None:
    looked: list[int] = []

    def reaching(index: int) -> Reach:
        looked.append(index)
        return Reach.ENOUGH

    climb(DEFAULT, -1, reaching, lambda _: True)
    assert looked == [0]
