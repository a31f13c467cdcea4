"""The simulated loudspeaker, its tape and its microphone."""

import asyncio
import json
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from device_agent.core.hearing import compare, heard
from device_agent.core.mixer import Mixer
from device_agent.core.sounds import SAMPLE_RATE, Finished, Pcm, Sound, SoundEvent, Started, Stopped
from firmware_sim.hardware import tape as tapes
from firmware_sim.hardware.microphone import SimulatedMicrophone
from firmware_sim.hardware.speaker import SimulatedSpeaker, rate_with_skew
from firmware_sim.hardware.tape import Tape
from tests.device_agent.speech import WATER, speak

LATENCY_S, AHEAD_S = 0.5, 1.0  # a busy machine hands over a sound, or renders a block, by less too late
SPEECH = speak(WATER)[4_800:33_600]  # 0.6 s, beginning and ending within speech


class Building:
    """One loudspeaker and one microphone in a room."""

    def __init__(self, folder: Path, ppm: float = 0.0) -> None:
        self.folder = folder
        self.mixer = Mixer()
        self.tape = Tape(folder, "building-1", rate_with_skew(ppm))
        self.speaker = SimulatedSpeaker(self.tape, LATENCY_S)
        self.microphone = SimulatedMicrophone(self.tape)
        self.events = asyncio.Queue[SoundEvent]()
        self.task = asyncio.create_task(self.speaker.run(self.mixer, self._deliver))

    def _deliver(self, events: list[SoundEvent]) -> None:
        for event in events:
            self.events.put_nowait(event)

    def play(self, sound: Sound) -> None:
        self.mixer.play(sound)
        self.speaker.wake()

    async def ended(self) -> SoundEvent:
        while isinstance(event := await self.events.get(), Started):
            pass
        return event

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.tape.flush()


@pytest.fixture
async def building(tmp_path: Path) -> AsyncIterator[Building]:
    building = Building(tmp_path)
    yield building
    await building.close()


def wav_frames(path: Path) -> Pcm:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


async def test_what_sounds_is_written_with_the_instant_at_which_it_began(building: Building) -> None:
    at_s = time.monotonic() + AHEAD_S
    building.play(Sound("a", SPEECH, 60, at_s))
    assert isinstance(await building.ended(), Finished)
    await building.close()

    listing = json.loads((building.folder / "building-1.json").read_text())
    [segment] = listing["segments"]
    frames = wav_frames(building.folder / segment["file"])
    assert len(frames) == segment["frames"]
    first = round((at_s - segment["start_monotonic_ns"] / 1e9) * SAMPLE_RATE)
    assert np.abs(first + len(SPEECH) - len(frames)) <= 2_000  # nothing but the rest of a block after it
    correlation, lag_ms = compare(SPEECH, frames)
    assert correlation > 0.99
    assert lag_ms == pytest.approx(first / 48, abs=0.2)
    offset_s = time.time() - time.monotonic()
    assert segment["start_unix_ns"] / 1e9 == pytest.approx(segment["start_monotonic_ns"] / 1e9 + offset_s, abs=0.05)


async def test_the_microphone_hears_it_later_and_softer(building: Building) -> None:
    at_s = time.monotonic() + AHEAD_S
    building.play(Sound("a", SPEECH, 60, at_s))
    evidence = heard(SPEECH, await building.microphone.record(at_s, 0.8), at_s)
    assert evidence.heard
    assert evidence.lag_ms == pytest.approx(12.0, abs=0.3)
    assert evidence.level_dbfs < -25


async def test_a_silent_loudspeaker_finishes_but_is_not_heard(building: Building) -> None:
    building.speaker.is_silent = True
    at_s = time.monotonic() + AHEAD_S
    building.play(Sound("a", SPEECH, 60, at_s))
    recording = await building.microphone.record(at_s, 0.8)
    assert isinstance(await building.ended(), Finished)
    assert not heard(SPEECH, recording, at_s).heard
    assert list(building.folder.glob("*.wav")) == []


async def test_a_dead_microphone_hears_nothing_of_a_sounding_loudspeaker(building: Building) -> None:
    building.microphone.is_dead = True
    at_s = time.monotonic() + AHEAD_S
    building.play(Sound("a", SPEECH, 60, at_s))
    recording = await building.microphone.record(at_s, 0.8)
    assert not heard(SPEECH, recording, at_s).heard
    assert building.tape.segments


