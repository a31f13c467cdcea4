"""The chimes before and after an announcement, made here note by note.

The gentle ones fall (routine) or rise (notice) like a doorbell. The four warning levels grow more urgent by what
listeners were found to judge as urgency (Edworthy, Loxley, Dennis: Improving auditory warning design, Human
Factors 33(2), 1991): faster pulses, more of them, higher pitch. Their numbers of pulses are those of
IEC 60601-1-8: low 2, medium 3, high 5 as 3 and 2, and the high burst twice.

| kind    | notes (Hz)                        | pulse, pause (ms) | heard as                      |
|---------|-----------------------------------|-------------------|-------------------------------|
| routine | 659 523                           | 600, 0            | a falling doorbell            |
| notice  | 523 659 784                       | 450, 0            | a rising chord                |
| blue    | 587 587                           | 220, 200          | two calm pulses               |
| yellow  | 659 659 784                       | 200, 150          | three pulses, the last higher |
| orange  | 784 784 784 988 988               | 150, 100          | three and two                 |
| red     | 880 880 880 1175 1175, two times  | 120, 70           | three and two, again at once  |

No note is above 1.2 kHz: that is what old ears lose last.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hub.adapters.audio.loudness import levelled
from hub.adapters.audio.pcm import RATE_HZ, Pcm


@dataclass(frozen=True, slots=True)
class Chime:
    """Notes of `pulse_ms` each. `rings`: a note dies away like a bell; otherwise it stands and stops."""

    notes_hz: tuple[int, ...]
    pulse_ms: int
    pause_ms: int
    rings: bool
    group: int = 0  # a longer pause after so many notes
    times: int = 1


CHIMES = {
    "routine": Chime((659, 523), 600, 0, rings=True),
    "notice": Chime((523, 659, 784), 450, 0, rings=True),
    "blue": Chime((587, 587), 220, 200, rings=False),
    "yellow": Chime((659, 659, 784), 200, 150, rings=False),
    "orange": Chime((784, 784, 784, 988, 988), 150, 100, rings=False, group=3),
    "red": Chime((880, 880, 880, 1175, 1175), 120, 70, rings=False, group=3, times=2),
}
END_CHIME = Chime((523, 392), 450, 0, rings=True)

_OVERTONES = (1.0, 0.5, 0.25, 0.12)  # IEC 60601-1-8 asks for at least four harmonics: easier to locate
_RAMP_MS = 10  # without it each note would click
_RING_S = 0.18  # the time in which a bell's note falls to 37 %


@cache
def sound(chime: Chime) -> Pcm:
    """The chime at 48 kHz and at the level that all announcements have."""
    parts: list[NDArray[np.float64]] = []
    for index, note_hz in enumerate(chime.notes_hz * chime.times, start=1):
        ends_group = chime.group and index % len(chime.notes_hz) in (0, chime.group)
        pause_ms = chime.pause_ms * (2 if ends_group else 1)
        parts += [_note(note_hz, chime.pulse_ms, rings=chime.rings), np.zeros(_samples(pause_ms))]
    wave = np.concatenate(parts)
    loud = (wave / np.abs(wave).max() * 0.5 * np.iinfo(np.int16).max).astype(np.int16)
    return levelled(Pcm(loud.tobytes()))


def _note(note_hz: int, length_ms: int, *, rings: bool) -> NDArray[np.float64]:
    seconds = np.arange(_samples(length_ms)) / RATE_HZ
    wave = np.zeros_like(seconds)
    for overtone, share in enumerate(_OVERTONES, start=1):
        wave += share * np.sin(2 * np.pi * note_hz * overtone * seconds)
    if rings:
        wave *= np.exp(-seconds / _RING_S)
    ramp = np.linspace(0, 1, _samples(_RAMP_MS))
    wave[: ramp.size] *= ramp
    wave[-ramp.size :] *= ramp[::-1]
    return wave


def _samples(length_ms: int) -> int:
    return length_ms * RATE_HZ // 1000
