"""The noise budget: what counts for which day, what does not fit any more, and what a restart leaves of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from device_agent.core import agent, effects, noise
from device_agent.core.admission import Admission
from device_agent.core.agent import AgentState
from device_agent.core.effects import Step
from device_agent.core.events import AudioReady, Event, Tick
from device_agent.core.moment import Learned, Moment
from device_agent.core.noise import AHEAD_MS, Noise, NoiseState, objection
from device_agent.core.presses import PressesState
from device_agent.core.sounds import Finished, Interrupted, SoundEvent, Started, Stopped
from tests.device_agent.core.values import DEVICE, SHA, at, manifest, signed, timeline
from wire.messages import Config, Live, Manifest, Volume

LIVE = Live(**signed(), announcement_id="a-1", priority=100, title="喊话", first_seq=1, delay_ms=200)
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
NOON = at(0)


def config(budget_s: int | None = 60, timezone: str = SHANGHAI, **changed: object) -> Config:
    content = {"community": "c", "places": ["all"], "timezone": timezone, "noise_budget_s": budget_s, **changed}
    return Config.model_validate({**signed(message_id="c-1"), **content})


def moment(local: str, timezone: str = SHANGHAI) -> Moment:
    unix_ms = int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000)
    return Moment(1_000_000, unix_ms)


def day(now: Moment, timezone: str = SHANGHAI) -> str:
    return datetime.fromtimestamp(now.unix_ms / 1000, ZoneInfo(timezone)).date().isoformat()


def played(
    state: NoiseState,
    seconds: float,
    now: Moment,
    told: Config | None,
    message: Manifest | Live | None = None,
    end: type[Finished] | type[Interrupted] | type[Stopped] = Finished,
) -> NoiseState:
    """After something that sounded for so long, until now."""
    message = message or manifest()
    begin_s, key = now.mono_ms / 1000 - seconds, message.announcement_id
    last: dict[type, SoundEvent] = {
        Finished: Finished(key, begin_s + seconds, seconds),
        Interrupted: Interrupted(key, "n-2", seconds, resumes=False),
        Stopped: Stopped(key, seconds),
    }
    state, _ = noise.sounded(state, Started(key, begin_s, 0.0), message, told, now)
    return noise.sounded(state, last[end], message, told, now)[0]


def fits(state: NoiseState, seconds: float, now: Moment = NOON, told: Config | None = None, priority: int = 60) -> bool:
    message = manifest(priority=priority)
    return objection(state, told or config(), message, round(seconds * 1000), now.unix_ms, now) is None


@pytest.mark.parametrize("end", [Finished, Interrupted, Stopped])
def test_it_counts_as_far_as_it_got(end: type[Finished] | type[Interrupted] | type[Stopped]) -> None:
    state = played(NoiseState(), 20.5, NOON, config(), end=end)
    assert state.kept == Noise(day(NOON), 20_500)
    assert fits(state, 39.5)
    assert not fits(state, 39.6)


@pytest.mark.parametrize(
    ("volume", "local", "priority", "used_ms"),
    [
        (1.0, 1.0, 60, 10_000),
        (0.5, 1.0, 60, 5_000),
        (0.5, 0.5, 223, 2_500),
        (0.5, 0.5, 224, 5_000),
        (1, 0, 255, 10_000),
    ],
)
def test_seconds_count_times_the_level_that_is_played(volume: float, local: float, priority: int, used_ms: int) -> None:
    message = manifest(priority=priority, volume=volume)
    state = played(NoiseState(local_volume=local), 10, NOON, config(), message)
    assert state.kept == Noise(day(NOON), used_ms)


def test_what_is_told_to_an_elder_and_sweeps_do_not_count() -> None:
    for event in (Started("night-1", 1.0, 0.0), Finished("night-1", 2.5, 1.5)):
        assert noise.sounded(NoiseState(), event, None, config(), NOON) == (NoiseState(), [])


def test_a_sound_that_was_never_begun_counts_nothing() -> None:
    assert noise.sounded(NoiseState(), Stopped("n-1", 0.0), manifest(), config(), NOON) == (NoiseState(), [])


@pytest.mark.parametrize("priority", [10, 60, 223, 224, 240, 255])
def test_from_224_on_it_always_begins(priority: int) -> None:
    used_up = NoiseState(Noise(day(NOON), 60_000))
    assert fits(used_up, 1, priority=priority) is (priority >= 224)


def test_the_reason_names_the_budget_and_what_was_used() -> None:
    state = NoiseState(Noise(day(NOON), 58 * 60_000 + 20_000))
    why = objection(state, config(3600), manifest(), 120_000, NOON.unix_ms, NOON)
    assert why == "noise budget 60 min a day, 58.3 min used"


def test_without_a_budget_there_is_no_limit_but_it_is_counted_for_the_day_that_one_is_set() -> None:
    state = played(NoiseState(), 50, NOON, config(None))
    assert fits(state, 10_000, told=config(None))
    assert not fits(state, 11)


def test_at_midnight_of_the_place_a_new_day_begins() -> None:
    late, early = moment("2026-11-22T23:59:59"), moment("2026-11-23T00:00:00")
    state = played(NoiseState(), 60, late, config())
    assert not fits(state, 1, late)
    assert fits(state, 60, early)
    assert objection(state, config(), manifest(), 60_000, early.unix_ms, late) is None  # handed over just before
    lisbon = config(timezone="Europe/Lisbon")
    assert day(late, "Europe/Lisbon") == day(early, "Europe/Lisbon")
    assert not fits(played(NoiseState(), 60, late, lisbon), 1, early, lisbon)


def test_what_goes_over_midnight_counts_for_the_day_on_which_it_ends() -> None:
    state = played(NoiseState(Noise("2026-11-22", 10_000)), 50, moment("2026-11-23T00:00:01"), config())
    assert state.kept == Noise("2026-11-23", 50_000)


@pytest.mark.parametrize(("date", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_whose_clocks_are_changed_is_one_day(date: str, hours: int) -> None:
    told, begin = config(timezone=BERLIN), moment(f"{date}T00:00:00", BERLIN)
    state = played(NoiseState(), 30, begin, told)
    for hour in range(1, hours):
        later = replace(begin, unix_ms=begin.unix_ms + hour * 3_600_000)
        assert fits(state, 30, later, told)
        assert not fits(state, 31, later, told)
    tomorrow = replace(begin, unix_ms=begin.unix_ms + hours * 3_600_000)
    assert day(tomorrow, BERLIN) == (datetime.fromisoformat(date) + timedelta(days=1)).date().isoformat()
    assert fits(state, 60, tomorrow, told)


@pytest.mark.parametrize(("told", "is_learned"), [(config(timezone="Nowhere/Land"), True), (config(), False)])
def test_where_the_day_is_not_known_nothing_is_suppressed(told: Config, *, is_learned: bool) -> None:
    now = at(0, is_learned=is_learned)
    used_up = NoiseState(Noise(day(NOON), 60_000))
    assert fits(used_up, 10_000, now, told)
    assert fits(used_up, 10_000, now, config(None))


def test_until_the_time_is_learned_it_counts_for_the_day_that_was_last_known() -> None:
    wrong = Moment(0, 0, is_learned=False)
    assert played(NoiseState(), 9, wrong, config()).kept is None
    state = played(NoiseState(Noise(day(NOON), 50_000)), 9, wrong, config())
    assert state.kept == Noise(day(NOON), 59_000)


def test_what_sounds_meanwhile_counts_as_far_as_it_has_come_and_until_it_is_looked_again() -> None:
    state, _ = noise.sounded(NoiseState(), Started("n-1", 0.0, 0.0), manifest(), config(), NOON)
    now = at(20_000)
    left_s = 60 - 20 - AHEAD_MS / 1000
    assert fits(state, left_s, now)
    assert not fits(state, left_s + 0.1, now)


@pytest.mark.parametrize(
    ("step", "after_ms", "used_ms"),
    [
        (Step.STARTED, 4_000, 4_000),  # it began at 0 at the earliest
        (Step.STARTED, 600_000, 20_000),
        (Step.READY, 4_000, 0),
        (Step.ENDED, 4_000, 0),
    ],
)
def test_what_sounded_when_the_agent_was_killed_counts_for_as_long_as_it_can_have(
    step: Step, after_ms: int, used_ms: int
) -> None:
    before = Noise(day(NOON), 7_000)
    row = manifest(play_in_ms=0, repeat=2, gap_ms=2_000)
    state, todo = noise.begin(before, [(row, step)], config(volume=1.0), at(after_ms))
    assert state.kept == Noise(day(NOON), 7_000 + used_ms)
    assert todo == ([effects.StoreNoise(day(NOON), 7_000 + used_ms)] if used_ms else [])
    unlearned, _ = noise.begin(before, [(row, step)], config(), at(after_ms, is_learned=False))
    assert unlearned.kept == Noise(day(NOON), 7_000 + (20_000 if step is Step.STARTED else 0))


@pytest.mark.parametrize("by_ms", [-3_600_000, -7_900, 7_900, 3_600_000])
def test_what_sounded_when_the_agent_was_killed_is_counted_by_its_own_timeline(by_ms: int) -> None:
    """The hub's clock was set meanwhile, by so much."""
    row = manifest(play_in_ms=0, repeat=2, gap_ms=2_000, timeline=timeline(0))
    then = at(4_000)
    now = replace(then, unix_ms=then.unix_ms + by_ms)
    now = replace(now, learned=Learned(now.unix_ms, timeline(by_ms * 1_000_000)))
    state, _ = noise.begin(None, [(row, Step.STARTED)], config(volume=1.0), now)
    assert state.kept == Noise(day(now), 4_000)


