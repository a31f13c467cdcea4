"""The rules together: what one event means for all parts of the agent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_agent.core import agent, effects, events
from device_agent.core.admission import Admission
from device_agent.core.agent import AgentState
from device_agent.core.doubt import PATIENCE_MS
from device_agent.core.events import Event
from device_agent.core.health import Vitals
from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment
from device_agent.core.presses import PressesState
from device_agent.core.sounds import Finished, Started
from tests.device_agent.core.values import DEVICE, SHA, UNIX_MS, at, manifest, signed, stage
from wire import messages
from wire.messages import Config, Gesture, Output

BEGIN = AgentState(admission=Admission(DEVICE), presses=PressesState(b"salt"))


class Device:
    """One agent's rules, fed with events at instants."""

    def __init__(self, state: AgentState = BEGIN) -> None:
        self.state = state

    def has(self, event: Event, mono_ms: int = 0) -> list[effects.Effect]:
        self.state, todo = agent.decide(self.state, event, at(mono_ms))
        return todo


def config(issued_ms: int = UNIX_MS, **changed: object) -> Config:
    content = {**signed(message_id=f"c-{issued_ms}"), "issued_ms": issued_ms, "community": "taohua"}
    return Config.model_validate({**content, "places": ["all"], "timezone": "Asia/Shanghai", **changed})


def gestures(todo: list[effects.Effect]) -> list[Gesture]:
    return [each.press.gesture for each in todo if isinstance(each, effects.StorePress)]


def test_a_press_is_on_disk_before_anything_is_said_or_sent() -> None:
    device = Device(replace(BEGIN, is_linked=True))
    todo = device.has(events.ButtonDown("b"))
    assert [type(each) for each in todo] == [effects.StorePress, effects.PublishPress]


def test_nothing_is_said_before_the_hub_has_recorded_it() -> None:
    device = Device(replace(BEGIN, is_linked=True))
    todo = [*device.has(events.ButtonDown("b")), *device.has(events.ButtonUp("b"), 200)]
    assert not [each for each in todo if isinstance(each, effects.Speak | effects.SpeakPhrase | effects.ShowLamp)]
    assert effects.ShowLamp("b", effects.LampSays.RECORDED) in device.has(stage("recorded", 1), 300)


def test_each_button_has_its_own_gestures() -> None:
    device = Device()
    device.has(events.ButtonDown("b"))
    device.has(events.ButtonUp("b"), 100)
    device.has(events.ButtonDown("c"), 1_000)
    assert gestures(device.has(events.ButtonUp("c"), 7_000)) == []
    device.has(events.ButtonDown("b"), 8_000)
    assert gestures(device.has(events.ButtonUp("b"), 14_000)) == [Gesture.CANCEL]


@pytest.mark.parametrize(("name", "expected"), [("accepted", [Gesture.ARRIVAL]), ("notifying", [])])
def test_the_rhythm_is_an_arrival_only_while_somebody_is_on_the_way(name: str, expected: list[Gesture]) -> None:
    device = Device()
    device.has(stage(name, 3))
    todo: list[effects.Effect] = []
    for mono_ms in range(0, 9_000, 3_000):
        assert gestures(device.has(events.ButtonDown("b"), mono_ms)) == [Gesture.PRESS]
        todo = device.has(events.ButtonUp("b"), mono_ms + 1_500)
    assert gestures(todo) == expected


def test_after_closing_a_long_first_hold_is_a_press_again() -> None:
    device = Device()
    device.has(events.ButtonDown("b"))
    device.has(events.ButtonUp("b"), 100)
    device.has(stage("closed", 5), 1_000)
    device.has(events.ButtonDown("b"), 2_000)
    assert gestures(device.has(events.ButtonUp("b"), 9_000)) == []


def test_an_accepted_for_another_device_is_not_believed() -> None:
    device = Device()
    device.has(events.ButtonDown("b"))
    press_id = device.state.presses.waiting[0].press.press_id
    accepted = {"press_id": press_id, "alert_id": "a-1", "is_new_alert": True, "recorded_at_ms": UNIX_MS}
    assert device.has(messages.Accepted.model_validate({**signed("building-18"), **accepted})) == []
    assert device.has(messages.Accepted.model_validate({**signed(), **accepted})) != []
    assert device.state.presses.waiting == ()


