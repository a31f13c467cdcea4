"""What the simulated loudspeakers really gave off, held against what should have sounded."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device_agent.core.hearing import compare
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware.decoding import decode_opus
from firmware_sim.fleet import Fleet
from firmware_sim.hardware.tape import Segment


@dataclass(frozen=True, slots=True)
class Match:
    """How well a building's loudspeaker played a source: correlation 0-1, and how late it was, in ms of true time.

    One that joined late is silent at first and right from then on, which lowers the correlation, not the lag.
    """

    device: str
    correlation: float
    late_ms: float


def matches(fleet: Fleet, source: Path, at_unix_ms: int) -> list[Match]:
    """Each building's recording from the agreed instant on, against an Opus file. Raises OSError or UnreadableAudio."""
    wanted = decode_opus(source.read_bytes())
    found = []
    for building in fleet.buildings:
        sounded = played(fleet.data_dir / building.device, at_unix_ms, len(wanted) + SAMPLE_RATE)
        correlation, lag_ms = compare(wanted, sounded)
        found.append(Match(building.device, round(correlation, 4), round(lag_ms, 3)))
    return found


def played(folder: Path, at_unix_ms: int, frames: int) -> Pcm:
    """What was in the air for so many frames from then on, silence where nothing sounded."""
    listing, air = folder / "speaker.json", np.zeros(frames, np.int16)
    segments = [Segment(**one) for one in json.loads(listing.read_text())["segments"]] if listing.exists() else []
    for segment in segments:
        at = round((segment.start_unix_ns / 1e9 - at_unix_ms / 1e3) * SAMPLE_RATE)
        first, last = max(0, -at), min(segment.frames, frames - at)
        if first < last:
            with wave.open(str(folder / segment.file)) as recording:
                sounded = np.frombuffer(recording.readframes(segment.frames), "<i2")
            air[at + first : at + last] = sounded[first:last]
    return air
