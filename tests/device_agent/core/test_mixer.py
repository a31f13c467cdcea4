"""Who sounds when: exact starts, priorities, ramps, ducking, drift."""

import itertools
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.core.mixer import DUCKED, RAMP_FRAMES, Mixer
from device_agent.core.sounds import (
    SAMPLE_RATE,
    Finished,
    Interrupted,
    Missed,
    Pcm,
    Sound,
    SoundEvent,
    SoundLane,
    Started,
    Stopped,
)
from device_agent.core.voice import JUMP_FRAMES, SLIP_FRAMES

T0 = 1_000.0  # when the first frame of every rendered stream leaves the DAC
BLOCK = 480


def steady(
    sound_id: str,
    level: int,
    frames: int = 4_800,
    priority: int = 60,
    at: float | None = 0.0,
    lane: SoundLane = "announcement",
    repeat: int = 1,
    gap_s: float = 0.0,
    volume: float = 1.0,
    resumes: bool = False,
) -> Sound:
    """A sound of one level, so that who sounds can be read off the stream; `at` counts seconds from T0."""
    pcm = np.full(frames, level, np.int16)
    start_s = None if at is None else T0 + at
    return Sound(sound_id, pcm, priority, start_s, lane, repeat, gap_s, volume, resumes)


def rising(frames: int) -> Pcm:
    """Every frame its own number, so that a position can be read off the stream."""
    return np.arange(1, frames + 1, dtype=np.int16)


def played(mixer: Mixer, seconds: float, since: float = 0.0, block: int = BLOCK) -> Pcm:
    blocks = round(seconds * SAMPLE_RATE / block)
    return np.concatenate([mixer.render(block, T0 + since + k * block / SAMPLE_RATE) for k in range(blocks)])


def frame(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


@given(offset=st.integers(0, 20_000), block=st.sampled_from([480, 777, 1_920]))
@settings(max_examples=30)
def test_a_sound_starts_at_exactly_the_frame_of_its_instant(offset: int, block: int) -> None:
    mixer = Mixer()
    mixer.play(Sound("a", np.full(1_000, 5_000, np.int16), 60, T0 + offset / SAMPLE_RATE))

    stream = played(mixer, 0.6, block=block)

    expected = np.zeros(len(stream), np.int16)
    expected[offset : offset + 1_000] = 5_000
    assert np.array_equal(stream, expected)
    started, finished = mixer.events()
    assert isinstance(started, Started)
    assert started.dac_s == pytest.approx(T0 + offset / SAMPLE_RATE, abs=1e-6)
    assert isinstance(finished, Finished)
    assert finished.played_s == 1_000 / SAMPLE_RATE


PRIORITIES = (10, 60, 100, 180, 200, 223, 224, 240, 250, 254, 255)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(PRIORITIES, PRIORITIES)))
def test_every_pair_of_priorities_takes_its_turn_or_pre_empts(first: int, second: int) -> None:
    mixer = Mixer()
    mixer.play(steady("first", 1_000, frame(0.3), first, at=0.0))
    mixer.play(steady("second", 2_000, frame(0.3), second, at=0.1))

    stream = played(mixer, 0.7)

    if second > first or second == first == 255:
        assert [type(event) for event in mixer.events()] == [Started, Interrupted, Started, Finished]
        ramp_end = frame(0.1) + RAMP_FRAMES
        assert np.all(stream[ramp_end : frame(0.4)] == 2_000)
        assert not np.any(stream[frame(0.4) :])
    else:
        assert [type(event) for event in mixer.events()] == [Started, Finished, Started, Finished]
        assert np.all(stream[: frame(0.3)] == 1_000)
        assert np.all(stream[frame(0.3) : frame(0.6)] == 2_000)