def test_an_accepted_that_comes_late_and_twice_is_still_good_news() -> None:
    device = Device()
    device.has(events.ButtonDown("b"))
    press_id = device.state.presses.waiting[0].press.press_id
    accepted = messages.Accepted(
        **signed(), press_id=press_id, alert_id=None, is_new_alert=False, recorded_at_ms=UNIX_MS
    )
    assert effects.PressAccepted(press_id, UNIX_MS) in device.has(accepted, 900_000)
    assert device.has(accepted, 900_001) == []


@pytest.mark.parametrize(("output", "is_spoken"), [(Output.HOME, True), (Output.SHARED, True), (Output.NONE, False)])
def test_a_button_that_no_speaker_answers_is_answered_by_its_lamp_alone(output: Output, is_spoken: bool) -> None:
    device = Device()
    device.has(config(outputs={"b": output}))
    todo = device.has(stage("accepted", 1, audio_sha256=SHA))
    device.has(events.ButtonDown("b"))
    silence = device.has(events.Tick(), 6_000)
    assert any(isinstance(each, effects.Speak) for each in todo) is is_spoken
    assert any(isinstance(each, effects.SpeakPhrase) for each in silence) is is_spoken
    assert effects.ShowLamp("b", effects.LampSays.ACCEPTED) in todo


def test_a_stage_that_has_expired_is_not_told() -> None:
    device = Device()
    assert device.has(stage("accepted", 1), 60_001) == [effects.AskTime()]
    assert device.has(events.TimeTold(60_001), 60_002) == []


def test_an_older_configuration_changes_nothing() -> None:
    device = Device()
    assert device.has(config(UNIX_MS)) == [effects.StoreConfig(config(UNIX_MS))]
    assert device.has(config(UNIX_MS - 1, places=[])) == [effects.AskTime()]
    assert device.has(events.TimeTold(0), 5) == []
    assert device.has(config(UNIX_MS)) == []
    assert device.state.admission.places == {"all"}


@pytest.mark.parametrize("is_answered", [True, False])
def test_settings_from_after_the_hubs_clock_was_set_back_replace_those_from_before(is_answered: bool) -> None:
    device = Device()
    device.has(config(UNIX_MS))
    back_ms = 3_600_000
    after = config(UNIX_MS - back_ms, places=[])
    assert device.has(after) == [effects.AskTime()]
    if is_answered:
        now = Moment(5, UNIX_MS - back_ms + 5)
        device.state, todo = agent.decide(device.state, events.TimeTold(0), now)
        assert todo == [effects.StoreConfig(after)]
    else:
        assert device.has(events.Tick(), PATIENCE_MS) == []  # an old one is no clock
        assert device.state.doubt.held == ()
    assert device.state.admission.places == (frozenset() if is_answered else {"all"})


def test_an_announcement_for_a_place_is_taken_once_the_place_is_ours() -> None:
    device = Device()
    (receipt,) = (each for each in device.has(manifest(to="all")) if isinstance(each, effects.SendReceipt))
    assert receipt.receipt.reason == "not for this device"
    device.has(config())
    assert effects.FetchAudio(SHA) in device.has(manifest("n-2", to="all"))


def test_a_stop_that_is_replayed_does_not_stop_what_came_after_it() -> None:
    device = Device()
    stop = messages.Stop(**signed(), announcement_id="all")
    device.has(stop)
    device.has(manifest())
    assert device.has(stop) == []


def test_a_command_is_obeyed_once() -> None:
    device = Device()
    assert device.has(messages.SelfTest(**signed())) != []
    assert device.has(messages.SelfTest(**signed())) == []
    assert device.has(messages.SelfTest(**signed("building-18", "m-2"))) == []


def test_what_was_heard_is_proof_and_goes_into_the_receipt() -> None:
    device = Device()
    device.has(manifest(play_in_ms=0))
    device.has(events.AudioReady(SHA))
    device.has(Started("n-1", 0.0, 0.0))
    device.has(Finished("n-1", 9.0, 9.0), 9_000)
    heard = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-30.0)
    (sent,) = device.has(events.Judged("n-1", heard), 9_500)
    assert isinstance(sent, effects.SendReceipt)
    assert device.state.proofs.speaker_ms == UNIX_MS + 9_500


