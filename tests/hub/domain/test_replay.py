"""A replay says of each second how the alert stood then, and never more than was known then."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.alerts import Entry, Stage, State
from hub.domain.replay import STATE_AFTER, Frame, Line, Request, Saying, replay

T0 = 1_700_000_000_000


def line(after_s: float, what: str, actor: str = "system", **detail: str | int | None) -> Line:
    return Line(T0 + int(after_s * 1_000), Entry(what, actor, detail))


def at(frames: list[Frame], after_s: int) -> Frame:
    """How it stood at that second."""
    return [one for one in frames if one.at_ms <= T0 + after_s * 1_000][-1]


JOURNAL = [
    line(0, "opened", "elder"),
    line(0, "asked", rung=0),
    line(8, "declined", "li"),
    line(20, "accepted", "wang", eta_minutes=3),
    line(380, "acceptance_expired"),
    line(380, "asked", rung=1),
    line(395, "accepted", "li", eta_minutes=5),
    line(500, "arrived", "li"),
    line(900, "closed", "li"),
]


def test_state_and_acceptor_follow_the_journal() -> None:
    frames = replay(JOURNAL, [], [], [T0])
    assert [(one.at_ms - T0) // 1_000 for one in frames] == [0, 8, 20, 380, 395, 500, 900]
    assert [one.state for one in frames] == [
        State.OPEN,
        State.OPEN,
        State.ACCEPTED,
        State.OPEN,
        State.ACCEPTED,
        State.ARRIVED,
        State.CLOSED,
    ]
    assert [one.acceptor_id for one in frames] == [None, None, "wang", None, "li", "li", "li"]
    assert [one.rung for one in frames] == [1, 1, 1, 5, 5, 5, 5]


def test_what_the_desk_took_back_is_seen_to_be_taken_back() -> None:
    journal = [
        line(0, "opened", "elder"),
        line(10, "accepted", "li"),
        line(15, "acceptance_taken_back", "desk", person_id="li"),
        line(20, "accepted", "wang"),
        line(30, "arrived", "wang"),
        line(35, "arrival_taken_back", "desk", person_id="wang"),
        line(90, "closed", "desk"),
        line(95, "closing_taken_back", "desk", person_id="desk"),
    ]
    frames = replay(journal, [], [], [])
    assert [(one.state, one.acceptor_id) for one in frames[1:]] == [
        (State.ACCEPTED, "li"),
        (State.OPEN, None),
        (State.ACCEPTED, "wang"),
        (State.ARRIVED, "wang"),
        (State.ACCEPTED, "wang"),
        (State.CLOSED, "wang"),
        (State.OPEN, None),
    ]


def test_every_line_of_the_journal_is_in_exactly_one_frame() -> None:
    frames = replay(JOURNAL, [], [], [])
    assert [index for one in frames for index in one.lines] == list(range(len(JOURNAL)))


def test_a_request_is_shown_as_sent_from_then_on_and_only_while_somebody_is_wanted() -> None:
    requests = [Request("li", "ntfy", T0, T0 + 3_000), Request("wang", "sms", T0 + 1_000, None)]
    frames = replay(JOURNAL, requests, [], [])
    assert [(one.person_id, one.sent_ms) for one in at(frames, 0).asking] == [("li", None)]
    assert [(one.person_id, one.sent_ms) for one in at(frames, 1).asking] == [("li", None), ("wang", None)]
    assert [(one.person_id, one.sent_ms) for one in at(frames, 3).asking] == [("li", T0 + 3_000), ("wang", None)]
    assert at(frames, 20).asking == ()


def test_people_are_shown_as_asked_until_enough_go_and_again_when_one_of_them_withdraws() -> None:
    journal = [
        line(0, "opened", "elder"),
        line(0, "asked", rung=0, needed=2),
        line(10, "accepted", "wang"),
        line(20, "asked", rung=1),
        line(30, "backup", "li"),
        line(40, "withdrawn", "li"),
        line(50, "backup", "chen"),
        line(60, "reopened", "desk"),
        line(70, "accepted", "li"),
    ]
    frames = replay(journal, [Request("sun", "ntfy", T0, T0)], [], [])
    shown = [bool(at(frames, after_s).asking) for after_s in (0, 10, 20, 30, 40, 50, 60, 70)]
    assert shown == [True, True, True, False, True, False, True, False]


def test_what_the_elder_was_told_is_not_shown_as_told_before_it_was_sent() -> None:
    sayings = [Saying(Stage.RECORDED, None, None, T0, T0 + 2_000), Saying(Stage.ACCEPTED, "wang", 3, T0 + 20_000, None)]
    frames = replay(JOURNAL, [], sayings, [])
    shown = [
        (one.saying.stage, one.saying.sent_ms) for one in (at(frames, second) for second in (0, 2, 20)) if one.saying
    ]
    assert shown == [(Stage.RECORDED, None), (Stage.RECORDED, T0 + 2_000), (Stage.ACCEPTED, None)]


def test_presses_are_counted_as_they_came() -> None:
    frames = replay(JOURNAL[:2], [], [], [T0, T0 + 4_000, T0 + 4_500, T0 + 9_000])
    assert [one.presses for one in frames] == [1, 3, 4]


def test_an_arrival_shown_on_the_button_keeps_who_had_accepted() -> None:
    frames = replay([*JOURNAL[:4], line(100, "arrived", "elder", how="button")], [], [], [])
    assert (frames[-1].state, frames[-1].acceptor_id) == (State.ARRIVED, "wang")


def test_an_arrival_shown_on_the_button_of_an_open_alert_says_who_was_awaited() -> None:
    shown = line(100, "arrived", "elder", how="button", person_id="wang")
    frames = replay([*JOURNAL[:4], line(90, "reopened", "elder"), shown], [], [], [])
    assert (frames[-1].state, frames[-1].acceptor_id) == (State.ARRIVED, "wang")


def test_only_the_acceptors_withdrawal_opens_it_again() -> None:
    back_up = replay([*JOURNAL[:4], line(25, "withdrawn", "li")], [], [], [])[-1]
    acceptor = replay([*JOURNAL[:4], line(25, "withdrawn", "wang")], [], [], [])[-1]
    assert (back_up.state, back_up.acceptor_id) == (State.ACCEPTED, "wang")
    assert (acceptor.state, acceptor.acceptor_id) == (State.OPEN, None)


def test_a_clock_that_was_set_back_keeps_the_order_in_which_things_were_written() -> None:
    journal = [
        line(0, "opened", "elder"),
        line(50, "accepted", "wang"),
        line(10, "clock_stepped"),
        line(12, "arrived", "wang"),
    ]
    frames = replay(journal, [], [], [])
    assert frames[-1].state is State.ARRIVED
    assert [index for one in frames for index in one.lines] == [0, 1, 2, 3]


WORDS = st.sampled_from([*STATE_AFTER, "withdrawn", "asked", "declined", "note", "pressed_again"])
LINES = st.lists(st.builds(line, st.integers(0, 3_000), WORDS, st.sampled_from(["li", "wang", "elder", "system"])))


@given(LINES, st.lists(st.integers(0, 3_000)))
def test_whatever_was_written_frames_rise_and_lose_nothing(journal: list[Line], presses: list[int]) -> None:
    frames = replay(journal, [], [], [T0 + second * 1_000 for second in presses])
    assert all(one.at_ms < then.at_ms for one, then in pairwise(frames))
    assert [index for one in frames for index in one.lines] == list(range(len(journal)))
    assert not frames or frames[-1].presses == len(presses)
    for frame in frames:
        if frame.state is State.OPEN:
            assert frame.acceptor_id is None
