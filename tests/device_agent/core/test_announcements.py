"""Announcements: every state in order, every end with its reason, nothing twice."""

from __future__ import annotations

import pytest

from device_agent.core import announcements, effects, sounding
from device_agent.core.admission import REMEMBERED_MS
from device_agent.core.announcements import LEAD_MS, LOOK_MS
from device_agent.core.effects import Step
from device_agent.core.hearing import NO_MICROPHONE, Evidence
from device_agent.core.known import AnnouncementsState, Result
from device_agent.core.noise import NoiseState
from device_agent.core.receipts import GATHER_MS
from device_agent.core.sounds import Finished, Interrupted, Missed, SoundEvent, Started, Stopped
from tests.device_agent.core.values import SHA, UNIX_MS, at, manifest, signed
from wire.messages import Config, Finding, Manifest, QuietHours, Receipt

EMPTY = AnnouncementsState()
SILENCE = NoiseState()
HEARD = Evidence(heard=True, correlation=0.9, lag_ms=12.0, level_dbfs=-30.0)
SILENT = Evidence(heard=False, correlation=0.01, lag_ms=0.0, level_dbfs=-90.0)


def receipts(todo: list[effects.Effect]) -> list[Receipt]:
    return [each.receipt for each in todo if isinstance(each, effects.SendReceipt)]


def states(todo: list[effects.Effect]) -> list[str]:
    return [each.state.value for receipt in receipts(todo) for each in receipt.states]


def played(todo: list[effects.Effect]) -> list[effects.Play]:
    return [each for each in todo if isinstance(each, effects.Play)]


class Device:
    """Feeds one device's announcements, and gathers what it does."""

    def __init__(self, state: AnnouncementsState = EMPTY) -> None:
        self.state = state
        self.todo: list[effects.Effect] = []
        self.config: Config | None = None

    def did(self, result: Result) -> list[effects.Effect]:
        self.state, todo = result
        self.todo += todo
        return todo

    def gets(self, message: Manifest, mono_ms: int = 0, objection: str | None = None) -> list[effects.Effect]:
        return self.did(announcements.manifest(self.state, message, objection, at(mono_ms)))

    def has_audio(self, mono_ms: int = 0, *, is_settled: bool = True) -> list[effects.Effect]:
        return self.did(
            announcements.audio_ready(self.state, SHA, self.config, SILENCE, at(mono_ms, is_settled=is_settled))
        )

    def waits(self, mono_ms: int, *, is_settled: bool = True, is_learned: bool = True) -> list[effects.Effect]:
        now = at(mono_ms, is_settled=is_settled, is_learned=is_learned)
        return self.did(announcements.tick(self.state, self.config, SILENCE, now))

    def sounds(self, event: SoundEvent, mono_ms: int, *, is_learned: bool = True) -> list[effects.Effect]:
        return self.did(sounding.sounded(self.state, event, at(mono_ms, is_learned=is_learned)))

    def judges(self, evidence: Evidence, mono_ms: int, fault: str | None = None) -> list[effects.Effect]:
        return self.did(sounding.judged(self.state, "n-1", evidence, fault, at(mono_ms)))

    def starts(self) -> None:
        """Up to the first sound, at 5 s."""
        self.gets(manifest())
        self.has_audio(100)
        self.waits(5_000 - LEAD_MS)
        self.sounds(Started("n-1", 5.0, 0.0), 4_950)


def test_an_announcement_goes_through_every_state_in_order() -> None:
    device = Device()
    device.starts()
    device.sounds(Finished("n-1", 14.0, 9.0), 13_950)
    device.judges(HEARD, 14_500)
    assert states(device.todo) == ["received", "verified", "ready", "playing", "played", "played"]
    playing, last, proved = receipts(device.todo)[-3:]
    assert playing.started_at_ms == UNIX_MS + 5_000
    assert last.states[0].at_ms == proved.states[0].at_ms == UNIX_MS + 14_000
    assert last.evidence is None
    assert proved.evidence is not None
    assert proved.evidence.heard


