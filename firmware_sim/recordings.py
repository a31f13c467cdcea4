"""What the simulated loudspeakers really gave off, held against what should have sounded."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device_agent.core.hearing import compare
from device_agent.core.sounds import Pcm
from device_agent.hardware.decoding import decode_opus
from firmware_sim.fleet import Fleet


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
    segments = json.loads(listing.read_text())["segments"] if listing.exists() else []
    found = [_match(device, wanted, folder / one["file"], one["start_unix_ns"]) for one in segments]
    return max(found, key=lambda match: match.correlation, default=Match(device, 0.0, None))


def _match(device: str, wanted: Pcm, file: Path, start_unix_ns: int) -> Match:
    with wave.open(str(file)) as recording:
        played = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
    correlation, lag_ms = compare(wanted, played)
    return Match(device, round(correlation, 4), start_unix_ns + round(lag_ms * 1e6))
