"""What a simulated loudspeaker put into the air, and which seconds of an announcement are in it."""

from __future__ import annotations

import json
import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_agent.core.resample import HEARING_RATE, to_hearing_rate
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from firmware_sim.hardware.tape import Segment
from hub.adapters.audio import chimes

Signal = NDArray[np.float32]

SURE = 0.75
"""What the simulated loudspeaker plays is the source itself, so its likeness is nearly 1; that of other speech is
below 0.4, that of another chime below 0.7."""
NOT_THE_SAME = HEARING_RATE // 2
"""Two places that are alike must be this far apart (frames) to count as two soundings."""
LEAST_FRAMES = 4_800
"""What is shorter was killed before it was written; nothing can be told of it."""
END_CHIME_S = 1.2
"""The end of every announcement is the same chime, which tells nothing."""


def air(folder: Path, from_s: float, seconds: float) -> Signal:
    """What sounded from this Unix time on, at the hearing rate; silence where nothing was written."""
    out = np.zeros(round(seconds * HEARING_RATE), np.float32)
    listing = folder / "speaker.json"
    segments = json.loads(listing.read_text())["segments"] if listing.exists() else []
    for segment in [Segment(**one) for one in segments]:
        at = round((segment.start_unix_ns / 1e9 - from_s) * HEARING_RATE)
        if at >= len(out) or at + segment.frames < 0 or segment.frames < LEAST_FRAMES:
            continue
        with wave.open(str(folder / segment.file)) as recording:
            sounded = np.frombuffer(recording.readframes(segment.frames), "<i2").astype(np.int16)
        heard = to_hearing_rate(sounded).astype(np.float32)
        first, last = max(0, -at), min(len(heard), len(out) - at)
        if first < last:
            out[at + first : at + last] = heard[first:last]
    return out


def seconds_heard(source: Pcm, kind: str, heard: Signal) -> dict[int, list[float]]:
    """Of each second of an announcement's speech: when the announcement would have begun for it, in seconds after the
    first frame of `heard`, once for each time that it sounded. Its chime is left out, being like itself and others."""
    wanted = to_hearing_rate(source).astype(np.float32)
    count = int((len(wanted) / HEARING_RATE - END_CHIME_S) // 1)
    found = {}
    for second in range(math.ceil(chimes.sound(chimes.CHIMES[kind]).count / SAMPLE_RATE), count):
        likeness = _likeness(wanted[second * HEARING_RATE : (second + 1) * HEARING_RATE], heard)
        found[second] = [at / HEARING_RATE - second for at in _peaks(likeness)]
    return found


def _likeness(piece: Signal, heard: Signal) -> Signal:
    """Normalised cross-correlation at each place of `heard`."""
    size = 1 << (len(heard) + len(piece) - 1).bit_length()
    products = np.fft.irfft(np.conj(np.fft.rfft(piece, size)) * np.fft.rfft(heard, size), size)[: len(heard)]
    padded = np.concatenate([[0.0], np.cumsum(np.pad(heard, (0, len(piece))).astype(np.float64) ** 2)])
    energies = padded[len(piece) : len(piece) + len(heard)] - padded[: len(heard)]
    own = float(np.sum(piece.astype(np.float64) ** 2))
    likeness: Signal = (products / np.sqrt(own * np.maximum(energies, 0.01 * own) + 1.0)).astype(np.float32)
    return likeness


def _peaks(likeness: Signal) -> list[int]:
    """Where it is sure, the surest first, none near another."""
    rest, found = likeness.copy(), list[int]()
    while rest.size and rest[at := int(np.argmax(rest))] > SURE:
        found.append(at)
        rest[max(0, at - NOT_THE_SAME) : at + NOT_THE_SAME] = 0.0
    return sorted(found)