@pytest.mark.parametrize("is_learned", [True, False])
def test_a_sound_that_began_before_the_hubs_time_was_known_says_so_in_all_that_is_told_of_it(is_learned: bool) -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    device.waits(5_000 - LEAD_MS)
    device.sounds(Started("n-1", 5.0, 0.0), 4_950, is_learned=is_learned)
    device.sounds(Finished("n-1", 14.0, 9.0), 13_950)
    device.judges(HEARD, 14_500)
    told = {receipt.states[-1].state.value: receipt.is_clock_known for receipt in receipts(device.todo)}
    assert told == {"ready": True, "playing": is_learned, "played": is_learned}


def test_the_early_states_travel_in_one_message() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    assert receipts(device.todo) == []
    device.waits(GATHER_MS)
    assert [[each.state.value for each in receipt.states] for receipt in receipts(device.todo)] == [
        ["received", "verified", "ready"]
    ]


def test_the_first_sound_is_told_at_once_with_what_was_gathered() -> None:
    device = Device()
    device.gets(manifest(play_in_ms=100))
    device.has_audio(50)
    todo = device.sounds(Started("n-1", 0.1, 0.0), 90)
    assert states(todo) == ["received", "verified", "ready", "playing"]


def test_a_silent_speaker_is_played_and_not_heard() -> None:
    device = Device()
    device.starts()
    device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    device.judges(SILENT, 14_500)
    last = receipts(device.todo)[-1]
    assert last.states[-1].state.value == "played"
    assert last.evidence is not None
    assert not last.evidence.heard


def test_without_a_microphone_played_says_why_there_is_no_proof() -> None:
    device = Device()
    device.starts()
    device.judges(NO_MICROPHONE, 6_000, fault="no microphone: unplugged")
    todo = device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    (receipt,) = receipts(todo)
    assert receipt.reason == "no microphone: unplugged"
    assert receipt.evidence is not None
    assert (receipt.evidence.heard, receipt.evidence.finding) == (False, Finding.DEAD_MICROPHONE)


def test_a_verdict_before_the_end_goes_with_played() -> None:
    device = Device()
    device.starts()
    assert device.judges(HEARD, 6_000) == []
    (receipt,) = receipts(device.sounds(Finished("n-1", 14.0, 9.0), 14_000))
    assert receipt.evidence is not None


def test_it_is_handed_over_once_and_marked_as_started_on_disk_first_of_all_when_the_mixer_begins() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    assert played(device.waits(5_000 - LEAD_MS - 1)) == []
    (play,) = device.waits(5_000 - LEAD_MS)
    assert isinstance(play, effects.Play)
    assert play.start_ms == UNIX_MS + 5_000
    assert played(device.waits(4_500)) == []
    assert device.sounds(Started("n-1", 5.0, 0.0), 4_920)[0] == effects.StoreStep("n-1", Step.STARTED)


def test_the_end_is_told_before_it_is_marked() -> None:
    device = Device()
    device.starts()
    todo = device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    assert isinstance(todo[0], effects.SendReceipt)
    assert todo[1] == effects.StoreStep("n-1", Step.ENDED)


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        (Interrupted("n-1", by="n-2", played_s=1.0, resumes=False), "interrupted", "n-2, after 1.0 s"),
        (Stopped("n-1", played_s=1.04), "stopped", "after 1.0 s"),
    ],
)
def test_each_other_end_is_told_as_what_it_was(event: SoundEvent, state: str, reason: str | None) -> None:
    device = Device()
    device.starts()
    (receipt,) = receipts(device.sounds(event, 6_000))
    assert ([each.state.value for each in receipt.states], receipt.reason) == ([state], reason)


def test_one_that_was_handed_over_too_late_is_played_whole_while_it_is_valid_and_else_expired() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(13_900)
    assert device.sounds(Missed("n-1"), 14_100) == [effects.Play(manifest(), None, resumes=True)]
    assert states(device.sounds(Missed("n-1"), 600_001)) == ["expired"]