def test_a_pre_emption_fades_the_lower_one_in_ten_milliseconds_and_says_how_far_it_got() -> None:
    mixer = Mixer()
    mixer.play(steady("notice", 8_000, frame(1), 60))
    mixer.play(steady("red", 1, frame(0.2), 250, at=0.1))

    stream = played(mixer, 0.5).astype(int)

    ramp = stream[frame(0.1) : frame(0.11)]
    assert np.all(np.diff(ramp) <= 0)
    assert np.abs(np.diff(stream[frame(0.05) : frame(0.25)])).max() < 40  # no click
    assert np.all(stream[frame(0.11) : frame(0.3)] == 1)
    assert mixer.events()[1] == Interrupted("notice", "red", 0.1, resumes=False)


def test_an_interrupted_sound_that_resumes_plays_again_from_its_start() -> None:
    mixer = Mixer()
    mixer.play(Sound("notice", rising(frame(0.2)), 60, T0, resumes=True))
    mixer.play(steady("red", -5, frame(0.1), 250, at=0.05))

    stream = played(mixer, 0.5)

    assert np.array_equal(stream[frame(0.15) : frame(0.35)], rising(frame(0.2)))
    kinds = [(type(event), event.id) for event in mixer.events()]
    assert kinds == [
        (Started, "notice"),
        (Interrupted, "notice"),
        (Started, "red"),
        (Finished, "red"),
        (Started, "notice"),
        (Finished, "notice"),
    ]


LIVE = (60, 100, 200, 224, 254)
"""Priorities at which somebody speaks; at 255 the latest wins, and nobody comes back."""


def speech(priority: int, seconds: float) -> Sound:
    return Sound("speech", rising(frame(seconds)), priority, T0, resumes=True, is_live=True)


@pytest.mark.parametrize("priority", LIVE)
def test_live_speech_comes_back_where_the_speaker_is_by_then(priority: int) -> None:
    for other in (10, 60, 100, 200, 224, 254, 255):
        mixer = Mixer()
        mixer.play(speech(priority, 0.3))
        mixer.play(steady("other", -5, frame(0.1), other, at=0.05))
        stream = played(mixer, 0.5)
        spoken, kinds = rising(frame(0.3)), [(type(event), event.id) for event in mixer.events()]
        assert np.array_equal(stream[frame(0.16) : frame(0.3)], spoken[frame(0.16) :])
        assert np.all(stream[frame(0.06) : frame(0.15)] == -5) == (other > priority)
        assert ((Interrupted, "speech") in kinds) == (other > priority)
        assert kinds.count((Started, "speech")) == (2 if other > priority else 1)
        assert kinds.count((Finished, "speech")) == 1


@pytest.mark.parametrize("priority", LIVE)
def test_live_speech_that_ended_under_something_higher_makes_no_sound_any_more(priority: int) -> None:
    mixer = Mixer()
    mixer.play(speech(priority, 0.1))
    mixer.play(steady("other", -5, frame(0.1), 255, at=0.05))
    stream = played(mixer, 0.3)
    assert np.all(stream[frame(0.16) :] == 0)
    assert mixer.events()[-2:] == [Missed("speech"), Finished("other", T0 + 0.15, 0.1)]
    assert mixer.is_idle


def test_live_speech_that_waited_for_its_turn_begins_where_the_speaker_is_by_then() -> None:
    mixer = Mixer()
    mixer.play(steady("other", -5, frame(0.1), 60))
    mixer.play(speech(60, 0.3))
    stream = played(mixer, 0.4)
    assert np.array_equal(stream[frame(0.11) : frame(0.3)], rising(frame(0.3))[frame(0.11) :])


def test_equals_play_in_the_order_in_which_they_became_due() -> None:
    mixer = Mixer()
    for name, level, at in (("a", 1, 0.0), ("b", 2, 0.03), ("c", 3, 0.02)):
        mixer.play(steady(name, level, frame(0.1), at=at))

    stream = played(mixer, 0.35)

    assert [stream[frame(s)] for s in (0.05, 0.15, 0.25)] == [1, 3, 2]
    assert mixer.is_idle


