"""Live speech: every frame at its position, what is missing concealed, what comes twice or late dropped."""

from __future__ import annotations

import numpy as np
import pytest

from device_agent.core.hearing import compare
from device_agent.core.live import CONCEALED, FADE_IN, FRAME, HELD, QUIET_S, LiveSource
from device_agent.core.mixer import Mixer
from device_agent.core.sounds import SAMPLE_RATE, Finished, Interrupted, Pcm, Sound, Started
from device_agent.hardware.decoding import OpusFrames
from tests.device_agent.opus_frames import frames_of
from tests.device_agent.speech import CHECKUP, speak

PAUSE = b"\x78"
GUESS = 77
BLOCK = 1_920


class Numbers:
    """A decoder to whom a frame of bytes `x n` is 960 values of n, and a lost one GUESS."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def decode(self, opus: bytes) -> Pcm:
        if opus[1:] == b"bad":
            raise ValueError("no frame")
        self.decoded.append(opus[1])
        return np.full(FRAME, opus[1], np.int16)

    def conceal(self) -> Pcm:
        return np.full(FRAME, GUESS, np.int16)


def number(n: int) -> bytes:
    return bytes([0x78, n])


def of(*numbers: int, source: LiveSource | None = None) -> LiveSource:
    """A source with these frames, one after the other; 0 stands for one that is lost."""
    source = source or LiveSource(Numbers())
    for index, n in enumerate(numbers):
        if n:
            source.put(index, index * FRAME, number(n))
    return source


def read(source: LiveSource, frames: int, start: int = 0, block: int = BLOCK) -> Pcm:
    return np.concatenate([source[at : min(at + block, start + frames)] for at in range(start, start + frames, block)])


def heard(pcm: Pcm) -> list[int]:
    """The value in the middle of every 20 ms."""
    return [int(pcm[at + FRAME // 2]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


@pytest.mark.parametrize("block", [480, 777, 1_920])
def test_frames_sound_one_after_the_other_without_a_seam(block: int) -> None:
    pcm = read(of(1, 2, 3, 4), 4 * FRAME, block=block)
    assert np.array_equal(pcm[FADE_IN:], np.repeat(np.array([1, 2, 3, 4], np.int16), FRAME)[FADE_IN:])


def test_frames_in_any_order_sound_in_theirs() -> None:
    source = LiveSource(Numbers())
    for index in (0, 3, 1, 2):
        source.put(index, index * FRAME, number(index + 1))
    assert heard(read(source, 4 * FRAME)) == [1, 2, 3, 4]


def test_a_frame_that_comes_twice_sounds_once_even_at_another_time() -> None:
    source = of(1, 2, 3)
    source.put(1, 1 * FRAME, number(2))
    source.put(1, 3 * FRAME, number(2))
    assert heard(read(source, 4 * FRAME)) == [1, 2, 3, GUESS]
    assert source.counts.doubled == 2


def test_numbers_that_are_long_past_are_refused_also_when_they_were_never_seen() -> None:
    source = LiveSource(Numbers())
    source.put(10_000, 0, number(1))
    source.put(9_000, FRAME, number(2))
    assert source.counts.doubled == 1


def test_a_lost_frame_is_guessed_and_many_fade_to_silence() -> None:
    assert heard(read(of(1, 0, 3), 3 * FRAME)) == [1, GUESS, 3]
    pcm = heard(read(of(1, *[0] * 8, 9), 10 * FRAME))
    assert pcm[1:CONCEALED] == [GUESS] * (CONCEALED - 1)
    assert 0 < pcm[CONCEALED] < GUESS
    assert pcm[CONCEALED + 1 : 9] == [0] * (8 - CONCEALED)
    assert pcm[9] == 9


def test_a_late_frame_is_dropped_and_those_after_it_keep_their_place() -> None:
    source = of(1)
    assert heard(read(source, 3 * FRAME, block=FRAME)) == [1, GUESS, GUESS]
    source.put(1, FRAME, number(2))
    source.put(3, 3 * FRAME, number(4))
    assert heard(source[3 * FRAME : 4 * FRAME]) == [4]
    assert source.counts.late == 1


def test_what_is_no_sound_is_concealed() -> None:
    source = of(1)
    source.put(1, FRAME, b"\x78bad")
    source.put(2, 2 * FRAME, number(3))
    assert heard(read(source, 3 * FRAME)) == [1, GUESS, 3]


def test_letting_go_of_the_button_fades_and_is_silent_until_the_next_word() -> None:
    source = of(1)
    source.put(1, FRAME, PAUSE)
    source.put(2, 10 * FRAME + 7, number(5))
    pcm = read(source, 12 * FRAME)
    assert 0 < pcm[FRAME + FRAME // 2] < GUESS
    assert not pcm[2 * FRAME : 10 * FRAME + 7].any()
    assert pcm[10 * FRAME + 7 + FADE_IN] == 5


@pytest.mark.parametrize("by", [-100, 100])
def test_a_clock_that_was_learned_anew_moves_what_follows_without_a_guess(by: int) -> None:
    decoder = Numbers()
    source = LiveSource(decoder)
    for index in range(4):
        source.put(index, index * FRAME + (by if index >= 2 else 0), number(index + 1))
    pcm = read(source, 4 * FRAME + min(by, 0))
    assert abs(by) < HELD
    assert GUESS not in pcm
    assert int(np.argmax(pcm == 4)) == 3 * FRAME + by


def test_a_source_ends_where_it_is_told_or_when_nothing_comes_for_so_long() -> None:
    source = of(1, 2)
    assert len(source) == 2 * FRAME + QUIET_S * SAMPLE_RATE
    source.finish(2 * FRAME)
    assert len(source) == 2 * FRAME


def test_one_who_joins_late_hears_the_present() -> None:
    source = of(*range(1, 121))
    assert heard(source[100 * FRAME : 102 * FRAME]) == [101, 102]


def test_the_mixer_plays_it_and_it_ends_by_itself_when_frames_stop() -> None:
    mixer, source = Mixer(), of(1, 2, 3)
    mixer.play(Sound("live", source, 100, start_s=50.0, is_live=True))
    seconds = 0.06 + QUIET_S + 0.1
    pcm = np.concatenate([mixer.render(480, 50.0 + at * 0.01) for at in range(round(seconds / 0.01))])
    assert heard(pcm[: 3 * FRAME]) == [1, 2, 3]
    started, finished = mixer.events()
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert finished.dac_s == pytest.approx(50.06 + QUIET_S, abs=1e-3)


def test_a_speaker_who_has_to_wait_is_heard_where_he_is_by_then() -> None:
    mixer, source = Mixer(), of(*range(1, 101))
    mixer.play(Sound("red", np.full(50 * FRAME, 500, np.int16), 250, start_s=50.0))
    mixer.play(Sound("live", source, 100, start_s=50.0, is_live=True))
    pcm = np.concatenate([mixer.render(480, 50.0 + at * 0.01) for at in range(150)])
    assert heard(pcm)[:50] == [500] * 50
    assert heard(pcm)[52:60] == list(range(53, 61))


def test_of_two_fire_microphones_the_latest_is_heard_and_the_other_told() -> None:
    mixer, first, second = Mixer(), of(*[1] * 100), of(*[2] * 100)
    mixer.play(Sound("first", first, 255, start_s=50.0, is_live=True))
    mixer.play(Sound("second", second, 255, start_s=50.5, is_live=True))
    pcm = np.concatenate([mixer.render(480, 50.0 + at * 0.01) for at in range(100)])
    assert set(heard(pcm)[1:24]) == {1}
    assert set(heard(pcm)[26:]) == {2}
    assert [one for one in mixer.events() if isinstance(one, Interrupted)] == [
        Interrupted("first", "second", 0.5, False)
    ]


def test_the_microphone_is_given_what_was_played() -> None:
    source = of(1, 2, 3)
    pcm = read(source, 3 * FRAME)
    assert np.array_equal(source.beginning, pcm)


def lossy(packets: list[bytes], lost: set[int]) -> tuple[Pcm, LiveSource]:
    """All of it with these frames lost, by libopus itself."""
    source = LiveSource(OpusFrames())
    for index, packet in enumerate(packets):
        if index not in lost:
            source.put(index, index * FRAME, packet)
    return read(source, len(packets) * FRAME), source


def test_with_5_percent_of_the_frames_lost_it_is_still_the_same_speech_and_better_than_with_gaps() -> None:
    spoken = speak(CHECKUP)[: 8 * SAMPLE_RATE]
    packets = frames_of(spoken)
    whole, _ = lossy(packets, set())
    for seed in range(3):
        lost = set(np.random.default_rng(seed).choice(len(packets), len(packets) // 20, replace=False).tolist())
        played, source = lossy(packets, lost)
        assert source.counts.concealed == len(lost)
        correlation, lag_ms = compare(spoken, played)
        assert correlation > 0.7
        assert abs(lag_ms - compare(spoken, whole)[1]) < 0.1
        assert snr_db(whole, played) > snr_db(whole, with_gaps(packets, lost)) + 0.5


def with_gaps(packets: list[bytes], lost: set[int]) -> Pcm:
    """The same with silence where a frame was lost."""
    decoder = OpusFrames()
    silence = np.zeros(FRAME, np.int16)
    return np.concatenate([silence if at in lost else decoder.decode(one) for at, one in enumerate(packets)])


def snr_db(wanted: Pcm, got: Pcm) -> float:
    wrong = got.astype(float) - wanted
    return float(10 * np.log10(np.sum(wanted.astype(float) ** 2) / np.sum(wrong**2)))


@pytest.mark.parametrize("back_s", [0.01, 0.25, 3.0])
def test_a_stream_that_steps_back_further_than_is_kept_is_silent_there_and_goes_on(back_s: float) -> None:
    source = of(*([5] * 200))
    mixer = Mixer()
    mixer.play(Sound("live", source, 255, 10.0, is_live=True))
    for number in range(100):
        mixer.render(480, 10.0 + number / 100)
    for number in range(100):
        out = mixer.render(480, 11.0 - back_s + number / 100)
    assert set(out.tolist()) == ({5} if back_s < 1.0 else {0})


def test_a_speaker_who_said_nothing_ends_nothing_else() -> None:
    source = LiveSource(Numbers())
    mixer = Mixer()
    mixer.play(Sound("live", source, 255, 10.0, is_live=True))
    mixer.render(480, 10.0)
    source.finish(0)
    for number in range(5):
        mixer.render(480, 10.01 + number / 100)
    assert isinstance(mixer.events()[-1], Finished)
