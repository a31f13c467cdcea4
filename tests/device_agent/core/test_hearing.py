"""What counts as heard: real speech in noise, echoes and drift; and what must not."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from device_agent.core.hearing import HEARD_CORRELATION, SILENCE_DBFS, Evidence, Recording, compare, heard, level_dbfs
from device_agent.core.resample import HEARING_RATE, LISTEN_S, to_hearing_rate
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from tests.device_agent.speech import CHECKUP, LIFT, NOTICES, POWER, STORM, WATER, speak

PLAYED_S = 500.0
Signal = NDArray[np.float64]


def noise(frames: int, rms: float, seed: int = 1) -> Signal:
    return rms * np.random.default_rng(seed).standard_normal(frames)


def room(source: Pcm, delay_s: float = 0.02, gain: float = 0.2, snr_db: float = 20.0) -> Signal:
    """What a microphone gets of a source, begun half a second before it played."""
    direct = gain * to_hearing_rate(source).astype(float)
    air = np.zeros(len(direct) + 2 * HEARING_RATE)
    begin = round((0.5 + delay_s) * HEARING_RATE)
    air[begin : begin + len(direct)] = direct
    return air + noise(len(air), float(np.sqrt(np.mean(direct**2))) / 10 ** (snr_db / 20))


def recorded(air: Signal) -> Recording:
    return Recording(np.clip(np.rint(air), -32768, 32767).astype(np.int16), PLAYED_S - 0.5)


def judge(source: Pcm, air: Signal) -> Evidence:
    return heard(source, recorded(air), PLAYED_S)


@pytest.mark.parametrize("text", NOTICES)
@pytest.mark.parametrize("snr_db", [20.0, 0.0])
def test_speech_is_heard_even_with_noise_as_loud_as_itself(text: str, snr_db: float) -> None:
    evidence = judge(speak(text), room(speak(text), snr_db=snr_db))
    assert evidence.heard
    assert evidence.correlation > (0.9 if snr_db == 20 else 0.3)
    assert evidence.lag_ms == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("delay_s", [0.0, 0.0431, 0.25, 0.499])
def test_the_lag_is_found_up_to_half_a_second(delay_s: float) -> None:
    evidence = judge(speak(STORM), room(speak(STORM), delay_s))
    assert evidence.heard
    assert evidence.lag_ms == pytest.approx(delay_s * 1000, abs=0.1)


def test_speech_is_heard_through_echoes_with_four_times_its_energy() -> None:
    decay = np.exp(-np.arange(4_000) / 700) * noise(4_000, 1.0, seed=2)
    impulse = 2 * decay / np.sqrt(np.sum(decay**2))
    impulse[0] = 1.0
    air = room(speak(LIFT))
    assert judge(speak(LIFT), np.convolve(air, impulse)[: len(air)]).heard


@pytest.mark.parametrize("ppm", [-100, 60, 100])
def test_clocks_that_drift_apart_do_not_hide_a_minute_of_speech(ppm: int) -> None:
    source = np.tile(speak(LIFT), 5)
    air = room(source)
    drifted = np.interp(np.arange(len(air)) * (1 + ppm * 1e-6), np.arange(len(air)), air)
    assert judge(source, drifted).correlation > 0.8


def test_a_loudspeaker_with_its_wires_swapped_is_heard() -> None:
    assert judge(speak(LIFT), -room(speak(LIFT))).heard


def test_mains_hum_and_an_offset_do_not_hide_speech() -> None:
    air = room(speak(LIFT))
    hum = 2_000 * np.sin(2 * np.pi * 50 * np.arange(len(air)) / HEARING_RATE)
    assert judge(speak(LIFT), air + hum + 3_000).heard


def test_a_slammed_door_does_not_hide_speech() -> None:
    air = room(speak(LIFT))
    air[16_000:18_000] += noise(2_000, 15_000)
    assert judge(speak(LIFT), air).heard


@pytest.mark.parametrize(("played", "wanted"), list(itertools.permutations(NOTICES, 2)))
def test_another_notice_in_the_same_voice_is_not_heard_as_this_one(played: str, wanted: str) -> None:
    evidence = judge(speak(wanted), room(speak(played)))
    assert not evidence.heard
    assert evidence.correlation < HEARD_CORRELATION / 1.5


@pytest.mark.parametrize(("played", "wanted"), [(LIFT, CHECKUP), (STORM, LIFT), (CHECKUP, STORM)])
def test_a_chime_that_two_notices_share_does_not_make_them_the_same(played: str, wanted: str) -> None:
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    chime = (12_000 * np.exp(-3 * (times % 1)) * np.sin(2 * np.pi * 660 * times)).astype(np.int16)
    assert not judge(np.concatenate([chime, speak(wanted)]), room(np.concatenate([chime, speak(played)]))).heard


@pytest.mark.parametrize("text", NOTICES)
def test_a_silent_loudspeaker_is_not_heard_in_the_noise_of_the_room(text: str) -> None:
    frames = len(to_hearing_rate(speak(text))) + HEARING_RATE
    evidence = judge(speak(text), noise(frames, 400.0))
    assert not evidence.heard
    assert evidence.level_dbfs == pytest.approx(-38.3, abs=0.5)


@pytest.mark.parametrize("level", [0, 1_000, -32_768])
def test_a_dead_microphone_hears_nothing(level: int) -> None:
    evidence = judge(speak(WATER), np.full(20_000, float(level)))
    assert not evidence.heard
    assert evidence.level_dbfs == SILENCE_DBFS


def test_an_empty_recording_is_not_heard() -> None:
    assert judge(speak(WATER), np.zeros(0)) == Evidence(False, 0.0, 0.0, SILENCE_DBFS)


def test_a_recording_of_only_the_first_third_is_not_heard() -> None:
    air = room(speak(LIFT))
    assert not judge(speak(LIFT), air[: len(air) // 3]).heard


@pytest.mark.parametrize("text", [LIFT, CHECKUP, STORM, POWER])
def test_a_notice_that_was_cut_off_before_its_middle_is_not_heard(text: str) -> None:
    played = speak(text).copy()
    played[int(0.4 * len(played)) :] = 0
    assert not judge(speak(text), room(played)).heard


def test_the_end_of_a_notice_that_was_joined_late_is_still_heard() -> None:
    air = room(speak(LIFT))
    air[: 3 * HEARING_RATE] = noise(3 * HEARING_RATE, 50.0)
    assert judge(speak(LIFT), air).heard


def test_of_a_long_announcement_the_first_minute_is_judged() -> None:
    long = np.tile(speak(LIFT), 12)
    assert len(to_hearing_rate(long)) == LISTEN_S * HEARING_RATE
    assert judge(long, room(long)).heard


def test_a_loudspeakers_own_recording_is_compared_at_its_full_rate() -> None:
    begun_earlier = np.concatenate([np.zeros(1_205, np.int16), speak(POWER), np.zeros(500, np.int16)])
    correlation, lag_ms = compare(speak(POWER), begun_earlier)
    assert correlation > 0.99
    assert lag_ms == pytest.approx(1_205 / 48, abs=0.01)
    assert compare(speak(POWER), np.zeros(100_000, np.int16))[0] == 0.0


def test_the_slower_rate_keeps_speech_and_drops_what_would_fold_into_it() -> None:
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    kept = to_hearing_rate((10_000 * np.sin(2 * np.pi * 1_000 * times)).astype(np.int16))
    expected = 10_000 * np.sin(2 * np.pi * 1_000 * np.arange(HEARING_RATE) / HEARING_RATE)
    assert np.abs(kept - expected)[100:-100].max() < 100
    dropped = to_hearing_rate((10_000 * np.sin(2 * np.pi * 6_500 * times)).astype(np.int16))
    assert level_dbfs(dropped) < -55