def test_one_that_was_interrupted_is_told_so_at_once_and_played_again_while_it_is_valid() -> None:
    device = Device()
    device.starts()
    todo = device.sounds(Interrupted("n-1", "n-2", 1.0, resumes=True), 6_000)
    assert (states(todo), receipts(todo)[0].reason) == (["interrupted"], "n-2, after 1.0 s")
    assert device.waits(7_000) == []
    assert announcements.due(device.state, at(7_000)) == 7_000 + LOOK_MS
    todo = device.sounds(Started("n-1", 20.0, 0.0), 19_920)
    assert states(todo) == ["playing"]
    assert any(isinstance(each, effects.Listen) for each in todo)
    assert states(device.sounds(Finished("n-1", 29.0, 9.0), 29_000)) == ["played"]


def test_one_that_was_interrupted_and_does_not_get_its_turn_in_time_is_taken_back_without_another_word() -> None:
    device = Device()
    device.starts()
    device.sounds(Interrupted("n-1", "n-2", 1.0, resumes=True), 6_000)
    todo = device.waits(600_001)
    assert todo == [effects.StopSound("n-1"), effects.StoreStep("n-1", Step.ENDED)]
    assert device.sounds(Stopped("n-1", 0.0), 600_010) == []


def test_one_that_waits_for_its_turn_longer_than_it_is_valid_never_sounds() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    device.waits(5_000)
    todo = device.waits(600_001)
    assert todo[0] == effects.StopSound("n-1")
    assert states(todo) == ["expired"]