def test_a_late_device_joins_where_the_others_are() -> None:
    mixer = Mixer()
    mixer.play(Sound("a", rising(20_000), 60, T0 - 0.1))

    stream = played(mixer, 0.3)

    faded_in = RAMP_FRAMES
    assert np.array_equal(stream[faded_in:10_000], rising(20_000)[4_800 + faded_in : 14_800])
    started, *_ = mixer.events()
    assert started == Started("a", T0, 0.1)


def test_past_a_third_it_waits_for_the_repeat() -> None:
    mixer = Mixer()
    mixer.play(Sound("a", rising(4_800), 60, T0 - 0.04, repeat=2, gap_s=0.1))  # a third is 0.033 s

    stream = played(mixer, 0.4)

    repeat_at = frame(0.2 - 0.04)
    assert not np.any(stream[:repeat_at])
    assert np.array_equal(stream[repeat_at : repeat_at + 4_800], rising(4_800))


def test_past_a_third_of_the_last_pass_it_joins_all_the_same() -> None:
    mixer = Mixer()
    mixer.play(Sound("a", rising(4_800), 60, T0 - 0.04))

    stream = played(mixer, 0.2)

    assert stream[RAMP_FRAMES] == 1_920 + RAMP_FRAMES + 1


def test_a_sound_that_is_over_before_it_comes_is_missed_not_played() -> None:
    mixer = Mixer()
    mixer.play(steady("a", 1_000, 4_800, at=-0.2))

    assert not np.any(played(mixer, 0.1))
    assert mixer.events() == [Missed("a")]


def test_repeats_keep_their_gap() -> None:
    mixer = Mixer()
    mixer.play(steady("a", 7, 480, repeat=3, gap_s=0.01))

    stream = played(mixer, 0.1)

    one_pass = [7] * 480 + [0] * 480
    assert stream[:2_400].tolist() == (one_pass * 3)[:2_400]
    assert not np.any(stream[2_400:])
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.dac_s == pytest.approx(T0 + 0.05)
    assert finished.played_s == 0.05


def test_what_an_elder_is_told_is_mixed_over_a_ducked_announcement() -> None:
    mixer = Mixer()
    mixer.play(steady("notice", 10_000, frame(1), 254))
    mixer.play(steady("told", 500, frame(0.2), 224, at=0.1, lane="told"))

    stream = played(mixer, 1.0)

    assert stream[frame(0.2)] == pytest.approx(500 + 10_000 * DUCKED, abs=1)
    assert stream[frame(0.4)] == 10_000
    assert [event for event in mixer.events() if isinstance(event, Interrupted)] == []


def test_what_an_elder_is_told_gives_way_to_the_live_fire_microphone() -> None:
    mixer = Mixer()
    mixer.play(steady("told", 500, frame(0.3), 224, lane="told", resumes=True))
    mixer.play(steady("live", 9, frame(0.2), 255, at=0.1))

    stream = played(mixer, 0.8)

    assert np.all(stream[frame(0.1) + RAMP_FRAMES : frame(0.3)] == 9)
    assert np.all(stream[frame(0.3) : frame(0.6)] == 500)
    assert Interrupted("told", "live", 0.1, resumes=True) in mixer.events()


@pytest.mark.parametrize("at", [None, 0.0])
def test_a_sound_that_holds_no_more_when_its_turn_comes_is_not_begun(at: float | None) -> None:
    mixer = Mixer()
    mixer.play(steady("live", 9, frame(0.4), 255))
    mixer.play(replace(steady("lie", 500, frame(0.1), 224, at, lane="told"), until_s=T0 + 0.3))
    mixer.play(replace(steady("truth", 600, frame(0.1), 224, at, lane="told"), until_s=T0 + 0.5))

    stream = played(mixer, 0.6)

    assert np.all(stream[frame(0.4) : frame(0.5)] == 600)
    assert [event.id for event in mixer.events() if isinstance(event, Missed)] == ["lie"]


