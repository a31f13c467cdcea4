"""Live announcements: who may speak here, what is told of it, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_agent.core import effects, events, receipts
from device_agent.core.admission import Admission
from device_agent.core.agent import AgentState, decide, due
from device_agent.core.hearing import Evidence
from device_agent.core.live_announcements import GRACE_MS, is_busy
from device_agent.core.moment import Moment
from device_agent.core.presses import PressesState
from device_agent.core.sounds import Finished, Interrupted, Missed, Started, Stopped
from tests.device_agent.core.values import DEVICE, at, signed
from wire.messages import Config, Live, LiveEnd, QuietHours, ReceiptState, Stop

NOW = at(1_000_000)
LIVE = Live(
    **signed("all", "m-1", 1_600_000), announcement_id="a-1", priority=255, title="现场喊话", first_seq=7, delay_ms=200
)
STARTED = Started("a-1", NOW.mono_ms / 1000, 0.0)
FINISHED = Finished("a-1", NOW.mono_ms / 1000 + 4, 4.0)


def after(seconds: float) -> Moment:
    return at(NOW.mono_ms + round(seconds * 1000))


def agent_state() -> AgentState:
    return AgentState(Admission(DEVICE, frozenset({"all"})), PressesState(b"salt"))


def play(*happened: events.Event, state: AgentState | None = None, now: Moment = NOW) -> tuple[AgentState, list[str]]:
    """After these events: the state, and the states reported with their reasons and the effects by name."""
    state = state or agent_state()
    told: list[str] = []
    for event in happened:
        state, todo = decide(state, event, now)
        told += [line for each in todo for line in _lines(each)]
    return state, told


def _lines(effect: effects.Effect) -> list[str]:
    if isinstance(effect, effects.SendReceipt):
        reason = "" if effect.receipt.reason is None else f": {effect.receipt.reason}"
        return [f"{each.state.value}{reason}" for each in effect.receipt.states]
    return [] if isinstance(effect, effects.StoreSeen | effects.AskTime) else [type(effect).__name__]


def test_a_speaker_is_waited_for_heard_and_told_as_played() -> None:
    _, told = play(LIVE, events.LiveOpen("a-1"), STARTED, FINISHED)
    assert told == ["OpenLive", "Listen", "received", "verified", "ready", "playing", "played", "CloseLive"]


def test_speech_of_which_more_than_a_syllable_was_jumped_over_is_not_told_as_played() -> None:
    _, told = play(LIVE, events.LiveOpen("a-1"), STARTED, replace(FINISHED, lost_s=2.0))
    assert told[-2:] == ["failed: 2.0 s of it did not sound", "CloseLive"]


def test_the_same_speaker_twice_changes_nothing() -> None:
    state, _ = play(LIVE)
    _, told = play(LIVE, LIVE.model_copy(update={"id": "m-2", "to": DEVICE}), state=state)
    assert told == []


@pytest.mark.parametrize(
    ("change", "report"),
    [
        ({"to": "elsewhere"}, ["rejected: not for this device"]),
        ({"valid_until_ms": NOW.unix_ms - 1}, ["received", "expired"]),
    ],
)
def test_a_speaker_who_may_not_be_heard_here_is_not(change: dict[str, object], report: list[str]) -> None:
    _, told = play(LIVE.model_copy(update=change), events.TimeTold(NOW.mono_ms), events.Closing())
    assert told == report


@pytest.mark.parametrize(("priority", "is_heard"), [(100, False), (240, True), (255, True)])
def test_in_quiet_hours_only_an_emergency_may_speak(priority: int, *, is_heard: bool) -> None:
    always = QuietHours(begins_minute=0, ends_minute=0)
    config = Config(
        **signed(DEVICE, "c-1"), community="test", places=["all"], timezone="Asia/Shanghai", quiet_hours=[always]
    )
    _, told = play(LIVE.model_copy(update={"priority": priority}), state=replace(agent_state(), config=config))
    assert ("OpenLive" in told) is is_heard
    assert any(line.startswith("suppressed: quiet hours") for line in told) is not is_heard


def test_what_the_microphone_heard_goes_with_played_or_after_it() -> None:
    good = events.Judged("a-1", Evidence(True, 0.9, 12.0, -20.0))
    for order in ((good, FINISHED), (FINISHED, good)):
        state, _ = play(LIVE, STARTED)
        receipts = []
        for event in order:
            state, todo = decide(state, event, NOW)
            receipts += [each.receipt for each in todo if isinstance(each, effects.SendReceipt)]
        assert receipts[-1].states[-1].state is ReceiptState.PLAYED
        assert receipts[-1].evidence is not None
        assert receipts[-1].evidence.heard


def test_the_end_is_passed_on_to_the_sound() -> None:
    _, told = play(LIVE, STARTED, _end(NOW.unix_ms * 1000))
    assert told[-1] == "EndLive"


def test_a_stop_ends_it_at_once_and_a_second_one_changes_nothing() -> None:
    state, told = play(LIVE, STARTED, _stop("s-1"))
    assert told[-1] == "StopSound"
    state, told = play(Stopped("a-1", 1.0), state=state)
    assert told == ["stopped", "CloseLive"]
    _, told = play(_stop("s-2"), STARTED, FINISHED, state=state)
    assert told == []


def test_a_stop_before_the_first_word_keeps_it_silent() -> None:
    _, told = play(LIVE, _stop("s-1"), STARTED)
    assert told == ["OpenLive", "received", "verified", "stopped", "CloseLive"]


def test_a_louder_voice_is_named() -> None:
    _, told = play(LIVE, STARTED, Interrupted("a-1", "red", 1.0, False))
    assert told[-2:] == ["interrupted: red, after 1.0 s", "CloseLive"]


INTERRUPTED = Interrupted("a-1", "red", 1.0, True)


def test_who_was_interrupted_and_still_speaks_is_heard_and_told_again() -> None:
    _, told = play(LIVE, STARTED, INTERRUPTED, STARTED, FINISHED)
    again = ["interrupted: red, after 1.0 s", "playing", "played", "CloseLive"]
    assert told == ["OpenLive", "Listen", "received", "verified", "playing", *again]


@pytest.mark.parametrize("end", [Missed("a-1"), Stopped("a-1", 0.0)])
def test_who_does_not_come_back_was_told_as_interrupted_and_is_let_go(end: Missed | Stopped) -> None:
    state, told = play(LIVE, STARTED, INTERRUPTED, end)
    assert told[-2:] == ["interrupted: red, after 1.0 s", "CloseLive"]
    assert not is_busy(state.live)


def test_a_stop_ends_also_who_waits_to_be_heard_again() -> None:
    assert play(LIVE, STARTED, INTERRUPTED, _stop("s-1"))[1][-1] == "StopSound"


def test_a_speaker_who_says_nothing_is_given_up_when_he_ends_or_in_the_end() -> None:
    state, _ = play(LIVE, _end(NOW.unix_ms * 1000))
    assert due(state, NOW) == NOW.mono_ms + receipts.LIVE_GATHER_MS  # what was gathered
    state, told = play(events.Tick(), state=state, now=after(0.6))
    assert due(state, after(0.6)) == after((200 + GRACE_MS + 1) / 1000).mono_ms
    _, told = play(events.Tick(), state=state, now=after(2))
    assert told == ["expired: nothing was said", "CloseLive"]
    state, _ = play(LIVE)
    _, told = play(events.Tick(), state=state, now=after(601))
    assert told[-2:] == ["expired: nothing was said", "CloseLive"]


def test_what_is_long_past_is_forgotten() -> None:
    state, _ = play(LIVE, STARTED, FINISHED)
    state, _ = play(events.Tick(), state=state, now=after(2 * 24 * 3_600))
    assert not state.live.known


def test_what_was_gathered_is_told_when_the_agent_ends() -> None:
    state, _ = play(LIVE)
    assert play(events.Closing(), state=state)[1] == ["received", "verified"]


def _end(end_us: int) -> LiveEnd:
    return LiveEnd(**signed("all", "e-1", 1_600_000), announcement_id="a-1", end_us=end_us)


def _stop(message_id: str) -> Stop:
    return Stop(**signed("all", message_id, 1_600_000), announcement_id="a-1")
