"""One alert against everything that elders, people, time, clocks, dead channels and staff who edit its ladder can do.

The machine keeps a simple model of its own (what the state must be, and why) and compares after each step.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.domain import alerts
from hub.domain.alerts import Alert, Aloud, Audience, Entry, Kind, Purpose, Seen, Stage, State, Step
from hub.domain.awaited import awaited
from hub.domain.errors import Invalid, StepNotAllowed
from hub.domain.ladder import DEFAULT, Ladder, Reach, Rung, Who, rung_at

BEGAN_MS = 1_700_000_000_000
PEOPLE = st.sampled_from(["wang", "li", "zhao", "desk"])
WAIT_MS = st.one_of(st.integers(0, 5_000), st.integers(0, 90_000), st.integers(0, 40 * 60_000))
LONGEST_MS = 33 * 60_000
ASKING = (Stage.RECORDED, Stage.NOTIFYING)
LADDERS: tuple[Ladder, ...] = (
    DEFAULT,
    DEFAULT[:1],
    (Rung((Who.HELPER,), 45_000, needed=2), Rung((Who.EVERYONE,), 120_000, needed=3)),
    (Rung((Who.EVERYONE,), 30_000, needed=2), Rung((Who.DESK,), 60_000), Rung((Who.ON_SHIFT,), 90_000)),
)
REACHES = st.tuples(*[st.sampled_from(Reach)] * 3)


@dataclass
class Model:
    """What the alert must be, told in the simplest way: who goes, who is there, and when help was promised.

    `is_called`: the loudspeaker has called for help, and has not yet said that it is enough. `family_ms` is when the
    family is to hear that nobody has accepted, None once it has heard.
    """

    state: str = "open"
    goes: tuple[str, ...] = ()
    needed: int = 1
    accepted_ms: int = 0
    promised_ms: int = 0
    is_called: bool = False
    family_ms: int | None = BEGAN_MS + 90_000
    presses: tuple[int, ...] = (BEGAN_MS,)


@dataclass(frozen=True)
class Line:
    """An entry of the journal, and when it was written."""

    at_ms: int
    entry: Entry


class AlertMachine(RuleBasedStateMachine):
    """Rules are what happens; `take` applies a step as the hub does and checks what every step must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = BEGAN_MS
        self.ladder = DEFAULT
        self.is_ladder_changed = False
        self.reaches = (Reach.ENOUGH, Reach.ENOUGH, Reach.ENOUGH)
        self.asked: set[Who] = set()
        self.journal: list[Entry] = []
        self.lines: list[Line] = []
        self.seqs: list[int] = []
        self.model = Model()
        blank = Alert("a", Kind.CALL, "d/b", "d", "b", "building-1", None, BEGAN_MS, State.OPEN, 0, BEGAN_MS, None)
        self.alert = blank
        self.alert = replace(blank, rung=-1)
        self.climb(alerts.opened(blank, DEFAULT, self.reaching, self.now_ms))

    def take(self, step: Step) -> None:
        before = self.alert
        assert step.is_change or (step.alert == before and not step.tells and not step.informs and not step.asks)
        for tell in step.tells:
            assert not self.seqs or tell.stage_seq > self.seqs[-1]
            self.seqs.append(tell.stage_seq)
            if step.alert.state is State.OPEN:
                assert tell.stage in ASKING
        if step.tells:
            assert step.alert.stage_seq == step.tells[-1].stage_seq
        for rung in step.asks:
            self.asked |= {*self.ladder[rung].who}  # one person is behind each
        if step.asks:
            assert step.alert.is_asking  # nothing new begins once enough have accepted
            assert step.asks[-1] == step.alert.rung
        self.check_brake(step)
        self.journal += step.entries
        self.lines += [Line(self.now_ms, entry) for entry in step.entries]
        self.alert = step.alert

    def check_brake(self, step: Step) -> None:
        """Whoever was asked hears the end of the asking, once, and so does whoever heard the loudspeaker."""
        ended = self.alert.is_asking and not step.alert.is_asking
        told = [one.purpose for one in step.informs if one.audience is Audience.ASKED]
        told = [one for one in told if one is not Purpose.SAID_FINE]
        assert told == ([Purpose.ENDED if step.alert.state is State.CLOSED else Purpose.THANKS] if ended else [])
        assert (step.aloud is Aloud.ENOUGH) == (ended and self.model.is_called)
        if step.aloud is not None:
            self.model.is_called = step.aloud is Aloud.CALL

    def reaching(self, rung: int) -> Reach:
        assert rung < len(self.ladder) - 1  # whoever is on the last one, it is asked
        return self.reaches[rung]

    def unasked(self, rung: int) -> bool:
        """Whether somebody is there who has not been asked."""
        assert rung < len(self.ladder) - 1
        return self.reaches[rung] is not Reach.NOBODY and not self.asked.issuperset(self.ladder[rung].who)

    def run_due(self) -> None:
        """What the loop does while time passes: each deadline that has come, once, then the reminder."""
        while self.alert.due_ms is not None and self.alert.due_ms <= self.now_ms:
            before, at_ms = self.alert, self.now_ms
            step = alerts.deadline_passed(before, self.ladder, self.reaching, self.unasked, at_ms)
            has_expired = before.state is State.ACCEPTED and at_ms >= self.model.promised_ms + alerts.GRACE_MS
            if has_expired:
                told = [(one.audience, one.purpose, one.person_id) for one in step.informs]
                assert told == [(Audience.ACCEPTOR, Purpose.EXPIRED, before.acceptor_id)]
                self.reopen_model()
            if before.state is State.ARRIVED:
                self.take(step)
            else:
                self.climb(step)
            assert step.alert.due_ms is not None
            assert step.alert.due_ms > at_ms  # a wait is never spent on the past: the loop ends
        if self.alert.remind_ms is not None and self.alert.remind_ms <= self.now_ms:
            step = alerts.remind(self.alert, self.now_ms)
            assert [tell.stage for tell in step.tells] == [Stage.NOTIFYING]
            is_told = Audience.FAMILY in [one.audience for one in step.informs]
            assert is_told == (self.model.family_ms is not None and self.model.family_ms <= self.now_ms)
            self.model.family_ms = None if is_told else self.model.family_ms
            self.take(step)
        if self.alert.state is State.OPEN and self.model.family_ms is not None:
            assert self.now_ms < self.model.family_ms  # however often the elder has pressed

    def climb(self, step: Step) -> None:
        """Up past the empty ones to the first that reaches enough, with those that reach too few; the last repeats.

        Nobody below is left out, whatever ladder it was that has been climbed so far.
        """
        last = len(self.ladder) - 1
        above = [rung for rung in range(self.alert.rung + 1, last) if self.reaches[rung] is not Reach.NOBODY]
        full = [rung for rung in above if self.reaches[rung] is Reach.ENOUGH]
        until = full[0] if full else last
        asked_up = tuple(rung for rung in step.asks if rung > self.alert.rung or rung == last)
        assert asked_up == (*(rung for rung in above if rung < until), until)
        assert list(step.asks) == sorted(step.asks)
        assert all(self.unasked(rung) for rung in step.asks if rung not in asked_up)  # nor asked again without need
        needed = [self.ladder[rung].needed for rung in step.asks]
        self.model.needed = max(self.model.needed, *needed)
        assert (step.aloud is Aloud.CALL) == any(Who.EVERYONE in self.ladder[rung].who for rung in step.asks)
        self.take(step)
        assert not any(self.unasked(rung) for rung in range(until))

    def reopen_model(self) -> None:
        self.model.state, self.model.goes, self.model.presses, self.model.needed = "open", (), (), 1
        self.model.family_ms = self.now_ms + 90_000

    # --- the elder -------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.state != "closed")
    @rule(is_rhythm=st.booleans())
    def presses(self, is_rhythm: bool) -> None:
        model, now_ms = self.model, self.now_ms
        coming = {"accepted": next(iter(model.goes), None), "open": awaited(self.lines, now_ms)}.get(model.state)
        if is_rhythm and coming:
            step = alerts.arrival_shown(self.alert, coming, now_ms)
        else:
            step = alerts.pressed_again(self.alert, now_ms)
        assert step.tells  # every press is answered
        self.take(step)
        if is_rhythm and coming:
            model.state, model.goes, model.family_ms = "arrived", tuple(dict.fromkeys((coming, *model.goes))), None
        elif model.state == "arrived" or (model.state == "accepted" and now_ms - model.accepted_ms >= 600_000):
            self.reopen_model()
            assert step.alert.due_ms == now_ms
        else:
            model.presses = (*(at for at in model.presses if now_ms - at < 60_000), now_ms)
            if model.state == "open" and len(model.presses) >= 3:
                model.presses = ()
                assert step.alert.due_ms == now_ms
            if model.state == "accepted":
                assert [one.person_id for one in step.informs] == [model.goes[0]]

    @precondition(lambda self: self.model.state != "closed")
    @rule()
    def cancels(self) -> None:
        before = self.alert
        self.take(alerts.said_fine(self.alert))
        assert self.alert == before

    # --- people ----------------------------------------------------------------------------------------

    @rule(who=PEOPLE, minutes=st.integers(-2, 33))
    def accepts(self, who: str, minutes: int) -> None:
        model, promised_ms = self.model, self.now_ms + minutes * 60_000
        is_new_promise = (
            model.state == "accepted" and who == model.goes[0] and abs(promised_ms - model.promised_ms) >= 60_000
        )
        try:
            step = alerts.accept(self.alert, who, minutes, self.now_ms)
        except Invalid:
            is_put_off = is_new_promise and promised_ms > model.accepted_ms + 30 * 60_000
            assert is_put_off or not 1 <= minutes <= 30
            return
        except StepNotAllowed:
            assert model.state == "closed"
            return
        self.take(step)
        if model.state == "open":
            model.state, model.goes, model.family_ms = "accepted", (who,), None
            assert [one.person_id for one in step.informs if one.audience is Audience.FAMILY] == [who]
            model.accepted_ms, model.promised_ms = self.now_ms, promised_ms
        elif is_new_promise:
            model.promised_ms = promised_ms
            assert [(tell.stage, tell.minutes) for tell in step.tells] == [(Stage.ACCEPTED, minutes)]
        else:
            assert step.is_change == (who not in model.goes)
            model.goes = tuple(dict.fromkeys((*model.goes, who)))

    @rule(who=PEOPLE, is_last=st.booleans())
    def declines(self, who: str, is_last: bool) -> None:
        self.attempt(lambda: alerts.decline(self.alert, who, is_last=is_last, now_ms=self.now_ms), "open", "accepted")

    @rule(who=PEOPLE)
    def withdraws(self, who: str) -> None:
        model = self.model
        try:
            is_done = self.attempt(lambda: alerts.withdraw(self.alert, who, self.now_ms), "accepted")
        except Invalid:
            assert model.state == "accepted"
            assert who not in model.goes
            return
        if is_done and who == model.goes[0]:
            self.reopen_model()
        elif is_done:
            model.goes = tuple(one for one in model.goes if one != who)
            assert len(model.goes) >= model.needed or self.alert.due_ms == self.now_ms

    @rule(who=PEOPLE)
    def arrives(self, who: str) -> None:
        if self.model.state == "arrived" and who == self.model.goes[0]:
            assert not alerts.arrive(self.alert, who, self.now_ms).is_change
        elif self.attempt(lambda: alerts.arrive(self.alert, who, self.now_ms), "open", "accepted"):
            self.model.family_ms = None
            self.model.state, self.model.goes = "arrived", tuple(dict.fromkeys((who, *self.model.goes)))

    @rule(who=PEOPLE)
    def reopens(self, who: str) -> None:
        if self.attempt(lambda: alerts.reopen(self.alert, who, self.now_ms), "accepted", "arrived"):
            self.reopen_model()

    @rule(made=st.sampled_from(State), who=PEOPLE)
    def takes_back(self, made: State, who: str) -> None:
        """Whatever the desk takes back, the alert is open or somebody still goes; long ago or overtaken, nothing is."""
        before, model = self.alert, self.model
        try:
            step = alerts.take_back(before, "desk", made, who, self.ladder, self.now_ms)
        except (Invalid, StepNotAllowed):
            return
        assert made.value == model.state
        self.take(step)
        if made is State.ARRIVED:
            assert model.goes[0] == who
            assert len(model.goes) >= model.needed
            model.state = "accepted"
        else:
            self.reopen_model()
            assert step.asks == tuple(range(min(before.rung, len(self.ladder) - 1) + 1))
            assert step.alert.due_ms == self.now_ms
            model.needed = max(self.ladder[rung].needed for rung in step.asks)

    @rule(who=PEOPLE, text=st.sampled_from(["", " ", "门锁着"]))
    def notes(self, who: str, text: str) -> None:
        try:
            step = alerts.note(self.alert, who, text)
        except Invalid:
            assert not text.strip()
            return
        self.take(step)

    @rule(
        who=st.sampled_from(["", "wang"]),
        outcome=st.sampled_from(["", "好了"]),
        seen=st.sampled_from(Seen),
        reason=st.sampled_from(["", "电话"]),
        is_meant=st.sampled_from([False, False, True]),
    )
    def closes(self, who: str, outcome: str, seen: Seen, reason: str, is_meant: bool) -> None:
        may = bool(who and outcome and (seen is not Seen.OVERRIDE or reason))
        if may and not is_meant:
            return  # or most runs would end here
        try:
            is_done = self.attempt(
                lambda: alerts.close(self.alert, who, outcome, seen, reason, self.now_ms), "open", "accepted", "arrived"
            )
        except Invalid:
            assert not may
            return
        assert may
        if is_done:
            self.model.state = "closed"

    def attempt(self, act: Callable[[], Step], *states: str) -> bool:
        """Takes the step if the model's state allows it; else it must be refused by name. Whether it was taken."""
        try:
            step = act()
        except StepNotAllowed:
            assert self.model.state not in states
            return False
        assert self.model.state in states
        self.take(step)
        return True

    # --- time and the world ----------------------------------------------------------------------------

    @rule(wait_ms=WAIT_MS)
    def time_passes(self, wait_ms: int) -> None:
        self.now_ms += wait_ms
        self.run_due()

    @rule(by_ms=st.one_of(st.integers(-(10**12), 10**12), st.integers(-10_000, 10_000)))
    def clock_is_set(self, by_ms: int) -> None:
        before, model = self.alert, self.model
        self.now_ms += by_ms
        self.take(alerts.clock_stepped(before, by_ms, self.ladder, self.now_ms))
        if before.due_ms is not None and self.alert.due_ms is not None:
            shift_ms = self.alert.due_ms - before.due_ms
            assert shift_ms == by_ms or (shift_ms < by_ms and self.is_ladder_changed)
            model.accepted_ms += shift_ms
            model.promised_ms += shift_ms
            model.family_ms = None if model.family_ms is None else model.family_ms + shift_ms
            model.presses = tuple(at + shift_ms for at in model.presses)

    @rule(back_ms=st.integers(0, 10**12))
    def hub_starts_again_with_a_clock_set_back(self, back_ms: int) -> None:
        self.now_ms -= back_ms
        before = self.alert
        self.take(alerts.clock_stepped(before, 0, self.ladder, self.now_ms))
        if before.due_ms is not None and self.alert.due_ms is not None:
            shift_ms = self.alert.due_ms - before.due_ms
            self.model.accepted_ms += shift_ms
            self.model.promised_ms += shift_ms
            self.model.family_ms = None if self.model.family_ms is None else self.model.family_ms + shift_ms
            self.model.presses = tuple(at + shift_ms for at in self.model.presses)

    @rule(reaches=REACHES)
    def rota_changes(self, reaches: tuple[Reach, Reach, Reach]) -> None:
        self.reaches = reaches

    @rule(ladder=st.sampled_from(LADDERS))
    def staff_edit_the_ladder(self, ladder: Ladder) -> None:
        self.ladder, self.is_ladder_changed = ladder, True

    @rule(rung=st.integers(0, 3))
    def rung_fails(self, rung: int) -> None:
        before = self.alert
        self.take(alerts.rung_failed(before, rung, self.ladder, self.now_ms))
        has_failed = before.is_asking and before.rung == rung and rung < len(self.ladder) - 1
        assert self.alert.due_ms == (self.now_ms if has_failed else before.due_ms)

    # --- what always holds -----------------------------------------------------------------------------

    @invariant()
    def the_state_is_the_models(self) -> None:
        assert self.alert.state.value == self.model.state
        model = self.model
        assert model.state == "closed" or self.alert.going == model.goes
        assert model.state == "closed" or self.alert.acceptor_id == next(iter(model.goes), None)
        is_short = model.state == "accepted" and len(model.goes) < model.needed
        assert self.alert.is_asking == (model.state == "open" or is_short)
        assert self.alert.is_aloud == model.is_called

    @invariant()
    def there_is_one_deadline_until_it_is_closed_and_none_after(self) -> None:
        assert (self.alert.due_ms is None) == (self.model.state == "closed")
        assert (self.alert.remind_ms is None) == (self.model.state != "open")
        if self.alert.due_ms is not None:
            assert self.alert.due_ms <= self.now_ms + LONGEST_MS
        if self.model.state == "accepted":
            assert self.alert.due_ms is not None
            expires_ms = self.model.promised_ms + alerts.GRACE_MS
            assert self.alert.due_ms <= expires_ms if self.alert.is_asking else self.alert.due_ms == expires_ms

    @invariant()
    def closed_was_only_who_was_closed_as_it_must_be(self) -> None:
        closings = [entry for entry in self.journal if entry.what == "closed"]
        undone = [entry for entry in self.journal if entry.what == "closing_taken_back"]
        assert len(closings) - len(undone) == (self.model.state == "closed")
        for entry in closings:
            assert entry.actor
            assert entry.detail["outcome"]
            assert entry.detail["seen"] != "override" or entry.detail["reason"]

    @invariant()
    def there_is_a_rung_also_of_a_ladder_that_became_shorter(self) -> None:
        assert self.alert.rung >= 0
        assert rung_at(self.ladder, self.alert.rung) in self.ladder


def run_of(examples: int, steps: int) -> type:
    made = AlertMachine.TestCase
    made.settings = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    return made


TestAlertMachine = run_of(60, 40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_lives_of_an_alert_hold_the_invariants() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    thorough = settings(max_examples=10_000, stateful_step_count=50, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(AlertMachine, settings=thorough)
