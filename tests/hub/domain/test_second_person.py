"""Held for a second person: never both called off and played, at most once out, and out in time when nobody objects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.announcements import PRIORITY, RED_WHISTLE, Kind, lead_ms
from hub.domain.errors import NotHeld, OwnConfirmation
from hub.domain.second_person import (
    HOLD_MS,
    MOST_LATE_MS,
    OUT,
    Hold,
    Window,
    begins_ms,
    called_off,
    confirmed,
    due_ms,
    needs_window,
    ran_out,
)

NOW_MS = 1_764_561_600_000
LEAD_MS = lead_ms(4_000)
HELD = Window("wang", NOW_MS + HOLD_MS, NOW_MS + HOLD_MS + LEAD_MS)
PEOPLE = st.sampled_from(["wang", "li", "zhao", "a program"])
STEPS = st.tuples(st.sampled_from(["confirm", "call off", "look", "restart", "step the clock"]), PEOPLE)


def taken(window: Window, step: str, by: str, now_ms: int) -> Window:
    """What a step of people makes of it; one that is refused changes nothing."""
    try:
        return confirmed(window, by, now_ms) if step == "confirm" else called_off(window, by, now_ms)
    except (NotHeld, OwnConfirmation):
        return window


@given(st.lists(st.tuples(STEPS, st.integers(0, 6_000), st.integers(-(10**9), 10**9)), max_size=30))
def test_whatever_happens_it_goes_out_once_and_in_time_or_is_called_off_and_never_played(
    events: list[tuple[tuple[str, str], int, int]],
) -> None:
    """The hub looks at every instant that passes, by its steady clock; a restart reads the row again."""
    window, steady_ms, off_ms, released, decided = HELD, 0, NOW_MS, 0, list[Hold]()
    due, restarted_ms = due_ms(window, steady_ms + off_ms, steady_ms), 0
    for (step, by), pass_ms, shift_ms in events:
        before = window
        steady_ms += pass_ms
        match step:
            case "restart":  # a machine may come up with any time
                off_ms += shift_ms
                due, restarted_ms = due_ms(window, steady_ms + off_ms, steady_ms), steady_ms
            case "step the clock":
                off_ms += shift_ms
            case "confirm" | "call off":
                window = taken(window, step, by, steady_ms + off_ms)
        if step == "confirm" and by == window.made_by:
            assert window == before
        if window.hold is Hold.HELD and steady_ms >= due:
            window = ran_out(window, steady_ms + off_ms)
        if window != before:
            decided.append(window.hold)
            released += window.hold in OUT
        assert window.hold is not Hold.HELD or steady_ms < restarted_ms + HOLD_MS
    assert released <= 1
    assert len(decided) <= 1
    assert not (released and Hold.CALLED_OFF in decided)


@given(PEOPLE.filter(lambda one: one != "wang"), st.permutations(["confirm", "call off", "time"]), st.integers(0, 500))
def test_of_a_confirmation_a_call_off_and_the_end_of_the_time_whoever_is_first_has_decided(
    by: str, order: list[str], apart_ms: int
) -> None:
    window, now_ms = HELD, HELD.until_ms
    for step in order:
        window = ran_out(window, now_ms) if step == "time" else taken(window, step, by, now_ms)
        now_ms += apart_ms
    first = {"confirm": Hold.CONFIRMED, "call off": Hold.CALLED_OFF, "time": Hold.RAN_OUT}[order[0]]
    assert (window.hold, window.at_ms) == (first, HELD.until_ms)


def test_two_who_confirm_at_once_send_it_once_and_the_first_is_named() -> None:
    first = confirmed(HELD, "li", NOW_MS + 2_000)
    assert (first.hold, first.by, first.at_ms) == (Hold.CONFIRMED, "li", NOW_MS + 2_000)
    assert confirmed(first, "zhao", NOW_MS + 2_000) == first


@pytest.mark.parametrize("hold", list(Hold))
def test_whoever_made_it_never_counts_as_the_second_person(hold: Hold) -> None:
    with pytest.raises((OwnConfirmation, NotHeld)):
        confirmed(replace(HELD, hold=hold), "wang", NOW_MS)


def test_whoever_made_it_can_call_it_off() -> None:
    assert called_off(HELD, "wang", NOW_MS + 1).hold is Hold.CALLED_OFF


@pytest.mark.parametrize("window", [None, called_off(HELD, "zhao", NOW_MS), replace(HELD, hold=Hold.LAPSED)])
def test_what_was_called_off_or_never_held_cannot_be_confirmed(window: Window | None) -> None:
    with pytest.raises(NotHeld):
        confirmed(window, "li", NOW_MS)


@pytest.mark.parametrize(
    ("late_ms", "hold"), [(0, Hold.RAN_OUT), (MOST_LATE_MS, Hold.RAN_OUT), (MOST_LATE_MS + 1, Hold.LAPSED)]
)
def test_after_a_long_time_without_a_hub_it_is_a_false_alarm_and_not_played(late_ms: int, hold: Hold) -> None:
    assert ran_out(HELD, HELD.play_at_ms + late_ms).hold is hold


@pytest.mark.parametrize("set_by_ms", [-(10**12), -3_600_000, -1, 0, 1, 3_600_000])
def test_a_wall_clock_that_was_set_meanwhile_never_holds_it_for_longer(set_by_ms: int) -> None:
    assert 500 <= due_ms(HELD, NOW_MS + set_by_ms, 500) <= 500 + HOLD_MS


def test_a_hub_that_comes_back_in_the_window_waits_for_the_rest_of_it() -> None:
    assert due_ms(HELD, NOW_MS + 7_000, 500) == 3_500


@pytest.mark.parametrize("now_ms", [NOW_MS + 2_000, HELD.until_ms, HELD.until_ms + 600_000])
def test_what_was_meant_for_at_once_begins_as_soon_as_devices_can(now_ms: int) -> None:
    assert begins_ms(HELD, LEAD_MS, now_ms) == now_ms + LEAD_MS


def test_what_was_meant_for_later_begins_then_however_it_came_out() -> None:
    later = replace(HELD, play_at_ms=NOW_MS + 3_600_000)
    assert begins_ms(later, LEAD_MS, NOW_MS + 2_000) == later.play_at_ms
    assert begins_ms(later, LEAD_MS, later.play_at_ms + 5) == later.play_at_ms + 5 + LEAD_MS


def test_emergencies_that_people_send_are_held_and_nothing_else_is() -> None:
    assert [kind for kind in Kind if needs_window(PRIORITY[kind], "wang")] == [Kind.ORANGE, Kind.RED]
    assert not needs_window(PRIORITY[Kind.ORANGE], RED_WHISTLE)