def test_a_sound_that_was_begun_in_time_is_played_to_its_end() -> None:
    mixer = Mixer()
    mixer.play(replace(steady("told", 500, frame(0.2), 224, lane="told"), until_s=T0 + 0.1))
    assert np.all(played(mixer, 0.2) == 500)


@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_conversation_is_heard_over_what_is_not_above_it_and_silenced_by_what_is(priority: int) -> None:
    mixer = Mixer()
    mixer.play(steady("conversation", 500, frame(0.4), 180, lane="intercom"))
    mixer.play(steady("other", 10_000, frame(0.2), priority, at=0.1))

    stream = played(mixer, 0.5)

    is_above = priority > 180
    assert stream[frame(0.2)] == pytest.approx(10_000 if is_above else 500 + 10_000 * DUCKED, abs=1)
    interrupted = [event for event in mixer.events() if isinstance(event, Interrupted)]
    assert interrupted == ([Interrupted("conversation", "other", 0.1, resumes=False)] if is_above else [])


def test_what_an_elder_is_told_is_heard_over_a_conversation_over_an_announcement() -> None:
    mixer = Mixer()
    mixer.play(steady("notice", 10_000, frame(0.6), 60))
    mixer.play(steady("conversation", 4_000, frame(0.4), 180, at=0.1, lane="intercom"))
    mixer.play(steady("told", 100, frame(0.1), 224, at=0.2, lane="told"))

    stream = played(mixer, 0.6)

    assert stream[frame(0.15)] == pytest.approx(4_000 + 10_000 * DUCKED, abs=1)
    assert stream[frame(0.25)] == pytest.approx(100 + (4_000 + 10_000) * DUCKED, abs=1)
    assert stream[frame(0.4)] == pytest.approx(4_000 + 10_000 * DUCKED, abs=1)
    assert stream[frame(0.55)] == 10_000


@pytest.mark.parametrize("given", [("n-1", "n-2"), ("n-2", "n-1")])
def test_equals_of_one_instant_sound_in_the_same_order_in_every_building(given: tuple[str, str]) -> None:
    mixer = Mixer()
    for name in given:
        mixer.play(steady(name, 1, frame(0.1)))
    played(mixer, 0.3)
    assert [event.id for event in mixer.events() if isinstance(event, Started)] == ["n-1", "n-2"]


@pytest.mark.parametrize("stopped", ["a", None])
def test_stop_silences_within_the_ramp(stopped: str | None) -> None:
    mixer = Mixer()
    mixer.play(steady("a", 8_000, frame(1)))
    mixer.play(steady("b", 8_000, frame(1), at=5.0))
    played(mixer, 0.1)

    mixer.stop(stopped)
    stream = played(mixer, 0.1, since=0.1)

    assert stream[0] == 8_000
    assert not np.any(stream[RAMP_FRAMES:])
    ends = [event for event in mixer.events() if isinstance(event, Stopped)]
    assert ends[0].id == "a"
    assert ends[0].played_s == pytest.approx(0.1, abs=0.011)
    assert (Stopped("b", 0.0) in ends) == (stopped is None)
    assert mixer.is_idle == (stopped is None)


def test_stopping_what_is_unknown_changes_nothing() -> None:
    mixer = Mixer()
    mixer.play(steady("a", 8_000))
    mixer.stop("z")
    assert mixer.events() == []
    assert mixer.next_sound_s() == T0


def test_a_second_sound_with_the_same_id_is_refused() -> None:
    mixer = Mixer()
    mixer.play(steady("a", 1))
    with pytest.raises(ValueError, match="already"):
        mixer.play(steady("a", 2))


@pytest.mark.parametrize(("priority", "level"), [(60, 2_000), (223, 2_000), (224, 4_000), (255, 4_000)])
def test_emergencies_ignore_the_local_volume(priority: int, level: int) -> None:
    mixer = Mixer(local_volume=0.5)
    mixer.play(steady("a", 8_000, priority=priority, volume=0.5))
    assert played(mixer, 0.02)[100] == level


