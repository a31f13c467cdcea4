"""The hub's own clock is stepped: what is valid by it is obeyed, once, however far the device was off."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.core import effects, events
from device_agent.core.admission import Admission
from device_agent.core.agent import AgentState, decide, due
from device_agent.core.doubt import ASK_EVERY_MS, PATIENCE_MS
from device_agent.core.moment import Learned, Moment
from device_agent.core.presses import PressesState
from device_agent.core.sounds import Finished, Started
from tests.device_agent.core.values import DEVICE, UNIX_MS, manifest, stage
from wire import messages
from wire.messages import ReceiptState

HOUR_MS = 3_600_000
Sent = messages.Manifest | messages.AlertStage | messages.Stop | messages.Accepted


@dataclass
class World:
    """A hub with a clock of its own, a device, and the way between them. `answer_ms` None: the hub never answers."""

    answer_ms: int | None = 5
    now_ms: int = 0
    hub_ms: int = UNIX_MS
    """What is to be added to the monotonic clock for the hub's time; `device_ms` is what the device takes for it."""
    device_ms: int = UNIX_MS
    learned_ms: int | None = UNIX_MS
    """As `device_ms`, but for what is only assumed."""
    is_learned: bool = True
    state: AgentState = field(default_factory=lambda: AgentState(Admission(DEVICE), PressesState(b"salt")))
    asked: list[int] = field(default_factory=list)
    sounded: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    ended: dict[str, ReceiptState] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    coming: list[tuple[int, int, Any]] = field(default_factory=list)
    is_fresh: set[str] = field(default_factory=set)
    """Announcements that were sent since the last step."""
    agreed: dict[str, int] = field(default_factory=dict)
    """The instants (monotonic) of what was announced for soon."""
    instants: dict[str, int] = field(default_factory=dict)
    prompt: set[str] = field(default_factory=set)
    """What was taken as it came, and so in time."""
    boot: str = "a"

    def moment(self) -> Moment:
        """The hub's steady clock is the device's own."""
        learned = None
        if self.learned_ms is not None:
            learned = Learned(self.now_ms + self.learned_ms, self.timeline(self.learned_ms))
        return Moment(self.now_ms, self.now_ms + self.device_ms, is_learned=self.is_learned, learned=learned)

    def timeline(self, ahead_ms: int) -> messages.Timeline:
        return messages.Timeline(boot=self.boot, base_ns=ahead_ms * 1_000_000)

    def step(self, by_ms: int) -> None:
        self.hub_ms += by_ms
        self.is_fresh.clear()

    def head(self, valid_ms: int) -> dict[str, Any]:
        issued_ms = self.now_ms + self.hub_ms
        return {
            "id": f"m-{len(self.sent)}",
            "issued_ms": issued_ms,
            "valid_until_ms": issued_ms + valid_ms,
        }

    def announces(self, priority: int, ahead_ms: int = 1_500, *, is_agreed: bool = True) -> str:
        key = f"n-{len(self.sent)}"
        self.is_fresh.add(key)
        head: dict[str, Any] = self.head(ahead_ms + 600_000)
        if is_agreed:
            self.agreed[key] = self.now_ms + ahead_ms
            head["timeline"] = self.timeline(self.hub_ms)
        self.sends(manifest(key, priority=priority, **head, play_at_ms=head["issued_ms"] + ahead_ms))
        if self.learned_ms is not None and key in self.state.announcements.known:
            self.prompt.add(key)
        return key

    def tells(self) -> str:
        seq = len(self.sent)
        self.sends(stage("accepted", seq, audio_sha256="cd" * 32, **self.head(60_000)))
        return f"told-a-1-{seq}"

    def stops(self, key: str) -> None:
        """Valid for so long that it contradicts no clock in these tests."""
        stop = messages.Stop(to=DEVICE, announcement_id=key, **self.head(5 * HOUR_MS))
        self.sends(stop)

    def sends(self, message: Sent) -> None:
        self.sent[message.id] = message
        self.happens(message)

    def repeats(self, index: int) -> None:
        """The broker delivers nothing that has expired."""
        for old in list(self.sent.values())[index : index + 1]:
            if old.valid_until_ms >= self.now_ms + self.hub_ms:
                self.happens(old)

    def happens(self, event: events.Event) -> None:
        self.state, todo = decide(self.state, event, self.moment())
        for effect in todo:
            self.performs(effect)

    def performs(self, effect: effects.Effect) -> None:
        match effect:
            case effects.AskTime():
                self.asked.append(self.now_ms)
                if self.answer_ms is not None:
                    self.later(self.answer_ms, events.TimeTold(self.now_ms))
            case effects.AssumeTime(offset_ms=offset_ms):
                self.device_ms, self.is_learned = offset_ms, False
            case effects.FetchAudio(sha256=sha256):
                self.later(1, events.AudioReady(sha256))
            case effects.Play(manifest=each, start_ms=start_ms):
                then = self.moment().by(each.timeline)
                wait_ms = 0 if start_ms is None else max(0, round(start_ms) - then.unix_ms)
                self.later(wait_ms, Started(each.announcement_id, (self.now_ms + wait_ms) / 1000, 0.0))
            case effects.StopSound(sound_id=key):
                self.coming = [each for each in self.coming if getattr(each[2], "id", None) != key]
                heapq.heapify(self.coming)
            case effects.Speak(sound_id=key):
                self.told.append(key)
            case effects.SendReceipt(receipt=receipt):
                self.is_told(receipt)
            case _:
                pass

    def is_told(self, receipt: messages.Receipt) -> None:
        for each in receipt.states:
            if each.state in (ReceiptState.EXPIRED, ReceiptState.STOPPED, ReceiptState.PLAYED):
                self.ended[receipt.announcement_id] = each.state
            if each.state is ReceiptState.EXPIRED:
                (sent,) = (
                    one
                    for one in self.sent.values()
                    if isinstance(one, messages.Manifest) and one.announcement_id == receipt.announcement_id
                )
                is_known = self.is_learned and self.device_ms == self.hub_ms
                if is_known or receipt.announcement_id in self.is_fresh:
                    ahead_ms = self.hub_ms if sent.timeline is None else sent.timeline.base_ns // 1_000_000
                    assert self.now_ms + ahead_ms > sent.valid_until_ms, "expired while it was valid"

    def later(self, in_ms: int, event: events.Event) -> None:
        heapq.heappush(self.coming, (self.now_ms + in_ms, id(event), event))

    def passes(self, for_ms: int) -> None:
        until_ms = self.now_ms + for_ms
        while True:
            due_ms = due(self.state, self.moment())
            next_ms = min([until_ms + 1, *(each[0] for each in self.coming[:1]), *([] if due_ms is None else [due_ms])])
            if next_ms > until_ms:
                break
            self.now_ms = max(self.now_ms, next_ms)
            if self.coming and self.coming[0][0] <= self.now_ms:
                self.comes(heapq.heappop(self.coming)[2])
            else:
                self.happens(events.Tick())
        self.now_ms = until_ms

    def comes(self, event: events.Event) -> None:
        if isinstance(event, events.TimeTold):
            self.device_ms = self.learned_ms = self.hub_ms
            self.is_learned = True
        if isinstance(event, Started):
            self.sounded.append(event.id)
            self.instants[event.id] = self.now_ms
            self.later(9_000, Finished(event.id, self.now_ms / 1000 + 9, 9.0))
        self.happens(event)


