"""The outbox's rules: a press is never forgotten before the hub has it."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device_agent.core import effects, presses
from device_agent.core.presses import Kept, PressesState
from tests.device_agent.core.values import UNIX_MS, at
from wire import messages
from wire.messages import Gesture, Press

EMPTY = PressesState(salt=b"salt")


def pressed(state: PressesState, mono_ms: int, *, is_linked: bool, button: str = "b") -> presses.Result:
    return presses.pressed(state, button, Gesture.PRESS, at(mono_ms), is_linked=is_linked)


def published(todo: list[effects.Effect]) -> list[int]:
    return [each.press.seq for each in todo if isinstance(each, effects.PublishPress)]


def spoken(todo: list[effects.Effect]) -> list[str]:
    return [each.told.button for each in todo if isinstance(each, effects.SpeakPhrase)]


def test_a_press_is_stored_before_anything_else_is_done() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=False)
    _, todo = pressed(state, 6_000, is_linked=True)
    assert isinstance(todo[0], effects.StorePress)
    assert published(todo) == [0, 1]
    assert spoken(todo) == ["b"]


def test_presses_are_numbered_and_named_each_for_itself() -> None:
    state, todo = pressed(EMPTY, 0, is_linked=True)
    _, more = pressed(state, 0, is_linked=True)
    first, second = (each.press for each in [*todo, *more] if isinstance(each, effects.StorePress))
    assert (first.seq, second.seq) == (0, 1)
    assert first.press_id != second.press_id
    assert first.pressed_at_ms == UNIX_MS


def test_another_data_folder_gives_other_ids_to_the_same_press() -> None:
    ids = {pressed(PressesState(salt=salt), 0, is_linked=True)[0].waiting[0].press.press_id for salt in (b"a", b"b")}
    assert len(ids) == 2


def test_a_press_is_repeated_with_longer_and_longer_pauses() -> None:
    state, todo = pressed(EMPTY, 0, is_linked=True)
    sent = [0] * len(published(todo))
    for mono_ms in range(0, 200_000, 500):
        state, todo = presses.tick(state, at(mono_ms), is_linked=True)
        sent += [mono_ms] * len(published(todo))
    assert sent == [0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000, 151_000, 181_000]


def test_without_a_link_nothing_is_sent_and_with_it_everything_at_once() -> None:
    state, todo = pressed(EMPTY, 0, is_linked=False)
    assert published(todo) == []
    assert presses.due(state, is_linked=False) == presses.SILENCE_MS
    state, _ = pressed(state, 100, is_linked=False)
    _, todo = presses.linked(state, at(1_000))
    assert published(todo) == [0, 1]


def test_after_five_seconds_of_silence_the_truth_is_told_once() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=True)
    state, todo = presses.tick(state, at(4_999), is_linked=True)
    assert spoken(todo) == []
    state, todo = presses.tick(state, at(5_000), is_linked=True)
    assert spoken(todo) == ["b"]
    assert effects.ShowLamp("b", effects.LampSays.SEARCHING) in todo
    _, todo = presses.tick(state, at(60_000), is_linked=True)
    assert spoken(todo) == []


def test_presses_of_one_button_in_short_order_are_told_about_once_and_of_two_buttons_each() -> None:
    state = EMPTY
    for mono_ms, button in [(0, "b"), (100, "b"), (200, "c")]:
        state, _ = pressed(state, mono_ms, is_linked=False, button=button)
    _, todo = presses.tick(state, at(5_500), is_linked=False)
    assert spoken(todo) == ["b", "c"]


def test_an_accepted_press_is_kept_seven_days_and_sent_no_more() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=True)
    press = state.waiting[0].press
    state, todo = presses.accepted(state, press.press_id, UNIX_MS)
    assert todo == [effects.PressAccepted(press.press_id, UNIX_MS)]
    assert (state.waiting, state.kept) == ((), (Kept(press, UNIX_MS),))
    state, todo = presses.tick(state, at(presses.KEPT_MS), is_linked=True)
    assert (len(state.kept), todo) == (1, [])
    state, todo = presses.tick(state, at(presses.KEPT_MS + 1), is_linked=True)
    assert (state.kept, todo) == ((), [effects.ForgetAccepted(UNIX_MS + 1)])


def test_while_the_time_is_unknown_nothing_is_let_go() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=True)
    state, _ = presses.accepted(state, state.waiting[0].press.press_id, UNIX_MS)
    state, _ = presses.tick(state, at(2 * presses.KEPT_MS, is_learned=False), is_linked=True)
    assert len(state.kept) == 1


def test_an_accepted_for_another_press_changes_nothing() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=True)
    assert presses.accepted(state, "other", UNIX_MS) == (state, [])


def test_a_restored_hub_gets_again_what_it_lost_and_only_once() -> None:
    state = EMPTY
    for seq, recorded_at_ms in enumerate([UNIX_MS - 10, UNIX_MS + 10]):
        state, _ = pressed(state, seq, is_linked=True)
        state, _ = presses.accepted(state, state.waiting[0].press.press_id, recorded_at_ms)
    state, todo = presses.restored(state, UNIX_MS, at(100), is_linked=True)
    assert published(todo) == [1]
    assert effects.KeepRestore(UNIX_MS) in todo
    state, _ = presses.accepted(state, state.waiting[0].press.press_id, UNIX_MS + 200)
    assert presses.restored(state, UNIX_MS, at(300), is_linked=True) == (state, [])


def test_a_press_sent_again_for_a_restore_is_not_told_as_a_lost_network() -> None:
    state, _ = pressed(EMPTY, 0, is_linked=True)
    state, _ = presses.accepted(state, state.waiting[0].press.press_id, UNIX_MS)
    state, _ = presses.restored(state, UNIX_MS - 1, at(100), is_linked=True)
    _, todo = presses.tick(state, at(60_000), is_linked=True)
    assert spoken(todo) == []


@dataclass
class Disk:
    """What the effects have kept, as the outbox would."""

    waiting: dict[str, Press] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    next_seq: int = 0
    restored_to_ms: int | None = None

    def perform(self, todo: list[effects.Effect]) -> None:
        for each in todo:
            match each:
                case effects.StorePress(press=press):
                    self.waiting[press.press_id] = press
                    self.next_seq = press.seq + 1
                case effects.PressAccepted(press_id=press_id, recorded_at_ms=recorded_at_ms):
                    self.kept[press_id] = Kept(self.waiting.pop(press_id), recorded_at_ms)
                case effects.PressWaitsAgain(press_id=press_id):
                    self.waiting[press_id] = self.kept.pop(press_id).press
                case effects.ForgetAccepted(before_ms=before_ms):
                    self.kept = {key: each for key, each in self.kept.items() if each.recorded_at_ms >= before_ms}
                case effects.KeepRestore(restored_to_ms=restored_to_ms):
                    self.restored_to_ms = restored_to_ms


class Outbox(RuleBasedStateMachine):
    """A hub that forgets, a link that fails, an agent that is killed: no press is lost."""

    @initialize()
    def begin(self) -> None:
        self.disk = Disk()
        self.state = EMPTY
        self.mono_ms = 0
        self.is_linked = False
        self.made: set[str] = set()
        self.at_hub: dict[str, int] = {}

    def done(self, result: presses.Result) -> None:
        self.state, todo = result
        self.disk.perform(todo)
        for each in todo:
            if isinstance(each, effects.StorePress):
                self.made.add(each.press.press_id)
            if isinstance(each, effects.PublishPress):
                assert each.press.press_id in self.disk.waiting
                assert self.is_linked

    @rule(button=st.sampled_from("bc"))
    def press(self, button: str) -> None:
        self.done(pressed(self.state, self.mono_ms, is_linked=self.is_linked, button=button))

    @rule(ms=st.sampled_from([1, 700, 5_000, 40_000]))
    def wait(self, ms: int) -> None:
        self.mono_ms += ms
        self.done(presses.tick(self.state, at(self.mono_ms), is_linked=self.is_linked))

    @rule()
    def link(self) -> None:
        self.is_linked = True
        self.done(presses.linked(self.state, at(self.mono_ms)))

    @rule()
    def lose_link(self) -> None:
        self.is_linked = False

    @precondition(lambda self: self.is_linked and self.state.waiting)
    @rule(data=st.data())
    def hub_records(self, data: st.DataObject) -> None:
        press = data.draw(st.sampled_from(self.state.waiting)).press
        self.at_hub[press.press_id] = UNIX_MS + self.mono_ms
        self.done(presses.accepted(self.state, press.press_id, self.at_hub[press.press_id]))

    @precondition(lambda self: self.is_linked)
    @rule(back_ms=st.integers(0, 50_000))
    def hub_is_restored(self, back_ms: int) -> None:
        self.mono_ms += 1
        restored_to_ms = UNIX_MS + self.mono_ms - back_ms
        self.at_hub = {key: each for key, each in self.at_hub.items() if each <= restored_to_ms}
        self.done(presses.restored(self.state, restored_to_ms, at(self.mono_ms), is_linked=True))

    @rule()
    def killed(self) -> None:
        disk = self.disk
        waiting = sorted(disk.waiting.values(), key=lambda press: press.seq)
        kept, now = list(disk.kept.values()), at(self.mono_ms)
        self.state = presses.begin(b"salt", disk.next_seq, waiting, kept, disk.restored_to_ms, now)
        self.is_linked = False

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.made <= set(self.at_hub) | set(self.disk.waiting)
        assert {entry.press.press_id for entry in self.state.waiting} == set(self.disk.waiting)

    @invariant()
    def what_waits_is_due_while_there_is_a_link(self) -> None:
        if self.is_linked and self.state.waiting:
            due = presses.due(self.state, is_linked=True)
            assert due is not None
            assert due <= self.mono_ms + presses.LONGEST_REPEAT_MS


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=40)


def test_the_number_goes_on_after_a_start() -> None:
    state = presses.begin(b"salt", 7, [], [], None, at(0))
    state, _ = pressed(state, 0, is_linked=True)
    assert state.waiting[0].press == messages.Press(
        press_id=state.waiting[0].press.press_id, button="b", pressed_at_ms=UNIX_MS, seq=7
    )
