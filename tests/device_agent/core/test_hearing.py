"""What counts as heard: real speech in noise, echoes and drift; and what must not."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from device_agent.core.hearing import HEARD_CORRELATION, SILENCE_DBFS, Evidence, Recording, compare, heard, level_dbfs
from device_agent.core.resample import HEARING_RATE, LISTEN_S, to_hearing_rate
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.core.sweep import QUIET_PEAK, sweep
from tests.device_agent.speech import CHECKUP, LIFT, NOTICES, POWER, STORM, WATER, speak
from wire.messages import Finding

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
    assert judge(speak(WATER), np.zeros(0)) == Evidence(False, 0.0, 0.0, SILENCE_DBFS, Finding.UNJUDGED)


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


def echoes(air: Signal, energy: float = 1.0, seconds: float = 1.0) -> Signal:
    """The same in a stairwell, whose echoes have so much of the direct sound's energy."""
    frames = int(seconds * HEARING_RATE)
    tail = noise(frames, 1.0, seed=4) * 10 ** (-3 * np.arange(frames) / frames)
    tail *= np.sqrt(energy / np.sum(tail**2))
    tail[0] = 1.0
    return np.convolve(air, tail)[: len(air)]


def clipped(pcm: Pcm, gain: float) -> Pcm:
    most = int(np.abs(pcm.astype(int)).max())
    return np.clip(pcm.astype(float) * gain, -most, most).astype(np.int16)


def one_sided(pcm: Pcm) -> Pcm:
    return np.minimum(pcm, np.int16(0.15 * np.abs(pcm.astype(int)).max()))


def quiet_room(seconds: float = 24.0) -> Signal:
    """A stairwell at night, at the level that the simulated microphone takes for it: -60 dBFS."""
    return noise(round(seconds * HEARING_RATE), 33.0, seed=7)


SOUNDS = {"notice": speak(LIFT), "short": speak(POWER), "sweep": sweep(QUIET_PEAK)}


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("snr_db", [30.0, 10.0, 4.0])
@pytest.mark.parametrize("energy", [0.0, 1.0])
def test_what_is_played_rightly_is_fine_in_noise_and_echoes(sound: str, snr_db: float, energy: float) -> None:
    source = SOUNDS[sound]
    assert judge(source, room(echoed(source, energy), snr_db=snr_db)).finding is Finding.FINE


def echoed(pcm: Pcm, energy: float) -> Pcm:
    if not energy:
        return pcm
    slow = echoes(to_hearing_rate(pcm).astype(float), energy)
    fast = np.interp(np.arange(len(pcm)) / 6, np.arange(len(slow)), slow)
    return np.clip(fast * 0.5, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("snr_db", [30.0, 10.0])
@pytest.mark.parametrize("energy", [0.0, 1.0])
@pytest.mark.parametrize("how", [lambda pcm: clipped(pcm, 8), lambda pcm: clipped(pcm, 20), one_sided])
def test_a_loudspeaker_that_clips_is_heard_and_distorted(
    sound: str, snr_db: float, energy: float, how: Callable[[Pcm], Pcm]
) -> None:
    source = SOUNDS[sound]
    evidence = judge(source, room(echoed(how(source), energy), snr_db=snr_db))
    assert (evidence.heard, evidence.finding) == (True, Finding.DISTORTED)


@pytest.mark.parametrize("sound", ["notice", "sweep"])
def test_a_little_clipping_which_ears_forgive_is_no_fault_of_a_notice(sound: str) -> None:
    gain = 2.0 if sound == "notice" else 1.2
    assert judge(SOUNDS[sound], room(clipped(SOUNDS[sound], gain))).finding is Finding.FINE


@pytest.mark.parametrize("band", [(300, 2_000), (800, 3_400), (1_200, 1_800)])
def test_a_small_loudspeaker_that_lacks_lows_or_highs_is_not_called_distorted(band: tuple[int, int]) -> None:
    spectrum = np.fft.rfft(speak(LIFT).astype(float))
    hertz = np.fft.rfftfreq(len(speak(LIFT)), 1 / SAMPLE_RATE)
    spectrum[(hertz < band[0]) | (hertz > band[1])] = 0
    narrow = np.fft.irfft(spectrum, len(speak(LIFT))).astype(np.int16)
    assert judge(speak(LIFT), room(narrow)).finding is not Finding.DISTORTED


@pytest.mark.parametrize("sound", SOUNDS)
def test_a_silent_loudspeaker_in_a_quiet_room_is_silent(sound: str) -> None:
    evidence = judge(SOUNDS[sound], quiet_room())
    assert (evidence.heard, evidence.finding) == (False, Finding.SILENT)


@pytest.mark.parametrize("text", [LIFT, POWER])
def test_a_loudspeaker_that_is_far_too_quiet_is_heard_and_too_quiet(text: str) -> None:
    for gain in (0.1, 0.02):
        air = quiet_room() / 4
        direct = room(speak(text), gain=gain, snr_db=60.0)
        air[: len(direct)] += direct
        evidence = judge(speak(text), air)
        assert evidence.heard
        assert evidence.finding is (Finding.FINE if gain == 0.1 else Finding.TOO_QUIET)


@pytest.mark.parametrize(("played", "wanted"), list(itertools.permutations((LIFT, CHECKUP, STORM), 2)))
def test_another_sound_of_the_same_loudness_is_wrong_audio(played: str, wanted: str) -> None:
    evidence = judge(speak(wanted), room(np.tile(speak(played), 2)))
    assert (evidence.heard, evidence.finding) == (False, Finding.WRONG_AUDIO)


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("rms", [1_000.0, 8_000.0])
def test_noise_that_would_hide_the_sound_is_neither_heard_nor_a_fault(sound: str, rms: float) -> None:
    hidden = noise(24 * HEARING_RATE, rms)
    assert judge(SOUNDS[sound], hidden).finding is Finding.UNJUDGED
    swelling = hidden * np.interp(np.arange(len(hidden)), [0, len(hidden)], [0.5, 1.0])  # a lorry goes by
    assert judge(SOUNDS[sound], swelling).finding is Finding.UNJUDGED


@pytest.mark.parametrize("level", [0, 1_000, -32_768])
def test_digital_silence_and_a_value_that_sticks_are_a_dead_microphone(level: int) -> None:
    stuck = np.full(24 * HEARING_RATE, float(level))
    assert judge(speak(LIFT), stuck).finding is Finding.DEAD_MICROPHONE
    stuck[::7] += 0 if level < 0 else 1  # its last bit flickers
    assert judge(speak(LIFT), stuck).finding is Finding.DEAD_MICROPHONE


def test_hum_alone_does_not_hide_that_the_loudspeaker_is_silent() -> None:
    hum = 300 * np.sin(2 * np.pi * 50 * np.arange(24 * HEARING_RATE) / HEARING_RATE)
    assert judge(speak(LIFT), quiet_room() + hum).finding is Finding.SILENT


def test_a_recording_of_only_the_first_third_concludes_nothing() -> None:
    air = room(speak(LIFT))
    assert judge(speak(LIFT), air[: len(air) // 3]).finding is Finding.UNJUDGED


def test_a_loudspeaker_that_said_something_else_meanwhile_is_not_called_faulty() -> None:
    for air in (quiet_room(), room(speak(CHECKUP)), 0.1 * room(speak(LIFT))):
        evidence = heard(speak(LIFT), recorded(air), PLAYED_S, is_alone=False)
        assert evidence.finding in (None, Finding.UNJUDGED)
        assert (evidence.finding is None) == evidence.heard