def test_after_a_restart_the_level_is_that_of_the_settings() -> None:
    state, _ = noise.begin(None, [], config(volume=0.25), NOON)
    assert played(state, 40, NOON, config()).kept == Noise(day(NOON), 10_000)


# --- the rules together --------------------------------------------------------------------------------


class Device:
    """One agent's rules, fed with events."""

    def __init__(self, **changed: object) -> None:
        self.state = AgentState(Admission(DEVICE), PressesState(b"salt"))
        self.has(config(**changed))  # type: ignore[arg-type]  # as config() takes them

    def has(self, event: Event, mono_ms: int = 0) -> list[effects.Effect]:
        self.state, todo = agent.decide(self.state, event, at(mono_ms))
        return todo

    def gets(self, key: str, mono_ms: int = 0, **changed: object) -> list[effects.Effect]:
        """It is announced now for now, and its sound is there."""
        self.has(manifest(key, play_in_ms=mono_ms, **changed), mono_ms)
        return self.has(AudioReady(SHA), mono_ms)


def reasons(todo: list[effects.Effect]) -> list[tuple[str, str | None]]:
    receipts = [each.receipt for each in todo if isinstance(each, effects.SendReceipt)]
    return [(receipt.states[-1].state.value, receipt.reason) for receipt in receipts]