async def test_an_idle_building_renders_nothing_and_wakes_for_a_sound(building: Building) -> None:
    await asyncio.sleep(0)
    assert building.tape.segments == []
    building.play(Sound("later", SPEECH, 60, time.monotonic() + 3_600))
    building.mixer.stop("later")
    building.speaker.wake()
    assert await building.events.get() == Stopped("later", 0.0)
    assert building.tape.segments == []


async def test_a_soft_loudspeaker_is_softer_in_its_recording(building: Building) -> None:
    building.speaker.gain = 0.1
    building.play(Sound("a", np.full(4_800, 10_000, np.int16), 60))
    await building.ended()
    await building.close()
    [segment] = building.tape.segments
    assert np.max(wav_frames(building.folder / segment.file)) == 1_000


async def test_a_fast_clock_is_corrected_and_its_rate_is_in_the_listing(tmp_path: Path) -> None:
    building = Building(tmp_path, ppm=200.0)
    at_s = time.monotonic() + AHEAD_S
    building.play(Sound("a", np.full(SAMPLE_RATE, 1_000, np.int16), 60, at_s))
    await building.ended()
    await building.close()
    [segment] = building.tape.segments
    assert segment.frames_per_s == pytest.approx(48_009.6)
    begun = round((at_s - segment.start_s) * segment.frames_per_s)
    sounded = np.flatnonzero(wav_frames(tmp_path / segment.file))
    seconds = (sounded[-1] + 1 - begun) / segment.frames_per_s
    assert seconds == pytest.approx(1.0, abs=0.0003)


def test_the_tape_begins_a_new_segment_after_a_pause_and_goes_on_in_one_without(tmp_path: Path) -> None:
    tape = Tape(tmp_path, "x")
    for start_s in (10.0, 10.1, 10.5):
        tape.append(start_s, np.full(4_800, 7, np.int16))
    tape.close()
    tape.flush()
    assert [(segment.start_s, segment.frames) for segment in tape.segments] == [(10.0, 9_600), (10.5, 4_800)]


def test_the_air_is_silent_where_nothing_was_written_even_while_writing(tmp_path: Path) -> None:
    tape = Tape(tmp_path, "x")
    tape.append(10.0, np.full(4_800, 7, np.int16))
    tape.append(10.5, np.full(4_800, 9, np.int16))
    air = tape.between(9.95, 0.6)
    assert [air[round(s * SAMPLE_RATE)] for s in (0.0, 0.049, 0.051, 0.149, 0.151, 0.549, 0.551, 0.599)] == [
        *(0, 0, 7, 7, 0, 0, 9, 9)
    ]
    tape.close()
    tape.flush()


def test_what_a_killed_process_recorded_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    killed = Tape(tmp_path, "x")
    killed.append(10.0, np.full(4_800, 5, np.int16))
    killed.close()
    killed.append(20.0, np.full(4_800, 6, np.int16))
    killed.flush()
    tape = Tape(tmp_path, "x")
    assert [(segment.start_s, segment.frames) for segment in tape.segments] == [(10.0, 4_800), (20.0, 4_800)]
    tape.append(30.0, np.full(4_800, 7, np.int16))
    tape.close()
    assert [int(tape.between(at, 0.1)[-1]) for at in (10.0, 20.0, 30.0)] == [5, 6, 7]
    assert len({segment.file for segment in tape.segments}) == 3


def test_the_oldest_segments_are_deleted_when_the_tape_is_full(tmp_path: Path) -> None:
    tape = Tape(tmp_path, "x", most_bytes=3 * 9_600)
    for k in range(10):
        tape.append(float(k), np.ones(4_800, np.int16))
    tape.close()
    tape.flush()
    kept = sorted(path.name for path in tmp_path.glob("*.wav"))
    assert kept == [segment.file for segment in tape.segments]
    assert kept == ["x-000008.wav", "x-000009.wav", "x-000010.wav"]


def test_a_long_sound_goes_on_in_the_next_segment_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tapes, "SEGMENT_MOST_S", 1)
    tape = Tape(tmp_path, "x")
    for k in range(20):
        tape.append(5.0 + k / 10, np.full(4_800, k, np.int16))
    tape.close()
    tape.flush()
    assert [segment.start_s for segment in tape.segments] == [5.0, 6.0]
    assert tape.between(5.0, 2.0).reshape(20, -1)[:, 0].tolist() == list(range(20))
