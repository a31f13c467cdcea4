"""Recordings of live speech: what was spoken comes out, also of a hub that was killed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hub.adapters.audio import codec
from hub.adapters.audio.recording import PAGE_US
from hub.adapters.audio.recordings import Recordings
from tests.device_agent.opus_frames import frames_of
from tests.device_agent.speech import POWER, speak


def test_what_was_spoken_comes_out_at_its_length(tmp_path: Path) -> None:
    spoken = speak(POWER)
    packets, recordings = frames_of(spoken), Recordings(tmp_path / "live")
    recording = recordings.begin("a-1")
    for packet in packets:
        recording.add(packet)
    recording.close()
    sound = recordings.sound("a-1")
    assert sound is not None
    assert sound.duration_ms == 20 * len(packets)
    heard = np.frombuffer(codec.decode(sound.opus).samples, np.int16)
    both = min(len(heard), len(spoken))
    assert np.corrcoef(heard[:both], spoken[:both])[0, 1] > 0.9
    assert recordings.unfinished() == ["a-1"]
    recordings.forget("a-1")
    assert recordings.unfinished() == []


def test_a_hub_that_is_killed_leaves_all_but_the_last_moment(tmp_path: Path) -> None:
    packets, recordings = frames_of(speak(POWER)), Recordings(tmp_path)
    recording = recordings.begin("a-1")
    for packet in packets:
        recording.add(packet)
    sound = recordings.sound("a-1")
    assert sound is not None
    assert sound.duration_ms >= 20 * len(packets) - 2 * PAGE_US // 1_000
    recording.close()


def test_a_file_without_sound_is_none(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    recordings.begin("a-1").close()
    (tmp_path / "a-2.ogg").write_bytes(b"OggS and nothing else")
    assert recordings.sound("a-1") is None
    assert recordings.sound("a-2") is None
    assert recordings.sound("a-3") is None
