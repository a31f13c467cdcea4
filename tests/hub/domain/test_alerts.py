"""The rules of an alert's life, sentence by sentence of ALERTS.md."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from hub.domain import alerts
from hub.domain.alerts import (
    ARRIVED_ASK_MS,
    GRACE_MS,
    REMIND_MS,
    REOPEN_PRESS_MS,
    TRANSITIONS,
    Alert,
    Aloud,
    Audience,
    By,
    Entry,
    Inform,
    Kind,
    Purpose,
    Seen,
    Stage,
    State,
    Step,
)
from hub.domain.errors import Invalid, StepNotAllowed
from hub.domain.ladder import DEFAULT, Ladder, Reach, Reaching, Rung, Who

NOW_MS = 1_700_000_000_000
MINUTE_MS = 60_000


def nobody_missing(_rung: int) -> Reach:
    return Reach.ENOUGH


def missing(*rungs: int, reach: Reach = Reach.NOBODY) -> Reaching:
    """These rungs reach nobody (or too few), the others enough."""
    return lambda rung: reach if rung in rungs else Reach.ENOUGH


def all_asked(_rung: int) -> bool:
    return False


BLANK = Alert(
    id="a1",
    kind=Kind.CALL,
    joins="home-1",
    device="panel-17-2",
    button="17-2-502",
    place="building-17",
    home_id="home-1",
    opened_ms=NOW_MS,
    state=State.OPEN,
    rung=0,
    due_ms=NOW_MS,
    remind_ms=None,
)


def opened(ladder: Ladder = DEFAULT, now_ms: int = NOW_MS) -> Alert:
    return alerts.opened(BLANK, ladder, nobody_missing, now_ms).alert


def accepted(by: str = "wang", eta_minutes: int = 4, now_ms: int = NOW_MS) -> Alert:
    return alerts.accept(opened(), by, eta_minutes, now_ms).alert


def arrived(by: str = "wang", now_ms: int = NOW_MS) -> Alert:
    return alerts.arrive(accepted(by), by, now_ms).alert


def closed(by: str = "wang") -> Alert:
    return alerts.close(arrived(by), by, "扶起来了", Seen.DOOR, "", NOW_MS).alert


IN_STATE: dict[State, Callable[[], Alert]] = {
    State.OPEN: opened,
    State.ACCEPTED: accepted,
    State.ARRIVED: arrived,
    State.CLOSED: closed,
}

TAKE: dict[By, Callable[[Alert], Step]] = {
    By.ACCEPT: lambda alert: alerts.accept(alert, "li", 5, NOW_MS),
    By.DECLINE: lambda alert: alerts.decline(alert, "li", is_last=False, now_ms=NOW_MS),
    By.WITHDRAW: lambda alert: alerts.withdraw(alert, "wang", NOW_MS),
    By.ARRIVE: lambda alert: alerts.arrive(alert, "li", NOW_MS),
    By.CLOSE: lambda alert: alerts.close(alert, "li", "好了", Seen.CONVERSATION, "", NOW_MS),
    By.REOPEN: lambda alert: alerts.reopen(alert, "li", NOW_MS),
    By.TAKE_BACK: lambda alert: alerts.take_back(alert, "desk", alert.state, "wang", DEFAULT, NOW_MS),
    By.NOTE: lambda alert: alerts.note(alert, "li", "电话没人接"),
}


def entries(step: Step) -> list[str]:
    return [entry.what for entry in step.entries]


def check_deadlines(alert: Alert) -> None:
    assert (alert.due_ms is None) == (alert.state is State.CLOSED)
    assert (alert.remind_ms is None) == (alert.state is not State.OPEN)


# --- the table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "step"), list(product(State, By)))
def test_every_pair_of_state_and_step_leads_where_the_table_says_or_is_refused_by_name(state: State, step: By) -> None:
    alert = IN_STATE[state]()
    assert alert.state is state
    if (state, step) in TRANSITIONS:
        after = TAKE[step](alert).alert
        assert after.state is TRANSITIONS[state, step]
        check_deadlines(after)
        return
    with pytest.raises(StepNotAllowed) as refused:
        TAKE[step](alert)
    assert refused.value.params == {
        "step": step.value,
        "state": state.value,
        "allowed": [by.value for at, by in TRANSITIONS if at is state],
    }


def test_nothing_that_people_do_ends_an_alert_but_a_closing() -> None:
    assert {step for (_, step), target in TRANSITIONS.items() if target is State.CLOSED} == {By.CLOSE, By.NOTE}
    after_it = {step: target for (at, step), target in TRANSITIONS.items() if at is State.CLOSED}
    assert after_it == {By.NOTE: State.CLOSED, By.TAKE_BACK: State.OPEN}


# --- opening and the ladder ----------------------------------------------------------------------------


def test_the_first_press_tells_the_elder_and_asks_the_first_rung_at_once() -> None:
    step = alerts.opened(BLANK, DEFAULT, nobody_missing, NOW_MS)
    assert step.asks == (0,)
    assert [tell.stage for tell in step.tells] == [Stage.RECORDED]
    assert step.alert.due_ms == NOW_MS + 45_000
    assert step.alert.remind_ms == NOW_MS + REMIND_MS
    assert entries(step) == ["opened", "asked"]


def test_empty_rungs_are_left_at_once_and_named_in_the_journal() -> None:
    step = alerts.opened(BLANK, DEFAULT, missing(0, 1), NOW_MS)
    assert step.asks == (2,)
    assert entries(step) == ["opened", "rung_empty", "rung_empty", "asked"]
    assert step.entries[3].detail == {"rung": 2, "who": "on_shift"}
    assert step.alert.due_ms == NOW_MS + 60_000


def test_a_passed_deadline_asks_the_next_rung_and_skips_an_empty_one() -> None:
    step = alerts.deadline_passed(opened(), DEFAULT, missing(1), all_asked, NOW_MS + 45_000)
    assert step.asks == (2,)
    assert entries(step) == ["rung_empty", "asked"]
    assert step.alert.due_ms == NOW_MS + 45_000 + 60_000


def test_the_last_rung_repeats_for_as_long_as_nobody_accepts() -> None:
    alert, now_ms = replace(opened(), rung=3), NOW_MS
    for _ in range(5):
        now_ms += 120_000
        step = alerts.deadline_passed(alert, DEFAULT, nobody_missing, all_asked, now_ms)
        assert (step.asks, step.alert.rung, step.alert.due_ms) == ((3,), 3, now_ms + 120_000)
        alert = step.alert


def test_a_rung_whose_every_notification_failed_is_left_at_once() -> None:
    step = alerts.rung_failed(opened(), 0, DEFAULT, NOW_MS + 3_000)
    assert step.alert.due_ms == NOW_MS + 3_000
    assert entries(step) == ["rung_failed"]


def test_the_last_rung_keeps_its_wait_although_all_of_it_failed() -> None:
    alert = replace(opened(), rung=3)
    assert not alerts.rung_failed(alert, 3, DEFAULT, NOW_MS).is_change
    assert not alerts.rung_failed(alert, 3, DEFAULT[:2], NOW_MS).is_change  # the ladder has become shorter


def test_a_rung_that_is_no_longer_asked_cannot_fail() -> None:
    assert not alerts.rung_failed(replace(opened(), rung=1), 0, DEFAULT, NOW_MS).is_change
    assert not alerts.rung_failed(accepted(), 0, DEFAULT, NOW_MS).is_change


def test_the_elder_is_told_every_15_seconds_that_somebody_is_still_looked_for() -> None:
    alert, told = opened(), []
    for round_ in range(1, 9):
        assert alert.remind_ms == NOW_MS + round_ * REMIND_MS
        step = alerts.remind(alert, alert.remind_ms)
        told += [tell.stage for tell in step.tells]
        alert = step.alert
    assert told == [Stage.NOTIFYING] * 8
    assert alert.due_ms == opened().due_ms


@pytest.mark.parametrize("state", [State.ACCEPTED, State.ARRIVED, State.CLOSED])
def test_nobody_is_reminded_once_somebody_comes(state: State) -> None:
    step = alerts.remind(IN_STATE[state](), NOW_MS)
    assert not step.is_change
    assert step.tells == ()


# --- acceptance ----------------------------------------------------------------------------------------


def test_an_acceptance_names_who_comes_and_when_to_the_elder_and_thanks_everybody_asked() -> None:
    step = alerts.accept(opened(), "wang", 4, NOW_MS)
    assert step.alert.due_ms == NOW_MS + 4 * MINUTE_MS + GRACE_MS
    assert [(tell.stage, tell.person_id, tell.minutes) for tell in step.tells] == [(Stage.ACCEPTED, "wang", 4)]
    assert step.informs == (
        Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, "wang"),
        Inform(Audience.ASKED, Purpose.THANKS, "wang"),
    )


@pytest.mark.parametrize("minutes", [1, 30])
def test_an_arrival_may_be_promised_for_one_to_thirty_minutes(minutes: int) -> None:
    assert alerts.accept(opened(), "wang", minutes, NOW_MS).alert.promised_ms == NOW_MS + minutes * MINUTE_MS


@pytest.mark.parametrize("minutes", [-5, 0, 31, 10**9])
@pytest.mark.parametrize("state", list(State))
def test_no_other_arrival_time_is_taken_in_any_state(minutes: int, state: State) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.accept(IN_STATE[state](), "wang", minutes, NOW_MS)
    assert refused.value.key == "eta_out_of_range"


@pytest.mark.parametrize("state", [State.ACCEPTED, State.ARRIVED])
def test_a_second_acceptor_is_recorded_as_backup(state: State) -> None:
    before = IN_STATE[state]()
    step = alerts.accept(before, "li", 7, NOW_MS)
    assert step.alert == replace(before, going=("wang", "li"))
    assert step.entries == (Entry("backup", "li", {"eta_minutes": 7}),)
    assert (step.tells, step.informs) == ((), ())
    assert not alerts.accept(step.alert, "li", 2, NOW_MS).is_change


@pytest.mark.parametrize("later_ms", [0, 2_000, MINUTE_MS - 1])
def test_the_acceptor_who_sends_the_same_promise_again_succeeds_and_changes_nothing(later_ms: int) -> None:
    assert not alerts.accept(accepted(), "wang", 4, NOW_MS + later_ms).is_change
    assert not alerts.accept(arrived(), "wang", 9, NOW_MS + later_ms).is_change


@pytest.mark.parametrize(("minutes", "later_ms"), [(9, 0), (1, 0), (4, 3 * MINUTE_MS)])
def test_the_acceptor_may_promise_another_time_and_the_elder_hears_it(minutes: int, later_ms: int) -> None:
    now_ms = NOW_MS + later_ms
    step = alerts.accept(accepted(), "wang", minutes, now_ms)
    assert step.alert.promised_ms == now_ms + minutes * MINUTE_MS
    assert step.alert.due_ms == step.alert.promised_ms + GRACE_MS
    assert step.alert.accepted_ms == NOW_MS
    assert step.entries == (Entry("promised", "wang", {"eta_minutes": minutes}),)
    assert [(tell.stage, tell.person_id, tell.minutes) for tell in step.tells] == [(Stage.ACCEPTED, "wang", minutes)]
    assert step.informs == ()


def test_nobody_puts_an_arrival_off_for_ever() -> None:
    put_off = alerts.accept(accepted(eta_minutes=20), "wang", 20, NOW_MS + 10 * MINUTE_MS).alert
    with pytest.raises(Invalid) as refused:
        alerts.accept(put_off, "wang", 4, NOW_MS + 28 * MINUTE_MS)
    assert refused.value.key == "promise_used_up"


def test_whoever_has_arrived_and_says_so_again_succeeds_and_changes_nothing() -> None:
    step = alerts.arrive(arrived(), "wang", NOW_MS + MINUTE_MS)
    assert not step.is_change


def test_an_acceptance_without_arrival_opens_the_alert_one_rung_up_and_the_acceptor_is_told() -> None:
    alert = accepted(eta_minutes=4)
    assert alert.due_ms is not None
    step = alerts.deadline_passed(alert, DEFAULT, nobody_missing, all_asked, alert.due_ms)
    assert step.alert.state is State.OPEN
    assert step.asks == (1,)
    assert step.alert.due_ms == alert.due_ms + 45_000
    assert step.informs == (Inform(Audience.ACCEPTOR, Purpose.EXPIRED, "wang"),)
    assert [tell.stage for tell in step.tells] == [Stage.NOTIFYING]
    assert entries(step) == ["acceptance_expired", "asked"]
    assert step.entries[0].detail == {"person_id": "wang"}


def test_the_elder_hears_the_change_when_somebody_else_comes_instead() -> None:
    open_again = alerts.withdraw(accepted(), "wang", NOW_MS).alert
    step = alerts.accept(open_again, "li", 6, NOW_MS)
    assert [(tell.stage, tell.person_id) for tell in step.tells] == [(Stage.CHANGED, "li")]


def test_the_acceptor_may_withdraw_and_the_next_rung_is_asked_at_once() -> None:
    step = alerts.withdraw(accepted(), "wang", NOW_MS + 1_000)
    assert step.alert.state is State.OPEN
    assert step.alert.acceptor_id is None
    assert step.alert.due_ms == NOW_MS + 1_000
    assert alerts.deadline_passed(step.alert, DEFAULT, nobody_missing, all_asked, NOW_MS + 1_000).asks == (1,)


def test_nobody_withdraws_for_another() -> None:
    with pytest.raises(Invalid) as refused:
        alerts.withdraw(accepted(), "li", NOW_MS)
    assert refused.value.key == "not_the_acceptor"


def test_the_last_of_a_rung_to_decline_brings_the_next_rung_at_once() -> None:
    assert alerts.decline(opened(), "li", is_last=True, now_ms=NOW_MS + 9).alert.due_ms == NOW_MS + 9
    assert alerts.decline(opened(), "li", is_last=False, now_ms=NOW_MS + 9).alert.due_ms == opened().due_ms
    assert alerts.decline(accepted(), "li", is_last=True, now_ms=NOW_MS + 9).alert.due_ms == accepted().due_ms


# --- several people, and the brake ----------------------------------------------------------------------

TWO: Ladder = (Rung((Who.HELPER,), 45_000, needed=2), Rung((Who.ON_SHIFT,), 60_000), Rung((Who.EVERYONE,), 120_000))
FAMILY_HEARS = Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, "wang")


def one_of_two(eta_minutes: int = 4) -> Alert:
    return alerts.accept(opened(TWO), "wang", eta_minutes, NOW_MS + 5_000).alert


def test_the_first_of_two_who_are_needed_is_told_to_the_elder_and_the_asking_goes_on() -> None:
    step = alerts.accept(opened(TWO), "wang", 4, NOW_MS + 5_000)
    assert (step.alert.state, step.alert.acceptor_id, step.alert.is_asking) == (State.ACCEPTED, "wang", True)
    assert [tell.stage for tell in step.tells] == [Stage.ACCEPTED]
    assert step.informs == (FAMILY_HEARS,)
    assert step.alert.due_ms == NOW_MS + 45_000  # the next rung, not yet the promise


def test_while_one_is_missing_the_next_rung_is_asked_and_the_promise_still_holds() -> None:
    step = alerts.deadline_passed(one_of_two(), TWO, nobody_missing, all_asked, NOW_MS + 45_000)
    assert (step.asks, step.alert.state, step.alert.needed) == ((1,), State.ACCEPTED, 2)
    expires_ms = NOW_MS + 5_000 + 4 * MINUTE_MS + GRACE_MS
    late = alerts.deadline_passed(step.alert, TWO, nobody_missing, all_asked, expires_ms - 1)
    assert late.alert.due_ms == expires_ms
    expired = alerts.deadline_passed(late.alert, TWO, nobody_missing, all_asked, expires_ms)
    assert expired.alert.state is State.OPEN
    assert entries(expired)[0] == "acceptance_expired"


def test_the_second_of_two_brakes_everybody_else_who_was_asked() -> None:
    step = alerts.accept(one_of_two(), "li", 6, NOW_MS + 9_000)
    assert not step.alert.is_asking
    assert step.alert.going == ("wang", "li")
    assert step.informs == (Inform(Audience.ASKED, Purpose.THANKS, "wang"),)
    assert step.alert.due_ms == NOW_MS + 5_000 + 4 * MINUTE_MS + GRACE_MS
    assert entries(step) == ["backup"]


def test_when_the_second_of_two_withdraws_the_next_rung_is_asked_at_once() -> None:
    both = alerts.accept(one_of_two(), "li", 6, NOW_MS + 9_000).alert
    step = alerts.withdraw(both, "li", NOW_MS + 20_000)
    assert (step.alert.state, step.alert.going, step.alert.is_asking) == (State.ACCEPTED, ("wang",), True)
    assert step.alert.due_ms == NOW_MS + 20_000
    assert alerts.deadline_passed(step.alert, TWO, nobody_missing, all_asked, NOW_MS + 20_000).asks == (1,)


def test_a_backup_that_nobody_needs_withdraws_without_any_effect_on_the_ladder() -> None:
    both = alerts.accept(accepted(), "li", 6, NOW_MS).alert
    step = alerts.withdraw(both, "li", NOW_MS + 20_000)
    assert step.alert == accepted()
    assert entries(step) == ["withdrawn"]


def test_an_arrival_ends_the_asking_although_one_is_missing() -> None:
    step = alerts.arrive(one_of_two(), "wang", NOW_MS + 60_000)
    assert not step.alert.is_asking
    assert step.informs == (Inform(Audience.ASKED, Purpose.THANKS, "wang"),)


@pytest.mark.parametrize("before", [opened, one_of_two])
def test_a_closing_lets_everybody_know_who_was_asked_and_has_not_heard(before: Callable[[], Alert]) -> None:
    step = alerts.close(before(), "desk", "电话里说没事", Seen.CONVERSATION, "", NOW_MS + 60_000)
    told = {(one.audience, one.purpose) for one in step.informs}
    assert told == {(Audience.ASKED, Purpose.ENDED), (Audience.GOING, Purpose.ENDED)}


def test_those_who_go_hear_that_somebody_else_has_closed_it() -> None:
    step = alerts.close(accepted(), "desk", "电话里说没事", Seen.CONVERSATION, "", NOW_MS + 60_000)
    assert step.informs == (Inform(Audience.GOING, Purpose.ENDED, "desk"),)


def test_a_rung_that_reaches_too_few_is_asked_together_with_the_next() -> None:
    step = alerts.opened(BLANK, DEFAULT, missing(0, reach=Reach.TOO_FEW), NOW_MS)
    assert step.asks == (0, 1)
    assert (step.alert.rung, step.alert.due_ms) == (1, NOW_MS + 45_000)
    assert entries(step) == ["opened", "asked", "asked"]


def test_a_ladder_that_became_shorter_breaks_no_alert() -> None:
    alert = replace(opened(), rung=3)
    for short in (DEFAULT[:1], DEFAULT[2:], TWO):
        step = alerts.deadline_passed(alert, short, nobody_missing, all_asked, NOW_MS + 120_000)
        assert step.asks == (len(short) - 1,)
        assert alerts.clock_stepped(alert, 5_000, short, NOW_MS + 5_000).alert.due_ms is not None


# --- the red whistle ------------------------------------------------------------------------------------


def whistled() -> Alert:
    return alerts.deadline_passed(replace(opened(), rung=2), DEFAULT, nobody_missing, all_asked, NOW_MS + 150_000).alert


def test_the_red_whistle_calls_over_the_loudspeaker_each_time_it_is_asked() -> None:
    step = alerts.deadline_passed(replace(opened(), rung=2), DEFAULT, nobody_missing, all_asked, NOW_MS + 150_000)
    assert (step.asks, step.aloud) == ((3,), Aloud.CALL)
    again = alerts.deadline_passed(step.alert, DEFAULT, nobody_missing, all_asked, NOW_MS + 270_000)
    assert again.aloud is Aloud.CALL
    assert alerts.deadline_passed(opened(), DEFAULT, nobody_missing, all_asked, NOW_MS + 45_000).aloud is None


def test_the_loudspeaker_sends_people_back_when_enough_have_accepted_and_only_then() -> None:
    step = alerts.accept(whistled(), "wang", 4, NOW_MS + 160_000)
    assert step.aloud is Aloud.ENOUGH
    assert alerts.accept(opened(), "wang", 4, NOW_MS).aloud is None
    assert alerts.accept(step.alert, "li", 4, NOW_MS + 161_000).aloud is None
    reopened = alerts.withdraw(step.alert, "wang", NOW_MS + 170_000).alert
    assert alerts.accept(reopened, "li", 4, NOW_MS + 171_000).aloud is None  # it was not called again


def test_the_loudspeaker_sends_people_back_also_when_the_desk_closes_it() -> None:
    step = alerts.close(whistled(), "desk", "电话里说没事", Seen.CONVERSATION, "", NOW_MS + 160_000)
    assert step.aloud is Aloud.ENOUGH


# --- the family -----------------------------------------------------------------------------------------


def test_the_family_hears_after_90_seconds_that_nobody_has_accepted_and_once_only() -> None:
    alert, told = opened(), []
    for round_ in range(1, 10):
        step = alerts.remind(alert, NOW_MS + round_ * REMIND_MS)
        told += [(round_ * REMIND_MS, one.audience, one.purpose) for one in step.informs]
        alert = step.alert
    assert told == [(90_000, Audience.FAMILY, Purpose.FAMILY_WAITS)]
    later = alerts.accept(alert, "wang", 4, NOW_MS + 140_000)
    assert FAMILY_HEARS in later.informs


@pytest.mark.parametrize("every_ms", [1_000, 10_000, 14_999])
def test_an_elder_who_presses_again_and_again_does_not_put_off_what_the_family_is_told(every_ms: int) -> None:
    alert, told = opened(), []
    for at_ms in range(1_000, 301_000, 1_000):
        if at_ms % every_ms == 0:
            alert = alerts.pressed_again(alert, NOW_MS + at_ms).alert
        if alert.remind_ms is not None and alert.remind_ms <= NOW_MS + at_ms:
            step = alerts.remind(alert, NOW_MS + at_ms)
            told += [(at_ms, one.purpose) for one in step.informs]
            alert = step.alert
    assert told == [(90_000, Purpose.FAMILY_WAITS)]


def test_the_family_hears_who_comes_instead() -> None:
    open_again = alerts.withdraw(accepted(), "wang", NOW_MS + 1_000).alert
    assert alerts.accept(open_again, "li", 4, NOW_MS + 2_000).informs == (
        Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, "li"),
        Inform(Audience.ASKED, Purpose.THANKS, "li"),
    )


@pytest.mark.parametrize("again", ["expired", "withdrawn", "called back", "pressed"])
def test_the_family_that_heard_of_somebody_who_never_came_hears_after_90_seconds_that_nobody_comes(again: str) -> None:
    now_ms = NOW_MS + 7 * MINUTE_MS
    alert = {
        "expired": lambda: alerts.deadline_passed(accepted(), DEFAULT, nobody_missing, all_asked, now_ms),
        "withdrawn": lambda: alerts.withdraw(accepted(), "wang", now_ms),
        "called back": lambda: alerts.reopen(accepted(), "desk", now_ms),
        "pressed": lambda: alerts.pressed_again(arrived(), now_ms),
    }[again]().alert
    for round_ in range(1, 7):
        step = alerts.remind(alert, now_ms + round_ * REMIND_MS)
        alert = step.alert
        assert (Inform(Audience.FAMILY, Purpose.FAMILY_WAITS) in step.informs) == (round_ == 6)


def test_a_request_for_service_does_not_alarm_the_family_until_it_becomes_a_call() -> None:
    service = alerts.opened(replace(BLANK, kind=Kind.SERVICE), DEFAULT, nobody_missing, NOW_MS).alert
    assert service.family_ms is None
    assert Audience.FAMILY not in [one.audience for one in alerts.accept(service, "wang", 4, NOW_MS).informs]
    assert alerts.called_for_help(service, DEFAULT, NOW_MS + 9_000).alert.family_ms == NOW_MS + 99_000


# --- arrival and closing -------------------------------------------------------------------------------


def test_whoever_is_at_the_door_first_has_arrived_not_only_the_acceptor() -> None:
    step = alerts.arrive(accepted("wang"), "li", NOW_MS)
    assert step.alert.acceptor_id == "li"
    assert [(tell.stage, tell.person_id) for tell in step.tells] == [(Stage.ARRIVED, "li")]


def test_half_an_hour_after_arrival_the_desk_asks_and_asks_again() -> None:
    alert = arrived()
    assert alert.due_ms == NOW_MS + ARRIVED_ASK_MS
    for round_ in range(1, 4):
        now_ms = NOW_MS + round_ * ARRIVED_ASK_MS
        step = alerts.deadline_passed(alert, DEFAULT, nobody_missing, all_asked, now_ms)
        assert step.informs == (Inform(Audience.DESK, Purpose.DESK_ASKS),)
        assert step.alert.state is State.ARRIVED
        assert step.alert.due_ms == now_ms + ARRIVED_ASK_MS
        assert step.asks == ()
        alert = step.alert


@pytest.mark.parametrize(
    ("by", "outcome", "seen", "reason", "key"),
    [
        ("", "好了", Seen.DOOR, "", "close_needs_person"),
        ("wang", "", Seen.DOOR, "", "close_needs_outcome"),
        ("wang", " \n", Seen.CONVERSATION, "", "close_needs_outcome"),
        ("wang", "好了", Seen.OVERRIDE, "", "override_needs_reason"),
        ("wang", "好了", Seen.OVERRIDE, "  ", "override_needs_reason"),
    ],
)
@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.ARRIVED])
def test_closing_needs_a_person_an_outcome_and_how_it_was_seen(
    state: State, by: str, outcome: str, seen: Seen, reason: str, key: str
) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.close(IN_STATE[state](), by, outcome, seen, reason, NOW_MS)
    assert refused.value.key == key


@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.ARRIVED])
def test_a_closing_keeps_who_how_and_why_and_leaves_no_deadline(state: State) -> None:
    step = alerts.close(IN_STATE[state](), "desk", " 误按 ", Seen.OVERRIDE, "家属电话说明", NOW_MS)
    assert step.entries == (Entry("closed", "desk", {"outcome": "误按", "seen": "override", "reason": "家属电话说明"}),)
    check_deadlines(step.alert)
    assert [tell.stage for tell in step.tells] == [Stage.CLOSED]
    assert not alerts.deadline_passed(step.alert, DEFAULT, nobody_missing, all_asked, NOW_MS + 10**9).is_change


def test_the_desk_may_open_again_what_is_accepted_or_arrived_and_the_acceptor_is_told() -> None:
    for before in (accepted(), arrived()):
        step = alerts.reopen(before, "desk", NOW_MS)
        assert step.alert.state is State.OPEN
        assert step.alert.due_ms == NOW_MS
        assert step.informs == (Inform(Audience.ACCEPTOR, Purpose.WITHDRAWN, "wang"),)


def test_taking_back_an_acceptance_or_a_closing_asks_all_again_who_were_thanked_or_told_that_it_ended() -> None:
    up = replace(accepted(), rung=2)
    ended = alerts.close(up, "desk", "误按", Seen.CONVERSATION, "", NOW_MS).alert
    for before, whose in ((up, "wang"), (ended, "desk")):
        step = alerts.take_back(before, "desk", before.state, whose, DEFAULT, NOW_MS + 9_000)
        assert (step.alert.state, step.alert.acceptor_id, step.alert.closed_ms) == (State.OPEN, None, None)
        assert step.asks == (0, 1, 2)
        assert step.alert.due_ms == NOW_MS + 9_000
        assert [tell.stage for tell in step.tells] == [Stage.NOTIFYING]
        assert step.entries[0].actor == "desk"
        assert step.entries[0].detail == {"person_id": whose}
        check_deadlines(step.alert)


def test_the_elder_and_the_family_hear_who_comes_instead_after_an_acceptance_was_taken_back() -> None:
    undone = alerts.take_back(accepted(), "desk", State.ACCEPTED, "wang", DEFAULT, NOW_MS + 5_000).alert
    assert undone.family_ms == NOW_MS + 5_000 + alerts.FAMILY_MS
    step = alerts.accept(undone, "li", 3, NOW_MS + 20_000)
    assert [(tell.stage, tell.person_id) for tell in step.tells] == [(Stage.CHANGED, "li")]
    assert Inform(Audience.FAMILY, Purpose.FAMILY_ACCEPTED, "li") in step.informs


def test_taking_back_an_arrival_tells_the_elder_again_who_comes_and_keeps_the_promise() -> None:
    before = alerts.accept(accepted(), "li", 6, NOW_MS).alert
    there = alerts.arrive(before, "wang", NOW_MS + 60_000).alert
    step = alerts.take_back(there, "desk", State.ARRIVED, "wang", DEFAULT, NOW_MS + 65_000)
    assert replace(step.alert, stage_seq=before.stage_seq) == before
    assert [(tell.stage, tell.person_id, tell.minutes) for tell in step.tells] == [(Stage.ACCEPTED, "wang", 3)]
    assert step.asks == ()
    assert step.informs == ()


def test_an_arrival_that_sent_people_home_is_not_taken_back() -> None:
    there = alerts.arrive(one_of_two(), "wang", NOW_MS).alert
    with pytest.raises(Invalid, match="too_late_to_take_back"):
        alerts.take_back(there, "desk", State.ARRIVED, "wang", DEFAULT, NOW_MS)


@pytest.mark.parametrize(
    ("before", "made", "whose", "after_ms"),
    [
        (accepted, State.ACCEPTED, "li", 1_000),  # somebody else has accepted meanwhile
        (arrived, State.ACCEPTED, "wang", 1_000),  # who was said to go is there meanwhile
        (accepted, State.ACCEPTED, "wang", alerts.TAKE_BACK_MS + 1),
        (arrived, State.ARRIVED, "wang", alerts.TAKE_BACK_MS + 1),
        (closed, State.CLOSED, "wang", alerts.TAKE_BACK_MS + 1),
    ],
)
def test_nothing_is_taken_back_that_is_long_ago_or_overtaken(
    before: Callable[[], Alert], made: State, whose: str, after_ms: int
) -> None:
    with pytest.raises(Invalid, match="too_late_to_take_back"):
        alerts.take_back(before(), "desk", made, whose, DEFAULT, NOW_MS + after_ms)


def test_what_is_taken_back_breaks_no_alert_whose_ladder_became_shorter() -> None:
    step = alerts.take_back(replace(accepted(), rung=3), "desk", State.ACCEPTED, "wang", DEFAULT[:2], NOW_MS)
    assert step.asks == (0, 1)


def test_whoever_was_accepted_for_hears_it_and_also_when_it_is_taken_back() -> None:
    for before in (opened(), accepted("wang")):
        step = alerts.accept(before, "chen", 5, NOW_MS, entered_by="desk")
        assert Inform(Audience.ACCEPTOR, Purpose.ACCEPTED_FOR, "chen") in step.informs
        assert step.entries[0].actor == "chen"
        assert step.entries[0].detail == {"eta_minutes": 5, "entered_by": "desk"}
    undone = alerts.take_back(accepted("chen"), "desk", State.ACCEPTED, "chen", DEFAULT, NOW_MS)
    assert Inform(Audience.ACCEPTOR, Purpose.TAKEN_BACK, "chen") in undone.informs


@pytest.mark.parametrize("entered_by", [None, "wang"])
def test_whoever_says_it_themselves_is_told_nothing(entered_by: str | None) -> None:
    step = alerts.accept(opened(), "wang", 5, NOW_MS, entered_by)
    assert Purpose.ACCEPTED_FOR not in [one.purpose for one in step.informs]
    assert step.entries[0].detail == {"eta_minutes": 5}


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_note_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.note(opened(), "wang", text)
    assert refused.value.key == "empty_note"


# --- presses and gestures ------------------------------------------------------------------------------


def test_a_press_joins_an_open_alert_is_answered_and_puts_off_the_next_reminder() -> None:
    step = alerts.pressed_again(opened(), NOW_MS + 10_000)
    assert step.alert.state is State.OPEN
    assert step.alert.due_ms == opened().due_ms
    assert step.alert.remind_ms == NOW_MS + 10_000 + REMIND_MS
    assert [tell.stage for tell in step.tells] == [Stage.NOTIFYING]
    assert entries(step) == ["pressed_again"]


def test_three_presses_within_sixty_seconds_bring_the_next_rung_at_once() -> None:
    second = alerts.pressed_again(opened(), NOW_MS + 30_000)
    third = alerts.pressed_again(second.alert, NOW_MS + 59_999)
    assert entries(second) == ["pressed_again"]
    assert entries(third) == ["pressed_again", "hurried"]
    assert third.alert.due_ms == NOW_MS + 59_999


def test_three_presses_over_more_than_sixty_seconds_hurry_nothing() -> None:
    second = alerts.pressed_again(opened(), NOW_MS + 30_000)
    third = alerts.pressed_again(second.alert, NOW_MS + 60_000)
    assert entries(third) == ["pressed_again"]


def test_it_takes_three_further_presses_to_hurry_again() -> None:
    alert, hurried = opened(), []
    for at in range(1, 9):
        step = alerts.pressed_again(alert, NOW_MS + at)
        hurried.append("hurried" in entries(step))
        alert = step.alert
    assert hurried == [False, True, False, False, True, False, False, True]


def test_however_often_it_is_pressed_an_alert_stays_small() -> None:
    alert = accepted()
    for at in range(500):
        alert = alerts.pressed_again(alert, NOW_MS + at).alert
    assert len(alert.pressed_ms) <= alerts.HURRY_PRESSES


def test_a_press_while_accepted_is_told_to_the_acceptor_and_the_elder_hears_who_comes() -> None:
    step = alerts.pressed_again(accepted(eta_minutes=4), NOW_MS + 90_000)
    assert step.alert.state is State.ACCEPTED
    assert step.informs == (Inform(Audience.ACCEPTOR, Purpose.PRESSED_AGAIN, "wang"),)
    assert [(tell.stage, tell.person_id, tell.minutes) for tell in step.tells] == [(Stage.ACCEPTED, "wang", 3)]


def test_a_press_ten_minutes_after_the_acceptance_opens_the_ladder_again() -> None:
    before = accepted(eta_minutes=30)
    still = alerts.pressed_again(before, NOW_MS + REOPEN_PRESS_MS - 1)
    again = alerts.pressed_again(before, NOW_MS + REOPEN_PRESS_MS)
    assert still.alert.state is State.ACCEPTED
    assert again.alert.state is State.OPEN
    assert again.alert.due_ms == NOW_MS + REOPEN_PRESS_MS
    assert again.informs == (Inform(Audience.ACCEPTOR, Purpose.PRESSED_AGAIN, "wang"),)


def test_a_press_after_the_arrival_opens_the_ladder_again() -> None:
    step = alerts.pressed_again(arrived(), NOW_MS + 1)
    assert step.alert.state is State.OPEN
    assert step.alert.due_ms == NOW_MS + 1
    assert entries(step) == ["pressed_again", "reopened"]


def service_of(alert: Alert) -> Alert:
    return replace(alert, kind=Kind.SERVICE, rung=1, family_ms=None)


def test_a_call_that_joins_a_request_for_service_asks_all_so_far_anew_and_the_next_rung_at_once() -> None:
    step = alerts.called_for_help(service_of(opened()), DEFAULT, NOW_MS + 60_000)
    assert step.alert.kind is Kind.CALL
    assert step.asks == (0, 1)
    assert (step.alert.rung, step.alert.due_ms) == (1, NOW_MS + 60_000)
    assert [tell.stage for tell in step.tells] == [Stage.NOTIFYING]
    assert step.informs == ()
    assert entries(step) == ["pressed_again", "asked", "asked"]
    assert alerts.deadline_passed(step.alert, DEFAULT, nobody_missing, all_asked, NOW_MS + 60_000).asks == (2,)


@pytest.mark.parametrize("before", [accepted, arrived])
def test_who_has_accepted_a_service_has_not_promised_to_help_and_all_are_asked(before: Callable[[], Alert]) -> None:
    step = alerts.called_for_help(service_of(before()), DEFAULT, NOW_MS + 60_000)
    assert (step.alert.state, step.alert.acceptor_id, step.asks) == (State.OPEN, None, (0, 1))
    assert step.informs == (Inform(Audience.ACCEPTOR, Purpose.PRESSED_AGAIN, "wang"),)
    assert entries(step) == ["pressed_again", "reopened", "asked", "asked"]
    check_deadlines(step.alert)


@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.ARRIVED])
def test_a_cancel_changes_neither_state_nor_ladder_and_tells_those_who_were_asked(state: State) -> None:
    before = IN_STATE[state]()
    step = alerts.said_fine(before)
    assert step.alert == before
    assert entries(step) == ["said_fine"]
    assert [(inform.audience, inform.purpose) for inform in step.informs] == [
        (Audience.ASKED, Purpose.SAID_FINE),
        (Audience.ACCEPTOR, Purpose.SAID_FINE),
    ]


def test_the_arrival_rhythm_is_an_arrival_while_accepted() -> None:
    step = alerts.arrival_shown(accepted(), "wang", NOW_MS + 5)
    assert step.alert.state is State.ARRIVED
    assert step.alert.arrived_ms == NOW_MS + 5
    assert step.entries == (Entry("arrived", "elder", {"how": "button"}),)
    assert step.tells[0].person_id == "wang"


@pytest.mark.parametrize("state", [State.ARRIVED, State.CLOSED])
def test_the_arrival_rhythm_is_no_arrival_where_somebody_is_or_all_is_over(state: State) -> None:
    with pytest.raises(StepNotAllowed):
        alerts.arrival_shown(IN_STATE[state](), "wang", NOW_MS + 5)


def test_the_rhythm_thanks_those_whom_its_own_first_press_has_had_asked() -> None:
    again = alerts.pressed_again(accepted(eta_minutes=30), NOW_MS + REOPEN_PRESS_MS).alert
    asked = alerts.deadline_passed(again, DEFAULT, nobody_missing, all_asked, NOW_MS + REOPEN_PRESS_MS)
    assert asked.asks == (1,)
    step = alerts.arrival_shown(asked.alert, "wang", NOW_MS + REOPEN_PRESS_MS + 9_000)
    assert (step.alert.state, step.alert.acceptor_id, step.alert.going) == (State.ARRIVED, "wang", ("wang",))
    assert step.entries == (Entry("arrived", "elder", {"how": "button", "person_id": "wang"}),)
    assert [(tell.stage, tell.person_id) for tell in step.tells] == [(Stage.ARRIVED, "wang")]
    assert step.informs == (FAMILY_HEARS, Inform(Audience.ASKED, Purpose.THANKS, "wang"))
    check_deadlines(step.alert)


def test_an_arrival_later_than_promised_counts_and_ends_the_asking() -> None:
    before = accepted(eta_minutes=4)
    expired = alerts.deadline_passed(before, DEFAULT, nobody_missing, all_asked, NOW_MS + 7 * MINUTE_MS).alert
    step = alerts.arrive(expired, "wang", NOW_MS + 8 * MINUTE_MS)
    assert (step.alert.state, step.alert.acceptor_id, step.alert.family_ms) == (State.ARRIVED, "wang", None)
    assert step.informs == (FAMILY_HEARS, Inform(Audience.ASKED, Purpose.THANKS, "wang"))
    with pytest.raises(Invalid, match="too_late_to_take_back"):  # people were sent home by it
        alerts.take_back(step.alert, "desk", State.ARRIVED, "wang", DEFAULT, NOW_MS + 8 * MINUTE_MS)


# --- the clock -----------------------------------------------------------------------------------------

HOUR_MS = 3_600_000


@pytest.mark.parametrize("by_ms", [-10 * 365 * 24 * HOUR_MS, -HOUR_MS, -3_000, 3_000, HOUR_MS, 10**12])
@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.ARRIVED])
def test_a_clock_step_keeps_every_deadline_at_its_distance(state: State, by_ms: int) -> None:
    before = IN_STATE[state]()
    step = alerts.clock_stepped(before, by_ms, DEFAULT, NOW_MS + 1_000 + by_ms)
    assert before.due_ms is not None
    assert step.alert.due_ms == before.due_ms + by_ms
    if before.remind_ms is not None:
        assert step.alert.remind_ms == before.remind_ms + by_ms
    assert step.entries == (Entry("clock_stepped", detail={"by_ms": by_ms}),)


def test_a_closed_alert_has_nothing_to_shift() -> None:
    assert not alerts.clock_stepped(closed(), HOUR_MS, DEFAULT, NOW_MS + HOUR_MS).is_change


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS])
def test_presses_are_counted_alike_before_and_after_a_clock_step(by_ms: int) -> None:
    now_ms = NOW_MS + by_ms
    stepped = alerts.clock_stepped(opened(), by_ms, DEFAULT, now_ms + 40_000).alert
    second = alerts.pressed_again(stepped, now_ms + 50_000).alert
    assert entries(alerts.pressed_again(second, now_ms + 59_000)) == ["pressed_again", "hurried"]
    assert entries(alerts.pressed_again(second, now_ms + 61_000)) == ["pressed_again"]


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS])
def test_ten_minutes_after_acceptance_are_ten_minutes_also_when_the_clock_was_set(by_ms: int) -> None:
    stepped = alerts.clock_stepped(accepted(eta_minutes=30), by_ms, DEFAULT, NOW_MS + by_ms).alert
    assert alerts.pressed_again(stepped, NOW_MS + by_ms + REOPEN_PRESS_MS - 1).alert.state is State.ACCEPTED
    assert alerts.pressed_again(stepped, NOW_MS + by_ms + REOPEN_PRESS_MS).alert.state is State.OPEN


@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.ARRIVED])
def test_an_alert_written_after_the_clock_was_set_is_not_shifted_by_it(state: State) -> None:
    alert = IN_STATE[state]()
    assert not alerts.clock_stepped(alert, 8 * HOUR_MS, DEFAULT, NOW_MS).is_change


@pytest.mark.parametrize(("state", "most_ms"), [(State.OPEN, 45_000), (State.ACCEPTED, 7 * MINUTE_MS)])
def test_a_clock_set_back_while_no_hub_ran_leaves_no_deadline_in_the_far_future(state: State, most_ms: int) -> None:
    long_ago_ms = NOW_MS - 10 * 365 * 24 * HOUR_MS
    step = alerts.clock_stepped(IN_STATE[state](), 0, DEFAULT, long_ago_ms)
    assert step.alert.due_ms == long_ago_ms + most_ms
    assert step.alert.remind_ms is None or step.alert.remind_ms <= long_ago_ms + REMIND_MS
    assert not alerts.clock_stepped(step.alert, 0, DEFAULT, long_ago_ms).is_change