STEPS = [-HOUR_MS, -90_000, -30_000, -3_000, 3_000, 90_000, HOUR_MS, -400 * 24 * HOUR_MS, 400 * 24 * HOUR_MS]


@pytest.mark.parametrize("step_ms", STEPS)
def test_after_a_step_of_the_hubs_clock_a_red_one_sounds_and_a_stage_is_told_within_seconds(step_ms: int) -> None:
    world = World()
    world.step(step_ms)
    red = world.announces(250)
    world.passes(ASK_EVERY_MS)
    world.step(-step_ms)
    said = world.tells()
    world.passes(ASK_EVERY_MS)
    assert (world.sounded, world.told, world.device_ms) == ([red], [said], UNIX_MS)


@pytest.mark.parametrize("step_ms", STEPS)
def test_a_hub_that_does_not_answer_is_obeyed_all_the_same(step_ms: int) -> None:
    world = World(answer_ms=None)
    world.step(step_ms)
    red, said = world.announces(250), world.tells()
    world.passes(PATIENCE_MS + 1_500)
    assert (world.sounded, world.told) == ([red], [said])


@pytest.mark.parametrize("wall_error_ms", STEPS)
def test_before_the_hub_has_told_its_time_a_message_is_believed_rather_than_the_wall_clock(wall_error_ms: int) -> None:
    world = World(answer_ms=None, device_ms=UNIX_MS + wall_error_ms, learned_ms=None, is_learned=False)
    red, said = world.announces(250), world.tells()
    assert world.told == [said]
    world.passes(1_500 + HOUR_MS * (abs(wall_error_ms) < 90_000))
    assert world.sounded == [red]