def quiet_from(minutes: int) -> Config:
    """Quiet hours that begin so many minutes after UNIX_MS, for ten minutes."""
    minute = (UNIX_MS // 60_000 + minutes) % 1440
    hours = QuietHours(begins_minute=minute, ends_minute=(minute + 10) % 1440)
    return Config(**signed(), community="c", places=[], timezone="UTC", quiet_hours=[hours])


def test_in_quiet_hours_it_is_suppressed_and_says_why() -> None:
    device = Device()
    device.config = quiet_from(0)
    device.gets(manifest())
    device.has_audio(100)
    device.waits(3_999)
    assert "suppressed" not in states(device.todo)
    (receipt,) = receipts(device.waits(4_000))
    assert receipt.states[-1].state.value == "suppressed"
    assert receipt.reason is not None
    assert receipt.reason.startswith("quiet hours")
    assert played(device.todo) == []


@pytest.mark.parametrize("priority", [10, 60, 100, 200, 223, 224, 240, 250, 255])
def test_from_224_on_quiet_hours_are_ignored(priority: int) -> None:
    device = Device()
    device.config = quiet_from(0)
    device.gets(manifest(priority=priority))
    device.has_audio(4_000)
    assert len(played(device.todo)) == (priority >= 224)


def test_one_whose_turn_has_not_come_when_quiet_hours_begin_is_suppressed_and_one_that_sounds_goes_on() -> None:
    waiting, sounding_one = Device(), Device()
    for device in (waiting, sounding_one):
        device.config = quiet_from(1)
        device.gets(manifest())
        device.has_audio(4_000)
    sounding_one.sounds(Started("n-1", 5.0, 0.0), 4_950)
    later_ms = 60_000 - UNIX_MS % 60_000
    assert waiting.waits(later_ms)[0] == effects.StopSound("n-1")
    assert "suppressed" in states(waiting.todo)
    sounding_one.waits(later_ms)
    assert "suppressed" not in states(sounding_one.todo)


def test_a_loudspeaker_that_stands_still_is_no_played() -> None:
    device = Device()
    device.starts()
    overdue_ms = announcements.due(device.state, at(5_000))
    assert overdue_ms == 5_000 + 9_000 + sounding.OVERDUE_MS
    assert device.waits(overdue_ms - 1) == []
    todo = device.waits(overdue_ms)
    assert todo[0] == effects.StopSound("n-1")
    assert states(todo) == ["failed"]


def test_one_of_which_more_than_a_syllable_did_not_sound_is_no_played() -> None:
    device = Device()
    device.starts()
    todo = device.sounds(Finished("n-1", 14.0, 7.0, lost_s=2.0), 13_950)
    (receipt,) = receipts(todo)
    assert (states(todo), receipt.reason) == (["failed"], "2.0 s of it did not sound")
    assert states(device.judges(HEARD, 14_500)) == []  # what the microphone heard of the rest makes it no more


def test_a_gap_of_a_syllable_is_forgiven() -> None:
    device = Device()
    device.starts()
    assert states(device.sounds(Finished("n-1", 14.0, 8.8, lost_s=sounding.MOST_LOST_S), 13_950)) == ["played"]


def test_one_that_comes_twice_is_played_once_and_not_refused() -> None:
    device = Device()
    device.gets(manifest())
    assert device.gets(manifest(id="another-message")) == []
    assert device.gets(manifest(), objection="seen before") == []
    device.has_audio(100)
    device.waits(4_500)
    assert len(played(device.todo)) == 1


def test_one_that_was_played_is_not_played_again_when_it_is_sent_again() -> None:
    device = Device()
    device.starts()
    device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    assert device.gets(manifest(id="another-message"), 15_000) == []


def test_an_objection_is_reported_with_its_reason() -> None:
    (receipt,) = receipts(Device().gets(manifest(), objection="not for this device"))
    assert (receipt.states[0].state.value, receipt.reason) == ("rejected", "not for this device")
    assert states(Device().gets(manifest(), objection="expired")) == ["received", "expired"]


def test_a_forger_cannot_end_an_announcement_that_is_known() -> None:
    device = Device()
    device.gets(manifest())
    assert device.did(announcements.refused(device.state, "n-1", "bad signature", at(0))) == []
    todo = device.did(announcements.refused(device.state, "n-2", "bad signature", at(0)))
    assert states(todo) == ["rejected"]


def test_audio_that_does_not_come_in_time_is_an_expired_announcement() -> None:
    device = Device()
    device.gets(manifest())
    device.waits(GATHER_MS)
    assert states(device.waits(600_000)) == []
    assert states(device.waits(600_001)) == ["expired"]
    assert device.has_audio(600_002) == []


def test_audio_that_cannot_be_played_fails_with_the_reason() -> None:
    device = Device()
    device.gets(manifest())
    (receipt,) = receipts(device.did(announcements.audio_failed(device.state, SHA, "rubbish", at(10))))
    assert [each.state.value for each in receipt.states] == ["received", "verified", "failed"]
    assert receipt.reason == "rubbish"


def test_stop_before_the_start_ends_it_and_after_the_start_waits_for_the_mixer() -> None:
    device = Device()
    device.gets(manifest())
    assert states(device.did(announcements.stop(device.state, "n-1", at(10))))[-1] == "stopped"
    device.has_audio(20)
    assert played(device.waits(5_000)) == []
    device = Device()
    device.starts()
    assert device.did(announcements.stop(device.state, "all", at(6_000))) == [effects.StopSound("n-1")]
    assert states(device.sounds(Stopped("n-1", 1.0), 6_010)) == ["stopped"]


def test_stop_of_one_that_the_mixer_has_but_does_not_sound_ends_it_at_once() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    device.waits(4_500)
    todo = device.did(announcements.stop(device.state, "n-1", at(4_600)))
    assert todo[0] == effects.StopSound("n-1")
    assert states(todo) == ["stopped"]
    assert device.sounds(Stopped("n-1", 0.0), 4_610) == []


def test_stop_of_another_changes_nothing() -> None:
    device = Device()
    device.gets(manifest())
    assert device.did(announcements.stop(device.state, "n-2", at(10))) == []


def test_a_late_device_is_given_the_agreed_instant_while_the_others_play() -> None:
    device = Device()
    device.gets(manifest(repeat=2, gap_ms=1_000), 8_000)
    (play,) = played(device.has_audio(17_999))
    assert play.start_ms == UNIX_MS + 5_000


def test_past_a_third_of_the_last_pass_it_waits_until_the_others_are_through_and_plays_all_of_it() -> None:
    for passed_ms, start_ms in ((3_000, 15_000), (3_001, 24_000), (8_999, 24_000)):
        device = Device()
        device.gets(manifest(play_in_ms=5_000, repeat=2, gap_ms=1_000), 100)
        (play,) = played(device.has_audio(15_000 + passed_ms))
        assert play.start_ms == UNIX_MS + (5_000 if start_ms == 15_000 else start_ms)


def test_past_a_third_it_joins_all_the_same_when_it_will_not_be_valid_any_more() -> None:
    device = Device()
    device.gets(manifest(valid_until_ms=UNIX_MS + 13_000), 100)
    (play,) = played(device.has_audio(12_000))
    assert play.start_ms == UNIX_MS + 5_000


def test_a_device_that_comes_when_the_others_are_through_plays_what_is_still_valid() -> None:
    device = Device()
    device.gets(manifest(repeat=2, gap_ms=1_000), 20_000)
    (play,) = played(device.has_audio(24_000))
    assert play.start_ms is None


def test_nothing_starts_before_the_time_is_known() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100, is_settled=False)
    assert played(device.waits(5_000, is_settled=False)) == []
    assert announcements.due(device.state, at(5_000, is_settled=False)) is not None
    assert len(played(device.waits(5_001))) == 1


