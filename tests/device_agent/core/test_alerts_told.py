"""What the elder is told: the newest stage, by lamp always, by voice what was sent."""

from typing import Any

import pytest

from device_agent.core import alerts_told, effects
from device_agent.core.alerts_told import ToldState
from device_agent.core.effects import LampSays
from device_agent.core.moment import Moment
from tests.device_agent.core.values import SHA, at, stage


def tell(state: ToldState, name: str, seq: int, **changed: Any) -> tuple[ToldState, list[effects.Effect]]:
    return alerts_told.stage(state, stage(name, seq, **changed), at(seq))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("recorded", LampSays.RECORDED),
        ("notifying", LampSays.SEARCHING),
        ("accepted", LampSays.ACCEPTED),
        ("changed", LampSays.ACCEPTED),
        ("arrived", LampSays.ACCEPTED),
        ("closed", LampSays.NOTHING),
    ],
)
def test_the_lamp_says_each_stage(name: str, says: LampSays) -> None:
    _, todo = tell(ToldState(), name, 1)
    assert effects.ShowLamp("b", says) in todo


def test_without_audio_nothing_is_spoken() -> None:
    _, todo = tell(ToldState(), "recorded", 1)
    assert not [each for each in todo if isinstance(each, effects.Speak)]


@pytest.mark.parametrize(
    ("now", "until_ms"),
    [
        (at(7_000), 60_000),
        (Moment(7_000, 1, is_learned=False), 67_000),  # a clock that nobody has set says nothing of how old it is
    ],
)
def test_the_audio_that_was_sent_is_spoken_until_the_message_expires(now: Moment, until_ms: int) -> None:
    _, todo = alerts_told.stage(ToldState(), stage("accepted", 1, audio_sha256=SHA), now)
    (speak,) = (each for each in todo if isinstance(each, effects.Speak))
    assert (speak.sha256, speak.until_ms) == (SHA, until_ms)


@pytest.mark.parametrize("seq", [1, 2])
def test_a_stage_that_is_not_newer_is_dropped(seq: int) -> None:
    state, _ = tell(ToldState(), "accepted", 2)
    assert tell(state, "notifying", seq) == (state, [])


def test_a_newer_stage_ends_what_the_older_one_still_says() -> None:
    state, todo = tell(ToldState(), "notifying", 1, audio_sha256=SHA)
    (before,) = (each for each in todo if isinstance(each, effects.Speak))
    _, todo = tell(state, "accepted", 2)
    assert effects.StopSound(before.sound_id) in todo


def test_another_alert_has_its_own_order() -> None:
    state, _ = tell(ToldState(), "accepted", 5)
    _, todo = tell(state, "recorded", 1, alert_id="a-2")
    assert effects.ShowLamp("b", LampSays.RECORDED) in todo


def test_a_late_stage_of_a_closed_alert_does_not_light_the_lamp_again() -> None:
    state, _ = tell(ToldState(), "closed", 9)
    state, _ = tell(state, "recorded", 1, alert_id="a-2")
    assert tell(state, "arrived", 8) == (state, [])


@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [("recorded", False), ("accepted", True), ("changed", True), ("arrived", False), ("closed", False)],
)
def test_somebody_is_on_the_way_between_acceptance_and_arrival(name: str, is_accepted: bool) -> None:
    state, _ = tell(ToldState(), name, 1)
    assert alerts_told.is_accepted(state, "b") is is_accepted
    assert not alerts_told.is_accepted(state, "c")