def test_an_old_stage_that_somebody_sends_again_is_not_told_once_the_hub_has_told_its_time() -> None:
    world = World(now_ms=61_000)
    world.happens(stage("accepted", 1, audio_sha256="cd" * 32))
    world.passes(PATIENCE_MS)
    assert world.asked == [61_000]
    assert world.told == []


def test_old_messages_by_the_thousand_make_it_ask_every_few_seconds() -> None:
    world = World(now_ms=61_000)
    for _ in range(900):
        world.happens(stage("accepted", 1))
        world.passes(10)
    assert world.asked == [61_000, 66_000]


def test_a_stop_does_not_overtake_what_it_stops() -> None:
    world = World()
    world.step(-HOUR_MS)
    world.stops(world.announces(250))
    world.passes(20_000)
    assert world.sounded == []
    assert world.ended == {"n-0": ReceiptState.STOPPED}


def test_what_sounded_before_the_hubs_clock_was_set_on_and_back_does_not_sound_again() -> None:
    world = World()
    red = world.announces(250)
    world.passes(20_000)
    for step_ms in (HOUR_MS, -HOUR_MS):
        world.step(step_ms)
        world.tells()
        world.passes(20_000)
    world.repeats(0)
    world.passes(20_000)
    assert world.sounded == [red]


def test_a_press_is_confirmed_whatever_the_time() -> None:
    world = World()
    world.step(-HOUR_MS)
    accepted = messages.Accepted(
        to=DEVICE, press_id="p-1", alert_id="a-1", is_new_alert=True, recorded_at_ms=1, **world.head(60_000)
    )
    world.sends(accepted)
    assert world.state.doubt.held == ()
    assert world.asked == [0]


def test_a_frame_from_another_time_makes_it_ask() -> None:
    world = World()
    for _ in range(50):
        world.happens(events.TimeDoubted())
    assert world.asked == [0]


BY_MS = st.integers(-2 * HOUR_MS, 2 * HOUR_MS)
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), BY_MS | st.sampled_from([-60_000, -2_000, 2_000, 60_000])),
        st.tuples(st.just("passes"), st.integers(0, 20_000) | st.integers(0, 700_000)),
        st.tuples(st.just("announces"), st.sampled_from([60, 240, 250])),
        st.tuples(st.just("tells"), st.none()),
        st.tuples(st.just("repeats"), st.integers(0, 10)),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(DOINGS, st.integers(1, PATIENCE_MS - 1) | st.none())
def test_whatever_the_order_nothing_valid_expires_and_nothing_sounds_or_is_said_twice(
    doings: list[tuple[str, Any]], answer_ms: int | None
) -> None:
    world = World(answer_ms)
    for name, value in doings:
        getattr(world, name)(*([] if value is None else [value]))
    world.passes(20_000)
    world.step(-HOUR_MS)
    red, said = world.announces(250), world.tells()
    world.passes(20_000)
    assert len(world.sounded) == len(set(world.sounded))
    assert len(world.told) == len(set(world.told))
    assert red in world.sounded
    assert said in world.told
    assert all(world.instants[key] == at_ms for key, at_ms in world.agreed.items() if key in world.prompt)