@pytest.mark.parametrize("ppm", [-200, -50, 50, 200])
def test_a_clock_that_runs_wrong_is_followed_one_frame_at_a_time(ppm: int) -> None:
    mixer = Mixer()
    ramp = np.arange(30_000, dtype=np.int16)
    mixer.play(Sound("a", ramp, 60, T0, repeat=20))
    rate = SAMPLE_RATE * (1 + ppm * 1e-6)
    steps: set[int] = set()
    for k in range(1_000):
        dac_s = T0 + k * BLOCK / rate
        block = mixer.render(BLOCK, dac_s).astype(int)
        wanted = ((dac_s - T0) * SAMPLE_RATE) % 30_000
        error = (block[0] - wanted + 15_000) % 30_000 - 15_000
        assert abs(error) <= SLIP_FRAMES + 1
        steps |= set(np.diff(block) % 30_000)
    assert steps == {1}  # frames are dropped or repeated between blocks, never within one
    assert mixer.events() == [Started("a", T0, 0.0)]


def test_after_a_gap_in_the_stream_it_goes_on_where_the_others_are() -> None:
    mixer = Mixer()
    mixer.play(Sound("a", rising(24_000), 60, T0))
    played(mixer, 0.1)

    after = played(mixer, 0.1, since=0.3)

    assert 0.2 * SAMPLE_RATE > JUMP_FRAMES
    assert after[RAMP_FRAMES] == frame(0.3) + RAMP_FRAMES + 1
    played(mixer, 0.2, since=0.4)
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.dac_s == pytest.approx(T0 + 0.5)
    assert finished.played_s == pytest.approx(0.3)
    assert finished.lost_s == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("stalls", "lost_s"),
    [
        ([(0.1, 0.3)], 0.0),  # the second pass sounded whole
        ([(0.31, 0.39)], 0.0),  # nothing was missed but the pause
        ([(0.1, 0.2), (0.5, 0.75)], 0.1),  # of the better pass
        ([(0.2, 0.5)], 0.1),  # over the pause between them: 0.1 s of each
        ([(0.1, 0.9)], 0.2),  # the rest of the first pass, and all of the second
    ],
)
def test_what_a_gap_swallowed_is_told_of_the_pass_that_sounded_best(
    stalls: list[tuple[float, float]], lost_s: float
) -> None:
    mixer = Mixer()
    mixer.play(Sound("a", rising(14_400), 60, T0, repeat=2, gap_s=0.1))
    at = 0.0
    for begin, end in [*stalls, (1.0, 1.0)]:
        if begin > at:
            played(mixer, begin - at, since=at)
        at = end
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.lost_s == pytest.approx(lost_s, abs=0.002)


@pytest.mark.parametrize(
    ("ahead_s", "since", "until", "lost_s"),
    [
        (2.0, 3.0, 3.08, 0.08),
        (0.006, 3.0, 3.08, 0.0),
        (0.06, 3.0, 3.02, 0.0),
        (2.0, 3.0, 60.0, 2.0),
        (0.04, 3.0, 60.0, 0.0),
    ],
)
def test_what_sounds_after_all_when_the_stream_steps_back_is_not_lost(
    ahead_s: float, since: float, until: float, lost_s: float
) -> None:
    mixer = Mixer()
    mixer.play(steady("a", 7, 9 * SAMPLE_RATE))
    for number in range(1_000):
        at = number * BLOCK / SAMPLE_RATE
        mixer.render(BLOCK, T0 + at + (ahead_s if since <= at < until else 0.0))
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.lost_s == pytest.approx(lost_s, abs=0.002)


@pytest.mark.parametrize(("late_s", "lost_s"), [(2.9, 0.0), (6.0, 6.0)])
def test_who_stood_still_when_it_should_have_begun_has_lost_what_it_joined_too_late_for(
    late_s: float, lost_s: float
) -> None:
    mixer = Mixer()
    mixer.play(steady("a", 7, 9 * SAMPLE_RATE))
    played(mixer, 10.0, since=late_s)
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.lost_s == pytest.approx(lost_s, abs=0.002)


