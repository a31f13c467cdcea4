"""Pages are quick while little happens, and leave the loop to the presses while much does."""

from __future__ import annotations

import time

from hub.console.pace import CREDIT_S, PAUSE_S, SHARE, Pace


def test_a_rendering_is_followed_by_what_is_left_of_the_least_pause() -> None:
    now = time.monotonic()
    assert Pace().wait_s(now, took_s=0.03, computed_s=0.03) == PAUSE_S - 0.03
    assert Pace().wait_s(now, took_s=PAUSE_S, computed_s=PAUSE_S) == 0.0


def test_waiting_for_the_database_is_not_held_against_the_pages() -> None:
    pace, now = Pace(), time.monotonic()
    assert [pace.wait_s(now + turn, took_s=1.0, computed_s=0.01) for turn in range(50)] == [0.0] * 50


def test_under_a_flood_the_pages_come_down_to_their_share() -> None:
    pace, now, computed_s = Pace(), time.monotonic(), 0.1
    began, spent_s = now, 0.0
    for _ in range(200):
        now += computed_s
        spent_s += computed_s
        now += pace.wait_s(now, took_s=computed_s, computed_s=computed_s)
    assert spent_s <= CREDIT_S + SHARE * (now - began) + computed_s
    assert spent_s >= SHARE * (now - began)


def test_after_a_quiet_while_the_next_press_is_shown_at_once_again() -> None:
    pace, now = Pace(), time.monotonic()
    while not pace.wait_s(now, took_s=1.0, computed_s=1.0):
        pass
    assert pace.wait_s(now + 60, took_s=0.1, computed_s=0.1) == 0.0