SET_BY_MS = [-90_000, -7_900, -1_900, -40, 40, 1_900, 7_900, 90_000, 400 * 24 * HOUR_MS]


@pytest.mark.parametrize("step_ms", SET_BY_MS)
def test_what_is_agreed_keeps_its_instant_when_the_hubs_clock_is_set_and_set_back(step_ms: int) -> None:
    world = World()
    soon = world.announces(60, ahead_ms=60_000)
    for by_ms in (step_ms, -step_ms):
        world.passes(1_000)
        world.step(by_ms)
        world.comes(events.TimeTold(world.now_ms))
    world.passes(100_000)
    assert world.instants == {soon: 60_000}
    assert world.ended == {soon: ReceiptState.PLAYED}


@pytest.mark.parametrize("step_ms", SET_BY_MS)
def test_whoever_has_not_learned_that_the_clock_was_set_plays_with_the_others(step_ms: int) -> None:
    world = World(answer_ms=PATIENCE_MS // 2)
    world.step(step_ms)
    soon = world.announces(60, ahead_ms=60_000)
    world.passes(100_000)
    assert world.instants == {soon: 60_000}


@pytest.mark.parametrize("step_ms", SET_BY_MS)
def test_a_time_that_is_only_assumed_moves_nothing_that_is_agreed(step_ms: int) -> None:
    world = World(answer_ms=None)
    soon = world.announces(60, ahead_ms=60_000)
    world.passes(1_000)
    world.step(step_ms)
    red = world.announces(250)
    world.passes(100_000)
    assert world.instants[soon] == 60_000
    assert red in world.instants


@pytest.mark.parametrize("step_ms", SET_BY_MS)
def test_what_came_before_the_hubs_time_was_known_is_read_by_it_once_it_is(step_ms: int) -> None:
    world = World(device_ms=UNIX_MS - 700, learned_ms=None, is_learned=False)
    soon = world.announces(60, ahead_ms=60_000)
    world.step(step_ms)
    world.comes(events.TimeTold(world.now_ms))
    world.passes(100_000)
    assert world.instants == {soon: 60_000}


def test_what_was_played_is_not_played_again_although_the_clock_was_set_on_by_more_than_a_day() -> None:
    world = World()
    soon = world.announces(60)
    world.passes(20_000)
    world.step(26 * HOUR_MS)
    world.comes(events.TimeTold(world.now_ms))
    world.passes(10_000)
    world.happens(world.sent["m-0"])
    world.passes(20_000)
    assert world.sounded == [soon]


def test_a_late_device_takes_what_is_still_valid_by_its_own_timeline_and_nothing_else() -> None:
    world = World()
    world.step(2 * HOUR_MS)
    world.comes(events.TimeTold(0))
    old = world.timeline(UNIX_MS)
    world.sends(manifest("valid", timeline=old, play_at_ms=UNIX_MS - 1_000, valid_until_ms=UNIX_MS + 30_000))
    world.sends(manifest("past", timeline=old, play_at_ms=UNIX_MS - 60_000, valid_until_ms=UNIX_MS - 1))
    world.passes(100_000)
    assert world.sounded == ["valid"]


@pytest.mark.parametrize("step_ms", SET_BY_MS[:-1])
def test_what_is_planned_for_later_goes_by_the_clock_on_the_wall(step_ms: int) -> None:
    world = World()
    later = world.announces(60, ahead_ms=HOUR_MS, is_agreed=False)
    world.passes(1_000)
    world.step(step_ms)
    world.comes(events.TimeTold(world.now_ms))
    world.passes(2 * HOUR_MS)
    assert world.instants == {later: HOUR_MS - step_ms}


def test_after_a_new_start_of_the_hubs_machine_its_wall_clock_is_gone_by() -> None:
    world = World()
    soon = world.announces(60, ahead_ms=60_000)
    world.passes(1_000)
    world.boot = "b"
    world.step(-300)
    world.comes(events.TimeTold(world.now_ms))
    world.passes(100_000)
    assert world.instants == {soon: 60_300}