def test_a_clock_that_nobody_has_confirmed_ends_nothing_for_good() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    assert "expired" not in states(device.waits(700_000, is_learned=False))
    assert announcements.due(device.state, at(700_000, is_learned=False)) == 700_000 + LOOK_MS
    assert len(played(device.waits(4_500))) == 1
    device.sounds(Started("n-1", 5.0, 0.0), 4_950)
    device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    past_ms = 600_000 + REMEMBERED_MS
    assert device.waits(past_ms + 1, is_learned=False) == []


def test_after_a_restart_it_goes_on_where_it_was_on_disk() -> None:
    state, todo = announcements.begin([(manifest(), Step.READY)], at(0))
    assert effects.FetchAudio(SHA) in todo
    device = Device(state)
    device.has_audio(10)
    assert len(played(device.waits(4_500))) == 1


def test_what_the_mixer_had_and_did_not_begin_is_ready_after_a_restart() -> None:
    device = Device()
    device.gets(manifest())
    device.has_audio(100)
    device.waits(4_500)
    stored = [each.step for each in device.todo if isinstance(each, effects.StoreStep)]
    assert stored == [Step.READY]


def test_after_a_restart_one_that_may_have_sounded_is_failed_and_never_played_again() -> None:
    state, todo = announcements.begin([(manifest(), Step.STARTED)], at(0))
    assert states(todo) == ["failed"]
    assert effects.StoreStep("n-1", Step.ENDED) in todo
    device = Device(state)
    device.has_audio(10)
    device.waits(5_000)
    assert device.gets(manifest(id="sent-again"), 5_100) == []
    assert played(device.todo) == []


def test_after_a_restart_one_that_ended_is_still_known() -> None:
    state, todo = announcements.begin([(manifest(), Step.ENDED)], at(0))
    assert todo == []
    assert Device(state).gets(manifest(id="sent-again")) == []


def test_one_that_is_past_is_forgotten_on_disk_too() -> None:
    device = Device()
    device.starts()
    device.sounds(Finished("n-1", 14.0, 9.0), 14_000)
    past_ms = 600_000 + REMEMBERED_MS
    assert device.waits(past_ms) == []
    assert device.waits(past_ms + 1) == [effects.ForgetManifest("n-1")]
    assert device.state.known == {}


def test_the_next_tick_is_due_at_the_lead_and_else_at_the_end_of_validity() -> None:
    device = Device()
    device.gets(manifest())
    device.waits(GATHER_MS)
    assert announcements.due(device.state, at(GATHER_MS)) == 600_001
    device.has_audio(GATHER_MS + 200)
    device.waits(2 * GATHER_MS + 200)
    assert announcements.due(device.state, at(2 * GATHER_MS + 200)) == 5_000 - LEAD_MS
    assert announcements.due(device.state, at(4_900)) == 4_900