def test_a_stuck_button_is_in_the_report_since_it_went_down() -> None:
    device = Device()
    device.has(events.ButtonDown("b"), 1_000)
    device.has(events.Tick(), 11_001)
    vitals = Vitals(1.0, None, None, None, None, None, 0)
    assert agent.report(device.state, vitals, at(20_000)).buttons_stuck_since_ms == {"b": UNIX_MS + 1_000}
    device.has(events.ButtonUp("b"), 21_000)
    assert agent.report(device.state, vitals, at(22_000)).buttons_stuck_since_ms == {}


def test_at_the_end_gathered_receipts_are_kept() -> None:
    device = Device()
    device.has(manifest())
    assert [type(each) for each in device.has(events.Closing(), 10)] == [effects.SendReceipt]


def test_the_next_tick_is_the_earliest_that_any_rule_needs() -> None:
    device = Device()
    assert agent.due(device.state, at(0)) is None
    device.has(manifest())
    assert agent.due(device.state, at(0)) == 1_500
    device.has(events.Tick(), 1_500)
    device.has(events.ButtonDown("b"), 1_600)
    assert agent.due(device.state, at(1_600)) == 6_600
    device.has(events.Tick(), 6_600)
    assert agent.due(device.state, at(6_600)) == 11_601


def test_a_restored_hub_is_sent_what_it_lost() -> None:
    device = Device(replace(BEGIN, is_linked=True))
    device.has(events.ButtonDown("b"))
    press = device.state.presses.waiting[0].press
    device.has(
        messages.Accepted(**signed(), press_id=press.press_id, alert_id="a", is_new_alert=True, recorded_at_ms=UNIX_MS)
    )
    status = messages.HubStatus(state=messages.LinkState.ONLINE, epoch="e", at_ms=UNIX_MS, restored_to_ms=UNIX_MS - 1)
    assert effects.PublishPress(press) in device.has(status, 1_000)
    assert device.has(status, 1_001) == []


def in_the_night(device: Device) -> str:
    """The device has begun its sweep of the night; gives the sound's id."""
    device.has(config(self_test_minute=180))
    due_ms = agent.due(device.state, at(0))
    assert due_ms is not None
    (sweep,) = (each for each in device.has(events.Tick(), due_ms) if isinstance(each, effects.PlaySweep))
    return sweep.sound_id


def test_the_sweep_of_the_night_falls_silent_for_a_press_and_before_anything_else_sounds() -> None:
    device = Device()
    sound_id = in_the_night(device)
    assert device.has(events.ButtonDown("b"))[0] == effects.StopSound(sound_id)
    device = Device()
    sound_id = in_the_night(device)
    device.has(manifest(play_in_ms=100, valid_until_ms=UNIX_MS + 90_000_000))
    ready = device.has(events.AudioReady(SHA), agent.due(BEGIN, at(0)) or 86_000_000)
    assert [type(each) for each in ready if isinstance(each, effects.StopSound | effects.Play)] == [
        effects.StopSound,
        effects.Play,
    ]


def test_no_sweep_begins_while_an_alert_is_open_or_an_announcement_is_near_or_a_press_is_unconfirmed() -> None:
    free = Device()
    free.has(config(self_test_minute=180))
    due_ms = agent.due(free.state, at(0))
    assert due_ms is not None
    alarmed, announcing, pressed = Device(free.state), Device(free.state), Device(free.state)
    alarmed.has(stage("recorded", 1, valid_until_ms=UNIX_MS + 90_000_000), due_ms - 60_000)
    announcing.has(manifest(play_in_ms=due_ms + 30_000, valid_until_ms=UNIX_MS + 90_000_000))
    pressed.has(events.ButtonDown("b"), due_ms - 1_000)
    for device in (alarmed, announcing, pressed):
        todo = device.has(events.Tick(), due_ms)
        assert not [each for each in todo if isinstance(each, effects.PlaySweep)]
    assert [each for each in free.has(events.Tick(), due_ms) if isinstance(each, effects.PlaySweep)]


def test_a_sweep_that_was_heard_proves_both_parts_and_is_told_to_nobody_but_in_health() -> None:
    device = Device()
    sound_id = in_the_night(device)
    device.has(Started(sound_id, 1.0, 0.0), 1_000)
    verdict = Evidence(True, 0.9, 12.0, -45.0, messages.Finding.FINE)
    todo = device.has(events.Judged(sound_id, verdict), 4_000)
    assert [type(each) for each in todo] == [effects.StoreNight]
    assert device.state.proofs.speaker_ms == device.state.proofs.microphone_ms == UNIX_MS + 4_000
