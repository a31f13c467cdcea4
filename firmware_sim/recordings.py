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

STUMBLE_S = 1.0
"""A shorter silence between two segments is a gap in one sound."""


@dataclass(frozen=True, slots=True)
class Match:
    """How well a building's loudspeaker played a source: correlation 0-1, and when its first sample was in the air.

    `began_unix_ns` is true time of the machine, or None for a loudspeaker that gave no sound at all.
    """

    device: str
    correlation: float
    began_unix_ns: int | None


def matches(fleet: Fleet, source: Path) -> list[Match]:
    """The best match in each building's recordings for an Opus file; raises OSError or Undecodable for a bad one."""
    wanted = decode_opus(source.read_bytes())
    return [_best(building.device, fleet.data_dir / building.device, wanted) for building in fleet.buildings]


def _best(device: str, folder: Path, wanted: Pcm) -> Match:
    listing = folder / "speaker.json"
    segments = [Segment(**one) for one in json.loads(listing.read_text())["segments"]] if listing.exists() else []
    kept = [segment for segment in segments if (folder / segment.file).exists()]
    found = [_match(device, wanted, folder, stretch) for stretch in _stretches(kept)]
    return max(found, key=lambda match: match.correlation, default=Match(device, 0.0, None))


def _stretches(segments: list[Segment]) -> list[list[Segment]]:
    """Segments that belong to one sound: a loudspeaker that stumbled went on in a new one."""
    stretches: list[list[Segment]] = []
    for segment in segments:
        if stretches and segment.start_s - stretches[-1][-1].end_s < STUMBLE_S:
            stretches[-1].append(segment)
        else:
            stretches.append([segment])
    return stretches


def _match(device: str, wanted: Pcm, folder: Path, stretch: list[Segment]) -> Match:
    begin = stretch[0]
    played = np.zeros(round((stretch[-1].end_s - begin.start_s) * SAMPLE_RATE) + 1, np.int16)
    for segment in stretch:
        with wave.open(str(folder / segment.file)) as recording:
            frames = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
        at = round((segment.start_s - begin.start_s) * SAMPLE_RATE)
        room = played[at : at + len(frames)]
        room[:] = frames[: len(room)]
    correlation, lag_ms = compare(wanted, played)
    return Match(device, round(correlation, 4), begin.start_unix_ns + round(lag_ms * 1e6))