def test_what_does_not_fit_any_more_is_suppressed_and_says_why() -> None:
    device = Device()
    device.gets("n-1", duration_ms=60_000)
    device.has(Started("n-1", 0.0, 0.0))
    assert effects.StoreNoise(day(NOON), 60_000) in device.has(Finished("n-1", 60.0, 60.0), 60_000)
    todo = device.gets("n-2", 61_000, duration_ms=3_000)
    assert reasons(todo) == [("suppressed", "noise budget 1 min a day, 1.0 min used")]
    assert any(isinstance(each, effects.Play) for each in device.gets("n-3", 62_000, priority=224))


def test_live_speech_begins_if_anything_is_left_and_is_not_cut_off() -> None:
    device = Device()
    device.gets("n-1", duration_ms=59_000)
    device.has(Started("n-1", 0.0, 0.0))
    device.has(Finished("n-1", 59.0, 59.0), 59_000)
    assert effects.OpenLive(LIVE) in device.has(LIVE, 60_000)
    device.has(Started("a-1", 60.0, 0.0), 60_000)
    assert device.has(Tick(), 500_000) == []
    device.has(Finished("a-1", 500.0, 440.0), 500_000)
    another = LIVE.model_copy(update={"id": "m-2", "announcement_id": "a-2"})
    assert reasons(device.has(another, 501_000)) == [("suppressed", "noise budget 1 min a day, 8.3 min used")]


def test_one_that_was_interrupted_and_does_not_fit_once_more_is_not_played_again() -> None:
    device = Device()
    device.gets("n-1", duration_ms=50_000)
    device.has(Started("n-1", 0.0, 0.0))
    assert reasons(device.has(Interrupted("n-1", "n-2", 5.0, resumes=True), 5_000)) == [
        ("interrupted", "n-2, after 5.0 s")
    ]
    assert effects.StopSound("n-1") not in device.has(Tick(), 5_500)
    device.has(Started("n-1", 6.0, 0.0), 6_000)
    todo = device.has(Interrupted("n-1", "n-3", 20.0, resumes=True), 26_000)
    assert effects.StopSound("n-1") in todo  # at once: what interrupts it may be shorter than a look


def test_one_whose_turn_has_not_come_is_taken_back_when_it_fits_no_more() -> None:
    device = Device()
    device.gets("n-1", duration_ms=30_000)
    device.has(Started("n-1", 0.0, 0.0))
    assert any(isinstance(each, effects.Play) for each in device.gets("n-2", 500, duration_ms=35_000))
    assert effects.StopSound("n-2") not in device.has(Tick(), 23_000)
    todo = device.has(Tick(), 25_000)
    assert effects.StopSound("n-2") in todo
    assert reasons(todo) == [("suppressed", "noise budget 1 min a day, 0.4 min used")]


def test_the_local_volume_is_that_of_the_last_settings_or_command() -> None:
    device = Device(volume=0.5)
    assert device.state.noise.local_volume == 0.5
    device.has(Volume(**signed(message_id="v-1"), volume=0.25))
    assert device.state.noise.local_volume == 0.25