def test_what_was_lost_before_an_interruption_does_not_count_when_it_is_played_again_from_its_start() -> None:
    mixer = Mixer()
    mixer.play(steady("low", 7, 24_000, resumes=True))
    played(mixer, 0.1)
    played(mixer, 0.1, since=0.2)
    mixer.play(steady("high", 9, 480, priority=250, at=0.3))
    played(mixer, 1.0, since=0.3)
    finished = mixer.events()[-1]
    assert isinstance(finished, Finished)
    assert (finished.id, finished.lost_s) == ("low", 0.0)


def test_the_mixer_says_when_it_will_sound_next() -> None:
    mixer = Mixer()
    assert mixer.next_sound_s() is None
    mixer.play(steady("later", 1, at=60.0))
    assert mixer.next_sound_s() == T0 + 60
    mixer.play(steady("now", 1, at=None))
    assert mixer.next_sound_s() == 0.0


Spec: TypeAlias = tuple[int, int, int, bool, bool, int]
SOUNDS = st.lists(
    st.tuples(
        st.integers(0, 255),  # priority
        st.integers(0, 9_600),  # start
        st.integers(1, 6_000),  # length
        st.booleans(),  # told
        st.booleans(),  # resumes
        st.integers(1, 3),  # repeat
    ),
    min_size=1,
    max_size=6,
)


def build(specs: list[Spec], level: int) -> list[Sound]:
    return [
        steady(
            f"s{k}",
            level,
            length,
            priority,
            start / SAMPLE_RATE,
            "told" if told else "announcement",
            repeat,
            0.01,
            1.0,
            resumes,
        )
        for k, (priority, start, length, told, resumes, repeat) in enumerate(specs)
    ]


@given(specs=SOUNDS)
@settings(max_examples=30)
def test_full_scale_sounds_on_top_of_each_other_never_wrap_around(specs: list[Spec]) -> None:
    for level in (32_767, -32_768):
        mixer = Mixer()
        for sound in build(specs, level):
            mixer.play(sound)
        assert np.all(played(mixer, 0.5) * np.sign(level) >= 0)


@given(specs=SOUNDS)
@settings(max_examples=30)
def test_every_sound_ends_exactly_once_and_an_interrupted_one_is_silent_after_the_ramp(
    specs: list[Spec],
) -> None:
    mixer = Mixer()
    for k, sound in enumerate(build(specs, 1)):
        marked = np.full(len(sound.pcm), 4**k, np.int16)  # base 4 digits: who sounds can be read off the stream
        mixer.play(Sound(sound.id, marked, sound.priority, sound.start_s, repeat=sound.repeat, gap_s=sound.gap_s))
    stream, events = [], list[SoundEvent]()
    for k in range(300):
        stream.append(mixer.render(BLOCK, T0 + k * BLOCK / SAMPLE_RATE))
        events += mixer.events()

    ends = [event.id for event in events if isinstance(event, Finished | Interrupted | Missed)]
    assert sorted(ends) == sorted(f"s{k}" for k in range(len(specs)))
    levels = np.concatenate(stream).astype(int)
    starts = {event.id: event.dac_s for event in events if isinstance(event, Started)}
    for event in events:
        if isinstance(event, Interrupted):
            silent_from = frame(starts[event.id] + event.played_s - T0) + RAMP_FRAMES
            is_ramping = np.zeros(len(levels), bool)
            for other in events:
                if isinstance(other, Interrupted):
                    begin = frame(starts[other.id] + other.played_s - T0)
                    is_ramping[begin : begin + RAMP_FRAMES] = True
            digits = levels[silent_from:] // 4 ** int(event.id[1:]) % 4
            assert not np.any(digits[~is_ramping[silent_from:]])
